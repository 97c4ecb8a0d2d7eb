// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page-type state machine, explored: four frames of two domains, tables of
 * two entries and two levels, and every sequence of operations up to a depth
 * (sequences that lead to the same state are continued once).  Each operation
 * that takes a budget is tried with one unit, so that all work is cut at every
 * place where it can be, and with plenty.
 *
 * After each step: no frame is writable, or translated writable by a CPU, and
 * a table; all references are recounted.  At the end of each sequence both
 * domains are torn down, with one unit at a time, and nothing may be left.
 *
 *	ptype_model [DEPTH [MAX_STATES]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <port/tlb.h>
#include "../host/mmu_machine.h"

#define FRAMES 4 /* numbers 1 to 4; 1 to 3 are domain 1's, 4 is 2's */
#define SLOTS 2
#define DEPTH_MAX 16
#define PLENTY 1000

enum kind {
	MAP, /* the owner maps it writable */
	UNMAP,
	TOUCH, /* a CPU of the owner uses that mapping */
	WRITE, /* an entry, through the mapping */
	PIN,
	PIN_BY_OTHER,
	UNPIN,
	SETTLE,
	FREE,
	MOVE, /* to the other domain */
	KINDS
};

struct op {
	uint8_t kind, frame, slot, target, rw, level, units;
};

static struct op ops[256];
static unsigned int op_count;
static bool mapped[FRAMES + 1];

/* --- tables of two entries --- */

static int toy_promote(struct domain *d, mfn_t m, int type, struct budget *b)
{
	struct frame *f = frame_at(m);

	while (f->stamp < SLOTS) {
		uint64_t e = *pt_entry(m, f->stamp);
		mfn_t t = pte_mfn(e);
		int rc = 0;

		if (pte_present(e)) {
			if (!frame_get(t, d))
				return -EINVAL;
			if (type > PTYPE_L1 || (e & PTE_RW))
				rc = ptype_get(t, type > PTYPE_L1 ?
						  (enum ptype)(type - 1) :
						  PTYPE_WRITABLE, b);
			if (rc) {
				frame_put(t);
				return rc;
			}
		}
		f->stamp++;
		if (budget_spend(b, 1) && f->stamp < SLOTS)
			return -ERESTART;
	}
	return 0;
}

static int toy_demote(struct domain *d, mfn_t m, int type, struct budget *b)
{
	struct frame *f = frame_at(m);
	int rc = 0;

	if (f->stamp == PTYPE_ALL)
		f->stamp = SLOTS;
	else if (f->stamp < SLOTS && pte_present(*pt_entry(m, f->stamp)))
		rc = ptype_settle(pte_mfn(*pt_entry(m, f->stamp)), d, b);
	while (!rc && f->stamp > 0) {
		uint64_t e = *pt_entry(m, --f->stamp);
		mfn_t t = pte_mfn(e);

		if (!pte_present(e))
			continue;
		if (type > PTYPE_L1 || (e & PTE_RW))
			rc = ptype_put(t, b);
		frame_put(t);
		if (!rc && budget_spend(b, 1) && f->stamp > 0)
			rc = -ERESTART;
	}
	return rc;
}

/* --- operations --- */

static unsigned int owner_of(uint8_t n)
{
	return frame_at(mfn(n))->owner;
}

static bool is_owned(uint8_t n)
{
	return owner_of(n) == 1 || owner_of(n) == 2;
}

static bool do_map(const struct op *o)
{
	struct budget b = BUDGET(o->units);
	mfn_t m = mfn(o->frame);

	if (mapped[o->frame] || !frame_get(m, mach_domain(owner_of(o->frame))))
		return false;
	if (ptype_get(m, PTYPE_WRITABLE, &b)) {
		frame_put(m);
		return true;
	}
	mapped[o->frame] = true;
	mach_held[m.v]++;
	mach_held_type[m.v]++;
	return true;
}

static bool do_unmap(uint8_t n)
{
	if (!mapped[n])
		return false;
	mapped[n] = false;
	mach_held[n]--;
	mach_held_type[n]--;
	frame_put_writable(mfn(n));
	return true;
}

static bool do_write(const struct op *o)
{
	uint64_t e = 0;

	if (!mapped[o->frame])
		return false;
	if (o->target)
		e = mfn_to_paddr(mfn(o->target)) | PTE_P |
		    (o->rw ? PTE_RW : 0);
	if (*pt_entry(mfn(o->frame), o->slot) == e)
		return false;
	*pt_entry(mfn(o->frame), o->slot) = e;
	return true;
}

static bool do_move(uint8_t n)
{
	struct domain *from = mach_domain(owner_of(n));
	struct domain *to = mach_domain(3 - owner_of(n));

	if (domain_steal_frame(from, mfn(n)))
		return false;
	if (domain_assign_frame(to, mfn(n)))
		abort();
	return true;
}

static bool do_typed(const struct op *o)
{
	struct domain *d = mach_domain(owner_of(o->frame));
	struct budget b = BUDGET(o->units);
	mfn_t m = mfn(o->frame);

	switch (o->kind) {
	case PIN:
		(void)!ptype_pin(m, (enum ptype)o->level, d, &b);
		return true;
	case PIN_BY_OTHER:
		if (ptype_pin(m, PTYPE_L1, mach_domain(3 - d->id), &b) == 0)
			abort();
		return true;
	case UNPIN:
		return ptype_unpin(m, d, &b) != -EINVAL;
	default:
		(void)!ptype_settle(m, d, &b);
		return true;
	}
}

/* False: it cannot be done, or changes nothing. */
static bool apply(const struct op *o)
{
	if (!is_owned(o->frame))
		return false;
	switch (o->kind) {
	case MAP:
		return do_map(o);
	case UNMAP:
		return do_unmap(o->frame);
	case TOUCH:
		if (!mapped[o->frame])
			return false;
		mach_note(owner_of(o->frame) - 1, o->frame * PAGE_SIZE,
			  mfn(o->frame), true);
		return true;
	case WRITE:
		return do_write(o);
	case FREE:
		return !domain_free_frame(mach_domain(owner_of(o->frame)),
					  mfn(o->frame));
	case MOVE:
		return do_move(o->frame);
	default:
		return do_typed(o);
	}
}

static void add_op(struct op o)
{
	ops[op_count++] = o;
}

static void add_writes(uint8_t f)
{
	for (uint8_t slot = 0; slot < SLOTS; slot++)
		for (uint8_t t = 0; t <= FRAMES; t++)
			for (uint8_t rw = 0; rw < (t ? 2 : 1); rw++)
				if (slot == 0 || t == 0 || (t == 2 && rw))
					add_op((struct op){ WRITE, f, slot, t,
							    rw, 0, 0 });
}

static void make_ops(void)
{
	static const uint8_t units[] = { 1, 255 };

	for (uint8_t f = 1; f <= FRAMES; f++) {
		for (uint8_t k = MAP; k < KINDS; k++)
			if (k != WRITE && k != PIN && k != UNPIN)
				add_op((struct op){ .kind = k, .frame = f,
						    .units = 1 });
		for (uint8_t u = 0; u < ARRAY_SIZE(units); u++) {
			for (uint8_t l = PTYPE_L1; l <= PTYPE_L2; l++)
				add_op((struct op){ .kind = PIN, .frame = f,
						    .level = l,
						    .units = units[u] });
			add_op((struct op){ .kind = UNPIN, .frame = f,
					    .units = units[u] });
		}
		add_writes(f);
	}
}

/* --- states --- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15UL;
	return h ^ h >> 29;
}

/* All that decides how the state can go on. */
static uint64_t state_hash(void)
{
	uint64_t h = 1;

	for (uint8_t n = 1; n <= FRAMES; n++) {
		const struct frame *f = frame_at(mfn(n));
		bool table = f->type & PTYPE_PARTIAL;

		h = mix(h, f->refs);
		h = mix(h, f->type);
		h = mix(h, f->owner);
		for (unsigned int c = 0; c < 2; c++) {
			h = mix(h, table ? f->stamp :
				   tlb_filter(cpu_bit(c), f->stamp) != 0);
			h = mix(h, mach_noted(c, n * PAGE_SIZE));
		}
		for (unsigned int s = 0; s < SLOTS; s++)
			h = mix(h, *pt_entry(mfn(n), s));
		h = mix(h, mapped[n]);
	}
	return h;
}

static uint64_t *seen;
static uint64_t seen_size, seen_count;

static bool first_seen(uint64_t h)
{
	uint64_t i = h & (seen_size - 1);

	h |= 1;
	while (seen[i]) {
		if (seen[i] == h)
			return false;
		i = (i + 1) & (seen_size - 1);
	}
	seen[i] = h;
	seen_count++;
	return true;
}

struct path {
	uint8_t len;
	uint8_t step[DEPTH_MAX];
};

static void print_path(const struct path *p)
{
	static const char *const name[] = {
		"map", "unmap", "touch", "write", "pin", "pin by other",
		"unpin", "settle", "free", "move",
	};

	for (unsigned int i = 0; i < p->len; i++) {
		const struct op *o = &ops[p->step[i]];

		fprintf(stderr,
			"  %s frame %u (slot %u -> %u%s, level %u, budget %u)\n",
			name[o->kind], o->frame, o->slot, o->target,
			o->rw ? " rw" : "", o->level, o->units);
	}
}

static void require(const char *bad, const struct path *p)
{
	if (!bad)
		return;
	fprintf(stderr, "ptype_model: %s after\n", bad);
	print_path(p);
	abort();
}

static void begin(void)
{
	struct domain *first = mach_domain(1), *second = mach_domain(2);

	mach_reset(FRAMES + 1);
	ptype_hooks.promote = toy_promote;
	ptype_hooks.demote = toy_demote;
	memset(mapped, 0, sizeof(mapped));
	mach_run(0, 1);
	mach_run(1, 2);
	/* The allocator gives them in an order of its own. */
	for (unsigned int n = 0; n < FRAMES; n++) {
		mfn_t m = buddy_alloc(0, 0);

		if (domain_assign_frame(m.v == FRAMES ? second : first, m))
			abort();
	}
}

static void end(const struct path *p)
{
	for (uint8_t n = 1; n <= FRAMES; n++)
		if (mapped[n])
			do_unmap(n);
	mach_teardown(1, 1);
	mach_teardown(2, 1);
	require(mach_check(), p);
	require(mach_check_empty(), p);
}

/* Do all of @p; false if its last step could not be done. */
static bool replay(const struct path *p)
{
	bool done = true;

	begin();
	for (unsigned int i = 0; i < p->len; i++)
		done = apply(&ops[p->step[i]]);
	require(mach_check(), p);
	return done;
}

static struct path *queue;
static uint64_t queued;

static void expand(const struct path *from, uint64_t max)
{
	for (unsigned int i = 0; i < op_count; i++) {
		struct path p = *from;
		bool done;

		p.step[p.len++] = (uint8_t)i;
		done = replay(&p);
		if (done && queued < max && first_seen(state_hash()))
			queue[queued++] = p;
		end(&p);
	}
}

int main(int argc, char **argv)
{
	unsigned int depth = argc > 1 ? (unsigned int)atoi(argv[1]) : 4;
	uint64_t max = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;
	uint64_t at = 0, steps = 0;

	if (depth > DEPTH_MAX)
		depth = DEPTH_MAX;
	for (seen_size = 1024; seen_size < 4 * max; seen_size *= 2)
		;
	seen = calloc(seen_size, sizeof(*seen));
	queue = calloc(max, sizeof(*queue));
	make_ops();
	queued = 1; /* the empty path */
	while (at < queued && queue[at].len < depth) {
		struct path p = queue[at++];

		expand(&p, max);
		steps += op_count;
	}
	printf("ptype_model: %lu states, %lu sequences, depth %u%s: no rule broken\n",
	       queued, steps, at < queued ? queue[at].len : depth,
	       queued == max ? " (stopped at the limit of states)" : "");
	free(seen);
	free(queue);
	return 0;
}
