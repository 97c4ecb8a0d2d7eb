/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions of ours that may fault, and where they go on: x86/extable.c. */
#ifndef X86_EXTABLE_H
#define X86_EXTABLE_H

#include <lib/types.h>

/* Where to continue after a fault at @rip, or 0: nobody expects one there. */
uint64_t extable_find(uint64_t rip);

#endif
