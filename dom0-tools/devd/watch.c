// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch.c: the store's events become marks on the devices that they name.
 *
 * One watch covers all backend folders, one more each frontend's `state`.  An
 * event names its node, so only that device is looked at; events for nodes that
 * only the daemon writes are dropped by name.  Marks are worked off after the
 * events that are there: a transaction's many events cost one look.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devd/devd.h"
#include "lib/log.h"

static const struct kind_ops *const kinds[] = { &kind_pvbd, &kind_pvif,
						&kind_vbd, &kind_vif };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind_ops *kind_of(const char *name, size_t len)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strlen(kinds[i]->name) == len &&
		    !memcmp(kinds[i]->name, name, len))
			return kinds[i];
	return NULL;
}

/* ---- marks ---- */

void dev_mark(struct dev *dev, uint8_t what)
{
	struct devd *d = dev->devd;

	if (!dev->dirty) {
		dev->dirty_next = NULL;
		*d->dirty_tail = dev;
		d->dirty_tail = &dev->dirty_next;
	}
	dev->dirty |= what;
}

/* The kernel's backends have frontends that the kernel watches. */
int dev_watch(struct dev *dev)
{
	char path[DEV_PATH + 8], token[64];
	int rc;

	if (!dev->ops->program || dev->watching)
		return 0;
	snprintf(path, sizeof(path), "%s/state", dev->frontend);
	snprintf(token, sizeof(token), "f/%s/%u/%u", dev->ops->name,
		 dev->domid, dev->devid);
	rc = xsc_watch(dev->devd->xs, path, token);
	dev->watching = !rc || rc == -EEXIST;
	return dev->watching ? 0 : rc;
}

void dev_unwatch(struct dev *dev)
{
	char path[DEV_PATH + 8], token[64];

	if (!dev->watching || !dev->devd->xs)
		return;
	snprintf(path, sizeof(path), "%s/state", dev->frontend);
	snprintf(token, sizeof(token), "f/%s/%u/%u", dev->ops->name,
		 dev->domid, dev->devid);
	xsc_unwatch(dev->devd->xs, path, token);
	dev->watching = false;
}

/* ---- working a mark off ---- */

/* `frontend` must lie in the home of the domain that the folder names. */
static int learn_frontend(struct dev *dev)
{
	char home[48];
	int rc = dev_config_text(dev, "frontend", dev->frontend,
				 sizeof(dev->frontend));

	if (rc)
		return rc;
	snprintf(home, sizeof(home), "/local/domain/%u/", dev->domid);
	return strncmp(dev->frontend, home, strlen(home)) ? -EINVAL : 0;
}

static void new_own_state(struct dev *dev, enum xb_state s)
{
	if (!dev->ops->program) {
		dev->own = s;
		return;
	}
	if (s == XB_INITIALISING)
		dev_restart(dev);
	else if (s != XB_CLOSING)
		return;
	else if (dev->phase == PH_ENDED || dev->phase == PH_FAILED)
		dev_write_state(dev, XB_CLOSED, NULL);
	else	/* also over a 6 that only said that the frontend is closed */
		dev->own = XB_CLOSING;
}

/* A kernel's backend: whether an earlier daemon has set it up. */
static bool kernel_is_up(struct dev *dev, enum xb_state state)
{
	struct fail fail = { 0 };
	char text[16];

	if (dev_config_text(dev, "hotplug-status", text, sizeof(text)) ||
	    strcmp(text, "connected"))
		return false;
	dev->opened = true;
	dev->own = state;
	dev->phase = PH_CONNECTED;
	if (dev->ops->take_up(dev, &fail))
		log_warn("%s: goes on, but: %s", dev->name, fail.text);
	return true;
}

