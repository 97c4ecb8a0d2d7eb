/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_image.h: reading a guest kernel's ELF file, which is hostile input.
 *
 * Works on a buffer and a length; nothing is allocated, nothing outside the
 * buffer is read, and no arithmetic on the file's numbers may wrap.
 */
#ifndef DOM0_BUILD_ELF_IMAGE_H
#define DOM0_BUILD_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/fail.h"

#define ELF_MAX_SEGMENTS 64

/* One loadable segment: @file_size bytes at @offset, then zeros. */
struct elf_segment {
	uint64_t paddr;
	uint64_t offset;
	uint64_t file_size;
	uint64_t mem_size;
};

/* What the kernel says to its loader, by ELF notes named "Xen". */
struct elf_xen_notes {
	uint32_t present;	/* bit n: note type n was seen */
	uint64_t entry;
	uint64_t hypercall_page;
	uint64_t virt_base;
	uint64_t paddr_offset;
	uint64_t init_p2m;
	uint64_t mod_start_pfn;	/* a flag: the ramdisk may stay unmapped */
	uint64_t hv_start_low;
	uint64_t features;	/* supported, as bits of the features ABI */
	uint64_t required;	/* refused where not offered */
	char guest_os[32];
	char xen_version[16];
	char loader[16];
	char bad_feature[32];	/* a required feature we have no name for */
};

struct elf_image {
	const uint8_t *data;
	size_t len;
	uint64_t entry;
	unsigned int segments_count;
	struct elf_segment segments[ELF_MAX_SEGMENTS];
	struct elf_xen_notes notes;
};

/* True if note @type was present. */
static inline bool elf_has_note(const struct elf_image *elf, unsigned int type)
{
	return elf->notes.present >> type & 1;
}

/*
 * Reads headers, loadable segments and notes of the 64-bit x86 ELF in
 * @data.  The image keeps pointing into @data.  0, or -ENOEXEC with the
 * reason in @fail.
 */
int elf_image_read(struct elf_image *elf, const uint8_t *data, size_t len,
		   struct fail *fail);

#endif
