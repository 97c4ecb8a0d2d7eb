/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second vCPU for micro-guests that test what two do at once.  It shares the
 * tables and traps of the first, takes no events, and runs what it is given:
 * only probe_read() and probe_write() may fault there, and only the first vCPU
 * may print or CHECK.
 */
#ifndef MG_SECOND_H
#define MG_SECOND_H

#include "mg.h"

/* FXSAVE image that the second vCPU found when it started. */
extern uint8_t second_fpu[512];

/* What to pass to VCPUOP_initialise for it; the caller may spoil it. */
struct vcpu_guest_context *second_context(void);
/* Bring it up, once; false: there is none, or it does not start. */
bool second_start(void);
/* It runs @fn again and again, until second_stop() returns. */
void second_run(void (*fn)(void));
void second_stop(void);
/* It runs @fn once, while the caller goes on until second_wait(). */
void second_begin(void (*fn)(void));
void second_wait(void);
/* How often it has run something to its end. */
unsigned long second_rounds(void);

/*
 * @mine here and @theirs there, about @rounds times each, at most a few
 * seconds; false: the other did nothing.
 */
bool race(void (*mine)(void), void (*theirs)(void), unsigned long rounds);

/* A random number below @n; each vCPU has its own sequence. */
uint64_t below(uint64_t n);
/* 0: the first vCPU runs this, 1: the second. */
unsigned int this_vcpu(void);

#endif
