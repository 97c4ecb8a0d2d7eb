// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event channels in the FIFO layout: a guest's side of the protocol is played
 * here as the interface describes it.
 */
#include <hypercall/hypercall.h>
#include "event_two.h"

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define BIT_PENDING (1U << EVTCHN_FIFO_PENDING)
#define BIT_MASKED (1U << EVTCHN_FIFO_MASKED)
#define BIT_LINKED (1U << EVTCHN_FIFO_LINKED)

static event_word_t *array[4];
static unsigned int pages;
static struct evtchn_fifo_control_block *control[2];
static uint32_t head[2][EVTCHN_FIFO_MAX_QUEUES]; /* the guest's own */

static long init_control(struct domain *d, uint32_t vcpu, uint32_t offset)
{
	mfn_t m = fake_frame(d);
	struct evtchn_init_control c = { .control_gfn = m.v, .vcpu = vcpu,
					 .offset = offset };
	long rc = event_op(d->vcpus[0], EVTCHNOP_init_control, &c);

	if (!rc && d == a && vcpu < 2)
		control[vcpu] = (void *)((char *)frame_map(m) + offset);
	return rc;
}

static long expand(struct domain *d)
{
	mfn_t m = fake_frame(d);
	struct evtchn_expand_array e = { .array_gfn = m.v };
	event_word_t *w = frame_map(m);
	long rc;

	for (unsigned int i = 0; i < WORDS_PER_PAGE; i++)
		w[i] = BIT_MASKED;
	rc = event_op(d->vcpus[0], EVTCHNOP_expand_array, &e);
	if (!rc && d == a)
		array[pages++] = w;
	return rc;
}

static event_word_t *word(int port)
{
	return &array[(unsigned int)port / WORDS_PER_PAGE]
		     [(unsigned int)port % WORDS_PER_PAGE];
}

static int setup_ids(uint16_t ida, uint16_t idb)
{
	pages = 0;
	memset(head, 0, sizeof(head));
	return make_two(ida, idb, 1);
}

static int setup_bare(void **state)
{
	(void)state;
	return setup_ids(2, 1);
}

static int setup(void **state)
{
	(void)state;
	setup_ids(1, 2);
	assert_int_equal(init_control(a, 0, 0), 0);
	assert_int_equal(init_control(a, 1, 128), 0);
	assert_int_equal(expand(a), 0);
	return 0;
}

static int pair(void)
{
	int pa = ev_alloc(va, DOMID_SELF, b->id);

	assert_true(pa > 0);
	return pa;
}

static int bound(int pa)
{
	int pb = ev_bind(vb, a->id, pa);

	assert_true(pb > 0);
	return pb;
}

/* One step of the guest's consumer on @vcpu's queue @q: a port, or 0. */
static int consume_one(unsigned int vcpu, unsigned int q, uint32_t *ready)
{
	uint32_t port = head[vcpu][q], w, link;

	if (!port) {
		smp_mb();
		port = control[vcpu]->head[q];
	}
	if (!port || port / WORDS_PER_PAGE >= pages)
		return 0;
	/* Clear LINKED and the link in one go. */
	w = __atomic_fetch_and(word((int)port),
			       ~(BIT_LINKED | EVTCHN_FIFO_LINK_MASK),
			       __ATOMIC_SEQ_CST);
	link = w & EVTCHN_FIFO_LINK_MASK;
	if (!link)
		*ready &= ~(1U << q);
	head[vcpu][q] = link;
	if ((w & (BIT_PENDING | BIT_MASKED)) == BIT_PENDING) {
		__atomic_fetch_and(word((int)port), ~BIT_PENDING,
				   __ATOMIC_SEQ_CST);
		return (int)port;
	}
	return -1;
}

