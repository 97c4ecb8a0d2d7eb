/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.h: finding and unpacking the kernel inside the file that a
 * distribution installs.  The file is hostile input.
 */
#ifndef DOM0_BUILD_UNPACK_H
#define DOM0_BUILD_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "../lib/fail.h"

/* No kernel unpacks to more than this; a file that claims to is refused. */
#define UNPACK_MAX (512ul << 20)

enum pack_kind {
	PACK_NONE,		/* an ELF file as it is */
	PACK_GZIP,
	PACK_XZ,
	PACK_ZSTD,
	PACK_LZ4,
	PACK_KINDS,
	PACK_UNKNOWN = PACK_KINDS,
};

/* Part of a file, and how it is packed. */
struct packed {
	const uint8_t *data;
	size_t len;
	enum pack_kind kind;
};

/*
 * Looks at a file: an ELF, a packed file, or a bzImage, whose payload is
 * then what *@out names.  0, or -ENOEXEC with the reason.
 */
int unpack_probe(const uint8_t *data, size_t len, struct packed *out,
		 struct fail *fail);

/*
 * Unpacks @in, not PACK_NONE, into a fresh buffer for free().  0 or -errno
 * with the reason.
 */
int unpack(const struct packed *in, uint8_t **out, size_t *out_len,
	   struct fail *fail);

/* "XZ", for messages. */
const char *unpack_name(enum pack_kind kind);

#endif
