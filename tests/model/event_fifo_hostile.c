// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that writes what it likes into its FIFO words, control blocks and
 * upcall flags, between all operations, in all orders, up to a depth.  It may
 * lose its own events.  Never may anything be touched but its own words and
 * heads, a number that it made up be believed, a call fail in a new way, an
 * operation of its peer suffer, or a lock or reference be left.
 *
 * States are compared by what the hypervisor keeps and what the guest shows
 * it.  There is no reference: the rules are those of compare().
 */
#include "event_start.h"
#include "explore.h"

#define PORTS 2 /* numbers 1 .. 2 */
#define VCPUS 2
#define WORDS (PAGE_SIZE / sizeof(event_word_t))
#define LINK_MAX EVTCHN_FIFO_LINK_MASK

struct state {
	uint32_t word[PORTS + 1], head[VCPUS][2], tail[VCPUS][2];
	uint16_t ready[VCPUS];
	uint8_t open[PORTS + 1], priority[PORTS + 1], vcpu[PORTS + 1];
	uint8_t last_vcpu[PORTS + 1], last_priority[PORTS + 1];
	uint8_t upcall[VCPUS], peer_pending, padding;
};

static const uint8_t prio_number[] = { 0, EVTCHN_FIFO_PRIORITY_DEFAULT };

static struct domain *dom, *peer;
static struct fifo_guest guest;
static int peer_port[PORTS + 1]; /* the other end of ours, or 0 */
static int victim; /* the peer's port that the guest notifies first */

enum kind {
	K_SEND, K_UNMASK, K_PRIO, K_MOVE, K_CLOSE, K_OPEN, K_WORD, K_HEAD,
	K_READY, K_UPCALL, K_AGAIN, K_NOTIFY,
};

static const struct op {
	const char *name;
	enum kind kind;
	int k; /* a port, or a vCPU */
	uint32_t to;
} ops[] = {
	{ "send 1", K_SEND, 1, 0 }, { "send 2", K_SEND, 2, 0 },
	{ "unmask 1", K_UNMASK, 1, 0 }, { "unmask 2", K_UNMASK, 2, 0 },
	{ "unmask none", K_UNMASK, 77, 0 },
	{ "1 urgent", K_PRIO, 1, 0 }, { "1 normal", K_PRIO, 1, 7 },
	{ "1 beyond", K_PRIO, 1, 16 },
	{ "1 to vCPU 0", K_MOVE, 1, 0 }, { "1 to vCPU 1", K_MOVE, 1, 1 },
	{ "2 to vCPU 1", K_MOVE, 2, 1 }, { "1 to no vCPU", K_MOVE, 1, 2 },
	{ "close 1", K_CLOSE, 1, 0 }, { "close 2", K_CLOSE, 2, 0 },
	{ "open", K_OPEN, 0, 0 },
	{ "clear word 1", K_WORD, 1, 0 },
	{ "fill word 1", K_WORD, 1, ~0U },
	{ "1 linked to itself", K_WORD, 1, BIT_LINKED | 1 },
	{ "1 linked to 2", K_WORD, 1, BIT_LINKED | BIT_PENDING | 2 },
	{ "1 linked far", K_WORD, 1, BIT_LINKED | (LINK_MAX - 1) },
	{ "1 masked, linked", K_WORD, 1, BIT_LINKED | BIT_MASKED },
	{ "clear word 2", K_WORD, 2, 0 },
	{ "2 linked to 1", K_WORD, 2, BIT_LINKED | 1 },
	{ "fill word 2", K_WORD, 2, ~0U },
	{ "no head", K_HEAD, 0, 0 }, { "head far", K_HEAD, 0, LINK_MAX },
	{ "head 1 on 1", K_HEAD, 1, 1 },
	{ "nothing ready", K_READY, 0, 0 }, { "all ready", K_READY, 0, ~0U },
	{ "forget upcall", K_UPCALL, 0, 0 },
	{ "queues again", K_AGAIN, 0, 0 },
	{ "notify the peer", K_NOTIFY, 1, 0 },
};

