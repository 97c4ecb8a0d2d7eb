/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends of the host: each of these does not return. */
#ifndef PORT_POWER_H
#define PORT_POWER_H

#include <lib/types.h>

/* Restart by ACPI reset register, keyboard controller, triple fault. */
void machine_restart(void) noreturn;
/* Stop all CPUs; power stays on unless the firmware was told before. */
void machine_halt(void) noreturn;

#endif
