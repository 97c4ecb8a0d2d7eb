// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_fake_hv.c: struct hv_ops over a toy: a few domains that own frames of
 * one memory file.  It checks what a real hypervisor would refuse and the
 * builder must not do: foreign frames, double maps, pinning what is mapped
 * writable.  One thread.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <abi/core.h>
#include <abi/domctl.h>
#include <abi/event.h>
#include <abi/grant.h>
#include <abi/memory.h>
#include <abi/sysctl.h>

#include "xl_fake.h"

#define DOMAINS 64
#define NOBODY 0xffff

static struct domain {
	int exists, paused, ended;
	unsigned int reason, ports;
	uint8_t handle[16];
	uint64_t shared_info, grants;
} domains[DOMAINS];

static uint16_t owner[FAKE_FRAMES];
static uint8_t mapped[FAKE_FRAMES];
static uint8_t *memory;
static int memory_fd = -1;
static uint32_t next_domid = 1;
static struct vcpu_guest_context vcpu;
static int have_vcpu;

int fake_fails(void)
{
	return ++fake->ops == fake->fail_at;
}

const void *fake_frame(uint64_t frame)
{
	return memory + frame * HV_PAGE_SIZE;
}

const struct vcpu_guest_context *fake_vcpu(void)
{
	return have_vcpu ? &vcpu : NULL;
}

void fake_shutdown(uint32_t domid, unsigned int reason)
{
	domains[domid].ended = 1;
	domains[domid].reason = reason;
}

void fake_replace(uint32_t domid)
{
	domains[domid].handle[0] ^= 1;
}

static struct domain *domain(uint32_t domid)
{
	return domid < DOMAINS && domains[domid].exists ? &domains[domid] :
							  NULL;
}

/* Takes 2^order frames in a row, aligned; the first, or -1. */
static int64_t take_frames(uint32_t domid, unsigned int order)
{
	uint64_t n = 1ull << order;

	for (uint64_t f = n; f + n <= FAKE_FRAMES; f += n) {
		uint64_t i = 0;

		while (i < n && owner[f + i] == NOBODY)
			i++;
		if (i < n)
			continue;
		for (i = 0; i < n; i++)
			owner[f + i] = (uint16_t)domid;
		fake->frames += (unsigned int)n;
		memset(memory + f * HV_PAGE_SIZE, fake->zeroes ? 0 : 0xa5,
		       n * HV_PAGE_SIZE);
		return (int64_t)f;
	}
	return -1;
}

static void free_frames(uint32_t domid)
{
	for (uint64_t f = 0; f < FAKE_FRAMES; f++) {
		if (owner[f] == domid) {
			assert(!mapped[f]);
			owner[f] = NOBODY;
			fake->frames--;
		}
	}
}

static int create(struct xen_domctl *op)
{
	uint32_t id = next_domid++ % DOMAINS;
	struct domain *d = &domains[id ? id : next_domid++ % DOMAINS];

	id = (uint32_t)(d - domains);
	assert(!d->exists && op->u.createdomain.max_vcpus);
	memset(d, 0, sizeof(*d));
	d->exists = d->paused = 1;
	memcpy(d->handle, op->u.createdomain.handle, sizeof(d->handle));
	d->shared_info = (uint64_t)take_frames(id, 0);
	d->grants = (uint64_t)take_frames(id, 0);
	op->domain = (domid_t)id;
	fake->domains++;
	return 0;
}

static int destroy(struct xen_domctl *op, struct domain *d)
{
	free_frames(op->domain);
	fake->ports -= d->ports;
	fake->domains--;
	fake->running -= !d->paused;
	d->exists = 0;
	return 0;
}

static void info(const struct domain *d, uint32_t domid,
		 struct xen_domctl_getdomaininfo *i)
{
	memset(i, 0, sizeof(*i));
	i->domain = (domid_t)domid;
	i->flags = d->paused ? XEN_DOMINF_paused : XEN_DOMINF_running;
	if (d->ended)
		i->flags |= XEN_DOMINF_shutdown |
			    d->reason << XEN_DOMINF_shutdownshift;
	i->shared_info_frame = d->shared_info;
	memcpy(i->handle, d->handle, sizeof(i->handle));
}

