// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A domain's grant table as memory: frames that the guest shares with us, the
 * pins that only we see, and limits.
 *
 * Frames are added under the table's lock, published by the count that goes
 * up after them, and stay where they are until the domain is freed, whatever
 * version the table is switched to: so neither a mapping that the guest has of
 * them nor another domain's pin can meet a page that has gone.
 */
#include <grant/grant_priv.h>
#include <lib/assert.h>
#include <mm/alloc.h>

#define GROW_COST 64 /* of clearing two pages */

static uint32_t status_needed(uint32_t frames)
{
	return (uint32_t)DIV_ROUND_UP(frames * V2_PER_FRAME, STATUS_PER_FRAME);
}

/* A negative number asks for what is usual; there is no more than @most. */
static uint32_t bounded(uint32_t wanted, uint32_t value, uint32_t most)
{
	return (int32_t)wanted < 0 ? value : MIN(wanted, most);
}

static bool alloc_arrays(struct grant_table *gt)
{
	gt->shared = heap_calloc(gt->max_frames, sizeof(*gt->shared));
	gt->pins = heap_calloc(gt->max_frames, sizeof(*gt->pins));
	gt->status = heap_calloc(status_needed(gt->max_frames),
				 sizeof(*gt->status));
	return gt->shared && gt->pins && gt->status;
}

int grant_domain_init(struct domain *d, uint32_t max_frames,
		      uint32_t max_maptrack, uint32_t version_max)
{
	struct grant_table *gt;
	int rc;

	max_frames = bounded(max_frames, GRANT_FRAMES_USUAL,
			     GRANT_FRAMES_LIMIT);
	max_maptrack = bounded(max_maptrack, MAPTRACK_FRAMES_USUAL,
			       MAPTRACK_FRAMES_LIMIT);
	if (!max_frames)
		return -EINVAL;
	if (version_max < 1 || version_max > 2)
		return -EINVAL;
	gt = heap_alloc(sizeof(*gt));
	if (!gt)
		return -ENOMEM;
	lock_init(&gt->lock, RANK_GRANT);
	gt->version = 1;
	gt->version_max = version_max;
	gt->max_frames = max_frames;
	gt->max_maptrack = max_maptrack;
	gt->max_handle_pages = (uint32_t)DIV_ROUND_UP(
		max_maptrack * HANDLES_PER_XEN_FRAME, HANDLES_PER_PAGE);
	gt->free_handle = HANDLE_NONE;
	d->grant = gt;
	rc = alloc_arrays(gt) ? grant_grow(d, 1, NULL) : -ENOMEM;
	if (rc)
		grant_domain_free(d);
	return rc;
}

/* A page that @d may map and write. */
static void *make_shared(struct domain *d)
{
	void *p = pages_alloc(0);

	if (p)
		frame_share_with(frame_of(p), d, false);
	return p;
}

int grant_make_status(struct domain *d, uint32_t frames)
{
	struct grant_table *gt = d->grant;
	uint32_t need = status_needed(frames);

	while (gt->status_frames < need) {
		grant_status_t *s = make_shared(d);

		if (!s)
			return -ENOMEM;
		gt->status[gt->status_frames] = s;
		__atomic_store_n(&gt->status_frames, gt->status_frames + 1,
				 __ATOMIC_RELEASE);
	}
	return 0;
}

static int add_frame(struct domain *d)
{
	struct grant_table *gt = d->grant;
	uint32_t n = gt->frames;
	int rc = 0;

	_Static_assert(sizeof(struct pin_count) * V1_PER_FRAME == PAGE_SIZE,
		       "the pins of a frame are one page");
	if (!gt->pins[n])
		gt->pins[n] = pages_alloc(0);
	if (!gt->shared[n])
		gt->shared[n] = make_shared(d);
	if (!gt->pins[n] || !gt->shared[n])
		return -ENOMEM;
	if (gt->version == 2)
		rc = grant_make_status(d, n + 1);
	if (!rc)
		__atomic_store_n(&gt->frames, n + 1, __ATOMIC_RELEASE);
	return rc;
}

/* Under the lock: one step of growing; 1 when there is nothing to do. */
static int grow_step(struct domain *d, uint32_t want)
{
	struct grant_table *gt = d->grant;

	if (gt->unshared)
		return -EINVAL;
	return gt->frames < want ? add_frame(d) : 1;
}

