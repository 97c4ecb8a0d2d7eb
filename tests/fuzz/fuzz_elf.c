// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a control domain's kernel: recognised, unpacked, read, planned.
 * A plan that is made must keep its promises: everything inside the domain's
 * memory, nothing twice.
 */
#include <stdlib.h>
#include <string.h>
#include <boot/dom0_plan.h>
#include <lib/assert.h>
#include <lib/kernel_image.h>
#include <port/log.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX (1UL << 20)
#define PAGES 65536

void log_at(enum log_level lvl, const char *fmt, ...)
{
	(void)lvl;
	(void)fmt;
}

static void check_range(const struct pfn_range *a, const struct pfn_range *b)
{
	if (a->first + a->count > PAGES)
		abort();
	if (b && a->count && b->count && a->first < b->first + b->count &&
	    b->first < a->first + a->count)
		abort();
}

static void check_plan(const struct dom0_plan *p)
{
	check_range(&p->boot, p->initrd_mapped ? NULL : &p->initrd);
	check_range(&p->boot, p->p2m_apart ? &p->p2m : NULL);
	check_range(&p->p2m, &p->p2m_tables);
	check_range(&p->p2m, &p->initrd);
	check_range(&p->initrd, &p->p2m_tables);
	if (p->virt_base >= p->virt_end || p->entry < p->virt_base ||
	    p->entry >= p->virt_end || p->stack_virt + PAGE_SIZE > p->virt_end)
		abort();
}

static void read_elf(const uint8_t *data, size_t size)
{
	struct elf_image img;
	struct dom0_plan p;
	struct dom0_want w = { .elf = &img, .nr_pages = PAGES,
			       .initrd_len = 12345 };
	const char *why = NULL;

	if (elf_open(&img, data, size, &why)) {
		if (!why)
			abort();
		return;
	}
	if (dom0_plan_make(&p, &w, &why) == 0)
		check_plan(&p);
	else if (!why)
		abort();
}

static void unpack(const struct kernel_image *k)
{
	static uint8_t arena[UNPACK_ARENA_SIZE] __attribute__((aligned(64)));
	size_t cap = MIN(k->unpacked_size, OUT_MAX);
	struct unpack u = { .in = k->payload, .in_len = k->payload_len,
			    .out = malloc(cap), .out_cap = cap,
			    .arena = { arena, sizeof(arena), 0 } };

	if (unpack_run(k->pack, &u) == 0)
		read_elf(u.out, u.out_len);
	else if (!u.why)
		abort();
	free(u.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_image k;
	const char *why = NULL;

	read_elf(data, size);
	if (kernel_image_open(&k, data, size, &why)) {
		if (!why)
			abort();
		return 0;
	}
	if (k.pack != PACK_NONE)
		unpack(&k);
	return 0;
}
