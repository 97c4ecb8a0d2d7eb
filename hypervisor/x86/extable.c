// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exception table: pairs of self-relative offsets (EXTABLE in insn.h, and
 * the same in assembly).  Constant; in link order, and short, so searched
 * from end to end.
 */
#include <x86/extable.h>

struct extable_entry {
	int32_t insn, fixup;
};

extern const struct extable_entry _extable_start[], _extable_end[];

uint64_t extable_find(uint64_t rip)
{
	const struct extable_entry *e;

	for (e = _extable_start; e < _extable_end; e++)
		if ((uint64_t)&e->insn + (uint64_t)(int64_t)e->insn == rip)
			return (uint64_t)&e->fixup +
			       (uint64_t)(int64_t)e->fixup;
	return 0;
}
