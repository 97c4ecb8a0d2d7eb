/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory as a loader and firmware leave it, for tests of boot/. */
#ifndef BOOT_FAKE_H
#define BOOT_FAKE_H

#include <lib/types.h>

/* One window of memory: [PHYS_BASE, PHYS_BASE + PHYS_SIZE). */
#define PHYS_BASE 0xe0000UL
#define PHYS_SIZE 0x20000UL
extern uint8_t phys_mem[PHYS_SIZE];

/* NULL outside the window. */
const void *phys_at(paddr_t p, size_t len);

/* Appending data at a cursor inside the window. */
struct phys_writer {
	paddr_t at;
};
paddr_t phys_put(struct phys_writer *w, const void *data, size_t len);
void phys_align(struct phys_writer *w, unsigned int align);

#endif
