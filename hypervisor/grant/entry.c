// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries of the shared table, in both layouts: what one says, whether it is
 * for who asks, and how its use is shown to the granter.
 *
 * The granter may write an entry at any moment.  Version 1 has the flags that
 * it checks and those that we set in one word, so one compare-and-exchange
 * does both; version 2 shows use in a word of its own, so there the entry is
 * read once more after that word was written, and the granter does the same
 * in the other order.
 */
#include <grant/grant_priv.h>

#define TRIES 8 /* against a granter that changes its entry all the time */

#define HEAD_FLAGS(w) ((uint16_t)(w))
#define HEAD_DOMID(w) ((uint16_t)((w) >> 16))

/* A head word of either layout: does it allow this use? */
static bool head_ok(uint32_t head, uint16_t user, unsigned int how,
		    bool version2)
{
	unsigned int flags = HEAD_FLAGS(head);
	unsigned int type = flags & GTF_type_mask;

	if (HEAD_DOMID(head) != user)
		return false;
	if ((how & PIN_WRITE) && (flags & GTF_readonly))
		return false;
	if (type == GTF_permit_access)
		return !version2 || !(flags & GTF_sub_page) ||
		       (how & PIN_PART);
	return version2 && type == GTF_transitive && (how & PIN_CHAIN);
}

static uint32_t use_bits(unsigned int how)
{
	return GTF_reading | (how & PIN_WRITE ? GTF_writing : 0);
}

static int16_t take_v1(struct grant_table *gt, uint32_t ref, uint16_t user,
		       unsigned int how, struct grant_view *out)
{
	struct grant_entry_v1 *e = entry_v1(gt, ref);
	uint32_t *word = (uint32_t *)e;
	uint32_t head = READ_ONCE(*word);

	for (unsigned int i = 0; i < TRIES; i++) {
		if (!head_ok(head, user, how, false))
			return GNTST_general_error;
		if (!__atomic_compare_exchange_n(word, &head,
						 head | use_bits(how), false,
						 __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			continue;
		out->m = mfn(READ_ONCE(e->frame));
		out->start = 0;
		out->len = PAGE_SIZE;
		return GNTST_okay;
	}
	return GNTST_general_error;
}

static int16_t view_v2(union grant_entry_v2 *e, uint32_t head,
		       struct grant_view *out)
{
	unsigned int flags = HEAD_FLAGS(head);

	if ((flags & GTF_type_mask) == GTF_transitive) {
		out->chain = true;
		out->next_domid = READ_ONCE(e->transitive.trans_domid);
		out->next_ref = READ_ONCE(e->transitive.gref);
		return GNTST_okay;
	}
	if (flags & GTF_sub_page) {
		out->start = READ_ONCE(e->sub_page.page_off);
		out->len = READ_ONCE(e->sub_page.length);
		out->m = mfn(READ_ONCE(e->sub_page.frame));
		return out->start + out->len > PAGE_SIZE ? GNTST_general_error :
							   GNTST_okay;
	}
	out->start = 0;
	out->len = PAGE_SIZE;
	out->m = mfn(READ_ONCE(e->full_page.frame));
	return GNTST_okay;
}

static int16_t take_v2(struct grant_table *gt, uint32_t ref, uint16_t user,
		       unsigned int how, struct grant_view *out)
{
	union grant_entry_v2 *e = entry_v2(gt, ref);
	const uint32_t *word = e->__spacer;
	uint32_t head;

	if (!head_ok(READ_ONCE(*word), user, how, true))
		return GNTST_general_error;
	__atomic_fetch_or(entry_status(gt, ref), use_bits(how),
			  __ATOMIC_SEQ_CST);
	/* The granter withdrew it before it could see that, or did not. */
	smp_mb();
	head = READ_ONCE(*word);
	if (!head_ok(head, user, how, true))
		return GNTST_general_error;
	return view_v2(e, head, out);
}

void grant_show_pins(struct grant_table *gt, uint32_t ref)
{
	const struct pin_count *p = entry_pins(gt, ref);
	uint16_t *word = gt->version == 1 ? &entry_v1(gt, ref)->flags :
					    entry_status(gt, ref);
	unsigned int gone = 0;

	if (!p->writers)
		gone |= GTF_writing;
	if (!p->writers && !p->readers)
		gone |= GTF_reading;
	if (gone)
		__atomic_fetch_and(word, (uint16_t)~gone, __ATOMIC_SEQ_CST);
}

static void count_active(struct grant_table *gt, uint32_t ref, uint32_t by)
{
	gt->active += by;
	if (ref >= GNTTAB_NR_RESERVED_ENTRIES)
		gt->pinned += by;
}

static int16_t pin_locked(struct grant_table *gt, uint32_t ref, uint16_t user,
			  unsigned int how, struct grant_view *out)
{
	struct pin_count *p;
	int16_t st;

	if (ref >= grant_entries(gt))
		return GNTST_bad_gntref;
	p = entry_pins(gt, ref);
	if (p->readers == UINT32_MAX || p->writers == UINT32_MAX)
		return GNTST_general_error;
	st = gt->version == 1 ? take_v1(gt, ref, user, how, out) :
				take_v2(gt, ref, user, how, out);
	if (st) {
		if (gt->version == 2)
			grant_show_pins(gt, ref);
		return st;
	}
	if (!p->readers && !p->writers)
		count_active(gt, ref, 1);
	if (how & PIN_WRITE)
		p->writers++;
	else
		p->readers++;
	return GNTST_okay;
}

int16_t grant_pin(struct domain *granter, uint32_t ref, uint16_t user,
		  unsigned int how, struct grant_view *out)
{
	struct grant_table *gt = granter->grant;
	int16_t st;

	*out = (struct grant_view){ .m = MFN_NONE };
	if (!gt)
		return GNTST_bad_domain;
	lock_acquire(&gt->lock);
	st = pin_locked(gt, ref, user, how, out);
	lock_release(&gt->lock);
	return st;
}

void grant_unpin(struct domain *granter, uint32_t ref, bool write)
{
	struct grant_table *gt = granter->grant;
	struct pin_count *p;

	lock_acquire(&gt->lock);
	p = entry_pins(gt, ref);
	if (write)
		p->writers--;
	else
		p->readers--;
	grant_show_pins(gt, ref);
	if (!p->readers && !p->writers)
		count_active(gt, ref, -1U);
	lock_release(&gt->lock);
}
