/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_fakehv.c: the calls that the daemons make, answered from arrays, and
 * a count of what they hold.
 */
#include "store_fakehv.h"

#include <abi/core.h>
#include <abi/domctl.h>
#include <abi/sysctl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct fake *fake(struct hv *hv)
{
	return (struct fake *)hv;
}

static void fill(struct fake *f, struct xen_domctl_getdomaininfo *info,
		 uint32_t domid)
{
	memset(info, 0, sizeof(*info));
	info->domain = (domid_t)domid;
	info->flags = f->flags[domid];
}

static long domain_list(struct fake *f, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	uint32_t i;

	l->num_domains = 0;
	for (i = l->first_domain; i < FAKE_DOMAINS; i++)
		if (f->exists[i] && l->num_domains < l->max_domains)
			fill(f, &l->buffer.p[l->num_domains++], i);
	return 0;
}

static long domain_info(struct fake *f, struct xen_domctl *op)
{
	uint32_t i = op->domain;

	while (i < FAKE_DOMAINS && !f->exists[i])
		i++;
	if (i >= FAKE_DOMAINS)
		return -ESRCH;
	fill(f, &op->u.getdomaininfo, i);
	op->domain = (domid_t)i;
	return 0;
}

static long f_hypercall(struct hv *hv, unsigned int op, const uint64_t *arg)
{
	void *p = (void *)(uintptr_t)arg[0];

	if (op == __HYPERVISOR_sysctl)
		return domain_list(fake(hv), p);
	if (op == __HYPERVISOR_domctl)
		return domain_info(fake(hv), p);
	return -ENOSYS;
}

static void *f_alloc(struct hv *hv, size_t bytes)
{
	(void)hv;
	return calloc(1, bytes);
}

static void f_free(struct hv *hv, void *buf, size_t bytes)
{
	(void)hv;
	(void)bytes;
	free(buf);
}

static int f_foreign(struct hv *hv, uint32_t domid, int prot,
		     const uint64_t *frames, int *errs, size_t count,
		     void **out)
{
	(void)prot;
	(void)errs;
	if (frames[0] != 1000 + domid || count != 1)
		return -EINVAL;
	fake(hv)->maps++;
	*out = &fake(hv)->page[domid];
	return 0;
}

static int f_unmap(struct hv *hv, void *addr, size_t count)
{
	(void)addr;
	(void)count;
	fake(hv)->maps--;
	return 0;
}

static int f_grant(struct hv *hv, uint32_t domid, int prot,
		   const uint32_t *refs, size_t count, void **out)
{
	(void)prot;
	if (fake(hv)->no_grant || refs[0] != fake(hv)->ref || count != 1)
		return -EINVAL;
	fake(hv)->maps++;
	*out = &fake(hv)->page[domid];
	return 0;
}

static int f_bind(struct hv *hv, uint32_t domid, uint32_t remote)
{
	struct fake *f = fake(hv);

	if (remote == 99)
		return -EINVAL;
	f->ports++;
	f->port_of[domid] = ++f->next_port;
	return (int)f->next_port;
}

static int f_unbind(struct hv *hv, uint32_t port)
{
	(void)port;
	fake(hv)->ports--;
	return 0;
}

static int f_notify(struct hv *hv, uint32_t port)
{
	(void)port;
	fake(hv)->notified++;
	return 0;
}

static int f_pending(struct hv *hv)
{
	struct fake *f = fake(hv);

	return f->pending_count ? (int)f->pending[--f->pending_count] :
				  -EAGAIN;
}

static int f_unmask(struct hv *hv, uint32_t port)
{
	(void)hv;
	(void)port;
	return 0;
}

static const struct hv_ops fake_ops = {
	.hypercall = f_hypercall,
	.buf_alloc = f_alloc,
	.buf_free = f_free,
	.foreign_map = f_foreign,
	.foreign_unmap = f_unmap,
	.evtchn_bind_interdomain = f_bind,
	.evtchn_unbind = f_unbind,
	.evtchn_notify = f_notify,
	.evtchn_pending = f_pending,
	.evtchn_unmask = f_unmask,
	.grant_map = f_grant,
	.grant_unmap = f_unmap,
};

void fake_init(struct fake *f, uint32_t ref)
{
	f->hv.ops = &fake_ops;
	f->exists[0] = true;
	f->ref = ref;
}
