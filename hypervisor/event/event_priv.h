/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of event/ only.
 *
 * Locks: a domain's evt->lock guards which ports exist and what they are bound
 * to; two domains' are taken in the order of their ids.  Each port's own lock
 * guards the same fields for senders, who take nothing else: binding and
 * closing take it too.  The FIFO queues of a vCPU have a lock of their own.
 */
#ifndef EVENT_EVENT_PRIV_H
#define EVENT_EVENT_PRIV_H

#include <abi/event.h>
#include <event/event.h>

#define PORTS_PER_BUCKET 64
#define BUCKETS_PER_GROUP 64
#define GROUPS (EVTCHN_FIFO_NR_CHANNELS / PORTS_PER_BUCKET / BUCKETS_PER_GROUP)

enum port_state {
	PORT_FREE,
	PORT_RESERVED, /* being bound, or port 0 */
	PORT_UNBOUND, /* waits for remote_id to bind to it */
	PORT_INTERDOMAIN,
	PORT_PIRQ,
	PORT_VIRQ,
	PORT_IPI,
};

struct port {
	struct lock lock; /* RANK_PORT */
	uint32_t number;
	uint8_t state;
	bool pending_unmapped; /* FIFO: raised before its word was mapped */
	uint8_t priority; /* FIFO */
	uint8_t last_priority; /* FIFO: the queue it was linked to last */
	uint32_t vcpu; /* whom to tell */
	uint32_t last_vcpu;
	union {
		uint16_t remote_id; /* UNBOUND */
		struct {
			struct domain *remote;
			uint32_t remote_port;
		}; /* INTERDOMAIN */
		uint32_t irq; /* PIRQ or VIRQ */
	};
	uint32_t next_free;
};
_Static_assert(sizeof(struct port) * PORTS_PER_BUCKET <= PAGE_SIZE,
	       "a bucket of ports is one page");

struct port_group {
	struct port *bucket[BUCKETS_PER_GROUP];
};

struct fifo_domain;

/* How a port becomes visible to its domain; all but init on a locked port. */
struct event_layout {
	const char *name;
	uint32_t limit; /* ports it can show */
	void (*init)(struct domain *d, struct port *p);
	void (*raise)(struct domain *d, struct port *p);
	void (*clear)(struct domain *d, struct port *p);
	void (*unmask)(struct domain *d, struct port *p);
	bool (*pending)(struct domain *d, const struct port *p);
	bool (*masked)(struct domain *d, const struct port *p);
	/* Still linked into a queue: the number must not be reused yet. */
	bool (*busy)(struct domain *d, const struct port *p);
	int (*set_priority)(struct domain *d, struct port *p, uint32_t prio);
};
extern const struct event_layout layout_2l, layout_fifo;

struct evt_domain {
	struct lock lock; /* RANK_EVENT */
	const struct event_layout *layout;
	struct port_group *group[GROUPS];
	uint32_t valid; /* ports below it exist; never shrinks */
	uint32_t max_port; /* highest number it may use */
	uint32_t free_head, free_tail; /* list of free ports, 0 ends it */
	uint32_t active; /* bound or reserved ports */
	uint32_t close_next; /* where a reset or teardown goes on */
	bool dying;
	struct fifo_domain *fifo;
};

struct evt_vcpu {
	uint32_t virq_port[NR_VIRQS]; /* 0: not bound */
	struct lock fifo_lock; /* RANK_FIFO */
	struct evtchn_fifo_control_block *control; /* guest-writable */
	mfn_t control_frame;
	uint32_t tail[EVTCHN_FIFO_MAX_QUEUES]; /* last linked port, 0: none */
};

/* NULL if @n is no port of @d. Lock-free: ports never go away while d lives. */
struct port *port_at(const struct domain *d, uint32_t n);

/* A free port in PORT_RESERVED; under evt->lock. -ENOSPC, -ENOMEM. */
int port_alloc(struct domain *d, struct port **out);
void port_release(struct domain *d, struct port *p); /* under both locks */

/* The locks of two ports, which may be one. */
void lock_ports(struct port *a, struct port *b);
void unlock_ports(struct port *a, struct port *b);

/* Give @p (reserved) its state. */
void port_bind(struct domain *d, struct port *p, enum port_state state,
	       uint32_t vcpu);

/* Close a port of any state; 0, or -EINVAL if there is none. */
int port_close(struct domain *d, uint32_t n);

/* Raise @p of @d; the caller holds a port's lock that keeps @p bound. */
void port_raise(struct domain *d, struct port *p);

/* A new pending bit: wake vCPUs in SCHEDOP_poll that look for @port. */
void port_check_pollers(struct domain *d, uint32_t port);

/* Set the upcall flag of @v and wake or kick it. */
void vcpu_mark_pending(struct vcpu *v);

static inline struct vcpu *port_vcpu(const struct domain *d,
				     const struct port *p)
{
	return domain_vcpu(d, READ_ONCE(p->vcpu));
}

bool virq_is_global(uint32_t virq);

/* FIFO set-up; event/deliver_fifo.c. Under evt->lock. */
/* -ERESTART: to be called again, for this vCPU or another. */
int fifo_init_control(struct domain *d, struct evtchn_init_control *c,
		      struct budget *b);
int fifo_expand_array(struct domain *d, uint64_t gfn);
void fifo_destroy(struct domain *d);

/* EVTCHNOP_reset and teardown: close ports from close_next on. -ERESTART. */
int ports_close_all(struct domain *d, struct budget *b);

#endif
