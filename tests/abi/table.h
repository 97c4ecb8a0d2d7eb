/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of facts about an ABI, as one compiler run sees them.  It is built
 * twice from the same rows: once with our headers, once with Xen's.  Read
 * only after start.
 */
#ifndef TESTS_ABI_TABLE_H
#define TESTS_ABI_TABLE_H

struct abi_fact {
	const char *name;	/* the row's own text: equal in both tables */
	long long value;	/* size, offset or number */
	long long size;		/* of a field; 0 where it has none */
	const char *text;	/* of a string constant, else a null pointer */
	const unsigned int *word;	/* of a bit field, else a null pointer */
};

extern const struct abi_fact abi_ours[], abi_xen[];
extern const unsigned int abi_ours_count, abi_xen_count;

#endif
