/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h: one request to the toolstack daemon, as JSON text, and its
 * answer.
 *
 * {"op": NAME, "domain": NAME-OR-NUMBER, ...} is answered by
 * {"ok": true, ...} or {"ok": false, "rc": -ERRNO, "error": TEXT}.
 */
#ifndef DOM0_DAEMON_REQUEST_H
#define DOM0_DAEMON_REQUEST_H

#include "../lib/strbuf.h"
#include "guest.h"

struct request;

/* Who asked.  answer() is called once per request, with one line without its
 * end; the text is the daemon's. */
struct requester {
	void (*answer)(struct requester *who, const struct strbuf *text);
};

/*
 * Carries out @text.  NULL if it was answered before the return; else the
 * request, which will be answered later.
 */
struct request *request_handle(struct toolstack *ts, const char *text,
			       struct requester *who);
/* The requester is gone: @r is carried out all the same. */
void request_abandon(struct request *r);

#endif
