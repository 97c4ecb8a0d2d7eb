/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the core have in common: cmocka, the fake, calls. */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <abi/core.h>
#include <abi/event.h>
#include <abi/grant.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <domain/domain.h>
#include <event/event.h>
#include <lib/bitmap.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <sched/sched.h>
#include "port_fake.h"

/* A call whose argument is one structure, in and out. */
static inline long call_struct(struct vcpu *v, uint64_t nr, uint64_t cmd,
			       void *arg, size_t size)
{
	long rc;

	memcpy(fake_buf, arg, size);
	rc = fake_hypercall(v, nr, cmd, FAKE_BUF, 0, 0);
	memcpy(arg, fake_buf, size);
	return rc;
}

#define event_op(v, cmd, arg) \
	call_struct(v, __HYPERVISOR_event_channel_op, cmd, arg, sizeof(*(arg)))
#define sched_op(v, cmd, arg) \
	call_struct(v, __HYPERVISOR_sched_op, cmd, arg, sizeof(*(arg)))

static inline int ev_alloc(struct vcpu *v, uint16_t dom, uint16_t remote)
{
	struct evtchn_alloc_unbound a = { .dom = dom, .remote_dom = remote };
	long rc = event_op(v, EVTCHNOP_alloc_unbound, &a);

	return rc ? (int)rc : (int)a.port;
}

static inline int ev_bind(struct vcpu *v, uint16_t remote, int port)
{
	struct evtchn_bind_interdomain a = {
		.remote_dom = remote, .remote_port = (evtchn_port_t)port
	};
	long rc = event_op(v, EVTCHNOP_bind_interdomain, &a);

	return rc ? (int)rc : (int)a.local_port;
}

static inline int ev_virq(struct vcpu *v, uint32_t virq, uint32_t vcpu)
{
	struct evtchn_bind_virq a = { .virq = virq, .vcpu = vcpu };
	long rc = event_op(v, EVTCHNOP_bind_virq, &a);

	return rc ? (int)rc : (int)a.port;
}

static inline int ev_ipi(struct vcpu *v, uint32_t vcpu)
{
	struct evtchn_bind_ipi a = { .vcpu = vcpu };
	long rc = event_op(v, EVTCHNOP_bind_ipi, &a);

	return rc ? (int)rc : (int)a.port;
}

static inline long ev_send(struct vcpu *v, int port)
{
	struct evtchn_send a = { .port = (evtchn_port_t)port };

	return event_op(v, EVTCHNOP_send, &a);
}

static inline long ev_close(struct vcpu *v, int port)
{
	struct evtchn_close a = { .port = (evtchn_port_t)port };

	return event_op(v, EVTCHNOP_close, &a);
}

static inline long ev_unmask(struct vcpu *v, int port)
{
	struct evtchn_unmask a = { .port = (evtchn_port_t)port };

	return event_op(v, EVTCHNOP_unmask, &a);
}

static inline long ev_bind_vcpu(struct vcpu *v, int port, uint32_t vcpu)
{
	struct evtchn_bind_vcpu a = { .port = (evtchn_port_t)port,
				      .vcpu = vcpu };

	return event_op(v, EVTCHNOP_bind_vcpu, &a);
}

static inline long ev_reset(struct vcpu *v, uint16_t dom)
{
	struct evtchn_reset a = { .dom = dom };

	return event_op(v, EVTCHNOP_reset, &a);
}

static inline struct evtchn_status ev_status(struct vcpu *v, int port)
{
	struct evtchn_status s = { .dom = DOMID_SELF,
				   .port = (evtchn_port_t)port };

	assert_int_equal(event_op(v, EVTCHNOP_status, &s), 0);
	return s;
}

/* As a guest's interrupt handler does: forget what has been seen. */
static inline void ev_ack_upcall(struct vcpu *v)
{
	v->info->evtchn_upcall_pending = 0;
	v->info->evtchn_pending_sel = 0;
}

/* No frame, lock or domain is left from what a test did. */
static inline void assert_clean(uint64_t free_before)
{
	fake_settle();
	assert_null(fake_check());
	assert_int_equal(buddy_free_count(), free_before);
}

#endif
