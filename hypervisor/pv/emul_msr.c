/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMSR and WRMSR of guests' kernels: a table of those they may see, and for
 * each what it gives and takes.  All others fault, as on a CPU without them;
 * stock kernels probe with fix-ups in place.
 */
#include <port/vcpu_hw.h>
#include <pv/emulate.h>
#include <x86/x86.h>

#define MSR_TSC 0x10
#define MSR_PLATFORM_ID 0x17
#define MSR_APIC_BASE 0x1b
#define MSR_FEATURE_CONTROL 0x3a
#define MSR_UCODE_REV 0x8b
#define MSR_PLATFORM_INFO 0xce
#define MSR_MISC_FEATURES 0x140
#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_MISC_ENABLE 0x1a0
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MSR_AMD_HWCR 0xc0010015

#define EFER_GUEST 0xd01UL /* SCE LME LMA NXE */
#define APIC_BASE_DEFAULT 0xfee00800UL /* enabled */
#define APIC_BASE_BSP 0x100UL
/* Types 0 to 7: WB WT UC- UC WC WP UC UC: part of the PV contract. */
#define PAT_VALUE 0x050100070406UL
#define MISC_BTS_UNAVAILABLE BIT(11)
#define MISC_PEBS_UNAVAILABLE BIT(12)
#define MISC_PERF_AVAILABLE BIT(7)
#define MISC_MWAIT BIT(18)
#define MISC_XTPR_DISABLE BIT(23)

/* 0, or -EACCES for #GP. */
typedef int msr_read_fn(struct vcpu *v, uint32_t msr, uint64_t *val);
typedef int msr_write_fn(struct vcpu *v, uint32_t msr, uint64_t val);

static uint64_t *base_of(struct vcpu *v, uint32_t msr)
{
	switch (msr) {
	case MSR_FS_BASE:
		return &v->hw.fs_base;
	case MSR_GS_BASE:
		return &v->hw.gs_base;
	default:
		return &v->hw.gs_base_user;
	}
}

static int read_base(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	vcpu_hw_save_bases(v);
	*val = *base_of(v, msr);
	return 0;
}

static int write_base(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (!is_canonical(val))
		return -EACCES;
	vcpu_hw_save_bases(v);
	*base_of(v, msr) = val;
	vcpu_hw_load_bases(v);
	return 0;
}

static int read_hardware(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)v;
	return x86_rdmsr_safe(msr, val) ? -EACCES : 0;
}

static int read_zero(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)v, (void)msr;
	*val = 0;
	return 0;
}

/* Locked, so that nothing it controls can be turned on. */
static int read_feature_control(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)v, (void)msr;
	*val = 1;
	return x86_features.amd ? -EACCES : 0;
}

static int read_efer(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)v, (void)msr;
	*val = EFER_GUEST;
	if (!x86_features.nx)
		*val &= ~BIT(11);
	return 0;
}

static int read_apic_base(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)msr;
	*val = APIC_BASE_DEFAULT | (v->id == 0 ? APIC_BASE_BSP : 0);
	return 0;
}

static int read_pat(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)v, (void)msr;
	*val = PAT_VALUE;
	return 0;
}

/* No performance counters, no debug store, no MONITOR. */
static int read_misc_enable(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	int rc = read_hardware(v, msr, val);

	*val &= ~(MISC_PERF_AVAILABLE | MISC_MWAIT);
	*val |= MISC_BTS_UNAVAILABLE | MISC_PEBS_UNAVAILABLE |
		MISC_XTPR_DISABLE;
	return rc;
}

static int read_tsc_aux(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	(void)msr;
	*val = v->hw.tsc_aux;
	return x86_features.rdtscp ? 0 : -EACCES;
}

/* Loaded when the vCPU is next switched to. */
static int write_tsc_aux(struct vcpu *v, uint32_t msr, uint64_t val)
{
	(void)msr;
	if (!x86_features.rdtscp || val >> 32)
		return -EACCES;
	v->hw.tsc_aux = val;
	return 0;
}

static int write_ignore(struct vcpu *v, uint32_t msr, uint64_t val)
{
	(void)v, (void)msr, (void)val;
	return 0;
}

static const struct msr {
	uint32_t index;
	msr_read_fn *read;
	msr_write_fn *write; /* NULL: only the value that it reads as */
} msrs[] = {
	{ MSR_FS_BASE, read_base, write_base },
	{ MSR_GS_BASE, read_base, write_base },
	{ MSR_KERNEL_GS_BASE, read_base, write_base },
	{ MSR_TSC, read_hardware, write_ignore },
	{ MSR_PLATFORM_ID, read_hardware, NULL },
	{ MSR_APIC_BASE, read_apic_base, NULL },
	{ MSR_FEATURE_CONTROL, read_feature_control, NULL },
	{ MSR_UCODE_REV, read_hardware, write_ignore },
	{ MSR_PLATFORM_INFO, read_zero, NULL },
	{ MSR_MISC_FEATURES, read_zero, NULL },
	{ MSR_MCG_CAP, read_zero, NULL },
	{ MSR_MCG_STATUS, read_zero, write_ignore },
	{ MSR_MISC_ENABLE, read_misc_enable, NULL },
	{ MSR_PAT, read_pat, NULL },
	{ MSR_EFER, read_efer, NULL },
	{ MSR_TSC_AUX, read_tsc_aux, write_tsc_aux },
	{ MSR_AMD_HWCR, read_hardware, NULL },
};

static const struct msr *find(uint32_t index)
{
	for (unsigned int k = 0; k < ARRAY_SIZE(msrs); k++)
		if (msrs[k].index == index)
			return &msrs[k];
	return NULL;
}

enum emul_result emul_rdmsr(struct vcpu *v, const struct insn *i)
{
	const struct msr *m = find(v->regs.ecx);
	uint64_t val = 0;

	(void)i;
	if (!m || m->read(v, m->index, &val)) {
		pv_refuse(v, "RDMSR", v->regs.ecx);
		return EMUL_REFUSE;
	}
	v->regs.rax = (uint32_t)val;
	v->regs.rdx = val >> 32;
	return EMUL_DONE;
}

static int write_same(struct vcpu *v, const struct msr *m, uint64_t val)
{
	uint64_t now = 0;
	int rc = m->read(v, m->index, &now);

	if (rc)
		return rc;
	return val == now ? 0 : -EACCES;
}

enum emul_result emul_wrmsr(struct vcpu *v, const struct insn *i)
{
	const struct msr *m = find(v->regs.ecx);
	uint64_t val = v->regs.eax | (uint64_t)v->regs.edx << 32;
	int rc = -EACCES;

	(void)i;
	if (m)
		rc = m->write ? m->write(v, m->index, val) :
				write_same(v, m, val);
	if (rc) {
		pv_refuse(v, "WRMSR", v->regs.ecx);
		return EMUL_REFUSE;
	}
	return EMUL_DONE;
}
