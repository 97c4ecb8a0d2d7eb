// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * console_wait.c: see console_wait.h.
 *
 * State: the waits, each with a watch on its guest's console/tty whose token
 * names the wait; how long to wait; and whether the last wait was in vain:
 * without a console daemon, not every guest is to wait for it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../lib/log.h"
#include "console_wait.h"

#define IMPATIENT_MS 50

unsigned int console_wait_ms;

static struct console_wait *waits;
static bool missed;

struct place {
	char path[64], token[24];
};

static struct place place_of(const struct console_wait *w)
{
	struct place p;

	snprintf(p.path, sizeof(p.path), "/local/domain/%u/console/tty",
		 w->g->domid);
	snprintf(p.token, sizeof(p.token), "console:%u", w->id);
	return p;
}

static bool is_read(const struct console_wait *w)
{
	struct place p = place_of(w);
	char *tty;
	bool told;

	if (xsc_read(w->ts->xs, XSC_NO_TX, p.path, &tty, NULL))
		return false;
	told = *tty != '\0';
	free(tty);
	return told;
}

static void end(struct console_wait *w)
{
	struct console_wait **at = &waits;
	struct place p = place_of(w);

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	ev_timer_cancel(&w->patience);
	xsc_unwatch(w->ts->xs, p.path, p.token);
	w->fn(w);
}

bool console_wait_event(const char *token)
{
	struct console_wait *w = waits;
	unsigned int id;

	if (sscanf(token, "console:%u", &id) != 1)
		return false;
	while (w && w->id != id)
		w = w->next;
	/* It may have come before its watch was taken back. */
	if (w && is_read(w)) {
		missed = false;
		end(w);
	}
	return true;
}

static void on_patience(struct ev_timer *t)
{
	struct console_wait *w = container_of(t, struct console_wait,
					      patience);

	if (!missed)
		log_warn("%s starts though nobody reads its console: is xenconsoled running?",
			 w->g->name);
	missed = true;
	end(w);
}

bool console_wait_begin(struct console_wait *w, struct toolstack *ts,
			const struct guest *g)
{
	static unsigned int last_id;
	unsigned int ms = console_wait_ms;
	struct place p;

	w->ts = ts;
	w->g = g;
	w->id = ++last_id;
	w->patience.fn = on_patience;
	if (!ms || is_read(w))
		return false;
	p = place_of(w);
	if (xsc_watch(ts->xs, p.path, p.token))
		return false;
	w->next = waits;
	waits = w;
	if (missed && ms > IMPATIENT_MS)
		ms = IMPATIENT_MS;
	ev_timer_set(ts->loop, &w->patience, ms);
	return true;
}

void console_wait_rewatch(void)
{
	for (struct console_wait *w = waits; w; w = w->next) {
		struct place p = place_of(w);

		/* Else its patience will end it. */
		if (xsc_watch(w->ts->xs, p.path, p.token))
			log_warn("%s's console cannot be watched", w->g->name);
	}
}
