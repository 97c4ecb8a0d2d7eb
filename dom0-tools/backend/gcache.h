/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gcache.h: granted pages that stay mapped, found by grant reference.
 *
 * Pages are mapped in chunks (the new pages of one request, or a frontend's
 * whole pool).  At most @max pages are mapped at once: when there is no room,
 * the chunk that was not used for longest goes, unless some of its pages are
 * pinned by a request.  A pool's chunk stays until gcache_clear().
 * The frontend chooses the references and can only make its own device slow.
 */
#ifndef DOM0_BACKEND_GCACHE_H
#define DOM0_BACKEND_GCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmap.h"

#define GCACHE_MAX_REF (1u << 20)	/* others are not kept: -ERANGE */

struct gchunk;

struct gpage {
	struct gchunk *chunk;	/* NULL: not mapped */
	void *addr;
	uint32_t ref;
};

struct gcache {
	struct gmap *g;
	uint32_t max, used;	/* pages */
	uint32_t *by_ref;	/* number in pages[] + 1; 0: not mapped */
	struct gpage *pages;
	uint32_t *free;		/* stack of unused entries of pages[] */
	uint32_t nfree;
	struct gchunk *oldest, *newest;	/* of those that may go */
};

int gcache_init(struct gcache *c, struct gmap *g, uint32_t max);
void gcache_free(struct gcache *c);

/* Unmaps everything; nobody may use what is pinned any more. */
void gcache_clear(struct gcache *c);

/*
 * Finds or maps (for reading and writing) the @count pages @refs, pins them
 * and points @out[i] at them.  -ENOSPC: no room now because of pinned pages;
 * -E2BIG: never room; -ERANGE; or why the mapping failed.  Nothing is pinned
 * on failure.
 */
int gcache_get(struct gcache *c, const uint32_t *refs, size_t count,
	       struct gpage **out);
void gcache_put(struct gcache *c, struct gpage **pages, size_t count);

/*
 * Maps @count pages as one chunk that stays.  -EEXIST if a reference comes
 * twice; the other errors as above.
 */
int gcache_pool(struct gcache *c, const uint32_t *refs, size_t count);

#endif
