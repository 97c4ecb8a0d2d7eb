/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Range sets.  Invariant: r[i].first <= r[i].last, and r[i].last + 1 <
 * r[i + 1].first, so a range is contained exactly if one element holds it.
 */
#include <lib/rangeset.h>
#include <lib/str.h>

/* The first range that ends at or after @val: an index up to count. */
static uint32_t find(const struct rangeset *s, uint64_t val)
{
	uint32_t lo = 0, hi = s->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->r[mid].last < val)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Replace ranges [@from, @to) by the @n at @with; the caller checked room. */
static void splice(struct rangeset *s, uint32_t from, uint32_t to,
		   const struct range *with, uint32_t n)
{
	memmove(&s->r[from + n], &s->r[to],
		(s->count - to) * sizeof(s->r[0]));
	memcpy(&s->r[from], with, n * sizeof(s->r[0]));
	s->count = s->count - (to - from) + n;
}

int rangeset_add(struct rangeset *s, uint64_t first, uint64_t last)
{
	struct range merged = { first, last };
	uint32_t from, to;

	if (first > last)
		return -EINVAL;
	/* Neighbours that merely touch are merged too. */
	from = find(s, first ? first - 1 : 0);
	for (to = from; to < s->count; to++) {
		if (last != ~0UL && s->r[to].first > last + 1)
			break;
		merged.first = MIN(merged.first, s->r[to].first);
		merged.last = MAX(merged.last, s->r[to].last);
	}
	if (from == to && s->count == s->room)
		return -ENOSPC;
	splice(s, from, to, &merged, 1);
	return 0;
}

int rangeset_remove(struct rangeset *s, uint64_t first, uint64_t last)
{
	struct range rest[2];
	uint32_t from, to, n = 0;

	if (first > last)
		return -EINVAL;
	from = find(s, first);
	for (to = from; to < s->count && s->r[to].first <= last; to++)
		;
	if (from == to)
		return 0;
	if (s->r[from].first < first)
		rest[n++] = (struct range){ s->r[from].first, first - 1 };
	if (s->r[to - 1].last > last)
		rest[n++] = (struct range){ last + 1, s->r[to - 1].last };
	if (s->count - (to - from) + n > s->room)
		return -ENOSPC;
	splice(s, from, to, rest, n);
	return 0;
}

bool rangeset_contains(const struct rangeset *s, uint64_t first,
		       uint64_t last)
{
	uint32_t i = find(s, first);

	return first <= last && i < s->count && s->r[i].first <= first &&
	       s->r[i].last >= last;
}
