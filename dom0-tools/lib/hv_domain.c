// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hv_domain.c: domctls and sysctls as plain functions.
 *
 * State: none.  Long operations that the hypervisor hands back unfinished
 * (-EAGAIN, -ERESTART) are continued here until they end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/core.h>
#include <abi/event.h>
#include <abi/sched.h>

#include "hv_domain.h"

#define HV_ERESTART 85

static int domctl(struct hv *hv, uint32_t cmd, uint32_t domid,
		  struct xen_domctl *op)
{
	int rc;

	op->cmd = cmd;
	op->domain = (domid_t)domid;
	do
		rc = hv_domctl(hv, op);
	while (rc == -EAGAIN || rc == -HV_ERESTART);
	return rc;
}

static int domctl_plain(struct hv *hv, uint32_t cmd, uint32_t domid)
{
	struct xen_domctl op = { 0 };

	return domctl(hv, cmd, domid, &op);
}

/* The highest grant table version on offer. */
static uint32_t best_grant_version(struct hv *hv)
{
	struct xen_sysctl_physinfo info;

	if (hv_physinfo(hv, &info))
		return 1;
	return info.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 ? 2 : 1;
}

int hv_domain_create(struct hv *hv, const struct hv_create *how,
		     uint32_t *domid)
{
	struct xen_domctl op = { 0 };
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	int rc;

	memcpy(c->handle, how->uuid, sizeof(c->handle));
	c->max_vcpus = how->vcpus;
	c->max_evtchn_port = how->max_evtchn_port;
	c->max_grant_frames = how->max_grant_frames;
	c->max_maptrack_frames = how->max_maptrack_frames;
	c->grant_opts = XEN_DOMCTL_GRANT_version(
		how->grant_version ? how->grant_version :
				     best_grant_version(hv));
	rc = domctl(hv, XEN_DOMCTL_createdomain, 0, &op);
	if (!rc)
		*domid = op.domain;
	return rc;
}

int hv_domain_destroy(struct hv *hv, uint32_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_destroydomain, domid);
}

int hv_domain_pause(struct hv *hv, uint32_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_pausedomain, domid);
}

int hv_domain_unpause(struct hv *hv, uint32_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_unpausedomain, domid);
}

int hv_domain_shutdown(struct hv *hv, uint32_t domid, uint32_t reason)
{
	struct sched_remote_shutdown arg = {
		.domain_id = (domid_t)domid,
		.reason = reason,
	};
	void *page = hv_buf_alloc(hv, sizeof(arg));
	int rc;

	if (!page)
		return -ENOMEM;
	memcpy(page, &arg, sizeof(arg));
	rc = (int)hv_call(hv, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
			  (uintptr_t)page, 0, 0, 0);
	hv_buf_free(hv, page, sizeof(arg));
	return rc;
}

int hv_domain_set_max_mem(struct hv *hv, uint32_t domid, uint64_t kib)
{
	struct xen_domctl op = { .u.max_mem.max_memkb = kib };

	return domctl(hv, XEN_DOMCTL_max_mem, domid, &op);
}

int hv_domain_set_max_vcpus(struct hv *hv, uint32_t domid, uint32_t count)
{
	struct xen_domctl op = { .u.max_vcpus.max = count };

	return domctl(hv, XEN_DOMCTL_max_vcpus, domid, &op);
}

int hv_scheduler_id(struct hv *hv, uint32_t *id)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
	int rc = hv_sysctl(hv, &op);

	if (!rc)
		*id = op.u.sched_id.sched_id;
	return rc;
}

int hv_domain_set_weight(struct hv *hv, uint32_t domid, uint32_t weight,
			 int32_t cap)
{
	struct xen_domctl op = { 0 };
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	int rc = hv_scheduler_id(hv, &s->sched_id);

	if (!rc && s->sched_id != XEN_SCHEDULER_CREDIT &&
	    s->sched_id != XEN_SCHEDULER_CREDIT2)
		rc = -EOPNOTSUPP;
	if (rc)
		return rc;
	s->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	rc = domctl(hv, XEN_DOMCTL_scheduler_op, domid, &op);
	if (rc)
		return rc;
	/* Both schedulers that know a weight begin their answer with it. */
	if (weight)
		s->u.credit.weight = (uint16_t)weight;
	if (cap >= 0)
		s->u.credit.cap = (uint16_t)cap;
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	return domctl(hv, XEN_DOMCTL_scheduler_op, domid, &op);
}

int hv_domain_info(struct hv *hv, uint32_t domid,
		   struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = { 0 };
	int rc = domctl(hv, XEN_DOMCTL_getdomaininfo, domid, &op);

	if (rc)
		return rc;
	/* The call answers with the first domain at or after the number. */
	if (op.u.getdomaininfo.domain != domid)
		return -ESRCH;
	*info = op.u.getdomaininfo;
	return 0;
}

#define LIST_CHUNK 256

int hv_domain_list(struct hv *hv, uint32_t first,
		   struct xen_domctl_getdomaininfo **out)
{
	struct xen_domctl_getdomaininfo *chunk, *all = NULL;
	size_t bytes = LIST_CHUNK * sizeof(*chunk);
	int count = 0, rc;

