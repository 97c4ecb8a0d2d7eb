/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pieces of processor state that a guest's kernel changes by hypercall:
 * TS, debug registers, segment bases.  Values are checked here, so that the
 * hardware side may load them as they are.
 */
#include <hypercall/hypercall.h>
#include <port/guest.h>
#include <port/vcpu_hw.h>
#include <pv/pv_priv.h>

#define DR7_DETECT BIT(13) /* general detect: would trap ourselves */
#define DR7_ENABLE 0xffUL
#define DR7_VALID 0xffff23ffUL /* bits 10 to 12, 14, 15 are fixed */
#define DR_RW_IO 2

/* arg: whether TS is to be set. */
long hc_fpu_taskswitch(struct vcpu *v, uint64_t arg[6])
{
	v->pv.cr0_ts = arg[0] ? CR0_TS : 0;
	vcpu_hw_set_ts(v, arg[0]);
	return 0;
}

/* An I/O breakpoint, or general detect, would trap outside the guest. */
static bool dr7_permitted(uint64_t val)
{
	if (val & DR7_DETECT)
		return false;
	for (unsigned int i = 0; i < 4; i++)
		if ((val >> 2 * i & 3) && (val >> (16 + 4 * i) & 3) == DR_RW_IO)
			return false;
	return true;
}

int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t val)
{
	if (reg == 4 || reg == 5) {
		if (v->pv.cr4 & CR4_DE)
			return -ENODEV;
		reg += 2;
	}
	switch (reg) {
	case 0 ... 3: /* never an address of the hypervisor */
		if (!guest_range_ok(val, 8))
			return -EPERM;
		v->hw.dr[reg] = val;
		break;
	case 6:
		if (val >> 32)
			return -EPERM;
		v->hw.dr6 = DR6_DEFAULT | (val & DR6_EVENTS);
		break;
	case 7:
		if (val >> 32 || !dr7_permitted(val))
			return -EPERM;
		v->hw.dr7 = (val & DR7_VALID) | DR7_DEFAULT;
		break;
	default:
		return -EINVAL;
	}
	vcpu_hw_load_debug(v);
	return 0;
}

int pv_get_debugreg(const struct vcpu *v, unsigned int reg, uint64_t *val)
{
	if (reg == 4 || reg == 5) {
		if (v->pv.cr4 & CR4_DE)
			return -ENODEV;
		reg += 2;
	}
	if (reg < 4)
		*val = v->hw.dr[reg];
	else if (reg == 6)
		*val = v->hw.dr6;
	else if (reg == 7)
		*val = v->hw.dr7;
	else
		return -EINVAL;
	return 0;
}

long hc_set_debugreg(struct vcpu *v, uint64_t arg[6])
{
	return arg[0] > 7 ? -EINVAL :
			    pv_set_debugreg(v, (unsigned int)arg[0], arg[1]);
}

long hc_get_debugreg(struct vcpu *v, uint64_t arg[6])
{
	uint64_t val = 0;
	long rc = arg[0] > 7 ? -EINVAL :
			       pv_get_debugreg(v, (unsigned int)arg[0], &val);

	return rc ? rc : (long)val;
}

/* arg: which, base (or selector). The caller is in kernel mode. */
long hc_set_segment_base(struct vcpu *v, uint64_t arg[6])
{
	uint64_t *base[] = {
		[SEGBASE_FS] = &v->hw.fs_base,
		[SEGBASE_GS_USER] = &v->hw.gs_base_user,
		[SEGBASE_GS_KERNEL] = &v->hw.gs_base,
	};

	if (arg[0] == SEGBASE_GS_USER_SEL) {
		vcpu_hw_load_gs_user(v, (uint16_t)arg[1]);
		return 0;
	}
	if (arg[0] >= ARRAY_SIZE(base) || !is_canonical(arg[1]))
		return -EINVAL;
	vcpu_hw_save_bases(v);
	*base[arg[0]] = arg[1];
	vcpu_hw_load_bases(v);
	return 0;
}
