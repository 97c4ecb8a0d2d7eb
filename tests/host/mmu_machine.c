// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine of mmu_machine.h: every port function and every neighbouring
 * room's function that mm/ and the page-table files of pv/ call.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <port/guest.h>
#include <port/log.h>
#include <port/tlb.h>
#include "fake_base.h"
#include "mmu_machine.h"

#define TLB_SIZE 256

struct translation {
	bool used, write;
	int dom; /* whose tables it came from */
	gva_t va;
	mfn_t m;
	uint16_t owner; /* of the frame, when it was filled in */
};

struct mach_dom mach_dom[MACH_DOMAINS];
_Thread_local unsigned int mach_cpu;
bool mach_threaded;
uint64_t mach_flushes;
uint32_t mach_held[MACH_FRAMES], mach_held_type[MACH_FRAMES];

struct domain *dom0, *dom_io, *dom_xen;

static struct domain special_io, special_xen;
static struct translation tlb[MACH_CPUS][TLB_SIZE];
static uint32_t tlb_time, tlb_stamp[MACH_CPUS];
static int running[MACH_CPUS];
static _Thread_local unsigned int spins;

/* --- CPUs and TLBs --- */

unsigned int cpu_id(void)
{
	return mach_cpu;
}

unsigned int cpu_count(void)
{
	return MACH_CPUS;
}

cpumask_t cpu_online(void)
{
	return BIT(MACH_CPUS) - 1;
}

/* Where nobody else runs, who waits here waits for ever. */
void cpu_poll(void)
{
	ASSERT(mach_threaded || ++spins < 1000);
	if (mach_threaded)
		sched_yield();
}

void cpu_relax(void)
{
}

uint32_t tlb_clock(void)
{
	return __atomic_load_n(&tlb_time, __ATOMIC_SEQ_CST);
}

cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp)
{
	for (unsigned int c = 0; c < MACH_CPUS; c++)
		if (tlb_stamp[c] > stamp)
			mask &= ~cpu_bit(c);
	return mask & cpu_online();
}

static void flush_cpu(unsigned int c, gva_t va)
{
	for (unsigned int i = 0; !mach_threaded && i < TLB_SIZE; i++)
		if (va == TLB_ALL_VA || tlb[c][i].va == va)
			tlb[c][i].used = false;
	if (va == TLB_ALL_VA)
		WRITE_ONCE(tlb_stamp[c], __atomic_add_fetch(&tlb_time, 1,
							    __ATOMIC_SEQ_CST));
}

void tlb_flush(cpumask_t mask, gva_t va)
{
	__atomic_fetch_add(&mach_flushes, 1, __ATOMIC_RELAXED);
	for (unsigned int c = 0; c < MACH_CPUS; c++)
		if (mask & cpu_bit(c))
			flush_cpu(c, va);
}

void cache_flush(cpumask_t mask)
{
	(void)mask;
}

void mach_run(unsigned int cpu, int i)
{
	if (running[cpu] >= 0 && running[cpu] != i)
		mach_dom[running[cpu]].d.dirty_cpus &= ~cpu_bit(cpu);
	running[cpu] = i;
	if (i >= 0) {
		mach_dom[i].d.dirty_cpus |= cpu_bit(cpu);
		mach_dom[i].v.sched.cpu = cpu;
	}
	flush_cpu(cpu, TLB_ALL_VA);
}

void vcpu_hw_load_cr3(struct vcpu *v)
{
	for (unsigned int c = 0; c < MACH_CPUS; c++)
		if (running[c] >= 0 && &mach_dom[running[c]].v == v)
			flush_cpu(c, TLB_ALL_VA);
}

void vcpu_hw_load_ldt(struct vcpu *v)
{
	(void)v;
}

void vcpu_hw_save_bases(struct vcpu *v)
{
	(void)v;
}

static struct translation *tlb_find(unsigned int cpu, gva_t va, bool write)
{
	for (unsigned int i = 0; i < TLB_SIZE; i++) {
		struct translation *t = &tlb[cpu][i];

		if (t->used && t->va == va && (t->write || !write))
			return t;
	}
	return NULL;
}

static void tlb_fill(unsigned int cpu, gva_t va, mfn_t m, bool write)
{
	static unsigned int next;
	struct translation *t = &tlb[cpu][next++ % TLB_SIZE];

	*t = (struct translation){
		.used = true, .write = write, .dom = running[cpu], .va = va,
		.m = m,
		.owner = m.v < frame_limit() ? frame_table[m.v].owner :
					       DOMID_INVALID,
	};
}

void mach_note(unsigned int cpu, gva_t va, mfn_t m, bool write)
{
	tlb_fill(cpu, va, m, write);
}

