// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_wait.c: waiting for devices.
 *
 * State: the waits in ts->waits, each with the devices that have not reached
 * its goal.  Each of those has a watch on its backend's folder, whose token
 * names wait and device; a new watch fires at once, so what has happened
 * already is seen, too.  Invariant: a wait's outcome is told once, after its
 * watches and its timer are gone, and the wait with them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "dev_wait.h"

#define TOKEN_MAX 32

struct item {
	struct device_at at;
	bool done;
};

struct wait {
	struct wait *next;
	struct toolstack *ts;
	struct outcome *out;
	struct strbuf *reply;
	unsigned int id;
	enum dev_goal goal;
	char word[16];
	uint64_t ms;
	struct ev_timer timer;
	unsigned int count, left;
	struct item item[];
};

static void token_of(const struct wait *w, unsigned int i, char to[TOKEN_MAX])
{
	snprintf(to, TOKEN_MAX, "device:%u:%u", w->id, i);
}

static void unwatch(struct wait *w, unsigned int i)
{
	char path[DEVICE_PATH], token[TOKEN_MAX];

	device_back_path(&w->item[i].at, path);
	token_of(w, i, token);
	xsc_unwatch(w->ts->xs, path, token);
}

static int watch(struct wait *w, unsigned int i)
{
	char path[DEVICE_PATH], token[TOKEN_MAX];

	device_back_path(&w->item[i].at, path);
	token_of(w, i, token);
	return xsc_watch(w->ts->xs, path, token);
}

static void finish(struct wait *w, int rc)
{
	struct wait **p = &w->ts->waits;
	struct outcome *out = w->out;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	ev_timer_cancel(&w->timer);
	for (unsigned int i = 0; i < w->count; i++) {
		if (!w->item[i].done)
			unwatch(w, i);
	}
	free(w);
	out->fn(out, rc);
}

/* ---- what the folder says ---- */

/* A node of the backend's folder for free(), or NULL. */
static char *node(struct wait *w, const struct item *it, const char *name)
{
	char path[DEVICE_PATH], *value;

	device_back_path(&it->at, path);
	return xsc_readf(w->ts->xs, XSC_NO_TX, &value, "%s/%s", path, name) ?
		       NULL : value;
}

static bool node_is(struct wait *w, const struct item *it, const char *name,
		    const char *expected)
{
	char *value = node(w, it, name);
	bool same = value && !strcmp(value, expected);

	free(value);
	return same;
}

/* Others write this text: one line of it, without what no log should hold. */
static void clean(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
	}
}

static int failed(struct wait *w, const struct item *it)
{
	char label[DEVICE_LABEL];
	char *why = node(w, it, "hotplug-error");
	int rc;

	device_label(&it->at, label);
	if (why)
		clean(why);
	rc = fail_set(&w->out->fail, -EIO, "%s: %.800s", label,
		      why && *why ? why : "the device daemon gave no reason");
	free(why);
	return rc;
}

/*
 * 1: reached; 0: not yet; or -errno.  It may be closed again by now: a guest
 * whose last card of this number was just taken away closes the new one with
 * what it still had to say to the old.
 */
static int is_up(struct wait *w, const struct item *it)
{
	char *state = node(w, it, "state");
	int rc = 0;

	if (!state)
		rc = fail_set(&w->out->fail, -ENODEV,
			      "its backend's folder was removed");
	else if (node_is(w, it, "hotplug-status", "error"))
		rc = failed(w, it);
	else if (node_is(w, it, "hotplug-status", "connected"))
		rc = *state >= '2';
	free(state);
	return rc;
}

static int is_gone(struct wait *w, const struct item *it)
{
	char *state = node(w, it, "state");
	bool gone = !state || !*state || !strcmp(state, "6");

	free(state);
	return gone;
}

/* "WORD ok REST" or "WORD error TEXT". */
static int is_answered(struct wait *w, const struct item *it)
{
	char *text = node(w, it, "reply"), *at = text;
	size_t len = strlen(w->word);
	int rc = 0;

	if (text && !strncmp(text, w->word, len) && text[len] == ' ') {
		clean(text);
		at += len + 1;
		if (!strncmp(at, "ok", 2) && (!at[2] || at[2] == ' ')) {
			if (w->reply)
				strbuf_adds(w->reply, at + 2 + !!at[2]);
			rc = 1;
		} else {
			at += strncmp(at, "error ", 6) ? 0 : 6;
			rc = fail_set(&w->out->fail, -EIO, "%.900s", at);
		}
	}
	free(text);
	return rc;
}

