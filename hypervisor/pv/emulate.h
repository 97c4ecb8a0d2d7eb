/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the pv room: one instruction that is being emulated, and the
 * functions that know one kind of instruction each.
 */
#ifndef PV_EMULATE_H
#define PV_EMULATE_H

#include <lib/insn.h>
#include <pv/pv_priv.h>

enum emul_result {
	EMUL_DONE, /* RIP goes on to the next instruction */
	EMUL_AGAIN, /* progress was made, the same instruction goes on */
	EMUL_RAISED, /* an exception was raised for the guest */
	EMUL_REFUSE, /* the guest gets the #GP that it came with */
};

typedef enum emul_result emul_fn(struct vcpu *v, const struct insn *i);

emul_fn emul_in_out; /* IN, OUT */
emul_fn emul_string_io; /* INS, OUTS */
emul_fn emul_rdmsr;
emul_fn emul_wrmsr;

/* True if the current mode of @v may use I/O instructions at all. */
bool emul_iopl_ok(const struct vcpu *v);

/* Raise #PF for an access of @len bytes at @a that failed. */
enum emul_result emul_fault(struct vcpu *v, gva_t a, size_t len, bool write);

#endif