bool mach_noted(unsigned int cpu, gva_t va)
{
	return tlb_find(cpu, va, false);
}

/* As hardware walks: it sets Accessed and Dirty, and knows no types. */
static mfn_t hw_walk(mfn_t base, gva_t va, bool *write)
{
	mfn_t m = base;

	*write = true;
	for (unsigned int level = 4; level > 0; level--) {
		uint64_t *e;

		if (m.v >= frame_limit())
			return MFN_NONE;
		e = pt_entry(m, pt_index(va, level));
		if (!(*e & PTE_P))
			return MFN_NONE;
		*e |= PTE_A;
		if (!(*e & PTE_RW))
			*write = false;
		m = pte_mfn(*e);
	}
	return m;
}

mfn_t mach_access(unsigned int cpu, gva_t va, bool write)
{
	struct translation *t;
	bool writable;
	mfn_t base, m;

	va &= PAGE_MASK;
	if (running[cpu] < 0)
		return MFN_NONE;
	t = tlb_find(cpu, va, write);
	if (t)
		return t->m;
	base = pv_cr3(&mach_dom[running[cpu]].v.pv);
	if (mfn_eq(base, MFN_NONE))
		return MFN_NONE;
	m = hw_walk(base, va, &writable);
	if (mfn_eq(m, MFN_NONE) || (write && !writable))
		return MFN_NONE;
	tlb_fill(cpu, va, m, writable);
	return m;
}

bool mach_store(unsigned int cpu, gva_t va, uint64_t val)
{
	mfn_t m = mach_access(cpu, va, true);

	if (mfn_eq(m, MFN_NONE) || m.v >= frame_limit())
		return false;
	*pt_entry(m, (va & (PAGE_SIZE - 1)) / sizeof(val)) = val;
	return true;
}

/* --- locks, log --- */

bool lock_try(struct lock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->holder, &free, mach_cpu + 1,
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

void lock_acquire(struct lock *l)
{
	while (!lock_try(l)) {
		ASSERT(mach_threaded && l->holder != mach_cpu + 1);
		sched_yield();
	}
}

void lock_release(struct lock *l)
{
	ASSERT(l->holder == mach_cpu + 1);
	__atomic_store_n(&l->holder, 0, __ATOMIC_SEQ_CST);
}

bool lock_held(const struct lock *l)
{
	return l->holder == mach_cpu + 1;
}

void log_at(enum log_level lvl, const char *fmt, ...)
{
	(void)lvl;
	(void)fmt;
}

void log_guest(const struct domain *d, enum log_level lvl, const char *fmt, ...)
{
	(void)d;
	(void)lvl;
	(void)fmt;
}

/* --- guest memory: a test's own pointers --- */

int guest_read(struct vcpu *v, void *dst, gva_t src, size_t len)
{
	(void)v;
	if (!src)
		return -EFAULT;
	memcpy(dst, (const void *)src, len);
	return 0;
}

int guest_write(struct vcpu *v, gva_t dst, const void *src, size_t len)
{
	(void)v;
	if (!dst)
		return -EFAULT;
	memcpy((void *)dst, src, len);
	return 0;
}

bool guest_range_ok(gva_t a, size_t len)
{
	return a + len >= a;
}

/* --- neighbouring rooms --- */

struct domain *domain_get(uint16_t id)
{
	struct domain *d = id < MACH_DOMAINS ? &mach_dom[id].d :
			   id == DOMID_IO    ? dom_io :
			   id == DOMID_XEN   ? dom_xen :
					       NULL;

	if (d)
		domain_get_ref(d);
	return d;
}

struct domain *domain_get_unmade(uint16_t id)
{
	return domain_get(id);
}

void domain_get_ref(struct domain *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST);
}

void domain_put(struct domain *d)
{
	ASSERT(__atomic_fetch_sub(&d->refs, 1, __ATOMIC_SEQ_CST) > 0);
}

bool iocap_mmio_ok(const struct domain *d, mfn_t m)
{
	return d->id == 0 && m.v == MACH_MMIO;
}

bool iocap_has_devices(const struct domain *d)
{
	return d->id == 0;
}

int pv_segdesc_validate(struct domain *d, mfn_t m)
{
	(void)d;
	(void)m;
	return 0;
}

void pv_drop_ldt(struct vcpu *v)
{
	(void)v;
}

void pv_raise_page_fault(struct vcpu *v, uint64_t addr, uint32_t ec)
{
	v->pv.cr2 = addr;
	v->pv.pending_vector = 14;
	v->pv.pending_error = ec;
}

/* --- set-up --- */

