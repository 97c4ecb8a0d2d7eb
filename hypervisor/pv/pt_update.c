// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of single entries in tables that are in force: pt_write() and the
 * hypercalls mmu_update and update_va_mapping.
 *
 * State: v->pv.undoing, the table that an operation of this vCPU removed and
 * whose undoing ran out of budget (0: none).  Only the vCPU itself, or whoever
 * handles it while it is paused, touches that.
 */
#include <lib/assert.h>
#include <port/guest.h>
#include <port/log.h>
#include <port/tlb.h>
#include <hypercall/hypercall.h>
#include <pv/pt.h>

/* Entries are 8 bytes: of the low bits of mmu_update.ptr, commands use two. */
#define PTR_CMD 7UL

/* --- one entry --- */

/*
 * The table must still be what the references were taken for. On 0 the entry
 * is replaced and @old is what it was; its references are then ours.
 */
static int swap_entry(const struct pt_ctx *c, const struct pt_write *w,
		      unsigned int level, uint64_t e, uint64_t *old)
{
	struct frame *f = frame_at(w->table);
	uint64_t *p = pt_entry(w->table, w->index);
	enum ptype t = ptype_lock_table(f);
	int rc = 0;

	if (unlikely(t == PTYPE_NONE))
		return -ENOENT;
	if (unlikely(t != (enum ptype)level || f->owner != c->owner->id)) {
		ptype_unlock_table(f);
		return -ENOENT;
	}
	if (likely(w->how == PT_STORE)) {
		*old = __atomic_exchange_n(p, e, __ATOMIC_SEQ_CST);
	} else if (w->how == PT_EXPECT) {
		*old = w->expected;
		rc = cmpxchg64(p, w->expected, e) ? 0 : -EAGAIN;
	} else {
		do
			*old = READ_ONCE(*p);
		while (!cmpxchg64(p, *old, e | (*old & (PTE_A | PTE_D))));
	}
	ptype_unlock_table(f);
	return rc;
}

/*
 * The change keeps the target. -EAGAIN: not any more, as another CPU changed
 * the entry; or, with PT_EXPECT, the hardware did.
 */
static int rewrite_entry(const struct pt_ctx *c, const struct pt_write *w,
			 unsigned int level, uint64_t old, uint64_t e)
{
	struct pt_write again = *w;
	int rc;

	/* Accessed and Dirty may be set by the hardware at any time. */
	again.how = PT_EXPECT;
	again.expected = old;
	if (w->how == PT_KEEP_AD)
		e |= old & (PTE_A | PTE_D);
	rc = swap_entry(c, &again, level, e, &old);
	if (!rc && level == 1 && (old & PTE_RW) && !(e & PTE_RW) &&
	    frame_is_ram(pte_mfn(old)))
		ptype_put_now(pte_mfn(old));
	return rc;
}

static int replace_entry(const struct pt_ctx *c, const struct pt_write *w,
			 unsigned int level, uint64_t e, struct budget *b)
{
	uint64_t old;
	int rc = 0;

	if (pte_present(e))
		rc = pte_take(c, level, e, b);
	if (unlikely(rc))
		return rc;
	rc = swap_entry(c, w, level, e, &old);
	if (unlikely(rc))
		old = e; /* nothing was changed: give back what we took */
	if (!pte_present(old))
		return rc;
	if (likely(level == 1))
		pte_drop_l1(old);
	else
		pt_leave(c->v, pte_mfn(old), pte_drop(level, old, b));
	return rc;
}

int pt_write(const struct pt_ctx *c, const struct pt_write *w,
	     struct budget *b)
{
	uint64_t *p = pt_entry(w->table, w->index);
	int rc;

	do {
		enum ptype t = ptype_of(w->table);
		unsigned int level = (unsigned int)t;
		uint64_t old, e;

		if (unlikely(!ptype_is_table(t) ||
			     frame_at(w->table)->owner != c->owner->id))
			return -ENOENT;
		if (unlikely(pt_slot_is_ours(level, w->index)))
			return -EINVAL;
		e = pte_stored(level, w->val);
		old = READ_ONCE(*p);
		if (w->how == PT_EXPECT && old != w->expected)
			return -EAGAIN;
		if (pte_keeps_target(level, old, e))
			rc = rewrite_entry(c, w, level, old, e);
		else
			rc = replace_entry(c, w, level, e, b);
	} while (unlikely(rc == -EAGAIN && w->how != PT_EXPECT));
	return rc;
}

