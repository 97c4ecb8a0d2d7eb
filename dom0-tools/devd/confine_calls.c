// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * confine_calls.c: the system calls that the server of an image has no use
 * for.
 *
 * A list of what is refused, not of what is allowed: the program is Debian's,
 * and its next version may call something new.  Refused is what would give an
 * intruder more than the files that he can open already: other programs and
 * processes, sockets, the kernel's own settings.  No state.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devd/confine.h"

static const int refused[] = {
	/* processes */
	SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(kill),
	SCMP_SYS(tkill), SCMP_SYS(rt_sigqueueinfo),
	SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp), SCMP_SYS(setpriority), SCMP_SYS(ioprio_set),
	SCMP_SYS(migrate_pages), SCMP_SYS(move_pages),
	/* sockets: it has the one that it listens on */
	SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect),
	SCMP_SYS(bind),
	/* another view of the system, or other rights */
	SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount),
	SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
	SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr),
	SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid),
	SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
	SCMP_SYS(setgroups), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid),
	SCMP_SYS(capset),
	/* files by another way than their names, and names of files */
	SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
	SCMP_SYS(fanotify_init), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
	SCMP_SYS(symlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir),
	SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown),
	SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr),
	SCMP_SYS(fsetxattr), SCMP_SYS(removexattr), SCMP_SYS(lremovexattr),
	SCMP_SYS(fremovexattr),
	/* the kernel */
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
	SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl),
	SCMP_SYS(syslog), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
	SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm),
	SCMP_SYS(modify_ldt), SCMP_SYS(vhangup),
};

/* What a program goes without if the kernel says that it has none: their
 * arguments, or what is done through them, cannot be looked at. */
static const int absent[] = {
	SCMP_SYS(clone3), SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
	SCMP_SYS(execveat),
};

static int answer_all(scmp_filter_ctx ctx, uint32_t action, const int *call,
		      size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = seccomp_rule_add(ctx, action, call[i], 0);
	return rc;
}

/* Threads, no processes; signals for itself; no new code in memory; and that
 * one program, whose name will be nowhere once it runs. */
static int answer_some(scmp_filter_ctx ctx, const char *program)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	int rc = seccomp_rule_add(ctx, no, SCMP_SYS(clone), 1,
				  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
					  0));

	if (!rc)
		rc = seccomp_rule_add(ctx, no, SCMP_SYS(tgkill), 1,
				      SCMP_A0(SCMP_CMP_NE,
					      (scmp_datum_t)getpid(), 0));
	if (!rc)
		rc = seccomp_rule_add(ctx, no, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC,
					      PROT_EXEC));
	if (!rc)
		rc = seccomp_rule_add(ctx, no, SCMP_SYS(mmap), 2,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC,
					      PROT_EXEC),
				      SCMP_A3(SCMP_CMP_MASKED_EQ,
					      MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (!rc)
		rc = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS,
				      SCMP_SYS(execve), 1,
				      SCMP_A0(SCMP_CMP_NE,
					      (scmp_datum_t)(uintptr_t)
						      program, 0));
	return rc;
}

int confine_calls(const char *program)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (!ctx)
		return -ENOMEM;
	rc = answer_all(ctx, SCMP_ACT_ERRNO(EPERM), refused,
			sizeof(refused) / sizeof(refused[0]));
	if (!rc)
		rc = answer_all(ctx, SCMP_ACT_ERRNO(ENOSYS), absent,
				sizeof(absent) / sizeof(absent[0]));
	if (!rc)
		rc = answer_some(ctx, program);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}