/* First sight of a device: only once its folder is complete. */
static void first_sight(struct dev *dev, enum xb_state state)
{
	int rc = learn_frontend(dev);

	if (!rc)
		rc = dev_watch(dev);
	if (rc) {
		log_warn("%s: its folder is not complete: %s", dev->name,
			 strerror(-rc));
		dev->frontend[0] = 0;
		return;
	}
	dev->online = dev_config_flag(dev, "online", true);
	frontend_read_state(dev);
	if (dev->ops->program && keep_adopt(dev, state == XB_INITIALISING)) {
		if (state != dev->own)
			new_own_state(dev, state);
		return;
	}
	if (!dev->ops->program && kernel_is_up(dev, state))
		return;
	if (state == XB_INITIALISING || !dev->ops->program) {
		log_debug("%s: new", dev->name);
		return;
	}
	/* Served before, by nobody whom we know. */
	dev->own = state;
	dev->phase = state == XB_CLOSED ? PH_ENDED : PH_NEW;
	if (state > XB_INITWAIT && state < XB_CLOSING)
		log_err("%s: was connected when an earlier parvis-devd was lost with all it held; detach and attach it",
			dev->name);
	if (state > XB_INITWAIT)
		dev->phase = PH_FAILED;
	/* It ended while the last worker let it go. */
	if (!dev->online && state != XB_CLOSED)
		dev_write_state(dev, XB_CLOSED, NULL);
}

/*
 * The toolstack begins with state 1, also at a place that it has just cleared:
 * if both came in one transaction, the folder was never seen to be gone.
 */
static bool is_another(struct dev *dev, enum xb_state s, uint8_t what)
{
	if (!dev->ops->program || s != XB_INITIALISING ||
	    dev->phase == PH_NEW || dev->phase == PH_ENDED ||
	    dev->phase == PH_FAILED)
		return false;
	if (dev->own != XB_INITIALISING)
		return true;
	/* It was not ready yet, so the state does not tell them apart. */
	return what & DIRTY_FOLDER && dev->opened && !dev->ops->same(dev);
}

static void start_over(struct dev *dev)
{
	struct devd *d = dev->devd;
	const struct kind_ops *ops = dev->ops;
	uint32_t domid = dev->domid, devid = dev->devid;

	dev_gone(dev);
	dev = dev_new(d, ops, domid, devid);
	if (dev)
		dev_mark(dev, DIRTY_FOLDER);
}

/*
 * Whether our first state went over the 1 of another device, which took the
 * place while we wrote.  What is in a drive may differ from its folder.
 */
static bool hides_another(struct dev *dev, enum xb_state s, uint8_t what)
{
	return dev->ops->program && what & DIRTY_FOLDER && dev->opened &&
	       s == XB_INITWAIT && dev->own == s &&
	       !(dev->ops == &kind_pvbd && dev->disk.removable) &&
	       !dev->ops->same(dev);
}

static void begin_again(struct dev *dev)
{
	if (!dev_write_state(dev, XB_INITIALISING, NULL))
		start_over(dev);
}

/* The toolstack's `state`: false if @dev is gone, and not to be touched. */
static bool look_at_folder(struct dev *dev, uint8_t what)
{
	enum xb_state s;
	char *text;
	int rc = dev_config(dev, "state", &text);

	if (rc == -ENOENT) {
		dev_gone(dev);
		return false;
	}
	if (rc)
		return true;
	s = sm_parse_state(text);
	free(text);
	if (s == XB_STATES)
		return true;
	if (!dev->frontend[0]) {
		first_sight(dev, s);
	} else if (dev->unwritten) {
		dev_write_again(dev);
	} else if (is_another(dev, s, what)) {
		start_over(dev);
		return false;
	} else if (hides_another(dev, s, what)) {
		begin_again(dev);
		return false;
	} else if (s != dev->own) {
		new_own_state(dev, s);
	}
	return true;
}

static void look_at_online(struct dev *dev)
{
	bool was = dev->online;

	dev->online = dev_config_flag(dev, "online", true);
	/* Also if our own state was written over the toolstack's Closing. */
	if (was && !dev->online && dev->ops->program &&
	    dev->phase == PH_CONNECTED && dev->own < XB_CLOSING)
		dev_write_state(dev, XB_CLOSING, NULL);
}

void watch_work_off(struct dev *dev)
{
	uint8_t what = dev->dirty;

	dev->dirty = 0;
	if (dev->gone) {
		dev_reap(dev);
		return;
	}
	if (what & (DIRTY_FOLDER | DIRTY_STATE) && !look_at_folder(dev, what))
		return;
	if (!dev->frontend[0])
		return;
	if (what & (DIRTY_FOLDER | DIRTY_ONLINE))
		look_at_online(dev);
	if (what & DIRTY_FRONTEND)
		frontend_read_state(dev);
	if (what & (DIRTY_FOLDER | DIRTY_REQUEST))
		request_take(dev);
	dev_step(dev);
}

/* ---- events ---- */

