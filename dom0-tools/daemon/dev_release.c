// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_release.c: ending devices: told to end, waited for, removed.
 *
 * State: one struct release per attempt.  What there is to end is read from
 * the toolstack's own folders (/libxl), which no guest can change, so that
 * nothing is missed that an earlier daemon or a failed attempt has left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/hv_domain.h"
#include "../lib/log.h"
#include "dev_late.h"
#include "dev_wait.h"
#include "guest_device.h"

struct release {
	struct outcome waited;
	struct outcome *out;
	struct toolstack *ts;
	enum release_how how;
	struct device_at *at;
	unsigned int count;
};

static void finish(struct release *r, int rc)
{
	struct outcome *out = r->out;

	if (rc)
		out->fail = r->waited.fail;
	free(r->at);
	free(r);
	out->fn(out, rc);
}

/* ---- what there is ---- */

static int list_class(struct toolstack *ts, uint32_t domid, const char *class,
		      struct device_at **list, int count)
{
	char folder[DEVICE_PATH], **names, *path;
	int n, found = count;

	snprintf(folder, sizeof(folder), "/libxl/%u/device/%s", domid, class);
	n = xsc_list(ts->xs, XSC_NO_TX, folder, &names);
	if (n < 0)
		return n == -ENOENT ? count : n;
	for (int i = 0; i < n; i++) {
		struct device_at at, *more;

		if (xsc_readf(ts->xs, XSC_NO_TX, &path, "%s/%s/backend",
			      folder, names[i]))
			continue;
		more = device_from_back_path(path, &at) || at.front != domid ?
			       NULL :
			       realloc(*list, ((size_t)found + 1) *
					      sizeof(at));
		free(path);
		if (!more)
			continue;
		*list = more;
		(*list)[found++] = at;
	}
	free(names);
	return found;
}

int devices_list(struct toolstack *ts, uint32_t domid, struct device_at **list,
		 struct fail *fail)
{
	int count;

	*list = NULL;
	count = list_class(ts, domid, "vbd", list, 0);
	if (count >= 0)
		count = list_class(ts, domid, "vif", list, count);
	if (count >= 0)
		return count;
	free(*list);
	*list = NULL;
	return fail_errno(fail, count, "the store does not tell its devices");
}

/* ---- telling ---- */

/* Whether the node of the backend's folder is there with another value. */
static bool differs(struct store_writer *w, const char *path,
		    const char *name, const char *value)
{
	char *text;
	bool other;

	if (xsc_readf(w->xs, w->tx, &text, "%s/%s", path, name))
		return false;
	other = *text && strcmp(text, value);
	free(text);
	return other;
}

/*
 * Whether the backend has something to let go of.  One that is online is only
 * closed by its guest, and may be opened again; the kernel's own say no more
 * to that.
 */
static bool is_open(struct store_writer *w, const struct device_at *at)
{
	char path[DEVICE_PATH];

	device_back_path(at, path);
	return differs(w, path, "state", "6") ||
	       (!at->by_kernel && differs(w, path, "online", "0"));
}

static void write_end(struct store_writer *w, void *ctx)
{
	struct release *r = ctx;
	bool *open = calloc(r->count, sizeof(*open));
	char path[DEVICE_PATH];

	if (!open) {
		w->rc = -ENOMEM;
		return;
	}
	/* Reading waits for its answer: not among what is posted. */
	for (unsigned int i = 0; i < r->count; i++)
		open[i] = is_open(w, &r->at[i]);
	for (unsigned int i = 0; i < r->count; i++) {
		device_back_path(&r->at[i], path);
		sw_at(w, "%s", path);
		if (open[i]) {
			sw_put(w, "online", "0");
			sw_put(w, "state", "5");
		}
		device_front_path(&r->at[i], path);
		sw_at(w, "%s", path);
		if (r->how != RELEASE_ASK)
			sw_remove(w, "");
	}
	free(open);
}

/* ---- removing ---- */

/* Removes the folder that held the last device of a kind, if it is empty. */
static void remove_if_empty(struct toolstack *ts, const char *folder)
{
	char **names;

	if (xsc_list(ts->xs, XSC_NO_TX, folder, &names) < 0)
		return;
	if (!names[0])
		xsc_rm(ts->xs, XSC_NO_TX, folder);
	free(names);
}

