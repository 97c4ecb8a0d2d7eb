/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole contexts of vCPUs: their start, their end, and loading or reading one
 * at once (tools, VCPUOP_initialise, the builder of dom0).
 *
 * A context comes from a guest or from a toolstack: everything in it is
 * checked or forced into what ring 3 may have before any of it is used.  The
 * vCPU does not run meanwhile; its domain's domctl_lock keeps others away.
 */
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/guest.h>
#include <pv/pv_priv.h>
#include <pv/segdesc.h>
#include <x86/x86.h>

#define FXSAVE_BYTES 512
#define FXSAVE_MXCSR 24
#define FXSAVE_ST 32
#define FXSAVE_XMM 160
#define FXSAVE_XMM_END 416
#define FCW_INITIAL 0x37f
#define MXCSR_VALID 0xffffU
#define XSTATE_BV 512 /* of the XSAVE header */
#define XSTATE_X87 1UL
#define XSTATE_SSE 2UL

/* The bits that a guest chooses, and those it sees as the hardware has them. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE)
#define CR4_VISIBLE (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* vm_assist bits that mean something for a 64-bit guest. */
#define VM_ASSIST_VALID                                   \
	(BIT(VMASST_TYPE_writable_pagetables) |           \
	 BIT(VMASST_TYPE_architectural_iopl) |            \
	 BIT(VMASST_TYPE_runstate_update_flag) |          \
	 BIT(VMASST_TYPE_m2p_strict) |                    \
	 BIT(VMASST_TYPE_4gb_segments) |                  \
	 BIT(VMASST_TYPE_4gb_segments_notify) |           \
	 BIT(VMASST_TYPE_pae_extended_cr3))

int pv_domain_init(struct domain *d)
{
	d->pv = (struct pv_domain){ 0 };
	return 0;
}

int pv_vcpu_init(struct vcpu *v)
{
	struct pv_vcpu *pv = &v->pv;

	*pv = (struct pv_vcpu){
		.kernel_cr3 = MFN_NONE,
		.user_cr3 = MFN_NONE,
		.kernel_mode = true,
		.kernel_ss = FLAT_KERNEL_SS,
		.pending_vector = -1,
	};
	for (unsigned int i = 0; i < PV_GDT_FRAMES; i++)
		pv->gdt_frames[i] = MFN_NONE;
	for (unsigned int i = 0; i < PV_LDT_PAGES; i++)
		pv->ldt_frames[i] = MFN_NONE;
	pv->traps = heap_calloc(PV_VECTORS, sizeof(*pv->traps));
	if (!pv->traps)
		return -ENOMEM;
	pv->cr4 = pv_cr4(v, 0);
	v->hw.dr6 = DR6_DEFAULT;
	v->hw.dr7 = DR7_DEFAULT;
	v->regs.rflags = FLAG_MBS | FLAG_IF;
	return 0;
}

void pv_vcpu_free(struct vcpu *v)
{
	heap_free(v->pv.traps);
	v->pv.traps = NULL;
}

int pv_vcpu_relinquish(struct vcpu *v, struct budget *b)
{
	int rc;

	pv_set_ldt(v, 0, 0);
	pv_drop_gdt(v);
	rc = pv_set_user_base(v, MFN_NONE, b);
	return rc ? rc : pv_set_kernel_base(v, MFN_NONE, b);
}

uint64_t pv_cr4(const struct vcpu *v, uint64_t cr4)
{
	uint64_t guest = CR4_GUEST;

	(void)v;
	if (!x86_features.fsgsbase)
		guest &= ~CR4_FSGSBASE;
	if (!x86_features.xsave)
		guest &= ~CR4_OSXSAVE;
	return (cr4 & guest) | CR4_VISIBLE;
}

/*
 * Interrupts on, no I/O privilege, no virtual-8086: as ring 3 must run. Both
 * selectors get RPL 3; those that cannot be loaded lead to the failsafe
 * callback.
 */
void pv_sanitise_regs(struct vcpu *v)
{
	struct cpu_user_regs *r = &v->regs;

	r->cs |= 3;
	r->ss |= 3;
	r->rflags = (r->rflags & FLAGS_GUEST) | FLAG_IF | FLAG_MBS;
}

static bool addresses_valid(const struct vcpu_guest_context *c)
{
	const uint64_t a[] = {
		c->user_regs.rip, c->event_callback_eip,
		c->failsafe_callback_eip, c->syscall_callback_eip,
		c->fs_base, c->gs_base_kernel, c->gs_base_user,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(a); i++)
		if (!is_canonical(a[i]))
			return false;
	for (unsigned int i = 0; i < PV_VECTORS; i++)
		if (!is_canonical(c->trap_ctxt[i].address))
			return false;
	return true;
}

static mfn_t cr3_frame(uint64_t cr3)
{
	return cr3 ? mfn(xen_cr3_to_pfn(cr3)) : MFN_NONE;
}

