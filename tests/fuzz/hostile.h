/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile guests on the fake machine, for fuzzers: three guests and a domain
 * with a control domain's rights, whose arguments come from a dictionary of
 * what is nearly right.  All follows from seed_now.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../host/core_test.h"

#define DOMS 4
#define DATA_FRAMES 24
#define SPARE_VCPU 2 /* without a context until a guest gives it one */

struct guest {
	struct domain *d;
	mfn_t tables[4]; /* found by address, level 1 first */
	mfn_t data[DATA_FRAMES];
};

extern struct guest guests[DOMS];
extern uint64_t seed_now;

uint32_t rnd(uint32_t n); /* 0 .. n - 1 */
uint64_t rnd64(void);

void make_guest(unsigned int i);
void end_guest(unsigned int i);
struct guest *guest_of(const struct vcpu *v);
mfn_t own_data(const struct vcpu *v); /* its own, or was once */
mfn_t some_frame(void);
uint16_t some_domid(void);
uint64_t some_value(void);

/* Argument blocks at FAKE_BUF: words, halves or shorts of the dictionary. */
void fill_buf(void);
/* Lists that blocks refer to; fill_buf() leaves them alone. */
#define LIST_AT 0x2000UL
#define LIST_BUF (FAKE_BUF + LIST_AT)

/* Some guest writes into memory that it may write. */
void write_memory(void);

/* --- hostile_blocks.c --- */

/* Arguments for call @nr that get past the first look at them. */
void shape_args(uint64_t nr, uint64_t arg[6]);
/* And a block, if the call has one, that is right but for luck. */
void sensible_block(const struct vcpu *v, uint64_t nr, uint64_t arg[6]);

#endif
