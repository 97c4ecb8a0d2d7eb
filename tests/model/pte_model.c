// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules for page-table entries, all cases: every combination of an
 * entry's flags, at every level, for every kind of frame it may name, by every
 * kind of caller, beside the same rules written down once more here.  Three
 * parts:
 *
 *  - which entries may be made, and the references that each then owns;
 *  - which changes of an entry may skip those checks: exactly those after
 *    which it reaches the same frame with no more rights;
 *  - what a table holds after a write, and what both targets' counts are.
 *
 * The bits available to software are one bit for each of their two groups:
 * the unit test of pte.c looks at every single bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../host/mmu_machine.h"

#define RAM_FRAMES 96
#define PLENTY 100000
#define FLAG_BITS 12
#define COMBINATIONS (1U << FLAG_BITS)

static const uint64_t flag[FLAG_BITS] = {
	PTE_P, PTE_RW, PTE_US, PTE_PWT, PTE_PCD, PTE_A, PTE_D, PTE_PSE, PTE_G,
	BIT(9), BIT(52), PTE_NX,
};
static uint64_t flags_of[COMBINATIONS];

#define CACHEABILITY (PTE_PWT | PTE_PCD | PTE_PSE) /* bit 7: PAT at level 1 */

static void fail(const char *what, unsigned int level, uint64_t e,
		 unsigned int kind, int want, int got)
{
	fprintf(stderr, "pte_model: %s: level %u, entry %lx, case %u: %d, not %d\n",
		what, level, e, kind, got, want);
	abort();
}

static void require(const char *bad)
{
	if (!bad)
		return;
	fprintf(stderr, "pte_model: %s\n", bad);
	abort();
}

/* --- what entries may name --- */

enum kind {
	IDLE, /* the owner's, of no type */
	WRITTEN, /* the owner's, mapped writable */
	L1, L2, L3, L4, /* the owner's tables, in this order */
	SEGMENTS, /* the owner's descriptor table */
	SHOWN, /* the hypervisor's, shown to the owner, never writable */
	GIVEN, /* the hypervisor's, the owner may write it */
	RETURNED, /* given back by the owner, still referenced by somebody */
	FOREIGN, /* another domain's */
	FOREIGN_L1,
	OURS, /* the hypervisor's */
	UNUSED,
	DEVICE, /* device memory that domain 0 has rights to */
	NOTHING, /* beyond RAM, nobody has rights */
	KINDS
};

static mfn_t named[2][KINDS]; /* by the owner's id */

static mfn_t typed(unsigned int owner, enum ptype t)
{
	struct budget b = BUDGET(PLENTY);
	mfn_t m = mach_alloc(owner);

	frame_get_held(m);
	mach_held[m.v]++;
	if (ptype_get(m, t, &b))
		require("a frame did not take its type");
	mach_held_type[m.v]++;
	return m;
}

static mfn_t shown(unsigned int owner, bool read_only)
{
	mfn_t m = buddy_alloc(0, 0);

	frame_share_with(m, mach_domain(owner), read_only);
	mach_held[m.v]++;
	mach_held_type[m.v]++;
	return m;
}

static mfn_t returned(unsigned int owner)
{
	mfn_t m = mach_alloc(owner);

	frame_get_held(m);
	mach_held[m.v]++;
	if (domain_free_frame(mach_domain(owner), m))
		require("a frame was not given back");
	return m;
}

static mfn_t unused(void)
{
	mfn_t m = buddy_alloc(0, 0);

	buddy_free(m, 0);
	return m;
}

static void make_kinds(unsigned int o)
{
	mfn_t *n = named[o];

	n[IDLE] = mach_alloc(o);
	n[WRITTEN] = typed(o, PTYPE_WRITABLE);
	n[L1] = typed(o, PTYPE_L1);
	n[L2] = typed(o, PTYPE_L2);
	n[L3] = typed(o, PTYPE_L3);
	n[L4] = typed(o, PTYPE_L4);
	n[SEGMENTS] = typed(o, PTYPE_SEGDESC);
	n[SHOWN] = shown(o, true);
	n[GIVEN] = shown(o, false);
	n[RETURNED] = returned(o);
	n[FOREIGN] = mach_alloc(2);
	n[FOREIGN_L1] = typed(2, PTYPE_L1);
	n[OURS] = buddy_alloc(0, 0);
	n[DEVICE] = mfn(MACH_MMIO);
	n[NOTHING] = mfn(MACH_MMIO + 1);
}

/* --- the rules of making an entry --- */

