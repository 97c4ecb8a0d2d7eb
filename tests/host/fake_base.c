// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of the fake machines; see fake_base.h.  Pages come into being when
 * they are touched.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <lib/assert.h>
#include "fake_base.h"

struct frame *frame_table;
static uint8_t *ram;
static uint64_t *m2p;
static uint64_t limit;
static uint64_t our_slots[HV_L4_COUNT];

static void *area(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(p != MAP_FAILED);
	return p;
}

void fake_ram_init(uint64_t frames)
{
	ASSERT(!limit);
	ram = area(frames * PAGE_SIZE);
	frame_table = area(frames * sizeof(*frame_table));
	m2p = area(frames * sizeof(*m2p));
	limit = frames;
	for (uint64_t i = 0; i < frames; i++)
		frame_table[i].owner = DOMID_INVALID;
	for (unsigned int i = 0; i < HV_L4_COUNT; i++)
		our_slots[i] = 0xdead000UL + i;
}

uint64_t frame_limit(void)
{
	return limit;
}

void *frame_map(mfn_t m)
{
	ASSERT(m.v < limit);
	return ram + m.v * PAGE_SIZE;
}

mfn_t frame_of(const void *p)
{
	uint64_t at = (uint64_t)((const uint8_t *)p - ram);

	ASSERT(at < limit * PAGE_SIZE);
	return mfn(at / PAGE_SIZE);
}

void frame_clear(mfn_t m)
{
	memset(frame_map(m), 0, PAGE_SIZE);
}

void frame_copy(mfn_t dst, mfn_t src)
{
	memcpy(frame_map(dst), frame_map(src), PAGE_SIZE);
}

void m2p_set(mfn_t m, uint64_t pfn)
{
	ASSERT(m.v < limit);
	m2p[m.v] = pfn;
}

uint64_t m2p_get(mfn_t m)
{
	return m.v < limit ? m2p[m.v] : M2P_INVALID;
}

unsigned int m2p_extent_count(void)
{
	return 0;
}

mfn_t m2p_extent(unsigned int i)
{
	(void)i;
	return MFN_NONE;
}

const uint64_t *hv_l4_entries(void)
{
	return our_slots;
}

void panic(const char *fmt, ...)
{
	va_list ap;

	fputs("panic: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
