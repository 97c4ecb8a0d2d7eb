// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bounce.c: runs of pages from a pool of fixed size.
 *
 * State: a bit for each page that is in use.  One thread.
 */
#include "bounce.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <emmintrin.h>
#include <sys/mman.h>

int bounce_init(struct bounce *b)
{
	void *p = mmap(NULL, (size_t)BOUNCE_PAGES * BOUNCE_PAGE,
		       PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*b = (struct bounce){ .mem = p };
	if (p != MAP_FAILED)
		return 0;
	b->mem = NULL;
	return -errno;
}

void bounce_free(struct bounce *b)
{
	if (b->mem)
		munmap(b->mem, (size_t)BOUNCE_PAGES * BOUNCE_PAGE);
	b->mem = NULL;
}

static bool used(const struct bounce *b, uint32_t page)
{
	return b->used[page / 64] >> (page % 64) & 1;
}

static void flip(struct bounce *b, const struct bounce_run *run)
{
	for (uint32_t p = run->first; p < run->first + run->count; p++)
		b->used[p / 64] ^= 1ull << (p % 64);
}

/* The first page of @count free ones, or BOUNCE_PAGES. */
static uint32_t find(const struct bounce *b, uint32_t count)
{
	uint32_t have = 0;

	for (uint32_t p = 0; p < BOUNCE_PAGES; p++) {
		if (b->used[p / 64] == UINT64_MAX) {
			p |= 63;
			have = 0;
			continue;
		}
		have = used(b, p) ? 0 : have + 1;
		if (have == count)
			return p + 1 - count;
	}
	return BOUNCE_PAGES;
}

int bounce_get(struct bounce *b, uint64_t bytes, struct bounce_run *run)
{
	uint32_t count = (uint32_t)((bytes + BOUNCE_PAGE - 1) / BOUNCE_PAGE);
	uint32_t first = find(b, count);

	if (first == BOUNCE_PAGES)
		return -EAGAIN;
	*run = (struct bounce_run){ first, count };
	flip(b, run);
	return 0;
}

void bounce_put(struct bounce *b, struct bounce_run *run)
{
	flip(b, run);
	run->count = 0;
}

/*
 * Half of what memcpy() executes for a page: no choice by size and processor,
 * and no string instruction, which takes long to start.
 */
void bounce_copy(void *to, const void *from, uint32_t bytes)
{
	const __m128i *f = from, *end = f + bytes / sizeof(*f);
	__m128i *t = to;

	for (; f != end; f += 4, t += 4) {
		__m128i a = _mm_load_si128(f), b = _mm_load_si128(f + 1);
		__m128i c = _mm_load_si128(f + 2), d = _mm_load_si128(f + 3);

		_mm_store_si128(t, a);
		_mm_store_si128(t + 1, b);
		_mm_store_si128(t + 2, c);
		_mm_store_si128(t + 3, d);
	}
}
