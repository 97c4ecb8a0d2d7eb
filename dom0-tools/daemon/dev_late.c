// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_late.c: devices that are given back after nobody waits for them.
 *
 * State: the devices in ts->late, each with a watch on its backend's folder
 * whose token has its number.  There is one of them at most for a device, and
 * each leaves the list by itself: when the folder is gone, when it is no longer
 * told to end (`online`), or, having removed the rest, when it has ended.  After
 * a restart of the daemon the list is made again from the store.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/log.h"
#include "dev_late.h"
#include "guest_device.h"

#define TOKEN_MAX 24

struct late {
	struct outcome removed;
	struct late *next;
	struct toolstack *ts;
	unsigned int id;
	struct device_at at;
};

/* ---- the configuration ---- */

static bool forget_nic(struct cfg_nics *n, uint32_t number)
{
	for (unsigned int i = 0; i < n->count; i++) {
		if (n->nic[i].devid != (int)number)
			continue;
		nic_free(&n->nic[i]);
		memmove(&n->nic[i], &n->nic[i + 1],
			(--n->count - i) * sizeof(*n->nic));
		return true;
	}
	return false;
}

static bool forget_disk(struct cfg_disks *d, uint32_t number)
{
	for (unsigned int i = 0; i < d->count; i++) {
		if (d->disk[i].number != number)
			continue;
		disk_free(&d->disk[i]);
		memmove(&d->disk[i], &d->disk[i + 1],
			(--d->count - i) * sizeof(*d->disk));
		return true;
	}
	return false;
}

void dev_forget(struct toolstack *ts, const struct device_at *at)
{
	struct guest *g = guest_by_domid(ts, at->front);
	char label[DEVICE_LABEL];

	if (!g || g->ending)
		return;
	if (at->is_nic ? !forget_nic(&g->config.vifs, at->number) :
			 !forget_disk(&g->config.disks, at->number))
		return;
	device_label(at, label);
	devices_save(ts, g, label);
}

/* ---- the list ---- */

static void watch_path(const struct late *l, char path[DEVICE_PATH],
		       char token[TOKEN_MAX])
{
	device_back_path(&l->at, path);
	snprintf(token, TOKEN_MAX, "late:%u", l->id);
}

static int watch(const struct late *l)
{
	char path[DEVICE_PATH], token[TOKEN_MAX];

	watch_path(l, path, token);
	return xsc_watch(l->ts->xs, path, token);
}

/* Out of the list; it is the caller's now. */
static void unlist(struct late *l)
{
	struct late **p = &l->ts->late;
	char path[DEVICE_PATH], token[TOKEN_MAX];

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	watch_path(l, path, token);
	xsc_unwatch(l->ts->xs, path, token);
}

static bool same_device(const struct device_at *a, const struct device_at *b)
{
	return a->front == b->front && a->back == b->back &&
	       a->number == b->number && a->is_nic == b->is_nic &&
	       a->by_kernel == b->by_kernel;
}

void dev_late_expect(struct toolstack *ts, const struct device_at *at)
{
	static unsigned int last_id;
	struct late *l;

	for (l = ts->late; l; l = l->next) {
		if (same_device(&l->at, at))
			return;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		log_warn("out of memory: a device must be detached again when its guest has given it back");
		return;
	}
	l->ts = ts;
	l->id = ++last_id;
	l->at = *at;
	l->next = ts->late;
	ts->late = l;
	/* A new watch fires at once, which is the first look. */
	if (watch(l)) {
		log_warn("a device's folder cannot be watched");
		unlist(l);
		free(l);
	}
}

/* ---- what the folder says ---- */

/* 1 if the node has this value, 0 if another or none, or -errno. */
static int node_is(const struct late *l, const char *name, const char *value)
{
	char path[DEVICE_PATH], *is;
	int rc;

	device_back_path(&l->at, path);
	rc = xsc_readf(l->ts->xs, XSC_NO_TX, &is, "%s/%s", path, name);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = !strcmp(is, value);
	free(is);
	return rc;
}

static void on_removed(struct outcome *out, int rc)
{
	struct late *l = container_of(out, struct late, removed);
	char label[DEVICE_LABEL];

	device_label(&l->at, label);
	if (rc) {
		log_warn("domain %u has given %s back, but: %s", l->at.front,
			 label, out->fail.text);
	} else {
		dev_forget(l->ts, &l->at);
		log_info("domain %u has given %s back", l->at.front, label);
	}
	free(l);
}

/* May free @l. */
static void look(struct late *l)
{
	int told = node_is(l, "online", "0");

	if (!told) {
		unlist(l);
		free(l);
	} else if (told > 0 && node_is(l, "state", "6") > 0) {
		unlist(l);
		l->removed.fn = on_removed;
		devices_release(l->ts, &l->at, 1, RELEASE_ASK, &l->removed);
	}
}

bool dev_late_event(struct toolstack *ts, const char *token)
{
	struct late *l = ts->late;
	unsigned int id;

	if (sscanf(token, "late:%u", &id) != 1)
		return false;
	while (l && l->id != id)
		l = l->next;
	/* It may have come before its watch was taken back. */
	if (l)
		look(l);
	return true;
}

void dev_late_rewatch(struct toolstack *ts)
{
	for (struct late *l = ts->late; l; l = l->next) {
		if (watch(l))
			log_warn("a device's folder cannot be watched");
	}
}

void dev_late_adopt(struct toolstack *ts, uint32_t domid)
{
	struct device_at *list;
	struct fail why = { 0 };
	int count = devices_list(ts, domid, &list, &why);

	if (count < 0) {
		log_warn("domain %u's devices: %s", domid, why.text);
		return;
	}
	for (int i = 0; i < count; i++)
		dev_late_expect(ts, &list[i]);
	free(list);
}
