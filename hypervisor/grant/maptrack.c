// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The handles of what a domain has mapped, under its own table's lock.
 *
 * A handle is taken apart in two steps with a TLB flush in between, so that
 * several vCPUs may try at once: the first step takes the parts out, which
 * only one can do, and the second, after the flush, lets go of what the last
 * part kept.
 */
#include <grant/grant_priv.h>
#include <mm/alloc.h>

#define RELEASE_COST 16

static struct mapping *handle_at(const struct grant_table *gt, uint32_t h)
{
	if (h / HANDLES_PER_PAGE >= gt->handle_pages)
		return NULL;
	return &gt->handles[h / HANDLES_PER_PAGE][h % HANDLES_PER_PAGE];
}

static void put_free(struct grant_table *gt, uint32_t h)
{
	*handle_at(gt, h) = (struct mapping){ .next_free = gt->free_handle };
	gt->free_handle = h;
}

static void put_used(struct grant_table *gt, uint32_t h)
{
	gt->used_handles--;
	put_free(gt, h);
}

/* Most domains never map a grant: even the list of pages waits for the first. */
static int more_handles(struct grant_table *gt)
{
	uint32_t n = gt->handle_pages;

	if (n == gt->max_handle_pages)
		return -ENOSPC;
	if (!gt->handles)
		gt->handles = heap_calloc(gt->max_handle_pages,
					  sizeof(*gt->handles));
	if (!gt->handles)
		return -ENOSPC;
	gt->handles[n] = pages_alloc(0);
	if (!gt->handles[n])
		return -ENOSPC;
	gt->handle_pages++;
	for (uint32_t i = HANDLES_PER_PAGE; i-- > 0;)
		put_free(gt, n * (uint32_t)HANDLES_PER_PAGE + i);
	return 0;
}

int handle_alloc(struct domain *d, uint32_t *handle)
{
	struct grant_table *gt = d->grant;
	int rc = 0;

	lock_acquire(&gt->lock);
	if (gt->free_handle == HANDLE_NONE)
		rc = more_handles(gt);
	if (!rc) {
		struct mapping *m;

		*handle = gt->free_handle;
		gt->used_handles++;
		m = handle_at(gt, *handle);
		gt->free_handle = m->next_free;
		*m = (struct mapping){ .next_free = HANDLE_NONE };
	}
	lock_release(&gt->lock);
	return rc;
}

void handle_free(struct domain *d, uint32_t handle)
{
	lock_acquire(&d->grant->lock);
	put_used(d->grant, handle);
	lock_release(&d->grant->lock);
}

void handle_set(struct domain *d, uint32_t handle, const struct mapping *m)
{
	lock_acquire(&d->grant->lock);
	*handle_at(d->grant, handle) = *m;
	lock_release(&d->grant->lock);
}

bool handle_take(struct domain *d, uint32_t handle, unsigned int parts,
		 struct mapping *out)
{
	struct mapping *m;
	bool there;

	lock_acquire(&d->grant->lock);
	m = handle_at(d->grant, handle);
	there = m && (m->flags & MAPPING_PARTS);
	if (there) {
		*out = *m;
		if (m->flags & parts & MAPPING_PARTS)
			m->ending++;
		m->flags &= (uint8_t)~(parts & MAPPING_PARTS);
	}
	lock_release(&d->grant->lock);
	return there;
}

void handle_give_back(struct domain *d, uint32_t handle, unsigned int parts)
{
	struct mapping *m;

	lock_acquire(&d->grant->lock);
	m = handle_at(d->grant, handle);
	m->flags |= (uint8_t)(parts & MAPPING_PARTS);
	m->ending--;
	lock_release(&d->grant->lock);
}

bool handle_done(struct domain *d, uint32_t handle, struct mapping *out)
{
	struct mapping *m;
	bool last;

	lock_acquire(&d->grant->lock);
	m = handle_at(d->grant, handle);
	m->ending--;
	last = !m->ending && !(m->flags & MAPPING_PARTS);
	if (last) {
		*out = *m;
		put_used(d->grant, handle);
	}
	lock_release(&d->grant->lock);
	return last;
}

/*
 * The domain does not run, so nothing changes under our feet; its page tables
 * are gone or hold references of their own.
 */
int grant_release_handles(struct domain *d, struct budget *b)
{
	struct grant_table *gt = d->grant;
	uint32_t end = gt->handle_pages * (uint32_t)HANDLES_PER_PAGE;

	while (gt->release_next < end) {
		struct mapping m, last;
		uint32_t h = gt->release_next++;

		if (handle_take(d, h, MAPPING_PARTS, &m) &&
		    handle_done(d, h, &last))
			grant_release(&last);
		if (budget_spend(b, RELEASE_COST))
			return -ERESTART;
	}
	return 0;
}
