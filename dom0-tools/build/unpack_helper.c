// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unpack_helper.c: the process that unpacks.
 *
 * State: the caller's struct unpack_helper, which owns two descriptors and
 * the child until unpack_helper_finish().  What a helper could do that a
 * hostile kernel had taken over: read the memory that the daemon had when it
 * forked, write it into the kernel's file, and burn time and memory.
 */
#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_cache.h"
#include "unpack_helper.h"

#define NOBODY 65534
/* A packed kernel may be packed again, as vmlinuz.gz; not deeper than this. */
#define PACKED_DEPTH 3

/* What goes through the pipe: far less than what a pipe takes at once. */
struct report {
	struct unpacked made;
	struct fail fail;
};

/* ---- in the helper ---- */

/* Closes all but @keep[0] ... @keep[@count - 1], which it sorts. */
static void close_others(int *keep, int count)
{
	int from = 0;

	for (int i = 0; i < count; i++) {
		for (int j = i + 1; j < count; j++) {
			if (keep[j] < keep[i]) {
				int higher = keep[i];

				keep[i] = keep[j];
				keep[j] = higher;
			}
		}
		if (keep[i] > from)
			close_range((unsigned int)from,
				    (unsigned int)keep[i] - 1, 0);
		if (keep[i] >= from)
			from = keep[i] + 1;
	}
	close_range((unsigned int)from, ~0u, 0);
}

/* Unpacking is computing: memory and writing is all that it needs. */
static int allow_little(void)
{
	static const int calls[] = {
		SCMP_SYS(write), SCMP_SYS(lseek), SCMP_SYS(ftruncate),
		SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk),
		SCMP_SYS(madvise), SCMP_SYS(exit_group),
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < sizeof(calls) / sizeof(calls[0]); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	/* Memory, but none with code in it. */
	if (!rc)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				      SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS,
					      MAP_ANONYMOUS));
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

/* Gives up every right; 0 or -errno. */
static int confine(pid_t parent)
{
	const struct rlimit core = { 0, 0 };
	const struct rlimit size = { UNPACK_MAX + KERNEL_ENTRY_HEADER,
				     UNPACK_MAX + KERNEL_ENTRY_HEADER };

	if (setrlimit(RLIMIT_CORE, &core) || setrlimit(RLIMIT_FSIZE, &size))
		return -errno;
	if (!geteuid() &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	     setresuid(NOBODY, NOBODY, NOBODY)))
		return -errno;
	/* After that, since a change of user forgets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		return -ESRCH;
	return allow_little();
}

/* Unpacks @in until an ELF appears, which @in then is. */
static int unpack_all(struct packed *in, struct fail *fail)
{
	for (int depth = 0; !packed_is_plain(in); depth++) {
		uint8_t *buf;
		size_t len;
		int rc;

		if (depth == PACKED_DEPTH)
			return fail_set(fail, -ENOEXEC,
					"the kernel is packed more than %d times over",
					PACKED_DEPTH);
		rc = unpack(in, &buf, &len, fail);
		if (!rc)
			rc = unpack_probe(buf, len, in, fail);
		if (rc)
			return rc;
	}
	return 0;
}

static bool write_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

#define BLOCK 65536u

/* Writes a kernel, leaving holes where it has blocks of zeros. */
static bool write_sparse(int fd, size_t offset, const uint8_t *data,
			 size_t len)
{
	static const uint8_t zeros[BLOCK];
	bool ok = lseek(fd, (off_t)offset, SEEK_SET) >= 0 &&
		  !ftruncate(fd, (off_t)(offset + len));

	while (ok && len) {
		size_t n = len < BLOCK ? len : BLOCK;

		if (!memcmp(data, zeros, n))
			ok = lseek(fd, (off_t)n, SEEK_CUR) >= 0;
		else
			ok = write_all(fd, data, n);
		data += n;
		len -= n;
	}
	return ok;
}

static int write_kernel(const struct packed *elf, const int *files,
			size_t offset, struct unpacked *made,
			struct fail *fail)
{
	int err = ENOSPC;

	for (uint32_t i = 0; i < UNPACK_FILES; i++) {
		if (files[i] < 0)
			continue;
		if (write_sparse(files[i], offset, elf->data, elf->len)) {
			*made = (struct unpacked){
				i, elf->len,
				kernel_checksum(elf->data, elf->len) };
			return 0;
		}
		err = errno;
		/* Gives back what it took: an error changes nothing. */
		if (ftruncate(files[i], 0))
			continue;
	}
	return fail_errno(fail, -err, "the unpacked kernel cannot be kept");
}

static void helper(pid_t parent, int result, const struct packed *packed,
		   const int *files, size_t offset)
	__attribute__((noreturn));

static void helper(pid_t parent, int result, const struct packed *packed,
		   const int *files, size_t offset)
{
	int keep[UNPACK_FILES + 1] = { result, files[0], files[1] };
	struct report r = { 0 };
	struct packed in = *packed;
	int rc;

	close_others(keep, UNPACK_FILES + 1);
	rc = confine(parent);
	if (rc)
		fail_errno(&r.fail, rc,
			   "the process that unpacks kernels cannot be confined");
	else
		rc = unpack_all(&in, &r.fail);
	if (!rc)
		write_kernel(&in, files, offset, &r.made, &r.fail);
	_exit(write_all(result, (const uint8_t *)&r, sizeof(r)) ? 0 : 1);
}

/* ---- in the daemon ---- */

int unpack_helper_start(struct unpack_helper *h, const struct packed *in,
			const int files[UNPACK_FILES], size_t offset,
			struct fail *fail)
{
	pid_t parent = getpid();
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return fail_errno(fail, -errno, "no pipe for unpacking");
	h->pid = fork();
	if (!h->pid)
		helper(parent, fds[1], in, files, offset);
	err = h->pid < 0 ? errno : 0;
	close(fds[1]);
	h->result = fds[0];
	h->pidfd = err ? -1 : pidfd_open(h->pid, 0);
	if (!err && h->pidfd < 0) {
		err = errno;
		kill(h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
	}
	if (err) {
		close(h->result);
		return fail_errno(fail, -err, "no process for unpacking");
	}
	return 0;
}

/* Reads a whole report; false if there is none. */
static bool read_report(int fd, struct report *r)
{
	size_t have = 0;

	while (have < sizeof(*r)) {
		ssize_t n = read(fd, (char *)r + have, sizeof(*r) - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	r->fail.text[sizeof(r->fail.text) - 1] = '\0';
	return true;
}

int unpack_helper_finish(struct unpack_helper *h, struct unpacked *out,
			 struct fail *fail)
{
	struct report r;
	bool told = read_report(h->result, &r);
	int status = 0;

	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(h->result);
	close(h->pidfd);
	h->result = h->pidfd = -1;
	if (!told)
		return fail_set(fail, -EIO,
				"the process that unpacks it ended early (signal %d): out of memory?",
				WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (r.fail.rc)
		return fail_set(fail, r.fail.rc < 0 ? r.fail.rc : -EIO, "%s",
				r.fail.text);
	if (r.made.file >= UNPACK_FILES || r.made.len > UNPACK_MAX)
		return fail_set(fail, -EIO,
				"the process that unpacks it went wrong");
	*out = r.made;
	return 0;
}