/* 0 means none: no other value may come to mean that. */
static bool cr3_valid(uint64_t cr3)
{
	return !cr3 || frame_is_ram(cr3_frame(cr3));
}

/* What may never change once a vCPU has a context. */
static bool same_tables(const struct vcpu *v,
			const struct vcpu_guest_context *c)
{
	const struct pv_vcpu *pv = &v->pv;

	if (!mfn_eq(pv->kernel_cr3, cr3_frame(c->ctrlreg[3])) ||
	    !mfn_eq(pv->user_cr3, cr3_frame(c->ctrlreg[1])) ||
	    pv->ldt_base != c->ldt_base || pv->ldt_entries != c->ldt_ents ||
	    pv->gdt_entries != c->gdt_ents)
		return false;
	for (unsigned int i = 0; i * 512 < pv->gdt_entries; i++)
		if (mfn_x(pv->gdt_frames[i]) != c->gdt_frames[i])
			return false;
	return true;
}

static int set_descriptor_tables(struct vcpu *v,
				 const struct vcpu_guest_context *c)
{
	mfn_t frames[PV_GDT_FRAMES];

	if (c->gdt_ents > FIRST_RESERVED_GDT_ENTRY || c->ldt_ents > UINT32_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < PV_GDT_FRAMES; i++)
		frames[i] = mfn(c->gdt_frames[i]);
	if (pv_set_ldt(v, c->ldt_base, (uint32_t)c->ldt_ents))
		return -EINVAL;
	return pv_set_gdt(v, frames, (uint32_t)c->gdt_ents);
}

/*
 * The part that takes references and may have to be continued. What it took
 * before an error stays the vCPU's until a later context, or teardown.
 */
static int set_tables(struct vcpu *v, const struct vcpu_guest_context *c,
		      struct budget *b)
{
	int rc;

	if (v->initialised)
		return same_tables(v, c) ? 0 : -EOPNOTSUPP;
	if (!c->ctrlreg[3] || !cr3_valid(c->ctrlreg[3]) ||
	    !cr3_valid(c->ctrlreg[1]))
		return -EINVAL;
	rc = pv_set_kernel_base(v, cr3_frame(c->ctrlreg[3]), b);
	if (!rc)
		rc = pv_set_user_base(v, cr3_frame(c->ctrlreg[1]), b);
	if (!rc)
		rc = set_descriptor_tables(v, c);
	return rc;
}

static void set_traps(struct vcpu *v, const struct vcpu_guest_context *c)
{
	for (unsigned int i = 0; i < PV_VECTORS; i++)
		v->pv.traps[i] = (struct pv_trap){
			.address = c->trap_ctxt[i].address,
			.cs = c->trap_ctxt[i].cs | 3,
			.flags = c->trap_ctxt[i].flags,
		};
}

static void set_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
	v->pv.event.address = c->event_callback_eip;
	v->pv.failsafe.address = c->failsafe_callback_eip;
	v->pv.failsafe.mask_events = c->flags & VGCF_failsafe_disables_events;
	v->pv.syscall.address = c->syscall_callback_eip;
	v->pv.syscall.mask_events = c->flags & VGCF_syscall_disables_events;
	v->pv.kernel_ss = (uint16_t)c->kernel_ss | 3;
	v->pv.kernel_sp = c->kernel_sp;
}

static void set_fpu(struct vcpu *v, const struct vcpu_guest_context *c)
{
	uint8_t *image = vcpu_hw_fpu_image(v);
	uint32_t mxcsr;

	if (!(c->flags & VGCF_I387_VALID))
		return;
	memset(image, 0, XSAVE_AREA_MAX);
	memcpy(image, &c->fpu_ctxt, FXSAVE_BYTES);
	memcpy(&mxcsr, image + FXSAVE_MXCSR, sizeof(mxcsr));
	mxcsr &= MXCSR_VALID;
	memcpy(image + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	*(uint64_t *)(image + XSTATE_BV) = XSTATE_X87 | XSTATE_SSE;
}

static void set_bases(struct vcpu *v, const struct vcpu_guest_context *c)
{
	bool kernel = v->pv.kernel_mode;

	v->hw.fs_base = c->fs_base;
	v->hw.gs_base = kernel ? c->gs_base_kernel : c->gs_base_user;
	v->hw.gs_base_user = kernel ? c->gs_base_user : c->gs_base_kernel;
}

static void set_regs(struct vcpu *v, const struct vcpu_guest_context *c)
{
	v->pv.iopl = c->user_regs.rflags >> FLAG_IOPL_SHIFT & 3;
	v->regs = c->user_regs;
	v->regs.entry_vector = 0;
	v->regs.error_code = 0;
	pv_sanitise_regs(v);
	v->pv.cr0_ts = c->ctrlreg[0] & CR0_TS;
	v->pv.cr4 = pv_cr4(v, c->ctrlreg[4]);
	v->pv.pending_vector = -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(c->debugreg); i++)
		(void)pv_set_debugreg(v, i, c->debugreg[i]);
}

