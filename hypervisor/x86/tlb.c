// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLB flushes and the clock that tells which were needless.
 *
 * State: the clock; for each CPU the clock's value at its last full flush.
 * A CPU raises the clock, flushes, then notes the value it raised it to.  A
 * frame is stamped with the clock after the last mapping of it was removed:
 * a CPU whose noted value is above the stamp raised the clock later than
 * that, so it flushed later too.
 *
 * The clock has 32 bits.  At CLOCK_STOP it stands still and every filter
 * answers "flush"; tlb_flush() then has all CPUs flush and starts the clock
 * again from 1.  A stamp above the clock is of the time before: flushed, unless
 * it is CLOCK_STOP itself, which may be of the time in between.
 */
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <port/count.h>
#include <port/lock.h>
#include <port/tlb.h>
#include <x86/insn.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/switch.h>

#define CLOCK_STOP 0xffffffffu

static uint32_t tlb_time = 1;
static struct lock restart_lock = LOCK_INIT(RANK_CPU);

uint32_t tlb_clock(void)
{
	return __atomic_load_n(&tlb_time, __ATOMIC_SEQ_CST);
}

static uint32_t advance(void)
{
	uint32_t now = READ_ONCE(tlb_time);

	while (now != CLOCK_STOP &&
	       !__atomic_compare_exchange_n(&tlb_time, &now, now + 1, false,
					    __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
	return now == CLOCK_STOP ? 0 : now + 1;
}

static void load_cr3(uint64_t cr3)
{
	struct percpu *p = this_percpu();
	uint32_t t = advance();

	p->cr3 = cr3;
	write_cr3(cr3);
	WRITE_ONCE(p->tlb_stamp, t);
}

void tlb_load_cr3(uint64_t cr3)
{
	count_on(this_cpu(), COUNT_FLUSH_SWITCH, 1);
	load_cr3(cr3);
}

static void flush_all_here(void)
{
	count_on(this_cpu(), COUNT_FLUSH_ALL, 1);
	load_cr3(this_percpu()->cr3);
}

static void flush_page_here(gva_t va)
{
	count_on(this_cpu(), COUNT_FLUSH_PAGE, 1);
	invlpg(va);
}

static bool flushed_since(unsigned int cpu, uint32_t stamp, uint32_t now)
{
	if (now == CLOCK_STOP || stamp == CLOCK_STOP)
		return false;
	return stamp > now || READ_ONCE(percpu_of(cpu)->tlb_stamp) > stamp;
}

cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp)
{
	uint32_t now = tlb_clock();
	cpumask_t left = mask;

	for (cpumask_t m = mask & cpu_online(); m; m &= m - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(m);

		if (flushed_since(cpu, stamp, now))
			left &= ~cpu_bit(cpu);
	}
	return left & cpu_online();
}

struct flush {
	gva_t va;
	unsigned int from; /* the CPU that asks */
};

static void flush_fn(void *arg)
{
	const struct flush *f = arg;

	if (f->from != this_cpu())
		count_on(this_cpu(), COUNT_FLUSH_REMOTE, 1);
	if (f->va == TLB_ALL_VA)
		flush_all_here();
	else
		flush_page_here(f->va);
}

/* The clock stands still: everybody flushes, and it starts anew. */
static void restart_clock(void)
{
	struct flush all = { TLB_ALL_VA, this_cpu() };

	lock_acquire(&restart_lock);
	if (tlb_clock() == CLOCK_STOP) {
		cpu_call(cpu_online(), flush_fn, &all);
		__atomic_store_n(&tlb_time, 1, __ATOMIC_SEQ_CST);
	}
	lock_release(&restart_lock);
}

void tlb_flush(cpumask_t mask, gva_t va)
{
	struct flush f = { va, this_cpu() };

	if (unlikely(tlb_clock() == CLOCK_STOP))
		restart_clock();
	cpu_call(mask, flush_fn, &f);
}

static void cache_fn(void *arg)
{
	(void)arg;
	wbinvd();
}

void cache_flush(cpumask_t mask)
{
	cpu_call(mask, cache_fn, NULL);
}
