/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C entries from head.S and ap.S. */
#ifndef X86_START_H
#define X86_START_H

#include <lib/types.h>

void x86_start(uint32_t magic, uint32_t info);
/* An AP, on its own stack, with the hypervisor's tables loaded. */
void x86_ap_start(uint32_t cpu);

#endif
