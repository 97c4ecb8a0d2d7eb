// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store.c: the connection to the store: opened, lost, opened again; and its
 * events, which watch.c makes marks of, and then works off.
 *
 * State: devd->xs and the list of marked devices, devd->dirty.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devd/devd.h"
#include "lib/log.h"

#define XS_TIMEOUT_MS 30000
#define XS_RETRY_MS 200
#define EVENTS_A_ROUND 256
#define TOKEN_BACKEND "b"

static void store_lost(struct devd *d, int rc)
{
	struct dev *dev;
	size_t i;

	log_warn("the store is gone (%s); devices go on, waiting for it",
		 strerror(-rc));
	ev_io_del(d->loop, &d->xs_io);
	xsc_close(d->xs);
	d->xs = NULL;
	for (i = 0; i < DEV_BUCKETS; i++)
		for (dev = d->by_key[i]; dev; dev = dev->hash_next)
			dev->watching = false;
	ev_timer_set(d->loop, &d->xs_retry, XS_RETRY_MS);
}

static void work_off_all(struct devd *d)
{
	struct dev *dev;

	while ((dev = d->dirty)) {
		d->dirty = dev->dirty_next;
		if (!d->dirty)
			d->dirty_tail = &d->dirty;
		watch_work_off(dev);
	}
}

/* Whether store_drain() has something to do that epoll does not know of. */
bool store_has_more(const struct devd *d)
{
	return d->xs && (d->dirty || xsc_pending(d->xs));
}

/*
 * One round: guests may write to their `state` as fast as the store takes it,
 * and must not hold up what does not come from the store.
 */
void store_drain(struct devd *d)
{
	char *path, *token;
	int rc = 0, left = EVENTS_A_ROUND;

	while (left-- && (rc = xsc_event(d->xs, &path, &token)) == 1) {
		watch_event(d, path, token);
		free(path);
	}
	if (rc < 0) {
		store_lost(d, rc);
		return;
	}
	work_off_all(d);
	if (d->kept && d->scanned)
		keep_forget_rest(d);
}

static void on_store(struct ev_io *io, uint32_t revents)
{
	(void)revents;
	store_drain(container_of(io, struct devd, xs_io));
}

static int rewatch(struct devd *d)
{
	struct dev *dev;
	size_t i;
	int rc = 0;

	for (i = 0; i < DEV_BUCKETS; i++)
		for (dev = d->by_key[i]; !rc && dev; dev = dev->hash_next)
			if (dev->frontend[0])
				rc = dev_watch(dev);
	/* Its first event brings scan_all(). */
	return rc ? rc : xsc_watch(d->xs, d->root, TOKEN_BACKEND);
}

int store_open(struct devd *d)
{
	char *text;
	int rc = xsc_open(&d->xs);

	if (rc) {
		d->xs = NULL;
		return rc;
	}
	xsc_set_timeout(d->xs, XS_TIMEOUT_MS);
	rc = xsc_read(d->xs, XSC_NO_TX, "domid", &text, NULL);
	if (!rc) {
		rc = xs_parse_u32(text, 0x7fef, &d->self);
		free(text);
	}
	/* A store without it is the control domain's own. */
	if (!rc || rc == -ENOENT) {
		snprintf(d->root, sizeof(d->root), "/local/domain/%u/backend",
			 d->self);
		rc = rewatch(d);
	}
	d->xs_io = (struct ev_io){ xsc_fd(d->xs), EPOLLIN, on_store };
	if (!rc)
		rc = ev_io_add(d->loop, &d->xs_io);
	if (rc) {
		xsc_close(d->xs);
		d->xs = NULL;
	}
	return rc;
}

void store_retry(struct ev_timer *t)
{
	struct devd *d = container_of(t, struct devd, xs_retry);

	if (store_open(d))
		ev_timer_set(d->loop, t, XS_RETRY_MS);
	else
		log_info("the store is back");
}
