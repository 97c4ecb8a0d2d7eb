// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guests for fuzzers, the values that they try, and what they do to the memory
 * that they may write; see hostile.h.
 */
#include <grant/grant_priv.h>
#include <lib/assert.h>
#include <mm/ptype.h>
#include <pv/pt.h>
#include "hostile.h"

struct guest guests[DOMS];
uint64_t seed_now = 1;

uint32_t rnd(uint32_t n)
{
	seed_now = seed_now * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(seed_now >> 33) % n;
}

uint64_t rnd64(void)
{
	return (uint64_t)rnd(1U << 30) << 34 ^ (uint64_t)rnd(1U << 30) << 10 ^
	       rnd(1024);
}

/* --- guests --- */

/* Handlers, a stack and user tables, so that not every trap is the end. */
static void make_usable(struct vcpu *v, mfn_t l4)
{
	struct budget b = BUDGET(1000000);

	for (unsigned int i = 0; i < 256; i++)
		v->pv.traps[i].address = PAGE_SIZE + 16 * i;
	v->pv.event.address = v->pv.failsafe.address = PAGE_SIZE;
	v->pv.syscall.address = PAGE_SIZE;
	v->pv.kernel_sp = FAKE_BUF + FAKE_BUF_SIZE / 2;
	v->regs.rsp = FAKE_BUF + FAKE_BUF_SIZE / 2;
	v->regs.cs = 0xe033;
	v->regs.ss = 0xe02b;
	ASSERT(!pv_set_user_base(v, l4, &b));
}

void make_guest(unsigned int i)
{
	struct guest *g = &guests[i];
	struct vcpu *v;

	/* A dead one keeps its id as long as others have its frames mapped. */
	for (uint16_t id = (uint16_t)i; !g->d; id += DOMS) {
		ASSERT(id < 64 * DOMS);
		g->d = fake_domain(id, SPARE_VCPU + 1);
	}
	g->d->privileged = i == 0;
	for (uint32_t irq = 0; i == 0 && irq < 40; irq++)
		ASSERT(!iocap_permit_irq(g->d, irq, true));
	g->tables[0] = fake_tables(g->d);
	g->tables[1] = g->d->vcpus[0]->pv.kernel_cr3;
	for (unsigned int k = 0; k < DATA_FRAMES; k++)
		g->data[k] = fake_frame(g->d);
	g->d->page_max = g->d->page_count + 16;
	for_each_vcpu(g->d, v)
		make_usable(v, g->tables[1]);
	vcpu_down(g->d->vcpus[SPARE_VCPU]);
	fake_settle();
	g->d->vcpus[SPARE_VCPU]->initialised = false;
}

void end_guest(unsigned int i)
{
	fake_destroy(guests[i].d);
	guests[i].d = NULL;
}

struct guest *guest_of(const struct vcpu *v)
{
	for (unsigned int i = 0; i < DOMS; i++)
		if (guests[i].d == v->domain)
			return &guests[i];
	return &guests[0];
}

mfn_t own_data(const struct vcpu *v)
{
	return guest_of(v)->data[rnd(DATA_FRAMES)];
}

mfn_t some_frame(void)
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

uint16_t some_domid(void)
{
	return guests[rnd(DOMS)].d->id;
}

/* --- the dictionary --- */

uint64_t some_value(void)
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

void fill_buf(void)
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

void write_memory(void)
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
