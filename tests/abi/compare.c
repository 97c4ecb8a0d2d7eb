/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the two tables of ABI facts, name by name, or prints ours.
 *
 *	compare		every fact that Xen has too must be the same
 *	compare golden	writes all of our facts, one per line
 *
 * Exit status 0 if all agree and something was compared.
 */
#include <stdio.h>
#include <string.h>

#include "table.h"

static int same_text(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return !strcmp(a, b);
}

static int same_word(const unsigned int *a, const unsigned int *b)
{
	if (!a || !b)
		return a == b;
	return *a == *b;
}

static int same(const struct abi_fact *a, const struct abi_fact *b)
{
	return a->value == b->value && a->size == b->size &&
	       same_text(a->text, b->text) && same_word(a->word, b->word);
}

static void print_fact(FILE *to, const struct abi_fact *f)
{
	if (f->text)
		fprintf(to, "%s = \"%s\"\n", f->name, f->text);
	else if (f->word)
		fprintf(to, "%s = 0x%x\n", f->name, *f->word);
	else if (f->size)
		fprintf(to, "%s = %lld, %lld bytes\n", f->name, f->value,
			f->size);
	else
		fprintf(to, "%s = %lld\n", f->name, f->value);
}

/* Finds a name; both tables keep one order, so the search goes on from at. */
static const struct abi_fact *find(const char *name, unsigned int *at)
{
	while (*at < abi_ours_count)
		if (!strcmp(abi_ours[(*at)++].name, name))
			return &abi_ours[*at - 1];
	return NULL;
}

static int compare(void)
{
	unsigned int passed = 0, failed = 0, at = 0, i;

	for (i = 0; i < abi_xen_count; i++) {
		const struct abi_fact *ours = find(abi_xen[i].name, &at);

		if (ours && same(ours, &abi_xen[i])) {
			passed++;
			continue;
		}
		failed++;
		printf("differs:\n  xen:  ");
		print_fact(stdout, &abi_xen[i]);
		printf("  ours: ");
		if (ours)
			print_fact(stdout, ours);
		else
			printf("missing\n");
	}
	printf("check-abi: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}

static int golden(void)
{
	unsigned int i;

	puts("# SPDX-License-Identifier: MIT");
	puts("# Every size, offset and number of guest-abi.  Generated: see "
	     "tests/abi/module.mk.");
	for (i = 0; i < abi_ours_count; i++)
		if (strncmp(abi_ours[i].name, "table ", 6))
			print_fact(stdout, &abi_ours[i]);
	return ferror(stdout) != 0;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return compare();
	if (argc == 2 && !strcmp(argv[1], "golden"))
		return golden();
	fprintf(stderr, "usage: compare [golden]\n");
	return 2;
}
