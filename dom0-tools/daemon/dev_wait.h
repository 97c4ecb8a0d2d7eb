/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dev_wait.h: waiting for what the device daemon does, by watches of the
 * store: others are served meanwhile.
 */
#ifndef DOM0_DAEMON_DEV_WAIT_H
#define DOM0_DAEMON_DEV_WAIT_H

#include "../device/entries.h"
#include "guest.h"

enum dev_goal {
	DEV_UP,			/* set up, and the frontend may connect */
	DEV_GONE,		/* let go of */
	DEV_REPLY,		/* a request is answered */
};

/* What to wait for.  The arrays are copied. */
struct dev_goals {
	enum dev_goal goal;
	const struct device_at *at;
	unsigned int count;
	const char *word;	/* DEV_REPLY: the request's first word */
	uint64_t ms;		/* at most so long */
};

/*
 * Waits until all the devices have reached the goal, one has failed, or the
 * time is over (-ETIMEDOUT), and then tells @out.  With DEV_REPLY, @reply (a
 * strbuf that lives as long) gets what stood behind "WORD ok".
 */
void dev_wait(struct toolstack *ts, const struct dev_goals *goals,
	      struct strbuf *reply, struct outcome *out);
/* Takes a watch event; false if its token is not of a wait. */
bool dev_wait_event(struct toolstack *ts, const char *path,
		    const char *token);
/* After the store was lost and found again: watches all anew. */
void dev_wait_rewatch(struct toolstack *ts);

#endif