struct caller {
	int asks; /* a domain, or -1: nobody, a whole table is validated */
	unsigned int owner; /* of the table */
	enum { OWN, OTHERS, IO } target; /* whose frames are meant */
};

static const struct caller callers[] = {
	{ -1, 0, OWN }, { -1, 1, OWN },
	{ 0, 0, OWN }, { 0, 0, OTHERS }, { 0, 0, IO },
	{ 1, 1, OWN }, { 1, 1, IO },
	{ 0, 1, OWN }, { 0, 1, OTHERS }, { 0, 1, IO },
};

static bool is_ram(enum kind k)
{
	return k != DEVICE && k != NOTHING;
}

static bool belongs_to_target(const struct caller *c, enum kind k)
{
	if (k == FOREIGN || k == FOREIGN_L1)
		return c->target == OTHERS;
	if (k == OURS || k == UNUSED)
		return false;
	return c->target == OWN;
}

static bool may_be_written(enum kind k)
{
	return k == IDLE || k == WRITTEN || k == GIVEN || k == RETURNED ||
	       k == FOREIGN;
}

/* A table of this level, or memory that becomes one (and is empty here). */
static bool serves_as_table(enum kind k, unsigned int level)
{
	return k == IDLE || k == RETURNED ||
	       k == (enum kind)(L1 + level - 1);
}

/* Only domain 0 has devices. Whoever asks must have the right, and the owner. */
static int rule_device(const struct caller *c, enum kind k)
{
	bool asker = c->target == OWN ? c->owner == 0 :
		     c->target == IO  ? (c->asks < 0 ? c->owner == 0 :
						       c->asks == 0) :
					false;

	return k == DEVICE && asker && c->owner == 0 ? 0 : -EPERM;
}

static int rule_leaf(const struct caller *c, enum kind k, uint64_t e)
{
	if (!is_ram(k))
		return rule_device(c, k);
	if ((e & CACHEABILITY) && c->owner != 0)
		return -EINVAL;
	if (!belongs_to_target(c, k))
		return -EINVAL;
	return (e & PTE_RW) && !may_be_written(k) ? -EBUSY : 0;
}

static int rule_table(const struct caller *c, unsigned int level, enum kind k,
		      uint64_t e)
{
	if (e & (CACHEABILITY | PTE_G))
		return -EINVAL;
	if (c->target != OWN)
		return -EPERM;
	if (!is_ram(k) || !belongs_to_target(c, k))
		return -EINVAL;
	return serves_as_table(k, level - 1) ? 0 : -EBUSY;
}

static int rule(const struct caller *c, unsigned int level, enum kind k,
		uint64_t e)
{
	return level == 1 ? rule_leaf(c, k, e) : rule_table(c, level, k, e);
}

/* --- part one: making entries --- */

struct counts {
	uint64_t refs, types;
};

static struct counts counts_of(enum kind k, mfn_t m)
{
	struct counts n = { 0 };

	if (is_ram(k)) {
		n.refs = frame_at(m)->refs & FRAME_COUNT_MASK;
		n.types = frame_at(m)->type & PTYPE_COUNT_MASK;
	}
	return n;
}

static bool counts_are(enum kind k, mfn_t m, struct counts n, unsigned int refs,
		       unsigned int types)
{
	struct counts now = counts_of(k, m);

	return now.refs == n.refs + refs && now.types == n.types + types;
}

static void try_entry(const struct caller *c, const struct pt_ctx *ctx,
		      unsigned int level, enum kind k, uint64_t flags)
{
	struct budget b = BUDGET(PLENTY);
	mfn_t m = named[c->owner][k];
	uint64_t e = mfn_to_paddr(m) | flags;
	struct counts before = counts_of(k, m);
	int want = rule(c, level, k, e), got = pte_take(ctx, level, e, &b);
	bool owns = !want && is_ram(k);

	if (want != got)
		fail("taken", level, e, k, want, got);
	if (!counts_are(k, m, before, owns,
			owns && (level > 1 || (e & PTE_RW))))
		fail("references taken", level, e, k, want, got);
	if (!got && pte_drop(level, e, &b))
		fail("dropped", level, e, k, 0, -1);
	if (!counts_are(k, m, before, 0, 0))
		fail("references left", level, e, k, want, got);
}