	chunk = hv_buf_alloc(hv, bytes);
	if (!chunk)
		return -ENOMEM;
	for (;;) {
		struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
		struct xen_sysctl_getdomaininfolist *list =
			&op.u.getdomaininfolist;
		void *more;

		list->first_domain = (domid_t)first;
		list->max_domains = LIST_CHUNK;
		list->buffer.p = chunk;
		rc = hv_sysctl(hv, &op);
		if (rc || !list->num_domains)
			break;
		more = realloc(all, ((size_t)count + list->num_domains) *
					    sizeof(*all));
		if (!more) {
			rc = -ENOMEM;
			break;
		}
		all = more;
		memcpy(all + count, chunk, list->num_domains * sizeof(*all));
		count += (int)list->num_domains;
		first = all[count - 1].domain + 1u;
		if (list->num_domains < LIST_CHUNK)
			break;
	}
	hv_buf_free(hv, chunk, bytes);
	if (rc) {
		free(all);
		return rc;
	}
	*out = all;
	return count;
}

int hv_vcpu_info(struct hv *hv, uint32_t domid, uint32_t vcpu,
		 struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = { .u.getvcpuinfo.vcpu = vcpu };
	int rc = domctl(hv, XEN_DOMCTL_getvcpuinfo, domid, &op);

	if (!rc)
		*info = op.u.getvcpuinfo;
	return rc;
}

int hv_vcpu_affinity(struct hv *hv, uint32_t domid, uint32_t vcpu, bool set,
		     bool soft, uint8_t *bits, uint32_t bytes)
{
	struct xen_domctl op = { 0 };
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	struct xenctl_bitmap *map = soft ? &a->cpumap_soft : &a->cpumap_hard;
	uint8_t *buf = hv_buf_alloc(hv, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	if (set)
		memcpy(buf, bits, bytes);
	a->vcpu = vcpu;
	a->flags = soft ? XEN_VCPUAFFINITY_SOFT : XEN_VCPUAFFINITY_HARD;
	map->bitmap.p = buf;
	map->nr_bits = bytes * 8;
	rc = domctl(hv, set ? XEN_DOMCTL_setvcpuaffinity :
			      XEN_DOMCTL_getvcpuaffinity, domid, &op);
	if (!rc)
		memcpy(bits, buf, bytes);
	hv_buf_free(hv, buf, bytes);
	return rc;
}

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
	int rc = hv_sysctl(hv, &op);

	if (!rc)
		*info = op.u.physinfo;
	return rc;
}

bool hv_memory_is_zero(struct hv *hv)
{
	static const char ours[] = "-parvis";
	xen_extraversion_t text = { 0 };
	size_t len;

	if (hv_xen_version(hv, XENVER_extraversion, text, sizeof(text)))
		return false;
	text[sizeof(text) - 1] = 0;
	len = strlen(text);
	return len >= strlen(ours) &&
	       !strcmp(text + len - strlen(ours), ours);
}

int hv_debug_keys(struct hv *hv, const char *keys)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
	size_t len = strlen(keys);
	char *buf = hv_buf_alloc(hv, len + 1);
	int rc;

	if (!buf)
		return -ENOMEM;
	memcpy(buf, keys, len);
	op.u.debug_keys.keys.p = buf;
	op.u.debug_keys.nr_keys = (uint32_t)len;
	rc = hv_sysctl(hv, &op);
	hv_buf_free(hv, buf, len + 1);
	return rc;
}

#define RING_CHUNK 16384u

/* One read of the ring at *@index into @buf; bytes, or -errno. */
static int read_ring(struct hv *hv, bool clear, char *buf, uint32_t *index)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
	struct xen_sysctl_readconsole *r = &op.u.readconsole;
	int rc;

	r->clear = clear;
	r->incremental = 1;
	r->index = *index;
	r->buffer.p = buf;
	r->count = RING_CHUNK;
	rc = hv_sysctl(hv, &op);
	if (rc)
		return rc;
	*index = r->index;
	return (int)r->count;
}

int hv_console_ring(struct hv *hv, bool clear, char **text)
{
	char *buf = hv_buf_alloc(hv, RING_CHUNK), *all = NULL, *more;
	size_t len = 0;
	uint32_t index = 0;
	int n;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		n = read_ring(hv, clear, buf, &index);
		more = n < 0 ? NULL : realloc(all, len + (size_t)n + 1);
		if (!more)
			break;
		all = more;
		memcpy(all + len, buf, (size_t)n);
		len += (size_t)n;
		all[len] = '\0';
		if (!n)
			break;
	}
	hv_buf_free(hv, buf, RING_CHUNK);
	if (n < 0 || !more) {
		free(all);
		return n < 0 ? n : -ENOMEM;
	}
	*text = all;
	return 0;
}

int hv_evtchn_alloc_for(struct hv *hv, uint32_t domid, uint32_t *port)
{
	struct evtchn_alloc_unbound arg = {
		.dom = (domid_t)domid,
		.remote_dom = 0,
	};
	int rc = (int)hv_evtchn_op(hv, EVTCHNOP_alloc_unbound, &arg,
				   sizeof(arg));

	if (!rc)
		*port = arg.port;
	return rc;
}
