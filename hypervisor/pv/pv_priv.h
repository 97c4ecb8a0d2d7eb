/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the pv room share about contexts and traps. */
#ifndef PV_PV_PRIV_H
#define PV_PV_PRIV_H

#include <event/event.h>
#include <lib/str.h>
#include <port/log.h>
#include <pv/pv.h>

#define FLAG_CF BIT(0)
#define FLAG_MBS BIT(1) /* always set */
#define FLAG_TF BIT(8)
#define FLAG_IF BIT(9)
#define FLAG_DF BIT(10)
#define FLAG_IOPL (3UL << 12)
#define FLAG_IOPL_SHIFT 12
#define FLAG_NT BIT(14)
#define FLAG_RF BIT(16)
#define FLAG_VM BIT(17)
#define FLAG_AC BIT(18)
#define FLAG_VIF BIT(19)
#define FLAG_VIP BIT(20)
#define FLAG_ID BIT(21)
/* What a guest may set: the arithmetic ones and those above that are its. */
#define FLAGS_GUEST \
	(0x8d5UL | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID)

#define CR0_TS BIT(3)
#define CR4_TSD BIT(2)
#define CR4_DE BIT(3)
#define CR4_PAE BIT(5)
#define CR4_MCE BIT(6)
#define CR4_OSFXSR BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_FSGSBASE BIT(16)
#define CR4_OSXSAVE BIT(18)

#define DR6_EVENTS 0xe00fUL
#define DR6_DEFAULT 0xffff0ff0UL
#define DR7_DEFAULT 0x400UL

static inline bool is_canonical(uint64_t a)
{
	return (uint64_t)((int64_t)(a << 16) >> 16) == a;
}

static inline bool pv_architectural_iopl(const struct domain *d)
{
	return d->vm_assist & BIT(VMASST_TYPE_architectural_iopl);
}

/* May @v's code raise @vector by INT n? */
bool pv_softint_permitted(const struct vcpu *v, unsigned int vector);

/* The CR4 that a guest reads after asking for @cr4. pv/context.c */
uint64_t pv_cr4(const struct vcpu *v, uint64_t cr4);

/* Debug registers, checked; 0, -EPERM, -EINVAL, -ENODEV. pv/hwstate.c */
int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t val);
int pv_get_debugreg(const struct vcpu *v, unsigned int reg, uint64_t *val);

/* Raise #GP(0) and say, at debug level, what was refused. */
void pv_refuse(struct vcpu *v, const char *what, uint64_t detail);

#endif
