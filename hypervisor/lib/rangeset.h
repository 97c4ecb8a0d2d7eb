/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of integers as sorted, disjoint, non-adjacent ranges in an array that
 * the caller provides.  Locking is the owner's.
 */
#ifndef LIB_RANGESET_H
#define LIB_RANGESET_H

#include <lib/types.h>

struct range {
	uint64_t first, last; /* both inclusive */
};

struct rangeset {
	struct range *r;
	uint32_t count, room; /* ranges used, and that fit into r */
};

/*
 * Add or remove [@first, @last]. Either makes the set at most one range
 * longer: -ENOSPC, and nothing changed, if that does not fit. -EINVAL: empty.
 */
int must_check rangeset_add(struct rangeset *s, uint64_t first, uint64_t last);
int must_check rangeset_remove(struct rangeset *s, uint64_t first,
			       uint64_t last);

/* True if all of [@first, @last] is in the set. */
bool rangeset_contains(const struct rangeset *s, uint64_t first,
		       uint64_t last);

#endif
