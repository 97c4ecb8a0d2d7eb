// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FPU, switched eagerly: a CPU's registers always belong to the vCPU it
 * runs.  State: each vCPU's image, in the standard XSAVE format (or FXSAVE's
 * where there is no XSAVE).  Everything that the hardware has is saved and
 * loaded whatever the guest enabled, so nothing of one guest is left for the
 * next.  The hypervisor itself never uses these registers.
 */
#include <domain/domain.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/vcpu_hw.h>
#include <x86/features.h>
#include <x86/insn.h>
#include <x86/percpu.h>
#include <x86/switch.h>
#include <x86/x86.h>

#define FCW_OFFSET 0
#define FSW_OFFSET 2
#define MXCSR_OFFSET 24
#define HEADER_OFFSET 512
#define HEADER_SIZE 64
#define FSW_ES 0x80

static void image_reset(uint8_t *image)
{
	uint16_t fcw = 0x37f;
	uint32_t mxcsr = 0x1f80;

	memset(image, 0, XSAVE_AREA_MAX);
	memcpy(image + FCW_OFFSET, &fcw, sizeof(fcw));
	memcpy(image + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

static void set_xcr0(uint64_t v)
{
	struct percpu *p = this_percpu();

	if (p->xcr0 == v)
		return;
	p->xcr0 = v;
	xsetbv(0, v);
}

static void write_ts(bool ts)
{
	struct percpu *p = this_percpu();

	if (p->ts_set == ts)
		return;
	p->ts_set = ts;
	if (ts)
		write_cr0(read_cr0() | CR0_TS);
	else
		clts();
}

static void store_image(uint8_t *image)
{
	uint64_t mask = x86_features.xcr0_max;

	if (!x86_features.xsave)
		__asm__ volatile("fxsave64 (%0)" : : "r"(image) : "memory");
	else if (x86_features.xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)" : : "r"(image),
				 "a"((uint32_t)mask),
				 "d"((uint32_t)(mask >> 32)) : "memory");
	else
		__asm__ volatile("xsave64 (%0)" : : "r"(image),
				 "a"((uint32_t)mask),
				 "d"((uint32_t)(mask >> 32)) : "memory");
}

/* False: the image is not one that the hardware takes. */
static bool load_image(const uint8_t *image)
{
	uint64_t mask = x86_features.xcr0_max;
	uint32_t ok = 1;

	if (!x86_features.xsave)
		__asm__ volatile("1: fxrstor64 (%1)\n"
				 "jmp 3f\n"
				 "2: xorl %0, %0\n"
				 "3:\n" EXTABLE(1b, 2b)
				 : "+r"(ok) : "r"(image) : "memory");
	else
		__asm__ volatile("1: xrstor64 (%1)\n"
				 "jmp 3f\n"
				 "2: xorl %0, %0\n"
				 "3:\n" EXTABLE(1b, 2b)
				 : "+r"(ok) : "r"(image),
				   "a"((uint32_t)mask),
				   "d"((uint32_t)(mask >> 32)) : "memory");
	return ok;
}

/*
 * AMD's FXRSTOR and XRSTOR leave the last x87 instruction's and operand's
 * addresses alone unless an exception is pending: give them harmless ones.
 */
static void clear_x87_pointers(const uint8_t *image)
{
	static const uint32_t zero;
	uint16_t fsw;

	memcpy(&fsw, image + FSW_OFFSET, sizeof(fsw));
	if (x86_features.amd && !(fsw & FSW_ES))
		__asm__ volatile("fnclex; ffree %%st(7); fildl %0"
				 : : "m"(zero));
}

void fpu_save(struct vcpu *v)
{
	write_ts(false);
	if (x86_features.xsave)
		set_xcr0(x86_features.xcr0_max);
	store_image(v->hw.xsave);
}

void fpu_load(struct vcpu *v)
{
	write_ts(false);
	if (x86_features.xsave)
		set_xcr0(x86_features.xcr0_max);
	clear_x87_pointers(v->hw.xsave);
	if (!load_image(v->hw.xsave)) {
		image_reset(v->hw.xsave);
		(void)load_image(v->hw.xsave);
	}
	if (x86_features.xsave)
		set_xcr0(v->hw.xcr0);
	write_ts(v->pv.cr0_ts);
}

void vcpu_hw_load_xcr0(struct vcpu *v)
{
	if (vcpu_is_loaded(v) && x86_features.xsave)
		set_xcr0(v->hw.xcr0);
}

void vcpu_hw_set_ts(struct vcpu *v, bool ts)
{
	v->pv.cr0_ts = ts ? CR0_TS : 0;
	if (vcpu_is_loaded(v))
		write_ts(ts);
}

void *vcpu_hw_fpu_image(struct vcpu *v)
{
	if (vcpu_is_loaded(v) && v->hw.xsave_live) {
		fpu_save(v);
		if (x86_features.xsave)
			set_xcr0(v->hw.xcr0);
		write_ts(v->pv.cr0_ts);
	}
	return v->hw.xsave;
}

int vcpu_hw_init(struct vcpu *v)
{
	v->hw.xsave = pages_alloc(0);
	if (!v->hw.xsave)
		return -ENOMEM;
	image_reset(v->hw.xsave);
	v->hw.xcr0 = 1;
	v->hw.dr6 = 0xffff0ff0;
	v->hw.dr7 = 0x400;
	return 0;
}

void vcpu_hw_free(struct vcpu *v)
{
	if (v->hw.xsave)
		pages_free(v->hw.xsave, 0);
	v->hw.xsave = NULL;
}