/* Entries that are not present own nothing, so nobody takes them. */
static unsigned long make_entries(const struct caller *c)
{
	struct domain *target[] = {
		[OWN] = mach_domain(c->owner),
		[OTHERS] = mach_domain(2),
		[IO] = dom_io,
	};
	struct pt_ctx ctx = {
		.v = c->asks < 0 ? NULL : &mach_dom[c->asks].v,
		.owner = mach_domain(c->owner),
		.target = target[c->target],
	};
	unsigned long n = 0;

	named[c->owner][UNUSED] = unused();
	for (unsigned int level = 1; level <= 4; level++)
		for (unsigned int k = 0; k < KINDS; k++)
			for (unsigned int i = 0; i < COMBINATIONS; i++) {
				if (!(flags_of[i] & PTE_P))
					continue;
				try_entry(c, &ctx, level, k, flags_of[i]);
				n++;
			}
	return n;
}

/* --- part two: changes that skip the checks --- */

/*
 * A flag that neither reaches anything, nor is a rule's business.  RW is
 * neither above level 1, where it takes no more rights than the entry has.
 */
static uint64_t free_flags(unsigned int level)
{
	uint64_t f = PTE_A | PTE_D | BIT(9) | BIT(52) | PTE_NX;

	return level > 1 ? f | PTE_RW : f;
}

static bool rule_keeps(unsigned int level, uint64_t old, uint64_t e)
{
	bool lost_rw = (old & PTE_RW) && !(e & PTE_RW);
	uint64_t ignore = free_flags(level) | (lost_rw ? PTE_RW : 0);

	return (old & PTE_P) && (old | ignore) == (e | ignore);
}

/* All pairs of flags; of addresses two, the second of which differs in a bit. */
static unsigned long compare_changes(void)
{
	unsigned long n = 0;

	for (unsigned int level = 1; level <= 4; level++)
		for (unsigned int i = 0; i < COMBINATIONS; i++)
			for (unsigned int k = 0; k < COMBINATIONS; k++, n++) {
				uint64_t old = 0x5000 | flags_of[i];
				uint64_t e = 0x5000 | flags_of[k];
				bool want = rule_keeps(level, old, e);

				if (pte_keeps_target(level, old, e) != want)
					fail("short way", level, old, k, want,
					     !want);
				if (want && pte_keeps_target(level, old,
							     e ^ 0x1000))
					fail("other target", level, old, k, 0,
					     1);
			}
	return n;
}

/*
 * The sense of that rule: whoever was allowed the old entry is allowed the
 * new one, which owns nothing that the old one did not.
 */
static void changes_are_harmless(unsigned int level, uint64_t old, uint64_t e)
{
	if (!pte_keeps_target(level, old, e))
		return;
	for (unsigned int c = 0; c < ARRAY_SIZE(callers); c++)
		for (unsigned int k = 0; k < KINDS; k++)
			if (!rule(&callers[c], level, k, old) &&
			    rule(&callers[c], level, k, e))
				fail("short way to the forbidden", level, old,
				     k, 0, 0);
	if (level == 1 && (e & PTE_RW) && !(old & PTE_RW))
		fail("short way to write", level, old, 0, 0, 0);
}

static void all_changes_are_harmless(void)
{
	uint64_t fixed = BIT(9) | BIT(52) | PTE_A | PTE_NX;

	for (unsigned int level = 1; level <= 4; level++)
		for (unsigned int i = 0; i < COMBINATIONS; i++)
			for (unsigned int k = 0; k < COMBINATIONS; k++)
				if (!((flags_of[i] | flags_of[k]) & fixed))
					changes_are_harmless(level, flags_of[i],
							     flags_of[k]);
}

/* --- part three: entries in a table --- */

#define SLOT 5

struct scene {
	mfn_t table[5]; /* by level */
	mfn_t a[5], b[5]; /* what entries of that level may name */
	struct pt_ctx ctx;
};

static struct scene scene;

static mfn_t pinned(unsigned int owner, enum ptype t)
{
	struct budget b = BUDGET(PLENTY);
	mfn_t m = mach_alloc(owner);

	if (ptype_pin(m, t, mach_domain(owner), &b))
		require("a table was not pinned");
	return m;
}

static void make_scene(void)
{
	scene.ctx = (struct pt_ctx){ .v = &mach_dom[1].v,
				     .owner = mach_domain(1),
				     .target = mach_domain(1) };
	for (unsigned int level = 1; level <= 4; level++) {
		enum ptype below = (enum ptype)(level - 1);

		scene.table[level] = pinned(1, (enum ptype)level);
		scene.a[level] = level > 1 ? pinned(1, below) : mach_alloc(1);
		scene.b[level] = level > 1 ? pinned(1, below) : mach_alloc(1);
	}
}

static uint64_t entry(unsigned int level)
{
	return *pt_entry(scene.table[level], SLOT);
}

