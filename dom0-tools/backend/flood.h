/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood.h: events that bring no work.
 *
 * An event costs its sender much less than it costs this side to wake up and
 * look at the rings.  One for what was served already comes now and then, but
 * always beside one that brings work; a frontend that sends very many with
 * nothing behind them has its ports stay masked for a while after each.
 */
#ifndef DOM0_BACKEND_FLOOD_H
#define DOM0_BACKEND_FLOOD_H

#include <stdbool.h>
#include <time.h>

#define FLOOD_FREE 64u		/* without work, one after the other */
#define FLOOD_PAUSE_NS 300000

struct flood {
	unsigned int idle;
};

/*
 * Before the ports of events are unmasked: was there any work since they were
 * unmasked before?  May sleep.
 */
static inline void flood_events(struct flood *f, bool worked)
{
	const struct timespec pause = { .tv_nsec = FLOOD_PAUSE_NS };

	if (worked)
		f->idle = 0;
	else if (f->idle < FLOOD_FREE)
		f->idle++;
	else
		nanosleep(&pause, NULL);
}

#endif
