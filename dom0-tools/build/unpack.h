/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.h: finding and unpacking the kernel inside the file that a
 * distribution installs, by the hypervisor's own decoders.  The file is
 * hostile input.
 */
#ifndef DOM0_BUILD_UNPACK_H
#define DOM0_BUILD_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/fail.h"

/* No kernel unpacks to more than this; a file that claims to is refused. */
#define UNPACK_MAX (512ul << 20)

/* Part of a file, and how it is packed. */
struct packed {
	const uint8_t *data;
	size_t len;
	unsigned int kind;	/* enum pack of <lib/decompress.h> */
	size_t room;		/* what it may unpack to; 0: an ELF as it is */
};

static inline bool packed_is_plain(const struct packed *p)
{
	return !p->room;
}

/* "XZ", for messages. */
const char *packed_name(const struct packed *p);

/*
 * Looks at a file: an ELF, a packed file, or a bzImage, whose payload is
 * then what *@out names.  0, or -ENOEXEC or -EFBIG with the reason.
 */
int unpack_probe(const uint8_t *data, size_t len, struct packed *out,
		 struct fail *fail);

/*
 * Unpacks @in, which is not plain, into fresh pages for unpack_drop().  0 or
 * -errno with the reason.
 */
int unpack(const struct packed *in, uint8_t **out, size_t *out_len,
	   struct fail *fail);
/* Accepts NULL. */
void unpack_drop(uint8_t *data, size_t len);

#endif
