// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypercall mmuext_op: pinning, base registers, flushes, the LDT, and
 * pages cleared or copied.  One function for each operation, in a table.  No
 * state of its own.
 */
#include <port/guest.h>
#include <port/log.h>
#include <port/tlb.h>
#include <port/vcpu_hw.h>
#include <hypercall/hypercall.h>
#include <pv/pt.h>

#define LDT_ENTRIES_MAX 8192

/* What some operations cost, in units of the budget. */
#define COST_REMOTE_FLUSH 32
#define COST_PAGE 16
#define COST_CACHE 512

typedef int ext_fn(const struct pt_ctx *c, const struct mmuext_op *op,
		   struct budget *b);

/* Most operations are about the caller's own address space. */
static bool is_self(const struct pt_ctx *c)
{
	return c->target == c->v->domain;
}

static int pin(const struct pt_ctx *c, const struct mmuext_op *op,
	       struct budget *b)
{
	enum ptype t = (enum ptype)(op->cmd - MMUEXT_PIN_L1_TABLE + PTYPE_L1);

	if (c->target->is_special || !frame_is_ram(mfn(op->arg1.mfn)))
		return -EINVAL;
	/* Teardown would not come by here again, and the frame stay for ever. */
	if (READ_ONCE(c->target->life) != DOMAIN_ALIVE)
		return -EINVAL;
	return ptype_pin(mfn(op->arg1.mfn), t, c->target, b);
}

static int unpin(const struct pt_ctx *c, const struct mmuext_op *op,
		 struct budget *b)
{
	mfn_t m = mfn(op->arg1.mfn);
	int rc;

	if (c->target->is_special || !frame_is_ram(m))
		return -EINVAL;
	rc = ptype_unpin(m, c->target, b);
	if (rc != -ERESTART)
		return rc;
	pt_leave(c->v, m, rc); /* it is unpinned; undoing goes on */
	return 0;
}

static int new_base(const struct pt_ctx *c, const struct mmuext_op *op,
		    struct budget *b)
{
	mfn_t m = mfn(op->arg1.mfn);

	if (!is_self(c))
		return -EPERM;
	/* MFN_NONE would drop the table that is in force. */
	if (!frame_is_ram(m))
		return -EINVAL;
	return pv_set_kernel_base(c->v, m, b);
}

static int new_user_base(const struct pt_ctx *c, const struct mmuext_op *op,
			 struct budget *b)
{
	mfn_t m = mfn(op->arg1.mfn);

	if (!is_self(c))
		return -EPERM;
	if (!m.v)
		return pv_set_user_base(c->v, MFN_NONE, b);
	return frame_is_ram(m) ? pv_set_user_base(c->v, m, b) : -EINVAL;
}

static gva_t flush_va(const struct mmuext_op *op)
{
	switch (op->cmd) {
	case MMUEXT_INVLPG_LOCAL:
	case MMUEXT_INVLPG_MULTI:
	case MMUEXT_INVLPG_ALL:
		return op->arg1.linear_addr & PAGE_MASK;
	}
	return TLB_ALL_VA;
}

/* An address that is not the guest's has no translation that it may drop. */
static bool flushable(gva_t va)
{
	return va == TLB_ALL_VA || guest_range_ok(va, 1);
}

static int flush_local(const struct pt_ctx *c, const struct mmuext_op *op,
		       struct budget *b)
{
	(void)b;
	if (!is_self(c))
		return -EPERM;
	if (flushable(flush_va(op)))
		tlb_flush(cpu_bit(cpu_id()), flush_va(op));
	return 0;
}

static int flush_multi(const struct pt_ctx *c, const struct mmuext_op *op,
		       struct budget *b)
{
	if (!is_self(c))
		return -EPERM;
	if (!flushable(flush_va(op)))
		return 0;
	budget_spend(b, COST_REMOTE_FLUSH);
	return pt_flush_multi(c->v, op->arg2.vcpumask.addr, flush_va(op));
}

static int flush_all(const struct pt_ctx *c, const struct mmuext_op *op,
		     struct budget *b)
{
	if (!is_self(c))
		return -EPERM;
	budget_spend(b, COST_REMOTE_FLUSH);
	if (flushable(flush_va(op)))
		tlb_flush(READ_ONCE(c->v->domain->dirty_cpus), flush_va(op));
	return 0;
}

/* Caches are coherent for whoever has no device. */
static int flush_cache(const struct pt_ctx *c, const struct mmuext_op *op,
		       struct budget *b)
{
	budget_spend(b, COST_CACHE);
	if (!is_self(c))
		return -EPERM;
	if (!iocap_has_devices(c->v->domain))
		return -EACCES;
	cache_flush(op->cmd == MMUEXT_FLUSH_CACHE ? cpu_bit(cpu_id()) :
						    cpu_online());
	return 0;
}

