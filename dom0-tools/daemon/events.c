// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events.c: what the store announces, to those who wait for it.
 *
 * State: none.  Four kinds of watches are there: those of waits for devices and
 * for consoles, those of devices that are given back late, and the one that says
 * that some domain has ended.
 */
#include <stdlib.h>

#include "console_wait.h"
#include "dev_late.h"
#include "dev_wait.h"
#include "guest.h"

int store_events(struct toolstack *ts)
{
	char *path, *token;
	bool ended = false;
	int rc;

	while ((rc = xsc_event(ts->xs, &path, &token)) > 0) {
		if (!dev_wait_event(ts, path, token) &&
		    !dev_late_event(ts, token) && !console_wait_event(token))
			ended = true;
		free(path);
		/* What follows from an end may bring further events. */
		if (ended && !xsc_pending(ts->xs)) {
			ended = false;
			guests_check(ts);
		}
	}
	return rc;
}
