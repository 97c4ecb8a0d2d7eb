// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake machine's CPUs, time, locks, TLBs and guest memory; see
 * port_fake.h.  Devices that no test uses are in port_fake_hw.c.
 */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/core.h>
#include <boot/boot.h>
#include <boot/rooms.h>
#include <hypercall/hypercall.h>
#include <lib/assert.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/guest.h>
#include <port/hooks.h>
#include <port/log.h>
#include <port/time.h>
#include <port/tlb.h>
#include <pv/pt.h>
#include <sched/sched.h>
#include "fake_base.h"
#include "port_fake.h"

#define FRAMES_FIRST 1024 /* what is below is no RAM of the allocator's */
#define LOCKS_MAX 16
#define AREAS_MAX 64
#define TLB_SIZE 512
#define LOG_SIZE 8192
#define TURNS_MAX 100000

/* --- CPUs --- */

static _Thread_local unsigned int cpu_now;
static unsigned int cpus_online;
static uint32_t work[CPU_MAX]; /* atomic */
static bool threads; /* each CPU is a thread: see fake_threads() */
static struct lock *held[CPU_MAX][LOCKS_MAX];
static uint32_t held_rank[CPU_MAX][LOCKS_MAX];
static unsigned int held_count[CPU_MAX];

unsigned int cpu_id(void)
{
	return cpu_now;
}

unsigned int cpu_count(void)
{
	return cpus_online;
}

cpumask_t cpu_online(void)
{
	return BIT(cpus_online) - 1;
}

void cpu_raise(unsigned int cpu, enum cpu_work w)
{
	ASSERT(cpu < cpus_online);
	__atomic_fetch_or(&work[cpu], 1U << w, __ATOMIC_SEQ_CST);
}

bool cpu_work_pending(void)
{
	return __atomic_load_n(&work[cpu_now], __ATOMIC_SEQ_CST);
}

bool cpu_take_work(enum cpu_work *w)
{
	uint32_t now = __atomic_load_n(&work[cpu_now], __ATOMIC_SEQ_CST);

	if (!now)
		return false;
	*w = (enum cpu_work)__builtin_ctz(now);
	__atomic_fetch_and(&work[cpu_now], ~(1U << *w), __ATOMIC_SEQ_CST);
	return true;
}

void cpu_wait(void)
{
}

void (*fake_interrupts)(void);

void cpu_take_interrupts(void)
{
	ASSERT(held_count[cpu_now] == 0);
	if (fake_interrupts)
		fake_interrupts();
}

void cpu_relax(void)
{
}

void fake_on(unsigned int cpu)
{
	ASSERT(cpu < cpus_online);
	cpu_now = cpu;
}

/* Someone waits for other CPUs: let them get on. */
void cpu_poll(void)
{
	unsigned int self = cpu_now;
	static unsigned int polls;

	ASSERT(held_count[self] == 0);
	if (threads) {
		sched_yield();
		return;
	}
	ASSERT(++polls < TURNS_MAX);
	for (unsigned int c = 0; c < cpus_online; c++)
		if (c != self && work[c]) {
			fake_on(c);
			(void)exit_to_guest();
		}
	fake_on(self);
	polls = 0;
}

void cpu_call(cpumask_t mask, void (*fn)(void *arg), void *arg)
{
	unsigned int self = cpu_now;

	for (unsigned int c = 0; c < cpus_online; c++)
		if (mask & cpu_bit(c)) {
			fake_on(c);
			fn(arg);
		}
	fake_on(self);
}

void fake_settle(void)
{
	unsigned int self = cpu_now, turns = 0;
	bool more = true;

	while (more) {
		more = false;
		ASSERT(++turns < TURNS_MAX);
		for (unsigned int c = 0; c < cpus_online; c++)
			if (work[c]) {
				more = true;
				fake_on(c);
				(void)exit_to_guest();
			}
	}
	fake_on(self);
}

/* --- time --- */