static void init_domain(unsigned int i)
{
	struct mach_dom *m = &mach_dom[i];

	memset(m, 0, sizeof(*m));
	m->d.id = (uint16_t)i;
	m->d.refs = 1;
	m->d.privileged = i == 0;
	m->d.page_max = ~0UL;
	m->d.vcpu_count = 1;
	m->d.vcpus = m->vcpus;
	m->vcpus[0] = &m->v;
	m->v.domain = &m->d;
	m->v.pv.kernel_mode = true;
	m->v.pv.kernel_cr3 = m->v.pv.user_cr3 = MFN_NONE;
	m->v.pv.pending_vector = -1;
	lock_init(&m->d.page_lock, RANK_PAGES);
	lock_init(&m->d.lock, RANK_DOMAIN);
}

static void init_special(struct domain *d, uint16_t id)
{
	memset(d, 0, sizeof(*d));
	d->id = id;
	d->refs = 1;
	d->page_max = ~0UL;
	d->is_special = true;
}

/* The allocator has no way back to its beginning: give it all its memory. */
void mach_reset(uint64_t n)
{
	static bool begun;
	uint64_t have = begun ? buddy_total() : 0;

	ASSERT(n <= MACH_FRAMES && (!begun || buddy_free_count() == have));
	if (!begun) {
		fake_ram_init(n);
		buddy_add(mfn(1), n - 1);
		begun = true;
	}
	for (unsigned int i = 0; i < MACH_DOMAINS; i++)
		init_domain(i);
	init_special(&special_io, DOMID_IO);
	init_special(&special_xen, DOMID_XEN);
	dom_io = &special_io;
	dom_xen = &special_xen;
	dom0 = &mach_dom[0].d;
	memset(mach_held, 0, sizeof(mach_held));
	memset(mach_held_type, 0, sizeof(mach_held_type));
	memset(tlb, 0, sizeof(tlb));
	tlb_time = 1;
	for (unsigned int c = 0; c < MACH_CPUS; c++) {
		tlb_stamp[c] = ++tlb_time;
		running[c] = -1;
	}
	for (uint64_t i = 0; i < n; i++)
		frame_table[i].stamp = 0;
	mach_cpu = 0;
	spins = 0;
	ptype_hooks.promote = pv_promote;
	ptype_hooks.demote = pv_demote;
}

mfn_t mach_alloc(unsigned int i)
{
	mfn_t m = MFN_NONE;

	(void)domain_alloc_frames(mach_domain(i), 0, 0, &m);
	return m;
}

struct mach_space mach_space(unsigned int i, const mfn_t *data, unsigned int n)
{
	struct mach_space s = { mach_alloc(i), mach_alloc(i), mach_alloc(i),
				mach_alloc(i) };
	uint64_t flags = PTE_P | PTE_RW | PTE_US;

	*pt_entry(s.l4, 0) = mfn_to_paddr(s.l3) | flags;
	*pt_entry(s.l3, 0) = mfn_to_paddr(s.l2) | flags;
	*pt_entry(s.l2, 0) = mfn_to_paddr(s.l1) | flags;
	for (unsigned int k = 0; k < n; k++)
		*pt_entry(s.l1, k) = mfn_to_paddr(data[k]) | flags;
	return s;
}

void mach_teardown(unsigned int i, uint32_t units)
{
	struct mach_dom *m = &mach_dom[i];
	struct budget b;
	int rc;

	for (unsigned int c = 0; c < MACH_CPUS; c++)
		if (running[c] == (int)i)
			mach_run(c, -1);
	m->d.life = DOMAIN_DYING;
	do {
		b = BUDGET(units);
		rc = pv_set_kernel_base(&m->v, MFN_NONE, &b);
	} while (rc == -ERESTART);
	do {
		b = BUDGET(units);
		rc = pv_set_user_base(&m->v, MFN_NONE, &b);
	} while (rc == -ERESTART);
	do {
		b = BUDGET(units);
		rc = domain_relinquish_frames(&m->d, &b);
	} while (rc == -ERESTART);
	m->d.life = DOMAIN_ALIVE;
}

/* --- the checks --- */

static uint32_t want_refs[MACH_FRAMES], want_types[MACH_FRAMES];
static char why[160];

#define FAIL(...)                                         \
	do {                                              \
		snprintf(why, sizeof(why), __VA_ARGS__);  \
		return why;                               \
	} while (0)

static void count_entry(unsigned int level, uint64_t e)
{
	mfn_t m = pte_mfn(e);

	if (!pte_present(e) || !frame_is_ram(m))
		return;
	want_refs[m.v]++;
	if (level > 1 || (e & PTE_RW))
		want_types[m.v]++;
}