static int (*const checks[])(struct wait *w, const struct item *it) = {
	[DEV_UP] = is_up,
	[DEV_GONE] = is_gone,
	[DEV_REPLY] = is_answered,
};

/* ---- events ---- */

/* A device that comes up writes many nodes, of which few matter here. */
static bool may_matter(const struct item *it, const char *path)
{
	static const char *const names[] = { "", "/state", "/hotplug-status",
					     "/reply" };
	char folder[DEVICE_PATH];
	size_t len;

	device_back_path(&it->at, folder);
	len = strlen(folder);
	if (strncmp(path, folder, len))
		return true;	/* above it: the folder may be gone */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(path + len, names[i]))
			return true;
	}
	return false;
}

bool dev_wait_event(struct toolstack *ts, const char *path, const char *token)
{
	unsigned int id, i;
	struct wait *w = ts->waits;
	int rc;

	if (sscanf(token, "device:%u:%u", &id, &i) != 2)
		return false;
	while (w && w->id != id)
		w = w->next;
	/* It may have come before its watch was taken back. */
	if (!w || i >= w->count || w->item[i].done ||
	    !may_matter(&w->item[i], path))
		return true;
	rc = checks[w->goal](w, &w->item[i]);
	if (rc > 0) {
		w->item[i].done = true;
		unwatch(w, i);
		w->left--;
		rc = 0;
	}
	if (rc || !w->left)
		finish(w, rc);
	return true;
}

static int too_late(struct wait *w)
{
	static const char *const undone[] = {
		[DEV_UP] = "was not set up",
		[DEV_GONE] = "was not let go of",
		[DEV_REPLY] = "was not answered for",
	};
	char label[DEVICE_LABEL];
	unsigned int i = 0;

	while (w->item[i].done)
		i++;
	device_label(&w->item[i].at, label);
	return fail_set(&w->out->fail, -ETIMEDOUT,
			"%s %s within %" PRIu64 " s: is the device daemon running in domain %u? Start it there with: parvis-devd",
			label, undone[w->goal], w->ms / 1000,
			w->item[i].at.back);
}

static void on_timer(struct ev_timer *timer)
{
	struct wait *w = container_of(timer, struct wait, timer);

	finish(w, too_late(w));
}

void dev_wait_rewatch(struct toolstack *ts)
{
	for (struct wait *w = ts->waits; w; w = w->next) {
		for (unsigned int i = 0; i < w->count; i++) {
			if (!w->item[i].done && watch(w, i))
				log_warn("a device's folder cannot be watched");
		}
	}
}

/* ---- the beginning ---- */

static struct wait *wait_new(struct toolstack *ts,
			     const struct dev_goals *goals)
{
	static unsigned int last_id;
	struct wait *w = calloc(1, sizeof(*w) +
				   goals->count * sizeof(w->item[0]));

	if (!w)
		return NULL;
	w->ts = ts;
	w->id = ++last_id;
	w->goal = goals->goal;
	w->ms = goals->ms;
	w->count = w->left = goals->count;
	snprintf(w->word, sizeof(w->word), "%s",
		 goals->word ? goals->word : "");
	for (unsigned int i = 0; i < w->count; i++)
		w->item[i].at = goals->at[i];
	w->next = ts->waits;
	ts->waits = w;
	return w;
}

void dev_wait(struct toolstack *ts, const struct dev_goals *goals,
	      struct strbuf *reply, struct outcome *out)
{
	struct wait *w;
	int rc = 0;

	if (!goals->count) {
		out->fn(out, 0);
		return;
	}
	w = wait_new(ts, goals);
	if (!w) {
		out->fn(out, fail_set(&out->fail, -ENOMEM, "out of memory"));
		return;
	}
	w->out = out;
	w->reply = reply;
	w->timer.fn = on_timer;
	if (ts->loop)
		ev_timer_set(ts->loop, &w->timer, w->ms);
	for (unsigned int i = 0; i < w->count && !rc; i++)
		rc = watch(w, i);
	if (rc)
		finish(w, fail_errno(&out->fail, rc,
				     "the store does not watch a device"));
}