int pv_context_set(struct vcpu *v, const struct vcpu_guest_context *c,
		   struct budget *b)
{
	bool kernel = c->flags & VGCF_in_kernel;
	int rc;

	if (!addresses_valid(c))
		return -EINVAL;
	if (!kernel && !c->ctrlreg[1])
		return -EINVAL;
	if (!v->initialised && v->id == 0 && (c->vm_assist & ~VM_ASSIST_VALID))
		return -EPERM;
	rc = set_tables(v, c, b);
	if (rc)
		return rc;
	if (!v->initialised && v->id == 0)
		v->domain->vm_assist = c->vm_assist;
	v->pv.kernel_mode = kernel;
	set_traps(v, c);
	set_callbacks(v, c);
	set_regs(v, c);
	set_bases(v, c);
	set_fpu(v, c);
	v->initialised = true;
	return 0;
}

static void get_tables(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct pv_vcpu *pv = &v->pv;

	c->ldt_base = pv->ldt_base;
	c->ldt_ents = pv->ldt_entries;
	for (unsigned int i = 0; i * 512 < pv->gdt_entries; i++)
		c->gdt_frames[i] = mfn_x(pv->gdt_frames[i]);
	c->gdt_ents = pv->gdt_entries;
	c->ctrlreg[0] = pv->cr0_ts | 0x80050033UL; /* PG WP NE ET MP PE.. */
	if (!mfn_eq(pv->kernel_cr3, MFN_NONE))
		c->ctrlreg[3] = xen_pfn_to_cr3(mfn_x(pv->kernel_cr3));
	if (!mfn_eq(pv->user_cr3, MFN_NONE))
		c->ctrlreg[1] = xen_pfn_to_cr3(mfn_x(pv->user_cr3));
	c->ctrlreg[2] = pv->cr2;
	c->ctrlreg[4] = pv->cr4;
}

static void get_callbacks(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct pv_vcpu *pv = &v->pv;

	for (unsigned int i = 0; i < PV_VECTORS; i++)
		c->trap_ctxt[i] = (struct trap_info){
			.vector = (uint8_t)i,
			.flags = pv->traps[i].flags,
			.cs = pv->traps[i].cs,
			.address = pv->traps[i].address,
		};
	c->kernel_ss = pv->kernel_ss;
	c->kernel_sp = pv->kernel_sp;
	c->event_callback_eip = pv->event.address;
	c->failsafe_callback_eip = pv->failsafe.address;
	c->syscall_callback_eip = pv->syscall.address;
	if (pv->failsafe.mask_events)
		c->flags |= VGCF_failsafe_disables_events;
	if (pv->syscall.mask_events)
		c->flags |= VGCF_syscall_disables_events;
}

/*
 * XSAVEOPT leaves what the image held before where a component is in its
 * initial state, and says so in the header only.
 */
static void get_fpu(struct vcpu *v, struct vcpu_guest_context *c)
{
	const uint8_t *image = vcpu_hw_fpu_image(v);
	uint64_t used = *(const uint64_t *)(image + XSTATE_BV);
	uint8_t *out = (uint8_t *)&c->fpu_ctxt;
	uint16_t fcw = FCW_INITIAL;

	memcpy(out, image, FXSAVE_BYTES);
	if (!x86_features.xsave)
		return;
	if (!(used & XSTATE_X87)) {
		memset(out, 0, FXSAVE_MXCSR);
		memcpy(out, &fcw, sizeof(fcw));
		memset(out + FXSAVE_ST, 0, FXSAVE_XMM - FXSAVE_ST);
	}
	if (!(used & XSTATE_SSE))
		memset(out + FXSAVE_XMM, 0, FXSAVE_XMM_END - FXSAVE_XMM);
}

/* The vCPU does not run: all its state is in memory. */
void pv_context_get(struct vcpu *v, struct vcpu_guest_context *c)
{
	bool kernel = v->pv.kernel_mode;

	memset(c, 0, sizeof(*c));
	c->flags = VGCF_I387_VALID | (kernel ? VGCF_in_kernel : 0);
	if (!(READ_ONCE(v->pause_flags) & VPF_DOWN))
		c->flags |= VGCF_online;
	get_fpu(v, c);
	c->user_regs = v->regs;
	c->user_regs.entry_vector = 0;
	c->user_regs.rflags |= (uint64_t)v->pv.iopl << FLAG_IOPL_SHIFT;
	get_tables(v, c);
	get_callbacks(v, c);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->debugreg); i++)
		(void)pv_get_debugreg(v, i, &c->debugreg[i]);
	c->vm_assist = v->domain->vm_assist;
	c->fs_base = v->hw.fs_base;
	c->gs_base_kernel = kernel ? v->hw.gs_base : v->hw.gs_base_user;
	c->gs_base_user = kernel ? v->hw.gs_base_user : v->hw.gs_base;
}