static void remove_folders(struct release *r)
{
	struct store_writer w = { .xs = r->ts->xs, .tx = XSC_NO_TX };
	char path[DEVICE_PATH];

	for (unsigned int i = 0; i < r->count; i++) {
		device_front_path(&r->at[i], path);
		sw_at(&w, "%s", path);
		sw_remove(&w, "");
		device_back_path(&r->at[i], path);
		sw_at(&w, "%s", path);
		sw_remove(&w, "");
		device_own_path(&r->at[i], path);
		sw_at(&w, "%s", path);
		sw_remove(&w, "");
	}
	sw_settle(&w);
	for (unsigned int i = 0; i < r->count; i++) {
		device_back_path(&r->at[i], path);
		*strrchr(path, '/') = '\0';
		remove_if_empty(r->ts, path);
	}
}

static void on_gone(struct outcome *out, int rc)
{
	struct release *r = container_of(out, struct release, waited);

	if (rc && r->how == RELEASE_ASK) {
		finish(r, rc);
		return;
	}
	if (rc)
		log_warn("%s", out->fail.text);
	remove_folders(r);
	finish(r, 0);
}

void devices_release(struct toolstack *ts, const struct device_at *list,
		     unsigned int count, enum release_how how,
		     struct outcome *out)
{
	struct release *r = calloc(1, sizeof(*r));
	struct dev_goals goals = { .goal = DEV_GONE, .ms = ts->device_ms };
	int rc;

	if (r)
		r->at = malloc(count * sizeof(*list) + 1);
	if (!r || !r->at) {
		free(r);
		out->fn(out, fail_set(&out->fail, -ENOMEM, "out of memory"));
		return;
	}
	memcpy(r->at, list, count * sizeof(*list));
	r->ts = ts;
	r->how = how;
	r->count = count;
	r->out = out;
	r->waited.fn = on_gone;
	rc = count ? sw_transaction(ts->xs, write_end, r) : 0;
	if (rc && how == RELEASE_ASK) {
		fail_errno(&r->waited.fail, rc, "the store refused its end");
		finish(r, rc);
		return;
	}
	goals.at = r->at;
	goals.count = rc || how == RELEASE_DROP ? 0 : count;
	dev_wait(ts, &goals, NULL, &r->waited);
}

void devices_release_all(struct toolstack *ts, uint32_t domid,
			 enum release_how how, struct outcome *out)
{
	struct device_at *list;
	int count = devices_list(ts, domid, &list, &out->fail);

	if (count > 0)
		devices_release(ts, list, (unsigned int)count, how, out);
	else
		out->fn(out, count);
	free(list);
}

/* ---- what is left of others ---- */

struct sweep {
	struct outcome out;
	struct toolstack *ts;
	uint32_t domid;
};

static void on_swept(struct outcome *out, int rc)
{
	struct sweep *s = container_of(out, struct sweep, out);

	if (rc)
		log_warn("domain %u's devices: %s", s->domid, out->fail.text);
	else
		guest_store_remove(s->ts, s->domid, NULL);
	free(s);
}

static void sweep(struct toolstack *ts, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;
	struct sweep *s;
	int rc;

	if (!domid)
		return;
	rc = hv_domain_info(ts->hv, domid, &info);
	if (!rc)
		dev_late_adopt(ts, domid);
	if (rc != -ESRCH)
		return;
	s = calloc(1, sizeof(*s));
	if (!s)
		return;
	log_info("domain %u is gone: removing what it left", domid);
	s->out.fn = on_swept;
	s->ts = ts;
	s->domid = domid;
	devices_release_all(ts, domid, RELEASE_CUT, &s->out);
}

void devices_sweep(struct toolstack *ts)
{
	char **names;
	uint32_t domid;
	int n = xsc_list(ts->xs, XSC_NO_TX, "/libxl", &names);

	if (n < 0)
		return;
	for (int i = 0; i < n; i++) {
		if (!xs_parse_u32(names[i], UINT16_MAX, &domid))
			sweep(ts, domid);
	}
	free(names);
}
