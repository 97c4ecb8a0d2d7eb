// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random hypercalls of hostile guests against the whole core.
 *
 *	fuzz_hypercall [steps [seed]]
 *
 * Three guests and a domain with a control domain's rights (that makes no
 * domctl, sysctl or platform_op) do anything: arguments and argument blocks
 * come from a dictionary of what is nearly right.  Guests scribble on all
 * memory that they may write, and die at random.  Sanitizers, lock ranks,
 * assertions and the checks below are what finds fault; at the end every frame
 * must have come back.  The same seed does the same thing.
 */
#include <stdio.h>
#include <unistd.h>
#include <grant/grant_priv.h>
#include <hypercall/hypercall.h>
#include <lib/assert.h>
#include <port/hooks.h>
#include <pv/pv.h>
#include <pv/pt.h>
#include "../host/core_test.h"

#define DOMS 4
#define DATA_FRAMES 24
#define CHECK_EVERY 256

struct guest {
	struct domain *d;
	mfn_t tables[4]; /* found by address, level 1 first */
	mfn_t data[DATA_FRAMES];
};

static struct guest guests[DOMS];
static uint64_t seed_now = 1;
static unsigned long calls, deaths, ok;

static uint32_t rnd(uint32_t n)
{
	seed_now = seed_now * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(seed_now >> 33) % n;
}

static uint64_t rnd64(void)
{
	return (uint64_t)rnd(1U << 30) << 34 ^ (uint64_t)rnd(1U << 30) << 10 ^
	       rnd(1024);
}

/* --- guests --- */

static void make_guest(unsigned int i)
{
	struct guest *g = &guests[i];
	struct vcpu *v;

	/* A dead one keeps its id as long as others have its frames mapped. */
	for (uint16_t id = (uint16_t)i; !g->d; id += DOMS) {
		ASSERT(id < 64 * DOMS);
		g->d = fake_domain(id, 2);
	}
	g->d->privileged = i == 0;
	g->tables[0] = fake_tables(g->d);
	g->tables[1] = g->d->vcpus[0]->pv.kernel_cr3;
	for (unsigned int k = 0; k < DATA_FRAMES; k++)
		g->data[k] = fake_frame(g->d);
	g->d->page_max = g->d->page_count + 16;
	for_each_vcpu(g->d, v) {
		v->regs.rsp = FAKE_BUF + FAKE_BUF_SIZE / 2;
		v->regs.cs = 0xe033;
		v->regs.ss = 0xe02b;
	}
	fake_settle();
}

static void end_guest(unsigned int i)
{
	fake_destroy(guests[i].d);
	guests[i].d = NULL;
	deaths++;
}

static mfn_t some_frame(void)
{
	struct guest *g = &guests[rnd(DOMS)];

	switch (rnd(8)) {
	case 0:
		return g->tables[rnd(2)];
	case 1:
		return g->d->shared_frame;
	case 2:
		return frame_of(g->d->grant->shared[0]);
	case 3:
		return mfn(rnd(FAKE_FRAMES + 64));
	default:
		return g->data[rnd(DATA_FRAMES)];
	}
}

static uint16_t some_domid(void)
{
	return guests[rnd(DOMS)].d->id;
}

/* --- the dictionary --- */

static uint64_t some_value(void)
{
	static const uint64_t odd[] = {
		0, 1, ~0UL, 0x7fffffff, 0x80000000, 0xffffffff, 0x7ff0, 0x7ff1,
		0x7ff2, 0x7ff4, 1UL << 47, 0xffff800000000000UL,
		0xffff830000000000UL, 1UL << 63, 4096, 4095, 512, 2048,
	};

	switch (rnd(10)) {
	case 0:
		return odd[rnd(ARRAY_SIZE(odd))];
	case 1:
		return some_frame().v;
	case 2:
		return mfn_to_paddr(some_frame()) | rnd(8);
	case 3:
		return mfn_to_paddr(some_frame()) | rnd(512) * 8 | rnd(4);
	case 4:
		return (uint64_t)rnd(40) * PAGE_SIZE; /* its address space */
	case 5:
		return FAKE_BUF + rnd(256) * 16;
	case 6:
		return rnd64();
	case 7:
		return some_domid();
	default:
		return rnd(24);
	}
}

/* Argument blocks: words, halves or shorts of the dictionary. */
static void fill_buf(void)
{
	unsigned int at = 0;

	while (at < 4096) {
		uint64_t val = some_value();
		unsigned int size = 2U << rnd(3);

		memcpy(fake_buf + at, &val, size);
		at += size;
	}
}

/* --- what guests write --- */

