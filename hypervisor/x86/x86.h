/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few hardware services that boot/, control/ and pv/ name directly and
 * that are no part of a port interface.
 */
#ifndef X86_X86_H
#define X86_X86_H

#include <lib/types.h>
#include <port/power.h>

/* Enter S5 with the values that the DSDT names; returns if that failed. */
void machine_power_off_s5(uint16_t pm1a_val, uint16_t pm1b_val);

/* Raw CPUID and whitelisted MSRs of this CPU. MSR accesses: 0 or -EFAULT. */
void x86_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
int x86_rdmsr_safe(uint32_t msr, uint64_t *val);
int x86_wrmsr_safe(uint32_t msr, uint64_t val);

struct x86_features {
	bool smep, smap, nx, umip, fsgsbase, xsave, xsaveopt, xsaves, pcid;
	bool x2apic, tsc_deadline, pages_1g, invariant_tsc, rdtscp, sep, amd;
	bool ibpb;
	uint64_t xcr0_max;
	uint32_t xsave_size;
	unsigned int paddr_bits;
};
extern struct x86_features x86_features;

/* The first of the 8 ports of serial port @i (0, 1), if we use it; or 0. */
uint16_t x86_console_port(unsigned int i);

/* Hypervisor image and memory it keeps, for figures. */
paddr_t hv_image_start(void);
paddr_t hv_image_end(void);

#endif