/* All events of a vCPU, by priority; returns how many. */
static unsigned int consume(unsigned int vcpu, int *out, unsigned int room)
{
	struct vcpu *v = a->vcpus[vcpu];
	unsigned int n = 0, turns = 0;
	uint32_t ready;

	v->info->evtchn_upcall_pending = 0;
	ready = __atomic_exchange_n(&control[vcpu]->ready, 0, __ATOMIC_SEQ_CST);
	while (ready && ++turns < 100000) {
		int port = consume_one(vcpu, (unsigned int)__builtin_ctz(ready),
				       &ready);

		if (port == 0)
			ready &= ready - 1;
		if (port > 0 && n < room)
			out[n++] = port;
		ready |= __atomic_exchange_n(&control[vcpu]->ready, 0,
					     __ATOMIC_SEQ_CST);
	}
	return n;
}

static void unmask(int port)
{
	assert_int_equal(ev_unmask(va, port), 0);
}

static void test_order(void **state)
{
	int p[8], q[8], out[16];

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		p[i] = pair();
		q[i] = bound(p[i]);
		unmask(p[i]);
	}
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(ev_send(vb, q[7 - i]), 0);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(ev_send(vb, q[i]), 0); /* already pending */
	assert_int_equal(va->info->evtchn_upcall_pending, 1);
	assert_int_equal(consume(0, out, 16), 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(out[i], p[7 - i]);
	assert_int_equal(consume(0, out, 16), 0);
	assert_int_equal(ev_send(vb, q[3]), 0);
	assert_int_equal(consume(0, out, 16), 1);
}

static long set_priority(int port, uint32_t prio)
{
	struct evtchn_set_priority s = { .port = (uint32_t)port,
					 .priority = prio };

	return event_op(va, EVTCHNOP_set_priority, &s);
}

static void test_priority(void **state)
{
	int p1 = pair(), p2 = pair(), q1 = bound(p1), q2 = bound(p2), out[4];

	(void)state;
	unmask(p1);
	unmask(p2);
	assert_int_equal(set_priority(p2, EVTCHN_FIFO_PRIORITY_MAX), 0);
	assert_int_equal(set_priority(p2, 16), -EINVAL);
	assert_int_equal(set_priority(0, 1), -EINVAL);
	assert_int_equal(ev_send(vb, q1), 0);
	assert_int_equal(ev_send(vb, q2), 0);
	assert_int_equal(consume(0, out, 4), 2);
	assert_int_equal(out[0], p2);
	assert_int_equal(out[1], p1);
}

/* The priority changes while linked: the event comes once all the same. */
static void test_priority_moves(void **state)
{
	int p1 = pair(), p2 = pair(), q1 = bound(p1), q2 = bound(p2), out[4];

	(void)state;
	unmask(p1);
	unmask(p2);
	for (unsigned int i = 0; i < 200; i++) {
		unsigned int n;

		assert_int_equal(ev_send(vb, q1), 0);
		assert_int_equal(set_priority(p1, i % 16), 0);
		assert_int_equal(ev_bind_vcpu(va, p1, i % 2), 0);
		assert_int_equal(ev_send(vb, q2), 0);
		n = consume(0, out, 4) + consume(1, out, 4);
		assert_int_equal(n, 2);
	}
}

static void test_masked(void **state)
{
	int p = pair(), q = bound(p), out[2];

	(void)state;
	assert_int_equal(ev_send(vb, q), 0);
	assert_true(*word(p) & BIT_PENDING);
	assert_false(*word(p) & BIT_LINKED);
	assert_int_equal(consume(0, out, 2), 0);
	unmask(p);
	assert_int_equal(consume(0, out, 2), 1);
	assert_int_equal(out[0], p);
}

static void test_vcpu(void **state)
{
	int p = pair(), q = bound(p), out[2];

	(void)state;
	unmask(p);
	assert_int_equal(ev_bind_vcpu(va, p, 1), 0);
	assert_int_equal(ev_send(vb, q), 0);
	assert_int_equal(va->info->evtchn_upcall_pending, 0);
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(consume(1, out, 2), 1);
	assert_int_equal(out[0], p);
}

