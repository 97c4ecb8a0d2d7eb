// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a guest's SYSCALL to a handler and back.
 *
 * The table is made from abi/hypercalls.def, so a number, its privilege and
 * its handler are said once.  -ERESTART ends here: the instruction pointer is
 * moved back over SYSCALL and the argument registers hold what the handler
 * left, so the guest itself makes the call again after interrupts were taken.
 */
#include <abi/core.h>
#include <hypercall/hypercall.h>
#include <hypercall/hypercall_priv.h>
#include <lib/str.h>

#define ANY false
#define SUBOP false
#define PRIV true

#define SYSCALL_BYTES 2 /* 0f 05; INT 82h (cd 82) has as many */

struct entry {
	hypercall_fn *fn;
	bool privileged;
	uint8_t nargs;
};

static const struct entry table[ABI_NR_HYPERCALLS] = {
#define HYPERCALL(nr, name, n, who, flow) [nr] = { hc_##name, who, n },
#define HYPERCALL_ABSENT(nr, name)
#include <abi/hypercalls.def>
};

/*
 * A mispredicted bound must not choose a handler: zero for numbers beyond the
 * table, by data instead of by a branch. The limit is read as volatile, or the
 * compiler would know from the branch before that nothing is left to do.
 */
static uint64_t clamp(uint64_t nr)
{
	volatile uint64_t limit = ABI_NR_HYPERCALLS;

	return nr & (uint64_t)((int64_t)(nr - limit) >> 63);
}

long hypercall_call(struct vcpu *v, uint64_t nr, uint64_t arg[6])
{
	const struct entry *e;

	if (unlikely(nr >= ABI_NR_HYPERCALLS))
		return -ENOSYS;
	e = &table[clamp(nr)];
	if (unlikely(!e->fn))
		return -ENOSYS;
	if (unlikely(e->privileged && !v->domain->privileged))
		return -EPERM;
	return e->fn(v, arg);
}

static void restart(struct vcpu *v, const uint64_t arg[6])
{
	struct cpu_user_regs *r = &v->regs;

	r->rip -= SYSCALL_BYTES;
	r->rdi = arg[0];
	r->rsi = arg[1];
	r->rdx = arg[2];
	r->r10 = arg[3];
	r->r8 = arg[4];
	r->r9 = arg[5];
}

static void ordinary(struct vcpu *v, uint64_t nr)
{
	struct cpu_user_regs *r = &v->regs;
	uint64_t arg[6] = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 };
	long rc = hypercall_call(v, nr, arg);

	if (unlikely(rc == -ERESTART))
		restart(v, arg);
	else
		r->rax = (uint64_t)rc;
}

/* What a guest calls most, and the one call whose result is all registers. */
static void iret(struct vcpu *v)
{
	uint64_t none[6];

	(void)hc_iret(v, none);
}

void hypercall_dispatch(struct vcpu *v)
{
	uint64_t nr = v->regs.rax;

	v->hypercall_count++;
	if (nr == __HYPERVISOR_iret)
		iret(v);
	else
		ordinary(v, nr);
}

/*
 * Stubs of 32 bytes. The ordinary one keeps rcx and r11, which SYSCALL
 * destroys; iret's leaves them and rax on the stack, where the call wants
 * them (public arch-x86_64.h).
 */
static const uint8_t stub[] = {
	0x51, /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0xb8, 0, 0, 0, 0, /* mov $nr, %eax */
	0x0f, 0x05, /* syscall */
	0x41, 0x5b, /* pop %r11 */
	0x59, /* pop %rcx */
	0xc3, /* ret */
};

static const uint8_t stub_iret[] = {
	0x51, /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0x50, /* push %rax */
	0xb8, __HYPERVISOR_iret, 0, 0, 0, /* mov $nr, %eax */
	0x0f, 0x05, /* syscall */
};

#define STUB_SIZE 32
#define STUB_NR_AT 4

void hypercall_page_fill(void *page)
{
	uint8_t *p = page;

	memset(p, 0xcc, PAGE_SIZE);
	for (uint32_t nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++) {
		uint8_t *s = p + nr * STUB_SIZE;

		if (nr == __HYPERVISOR_iret) {
			memcpy(s, stub_iret, sizeof(stub_iret));
			continue;
		}
		memcpy(s, stub, sizeof(stub));
		memcpy(s + STUB_NR_AT, &nr, sizeof(nr));
	}
}
