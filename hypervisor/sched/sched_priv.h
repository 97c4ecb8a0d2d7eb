/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of sched/ only. */
#ifndef SCHED_SCHED_PRIV_H
#define SCHED_SCHED_PRIV_H

#include <domain/domain.h>

/* WORK_SCHED: choose what this CPU runs and switch to it. */
void sched_choose(void);

/* A timer of @v has fired: raise VIRQ_TIMER. */
void sched_vcpu_timer(struct vcpu *v);

/* SCHEDOP_watchdog. sched/watchdog.c */
long op_watchdog(struct vcpu *v, gva_t arg);

#endif
