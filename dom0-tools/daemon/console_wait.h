/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console_wait.h: waiting until a guest's console is read.
 *
 * The console daemon writes console/tty in the store once it has mapped the
 * guest's ring: from then on no output is lost, however soon the guest ends.
 */
#ifndef DOM0_DAEMON_CONSOLE_WAIT_H
#define DOM0_DAEMON_CONSOLE_WAIT_H

#include "guest.h"

/* How long to wait at most, in ms; 0 (the default) is not at all. */
extern unsigned int console_wait_ms;

/* Begun, it is the waits' until fn is called. */
struct console_wait {
	/* It is read now, or nobody seems to read any. */
	void (*fn)(struct console_wait *w);
	struct console_wait *next;
	struct toolstack *ts;
	const struct guest *g;
	unsigned int id;
	struct ev_timer patience;
};

/* True if @w->fn will be called for @g; false if there is nothing to wait for. */
bool console_wait_begin(struct console_wait *w, struct toolstack *ts,
			const struct guest *g);
/* Takes a watch event with this token; false if it is not of a wait. */
bool console_wait_event(const char *token);
/* After the store was lost and found again: watches all anew. */
void console_wait_rewatch(void);

#endif