static bool may_write(const struct guest *g, mfn_t m)
{
	const struct frame *f = frame_at(m);

	return f->owner == g->d->id &&
	       (ptype_of(m) == PTYPE_WRITABLE || ptype_of(m) == PTYPE_NONE) &&
	       !(f->type & PTYPE_PARTIAL);
}

static void scribble(const struct guest *g, mfn_t m)
{
	uint8_t *p = frame_map(m);

	if (!may_write(g, m))
		return;
	for (unsigned int i = 0; i < 1 + rnd(8); i++) {
		uint64_t val = some_value();

		memcpy(p + rnd(256) * 16, &val, sizeof(val));
	}
}

/* An entry that another may well be able to use. */
static void grant_something(const struct guest *g)
{
	uint32_t ref = rnd(16);
	static const uint16_t flags[] = {
		GTF_permit_access, GTF_permit_access | GTF_readonly,
		GTF_transitive, GTF_accept_transfer,
		GTF_permit_access | GTF_sub_page, GTF_invalid,
	};
	uint16_t f = flags[rnd(ARRAY_SIZE(flags))];
	uint16_t to = some_domid();

	if (g->d->grant->version == 1) {
		struct grant_entry_v1 *e = entry_v1(g->d->grant, ref);

		e->frame = (uint32_t)some_frame().v;
		e->domid = to;
		e->flags = f;
	} else {
		union grant_entry_v2 *e = entry_v2(g->d->grant, ref);

		e->full_page.frame = some_frame().v;
		if (f == GTF_transitive) {
			e->transitive.trans_domid = some_domid();
			e->transitive.gref = rnd(16);
		}
		e->hdr.domid = to;
		e->hdr.flags = f;
	}
}

/* --- calls --- */

static const uint8_t favourites[] = {
	__HYPERVISOR_event_channel_op, __HYPERVISOR_grant_table_op,
	__HYPERVISOR_grant_table_op, __HYPERVISOR_grant_table_op,
	__HYPERVISOR_event_channel_op, __HYPERVISOR_memory_op,
	__HYPERVISOR_mmu_update, __HYPERVISOR_mmuext_op,
	__HYPERVISOR_update_va_mapping, __HYPERVISOR_multicall,
	__HYPERVISOR_vcpu_op, __HYPERVISOR_sched_op,
};

static bool left_out(uint64_t nr)
{
	return nr == __HYPERVISOR_domctl || nr == __HYPERVISOR_sysctl ||
	       nr == __HYPERVISOR_platform_op;
}

/* Calls whose first argument is a command, and the buffer the second. */
static void shape_args(uint64_t nr, uint64_t arg[6])
{
	for (unsigned int i = 0; i < 6; i++)
		arg[i] = some_value();
	switch (nr) {
	case __HYPERVISOR_grant_table_op:
		arg[0] = rnd(14);
		arg[1] = FAKE_BUF;
		arg[2] = rnd(4) ? 1 : rnd(40);
		break;
	case __HYPERVISOR_event_channel_op:
		arg[0] = rnd(15);
		arg[1] = FAKE_BUF;
		break;
	case __HYPERVISOR_memory_op:
	case __HYPERVISOR_sched_op:
	case __HYPERVISOR_physdev_op:
	case __HYPERVISOR_xen_version:
		arg[0] = rnd(30);
		arg[1] = FAKE_BUF;
		break;
	case __HYPERVISOR_vcpu_op:
		arg[0] = rnd(16);
		arg[1] = rnd(3);
		arg[2] = FAKE_BUF;
		break;
	case __HYPERVISOR_mmu_update:
	case __HYPERVISOR_mmuext_op:
	case __HYPERVISOR_multicall:
		arg[0] = FAKE_BUF;
		arg[1] = rnd(8);
		arg[2] = rnd(2) ? 0 : FAKE_BUF + 64;
		arg[3] = rnd(2) ? DOMID_SELF : rnd(5);
		break;
	}
}

/* --- blocks that are right but for luck --- */

static struct guest *guest_of(const struct vcpu *v)
{
	for (unsigned int i = 0; i < DOMS; i++)
		if (guests[i].d == v->domain)
			return &guests[i];
	return &guests[0];
}

static mfn_t own_data(const struct vcpu *v)
{
	return guest_of(v)->data[rnd(DATA_FRAMES)];
}

