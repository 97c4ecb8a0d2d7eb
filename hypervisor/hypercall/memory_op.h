/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of memory_op.  Each command is one function; a command
 * that works on a list starts at m->start and, when it returns -ERESTART, has
 * moved m->start to where it is to continue.
 */
#ifndef HYPERCALL_MEMORY_OP_H
#define HYPERCALL_MEMORY_OP_H

#include <abi/memory.h>
#include <domain/domain.h>
#include <lib/budget.h>

#define MEMOP_EXTENT_SHIFT 6 /* the command is below, the start above */

struct memop {
	struct vcpu *v;
	unsigned int cmd; /* XENMEM_* */
	gva_t arg;
	uint64_t start;
	struct budget budget;
};

typedef long memop_fn(struct memop *m);

/* Blocks of up to 2 MiB: more would be too much to zero at a stretch. */
#define MEMOP_ORDER_MAX 9

/*
 * A domain that an operation is about, referenced: the caller's own, or for a
 * privileged caller any. -ESRCH, -EPERM.
 */
int memop_domain(struct vcpu *v, uint16_t id, struct domain **out);
/* The same for operations of tools: privileged callers only. */
int memop_domain_tool(struct vcpu *v, uint16_t id, struct domain **out);

/* memory_op_res.c */
memop_fn memop_reservation, memop_exchange, memop_claim;
/* memory_op_info.c */
memop_fn memop_max_page, memop_domain_info, memop_m2p_list, memop_m2p_range;
memop_fn memop_pod, memop_rdm;
/* memory_op_map.c */
memop_fn memop_memory_map, memop_machine_map, memop_set_map;
/* memory_op_resource.c */
memop_fn memop_acquire;

#endif