uint64_t fake_now = 1000; /* atomic */
uint64_t fake_look_ns;
static uint64_t deadline[CPU_MAX];
static const struct time_scale scale = {
	.mul = 0x80000000U, .shift = 1, .khz = 1000000
};

uint64_t time_now(void)
{
	return __atomic_add_fetch(&fake_now, fake_look_ns, __ATOMIC_RELAXED);
}

void time_set_deadline(uint64_t when)
{
	deadline[cpu_now] = when;
}

const struct time_scale *time_scale(void)
{
	return &scale;
}

void time_wallclock_boot(uint64_t *sec, uint32_t *nsec)
{
	*sec = 1700000000;
	*nsec = 5;
}

/* With threads: time passes, and this CPU's timer may be due. */
void fake_tick(uint64_t ns)
{
	uint64_t now = __atomic_add_fetch(&fake_now, ns, __ATOMIC_RELAXED);

	if (deadline[cpu_now] <= now) {
		deadline[cpu_now] = ~0UL;
		cpu_raise(cpu_now, WORK_TIMER);
	}
}

void fake_threads(bool on)
{
	threads = on;
}

static int first_due(uint64_t until)
{
	int best = -1;

	for (unsigned int c = 0; c < cpus_online; c++)
		if (deadline[c] <= until &&
		    (best < 0 || deadline[c] < deadline[best]))
			best = (int)c;
	return best;
}

void fake_advance(uint64_t ns)
{
	uint64_t end = fake_now + ns;
	int c;

	fake_settle();
	while ((c = first_due(end)) >= 0) {
		fake_now = MAX(fake_now, deadline[c]);
		deadline[c] = ~0UL;
		cpu_raise((unsigned int)c, WORK_TIMER);
		fake_settle();
	}
	fake_now = end;
}

/* --- locks --- */

static void take(struct lock *l)
{
	uint32_t free = 0;

	while (!__atomic_compare_exchange_n(&l->holder, &free, cpu_now + 1,
					    false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		if (!threads || free == cpu_now + 1)
			panic("lock of rank %u is held by CPU %u: deadlock",
			      l->rank, free - 1);
		free = 0;
		sched_yield();
	}
}

static void push_lock(struct lock *l, uint32_t rank)
{
	unsigned int n = held_count[cpu_now];

	for (unsigned int i = 0; rank != RANK_NONE && i < n; i++)
		if (held_rank[cpu_now][i] >= rank)
			panic("lock of rank %u taken under one of rank %u",
			      rank, held_rank[cpu_now][i]);
	ASSERT(n < LOCKS_MAX);
	held[cpu_now][n] = l;
	held_rank[cpu_now][n] = rank;
	held_count[cpu_now] = n + 1;
	take(l);
}

void lock_acquire(struct lock *l)
{
	push_lock(l, l->rank);
}

void lock_acquire_nested(struct lock *l, enum lock_rank rank)
{
	push_lock(l, rank);
}

bool lock_try(struct lock *l)
{
	if (__atomic_load_n(&l->holder, __ATOMIC_RELAXED))
		return false;
	push_lock(l, RANK_NONE); /* with threads it may have to wait */
	return true;
}

void lock_release(struct lock *l)
{
	unsigned int i, n = held_count[cpu_now];

	for (i = 0; i < n && held[cpu_now][i] != l; i++)
		;
	ASSERT(i < n && lock_held(l));
	for (; i + 1 < n; i++) {
		held[cpu_now][i] = held[cpu_now][i + 1];
		held_rank[cpu_now][i] = held_rank[cpu_now][i + 1];
	}
	held_count[cpu_now] = n - 1;
	__atomic_store_n(&l->holder, 0, __ATOMIC_RELEASE);
}

bool lock_held(const struct lock *l)
{
	return __atomic_load_n(&l->holder, __ATOMIC_RELAXED) == cpu_now + 1;
}

/* --- TLBs --- */

struct translation {
	const struct domain *d;
	mfn_t m;
	bool used, write;
};

uint64_t fake_flushes;
static struct translation tlb[CPU_MAX][TLB_SIZE];
static uint32_t tlb_time = 1, flushed_at[CPU_MAX];

uint32_t tlb_clock(void)
{
	return __atomic_load_n(&tlb_time, __ATOMIC_SEQ_CST);
}

cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp)
{
	for (unsigned int c = 0; c < cpus_online; c++)
		if (__atomic_load_n(&flushed_at[c], __ATOMIC_SEQ_CST) > stamp)
			mask &= ~cpu_bit(c);
	return mask & cpu_online();
}

