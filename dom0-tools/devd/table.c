// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table.c: devices by key and by domain, the uids in use, and which device
 * has which image open.
 *
 * Invariants: a device is in both tables or in neither; a slot is set while a
 * device has it; an image is listed once for each device that claims it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devd/devd.h"

static uint32_t mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(v >> 40);
}

static struct dev **key_bucket(struct devd *d, const struct kind_ops *ops,
			       uint32_t domid, uint32_t devid)
{
	uint64_t v = (uint64_t)domid << 32 | devid;

	return &d->by_key[(mix(v) ^ mix((uintptr_t)ops)) % DEV_BUCKETS];
}

static struct dev **dom_bucket(struct devd *d, uint32_t domid)
{
	return &d->by_dom[domid % DOM_BUCKETS];
}

struct dev *dev_find(struct devd *d, const struct kind_ops *ops,
		     uint32_t domid, uint32_t devid)
{
	struct dev *dev = *key_bucket(d, ops, domid, devid);

	while (dev && (dev->ops != ops || dev->domid != domid ||
		       dev->devid != devid))
		dev = dev->hash_next;
	return dev;
}

struct dev *dev_of_domain(struct devd *d, uint32_t domid)
{
	struct dev *dev = *dom_bucket(d, domid);

	while (dev && dev->domid != domid)
		dev = dev->dom_next;
	return dev;
}

struct dev *dev_make(struct devd *d, const struct kind_ops *ops, uint32_t domid,
		     uint32_t devid)
{
	struct dev *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return NULL;
	dev->devd = d;
	dev->ops = ops;
	dev->domid = domid;
	dev->devid = devid;
	dev->own = XB_INITIALISING;
	dev->online = true;
	dev->sock = dev->evtchn = dev->journal = dev->job_sock = -1;
	dev->orphan = -1;
	dev->proc.log_fd = dev->job.log_fd = -1;
	snprintf(dev->name, sizeof(dev->name), "%s %u/%u", ops->name, domid,
		 devid);
	snprintf(dev->backend, sizeof(dev->backend), "%s/%s/%u/%u", d->root,
		 ops->name, domid, devid);
	return dev;
}

struct dev *dev_new(struct devd *d, const struct kind_ops *ops, uint32_t domid,
		    uint32_t devid)
{
	struct dev *dev = dev_make(d, ops, domid, devid), **at;

	if (!dev)
		return NULL;
	at = key_bucket(d, ops, domid, devid);
	dev->hash_next = *at;
	*at = dev;
	at = dom_bucket(d, domid);
	dev->dom_next = *at;
	*at = dev;
	d->count++;
	return dev;
}

void dev_unlink(struct dev *dev)
{
	struct devd *d = dev->devd;
	struct dev **at = key_bucket(d, dev->ops, dev->domid, dev->devid);

	while (*at != dev)
		at = &(*at)->hash_next;
	*at = dev->hash_next;
	for (at = dom_bucket(d, dev->domid); *at != dev;)
		at = &(*at)->dom_next;
	*at = dev->dom_next;
	d->count--;
}

/* ---- uids ---- */

static int slots_grow(struct devd *d, uint32_t want)
{
	uint32_t count = d->slot_count ? d->slot_count : 64;
	uint8_t *more;

	while (count <= want)
		count *= 2;
	if (count > 1u << 24)
		return -ENFILE;
	more = realloc(d->slots, count);
	if (!more)
		return -ENOMEM;
	memset(more + d->slot_count, 0, count - d->slot_count);
	d->slots = more;
	d->slot_count = count;
	return 0;
}

int slot_take(struct devd *d, uint32_t slot)
{
	int rc = slot < d->slot_count ? 0 : slots_grow(d, slot);

	if (rc)
		return rc;
	if (d->slots[slot])
		return -EBUSY;
	d->slots[slot] = 1;
	return 0;
}

/* Slot 0 stands for none. */
int slot_get(struct devd *d, uint32_t *slot)
{
	uint8_t *at = d->slot_count > 1 ?
			      memchr(d->slots + 1, 0, d->slot_count - 1) :
			      NULL;

	*slot = at ? (uint32_t)(at - d->slots) :
		d->slot_count ? d->slot_count : 1;
	return slot_take(d, *slot);
}

void slot_put(struct devd *d, uint32_t slot)
{
	if (slot && slot < d->slot_count)
		d->slots[slot] = 0;
}
