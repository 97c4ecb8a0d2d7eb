/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend.h: the part of a backend that talks with the device daemon.
 *
 * A program fills a struct backend_ops, calls backend_init() first thing in
 * main(), sandboxes itself, sends backend_hello(), and calls backend_message()
 * whenever @b->sock is readable.  A handler gets a message of exactly the size
 * of its type and its descriptors; it takes over those that it sets to -1, the
 * others are closed.  It answers by backend_send() or backend_tell(), at once
 * or later; an error that it returns is sent as BP_FAILED with the text of
 * backend_why().
 */
#ifndef DOM0_BACKEND_BACKEND_H
#define DOM0_BACKEND_BACKEND_H

#include <stdbool.h>

#include "proto.h"

struct backend;

typedef int (*backend_handler)(struct backend *b, const void *msg, int *fds,
			       int nfds);

struct backend_ops {
	const char *program;	/* name, for usage and messages */
	uint32_t kind;		/* enum bp_kind */
	backend_handler on[BP_FAILED];	/* by enum bp_type; NULL: -EPROTO */
};

struct backend {
	const struct backend_ops *ops;
	void *ctx;		/* the program's own */
	int sock;
	long uid;		/* of --uid, or -1 */
	bool ended;		/* the daemon has hung up, or the program is done */
	char why[BP_TEXT];
};

/*
 * Reads the arguments (--uid N, --version, --help).  0, or an exit code + 1
 * when the program is to end now.
 */
int backend_init(struct backend *b, const struct backend_ops *ops, void *ctx,
		 int argc, char **argv);

int backend_hello(struct backend *b);

/* Takes one message and calls its handler; false if there was none. */
bool backend_message(struct backend *b);

/* Sends a message; the end of the connection sets @b->ended. */
void backend_send(struct backend *b, struct bp_head *head, uint32_t type,
		  uint32_t len);
/* Sends a message that is a head only. */
void backend_tell(struct backend *b, uint32_t type);
void backend_failed(struct backend *b, int rc);

/* Notes why something failed; returns @rc. */
int backend_why(struct backend *b, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