/* A number whose word is still linked is not given out again. */
static void test_linked_number(void **state)
{
	int p = pair(), q = bound(p), again, out[2];

	(void)state;
	unmask(p);
	assert_int_equal(ev_send(vb, q), 0);
	assert_int_equal(ev_close(va, p), 0);
	again = pair();
	assert_int_not_equal(again, p);
	(void)consume(0, out, 2);
	assert_int_equal(ev_close(va, again), 0);
	for (unsigned int i = 0; i < 4; i++) {
		int n = pair();

		if (n == p)
			return;
		assert_int_equal(ev_close(va, n), 0);
	}
	fail_msg("the number never came back");
}

/* What was pending before the switch is seen after it. */
static void test_switch(void **state)
{
	int p = pair(), q = bound(p), p2 = pair(), q2 = bound(p2), out[4];

	(void)state;
	assert_int_equal(ev_send(vb, q), 0);
	assert_int_equal(init_control(a, 0, 0), 0);
	assert_int_equal(init_control(a, 0, 0), -EINVAL);
	assert_int_equal(ev_send(vb, q2), 0); /* no word yet */
	assert_int_equal(expand(a), 0);
	assert_true(*word(p) & BIT_PENDING);
	assert_true(*word(p2) & BIT_PENDING);
	unmask(p);
	unmask(p2);
	assert_int_equal(consume(0, out, 4), 2);
}

/* Many ports are adopted in several goes, and change in between. */
static void test_switch_restarts(void **state)
{
	uint64_t arg[6] = { EVTCHNOP_init_control, FAKE_BUF };
	struct evtchn_init_control c = { .control_gfn = fake_frame(a).v };
	int p[600], q[600], out[600], goes = 1;
	long rc;

	(void)state;
	for (unsigned int i = 0; i < 600; i++) {
		p[i] = pair();
		q[i] = bound(p[i]);
		assert_int_equal(ev_send(vb, q[i]), 0);
	}
	memcpy(fake_buf, &c, sizeof(c));
	while ((rc = hypercall_call(va, __HYPERVISOR_event_channel_op, arg)) ==
	       -ERESTART) {
		if (goes++ > 1)
			continue;
		assert_int_equal(expand(a), 0);
		assert_int_equal(ev_close(va, p[599]), 0); /* not adopted */
		assert_int_equal(pair(), p[599]);
		assert_int_equal(ev_send(vb, q[598]), 0);
		memcpy(fake_buf, &c, sizeof(c));
	}
	assert_int_equal(rc, 0);
	assert_in_range(goes, 2, 20);
	control[0] = frame_map(mfn(c.control_gfn));
	for (unsigned int i = 0; i < 600; i++)
		unmask(p[i]);
	assert_int_equal(consume(0, out, 600), 599);
	assert_int_equal(event_op(va, EVTCHNOP_init_control, &c), -EINVAL);
}

static void test_bad_arguments(void **state)
{
	struct evtchn_init_control c = { .vcpu = 0 };
	struct evtchn_expand_array e = { .array_gfn = 12 };

	(void)state;
	assert_int_equal(event_op(va, EVTCHNOP_expand_array, &e), -EOPNOTSUPP);
	assert_int_equal(init_control(a, 2, 0), -ENOENT);
	assert_int_equal(init_control(a, 0, PAGE_SIZE - 8), -EINVAL);
	assert_int_equal(init_control(a, 0, 4), -EINVAL);
	c.control_gfn = fake_frame(b).v; /* not its own */
	assert_int_equal(event_op(va, EVTCHNOP_init_control, &c), -EINVAL);
	c.control_gfn = ~0UL;
	assert_int_equal(event_op(va, EVTCHNOP_init_control, &c), -EINVAL);
	assert_int_equal(init_control(a, 0, 0), 0);
	e.array_gfn = fake_frame(b).v;
	assert_int_equal(event_op(va, EVTCHNOP_expand_array, &e), -EINVAL);
}

static void test_many_pages(void **state)
{
	int p = 0, q, out[2];

	(void)state;
	for (unsigned int i = 0; i < WORDS_PER_PAGE + 5; i++)
		p = pair();
	assert_true(p > (int)WORDS_PER_PAGE);
	q = bound(p);
	assert_int_equal(ev_send(vb, q), 0);
	assert_int_equal(expand(a), 0);
	unmask(p);
	assert_int_equal(consume(0, out, 2), 1);
	assert_int_equal(out[0], p);
}

