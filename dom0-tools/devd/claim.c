// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * claim.c: which device has which image.
 *
 * A claim is on everything that lies below a target: the block device, under
 * whatever name it was opened, and the file behind it if that is a loop
 * device.  The kernel's locks do not see that these are one; they are what
 * holds against other programs, claims what holds between guests.
 *
 * State: devd->images, a hash by the id of an image; each device lists its
 * own in dev->disk.claim.
 */
#include <stdio.h>
#include <stdlib.h>

#include "devd/devd.h"
#include "lib/log.h"

struct image_holder {
	struct image_holder *next;
	struct dev *dev;
	struct disk_id id;
	bool exclusive;
};

static struct image_holder **bucket(struct devd *d, const struct disk_id *id)
{
	uint64_t h = ((uint64_t)id->dev << 32 ^ id->ino) *
		     0x9e3779b97f4a7c15ull;

	return &d->images[(h >> 32) % DEV_BUCKETS];
}

static bool same_image(const struct disk_id *a, const struct disk_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static void claim_one(struct dev *dev, const struct disk_id *id)
{
	struct disk *disk = &dev->disk;
	struct image_holder *h = calloc(1, sizeof(*h)), **at;

	if (!h || disk->nr_claims == MAX_CLAIMS) {
		/* The lock on the file is there all the same. */
		log_warn("%s: its image cannot be noted", dev->name);
		free(h);
		return;
	}
	h->dev = dev;
	h->id = *id;
	h->exclusive = disk_alone(disk->readonly, disk->shared);
	at = bucket(dev->devd, id);
	h->next = *at;
	*at = h;
	disk->claim[disk->nr_claims++] = *id;
}

void image_claim(struct dev *dev, const struct disk_file *f)
{
	struct disk_id id[DISK_LAYERS];
	unsigned int n = disk_layers(f, id);

	for (unsigned int i = 0; i < n; i++)
		claim_one(dev, &id[i]);
}

static void release_one(struct dev *dev, const struct disk_id *id)
{
	struct image_holder **at = bucket(dev->devd, id), *h;

	while ((h = *at) && (h->dev != dev || !same_image(&h->id, id)))
		at = &h->next;
	if (h) {
		*at = h->next;
		free(h);
	}
}

void image_release(struct dev *dev)
{
	struct disk *disk = &dev->disk;

	while (disk->nr_claims)
		release_one(dev, &disk->claim[--disk->nr_claims]);
}

const char *image_holder_name(void *devd, const struct disk_id *id,
			      bool exclusive)
{
	static char text[160];
	struct image_holder *h = *bucket(devd, id);
	struct xsc *xs;
	char *name;

	while (h && !(same_image(&h->id, id) && (exclusive || h->exclusive)))
		h = h->next;
	if (!h)
		return NULL;
	xs = h->dev->devd->xs;
	if (!xs || xsc_readf(xs, XSC_NO_TX, &name, "/local/domain/%u/name",
			     h->dev->domid)) {
		snprintf(text, sizeof(text), "domain %u (%s)", h->dev->domid,
			 h->dev->name);
		return text;
	}
	snprintf(text, sizeof(text), "guest %.64s (domain %u)", name,
		 h->dev->domid);
	free(name);
	return text;
}