void pt_leave(struct vcpu *v, mfn_t m, int rc)
{
	/* Without a vCPU's record it waits for its next use, or the end. */
	if (rc == -ERESTART && v && v->domain->id == frame_at(m)->owner)
		v->pv.undoing = m;
}

int pt_finish(struct vcpu *v, struct budget *b)
{
	int rc;

	if (likely(!v->pv.undoing.v))
		return 0;
	rc = ptype_settle(v->pv.undoing, v->domain, b);
	if (!rc)
		v->pv.undoing = mfn(0);
	return rc;
}

/* --- finding tables and domains --- */

mfn_t pt_walk(const struct vcpu *v, gva_t va, unsigned int *index)
{
	mfn_t m = v->pv.kernel_cr3;

	for (unsigned int level = 4; level > 1; level--) {
		uint64_t e;

		if (unlikely(!frame_is_ram(m) ||
			     pt_slot_is_ours(level, pt_index(va, level))))
			return MFN_NONE;
		e = READ_ONCE(*pt_entry(m, pt_index(va, level)));
		if (unlikely(!pte_present(e)))
			return MFN_NONE;
		m = pte_mfn(e);
	}
	*index = pt_index(va, 1);
	return likely(frame_is_ram(m)) ? m : MFN_NONE;
}

int pt_target_domain(struct vcpu *v, uint32_t id, struct domain **out)
{
	struct domain *d;

	if (id == DOMID_SELF) {
		domain_get_ref(v->domain);
		*out = v->domain;
		return 0;
	}
	if (id > DOMID_MASK || id == v->domain->id)
		return -ESRCH;
	/* DOMID_IO opens nothing: device memory is checked frame by frame. */
	if (id != DOMID_IO && !v->domain->privileged)
		return -EPERM;
	d = domain_get((uint16_t)id);
	if (!d)
		return -ESRCH;
	*out = d;
	return 0;
}

/* --- mmu_update --- */

/* An entry of a frame that is no table yet (or again) is plain memory. */
static int write_plain(const struct pt_ctx *c, const struct pt_write *w,
		       struct budget *b)
{
	int rc;

	if (!frame_get(w->table, c->owner))
		return -EINVAL;
	rc = ptype_get(w->table, PTYPE_WRITABLE, b);
	if (!rc) {
		WRITE_ONCE(*pt_entry(w->table, w->index), w->val);
		ptype_put_now(w->table);
	}
	frame_put(w->table);
	return rc;
}

static int update_entry(const struct pt_ctx *c, uint64_t ptr, uint64_t val,
			enum pt_how how, struct budget *b)
{
	struct pt_write w = {
		.table = paddr_to_mfn(ptr),
		.index = (ptr & (PAGE_SIZE - 1)) / sizeof(uint64_t),
		.how = how,
		.val = val,
	};
	int rc;

	if (unlikely(!frame_is_ram(w.table)))
		return -EINVAL;
	for (;;) {
		rc = pt_write(c, &w, b);
		if (likely(rc != -ENOENT))
			return rc;
		rc = write_plain(c, &w, b);
		/* It may have become a table between the two. */
		if (rc != -EBUSY || !ptype_is_table(ptype_of(w.table)) ||
		    frame_at(w.table)->owner != c->owner->id)
			return rc == -EBUSY ? -EINVAL : rc;
		if (budget_spend(b, 1))
			return -ERESTART;
	}
}

static int update_m2p(const struct pt_ctx *c, uint64_t ptr, uint64_t val)
{
	mfn_t m = paddr_to_mfn(ptr);

	if (!frame_get(m, c->target))
		return -EINVAL;
	m2p_set(m, val);
	frame_put(m);
	return 0;
}

static int mmu_request(const struct pt_ctx *c, const void *req,
		       struct budget *b)
{
	const struct mmu_update *u = req;
	uint64_t ptr = u->ptr & ~PTR_CMD;
	int rc;

	switch (u->ptr & PTR_CMD) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		rc = update_entry(c, ptr, u->val, PT_STORE, b);
		break;
	case MMU_PT_UPDATE_PRESERVE_AD:
		rc = update_entry(c, ptr, u->val, PT_KEEP_AD, b);
		break;
	case MMU_MACHPHYS_UPDATE:
		rc = update_m2p(c, ptr, u->val);
		break;
	default:
		rc = -ENOSYS;
	}
	if (unlikely(rc && rc != -ERESTART))
		log_guest(c->v->domain, LOG_DEBUG,
			  "mmu_update %lx = %lx refused: %d\n", u->ptr, u->val,
			  rc);
	return rc;
}

