/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What models of event channels have in common: the same start for each path,
 * and a guest's side of the FIFO layout (public event_channel.h).
 */
#ifndef EVENT_START_H
#define EVENT_START_H

#include <event/event_priv.h>
#include "core_test.h"

#define BIT_PENDING (1U << EVTCHN_FIFO_PENDING)
#define BIT_MASKED (1U << EVTCHN_FIFO_MASKED)
#define BIT_LINKED (1U << EVTCHN_FIFO_LINKED)

/* All @ports ports of @d free, to be given out from 1 on. */
static inline void order_free(struct domain *d, uint32_t ports)
{
	struct evt_domain *e = d->evt;

	while (e->valid <= ports) {
		int p = ev_ipi(d->vcpus[0], 0);

		assert_true(p > 0);
	}
	assert_int_equal(ev_reset(d->vcpus[0], DOMID_SELF), 0);
	e->free_head = 1;
	e->free_tail = ports;
	for (uint32_t i = 1; i <= ports; i++)
		port_at(d, i)->next_free = i < ports ? i + 1 : 0;
}

/* A guest's memory for the FIFO layout: control blocks of two vCPUs, words. */
struct fifo_guest {
	struct vcpu *v;
	mfn_t control_frame, word_frame;
	struct evtchn_fifo_control_block *control[2];
	event_word_t *word;
};

static inline void fifo_guest_init(struct fifo_guest *g, struct domain *d)
{
	g->v = d->vcpus[0];
	g->control_frame = fake_frame(d);
	g->word_frame = fake_frame(d);
	for (unsigned int i = 0; i < 2; i++)
		g->control[i] = (void *)((char *)frame_map(g->control_frame) +
					 i * sizeof(*g->control[i]));
	g->word = frame_map(g->word_frame);
}

static inline long fifo_guest_control(struct fifo_guest *g, uint32_t vcpu)
{
	struct evtchn_init_control c = {
		.control_gfn = g->control_frame.v, .vcpu = vcpu,
		.offset = vcpu * (uint32_t)sizeof(*g->control[0]),
	};

	return event_op(g->v, EVTCHNOP_init_control, &c);
}

static inline long fifo_guest_expand(struct fifo_guest *g)
{
	struct evtchn_expand_array e = { .array_gfn = g->word_frame.v };

	return event_op(g->v, EVTCHNOP_expand_array, &e);
}

static inline long ev_priority(struct vcpu *v, int port, uint32_t priority)
{
	struct evtchn_set_priority s = { .port = (evtchn_port_t)port,
					 .priority = priority };

	return event_op(v, EVTCHNOP_set_priority, &s);
}

#endif
