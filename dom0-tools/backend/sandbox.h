/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h: a backend gives up every right that it does not need, before it
 * hears anything that a guest could have influenced.
 *
 * After sandbox_enter(): descriptors 0 to 3 and those listed are open; with a
 * uid given, the process has that user and group and no others, no
 * capability, an empty and read-only root and no network of its own; it
 * cannot gain rights, be traced by its own user, leave a core or take more than
 * a bounded part of the host's memory; and only the
 * system calls of the built-in list and of the caller's are allowed, any
 * other one ends it.  Nothing is undone on failure: the caller exits.
 */
#ifndef DOM0_BACKEND_SANDBOX_H
#define DOM0_BACKEND_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* Allows system call @nr; if @arg >= 0, only where (argument & @mask) == @value. */
struct sandbox_call {
	int nr;
	int arg;
	uint64_t mask, value;
};

#define SANDBOX_ANY(call) { SCMP_SYS(call), -1, 0, 0 }
#define SANDBOX_IOCTL(cmd) { SCMP_SYS(ioctl), 1, UINT32_MAX, (uint32_t)(cmd) }

struct sandbox {
	long uid;		/* user and group; -1: stay who we are */
	const int *keep_fds;	/* besides 0 to 3 */
	size_t nr_keep;
	const struct sandbox_call *calls;
	size_t nr_calls;
	unsigned int threads;	/* RLIMIT_NPROC */
};

/* 0, or -errno and *@step names what failed. */
int sandbox_enter(const struct sandbox *s, const char **step);

#endif
