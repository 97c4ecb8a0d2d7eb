/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of the processor's instructions, for drivers tested on the host. */
#ifndef X86_INSN_H
#define X86_INSN_H

#include <lib/types.h>

uint8_t inb(uint16_t port);
void outb(uint16_t port, uint8_t val);

#endif