static int domctl(struct xen_domctl *op)
{
	struct domain *d = domain(op->domain);

	assert(op->interface_version == XEN_DOMCTL_INTERFACE_VERSION);
	if (op->cmd == XEN_DOMCTL_createdomain)
		return fake_fails() ? -ENOMEM : create(op);
	if (!d)
		return -ESRCH;
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		if (fake->undying)
			return -EBUSY;
		return destroy(op, d);
	case XEN_DOMCTL_getdomaininfo:
		info(d, op->domain, &op->u.getdomaininfo);
		return 0;
	case XEN_DOMCTL_unpausedomain:
		if (fake_fails())
			return -EINVAL;
		fake->running += d->paused;
		d->paused = 0;
		return 0;
	case XEN_DOMCTL_setvcpucontext:
		if (fake_fails())
			return -EINVAL;
		memcpy(&vcpu, op->u.vcpucontext.ctxt.p, sizeof(vcpu));
		have_vcpu = 1;
		return 0;
	case XEN_DOMCTL_setdomainhandle:
		memcpy(d->handle, op->u.setdomainhandle.handle,
		       sizeof(d->handle));
		return 0;
	case XEN_DOMCTL_hypercall_init:
		assert(owner[op->u.hypercall_init.gmfn] == op->domain);
		return fake_fails() ? -EINVAL : 0;
	case XEN_DOMCTL_max_mem:
	case XEN_DOMCTL_max_vcpus:
		return fake_fails() ? -EINVAL : 0;
	default:
		return -ENOSYS;
	}
}

static int list_domains(struct xen_sysctl_getdomaininfolist *list)
{
	list->num_domains = 0;
	for (uint32_t id = list->first_domain; id < DOMAINS; id++) {
		if (domain(id))
			info(&domains[id], id,
			     &list->buffer.p[list->num_domains++]);
	}
	return 0;
}

static int sysctl_op(struct xen_sysctl *op)
{
	if (op->cmd == XEN_SYSCTL_getdomaininfolist)
		return list_domains(&op->u.getdomaininfolist);
	if (op->cmd != XEN_SYSCTL_physinfo)
		return -ENOSYS;
	op->u.physinfo.capabilities = XEN_SYSCTL_PHYSCAP_gnttab_v2;
	op->u.physinfo.free_pages = FAKE_FRAMES - fake->frames;
	return 0;
}

static long populate(struct xen_memory_reservation *r)
{
	xen_ulong_t i;

	assert(domain(r->domid));
	if (fake_fails())
		return -EINVAL;
	for (i = 0; i < r->nr_extents; i++) {
		int64_t f = take_frames(r->domid, r->extent_order);

		if (f < 0)
			break;
		r->extent_start.p[i] = (xen_pfn_t)f;
	}
	return (long)i;
}

static int mmuext(struct mmuext_op *ops, uint64_t count, uint32_t domid)
{
	if (fake_fails())
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t f = ops[i].arg1.mfn;

		if (f >= FAKE_FRAMES || owner[f] != domid || mapped[f])
			return -EINVAL;
		if (ops[i].cmd == MMUEXT_CLEAR_PAGE) {
			memset(memory + f * HV_PAGE_SIZE, 0, HV_PAGE_SIZE);
			fake->cleared++;
		} else if (ops[i].cmd == MMUEXT_PIN_L4_TABLE) {
			fake->pinned++;
		} else {
			return -ENOSYS;
		}
	}
	return 0;
}

static int grant_op(struct gnttab_setup_table *op)
{
	if (fake_fails())
		return -EINVAL;
	op->status = 0;
	op->frame_list.p[0] = domains[op->dom].grants;
	return 0;
}

