/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU's own interrupt controller and timer: x86/lapic.c. */
#ifndef X86_LAPIC_H
#define X86_LAPIC_H

#include <lib/types.h>

int lapic_init(void); /* boot CPU: find it, choose its mode */
void lapic_cpu_init(void); /* each CPU */
uint32_t lapic_id(void);
void lapic_eoi(void);

void lapic_send(uint32_t apic_id, unsigned int vector);
void lapic_send_nmi(uint32_t apic_id);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, unsigned int page);

/* The timer: counts per second once calibrated; 0: it takes TSC values. */
void lapic_timer_start(uint32_t count); /* for calibration: masked, one-shot */
uint32_t lapic_timer_count(void);
bool lapic_timer_is_tsc(void);
/* Fire when the TSC reaches @tsc (0: never), or after @count. */
void lapic_timer_set_tsc(uint64_t tsc);
void lapic_timer_set_count(uint32_t count);

/* This CPU takes no more interrupts: before restart. */
void lapic_disable(void);

#endif
