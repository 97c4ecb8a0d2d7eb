// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GNTTABOP_copy: bytes between frames that are the caller's own (by frame
 * number) or granted to it.
 *
 * A frame in use is kept from one element to the next, as network backends
 * copy many pieces to and from the same page.  A grant may name another
 * domain's grant in its stead; that one must name a frame, so a chain has two
 * links at most and there is nothing to recurse into.
 */
#include <grant/grant_priv.h>
#include <lib/str.h>
#include <port/log.h>

static void use_end(struct grant_use *u)
{
	if (!u->d)
		return;
	if (u->write)
		frame_put_writable(u->m);
	else
		frame_put(u->m);
	if (u->is_ref)
		grant_unpin(u->d, u->ref, u->write);
	domain_put(u->d);
	if (u->chain) {
		grant_unpin(u->chain, u->chain_ref, u->write);
		domain_put(u->chain);
	}
	*u = (struct grant_use){ .d = NULL };
}

void grant_copy_finish(struct vcpu *v, struct grant_batch *b)
{
	(void)v;
	use_end(&b->source);
	use_end(&b->dest);
}

/* The grant of @u->d is one that names another: pin that one too. */
static int16_t follow(struct grant_use *u, struct grant_view *view)
{
	unsigned int how = PIN_PART | (u->write ? PIN_WRITE : 0);
	struct domain *next;
	uint32_t ref = view->next_ref;
	int16_t st;

	if (view->next_domid == u->d->id)
		return GNTST_general_error;
	next = domain_get(view->next_domid);
	if (!next)
		return GNTST_bad_domain;
	st = grant_pin(next, ref, u->d->id, how, view);
	if (st) {
		domain_put(next);
		return st;
	}
	u->chain = u->d;
	u->chain_ref = u->ref;
	u->d = next;
	u->ref = ref;
	return GNTST_okay;
}

/* Undo what use_ref() has done before there was a frame. */
static void unpin_all(struct grant_use *u)
{
	grant_unpin(u->d, u->ref, u->write);
	if (!u->chain)
		return;
	domain_put(u->d);
	grant_unpin(u->chain, u->chain_ref, u->write);
	u->d = u->chain;
	u->chain = NULL;
}

static bool hold_frame(struct grant_use *u, mfn_t m)
{
	u->m = m;
	return u->write ? frame_get_writable(m, u->d) : frame_get(m, u->d);
}

static int16_t use_ref(struct grant_use *u, struct domain *user, uint32_t ref)
{
	unsigned int how = PIN_PART | PIN_CHAIN | (u->write ? PIN_WRITE : 0);
	struct grant_view view;
	int16_t st = grant_pin(u->d, ref, user->id, how, &view);

	if (st)
		return st;
	u->ref = ref;
	if (view.chain)
		st = follow(u, &view);
	if (!st && !hold_frame(u, view.m))
		st = GNTST_bad_page;
	if (st) {
		unpin_all(u);
		return st;
	}
	u->start = view.start;
	u->len = view.len;
	return GNTST_okay;
}

static int16_t use_own(struct grant_use *u, struct domain *user, uint64_t m)
{
	if (u->d != user)
		return GNTST_permission_denied;
	if (!hold_frame(u, mfn(m)))
		return GNTST_bad_page;
	u->start = 0;
	u->len = PAGE_SIZE;
	return GNTST_okay;
}

static bool same_use(const struct grant_use *u, const struct gnttab_copy_ptr *p,
		     bool is_ref)
{
	return u->d && u->is_ref == is_ref && u->domid == p->domid &&
	       u->name == (is_ref ? p->u.ref : p->u.gmfn);
}

/* Make @u what @p names, for domain @v. */
static int16_t use_begin(struct vcpu *v, struct grant_use *u,
			 const struct gnttab_copy_ptr *p, bool is_ref,
			 bool write)
{
	int16_t st;

	if (same_use(u, p, is_ref))
		return GNTST_okay;
	use_end(u);
	if (!is_ref && p->domid != DOMID_SELF)
		return GNTST_permission_denied;
	*u = (struct grant_use){
		.d = domain_get_self(v, p->domid),
		.is_ref = is_ref,
		.write = write,
		.domid = p->domid,
		.name = is_ref ? p->u.ref : p->u.gmfn,
	};
	if (!u->d)
		return GNTST_bad_domain;
	st = is_ref ? use_ref(u, v->domain, p->u.ref) :
		      use_own(u, v->domain, p->u.gmfn);
	if (st) {
		domain_put(u->d);
		u->d = NULL;
	}
	return st;
}

static bool inside(const struct grant_use *u, uint32_t offset, uint32_t len)
{
	return offset >= u->start && offset + len <= u->start + u->len;
}

static int16_t copy(struct vcpu *v, const struct gnttab_copy *op,
		    struct grant_batch *b)
{
	uint32_t from = op->source.offset, to = op->dest.offset;
	int16_t st;

	if (from + op->len > PAGE_SIZE || to + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	st = use_begin(v, &b->source, &op->source,
		       op->flags & GNTCOPY_source_gref, false);
	if (!st)
		st = use_begin(v, &b->dest, &op->dest,
			       op->flags & GNTCOPY_dest_gref, true);
	if (st)
		return st;
	if (!inside(&b->source, from, op->len) ||
	    !inside(&b->dest, to, op->len))
		return GNTST_general_error;
	memmove((char *)frame_map(b->dest.m) + to,
		(const char *)frame_map(b->source.m) + from, op->len);
	return GNTST_okay;
}

int grant_op_copy(struct vcpu *v, void *p, struct grant_batch *b)
{
	struct gnttab_copy *op = p;

	op->status = copy(v, op, b);
	if (op->status)
		log_guest(v->domain, LOG_DEBUG,
			  "grant copy from d%u to d%u (flags %x): %d\n",
			  op->source.domid, op->dest.domid, op->flags,
			  op->status);
	return 0;
}
