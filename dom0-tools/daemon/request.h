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

/* Carries out @text and appends the answer, one line without its end. */
void request_handle(struct toolstack *ts, const char *text,
		    struct strbuf *answer);

#endif
