// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_kernel_image.c: any bytes as a guest's kernel: probed, unpacked, read
 * and planned.  A plan that is made must keep its promises.
 */
#include <stdlib.h>
#include <string.h>

#include "build/plan_pv.h"
#include "build/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGES 8192

/* Every frame that the plan uses lies in the guest's memory. */
static void check_plan(const struct kernel_image *k, uint64_t ramdisk)
{
	static uint64_t p2m[PAGES], entries[512];
	struct pv_plan plan;

	if (pv_plan(&plan, k, ramdisk, PAGES, NULL))
		return;
	if (plan.used_pages > PAGES ||
	    plan.kernel.pfn + plan.kernel.pages > PAGES)
		abort();
	for (uint64_t i = 0; i < pv_plan_tables_count(&plan); i++) {
		if (pv_plan_table_pfn(&plan, i) >= PAGES)
			abort();
		pv_plan_fill_table(&plan, p2m, i, entries);
	}
}

static void read_kernel(const uint8_t *data, size_t size)
{
	struct kernel_image k;

	if (kernel_image_read(&k, data, size, NULL))
		return;
	if (k.start > k.entry || k.entry >= k.end)
		abort();
	for (unsigned int i = 0; i < k.segments_count; i++) {
		const struct kernel_segment *s = &k.segments[i];
		uint64_t va = kernel_segment_va(&k, s);

		if (va < k.start || va + s->mem_size > k.end ||
		    s->offset + s->file_size > size)
			abort();
	}
	kernel_image_trim(&k);
	check_plan(&k, 0);
	check_plan(&k, 10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed in;
	uint8_t *out;
	size_t len;

	read_kernel(data, size);
	if (unpack_probe(data, size, &in, NULL) || packed_is_plain(&in))
		return 0;
	if (!unpack(&in, &out, &len, NULL)) {
		read_kernel(out, len);
		unpack_drop(out, len);
	}
	return 0;
}
