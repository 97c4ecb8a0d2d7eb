/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CPU can do and how we set it up: x86/cpu.c. */
#ifndef X86_FEATURES_H
#define X86_FEATURES_H

#include <lib/types.h>

/* CPUID, minus what options turned off; CLAC and STAC put in place. */
void features_detect(void);

/* Control registers and MSRs of this CPU, as on all others. */
void features_apply(void);

/*
 * The PAT that guests may rely on: WB, WT, UC-, UC, WC, WP, UC, UC (the
 * interface's value).
 */
#define HV_PAT 0x0000050100070406UL

#endif
