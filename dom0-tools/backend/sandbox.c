// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sandbox.c: giving up rights.
 *
 * No state.  Steps run in the order of a table; the first that fails ends the
 * process's start.  Those that need root are for processes that were given a
 * user to become.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_FD 4
#define MAX_FDS 128
/* More than 16 queues with all that a frontend may keep mapped take. */
#define MAX_MEMORY (1ull << 30)

/* ---- descriptors ---- */

static bool kept(const struct sandbox *s, int fd)
{
	for (size_t i = 0; i < s->nr_keep; i++)
		if (s->keep_fds[i] == fd)
			return true;
	return false;
}

/* 0 to 2 may be closed at start; nothing of ours may land there. */
static int fill_standard(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd > STDERR_FILENO)
		close(fd);
	return 0;
}

static int close_others(const struct sandbox *s)
{
	int from = FIRST_FD;

	for (int fd = FIRST_FD; fd < 1024; fd++) {
		if (!kept(s, fd))
			continue;
		if (fd > from && close_range(from, fd - 1, 0))
			return -errno;
		from = fd + 1;
	}
	return close_range(from, ~0u, 0) ? -errno : 0;
}

static int step_fds(const struct sandbox *s)
{
	fill_standard();
	return close_others(s);
}

/* ---- what needs root ---- */

static int step_namespaces(const struct sandbox *s)
{
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

	if (s->uid < 0)
		return 0;
	/* A kernel may lack some kind; the mounts are the one that matters. */
	if (unshare(flags) && unshare(CLONE_NEWNS))
		return -errno;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

/* A root without anything in it, that cannot be written to. */
static int step_root(const struct sandbox *s)
{
	static const char *const spots[] = { "/run", "/tmp", "/proc" };
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
	int rc = -ENOENT;

	if (s->uid < 0)
		return 0;
	for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]) && rc; i++) {
		rc = mount("none", spots[i], "tmpfs", flags, "size=4k") ?
			     -errno : 0;
		if (!rc && chdir(spots[i]))
			return -errno;
	}
	if (rc)
		return rc;
	/* A kernel's initial root cannot be swapped, only left. */
	if (!syscall(SYS_pivot_root, ".", ".")) {
		if (umount2(".", MNT_DETACH))
			return -errno;
	} else if (chroot(".")) {
		return -errno;
	}
	return chdir("/") ? -errno : 0;
}

static int step_user(const struct sandbox *s)
{
	uid_t id = (uid_t)s->uid;

	if (s->uid < 0)
		return 0;
	if (setgroups(0, NULL) || setresgid(id, id, id) ||
	    setresuid(id, id, id))
		return -errno;
	return setuid(0) ? 0 : -EPERM;	/* it must not come back */
}

/* ---- limits and flags ---- */

static int limit(int what, rlim_t most)
{
	struct rlimit r = { most, most };

	return setrlimit(what, &r) ? -errno : 0;
}

static int step_limits(const struct sandbox *s)
{
	int rc = limit(RLIMIT_NOFILE, MAX_FDS);

	if (!rc)
		rc = limit(RLIMIT_CORE, 0);
	if (!rc)
		rc = limit(RLIMIT_AS, MAX_MEMORY);
	if (!rc && s->uid >= 0)
		rc = limit(RLIMIT_NPROC, s->threads);
	return rc;
}

static int step_flags(const struct sandbox *s)
{
	(void)s;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* ---- system calls ---- */

#define NOT_EXEC(call) { SCMP_SYS(call), 2, PROT_EXEC, 0 }

static const struct sandbox_call base_calls[] = {
	SANDBOX_ANY(read),
	SANDBOX_ANY(write),
	SANDBOX_ANY(writev),
	SANDBOX_ANY(recvmsg),
	SANDBOX_ANY(sendmsg),
	SANDBOX_ANY(poll),
	SANDBOX_ANY(ppoll),
	SANDBOX_ANY(close),
	SANDBOX_ANY(fstat),
	{ SCMP_SYS(newfstatat), 3, UINT32_MAX, AT_EMPTY_PATH },
	NOT_EXEC(mmap),
	NOT_EXEC(mprotect),
	SANDBOX_ANY(munmap),
	SANDBOX_ANY(mremap),
	SANDBOX_ANY(madvise),
	SANDBOX_ANY(brk),
	SANDBOX_ANY(futex),
	SANDBOX_ANY(clock_gettime),
	SANDBOX_ANY(clock_nanosleep),
	SANDBOX_ANY(nanosleep),
	SANDBOX_ANY(restart_syscall),
	SANDBOX_ANY(getrandom),
	SANDBOX_ANY(rt_sigreturn),
	SANDBOX_ANY(rt_sigprocmask),
	SANDBOX_ANY(rt_sigaction),
	SANDBOX_ANY(getpid),
	SANDBOX_ANY(gettid),
	/* For abort(): a kill would not be held against it. */
	{ SCMP_SYS(tgkill), 2, UINT32_MAX, SIGABRT },
	SANDBOX_ANY(exit),
	SANDBOX_ANY(exit_group),
};

static int allow(scmp_filter_ctx ctx, const struct sandbox_call *c)
{
	if (c->arg < 0)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, c->nr, 0);
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, c->nr, 1,
				SCMP_CMP((unsigned int)c->arg,
					 SCMP_CMP_MASKED_EQ, c->mask,
					 c->value));
}

static int allow_all(scmp_filter_ctx ctx, const struct sandbox_call *c,
		     size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = allow(ctx, &c[i]);
	return rc;
}

static int step_calls(const struct sandbox *s)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (!ctx)
		return -ENOMEM;
	/* As a tree; a library that cannot do that makes a list, as by default. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = allow_all(ctx, base_calls,
		       sizeof(base_calls) / sizeof(base_calls[0]));
	if (!rc)
		rc = allow_all(ctx, s->calls, s->nr_calls);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(const struct sandbox *s);
} steps[] = {
	{ "close descriptors", step_fds },
	{ "leave the namespaces", step_namespaces },
	{ "leave the file system", step_root },
	{ "become the user", step_user },
	{ "set limits", step_limits },
	{ "give up privileges", step_flags },
	{ "filter system calls", step_calls },
};

int sandbox_enter(const struct sandbox *s, const char **step)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int rc = steps[i].run(s);

		if (rc) {
			*step = steps[i].name;
			return rc;
		}
	}
	return 0;
}
