// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mapping other domains' frames by their grants, and ending that.
 *
 * Order of making: handle, pin, frame reference, page-table entry, and the
 * handle is filled in last.  Order of ending: the entry is cleared, all CPUs
 * that may have it cached are flushed once for a whole batch, and only then do
 * reference and pin go, so the granter never sees its grant ended while the
 * frame can still be reached.
 */
#include <grant/grant_priv.h>
#include <port/log.h>
#include <port/tlb.h>
#include <pv/pv.h>

#define PTE_USER BIT(2)
#define PTE_AVAIL_SHIFT 9
#define PTE_AVAIL_MASK (7UL << PTE_AVAIL_SHIFT)

void grant_release(const struct mapping *m)
{
	if (m->flags & MAPPING_RO)
		frame_put(m->m);
	else
		frame_put_writable(m->m);
	grant_unpin(m->granter, m->ref, !(m->flags & MAPPING_RO));
	domain_put(m->granter);
}

static uint64_t pte_flags(uint32_t flags)
{
	uint64_t pte = (uint64_t)(flags >> _GNTMAP_guest_avail0)
		       << PTE_AVAIL_SHIFT & PTE_AVAIL_MASK;

	return flags & GNTMAP_application_map ? pte | PTE_USER : pte;
}

static unsigned int map_parts(uint32_t flags)
{
	return (flags & GNTMAP_host_map ? MAPPING_HOST : 0) |
	       (flags & GNTMAP_device_map ? MAPPING_DEV : 0);
}

/* Pin entry and frame for @user. On success grant_release() undoes it. */
static int16_t hold(struct domain *granter, struct domain *user, uint32_t ref,
		    bool read_only, struct mapping *m)
{
	struct grant_view view;
	int16_t st;

	st = grant_pin(granter, ref, user->id, read_only ? 0 : PIN_WRITE,
		       &view);
	if (st)
		return st;
	if (!(read_only ? frame_get(view.m, granter) :
			  frame_get_writable(view.m, granter))) {
		grant_unpin(granter, ref, !read_only);
		return GNTST_general_error;
	}
	if (granter != user)
		frame_mark_alien(view.m);
	*m = (struct mapping){ .granter = granter, .m = view.m, .ref = ref };
	if (read_only)
		m->flags = MAPPING_RO;
	return GNTST_okay;
}

/* All but the handle. Keeps a reference on @granter if it succeeds. */
static int16_t map_frame(struct vcpu *v, struct domain *granter,
			 const struct gnttab_map_grant_ref *op,
			 struct mapping *m)
{
	bool read_only = op->flags & GNTMAP_readonly;
	bool is_pte = op->flags & GNTMAP_contains_pte;
	int16_t st;

	if (READ_ONCE(granter->life) != DOMAIN_ALIVE)
		return GNTST_general_error;
	st = hold(granter, v->domain, op->ref, read_only, m);
	if (st)
		return st;
	domain_get_ref(granter);
	if ((op->flags & GNTMAP_host_map) &&
	    pv_grant_map(v, op->host_addr, is_pte, m->m, read_only,
			 pte_flags(op->flags))) {
		grant_release(m);
		return GNTST_general_error;
	}
	m->flags |= (uint8_t)(map_parts(op->flags) |
			      (is_pte ? MAPPING_PTE : 0));
	return GNTST_okay;
}

static int16_t map_from(struct vcpu *v, struct domain *granter,
			struct gnttab_map_grant_ref *op)
{
	struct domain *d = v->domain;
	struct mapping m;
	uint32_t handle;
	int16_t st;

	if (handle_alloc(d, &handle))
		return GNTST_no_device_space;
	st = map_frame(v, granter, op, &m);
	if (st) {
		handle_free(d, handle);
		return st;
	}
	handle_set(d, handle, &m);
	op->dev_bus_addr = mfn_to_paddr(m.m);
	op->handle = handle;
	return GNTST_okay;
}

int grant_op_map(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_map_grant_ref *op = p;
	struct domain *granter;

	(void)b;
	if (!map_parts(op->flags)) {
		op->status = GNTST_bad_gntref;
		return 0;
	}
	granter = domain_get(op->dom);
	if (!granter) {
		op->status = GNTST_bad_domain;
		return 0;
	}
	op->status = map_from(v, granter, op);
	if (op->status)
		log_guest(v->domain, LOG_DEBUG,
			  "grant %u of d%u not mapped (flags %x): %d\n",
			  op->ref, op->dom, op->flags, op->status);
	domain_put(granter);
	return 0;
}

/* --- ending --- */

/* Flush once, then let go of everything that waits for it. */
void grant_unmap_finish(struct vcpu *v, struct grant_batch *b)
{
	struct domain *d = v->domain;
	bool flush = false;

	for (uint32_t i = 0; i < b->count; i++)
		flush |= b->waiting[i].host;
	if (flush)
		tlb_flush(READ_ONCE(d->dirty_cpus), TLB_ALL_VA);
	for (uint32_t i = 0; i < b->count; i++) {
		struct mapping m;

		if (handle_done(d, b->waiting[i].handle, &m))
			grant_release(&m);
	}
	b->count = 0;
}

static int clear_pte(struct vcpu *v, const struct mapping *m, uint64_t where,
		     uint64_t new_addr)
{
	bool is_pte = m->flags & MAPPING_PTE;

	if (is_pte && new_addr)
		return -EINVAL;
	return pv_grant_unmap(v, where, is_pte, m->m, m->flags & MAPPING_RO,
			      new_addr);
}

struct ending {
	uint32_t handle;
	unsigned int parts;
	uint64_t host_addr, new_addr, dev_bus_addr;
};

static int16_t unmap(struct vcpu *v, const struct ending *e,
		     struct grant_batch *b)
{
	struct domain *d = v->domain;
	struct mapping m;
	unsigned int parts;

	if (!handle_take(d, e->handle, e->parts, &m))
		return GNTST_bad_handle;
	parts = e->parts & m.flags & MAPPING_PARTS;
	if (!parts)
		return GNTST_okay;
	if ((e->dev_bus_addr && e->dev_bus_addr != mfn_to_paddr(m.m)) ||
	    ((parts & MAPPING_HOST) &&
	     clear_pte(v, &m, e->host_addr, e->new_addr))) {
		handle_give_back(d, e->handle, parts);
		return GNTST_general_error;
	}
	b->waiting[b->count++] = (struct unmapped){
		.handle = e->handle, .host = parts & MAPPING_HOST
	};
	if (b->count == UNMAP_BATCH)
		grant_unmap_finish(v, b);
	return GNTST_okay;
}

int grant_op_unmap(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_unmap_grant_ref *op = p;
	struct ending e = {
		.handle = op->handle,
		.parts = (op->host_addr ? MAPPING_HOST : 0) |
			 (op->dev_bus_addr ? MAPPING_DEV : 0),
		.host_addr = op->host_addr,
		.dev_bus_addr = op->dev_bus_addr,
	};

	op->status = unmap(v, &e, b);
	return 0;
}

int grant_op_replace(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_unmap_and_replace *op = p;
	struct ending e = {
		.handle = op->handle,
		.parts = op->host_addr ? MAPPING_HOST : 0,
		.host_addr = op->host_addr,
		.new_addr = op->new_addr,
	};

	op->status = op->new_addr ? unmap(v, &e, b) : GNTST_bad_virt_addr;
	return 0;
}