/* A flush of one page here forgets nothing: the model knows no addresses. */
void tlb_flush(cpumask_t mask, gva_t va)
{
	__atomic_fetch_add(&fake_flushes, 1, __ATOMIC_RELAXED);
	for (unsigned int c = 0; c < cpus_online; c++)
		if ((mask & cpu_bit(c)) && va == TLB_ALL_VA) {
			if (!threads)
				memset(tlb[c], 0, sizeof(tlb[c]));
			__atomic_store_n(&flushed_at[c],
					 __atomic_add_fetch(&tlb_time, 1,
							    __ATOMIC_SEQ_CST),
					 __ATOMIC_SEQ_CST);
		}
}

void fake_tlb_fill(unsigned int cpu, const struct domain *d, mfn_t m,
		   bool write)
{
	static unsigned int next;

	tlb[cpu][next++ % TLB_SIZE] = (struct translation){ d, m, true, write };
}

bool fake_tlb_has(const struct domain *d, mfn_t m)
{
	for (unsigned int c = 0; c < cpus_online; c++)
		for (unsigned int i = 0; i < TLB_SIZE; i++)
			if (tlb[c][i].used && tlb[c][i].d == d &&
			    mfn_eq(tlb[c][i].m, m))
				return true;
	return false;
}

/* --- guest memory --- */

struct area {
	const struct domain *d; /* NULL: all */
	gva_t at;
	uint8_t *host;
	size_t len;
	bool writable;
};

uint8_t fake_buf[FAKE_BUF_SIZE] __attribute__((aligned(4096)));
static struct area areas[AREAS_MAX];
static unsigned int area_count;

static void add_area(struct domain *d, gva_t at, void *host, size_t len,
		     bool writable)
{
	ASSERT(area_count < AREAS_MAX);
	areas[area_count++] = (struct area){ d, at, host, len, writable };
}

void fake_guest_map(struct domain *d, gva_t at, void *host, size_t len,
		    bool writable)
{
	add_area(d, at, host, len, writable);
}

void fake_guest_unmap_all(struct domain *d)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < area_count; i++)
		if (areas[i].d != d)
			areas[n++] = areas[i];
	area_count = n;
}

bool guest_range_ok(gva_t a, size_t len)
{
	gva_t end = a + len;

	if (end < a)
		return false;
	if (end <= 0x0000800000000000UL)
		return true;
	return a >= 0xffff880000000000UL;
}

/* As the hardware does it, for tests that give guests page tables. */
static uint8_t *walk(const struct vcpu *v, gva_t a, bool write, size_t *n)
{
	mfn_t m = pv_cr3(&v->pv);

	for (unsigned int level = 4; level > 0; level--) {
		const uint64_t *e;

		if (m.v >= FAKE_FRAMES)
			return NULL;
		e = (const uint64_t *)frame_map(m) + pt_index(a, level);
		if (!(*e & PTE_P) || (write && !(*e & PTE_RW)))
			return NULL;
		m = pte_mfn(*e);
	}
	if (m.v >= FAKE_FRAMES)
		return NULL;
	*n = PAGE_SIZE - (a & (PAGE_SIZE - 1));
	return (uint8_t *)frame_map(m) + (a & (PAGE_SIZE - 1));
}

