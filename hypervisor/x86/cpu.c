// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The CPU's features, control registers and MSRs.  State: x86_features,
 * written once at boot; all CPUs are taken to be alike.
 */
#include <boot/boot.h>
#include <lib/bitmap.h>
#include <lib/str.h>
#include <port/log.h>
#include <x86/desc.h>
#include <x86/features.h>
#include <x86/insn.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/x86.h>

struct x86_features x86_features;

enum { EAX, EBX, ECX, EDX };

#define XCR0_OFFERED 0xe7UL /* x87, SSE, AVX, AVX-512: all we save and load */

/* Which bit of which CPUID register sets which flag. */
static const struct feature_bit {
	uint32_t leaf, sub;
	uint8_t reg, bit;
	uint16_t offset;
} feature_bits[] = {
#define F(l, s, r, b, name) { l, s, r, b, offsetof(struct x86_features, name) }
	F(1, 0, ECX, 17, pcid),
	F(1, 0, ECX, 21, x2apic),
	F(1, 0, ECX, 24, tsc_deadline),
	F(1, 0, ECX, 26, xsave),
	F(1, 0, EDX, 11, sep),
	F(7, 0, EBX, 0, fsgsbase),
	F(7, 0, EBX, 7, smep),
	F(7, 0, EBX, 20, smap),
	F(7, 0, ECX, 2, umip),
	F(7, 0, EDX, 26, ibpb),
	F(13, 1, EAX, 0, xsaveopt),
	F(13, 1, EAX, 3, xsaves),
	F(0x80000001, 0, EDX, 20, nx),
	F(0x80000001, 0, EDX, 26, pages_1g),
	F(0x80000001, 0, EDX, 27, rdtscp),
	F(0x80000007, 0, EDX, 8, invariant_tsc),
#undef F
};

void x86_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	cpuid(leaf, subleaf, out);
}

/* As x86_cpuid(), with zero for leaves that do not exist. */
static void cpuid_checked(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	cpuid(leaf & 0x80000000, 0, out);
	if (out[EAX] < leaf)
		out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
	else
		cpuid(leaf, sub, out);
}

static void detect_bits(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(feature_bits); i++) {
		const struct feature_bit *f = &feature_bits[i];
		uint32_t r[4];

		cpuid_checked(f->leaf, f->sub, r);
		*((bool *)&x86_features + f->offset) = r[f->reg] >> f->bit & 1;
	}
}

static void detect_sizes(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	x86_features.amd = r[EBX] == 0x68747541 || r[EBX] == 0x6f677948;
	cpuid_checked(0x80000008, 0, r);
	x86_features.paddr_bits = r[EAX] & 0xff ? r[EAX] & 0xff : 36;
	if (!x86_features.xsave)
		return;
	cpuid_checked(13, 0, r);
	x86_features.xcr0_max = ((uint64_t)r[EDX] << 32 | r[EAX]) &
				XCR0_OFFERED;
	/* AVX-512's three parts only work together. */
	if ((x86_features.xcr0_max & 0xe0) != 0xe0)
		x86_features.xcr0_max &= ~0xe0UL;
}

struct smap_site {
	int32_t at;
	uint32_t op;
};
extern const struct smap_site _smap_sites_start[], _smap_sites_end[];

/* While the boot map still lets us write the text. */
static void enable_smap_sites(void)
{
	const struct smap_site *s;

	for (s = _smap_sites_start; s < _smap_sites_end; s++) {
		uint8_t *p = (uint8_t *)((uint64_t)s + (uint64_t)(int64_t)s->at);

		p[0] = 0x0f;
		p[1] = 0x01;
		p[2] = (uint8_t)s->op;
	}
}

void features_detect(void)
{
	detect_bits();
	detect_sizes();
	x86_features.smep &= !boot_options.no_smep;
	x86_features.smap &= !boot_options.no_smap;
	if (x86_features.smap)
		enable_smap_sites();
}

static uint64_t cr4_bits(void)
{
	const struct x86_features *f = &x86_features;
	uint64_t v = CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR |
		     CR4_OSXMMEXCPT;

	v |= f->umip ? CR4_UMIP : 0;
	v |= f->fsgsbase ? CR4_FSGSBASE : 0;
	v |= f->xsave ? CR4_OSXSAVE : 0;
	v |= f->smep ? CR4_SMEP : 0;
	v |= f->smap ? CR4_SMAP : 0;
	return v;
}

void features_apply(void)
{
	struct percpu *p = this_percpu();

	p->cr4 = cr4_bits();
	write_cr4(p->cr4);
	write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_MP | BIT(4) | BIT(0));
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE |
				(x86_features.nx ? EFER_NXE : 0));
	wrmsr(MSR_PAT, HV_PAT);
	write_dr7(0x400);
	if (x86_features.xsave) {
		uint32_t r[4];

		p->xcr0 = x86_features.xcr0_max;
		xsetbv(0, p->xcr0);
		cpuid(13, 0, r);
		x86_features.xsave_size = r[EBX];
	}
	if (x86_features.rdtscp)
		wrmsr(MSR_TSC_AUX, 0);
	desc_syscall_init();
}

int x86_cpu_features_init(void)
{
	static const struct {
		const char *name;
		uint16_t offset;
	} names[] = {
#define N(f) { #f, offsetof(struct x86_features, f) }
		N(smep), N(smap), N(nx), N(umip), N(fsgsbase), N(xsave),
		N(x2apic), N(tsc_deadline), N(invariant_tsc), N(pages_1g),
#undef N
	};
	char text[128];
	size_t n = 0;

	if (!x86_features.nx) {
		log_err("this CPU cannot forbid execution (NX)\n");
		return -EINVAL;
	}
	features_apply();
	text[0] = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (*((bool *)&x86_features + names[i].offset))
			n += (size_t)fmt_snprintf(text + n, sizeof(text) - n,
						  " %s", names[i].name);
	log_info("CPU features in use:%s\n", text);
	return 0;
}

int x86_rdmsr_safe(uint32_t msr, uint64_t *val)
{
	uint32_t lo = 0, hi = 0;
	int rc = 0;

	__asm__ volatile("1: rdmsr\n"
			 "jmp 3f\n"
			 "2: movl %4, %0\n"
			 "3:\n" EXTABLE(1b, 2b)
			 : "+r"(rc), "+a"(lo), "+d"(hi)
			 : "c"(msr), "i"(-EFAULT));
	if (!rc)
		*val = (uint64_t)hi << 32 | lo;
	return rc;
}

int x86_wrmsr_safe(uint32_t msr, uint64_t val)
{
	int rc = 0;

	__asm__ volatile("1: wrmsr\n"
			 "jmp 3f\n"
			 "2: movl %4, %0\n"
			 "3:\n" EXTABLE(1b, 2b)
			 : "+r"(rc)
			 : "a"((uint32_t)val), "d"((uint32_t)(val >> 32)),
			   "c"(msr), "i"(-EFAULT)
			 : "memory");
	return rc;
}
