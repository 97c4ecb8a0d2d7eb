// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacking the control domain's kernel into frames in a row, which are free
 * again once its segments have been copied out.  No state.
 */
#include <boot/dom0_kernel.h>
#include <lib/kernel_image.h>
#include <mm/alloc.h>
#include <port/foreign.h>
#include <port/frame.h>
#include <port/log.h>
#include <port/time.h>

static int unpack(struct dom0_kernel *k, const struct kernel_image *img,
		  const char **why)
{
	struct unpack u = { .in = img->payload, .in_len = img->payload_len };
	uint64_t arena_pages = UNPACK_ARENA_SIZE >> PAGE_SHIFT, start;
	mfn_t arena = buddy_alloc_run(arena_pages);
	int rc;

	k->buffer_pages = DIV_ROUND_UP(img->unpacked_size, PAGE_SIZE);
	k->buffer = buddy_alloc_run(k->buffer_pages);
	if (mfn_eq(arena, MFN_NONE) || mfn_eq(k->buffer, MFN_NONE)) {
		*why = "not enough memory to unpack it";
		return -ENOMEM;
	}
	u.out = frame_map(k->buffer);
	u.out_cap = k->buffer_pages << PAGE_SHIFT;
	u.arena.mem = frame_map(arena);
	u.arena.size = UNPACK_ARENA_SIZE;
	u.foreign_begin = foreign_code_begin;
	u.foreign_end = foreign_code_end;
	u.crc32 = foreign_crc32;
	start = time_now();
	rc = unpack_run(img->pack, &u);
	buddy_free_run(arena, arena_pages);
	if (rc) {
		*why = u.why;
		return rc;
	}
	log_info("control domain: unpacked %s, %lu KiB to %lu KiB in %lu ms\n",
		 pack_name(img->pack), img->payload_len >> 10, u.out_len >> 10,
		 (time_now() - start) / 1000000);
	return elf_open(&k->elf, u.out, u.out_len, why);
}

int dom0_kernel_open(struct dom0_kernel *k, const struct boot_module *m,
		     const char **why)
{
	const void *data = frame_map(paddr_to_mfn(m->start & PAGE_MASK));
	size_t len = m->end - m->start;
	struct kernel_image img;
	int rc;

	data = (const char *)data + (m->start & ~PAGE_MASK);
	*k = (struct dom0_kernel){ .buffer = MFN_NONE };
	rc = kernel_image_open(&img, data, len, why);
	if (rc)
		return rc;
	if (img.pack != PACK_NONE)
		return unpack(k, &img, why);
	return elf_open(&k->elf, img.payload, img.payload_len, why);
}

void dom0_kernel_close(struct dom0_kernel *k)
{
	if (k->buffer_pages)
		buddy_free_run(k->buffer, k->buffer_pages);
	k->buffer_pages = 0;
}