static void mark_key(struct devd *d, const struct kind_ops *ops,
		     uint32_t domid, uint32_t devid, uint8_t what)
{
	struct dev *dev = dev_find(d, ops, domid, devid);

	/* What is removed was never seen, or is known. */
	if (!dev && what & (DIRTY_FOLDER | DIRTY_STATE))
		dev = dev_new(d, ops, domid, devid);
	if (dev)
		dev_mark(dev, what);
}

static void scan_domain(struct devd *d, const struct kind_ops *ops,
			uint32_t domid)
{
	char path[DEV_PATH], **names;
	struct dev *dev;
	uint32_t devid;
	int i, n;

	for (dev = dev_of_domain(d, domid); dev; dev = dev->dom_next)
		if (dev->domid == domid && dev->ops == ops)
			dev_mark(dev, DIRTY_FOLDER);
	snprintf(path, sizeof(path), "%s/%s/%u", d->root, ops->name, domid);
	n = xsc_list(d->xs, XSC_NO_TX, path, &names);
	for (i = 0; i < n; i++)
		if (!xs_parse_u32(names[i], UINT32_MAX, &devid))
			mark_key(d, ops, domid, devid, DIRTY_FOLDER);
	if (n >= 0)
		free(names);
}

static void scan_kind(struct devd *d, const struct kind_ops *ops)
{
	char path[DEV_PATH], **names;
	uint32_t domid;
	int i, n;

	snprintf(path, sizeof(path), "%s/%s", d->root, ops->name);
	n = xsc_list(d->xs, XSC_NO_TX, path, &names);
	for (i = 0; i < n; i++)
		if (!xs_parse_u32(names[i], UINT32_MAX, &domid))
			scan_domain(d, ops, domid);
	if (n >= 0)
		free(names);
}

/* At the start, after the store was away, and if all was removed at once. */
static void scan_all(struct devd *d)
{
	struct dev *dev;
	size_t i;

	for (i = 0; i < DEV_BUCKETS; i++)
		for (dev = d->by_key[i]; dev; dev = dev->hash_next)
			dev_mark(dev, DIRTY_FOLDER | DIRTY_FRONTEND);
	for (i = 0; i < KINDS; i++)
		scan_kind(d, kinds[i]);
}

static uint8_t leaf_mark(const char *leaf)
{
	static const struct {
		const char *name;
		uint8_t mark;
	} leaves[] = {
		{ "state", DIRTY_STATE },
		{ "online", DIRTY_ONLINE },
		{ "request", DIRTY_REQUEST },
	};

	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (!strcmp(leaf, leaves[i].name))
			return leaves[i].mark;
	return 0;
}

/* KIND[/DOMID[/DEVID[/LEAF]]] */
static void backend_event(struct devd *d, const char *rest)
{
	size_t len = strcspn(rest, "/");
	const struct kind_ops *ops = kind_of(rest, len);
	unsigned int domid, devid;
	int at = 0, n;

	if (!ops)
		return;
	if (!rest[len]) {
		scan_kind(d, ops);
		return;
	}
	n = sscanf(rest + len, "/%u%n/%u%n", &domid, &at, &devid, &at);
	if (n < 1)
		return;
	rest += len + (size_t)at;
	if (n == 1) {
		if (!*rest)
			scan_domain(d, ops, domid);
		return;
	}
	if (!*rest)
		mark_key(d, ops, domid, devid, DIRTY_FOLDER);
	else if (leaf_mark(rest + 1))
		mark_key(d, ops, domid, devid, leaf_mark(rest + 1));
}

static void frontend_event(struct devd *d, const char *token)
{
	size_t len = strcspn(token, "/");
	const struct kind_ops *ops = kind_of(token, len);
	unsigned int domid, devid;
	struct dev *dev;

	if (!ops || sscanf(token + len, "/%u/%u", &domid, &devid) != 2)
		return;
	dev = dev_find(d, ops, domid, devid);
	if (dev)
		dev_mark(dev, DIRTY_FRONTEND);
}

void watch_event(struct devd *d, const char *path, const char *token)
{
	size_t root = strlen(d->root);

	if (!strncmp(token, "f/", 2)) {
		frontend_event(d, token + 2);
		return;
	}
	if (strncmp(path, d->root, root))
		return;
	if (!path[root]) {
		scan_all(d);
		d->scanned = true;
	} else {
		backend_event(d, path + root + 1);
	}
}
