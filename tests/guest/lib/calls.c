// SPDX-License-Identifier: GPL-2.0-or-later
/* See calls.h. No state. */
#include "calls.h"

long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update u = { .ptr = ptr, .val = val };

	return HC4(mmu_update, &u, 1, 0, DOMID_SELF);
}

long ext2(unsigned int cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = arg1;
	op.arg2.nr_ents = (unsigned int)arg2;
	return HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

long ext(unsigned int cmd, uint64_t mfn)
{
	return ext2(cmd, mfn, 0);
}

uint64_t machine(const void *p)
{
	return virt_to_mfn(p) << 12;
}

long reserve(unsigned int cmd, xen_pfn_t *frames, unsigned long n,
	     unsigned int flags)
{
	struct xen_memory_reservation r = {
		.nr_extents = n, .mem_flags = flags, .domid = DOMID_SELF,
	};

	r.extent_start.p = frames;
	return HC2(memory_op, cmd, &r);
}

long reserve_one(unsigned int cmd, xen_pfn_t *frame)
{
	return reserve(cmd, frame, 1, 0);
}

long frames_now(void)
{
	domid_t self = DOMID_SELF;

	return HC2(memory_op, XENMEM_current_reservation, &self);
}

bool take_frame(void *page)
{
	xen_pfn_t f = virt_to_pfn(page);

	if (reserve_one(XENMEM_populate_physmap, &f) != 1)
		return false;
	((uint64_t *)start->mfn_list)[virt_to_pfn(page)] = f;
	return make_writable(page) == 0;
}

long gop(unsigned int cmd, void *arg, unsigned int n)
{
	return HC3(grant_table_op, cmd, arg, n);
}

long set_version(unsigned int v)
{
	struct gnttab_set_version s = { v };

	return gop(GNTTABOP_set_version, &s, 1);
}

long grant_set_up(struct grant_entry_v1 **table)
{
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	xen_pfn_t frame = 0;
	long rc;

	set_version(1);
	s.frame_list.p = &frame;
	rc = gop(GNTTABOP_setup_table, &s, 1);
	if (rc || s.status)
		return rc ? rc : s.status;
	*table = (struct grant_entry_v1 *)pages[40];
	return map_va(pages[40], frame << 12 | PTE_TABLE, UVMF_INVLPG);
}

long evop(unsigned int cmd, void *arg)
{
	return HC2(event_channel_op, cmd, arg);
}

long send(unsigned int port)
{
	struct evtchn_send s = { port };

	return evop(EVTCHNOP_send, &s);
}

long close_port(unsigned int port)
{
	struct evtchn_close c = { port };

	return evop(EVTCHNOP_close, &c);
}

long loopback(unsigned int *a, unsigned int *b)
{
	struct evtchn_alloc_unbound u = { DOMID_SELF, DOMID_SELF, 0 };
	struct evtchn_bind_interdomain i = { .remote_dom = DOMID_SELF };
	long rc = evop(EVTCHNOP_alloc_unbound, &u);

	if (rc)
		return rc;
	i.remote_port = u.port;
	rc = evop(EVTCHNOP_bind_interdomain, &i);
	*a = u.port;
	*b = i.local_port;
	return rc;
}

void clear_pending(unsigned int port)
{
	__atomic_fetch_and(&shared->evtchn_pending[port / 64],
			   ~(1UL << (port % 64)), __ATOMIC_SEQ_CST);
	shared->vcpu_info[0].evtchn_pending_sel = 0;
	shared->vcpu_info[0].evtchn_upcall_pending = 0;
}

void mask_upcalls(bool on)
{
	shared->vcpu_info[0].evtchn_upcall_mask = on;
	__asm__ volatile("" : : : "memory");
}

long vop(unsigned int cmd, unsigned int vcpu, void *arg)
{
	return HC3(vcpu_op, cmd, vcpu, arg);
}