static uint8_t *find(const struct vcpu *v, gva_t a, bool write, size_t *n)
{
	for (unsigned int i = area_count; i-- > 0;) {
		const struct area *r = &areas[i];

		if ((r->d && r->d != v->domain) || a < r->at ||
		    a - r->at >= r->len)
			continue;
		if (write && !r->writable)
			return NULL;
		*n = r->len - (a - r->at);
		return r->host + (a - r->at);
	}
	return walk(v, a, write, n);
}

int guest_read(struct vcpu *v, void *dst, gva_t src, size_t len)
{
	size_t n;

	if (!guest_range_ok(src, len))
		return -EFAULT;
	for (; len; len -= n, src += n, dst = (uint8_t *)dst + n) {
		const uint8_t *p = find(v, src, false, &n);

		if (!p)
			return -EFAULT;
		n = MIN(n, len);
		memcpy(dst, p, n);
	}
	return 0;
}

int guest_write(struct vcpu *v, gva_t dst, const void *src, size_t len)
{
	size_t n;

	if (!guest_range_ok(dst, len))
		return -EFAULT;
	for (; len; len -= n, dst += n, src = (const uint8_t *)src + n) {
		uint8_t *p = find(v, dst, true, &n);

		if (!p)
			return -EFAULT;
		n = MIN(n, len);
		memcpy(p, src, n);
	}
	return 0;
}

int guest_clear(struct vcpu *v, gva_t dst, size_t len)
{
	static const uint8_t zero[PAGE_SIZE];
	size_t n;

	for (; len; len -= n, dst += n) {
		n = MIN(len, sizeof(zero));
		if (guest_write(v, dst, zero, n))
			return -EFAULT;
	}
	return 0;
}

/* --- allocations that fail --- */

void *__real_heap_alloc(size_t size);
void *__real_heap_calloc(size_t n, size_t size);
void *__real_pages_alloc(unsigned int order);
void *__wrap_heap_alloc(size_t size);
void *__wrap_heap_calloc(size_t n, size_t size);
void *__wrap_pages_alloc(unsigned int order);

unsigned int fake_allocs;
static unsigned int fail_at;

void fake_fail_alloc(unsigned int nth)
{
	fake_allocs = 0;
	fail_at = nth;
}

static bool fails(void)
{
	return __atomic_add_fetch(&fake_allocs, 1, __ATOMIC_RELAXED) ==
	       fail_at;
}

void *__wrap_heap_alloc(size_t size)
{
	return fails() ? NULL : __real_heap_alloc(size);
}

void *__wrap_heap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_heap_calloc(n, size);
}

void *__wrap_pages_alloc(unsigned int order)
{
	return fails() ? NULL : __real_pages_alloc(order);
}

/* --- log --- */

static char log_text[LOG_SIZE];

static void keep_log(const char *text, size_t len)
{
	size_t have = strlen(log_text);

	if (have + len >= sizeof(log_text))
		have = 0;
	memcpy(log_text + have, text, len);
	log_text[have + len] = '\0';
}

static struct log_sink sink = { .write = keep_log };

const char *fake_log(void)
{
	return log_text;
}

/* --- bringing it up, and domains --- */

static void no_frames(struct vcpu *v)
{
	(void)v;
}

void fake_start(unsigned int cpus)
{
	fake_ram_init(FAKE_FRAMES);
	for (unsigned int c = 0; c < CPU_MAX; c++)
		deadline[c] = ~0UL;
	cpus_online = cpus;
	log_add_sink(&sink);
	buddy_add(mfn(FRAMES_FIRST), FAKE_FRAMES - FRAMES_FIRST);
	ASSERT(!rooms_init());
	hooks.deliver_pending = no_frames;
	dom_io = domain_create_special(DOMID_IO);
	dom_xen = domain_create_special(DOMID_XEN);
	ASSERT(dom_io && dom_xen);
	for (unsigned int c = 0; c < cpus; c++) {
		fake_on(c);
		ASSERT(!sched_cpu_init(c));
	}
	fake_on(0);
	add_area(NULL, FAKE_BUF, fake_buf, sizeof(fake_buf), true);
}