/* The upper half of the last argument names the tables' owner, plus one. */
static int tables_owner(struct vcpu *v, uint32_t id, struct domain **out)
{
	if (id == 0 || id - 1 == v->domain->id)
		id = DOMID_SELF + 1;
	return pt_target_domain(v, id - 1, out);
}

long hc_mmu_update(struct vcpu *v, uint64_t arg[6])
{
	struct pt_ctx c = { .v = v };
	uint32_t ids = (uint32_t)arg[3];
	long rc = tables_owner(v, ids >> 16, &c.owner);

	if (rc)
		return rc;
	rc = pt_target_domain(v, ids & 0xffff, &c.target);
	if (!rc) {
		rc = c.owner->is_special ? -EPERM :
		     pt_batch(v, arg, sizeof(struct mmu_update), &c,
			      mmu_request);
		domain_put(c.target);
	}
	domain_put(c.owner);
	return rc;
}

/* --- update_va_mapping --- */

/* The CPUs that run the vCPUs from @first on that @bits names. */
static cpumask_t cpus_of(const struct domain *d, uint32_t first, uint64_t bits)
{
	cpumask_t mask = 0;

	for (; bits; bits &= bits - 1) {
		const struct vcpu *o =
			domain_vcpu(d, first + (uint32_t)__builtin_ctzl(bits));

		if (o)
			mask |= cpu_bit(READ_ONCE(o->sched.cpu));
	}
	return mask;
}

/*
 * A CPU that has ceased to run a vCPU has flushed since, so those that run
 * the ones named are enough.
 */
int pt_flush_multi(struct vcpu *v, gva_t vcpu_bitmap, gva_t va)
{
	struct domain *d = v->domain;
	cpumask_t mask = 0;

	for (uint32_t i = 0; i < d->vcpu_count; i += 64) {
		uint64_t w = 0;
		size_t bytes = DIV_ROUND_UP(MIN(d->vcpu_count - i, 64U), 8);

		if (guest_read(v, &w, vcpu_bitmap + i / 8, bytes))
			return -EFAULT;
		mask |= cpus_of(d, i, w);
	}
	mask &= READ_ONCE(d->dirty_cpus);
	if (mask)
		tlb_flush(mask, va);
	return 0;
}

static int flush_as_asked(struct vcpu *v, gva_t va, uint64_t flags)
{
	uint64_t where = flags & ~UVMF_FLUSHTYPE_MASK;

	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_TLB_FLUSH:
		va = TLB_ALL_VA;
		break;
	case UVMF_INVLPG:
		va &= PAGE_MASK;
		break;
	default:
		return 0;
	}
	if (where == UVMF_LOCAL)
		tlb_flush(cpu_bit(cpu_id()), va);
	else if (where == UVMF_ALL)
		tlb_flush(READ_ONCE(v->domain->dirty_cpus), va);
	else
		return pt_flush_multi(v, where, va);
	return 0;
}

static long update_va(const struct pt_ctx *c, const uint64_t arg[6])
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	struct pt_write w = { .how = PT_STORE, .val = arg[1] };
	int rc;

	w.table = pt_walk(c->v, arg[0], &w.index);
	if (unlikely(mfn_eq(w.table, MFN_NONE)))
		return -EINVAL;
	rc = pt_write(c, &w, &b);
	if (unlikely(rc)) {
		if (rc != -ERESTART)
			log_guest(c->owner, LOG_DEBUG,
				  "mapping %lx = %lx refused: %d\n", arg[0],
				  arg[1], rc);
		return rc == -ENOENT ? -EINVAL : rc;
	}
	return flush_as_asked(c->v, arg[0], arg[2]);
}

long hc_update_va_mapping(struct vcpu *v, uint64_t arg[6])
{
	struct pt_ctx c = { .v = v, .owner = v->domain, .target = v->domain };

	return update_va(&c, arg);
}

long hc_update_va_mapping_otherdomain(struct vcpu *v, uint64_t arg[6])
{
	struct pt_ctx c = { .v = v, .owner = v->domain };
	long rc = pt_target_domain(v, (uint16_t)arg[3], &c.target);

	if (rc)
		return rc;
	rc = update_va(&c, arg);
	domain_put(c.target);
	return rc;
}
