/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectors and host interrupts, between files of x86/: x86/irq.c. */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include <lib/types.h>

/* An interrupt arrived with @vector. */
void irq_dispatch(unsigned int vector);

/* Take @irq for the hypervisor itself; @fn runs with no lock held. */
int irq_claim(unsigned int irq, bool level, bool low, void (*fn)(void));

/* The GSI of an ISA interrupt, and how it is triggered. */
unsigned int irq_isa_gsi(unsigned int isa, bool *level, bool *low);

#endif
