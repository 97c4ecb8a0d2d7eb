/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bounce.h: a fixed pool of page-aligned memory that data is copied through.
 *
 * Runs of pages, contiguous; first fit.  The kernel gives the memory on first
 * use, so a device that needs no copies costs nothing.
 */
#ifndef DOM0_BLKBACK_BOUNCE_H
#define DOM0_BLKBACK_BOUNCE_H

#include <stdint.h>

#define BOUNCE_PAGES 2048u
#define BOUNCE_PAGE 4096u
#define BOUNCE_FIRST 32u	/* pages that small runs mostly lie in */

struct bounce {
	uint8_t *mem;
	uint64_t used[BOUNCE_PAGES / 64];
};

struct bounce_run {
	uint32_t first, count;	/* count 0: none */
};

int bounce_init(struct bounce *b);
void bounce_free(struct bounce *b);

/* A run for @bytes (at most the pool), or -EAGAIN. */
int bounce_get(struct bounce *b, uint64_t bytes, struct bounce_run *run);
void bounce_put(struct bounce *b, struct bounce_run *run);

/* Copies @bytes, a multiple of 64, between places aligned to 64. */
void bounce_copy(void *to, const void *from, uint32_t bytes);

static inline uint8_t *bounce_at(const struct bounce *b,
				 const struct bounce_run *run)
{
	return b->mem + (uint64_t)run->first * BOUNCE_PAGE;
}

#endif
