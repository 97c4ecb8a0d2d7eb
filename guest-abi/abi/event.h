/* SPDX-License-Identifier: MIT */
/*
 * Event channels: HYPERVISOR_event_channel_op's commands, and the pages that
 * the FIFO layout shares.  An event word or bitmap is the guest's to write at
 * any time; the hypervisor changes it with atomic operations only.
 */
#ifndef ABI_EVENT_H
#define ABI_EVENT_H

#include <abi/base.h>

#define EVTCHNOP_bind_interdomain	0
#define EVTCHNOP_bind_virq		1
#define EVTCHNOP_bind_pirq		2
#define EVTCHNOP_close			3
#define EVTCHNOP_send			4
#define EVTCHNOP_status			5
#define EVTCHNOP_alloc_unbound		6
#define EVTCHNOP_bind_ipi		7
#define EVTCHNOP_bind_vcpu		8
#define EVTCHNOP_unmask			9
#define EVTCHNOP_reset			10
#define EVTCHNOP_init_control		11
#define EVTCHNOP_expand_array		12
#define EVTCHNOP_set_priority		13

/* A port of dom that remote_dom may bind to; dom may be DOMID_SELF. */
struct evtchn_alloc_unbound {
	domid_t dom, remote_dom;
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;
ABI_SIZE(struct evtchn_alloc_unbound, 8);
ABI_OFFSET(struct evtchn_alloc_unbound, dom, 0);
ABI_OFFSET(struct evtchn_alloc_unbound, remote_dom, 2);
ABI_OFFSET(struct evtchn_alloc_unbound, port, 4);

struct evtchn_bind_interdomain {
	domid_t remote_dom;
	evtchn_port_t remote_port;
	evtchn_port_t local_port;	/* OUT */
};
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;
ABI_SIZE(struct evtchn_bind_interdomain, 12);
ABI_OFFSET(struct evtchn_bind_interdomain, remote_dom, 0);
ABI_OFFSET(struct evtchn_bind_interdomain, remote_port, 4);
ABI_OFFSET(struct evtchn_bind_interdomain, local_port, 8);

struct evtchn_bind_virq {
	uint32_t virq;			/* VIRQ_* */
	uint32_t vcpu;			/* 0 for the global ones */
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_bind_virq evtchn_bind_virq_t;
ABI_SIZE(struct evtchn_bind_virq, 12);
ABI_OFFSET(struct evtchn_bind_virq, virq, 0);
ABI_OFFSET(struct evtchn_bind_virq, vcpu, 4);
ABI_OFFSET(struct evtchn_bind_virq, port, 8);

#define BIND_PIRQ__WILL_SHARE	1

struct evtchn_bind_pirq {
	uint32_t pirq;
	uint32_t flags;			/* BIND_PIRQ__* */
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_bind_pirq evtchn_bind_pirq_t;
ABI_SIZE(struct evtchn_bind_pirq, 12);
ABI_OFFSET(struct evtchn_bind_pirq, pirq, 0);
ABI_OFFSET(struct evtchn_bind_pirq, flags, 4);
ABI_OFFSET(struct evtchn_bind_pirq, port, 8);

struct evtchn_bind_ipi {
	uint32_t vcpu;
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;
ABI_SIZE(struct evtchn_bind_ipi, 8);
ABI_OFFSET(struct evtchn_bind_ipi, vcpu, 0);
ABI_OFFSET(struct evtchn_bind_ipi, port, 4);

struct evtchn_close {
	evtchn_port_t port;
};
typedef struct evtchn_close evtchn_close_t;
ABI_SIZE(struct evtchn_close, 4);
ABI_OFFSET(struct evtchn_close, port, 0);

struct evtchn_send {
	evtchn_port_t port;
};
typedef struct evtchn_send evtchn_send_t;
ABI_SIZE(struct evtchn_send, 4);
ABI_OFFSET(struct evtchn_send, port, 0);

#define EVTCHNSTAT_closed	0
#define EVTCHNSTAT_unbound	1
#define EVTCHNSTAT_interdomain	2
#define EVTCHNSTAT_pirq		3
#define EVTCHNSTAT_virq		4
#define EVTCHNSTAT_ipi		5

/* Asking about another domain's port is for the control domain. */
struct evtchn_status {
	domid_t dom;
	evtchn_port_t port;
	uint32_t status;		/* OUT: EVTCHNSTAT_*, and the rest */
	uint32_t vcpu;
	union {
		struct {
			domid_t dom;
		} unbound;
		struct {
			domid_t dom;
			evtchn_port_t port;
		} interdomain;
		uint32_t pirq;
		uint32_t virq;
	} u;
};
typedef struct evtchn_status evtchn_status_t;
ABI_SIZE(struct evtchn_status, 24);
ABI_OFFSET(struct evtchn_status, dom, 0);
ABI_OFFSET(struct evtchn_status, port, 4);
ABI_OFFSET(struct evtchn_status, status, 8);
ABI_OFFSET(struct evtchn_status, vcpu, 12);
ABI_OFFSET(struct evtchn_status, u, 16);
ABI_OFFSET(struct evtchn_status, u.unbound, 16);
ABI_OFFSET(struct evtchn_status, u.unbound.dom, 16);
ABI_OFFSET(struct evtchn_status, u.interdomain, 16);
ABI_OFFSET(struct evtchn_status, u.interdomain.dom, 16);
ABI_OFFSET(struct evtchn_status, u.interdomain.port, 20);
ABI_OFFSET(struct evtchn_status, u.pirq, 16);
ABI_OFFSET(struct evtchn_status, u.virq, 16);

struct evtchn_bind_vcpu {
	evtchn_port_t port;
	uint32_t vcpu;
};
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;
ABI_SIZE(struct evtchn_bind_vcpu, 8);
ABI_OFFSET(struct evtchn_bind_vcpu, port, 0);
ABI_OFFSET(struct evtchn_bind_vcpu, vcpu, 4);

struct evtchn_unmask {
	evtchn_port_t port;
};
typedef struct evtchn_unmask evtchn_unmask_t;
ABI_SIZE(struct evtchn_unmask, 4);
ABI_OFFSET(struct evtchn_unmask, port, 0);

struct evtchn_reset {
	domid_t dom;
};
typedef struct evtchn_reset evtchn_reset_t;
ABI_SIZE(struct evtchn_reset, 2);
ABI_OFFSET(struct evtchn_reset, dom, 0);

/* Moves the caller to the FIFO layout, one vCPU's control block at a time. */
struct evtchn_init_control {
	uint64_t control_gfn;
	uint32_t offset;
	uint32_t vcpu;
	uint8_t link_bits;		/* OUT */
	uint8_t _pad[7];
};
typedef struct evtchn_init_control evtchn_init_control_t;
ABI_SIZE(struct evtchn_init_control, 24);
ABI_OFFSET(struct evtchn_init_control, control_gfn, 0);
ABI_OFFSET(struct evtchn_init_control, offset, 8);
ABI_OFFSET(struct evtchn_init_control, vcpu, 12);
ABI_OFFSET(struct evtchn_init_control, link_bits, 16);
ABI_OFFSET(struct evtchn_init_control, _pad, 17);

struct evtchn_expand_array {
	uint64_t array_gfn;
};
typedef struct evtchn_expand_array evtchn_expand_array_t;
ABI_SIZE(struct evtchn_expand_array, 8);
ABI_OFFSET(struct evtchn_expand_array, array_gfn, 0);

struct evtchn_set_priority {
	evtchn_port_t port;
	uint32_t priority;		/* 0 (first) to 15 */
};
typedef struct evtchn_set_priority evtchn_set_priority_t;
ABI_SIZE(struct evtchn_set_priority, 8);
ABI_OFFSET(struct evtchn_set_priority, port, 0);
ABI_OFFSET(struct evtchn_set_priority, priority, 4);

/* The argument of HYPERVISOR_event_channel_op_compat. */
struct evtchn_op {
	uint32_t cmd;
	union {
		evtchn_alloc_unbound_t alloc_unbound;
		evtchn_bind_interdomain_t bind_interdomain;
		evtchn_bind_virq_t bind_virq;
		evtchn_bind_pirq_t bind_pirq;
		evtchn_bind_ipi_t bind_ipi;
		evtchn_close_t close;
		evtchn_send_t send;
		evtchn_status_t status;
		evtchn_bind_vcpu_t bind_vcpu;
		evtchn_unmask_t unmask;
	} u;
};
typedef struct evtchn_op evtchn_op_t;
ABI_SIZE(struct evtchn_op, 28);
ABI_OFFSET(struct evtchn_op, cmd, 0);
ABI_OFFSET(struct evtchn_op, u, 4);
ABI_OFFSET(struct evtchn_op, u.alloc_unbound, 4);
ABI_OFFSET(struct evtchn_op, u.bind_interdomain, 4);
ABI_OFFSET(struct evtchn_op, u.bind_virq, 4);
ABI_OFFSET(struct evtchn_op, u.bind_pirq, 4);
ABI_OFFSET(struct evtchn_op, u.bind_ipi, 4);
ABI_OFFSET(struct evtchn_op, u.close, 4);
ABI_OFFSET(struct evtchn_op, u.send, 4);
ABI_OFFSET(struct evtchn_op, u.status, 4);
ABI_OFFSET(struct evtchn_op, u.bind_vcpu, 4);
ABI_OFFSET(struct evtchn_op, u.unmask, 4);

/* ---- 2-level layout: one selector word, 64 words of 64 bits ---- */

#define EVTCHN_2L_NR_CHANNELS	(sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

/* ---- FIFO layout ---- */

#define EVTCHN_FIFO_PRIORITY_MAX	0
#define EVTCHN_FIFO_PRIORITY_DEFAULT	7
#define EVTCHN_FIFO_PRIORITY_MIN	15
#define EVTCHN_FIFO_MAX_QUEUES		(EVTCHN_FIFO_PRIORITY_MIN + 1)

/* An event word: four flag bits and the port that follows in the queue. */
typedef uint32_t event_word_t;

#define EVTCHN_FIFO_PENDING	31
#define EVTCHN_FIFO_MASKED	30
#define EVTCHN_FIFO_LINKED	29
#define EVTCHN_FIFO_BUSY	28

#define EVTCHN_FIFO_LINK_BITS	17
#define EVTCHN_FIFO_LINK_MASK	((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS	(1 << EVTCHN_FIFO_LINK_BITS)

struct evtchn_fifo_control_block {
	uint32_t ready;			/* bit per queue */
	uint32_t _rsvd;
	event_word_t head[EVTCHN_FIFO_MAX_QUEUES];
};
typedef struct evtchn_fifo_control_block evtchn_fifo_control_block_t;
ABI_SIZE(struct evtchn_fifo_control_block, 72);
ABI_OFFSET(struct evtchn_fifo_control_block, ready, 0);
ABI_OFFSET(struct evtchn_fifo_control_block, _rsvd, 4);
ABI_OFFSET(struct evtchn_fifo_control_block, head, 8);

#endif /* ABI_EVENT_H */
