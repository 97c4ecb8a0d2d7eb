// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared memory and event channels; see shared.h.
 */
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <xen/events.h>
#include <xen/page.h>

#include "shared.h"

/* Adds the next page of the pool. */
static int pool_grow(struct fe_pool *pool, domid_t backend, bool readonly)
{
	struct page *page = alloc_page(GFP_NOIO | __GFP_ZERO);
	int ref;

	if (!page)
		return -ENOMEM;
	ref = gnttab_grant_foreign_access(backend, xen_page_to_gfn(page),
					  readonly);
	if (ref < 0) {
		__free_page(page);
		return ref;
	}
	pool->page[pool->count] = page;
	pool->gref[pool->count] = ref;
	pool->count++;
	return 0;
}

int fe_pool_make(struct fe_pool *pool, struct xenbus_device *bus,
		 unsigned int count, bool readonly)
{
	int err = -ENOMEM;

	memset(pool, 0, sizeof(*pool));
	pool->page = kvcalloc(count, sizeof(*pool->page), GFP_KERNEL);
	pool->gref = kvcalloc(count, sizeof(*pool->gref), GFP_KERNEL);
	if (!pool->page || !pool->gref)
		goto out;
	do
		err = pool_grow(pool, bus->otherend_id, readonly);
	while (!err && pool->count < count);
	if (err)
		goto out;
	pool->base = vmap(pool->page, count, VM_MAP, PAGE_KERNEL);
	if (!pool->base)
		err = -ENOMEM;
out:
	if (err)
		fe_pool_free(pool);
	return err;
}
EXPORT_SYMBOL_GPL(fe_pool_make);

void fe_pool_free(struct fe_pool *pool)
{
	if (pool->base)
		vunmap(pool->base);
	while (pool->count) {
		pool->count--;
		gnttab_end_foreign_access(pool->gref[pool->count],
					  pool->page[pool->count]);
	}
	kvfree(pool->page);
	kvfree(pool->gref);
	memset(pool, 0, sizeof(*pool));
}
EXPORT_SYMBOL_GPL(fe_pool_free);

int fe_ring_make(struct fe_ring_pages *ring, struct xenbus_device *bus,
		 unsigned int count)
{
	int err;

	ring->base = NULL;
	if (count > FE_RING_PAGES)
		return -EINVAL;
	err = xenbus_setup_ring(bus, GFP_NOIO, &ring->base, count, ring->gref);
	ring->count = err ? 0 : count;
	return err;
}
EXPORT_SYMBOL_GPL(fe_ring_make);

void fe_ring_free(struct fe_ring_pages *ring)
{
	if (ring->base)
		xenbus_teardown_ring(&ring->base, ring->count, ring->gref);
	ring->base = NULL;
	ring->count = 0;
}
EXPORT_SYMBOL_GPL(fe_ring_free);

int fe_channel_make(struct fe_channel *channel, struct xenbus_device *bus,
		  irq_handler_t handler, const char *name, void *data)
{
	int err;

	channel->irq = 0;
	err = xenbus_alloc_evtchn(bus, &channel->port);
	if (err)
		return err;
	err = bind_evtchn_to_irqhandler_lateeoi(channel->port, handler, 0, name,
						data);
	if (err <= 0) {
		xenbus_free_evtchn(bus, channel->port);
		return err ? err : -EINVAL;
	}
	channel->irq = err;
	return 0;
}
EXPORT_SYMBOL_GPL(fe_channel_make);

void fe_channel_free(struct fe_channel *channel, void *data)
{
	if (channel->irq)
		unbind_from_irqhandler(channel->irq, data);
	channel->irq = 0;
}
EXPORT_SYMBOL_GPL(fe_channel_free);