static void test_reset(void **state)
{
	int p = pair();

	(void)state;
	(void)bound(p);
	assert_int_equal(ev_reset(va, DOMID_SELF), 0);
	assert_int_equal(init_control(a, 0, 0), 0);
	assert_int_equal(ev_status(vb, 1).status, EVTCHNSTAT_unbound);
}

/*
 * The guest writes anything into words and control blocks: nothing but its
 * own events suffers, and calls still end.
 */
static void test_scribble(void **state)
{
	int p[16], q[16], out[64];

	(void)state;
	srand(3);
	for (unsigned int i = 0; i < 16; i++) {
		p[i] = pair();
		q[i] = bound(p[i]);
		unmask(p[i]);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int k = (unsigned int)rand() % 16;

		switch (rand() % 6) {
		case 0:
			*word(p[k]) = (uint32_t)rand() * 2U +
				      (uint32_t)rand() % 2U;
			break;
		case 1:
			control[k % 2]->head[k] = (uint32_t)rand();
			control[k % 2]->ready = (uint32_t)rand() & 0xffff;
			break;
		case 2:
			(void)ev_bind_vcpu(va, p[k], k % 2);
			(void)set_priority(p[k], (uint32_t)rand() % 16);
			break;
		case 3:
			(void)ev_unmask(va, p[k]);
			break;
		default:
			assert_int_equal(ev_send(vb, q[k]), 0);
		}
		if (i % 64 == 0)
			(void)consume((unsigned int)rand() % 2, out, 64);
	}
	assert_null(fake_check());
}

/*
 * Sends, masks, moves and changes of priority in any order: whoever consumes
 * both queues gets every event that was sent and is not masked, once.
 */
static void test_nothing_lost(void **state)
{
	bool pending[12] = { false }, masked[12] = { false };
	int p[12], q[12], out[64];

	(void)state;
	srand(11);
	for (unsigned int i = 0; i < 12; i++) {
		p[i] = pair();
		q[i] = bound(p[i]);
		unmask(p[i]);
		pending[i] = false;
	}
	(void)consume(0, out, 64);
	for (unsigned int n = 0; n < 30000; n++) {
		unsigned int k = (unsigned int)rand() % 12;
		unsigned int got;

		switch (rand() % 8) {
		case 0:
			(void)ev_bind_vcpu(va, p[k], (uint32_t)rand() % 2);
			break;
		case 1:
			(void)set_priority(p[k], (uint32_t)rand() % 16);
			break;
		case 2:
			__atomic_fetch_or(word(p[k]), BIT_MASKED,
					  __ATOMIC_SEQ_CST);
			masked[k] = true;
			break;
		case 3:
			unmask(p[k]);
			masked[k] = false;
			break;
		default:
			assert_int_equal(ev_send(vb, q[k]), 0);
			pending[k] = true;
		}
		if (rand() % 5)
			continue;
		got = consume(0, out, 32);
		got += consume(1, out + got, 32);
		while (got-- > 0) {
			for (k = 0; k < 12 && p[k] != out[got]; k++)
				;
			assert_true(k < 12 && pending[k] && !masked[k]);
			pending[k] = false;
		}
		for (k = 0; k < 12; k++)
			assert_false(pending[k] && !masked[k]);
	}
}

#define FIFO(f) cmocka_unit_test_setup_teardown(f, setup, end_two)
#define BARE(f) cmocka_unit_test_setup_teardown(f, setup_bare, end_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIFO(test_order), FIFO(test_priority),
		FIFO(test_priority_moves), FIFO(test_masked), FIFO(test_vcpu),
		FIFO(test_linked_number), BARE(test_switch), BARE(test_switch_restarts),
		BARE(test_bad_arguments), FIFO(test_many_pages),
		FIFO(test_reset), FIFO(test_scribble),
		FIFO(test_nothing_lost),
	};

	fake_start(FAKE_CPUS);
	fake_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