static void event_block(const struct vcpu *v, uint64_t cmd)
{
	uint32_t *w = (uint32_t *)(void *)fake_buf;
	uint16_t *h = (uint16_t *)(void *)fake_buf;
	struct evtchn_init_control *c = (void *)fake_buf;

	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		h[0] = DOMID_SELF;
		h[1] = some_domid();
		break;
	case EVTCHNOP_bind_interdomain:
		h[0] = some_domid();
		w[1] = rnd(6);
		break;
	case EVTCHNOP_init_control:
		*c = (struct evtchn_init_control){
			.control_gfn = own_data(v).v, .vcpu = rnd(2),
			.offset = rnd(32) * 8,
		};
		break;
	case EVTCHNOP_expand_array:
		*(uint64_t *)(void *)fake_buf = own_data(v).v;
		break;
	case EVTCHNOP_status:
	case EVTCHNOP_reset:
		h[0] = DOMID_SELF;
		w[1] = rnd(6);
		break;
	case EVTCHNOP_bind_virq:
		w[0] = rnd(24);
		w[1] = rnd(2);
		break;
	default:
		w[0] = rnd(6);
		w[1] = rnd(2);
	}
}

static void map_block(void)
{
	struct gnttab_map_grant_ref *m = (void *)fake_buf;

	for (unsigned int i = 0; i < 40; i++)
		m[i] = (struct gnttab_map_grant_ref){
			.host_addr = (rnd(40) + 1) * PAGE_SIZE,
			.flags = 1 + rnd(8), .ref = rnd(16),
			.dom = some_domid(),
		};
}

static void unmap_block(bool replace)
{
	struct gnttab_unmap_grant_ref *m = (void *)fake_buf;

	for (unsigned int i = 0; i < 40; i++)
		m[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = (rnd(40) + 1) * PAGE_SIZE,
			.dev_bus_addr = replace ? rnd(40) * PAGE_SIZE :
				rnd(4) ? 0 : mfn_to_paddr(some_frame()),
			.handle = rnd(12),
		};
}

static struct gnttab_copy_ptr copy_end(const struct vcpu *v, bool is_ref)
{
	struct gnttab_copy_ptr p = { .domid = is_ref ? some_domid() :
						       DOMID_SELF,
				     .offset = (uint16_t)rnd(4200) };

	p.u.gmfn = is_ref ? rnd(16) : own_data(v).v;
	return p;
}

static void copy_block(const struct vcpu *v)
{
	struct gnttab_copy *c = (void *)fake_buf;

	for (unsigned int i = 0; i < 40; i++) {
		c[i].flags = (uint16_t)rnd(4);
		c[i].len = (uint16_t)(rnd(4) ? rnd(200) : rnd(5000));
		c[i].source = copy_end(v, c[i].flags & GNTCOPY_source_gref);
		c[i].dest = copy_end(v, c[i].flags & GNTCOPY_dest_gref);
	}
}

static void grant_block(const struct vcpu *v, uint64_t cmd)
{
	struct gnttab_transfer *t = (void *)fake_buf;

	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		map_block();
		break;
	case GNTTABOP_unmap_grant_ref:
		unmap_block(false);
		break;
	case GNTTABOP_unmap_and_replace:
		unmap_block(true);
		break;
	case GNTTABOP_copy:
		copy_block(v);
		break;
	case GNTTABOP_set_version:
		*(uint32_t *)(void *)fake_buf = 1 + rnd(2);
		break;
	case GNTTABOP_swap_grant_ref:
		((uint32_t *)(void *)fake_buf)[0] = rnd(16);
		((uint32_t *)(void *)fake_buf)[1] = rnd(16);
		break;
	case GNTTABOP_transfer:
		for (unsigned int i = 0; i < 40; i++) {
			t[i].mfn = own_data(v).v;
			t[i].domid = some_domid();
			t[i].ref = rnd(16);
		}
		break;
	}
}

/* Entries of its own tables, mostly to its own frames. */
static void mmu_block(const struct vcpu *v)
{
	struct guest *g = guest_of(v);
	uint64_t *w = (uint64_t *)(void *)fake_buf;

	for (unsigned int i = 0; i < 16; i += 2) {
		mfn_t to = rnd(4) ? own_data(v) : g->tables[rnd(2)];

		w[i] = mfn_to_paddr(g->tables[0]) | rnd(40) * 8 |
		       (rnd(8) ? 0 : rnd(3));
		w[i + 1] = rnd(4) ? mfn_to_paddr(to) | PTE_P | PTE_US |
					    (rnd(2) ? PTE_RW : 0) :
				    0;
	}
}

static void mmuext_block(const struct vcpu *v)
{
	struct guest *g = guest_of(v);
	uint64_t *w = (uint64_t *)(void *)fake_buf;

	for (unsigned int i = 0; i < 24; i += 3) {
		*(uint32_t *)&w[i] = rnd(22);
		w[i + 1] = (rnd(3) ? own_data(v) : g->tables[rnd(2)]).v;
	}
}