int grant_grow(struct domain *d, uint32_t want, struct budget *b)
{
	struct grant_table *gt = d->grant;

	if (want > gt->max_frames)
		return -ENOSPC;
	for (;;) {
		int rc;

		lock_acquire(&gt->lock);
		rc = grow_step(d, want);
		lock_release(&gt->lock);
		if (rc)
			return rc < 0 ? rc : 0;
		if (budget_spend(b, GROW_COST))
			return -ERESTART;
	}
}

/* --- the end --- */

static void unshare_page(struct domain *d, void *p)
{
	if (p)
		frame_unshare(frame_of(p), d);
}

static uint32_t shared_pages(const struct grant_table *gt)
{
	/* One more than published if its pins could not be had. */
	return MIN(gt->frames + 1, gt->max_frames);
}

static void unshare_all(struct domain *d)
{
	struct grant_table *gt = d->grant;

	lock_acquire(&gt->lock);
	gt->unshared = true;
	lock_release(&gt->lock);
	if (gt->shared)
		for (uint32_t i = 0; i < shared_pages(gt); i++)
			unshare_page(d, gt->shared[i]);
	for (uint32_t i = 0; i < gt->status_frames; i++)
		unshare_page(d, gt->status[i]);
}

int grant_release_mappings(struct domain *d, struct budget *b)
{
	struct grant_table *gt = d->grant;
	int rc;

	if (!gt)
		return 0;
	rc = grant_release_handles(d, b);
	if (rc)
		return rc;
	if (!gt->unshared)
		unshare_all(d);
	return 0;
}

static void free_page(void *p)
{
	if (!p)
		return;
	frame_unshared(frame_of(p));
	pages_free(p, 0);
}

void grant_domain_free(struct domain *d)
{
	struct grant_table *gt = d->grant;

	if (!gt)
		return;
	if (!gt->unshared)
		unshare_all(d);
	for (uint32_t i = 0; gt->shared && i < shared_pages(gt); i++)
		free_page(gt->shared[i]);
	for (uint32_t i = 0; gt->pins && i < shared_pages(gt); i++)
		if (gt->pins[i])
			pages_free(gt->pins[i], 0);
	for (uint32_t i = 0; i < gt->status_frames; i++)
		free_page(gt->status[i]);
	for (uint32_t i = 0; i < gt->handle_pages; i++)
		pages_free(gt->handles[i], 0);
	heap_free(gt->handles);
	heap_free(gt->shared);
	heap_free(gt->pins);
	heap_free(gt->status);
	heap_free(gt);
	d->grant = NULL;
}

/* --- for other rooms --- */

int grant_frame_mfn(struct domain *d, uint32_t index, bool status, mfn_t *out)
{
	struct grant_table *gt = d->grant;
	uint32_t frames;
	void *page;
	int rc;

	if (!gt || index >= gt->max_frames)
		return -EINVAL;
	frames = status ? index * (uint32_t)(STATUS_PER_FRAME / V2_PER_FRAME) :
			  index;
	if (frames >= gt->max_frames)
		return -EINVAL;
	if (status && READ_ONCE(gt->version) != 2)
		return -EINVAL;
	rc = grant_grow(d, frames + 1, NULL);
	if (rc)
		return rc;
	page = status ? (void *)gt->status[index] : gt->shared[index];
	if (!page) /* the guest has changed its mind about the version */
		return -EINVAL;
	*out = frame_of(page);
	return 0;
}

int grant_set_entry(struct domain *d, uint32_t ref, uint16_t to, mfn_t m)
{
	struct grant_table *gt = d->grant;
	int rc = -EINVAL;

	if (ref >= GNTTAB_NR_RESERVED_ENTRIES || m.v != (uint32_t)m.v)
		return -EINVAL;
	lock_acquire(&gt->lock);
	if (gt->version == 1) {
		struct grant_entry_v1 *e = entry_v1(gt, ref);

		e->frame = (uint32_t)m.v;
		e->domid = to;
		__atomic_store_n(&e->flags, GTF_permit_access,
				 __ATOMIC_RELEASE);
		rc = 0;
	}
	lock_release(&gt->lock);
	return rc;
}

int grant_limits(struct domain *d, uint32_t *frames, uint32_t *maptrack)
{
	if (!d->grant)
		return -EINVAL;
	*frames = d->grant->max_frames;
	*maptrack = d->grant->max_maptrack;
	return 0;
}

void grant_count(const struct domain *d, struct grant_counts *n)
{
	struct grant_table *gt = d->grant;

	*n = (struct grant_counts){ 0 };
	if (!gt)
		return;
	lock_acquire(&gt->lock);
	n->frames = gt->frames;
	n->active = gt->active;
	n->mapped = gt->used_handles;
	lock_release(&gt->lock);
}
