// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gcache.c: granted pages that stay mapped.
 *
 * State: a table from grant reference to an entry of pages[], the entries,
 * and the chunks that may go, in the order of their last use.  Invariants: an
 * entry with a chunk is in the table under its reference and in no other place;
 * `used` is the sum of the chunks' sizes; a chunk with pins, or of a pool, is in
 * no list, so that making room looks only at what goes.
 */
#include "gcache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gchunk {
	struct gchunk *older, *newer;
	void *addr;
	uint32_t count;
	uint32_t pins;		/* pages pinned, counting repeats */
	bool stays;
	uint32_t entry[];	/* numbers in pages[] */
};

int gcache_init(struct gcache *c, struct gmap *g, uint32_t max)
{
	*c = (struct gcache){ .g = g, .max = max };
	c->by_ref = calloc(GCACHE_MAX_REF, sizeof(*c->by_ref));
	c->pages = calloc(max, sizeof(*c->pages));
	c->free = calloc(max, sizeof(*c->free));
	if (!c->by_ref || !c->pages || !c->free) {
		gcache_free(c);
		return -ENOMEM;
	}
	while (c->nfree < max) {
		c->free[c->nfree] = max - 1 - c->nfree;
		c->nfree++;
	}
	return 0;
}

/* ---- order of use ---- */

static void unlink_chunk(struct gcache *c, struct gchunk *k)
{
	if (k->older)
		k->older->newer = k->newer;
	else
		c->oldest = k->newer;
	if (k->newer)
		k->newer->older = k->older;
	else
		c->newest = k->older;
}

static void link_newest(struct gcache *c, struct gchunk *k)
{
	k->newer = NULL;
	k->older = c->newest;
	if (c->newest)
		c->newest->newer = k;
	else
		c->oldest = k;
	c->newest = k;
}

/* ---- chunks ---- */

/* The caller has taken @k off its list. */
static void drop_chunk(struct gcache *c, struct gchunk *k)
{
	for (uint32_t i = 0; i < k->count; i++) {
		struct gpage *p = &c->pages[k->entry[i]];

		c->by_ref[p->ref] = 0;
		p->chunk = NULL;
		c->free[c->nfree++] = k->entry[i];
	}
	c->used -= k->count;
	gmap_unmap(c->g, k->addr, k->count);
	free(k);
}

static void drop_oldest(struct gcache *c)
{
	struct gchunk *k = c->oldest;

	unlink_chunk(c, k);
	drop_chunk(c, k);
}

/* Makes room for @count pages. */
static int make_room(struct gcache *c, size_t count)
{
	while (c->oldest && c->used + count > c->max)
		drop_oldest(c);
	return c->used + count > c->max ? -ENOSPC : 0;
}

static int add_chunk(struct gcache *c, const uint32_t *refs, size_t count,
		     bool stays)
{
	struct gchunk *k = malloc(sizeof(*k) + count * sizeof(k->entry[0]));
	int rc;

	if (!k)
		return -ENOMEM;
	rc = gmap_map(c->g, 1, refs, count, &k->addr);
	if (rc) {
		free(k);
		return rc;
	}
	k->count = (uint32_t)count;
	k->pins = 0;
	k->stays = stays;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t e = c->free[--c->nfree];

		k->entry[i] = e;
		c->pages[e] = (struct gpage){
			.chunk = k,
			.addr = (uint8_t *)k->addr + (size_t)i * GMAP_PAGE,
			.ref = refs[i],
		};
		c->by_ref[refs[i]] = e + 1;
	}
	c->used += k->count;
	if (!stays)
		link_newest(c, k);
	return 0;
}

static struct gpage *find(struct gcache *c, uint32_t ref)
{
	uint32_t e = c->by_ref[ref];

	return e ? &c->pages[e - 1] : NULL;
}

static void pin(struct gcache *c, struct gpage *p)
{
	struct gchunk *k = p->chunk;

	if (!k->pins++ && !k->stays)
		unlink_chunk(c, k);
}

static void unpin(struct gcache *c, struct gpage *p)
{
	struct gchunk *k = p->chunk;

	if (!--k->pins && !k->stays)
		link_newest(c, k);
}

/* ---- the users' calls ---- */

static bool has(const uint32_t *refs, size_t count, uint32_t ref)
{
	for (size_t i = 0; i < count; i++)
		if (refs[i] == ref)
			return true;
	return false;
}

/* Pins what is mapped; @out[i] is NULL for the rest, which go to @missing. */
static size_t pin_known(struct gcache *c, const uint32_t *refs, size_t count,
			struct gpage **out, uint32_t *missing)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		out[i] = find(c, refs[i]);
		if (out[i])
			pin(c, out[i]);
		else if (!has(missing, n, refs[i]))
			missing[n++] = refs[i];
	}
	return n;
}

static void put_some(struct gcache *c, struct gpage **pages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pages[i])
			unpin(c, pages[i]);
}

#define MOST 256		/* pages of one request */

int gcache_get(struct gcache *c, const uint32_t *refs, size_t count,
	       struct gpage **out)
{
	uint32_t missing[MOST];
	size_t n;
	int rc;

	if (count > MOST || count > c->max)
		return -E2BIG;
	for (size_t i = 0; i < count; i++)
		if (refs[i] >= GCACHE_MAX_REF)
			return -ERANGE;
	n = pin_known(c, refs, count, out, missing);
	if (!n)
		return 0;
	rc = make_room(c, n);
	if (!rc)
		rc = add_chunk(c, missing, n, false);
	if (rc) {
		put_some(c, out, count);
		return rc;
	}
	for (size_t i = 0; i < count; i++) {
		if (!out[i]) {
			out[i] = find(c, refs[i]);
			pin(c, out[i]);
		}
	}
	return 0;
}

void gcache_put(struct gcache *c, struct gpage **pages, size_t count)
{
	put_some(c, pages, count);
}

int gcache_pool(struct gcache *c, const uint32_t *refs, size_t count)
{
	int rc = 0;

	if (count > c->max)
		return -E2BIG;
	for (size_t i = 0; i < count && !rc; i++) {
		if (refs[i] >= GCACHE_MAX_REF)
			rc = -ERANGE;
		else if (c->by_ref[refs[i]])
			rc = -EEXIST;
		else
			c->by_ref[refs[i]] = UINT32_MAX;
	}
	for (size_t i = 0; i < count; i++)
		if (refs[i] < GCACHE_MAX_REF && c->by_ref[refs[i]] == UINT32_MAX)
			c->by_ref[refs[i]] = 0;
	if (!rc)
		rc = make_room(c, count);
	return rc ? rc : add_chunk(c, refs, count, true);
}

void gcache_clear(struct gcache *c)
{
	for (uint32_t i = 0; i < c->max; i++)
		if (c->pages[i].chunk)
			drop_chunk(c, c->pages[i].chunk);
	c->oldest = c->newest = NULL;
}

void gcache_free(struct gcache *c)
{
	if (c->pages)
		gcache_clear(c);
	free(c->by_ref);
	free(c->pages);
	free(c->free);
	*c = (struct gcache){ 0 };
}
