/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page tables that the control domain starts on. */
#ifndef BOOT_DOM0_TABLES_H
#define BOOT_DOM0_TABLES_H

#include <boot/dom0_mem.h>

/*
 * Write the tables of the boot area (into the frames planned for them, mapped
 * read-only themselves) and of a p2m list apart. Returns the top one's frame;
 * nothing has been validated yet.
 */
mfn_t dom0_tables_build(struct dom0_mem *m, const struct dom0_plan *p);

#endif
