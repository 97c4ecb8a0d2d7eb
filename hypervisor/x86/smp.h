/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bringing CPUs up: x86/smp.c, x86/percpu.c. */
#ifndef X86_SMP_H
#define X86_SMP_H

#include <port/cpu.h>

/* @cpu answers calls from now on. */
void percpu_set_online(unsigned int cpu, const struct cpu_ident *id);

#endif
