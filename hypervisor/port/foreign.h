/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries that were compiled for user space (the decoders of zstd and gzip).
 * Between the two calls, on the boot CPU and before any guest has run, their
 * vector registers and their thread block at %fs are there.
 */
#ifndef PORT_FOREIGN_H
#define PORT_FOREIGN_H

#include <lib/types.h>

void foreign_code_begin(void);
void foreign_code_end(void);

/* lib/decompress.h's crc32_of() with vector registers, where there are any. */
uint32_t foreign_crc32(const void *p, size_t len);

#endif
