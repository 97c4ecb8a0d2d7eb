/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory before the allocator exists: x86/bootmem.c. */
#ifndef X86_BOOTMEM_H
#define X86_BOOTMEM_H

#include <lib/types.h>

/*
 * Note all RAM of bootinfo.map that nothing occupies: not the first MiB, the
 * image, modules, nor what EFI's memory map lies in.
 */
void bootmem_init(void);

/*
 * @size bytes at a multiple of @align (a power of two), below @limit (0:
 * anywhere), the highest there are. Panics if there are none: nothing can be
 * done without the tables this is for.
 */
paddr_t bootmem_alloc(uint64_t size, uint64_t align, paddr_t limit);

/* A zeroed page that the identity map reaches. */
void *bootmem_page(void);

/* The end of the free range that @p lies in, or 0 if it is not free. */
paddr_t bootmem_free_end(paddr_t p);

/* Hand what is left to the allocator. */
void bootmem_finish(void);

#endif