/* What the calls of a guest that only does as it may would return. */
static long allowed(const struct op *o)
{
	bool open = o->k <= PORTS && peer_port[o->k];

	switch (o->kind) {
	case K_UNMASK:
	case K_CLOSE:
	case K_NOTIFY:
		return open ? 0 : -EINVAL;
	case K_PRIO:
		return open && o->to < 16 ? 0 : -EINVAL;
	case K_MOVE:
		return o->to >= VCPUS ? -ENOENT : open ? 0 : -EINVAL;
	case K_AGAIN:
		return -EINVAL;
	default:
		return 0;
	}
}

/* A number is free, and given out, unless the guest says it is linked. */
static bool open_one(void)
{
	int p = ev_alloc(guest.v, DOMID_SELF, peer->id);

	if (p == -ENOSPC) {
		for (unsigned int k = 1; k <= PORTS; k++)
			if (!peer_port[k] && !(guest.word[k] & BIT_LINKED))
				return false;
		return true;
	}
	if (p < 1 || p > PORTS || peer_port[p] || guest.word[p] & BIT_LINKED)
		return false;
	peer_port[p] = ev_bind(peer->vcpus[0], dom->id, p);
	return peer_port[p] > 0;
}

static long call(const struct op *o)
{
	switch (o->kind) {
	case K_SEND:
		return peer_port[o->k] ?
			ev_send(peer->vcpus[0], peer_port[o->k]) : 0;
	case K_UNMASK:
		return ev_unmask(guest.v, o->k);
	case K_PRIO:
		return ev_priority(guest.v, o->k, o->to);
	case K_MOVE:
		return ev_bind_vcpu(guest.v, o->k, o->to);
	case K_CLOSE:
		return ev_close(guest.v, o->k);
	case K_AGAIN:
		return fifo_guest_control(&guest, 0);
	case K_NOTIFY:
		return ev_send(guest.v, o->k);
	default:
		return 0;
	}
}