struct domain *fake_domain_paused(uint16_t id, unsigned int vcpus)
{
	struct domain_config cfg = {
		.id = id, .max_vcpus = vcpus, .max_evtchn_port = ~0U,
		.max_grant_frames = 4, .max_maptrack_frames = 4,
		.grant_version_max = 2, .privileged = id == 0,
	};
	struct domain *d;

	if (domain_create(&cfg, &d))
		return NULL;
	for (unsigned int i = 0; i < vcpus; i++) {
		ASSERT(!vcpu_create(d, i, i % cpus_online));
		d->vcpus[i]->initialised = true;
		d->vcpus[i]->pv.kernel_mode = true;
		d->vcpus[i]->pv.kernel_cr3 = MFN_NONE;
		d->vcpus[i]->pv.user_cr3 = MFN_NONE;
		vcpu_up(d->vcpus[i]);
	}
	return d;
}

struct domain *fake_domain(uint16_t id, unsigned int vcpus)
{
	struct domain *d = fake_domain_paused(id, vcpus);

	if (d) {
		domain_unpause(d);
		d->paused_by_tool = false;
	}
	return d;
}

void fake_destroy(struct domain *d)
{
	int rc;

	do {
		rc = domain_kill(d);
		fake_settle();
	} while (rc == -ERESTART);
	ASSERT(rc == 0);
	fake_guest_unmap_all(d);
	domain_put(d);
	fake_settle();
}

mfn_t fake_frame(struct domain *d)
{
	mfn_t m;

	ASSERT(!domain_alloc_frames(d, 0, 0, &m));
	return m;
}

mfn_t fake_tables(struct domain *d)
{
	uint64_t flags = PTE_P | PTE_RW | PTE_US;
	mfn_t t[5];
	struct budget b = BUDGET(1000000);

	for (unsigned int level = 1; level <= 4; level++)
		t[level] = fake_frame(d);
	for (unsigned int level = 4; level > 1; level--)
		*pt_entry(t[level], 0) = mfn_to_paddr(t[level - 1]) | flags;
	for (unsigned int i = 0; i < d->vcpu_count; i++)
		ASSERT(!pv_set_kernel_base(d->vcpus[i], t[4], &b));
	return t[1];
}

void fake_warm_up(void)
{
	struct domain *d[4];

	for (uint16_t i = 0; i < 4; i++)
		d[i] = fake_domain((uint16_t)(i + 1), 2);
	for (unsigned int i = 0; i < 4; i++)
		fake_destroy(d[i]);
}

const char *fake_check(void)
{
	for (unsigned int c = 0; c < cpus_online; c++)
		if (held_count[c])
			return "a lock is still held";
	for (uint64_t i = FRAMES_FIRST; i < FAKE_FRAMES; i++) {
		const struct frame *f = &frame_table[i];
		uint64_t refs = f->refs & FRAME_COUNT_MASK;
		uint64_t types = f->type & PTYPE_COUNT_MASK;

		if (f->owner == DOMID_INVALID)
			continue; /* ours: the words serve the allocator */
		if (types > refs && !(f->refs & FRAME_HV))
			return "a frame has more types than references";
		if (f->type & (PTYPE_BUSY | PTYPE_LOCKED))
			return "a frame is left busy or locked";
	}
	return NULL;
}

/* --- hypercalls, with their restarts --- */

unsigned int fake_restarts;

long fake_hypercall(struct vcpu *v, uint64_t nr, uint64_t a0, uint64_t a1,
		    uint64_t a2, uint64_t a3)
{
	uint64_t arg[6] = { a0, a1, a2, a3, 0, 0 };
	long rc;

	fake_restarts = 0;
	while ((rc = hypercall_call(v, nr, arg)) == -ERESTART) {
		ASSERT(++fake_restarts < TURNS_MAX);
		ASSERT(!fake_check());
	}
	return rc;
}