static int set_ldt(const struct pt_ctx *c, const struct mmuext_op *op,
		   struct budget *b)
{
	uint64_t base = op->arg1.linear_addr;
	uint32_t entries = op->arg2.nr_ents;
	struct vcpu *v = c->v;

	(void)b;
	if (!is_self(c))
		return -EPERM;
	if (!IS_ALIGNED(base, PAGE_SIZE) || entries > LDT_ENTRIES_MAX ||
	    (entries && !guest_range_ok(base, entries * 8UL)))
		return -EINVAL;
	if (v->pv.ldt_base == base && v->pv.ldt_entries == entries)
		return 0;
	pv_drop_ldt(v);
	v->pv.ldt_base = entries ? base : 0;
	v->pv.ldt_entries = entries;
	vcpu_hw_load_ldt(v);
	return 0;
}

/* A frame that may be written, with the references for it. */
static int hold_writable(const struct pt_ctx *c, uint64_t n, struct budget *b)
{
	mfn_t m = mfn(n);
	int rc;

	budget_spend(b, COST_PAGE);
	if (!frame_is_ram(m) || !frame_get(m, c->target))
		return -EINVAL;
	rc = ptype_get(m, PTYPE_WRITABLE, b);
	if (!rc)
		return 0;
	frame_put(m);
	return rc == -EBUSY ? -EINVAL : rc;
}

static int clear_page(const struct pt_ctx *c, const struct mmuext_op *op,
		      struct budget *b)
{
	int rc = hold_writable(c, op->arg1.mfn, b);

	if (rc)
		return rc;
	frame_clear(mfn(op->arg1.mfn));
	frame_put_writable(mfn(op->arg1.mfn));
	return 0;
}

static int copy_page(const struct pt_ctx *c, const struct mmuext_op *op,
		     struct budget *b)
{
	mfn_t src = mfn(op->arg2.src_mfn);
	int rc;

	if (!frame_is_ram(src) || !frame_get(src, c->target))
		return -EINVAL;
	rc = hold_writable(c, op->arg1.mfn, b);
	if (!rc) {
		if (!mfn_eq(src, mfn(op->arg1.mfn)))
			frame_copy(mfn(op->arg1.mfn), src);
		frame_put_writable(mfn(op->arg1.mfn));
	}
	frame_put(src);
	return rc;
}

static int not_supported(const struct pt_ctx *c, const struct mmuext_op *op,
			 struct budget *b)
{
	(void)c;
	(void)op;
	(void)b;
	return -EOPNOTSUPP;
}

static ext_fn *const operations[] = {
	[MMUEXT_PIN_L1_TABLE] = pin,
	[MMUEXT_PIN_L2_TABLE] = pin,
	[MMUEXT_PIN_L3_TABLE] = pin,
	[MMUEXT_PIN_L4_TABLE] = pin,
	[MMUEXT_UNPIN_TABLE] = unpin,
	[MMUEXT_NEW_BASEPTR] = new_base,
	[MMUEXT_TLB_FLUSH_LOCAL] = flush_local,
	[MMUEXT_INVLPG_LOCAL] = flush_local,
	[MMUEXT_TLB_FLUSH_MULTI] = flush_multi,
	[MMUEXT_INVLPG_MULTI] = flush_multi,
	[MMUEXT_TLB_FLUSH_ALL] = flush_all,
	[MMUEXT_INVLPG_ALL] = flush_all,
	[MMUEXT_FLUSH_CACHE] = flush_cache,
	[MMUEXT_SET_LDT] = set_ldt,
	[MMUEXT_NEW_USER_BASEPTR] = new_user_base,
	[MMUEXT_CLEAR_PAGE] = clear_page,
	[MMUEXT_COPY_PAGE] = copy_page,
	[MMUEXT_FLUSH_CACHE_GLOBAL] = flush_cache,
	[MMUEXT_MARK_SUPER] = not_supported,
	[MMUEXT_UNMARK_SUPER] = not_supported,
};

static int ext_request(const struct pt_ctx *c, const void *req,
		       struct budget *b)
{
	const struct mmuext_op *op = req;
	int rc;

	if (op->cmd >= ARRAY_SIZE(operations) || !operations[op->cmd])
		return -ENOSYS;
	rc = operations[op->cmd](c, op, b);
	if (rc && rc != -ERESTART)
		log_guest(c->v->domain, LOG_DEBUG,
			  "mmuext_op %u of %lx refused: %d\n", op->cmd,
			  op->arg1.mfn, rc);
	return rc;
}

long hc_mmuext_op(struct vcpu *v, uint64_t arg[6])
{
	struct pt_ctx c = { .v = v };
	long rc = pt_target_domain(v, (uint32_t)arg[3], &c.target);

	if (rc)
		return rc;
	c.owner = c.target;
	rc = pt_batch(v, arg, sizeof(struct mmuext_op), &c, ext_request);
	domain_put(c.target);
	return rc;
}