static void count_table(uint64_t n)
{
	const struct frame *f = &frame_table[n];
	unsigned int level = f->type >> PTYPE_SHIFT, k = 0;

	if (!ptype_is_table(ptype_in(f->type)))
		return;
	if (f->type & PTYPE_VALID)
		k = PT_ENTRIES;
	else if (f->type & PTYPE_PARTIAL)
		k = f->stamp;
	for (unsigned int i = 0; i < k; i++)
		if (!pt_slot_is_ours(level, i))
			count_entry(level, *pt_entry(mfn(n), i));
}

static void count_base(mfn_t m)
{
	if (mfn_eq(m, MFN_NONE))
		return;
	want_refs[m.v]++;
	want_types[m.v]++;
}

static void count_frame(uint64_t n)
{
	const struct frame *f = &frame_table[n];

	want_refs[n] += mach_held[n] + !!(f->refs & FRAME_ALLOCATED);
	want_types[n] += mach_held_type[n];
	want_refs[n] += !!(f->type & PTYPE_PARTIAL);
	if (f->type & PTYPE_PINNED) {
		want_refs[n]++;
		want_types[n]++;
	}
	count_table(n);
}

static const char *check_frame(uint64_t n)
{
	const struct frame *f = &frame_table[n];
	uint64_t refs = f->refs & FRAME_COUNT_MASK;
	uint64_t types = f->type & PTYPE_COUNT_MASK;
	bool valid = f->type & PTYPE_VALID;

	if (f->owner == DOMID_INVALID)
		return NULL;
	if (refs != want_refs[n])
		FAIL("frame %lu: %lu references, %u found", n, refs,
		     want_refs[n]);
	if (types != want_types[n])
		FAIL("frame %lu: type %lx, %u found", n, f->type,
		     want_types[n]);
	if (valid != (types > 0))
		FAIL("frame %lu: type word %lx", n, f->type);
	if (f->type & (PTYPE_BUSY | PTYPE_LOCKED))
		FAIL("frame %lu: left busy or locked: %lx", n, f->type);
	if (types > refs)
		FAIL("frame %lu: more types than references", n);
	return NULL;
}

static const char *check_translation(const struct translation *t)
{
	const struct frame *f;

	if (!t->used || t->m.v >= frame_limit())
		return NULL;
	f = &frame_table[t->m.v];
	if (f->owner != DOMID_INVALID && f->owner != t->owner)
		FAIL("frame %lu of %u is still mapped from when it was %u's",
		     t->m.v, f->owner, t->owner);
	if (f->owner == DOMID_INVALID && (f->refs & FRAME_HV))
		FAIL("frame %lu, ours, is still mapped by %d", t->m.v, t->dom);
	if (t->write && f->owner != DOMID_INVALID &&
	    (f->type & (PTYPE_VALID | PTYPE_PARTIAL)) &&
	    (ptype_is_table(ptype_in(f->type)) ||
	     ptype_in(f->type) == PTYPE_SEGDESC))
		FAIL("table %lu is still mapped writable", t->m.v);
	return NULL;
}

const char *mach_check(void)
{
	const char *bad = NULL;

	memset(want_refs, 0, sizeof(want_refs));
	memset(want_types, 0, sizeof(want_types));
	for (unsigned int i = 0; i < MACH_DOMAINS; i++) {
		count_base(mach_dom[i].v.pv.kernel_cr3);
		count_base(mach_dom[i].v.pv.user_cr3);
	}
	for (uint64_t n = 1; n < frame_limit(); n++)
		if (frame_table[n].owner != DOMID_INVALID)
			count_frame(n);
	for (uint64_t n = 1; !bad && n < frame_limit(); n++)
		bad = check_frame(n);
	for (unsigned int c = 0; c < MACH_CPUS; c++)
		for (unsigned int i = 0; !bad && i < TLB_SIZE; i++)
			bad = check_translation(&tlb[c][i]);
	return bad;
}

const char *mach_check_empty(void)
{
	if (buddy_free_count() != buddy_total())
		FAIL("%lu of %lu frames are free", buddy_free_count(),
		     buddy_total());
	for (unsigned int i = 0; i < MACH_DOMAINS; i++) {
		const struct domain *d = &mach_dom[i].d;

		if (d->page_count || d->page_head || d->page_tail)
			FAIL("domain %u has %lu frames", i, d->page_count);
		if (d->refs != 1)
			FAIL("domain %u has %u references", i, d->refs);
		if (d->pv.nr_pagetables)
			FAIL("domain %u has %lu tables", i,
			     d->pv.nr_pagetables);
	}
	return NULL;
}
