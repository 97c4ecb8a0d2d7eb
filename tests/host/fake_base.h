/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two fake machines have in common: memory, its frame table, the
 * machine-to-physical table, and a panic that ends the test.
 */
#ifndef FAKE_BASE_H
#define FAKE_BASE_H

#include <mm/frame.h>

/* RAM of @frames frames, which nobody owns; once in a process. */
void fake_ram_init(uint64_t frames);

#endif
