/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a guest's kernel wants to be entered: trap table, callbacks, the stack
 * to use when its user mode is interrupted.  All of it belongs to the calling
 * vCPU; addresses are canonical once they are stored.
 */
#include <abi/nmi.h>
#include <hypercall/hypercall.h>
#include <lib/str.h>
#include <port/guest.h>
#include <pv/pv_priv.h>

#define VEC_NMI 2

static int set_callback(struct pv_callback *c, uint64_t address, bool mask)
{
	if (!is_canonical(address))
		return -EINVAL;
	c->address = address;
	c->mask_events = mask;
	return 0;
}

static int set_nmi(struct vcpu *v, uint64_t address)
{
	if (!is_canonical(address))
		return -EINVAL;
	v->pv.traps[VEC_NMI] = (struct pv_trap){
		.address = address,
		.cs = FLAT_KERNEL_CS,
		.flags = address ? 4 : 0, /* events masked */
	};
	return 0;
}

/*
 * arg: the list, ended by an address of 0; a null list clears all. A list has
 * at most 256 entries of use, which bounds the work.
 */
long hc_set_trap_table(struct vcpu *v, uint64_t arg[6])
{
	struct trap_info t;

	if (!arg[0]) {
		memset(v->pv.traps, 0, PV_VECTORS * sizeof(*v->pv.traps));
		return 0;
	}
	for (unsigned int i = 0; i <= PV_VECTORS; i++) {
		if (guest_read(v, &t, arg[0] + i * sizeof(t), sizeof(t)))
			return -EFAULT;
		if (!t.address)
			return 0;
		if (!is_canonical(t.address))
			return -EINVAL;
		v->pv.traps[t.vector] = (struct pv_trap){
			.address = t.address,
			.cs = t.cs | 3,
			.flags = t.flags,
		};
	}
	return -E2BIG;
}

/* arg: ss, sp. */
long hc_stack_switch(struct vcpu *v, uint64_t arg[6])
{
	v->pv.kernel_ss = (uint16_t)arg[0] | 3;
	v->pv.kernel_sp = arg[1];
	return 0;
}

/* arg: event, failsafe, syscall. */
long hc_set_callbacks(struct vcpu *v, uint64_t arg[6])
{
	struct pv_vcpu *pv = &v->pv;

	for (unsigned int i = 0; i < 3; i++)
		if (!is_canonical(arg[i]))
			return -EINVAL;
	pv->event.address = arg[0];
	pv->failsafe.address = arg[1];
	pv->syscall.address = arg[2];
	return 0;
}

static struct pv_callback *callback_of(struct vcpu *v, unsigned int type)
{
	switch (type) {
	case CALLBACKTYPE_event:
		return &v->pv.event;
	case CALLBACKTYPE_failsafe:
		return &v->pv.failsafe;
	case CALLBACKTYPE_syscall:
		return &v->pv.syscall;
	case CALLBACKTYPE_sysenter:
		return &v->pv.sysenter;
	case CALLBACKTYPE_syscall32:
		return &v->pv.syscall32;
	}
	return NULL;
}

static long callback_register(struct vcpu *v, gva_t arg)
{
	struct callback_register r;
	struct pv_callback *c;

	if (guest_read(v, &r, arg, sizeof(r)))
		return -EFAULT;
	if (r.type == CALLBACKTYPE_nmi)
		return set_nmi(v, r.address);
	c = callback_of(v, r.type);
	if (!c)
		return -ENOSYS;
	return set_callback(c, r.address, r.flags & CALLBACKF_mask_events);
}

/* What a guest cannot do without stays. */
static long callback_unregister(struct vcpu *v, gva_t arg)
{
	struct callback_unregister u;

	if (guest_read(v, &u, arg, sizeof(u)))
		return -EFAULT;
	switch (u.type) {
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
	case CALLBACKTYPE_sysenter:
		return -EINVAL;
	case CALLBACKTYPE_nmi:
		return set_nmi(v, 0);
	}
	return -ENOSYS;
}

long hc_callback_op(struct vcpu *v, uint64_t arg[6])
{
	switch (arg[0]) {
	case CALLBACKOP_register:
		return callback_register(v, arg[1]);
	case CALLBACKOP_unregister:
		return callback_unregister(v, arg[1]);
	}
	return -ENOSYS;
}

long hc_nmi_op(struct vcpu *v, uint64_t arg[6])
{
	struct xennmi_callback c;

	switch (arg[0]) {
	case XENNMI_register_callback:
		if (guest_read(v, &c, arg[1], sizeof(c)))
			return -EFAULT;
		return set_nmi(v, c.handler_address);
	case XENNMI_unregister_callback:
		return set_nmi(v, 0);
	}
	return -ENOSYS;
}
