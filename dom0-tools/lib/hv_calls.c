// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hv_calls.c: hypercalls with one argument structure, over any hv_ops.
 *
 * State: the connection's scratch page, used for the duration of one call.
 * A connection belongs to one thread, so it needs no lock; a structure larger
 * than the page is a programming error and answered -E2BIG.
 */
#include <errno.h>
#include <string.h>

#include <abi/core.h>
#include <abi/domctl.h>
#include <abi/sysctl.h>

#include "hv.h"

void hv_close(struct hv *hv)
{
	if (!hv)
		return;
	hv_buf_free(hv, hv->scratch, HV_PAGE_SIZE);
	hv->ops->close(hv);
}

/* The scratch page holding a copy of @arg, or NULL with *@rc set. */
static void *stage(struct hv *hv, const void *arg, size_t size, long *rc)
{
	if (size > HV_PAGE_SIZE) {
		*rc = -E2BIG;
		return NULL;
	}
	if (!hv->scratch)
		hv->scratch = hv_buf_alloc(hv, HV_PAGE_SIZE);
	if (!hv->scratch) {
		*rc = -ENOMEM;
		return NULL;
	}
	memcpy(hv->scratch, arg, size);
	return hv->scratch;
}

/* One-argument form: the structure is the only argument. */
static long call_struct(struct hv *hv, unsigned int op, void *arg, size_t size)
{
	long rc;
	void *page = stage(hv, arg, size, &rc);

	if (!page)
		return rc;
	rc = hv_call(hv, op, (uintptr_t)page, 0, 0, 0, 0);
	memcpy(arg, page, size);
	return rc;
}

/* Two-argument form: a sub-command, then the structure. */
static long call_cmd(struct hv *hv, unsigned int op, unsigned int cmd,
		     void *arg, size_t size, unsigned int count)
{
	long rc;
	void *page;

	if (!arg)
		return hv_call(hv, op, cmd, 0, count, 0, 0);
	page = stage(hv, arg, size, &rc);
	if (!page)
		return rc;
	rc = hv_call(hv, op, cmd, (uintptr_t)page, count, 0, 0);
	memcpy(arg, page, size);
	return rc;
}

int hv_domctl(struct hv *hv, struct xen_domctl *op)
{
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return (int)call_struct(hv, __HYPERVISOR_domctl, op, sizeof(*op));
}

int hv_sysctl(struct hv *hv, struct xen_sysctl *op)
{
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return (int)call_struct(hv, __HYPERVISOR_sysctl, op, sizeof(*op));
}

long hv_memory_op(struct hv *hv, unsigned int cmd, void *arg, size_t size)
{
	return call_cmd(hv, __HYPERVISOR_memory_op, cmd, arg, size, 0);
}

long hv_evtchn_op(struct hv *hv, unsigned int cmd, void *arg, size_t size)
{
	return call_cmd(hv, __HYPERVISOR_event_channel_op, cmd, arg, size, 0);
}

long hv_xen_version(struct hv *hv, unsigned int cmd, void *arg, size_t size)
{
	return call_cmd(hv, __HYPERVISOR_xen_version, cmd, arg, size, 0);
}

long hv_grant_op(struct hv *hv, unsigned int cmd, void *arg, size_t size,
		 unsigned int count)
{
	return call_cmd(hv, __HYPERVISOR_grant_table_op, cmd, arg, size,
			count);
}
