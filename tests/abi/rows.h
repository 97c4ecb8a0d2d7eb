/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the generated rows into initialisers of struct abi_fact.  Included
 * by the two tables, each after its own set of headers.
 */
#ifndef TESTS_ABI_ROWS_H
#define TESTS_ABI_ROWS_H

#include "table.h"

#define FIELD_SIZE(type, field)	sizeof(((type *)0)->field)

#define TYPE(type) \
	{ "size " #type, sizeof(type), 0, 0, 0 },
#define FIELD(type, field) \
	{ "field " #type " " #field, __builtin_offsetof(type, field), \
	  FIELD_SIZE(type, field), 0, 0 },
#define START(type, field) \
	{ "field " #type " " #field, __builtin_offsetof(type, field), 0, 0, 0 },
#define NUMBER(expression) \
	{ "number " #expression, (long long)(expression), 0, 0, 0 },
#define TEXT(name) \
	{ "text " #name, 0, 0, name, 0 },
/* A number that stands in a table of ours, against the constant. */
#define MATCH(name, nr) \
	{ "table " #name " is " #nr, (name) == (nr), 0, 0, 0 },
/* A bit field: the word in which only its lowest bit is set. */
#define BITS(type, field) \
	{ "bits " #type " " #field, 0, 0, 0, \
	  &((union { type s; unsigned int word; }) \
	    { .s = { .field = 1 } }).word },

#endif