static void scribble(const struct op *o)
{
	switch (o->kind) {
	case K_WORD:
		guest.word[o->k] = o->to;
		break;
	case K_HEAD:
		for (unsigned int i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
			guest.control[o->k]->head[i] = o->to;
		break;
	case K_READY:
		guest.control[0]->ready = guest.control[1]->ready = o->to;
		break;
	case K_UPCALL:
		ev_ack_upcall(dom->vcpus[0]);
		ev_ack_upcall(dom->vcpus[1]);
		break;
	default:
		break;
	}
}

static void note(struct state *s)
{
	for (unsigned int v = 0; v < VCPUS; v++) {
		const struct evt_vcpu *e = dom->vcpus[v]->evt;

		for (unsigned int i = 0; i < 2; i++) {
			s->head[v][i] = guest.control[v]->head[prio_number[i]];
			s->tail[v][i] = e->tail[prio_number[i]];
		}
		s->ready[v] = (uint16_t)guest.control[v]->ready;
		s->upcall[v] = dom->vcpus[v]->info->evtchn_upcall_pending;
	}
	for (unsigned int k = 1; k <= PORTS; k++) {
		const struct port *p = port_at(dom, k);

		s->word[k] = guest.word[k];
		s->open[k] = peer_port[k] != 0;
		s->priority[k] = p->priority;
		s->vcpu[k] = (uint8_t)p->vcpu;
		s->last_vcpu[k] = (uint8_t)p->last_vcpu;
		s->last_priority[k] = p->last_priority;
	}
	s->peer_pending = bit_test(peer->shared->evtchn_pending,
				   (unsigned int)victim);
}

static bool step(void *state, unsigned int i)
{
	const struct op *o = &ops[i];
	long want = allowed(o), got = call(o);
	bool ok = want == got;

	scribble(o);
	if (o->kind == K_OPEN)
		ok = open_one();
	if (o->kind == K_CLOSE && !got)
		peer_port[o->k] = 0;
	if (!ok)
		fprintf(stderr, "%s: %ld, not %ld\n", o->name, got, want);
	note(state);
	return ok;
}

static void start(void *state)
{
	memset(state, 0, sizeof(struct state));
	memset(peer_port, 0, sizeof(peer_port));
	order_free(peer, 4 * PORTS);
	order_free(dom, PORTS);
	memset(guest.word, 0, PAGE_SIZE);
	memset(guest.control[0], 0, PAGE_SIZE);
	for (unsigned int k = 0; k < VCPUS; k++)
		ev_ack_upcall(dom->vcpus[k]);
	peer->shared->evtchn_pending[0] = 0;
	assert_int_equal(fifo_guest_control(&guest, 0), 0);
	assert_int_equal(fifo_guest_control(&guest, 1), 0);
	assert_int_equal(fifo_guest_expand(&guest), 0);
	for (unsigned int k = 1; k <= PORTS; k++) {
		port_at(dom, k)->last_vcpu = port_at(dom, k)->last_priority = 0;
		assert_true(open_one());
	}
	victim = peer_port[1];
	note(state);
}

static bool is_own(uint32_t n)
{
	return n <= PORTS;
}

/* What the hypervisor keeps is its own; what it wrote was the guest's. */
static const char *compare(const void *state)
{
	const char *control = (const char *)guest.control[0];

	(void)state;
	for (unsigned int k = 0; k < WORDS; k++)
		if ((k == 0 || k > PORTS) && guest.word[k])
			return "a word beyond the ports was written";
	for (size_t i = VCPUS * sizeof(*guest.control[0]); i < PAGE_SIZE; i++)
		if (control[i])
			return "memory behind the control blocks was written";
	for (unsigned int v = 0; v < VCPUS; v++)
		for (unsigned int i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
			if (!is_own(dom->vcpus[v]->evt->tail[i]))
				return "the guest's number became a tail";
	for (unsigned int k = 1; k <= PORTS; k++)
		if (port_at(dom, k)->last_vcpu >= VCPUS ||
		    port_at(dom, k)->last_priority >= EVTCHN_FIFO_MAX_QUEUES)
			return "a port was last in no queue";
	return fake_check();
}

/* A guest that starts anew finds everything as at first. */
static const char *finish(void *state)
{
	struct state again;
	int port;

	(void)state;
	start(&again);
	if (evtchn_notify(peer, (uint32_t)peer_port[2]) ||
	    guest.control[0]->head[EVTCHN_FIFO_PRIORITY_DEFAULT] != 2 ||
	    guest.word[2] != (BIT_PENDING | BIT_LINKED))
		return "it does not work again";
	port = peer_port[1];
	if (evtchn_notify(peer, (uint32_t)port) ||
	    guest.word[2] != (BIT_PENDING | BIT_LINKED | 1))
		return "it does not link again";
	return ev_reset(guest.v, DOMID_SELF) ? "a reset fails" : NULL;
}

static void describe(unsigned int op, char *buf, size_t size)
{
	snprintf(buf, size, "%s", ops[op].name);
}

/* The number of states to look at; `make fuzz' looks at all within the depth. */
int main(int argc, char **argv)
{
	struct explore x = {
		.name = "event_fifo_hostile", .size = sizeof(struct state),
		.ops = ARRAY_SIZE(ops), .max_depth = 8,
		.max_states = argc > 1 ? (unsigned int)atoi(argv[1]) : 1500,
		.start = start, .step = step, .compare = compare,
		.finish = finish, .describe = describe,
	};

	fake_start(2);
	dom = fake_domain(1, VCPUS);
	peer = fake_domain(2, 1);
	evtchn_set_max_port(dom, PORTS);
	fifo_guest_init(&guest, dom);
	explore(&x);
	fake_destroy(dom);
	fake_destroy(peer);
	return 0;
}
