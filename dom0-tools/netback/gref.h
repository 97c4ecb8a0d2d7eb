/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gref.h: the buffers that a frontend keeps granted and that stay mapped
 * here, so that a packet in them needs no grant operation.
 *
 * References are the frontend's words: the table only ever finds pages that
 * it mapped itself.
 */
#ifndef DOM0_NETBACK_GREF_H
#define DOM0_NETBACK_GREF_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gmap.h"

#define GREF_MAX 512
#define GREF_HASH 1024

struct gref {
	uint32_t ref;
	bool writable;
	uint8_t *addr;		/* the page */
	uint16_t chunk;		/* pages mapped by one call */
};

struct gref_chunk {
	uint8_t *addr;		/* NULL: unused */
	uint16_t count;
};

struct gref_table {
	uint16_t count;
	struct gref ent[GREF_MAX];
	struct gref_chunk chunk[GREF_MAX];
	uint16_t hash[GREF_HASH];	/* number in ent[] + 1; 0: none */
};

/*
 * Maps @n pages, all or none.  One that is there already with the same right
 * stays as it is.  -ENOSPC, -EEXIST (a reference twice or with another right),
 * or why the mapping failed.
 */
int gref_add(struct gref_table *t, struct gmap *g, const uint32_t *refs,
	     const bool *writable, unsigned int n);
/* Unmaps those of @refs that are there; @gone[i] says which; how many. */
unsigned int gref_del(struct gref_table *t, struct gmap *g,
		      const uint32_t *refs, unsigned int n, bool *gone);
void gref_clear(struct gref_table *t, struct gmap *g);

/* The page of @ref; NULL if it is not there or must not be written. */
uint8_t *gref_find(const struct gref_table *t, uint32_t ref, bool write);

#endif
