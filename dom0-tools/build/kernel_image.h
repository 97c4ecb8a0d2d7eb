/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_image.h: a guest kernel, checked and ready to be placed.
 *
 * kernel_image_read() is pure and works on a buffer; kernel_file_open() in
 * kernel_file.c finds the buffer: a file, its payload, or the cache.
 */
#ifndef DOM0_BUILD_KERNEL_IMAGE_H
#define DOM0_BUILD_KERNEL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/fail.h"

#define KERNEL_SEGMENTS_MAX 32

/* One loadable segment: @file_size bytes at @offset, then zeros. */
struct kernel_segment {
	uint64_t paddr;
	uint64_t offset;
	uint64_t file_size;
	uint64_t mem_size;
};

/* Page frames of a guest are numbered from virt_base. */
struct kernel_image {
	const uint8_t *data;	/* of the whole ELF file */
	size_t len;
	unsigned int segments_count;
	struct kernel_segment segments[KERNEL_SEGMENTS_MAX];
	uint64_t virt_base;	/* where frame 0 is mapped */
	uint64_t paddr_offset;	/* segment address of frame 0 */
	uint64_t start, end;	/* what segments cover, virtual */
	uint64_t entry;
	bool has_init_p2m;	/* wants the p2m at init_p2m */
	uint64_t init_p2m;
	bool unmapped_ramdisk;	/* takes a ramdisk outside its mappings */
	bool has_hypercall_page;
	uint64_t hypercall_page;
};

/* Virtual address at which a segment starts. */
static inline uint64_t kernel_segment_va(const struct kernel_image *k,
					 const struct kernel_segment *seg)
{
	return seg->paddr - k->paddr_offset + k->virt_base;
}

/*
 * Reads an unpacked kernel and checks that it can be a paravirtual guest.
 * The image keeps pointing into @data.  0, or -ENOEXEC with the reason.
 */
int kernel_image_read(struct kernel_image *k, const uint8_t *data, size_t len,
		      struct fail *fail);

/*
 * Cuts zeros from the end of each segment's file part: they are what its
 * memory holds beyond the file anyway, and clearing is cheaper than copying.
 */
void kernel_image_trim(struct kernel_image *k);

#endif
