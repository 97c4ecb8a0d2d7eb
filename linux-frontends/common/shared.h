/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the backend may see: rings, and sets of pages granted once.
 *
 * A page given to a backend is not ours alone again before the backend has let
 * it go.  So freeing here means: give the grant back, and the page whenever
 * that has happened; the kernel keeps the list.  Owners serialise the calls.
 */
#ifndef FRONTEND_SHARED_H
#define FRONTEND_SHARED_H

#include <linux/interrupt.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#define FE_RING_PAGES	16	/* most pages of one ring */

/* count pages, all mapped one after the other at base. */
struct fe_pool {
	unsigned int count;
	struct page **page;
	grant_ref_t *gref;
	void *base;
};

/* fe_pool_make() - zeroed pages, granted to the device's backend. */
int fe_pool_make(struct fe_pool *pool, struct xenbus_device *bus,
		 unsigned int count, bool readonly);

/* fe_pool_free() - also of a pool never made, if it is zeroed. */
void fe_pool_free(struct fe_pool *pool);

struct fe_ring_pages {
	void *base;
	unsigned int count;
	grant_ref_t gref[FE_RING_PAGES];
};

int fe_ring_make(struct fe_ring_pages *ring, struct xenbus_device *bus,
		 unsigned int count);
void fe_ring_free(struct fe_ring_pages *ring);

/* One event channel and the interrupt it is bound to; irq 0 is none. */
struct fe_channel {
	evtchn_port_t port;
	int irq;
};

/*
 * fe_channel_make() - the handler must end with xen_irq_lateeoi(); the interrupt
 * comes at once, to be enabled for work by the owner's own state.
 */
int fe_channel_make(struct fe_channel *channel, struct xenbus_device *bus,
		  irq_handler_t handler, const char *name, void *data);
/* fe_channel_free() - after it no handler runs. */
void fe_channel_free(struct fe_channel *channel, void *data);

#endif
