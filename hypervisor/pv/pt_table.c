// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole page tables: validation (promote) when a frame becomes a table, and
 * its undoing (demote).  Called by mm/ptype.c for a frame that it has claimed,
 * so nobody else looks at its entries, and the guest cannot write them.
 *
 * frame.stamp is the progress: entries below it own their references.  Both
 * directions stop at any entry when the budget ends and continue from there.
 * A level 1 table is always done at a stretch.
 */
#include <lib/assert.h>
#include <port/log.h>
#include <pv/pt.h>

static void count_tables(struct domain *d, uint64_t by)
{
	__atomic_fetch_add(&d->pv.nr_pagetables, by, __ATOMIC_RELAXED);
}

/* --- validation --- */

static int promote_entry(const struct pt_ctx *c, unsigned int level,
			 uint64_t *p, struct budget *b)
{
	uint64_t raw = READ_ONCE(*p), e = pte_stored(level, raw);
	int rc;

	if (!pte_present(e))
		return 0;
	rc = pte_take(c, level, e, b);
	if (!rc && e != raw)
		WRITE_ONCE(*p, e);
	return rc;
}

static void fill_our_slots(uint64_t *l4)
{
	const uint64_t *ours = hv_l4_entries();

	for (unsigned int i = 0; i < HV_L4_COUNT; i++)
		WRITE_ONCE(l4[HV_L4_FIRST + i], ours[i]);
}

static void clear_our_slots(uint64_t *l4)
{
	for (unsigned int i = 0; i < HV_L4_COUNT; i++)
		WRITE_ONCE(l4[HV_L4_FIRST + i], 0);
}

static int promote_table(const struct pt_ctx *c, struct frame *f,
			 unsigned int level, struct budget *b)
{
	uint64_t *table = frame_map(frame_mfn(f));

	while (f->stamp < PT_ENTRIES) {
		unsigned int i = f->stamp;
		int rc = 0;

		if (!pt_slot_is_ours(level, i))
			rc = promote_entry(c, level, &table[i], b);
		if (rc) {
			if (rc != -ERESTART)
				log_guest(c->owner, LOG_DEBUG,
					  "L%u %lx[%u] = %lx refused: %d\n",
					  level, frame_mfn(f).v, i, table[i],
					  rc);
			return rc;
		}
		f->stamp = i + 1;
		if (level > 1 && budget_spend(b, 1) && i + 1 < PT_ENTRIES)
			return -ERESTART;
	}
	if (level == 1)
		budget_spend(b, PT_ENTRIES / 4);
	if (level == 4)
		fill_our_slots(table);
	return 0;
}

int pv_promote(struct domain *d, mfn_t m, int type, struct budget *b)
{
	struct pt_ctx c = { .owner = d, .target = d };
	int rc;

	if (type == PTYPE_SEGDESC)
		return pv_segdesc_validate(d, m);
	ASSERT(ptype_is_table((enum ptype)type));
	rc = promote_table(&c, frame_at(m), (unsigned int)type, b);
	if (!rc)
		count_tables(d, 1);
	return rc;
}

/* --- undoing --- */

static void demote_l1(struct frame *f)
{
	const uint64_t *table = frame_map(frame_mfn(f));

	while (f->stamp > 0) {
		uint64_t e = table[f->stamp - 1];

		if (pte_present(e))
			pte_drop_l1(e);
		f->stamp--;
	}
}

/*
 * The entry at the progress mark owns nothing, but its table may be half done:
 * it is where validation was, or where the last round of undoing stopped.
 */
static int settle_mark(struct domain *d, struct frame *f, unsigned int level,
		       const uint64_t *table, struct budget *b)
{
	if (f->stamp >= PT_ENTRIES || pt_slot_is_ours(level, f->stamp) ||
	    !pte_present(table[f->stamp]) ||
	    !frame_is_ram(pte_mfn(table[f->stamp])))
		return 0;
	return ptype_settle(pte_mfn(table[f->stamp]), d, b);
}

static int demote_table(struct domain *d, struct frame *f, unsigned int level,
			struct budget *b)
{
	const uint64_t *table = frame_map(frame_mfn(f));
	int rc = settle_mark(d, f, level, table, b);

	while (!rc && f->stamp > 0) {
		unsigned int i = --f->stamp;

		if (pte_present(table[i]) && !pt_slot_is_ours(level, i))
			rc = pte_drop(level, table[i], b);
		if (!rc && budget_spend(b, 1) && i > 0)
			rc = -ERESTART;
	}
	return rc;
}

int pv_demote(struct domain *d, mfn_t m, int type, struct budget *b)
{
	struct frame *f = frame_at(m);
	bool whole = f->stamp == PTYPE_ALL;
	int rc = 0;

	ASSERT(ptype_is_table((enum ptype)type));
	/* It is loaded nowhere: a base register would hold a reference. */
	if (whole && type == PTYPE_L4)
		clear_our_slots(frame_map(m));
	if (whole)
		count_tables(d, -1UL);
	if (type == PTYPE_L1) {
		demote_l1(f);
		budget_spend(b, PT_ENTRIES / 4);
	} else {
		rc = demote_table(d, f, (unsigned int)type, b);
	}
	return rc;
}
