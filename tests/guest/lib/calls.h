/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls as several micro-guests make them: on one entry, one frame, one
 * port, by the guest for itself.  All return what the hypercall did unless
 * said otherwise.
 */
#ifndef MG_CALLS_H
#define MG_CALLS_H

#include "mg.h"

/* --- page tables --- */

long update(uint64_t ptr, uint64_t val); /* mmu_update */
long ext(unsigned int cmd, uint64_t mfn); /* mmuext_op */
long ext2(unsigned int cmd, uint64_t arg1, uint64_t arg2);
uint64_t machine(const void *p); /* the machine address of its page */

/* --- memory --- */

long reserve(unsigned int cmd, xen_pfn_t *frames, unsigned long n,
	     unsigned int flags);
long reserve_one(unsigned int cmd, xen_pfn_t *frame);
long frames_now(void); /* how many the guest has */
/* A new frame, mapped writable, where @page has none. */
bool take_frame(void *page);

/* --- grants --- */

long gop(unsigned int cmd, void *arg, unsigned int n);
long set_version(unsigned int v);
/* Version 1, and the first frame of the table at pages[40]: 0 or an error. */
long grant_set_up(struct grant_entry_v1 **table);

/* --- events, vCPUs --- */

long evop(unsigned int cmd, void *arg);
long send(unsigned int port);
long close_port(unsigned int port);
/* A pair of ports of ours: what is sent to @a arrives at @b. */
long loopback(unsigned int *a, unsigned int *b);
/* As if the first vCPU's handler had seen it (2-level layout). */
void clear_pending(unsigned int port);
void mask_upcalls(bool on);
long vop(unsigned int cmd, unsigned int vcpu, void *arg);

#endif
