// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gref.c: mapped buffers by grant reference.
 *
 * State: struct gref_table.  Invariant: ent[0..count) are all mapped, each
 * page belongs to one chunk, hash[] finds exactly them.  Pages of one call
 * are one mapping; when only some of them go, the mapping goes and the rest
 * is mapped anew, because a removed page must not stay reachable.
 */
#include "netback/gref.h"

#include <errno.h>
#include <string.h>

static uint32_t bucket(uint32_t ref)
{
	return (ref * 2654435761u) >> 22;
}

_Static_assert(GREF_HASH == 1 << 10 && GREF_HASH >= 2 * GREF_MAX,
	       "bucket() gives 10 bits; the hash is never full");

static const struct gref *find(const struct gref_table *t, uint32_t ref)
{
	for (uint32_t b = bucket(ref); t->hash[b]; b = (b + 1) % GREF_HASH)
		if (t->ent[t->hash[b] - 1].ref == ref)
			return &t->ent[t->hash[b] - 1];
	return NULL;
}

static void hash_insert(struct gref_table *t, unsigned int n)
{
	uint32_t b = bucket(t->ent[n].ref);

	while (t->hash[b])
		b = (b + 1) % GREF_HASH;
	t->hash[b] = (uint16_t)(n + 1);
}

static void hash_all(struct gref_table *t)
{
	memset(t->hash, 0, sizeof(t->hash));
	for (unsigned int i = 0; i < t->count; i++)
		hash_insert(t, i);
}

uint8_t *gref_find(const struct gref_table *t, uint32_t ref, bool write)
{
	const struct gref *e = t->count ? find(t, ref) : NULL;

	return e && (!write || e->writable) ? e->addr : NULL;
}

static int free_chunk(const struct gref_table *t)
{
	for (int i = 0; i < GREF_MAX; i++)
		if (!t->chunk[i].addr)
			return i;
	return -1;
}

/* Maps pages of one kind as one chunk and appends them; no hash yet. */
static int add_chunk(struct gref_table *t, struct gmap *g,
		     const uint32_t *refs, bool writable, unsigned int n)
{
	int at = free_chunk(t), rc;
	void *addr;

	if (!n)
		return 0;
	if (at < 0 || t->count + n > GREF_MAX)
		return -ENOSPC;
	rc = gmap_map(g, writable, refs, n, &addr);
	if (rc)
		return rc;
	t->chunk[at] = (struct gref_chunk){ addr, (uint16_t)n };
	for (unsigned int i = 0; i < n; i++)
		t->ent[t->count++] = (struct gref){
			refs[i], writable, (uint8_t *)addr + i * GMAP_PAGE,
			(uint16_t)at,
		};
	return 0;
}

static void drop_chunk(struct gref_table *t, struct gmap *g, unsigned int at)
{
	gmap_unmap(g, t->chunk[at].addr, t->chunk[at].count);
	t->chunk[at].addr = NULL;
}

/* Undoes add_chunk() for all entries from @count on. */
static void cut_back(struct gref_table *t, struct gmap *g, unsigned int count)
{
	for (unsigned int i = count; i < t->count; i++)
		if (t->chunk[t->ent[i].chunk].addr)
			drop_chunk(t, g, t->ent[i].chunk);
	t->count = (uint16_t)count;
}

/* Those of one kind that are new; -EEXIST if one is there otherwise. */
static int pick(const struct gref_table *t, const uint32_t *refs,
		const bool *writable, unsigned int n, bool kind,
		uint32_t *out)
{
	int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		const struct gref *e = find(t, refs[i]);

		if (e && e->writable != writable[i])
			return -EEXIST;
		if (!e && writable[i] == kind)
			out[count++] = refs[i];
	}
	return count;
}

/* Is a reference twice in one list?  By the hash of what was added. */
static bool has_twins(struct gref_table *t, unsigned int from)
{
	for (unsigned int i = from; i < t->count; i++) {
		if (find(t, t->ent[i].ref))
			return true;
		hash_insert(t, i);
	}
	return false;
}

int gref_add(struct gref_table *t, struct gmap *g, const uint32_t *refs,
	     const bool *writable, unsigned int n)
{
	unsigned int before = t->count;
	uint32_t some[GREF_MAX];
	int rc = 0;

	if (n > GREF_MAX)
		return -ENOSPC;
	for (int kind = 0; kind < 2 && rc >= 0; kind++) {
		rc = pick(t, refs, writable, n, kind, some);
		if (rc > 0)
			rc = add_chunk(t, g, some, kind, (unsigned int)rc);
	}
	if (rc >= 0 && has_twins(t, before))
		rc = -EEXIST;
	if (rc < 0) {
		cut_back(t, g, before);
		hash_all(t);
		return rc;
	}
	return 0;
}

/* Maps again what is left of a chunk; what cannot be mapped is forgotten. */
static void renew_chunk(struct gref_table *t, struct gmap *g, unsigned int at)
{
	uint32_t left[GREF_MAX];
	unsigned int n = 0, kept = 0;
	bool writable = false;

	for (unsigned int i = 0; i < t->count; i++) {
		if (t->ent[i].chunk != at) {
			t->ent[kept++] = t->ent[i];
			continue;
		}
		writable = t->ent[i].writable;
		left[n++] = t->ent[i].ref;
	}
	t->count = (uint16_t)kept;
	drop_chunk(t, g, at);
	add_chunk(t, g, left, writable, n);
}

/* Takes the marked entries out; no hash yet. */
static void compact(struct gref_table *t, const bool *dead)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < t->count; i++)
		if (!dead[i])
			t->ent[kept++] = t->ent[i];
	t->count = (uint16_t)kept;
}

unsigned int gref_del(struct gref_table *t, struct gmap *g,
		      const uint32_t *refs, unsigned int n, bool *gone)
{
	bool touched[GREF_MAX] = { false }, dead[GREF_MAX] = { false };
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++) {
		const struct gref *e = find(t, refs[i]);

		gone[i] = e && !dead[e - t->ent];
		if (!gone[i])
			continue;
		dead[e - t->ent] = true;
		touched[e->chunk] = true;
		count++;
	}
	compact(t, dead);
	for (unsigned int i = 0; i < GREF_MAX; i++)
		if (touched[i])
			renew_chunk(t, g, i);
	hash_all(t);
	return count;
}

void gref_clear(struct gref_table *t, struct gmap *g)
{
	for (unsigned int i = 0; i < GREF_MAX; i++)
		if (t->chunk[i].addr)
			drop_chunk(t, g, i);
	t->count = 0;
	memset(t->hash, 0, sizeof(t->hash));
}
