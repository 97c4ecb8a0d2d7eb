/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dispatch.h: requests and who answers them.
 *
 * What exists is listed in ops.def, one line for each operation.
 */
#ifndef STORE_DISPATCH_H
#define STORE_DISPATCH_H

#include <stdint.h>

#include "lib/strbuf.h"
#include "lib/xs_proto.h"
#include "store/view.h"

struct client;

/*
 * One request on its way.  A handler returns 0 or -errno; what it appends to
 * `reply` is the answer, or "OK" if that is nothing and the operation is one
 * that is merely acknowledged.  `arg` are the request's strings.
 */
#define REQ_ARGS 66	/* a path and 64 permissions fit, and one more */

struct req {
	struct view v;		/* store, client, transaction */
	const struct xsd_sockmsg *hdr;
	const char *body;
	size_t len;
	int argc;
	const char *arg[REQ_ARGS];
	struct strbuf reply;
	/* Set by a handler that has to act behind its own reply. */
	void (*after)(struct req *r);
	void *after_arg;
};

/* Handles one request: always queues exactly one reply. */
void dispatch(struct client *c, const struct xs_msg *m);

/* The operation's name, for the log. */
const char *dispatch_name(uint32_t op);

/* XS_CONTROL (control.c). */
int op_control(struct req *r);

#endif
