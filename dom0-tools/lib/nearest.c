// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nearest.c: edit distance, with a swap of neighbours as one step.  Pure.
 */
#include <string.h>

#include "nearest.h"

#define WORD_MAX 48

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[3][WORD_MAX + 1] = { 0 };
	size_t la = strnlen(a, WORD_MAX), lb = strnlen(b, WORD_MAX);

	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *now = row[i % 3], *up = row[(i + 2) % 3];
		const unsigned int *up2 = row[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned int d = up[j - 1] + (a[i - 1] != b[j - 1]);

			d = min2(d, min2(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d = min2(d, up2[j - 2] + 1);
			now[j] = d;
		}
	}
	return row[la % 3][lb];
}

void nearest_init(struct nearest *n, const char *given)
{
	n->given = given;
	n->best = NULL;
	n->distance = 0;
}

void nearest_offer(struct nearest *n, const char *known)
{
	unsigned int d = distance(n->given, known);

	if (!n->best || d < n->distance) {
		n->best = known;
		n->distance = d;
	}
}

const char *nearest_word(const struct nearest *n)
{
	size_t len = strlen(n->given);

	return n->best && n->distance <= 1 + len / 3 ? n->best : NULL;
}