static int evtchn_op(struct evtchn_alloc_unbound *op)
{
	if (fake_fails())
		return -ENOSPC;
	op->port = ++domains[op->dom].ports;
	fake->ports++;
	return 0;
}

static int version(uint64_t cmd, char *text)
{
	assert(cmd == XENVER_extraversion);
	strcpy(text, fake->zeroes ? ".7-parvis" : ".7");
	return 0;
}

static void *pointer(uint64_t arg)
{
	return (void *)(uintptr_t)arg;
}

static long fake_hypercall(struct hv *hv, unsigned int op,
			   const uint64_t arg[5])
{
	(void)hv;
	switch (op) {
	case __HYPERVISOR_domctl:
		return domctl(pointer(arg[0]));
	case __HYPERVISOR_sysctl:
		return sysctl_op(pointer(arg[0]));
	case __HYPERVISOR_memory_op:
		assert(arg[0] == XENMEM_populate_physmap);
		return populate(pointer(arg[1]));
	case __HYPERVISOR_xen_version:
		return version(arg[0], pointer(arg[1]));
	case __HYPERVISOR_mmuext_op:
		return mmuext(pointer(arg[0]), arg[1], (uint32_t)arg[3]);
	case __HYPERVISOR_grant_table_op:
		assert(arg[0] == GNTTABOP_setup_table);
		return grant_op(pointer(arg[1]));
	case __HYPERVISOR_event_channel_op:
		assert(arg[0] == EVTCHNOP_alloc_unbound);
		return evtchn_op(pointer(arg[1]));
	default:
		return -ENOSYS;
	}
}

static void *fake_alloc(struct hv *hv, size_t bytes)
{
	/* The scratch page lives as long as the connection. */
	if (hv->scratch && fake_fails())
		return NULL;
	fake->buffers++;
	return calloc(1, bytes);
}

static void fake_free(struct hv *hv, void *buf, size_t bytes)
{
	(void)hv;
	(void)bytes;
	fake->buffers--;
	free(buf);
}

static int fake_map(struct hv *hv, uint32_t domid, int prot,
		    const uint64_t *frames, int *errs, size_t count,
		    void **out)
{
	uint8_t *va;

	(void)hv;
	(void)prot;
	assert(!errs);
	if (fake_fails())
		return -EFAULT;
	va = mmap(NULL, count * HV_PAGE_SIZE, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < count; i++) {
		assert(frames[i] < FAKE_FRAMES && owner[frames[i]] == domid);
		mapped[frames[i]]++;
		mmap(va + i * HV_PAGE_SIZE, HV_PAGE_SIZE,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory_fd,
		     (off_t)(frames[i] * HV_PAGE_SIZE));
	}
	fake->maps++;
	*out = va;
	return 0;
}

/* Only one mapping of a kind exists at a time, so all counts fall together. */
static int fake_unmap(struct hv *hv, void *addr, size_t count)
{
	(void)hv;
	munmap(addr, count * HV_PAGE_SIZE);
	memset(mapped, 0, sizeof(mapped));
	fake->maps--;
	return 0;
}

static void fake_close(struct hv *hv)
{
	munmap(memory, FAKE_FRAMES * HV_PAGE_SIZE);
	close(memory_fd);
	free(hv);
}

static const struct hv_ops ops = {
	.close = fake_close,
	.hypercall = fake_hypercall,
	.buf_alloc = fake_alloc,
	.buf_free = fake_free,
	.foreign_map = fake_map,
	.foreign_unmap = fake_unmap,
};

struct hv *fake_hv_open(void)
{
	struct hv *hv = calloc(1, sizeof(*hv));

	memory_fd = memfd_create("fake", MFD_CLOEXEC);
	if (!hv || memory_fd < 0 ||
	    ftruncate(memory_fd, (off_t)FAKE_FRAMES * HV_PAGE_SIZE))
		abort();
	memory = mmap(NULL, FAKE_FRAMES * HV_PAGE_SIZE,
		      PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	memset(owner, 0xff, sizeof(owner));
	hv->ops = &ops;
	return hv;
}
