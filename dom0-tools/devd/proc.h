/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc.h: one process that the device daemon started: a backend, a server of
 * disk images, a user's script.
 *
 * A struct proc lives in its owner's structure.  From proc_spawn() to its
 * `ended` call it is running: the owner must not free it before.  What it
 * says on stderr goes to the log line by line, marked with `name`, and the
 * last of it is kept in `said`, for the one who asks why it failed.
 */
#ifndef DEVD_PROC_H
#define DEVD_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/evloop.h"
#include "lib/log.h"

struct proc {
	pid_t pid;		/* 0: not running */
	int pidfd, log_fd;
	bool was_killed;	/* by proc_kill() or proc_end() */
	struct ev_io pid_io, log_io;
	struct evloop *loop;
	struct log_limit limit;
	char name[80];
	char line[256];		/* not yet ended by a newline */
	unsigned int line_len;
	char said[256];
	/* @status as waitpid() gives it.  The owner may free it now. */
	void (*ended)(struct proc *p, int status);
};

struct proc_spec {
	const char *const *argv;	/* argv[0] is a path, or found in $PATH */
	const char *const *envp;	/* NULL: an almost empty one */
	int fd3;			/* becomes descriptor 3; -1: none */
};

/*
 * Starts it, in a process group of its own, with stdin and stdout from
 * /dev/null and no descriptor but these, stderr and fd3.  `name` and `ended`
 * are the caller's to set first.  0 or -errno.
 */
int proc_spawn(struct evloop *loop, struct proc *p,
	       const struct proc_spec *spec);

/* SIGKILL to the whole group; `ended` follows from the loop. */
void proc_kill(struct proc *p);

/* SIGTERM: it may finish what it has begun. */
void proc_end(struct proc *p);

static inline bool proc_runs(const struct proc *p)
{
	return p->pid != 0;
}

/* "was killed by signal 11 (Segmentation fault)", "ended with 1". */
void proc_describe(int status, char *buf, size_t size);

/* Waits at most @ms for its end, and reads what it said.  True if ended. */
bool proc_ends_within(struct proc *p, int ms);

#endif
