/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel images in ELF64 for x86-64, and the notes by which a kernel speaks to
 * a Xen-compatible builder.  The file is untrusted: every offset and size is
 * checked against the buffer before it is used, and sums cannot wrap.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <lib/types.h>

#define ELF_SEGMENTS_MAX 32

/* A loadable segment: @filesz bytes at @offset of the file, then zeros. */
struct elf_segment {
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

struct elf_image {
	const uint8_t *data;
	size_t len;
	uint64_t entry;
	struct elf_segment segs[ELF_SEGMENTS_MAX];
	unsigned int seg_count;
};

/* Notes named "Xen": present says which types were seen. */
struct elf_xen_notes {
	uint32_t present; /* BIT(XEN_ELFNOTE_*) */
	uint64_t entry, hypercall_page, virt_base, paddr_offset, init_p2m;
	uint64_t mod_start_pfn, hv_start_low, supported_features;
	uint64_t l1_mfn_mask, l1_mfn_value;
	char guest_os[16], loader[16], xen_version[16];
	char features[128]; /* the old text form */
};

/* 0, or -ENOEXEC with a reason. @img points into @data. */
int elf_open(struct elf_image *img, const void *data, size_t len,
	     const char **why);

/* Gather the Xen notes; -ENOEXEC: a note is damaged. None at all is no error. */
int elf_xen_notes(const struct elf_image *img, struct elf_xen_notes *n,
		  const char **why);

static inline bool elf_has_note(const struct elf_xen_notes *n, unsigned int t)
{
	return n->present >> t & 1;
}

/*
 * The range of memory that the segments fill, by physical address. -ENOEXEC:
 * none, wrapping, or segments overlap.
 */
int elf_extent(const struct elf_image *img, uint64_t *start, uint64_t *end,
	       const char **why);

#endif
