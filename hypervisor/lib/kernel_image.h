/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot module as a kernel: a bzImage as distributions install it, an ELF
 * file, or an ELF file compressed by itself.  Finds what there is to unpack;
 * the caller provides the memory.
 */
#ifndef LIB_KERNEL_IMAGE_H
#define LIB_KERNEL_IMAGE_H

#include <lib/decompress.h>

struct kernel_image {
	const uint8_t *payload; /* inside the module */
	size_t payload_len;
	enum pack pack; /* PACK_NONE: payload is the ELF file itself */
	size_t unpacked_size; /* room to provide; 0 for PACK_NONE */
	bool bzimage;
};

/* The largest kernel that is unpacked: a bound for sizes in the file. */
#define KERNEL_UNPACKED_MAX (1UL << 30)

/* 0, or -ENOEXEC with a reason. */
int kernel_image_open(struct kernel_image *k, const void *module, size_t len,
		      const char **why);

#endif