static int put_entry(unsigned int level, enum pt_how how, uint64_t expected,
		     uint64_t e)
{
	struct budget b = BUDGET(PLENTY);
	struct pt_write w = {
		.table = scene.table[level], .index = SLOT, .how = how,
		.expected = expected, .val = e,
	};

	return pt_write(&scene.ctx, &w, &b);
}

/* An entry's share in the counts of @m, on top of what it has without. */
static void check_share(unsigned int level, uint64_t e, mfn_t m)
{
	bool here = (e & PTE_P) && (e & PTE_ADDR) == mfn_to_paddr(m);
	bool type = here && (level > 1 || (e & PTE_RW));
	uint64_t alone = level > 1 ? 2 : 1; /* allocated; pinned */
	struct counts n = counts_of(IDLE, m);

	if (n.refs != alone + here || n.types != alone - 1 + type)
		fail("an entry's references", level, e, 0, (int)alone,
		     (int)n.refs);
}

/* What is kept for @e: users may use it, nothing is global. */
static uint64_t kept(unsigned int level, uint64_t e)
{
	if (e & PTE_P) {
		e |= PTE_US;
		if (level == 1)
			e &= ~PTE_G;
	}
	return e;
}

static int rule_write(unsigned int level, uint64_t e)
{
	static const struct caller self = { 1, 1, OWN };
	mfn_t m = pte_mfn(e);
	enum kind k = mfn_eq(m, scene.a[level]) || mfn_eq(m, scene.b[level]) ?
			      (level > 1 ? (enum kind)(L1 + level - 2) : IDLE) :
			      FOREIGN;

	if (!(e & PTE_P))
		return 0;
	return rule(&self, level, k, kept(level, e));
}

static void try_write(unsigned int level, uint64_t old, enum pt_how how,
		      bool stale, uint64_t e)
{
	int want = rule_write(level, e), got;
	uint64_t after = kept(level, e);

	if (put_entry(level, PT_STORE, 0, old))
		fail("the first entry", level, old, 0, 0, -1);
	old = entry(level);
	if (stale)
		want = -EAGAIN;
	if (how == PT_KEEP_AD)
		after |= old & (PTE_A | PTE_D);
	got = put_entry(level, how, stale ? old ^ PTE_AVAIL : old, e);
	if (want != got)
		fail("written", level, e, how, want, got);
	if (entry(level) != (want ? old : after))
		fail("left in the table", level, e, how, want, got);
	check_share(level, entry(level), scene.a[level]);
	check_share(level, entry(level), scene.b[level]);
}

static unsigned long write_from(unsigned int level, uint64_t old)
{
	const mfn_t to[] = { scene.a[level], scene.b[level],
			     named[1][FOREIGN] };
	unsigned long n = 0;

	for (unsigned int t = 0; t < ARRAY_SIZE(to); t++)
		for (unsigned int i = 0; i < COMBINATIONS; i++, n += 4) {
			uint64_t e = mfn_to_paddr(to[t]) | flags_of[i];

			try_write(level, old, PT_STORE, false, e);
			try_write(level, old, PT_KEEP_AD, false, e);
			try_write(level, old, PT_EXPECT, false, e);
			try_write(level, old, PT_EXPECT, true, e);
		}
	require(mach_check());
	return n;
}

static unsigned long write_entries(void)
{
	unsigned long n = 0;

	make_scene();
	for (unsigned int level = 1; level <= 4; level++) {
		uint64_t a = mfn_to_paddr(scene.a[level]);
		const uint64_t old[] = {
			0, a | PTE_RW, a | PTE_P, a | PTE_P | PTE_RW,
			a | PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX,
		};

		for (unsigned int i = 0; i < ARRAY_SIZE(old); i++)
			n += write_from(level, old[i]);
		if (put_entry(level, PT_STORE, 0, 0))
			require("an entry could not be cleared");
	}
	return n;
}

int main(void)
{
	unsigned long made = 0, compared, written;

	for (unsigned int i = 0; i < COMBINATIONS; i++)
		for (unsigned int k = 0; k < FLAG_BITS; k++)
			if (i & 1U << k)
				flags_of[i] |= flag[k];
	mach_reset(RAM_FRAMES);
	make_kinds(0);
	make_kinds(1);
	for (unsigned int c = 0; c < ARRAY_SIZE(callers); c++)
		made += make_entries(&callers[c]);
	compared = compare_changes();
	all_changes_are_harmless();
	written = write_entries();
	printf("pte_model: %lu entries, %lu changes, %lu writes: no rule broken\n",
	       made, compared, written);
	return 0;
}