/* Replace what chance has made by a block that might work. */
static void sensible_block(const struct vcpu *v, uint64_t nr, uint64_t cmd)
{
	switch (nr) {
	case __HYPERVISOR_event_channel_op:
		event_block(v, cmd);
		break;
	case __HYPERVISOR_grant_table_op:
		grant_block(v, cmd);
		break;
	case __HYPERVISOR_mmu_update:
		mmu_block(v);
		break;
	case __HYPERVISOR_mmuext_op:
		mmuext_block(v);
		break;
	}
}

/* A multicall's entries must not be the calls that are left out. */
static void clean_multicall(void)
{
	struct multicall_entry *e = (void *)fake_buf;

	for (unsigned int i = 0; i < 8; i++) {
		if (rnd(2))
			e[i].op = favourites[rnd(ARRAY_SIZE(favourites))];
		if (left_out(e[i].op))
			e[i].op = __HYPERVISOR_sched_op;
	}
}

static void one_call(struct vcpu *v)
{
	uint64_t nr = rnd(3) ? favourites[rnd(ARRAY_SIZE(favourites))] :
			       rnd(60);
	struct cpu_user_regs *r = &v->regs;
	uint64_t arg[6];

	if (left_out(nr))
		return;
	fill_buf();
	shape_args(nr, arg);
	if (rnd(3))
		sensible_block(v, nr, arg[0]);
	if (nr == __HYPERVISOR_multicall) {
		arg[0] = FAKE_BUF;
		clean_multicall();
	}
	r->rax = nr;
	r->rdi = arg[0];
	r->rsi = arg[1];
	r->rdx = arg[2];
	r->r10 = arg[3];
	r->r8 = arg[4];
	r->r9 = arg[5];
	r->rip = 0x1002;
	for (unsigned int turn = 0; turn < 50; turn++) {
		hypercall_dispatch(v);
		calls++;
		if (r->rip != 0x1000)
			break;
		/* Another vCPU may change the block meanwhile. */
		if (rnd(4) == 0 && nr != __HYPERVISOR_multicall)
			fill_buf();
		(void)exit_to_guest();
		if (sched_current() != v)
			break;
		r->rip = 0x1002;
	}
	ok += r->rax == 0;
}

static void write_memory(void)
{
	struct guest *g = &guests[rnd(DOMS)];

	switch (rnd(6)) {
	case 0:
		scribble(g, g->d->shared_frame);
		break;
	case 1:
		scribble(g, frame_of(g->d->grant->shared[0]));
		break;
	case 2:
		scribble(g, g->data[rnd(DATA_FRAMES)]);
		break;
	default:
		grant_something(g);
	}
}

static void step(void)
{
	struct vcpu *v;

	fake_on(rnd(FAKE_CPUS));
	(void)exit_to_guest();
	v = sched_current();
	if (!vcpu_is_idle(v))
		one_call(v);
	if (rnd(3) == 0)
		write_memory();
	if (rnd(16) == 0)
		fake_advance(rnd(20000000));
	if (rnd(2) == 0)
		fake_settle();
}

/* Guests that have ended themselves, or by chance, are replaced. */
static void renew(void)
{
	for (unsigned int i = 0; i < DOMS; i++) {
		bool stuck = true;
		struct vcpu *v;

		for_each_vcpu(guests[i].d, v)
			stuck &= v->pause_flags != 0;
		if (guests[i].d->shut_down || (stuck && rnd(4) == 0) ||
		    rnd(200) == 0) {
			end_guest(i);
			make_guest(i);
		}
	}
}

static void check(void)
{
	const char *bad = fake_check();

	if (bad)
		panic("%s", bad);
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1, before;

	seed_now = seed * 2654435761UL + 1;
	fake_start(FAKE_CPUS);
	for (unsigned int i = 0; i < DOMS; i++)
		make_guest(i);
	for (unsigned int i = 0; i < DOMS; i++)
		end_guest(i);
	before = buddy_free_count();
	for (unsigned int i = 0; i < DOMS; i++)
		make_guest(i);
	hooks.deliver_pending = pv_deliver_pending;
	for (unsigned long n = 0; n < steps; n++) {
		step();
		if (n % CHECK_EVERY == 0) {
			check();
			renew();
		}
	}
	for (unsigned int i = 0; i < DOMS; i++)
		end_guest(i);
	fake_settle();
	check();
	for (uint16_t id = 0; id < DOMID_FIRST_RESERVED; id++)
		if (domain_get(id))
			panic("domain %u is left", id);
	if (buddy_free_count() + 8 < before)
		panic("%lu frames are lost", before - buddy_free_count());
	printf("fuzz_hypercall: seed %lu: %lu calls, %lu succeeded, %lu domains died\n",
	       seed, calls, ok, deaths);
	return 0;
}
