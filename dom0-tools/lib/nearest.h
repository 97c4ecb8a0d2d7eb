/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest.h: the known word that a mistyped one was probably meant to be.
 */
#ifndef DOM0_LIB_NEAREST_H
#define DOM0_LIB_NEAREST_H

/* Offers one known word at a time; keeps the best. */
struct nearest {
	const char *given;
	const char *best;
	unsigned int distance;
};

void nearest_init(struct nearest *n, const char *given);
void nearest_offer(struct nearest *n, const char *known);
/* The best word if it is near enough to be worth naming, else NULL. */
const char *nearest_word(const struct nearest *n);

#endif
