/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake machine under the whole core: hypervisor/port/ on the host.
 *
 * One thread plays all CPUs (but see fake_threads()): fake_on() says which one
 * executes.  Time stands still but for fake_advance().  Locks check their ranks
 * and holders, and a lock that another CPU holds is a deadlock here: both
 * abort.  Guest memory is what fake_guest_map() has put there, else what the
 * guest's tables map.
 */
#ifndef PORT_FAKE_H
#define PORT_FAKE_H

#include <domain/domain.h>
#include <lib/types.h>
#include <port/frame.h>

#define FAKE_FRAMES 16384
#define FAKE_CPUS 4

/* Make the machine and bring the core up as boot does; once in a process. */
void fake_start(unsigned int cpus);

/* --- CPUs and time --- */

void fake_on(unsigned int cpu);
/* If set: what happens when a CPU takes interrupts on its way to a guest. */
extern void (*fake_interrupts)(void);
/* All CPUs do their pending work, and choose what to run, until none has any. */
void fake_settle(void);
/* Let time pass; timers that come due run, in order, on their CPUs. */
void fake_advance(uint64_t ns);
extern uint64_t fake_now;
/* How much time a look at the clock takes: 0, unless a test sets it. */
extern uint64_t fake_look_ns;

/*
 * From now on (or no longer) every CPU is a thread that calls fake_on() first,
 * then exit_to_guest() again and again: locks are waited for.  Translations
 * are not remembered then, and nobody may call fake_settle().
 */
void fake_threads(bool on);
/* With threads: @ns pass, and this CPU's timers that are due will run. */
void fake_tick(uint64_t ns);

/* As if entered by a hypercall of @v, which has to be running on some CPU. */
long fake_hypercall(struct vcpu *v, uint64_t nr, uint64_t a0, uint64_t a1,
		    uint64_t a2, uint64_t a3);
/* The number of -ERESTARTs that the last one took. */
extern unsigned int fake_restarts;

/* --- memory --- */

/* @len bytes at @host are at @at for @d's vCPUs. Later ones come first. */
void fake_guest_map(struct domain *d, gva_t at, void *host, size_t len,
		    bool writable);
void fake_guest_unmap_all(struct domain *d);
/* Somewhere that every guest has and may use as a scratch buffer. */
#define FAKE_BUF 0x10000000UL
#define FAKE_BUF_SIZE 65536UL
extern uint8_t fake_buf[FAKE_BUF_SIZE];

/* --- domains --- */

/* A domain with @vcpus vCPUs that have a context and are up; not running. */
struct domain *fake_domain(uint16_t id, unsigned int vcpus);
struct domain *fake_domain_paused(uint16_t id, unsigned int vcpus);
/* Destroy it, drop the reference of fake_domain(), and run what is deferred. */
void fake_destroy(struct domain *d);
/*
 * Give its vCPUs an address space of 2 MiB from 0 with nothing mapped; its
 * level 1 table.
 */
mfn_t fake_tables(struct domain *d);
/* Make what is never freed (pools of domains), so that leaks can be counted. */
void fake_warm_up(void);
/* A frame of @d's, or it fails the test. */
mfn_t fake_frame(struct domain *d);

/* --- trouble --- */

/* Let the @nth allocation from now on fail (1: the next); 0: none. */
void fake_fail_alloc(unsigned int nth);
extern unsigned int fake_allocs; /* since the last fake_fail_alloc() */


/* The end of the log, as text. */
const char *fake_log(void);

/* --- translations that CPUs hold, for models --- */

/* @d's code, on @cpu, has @m cached (writable or not) until a flush. */
void fake_tlb_fill(unsigned int cpu, const struct domain *d, mfn_t m,
		   bool write);
/* Does any CPU still have @m cached for @d? */
bool fake_tlb_has(const struct domain *d, mfn_t m);
extern uint64_t fake_flushes;

/*
 * NULL, or what is wrong with the machine when nothing is going on: locks
 * held, frames with inconsistent counts.
 */
const char *fake_check(void);

#endif
