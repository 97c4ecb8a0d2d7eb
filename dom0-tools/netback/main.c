// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c: parvis-netback, the process that serves one network card.
 *
 * Locks itself in, says hello on its socket, gets descriptors and rings, and
 * then turns between the rings and the taps until both are quiet; only then
 * it asks the frontend for events and sleeps.  State: struct server.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <abi/grant.h>
#include <linux/if_tun.h>
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#include "backend/backend.h"
#include "backend/flood.h"
#include "backend/sandbox.h"
#include "netback/card.h"

#define MAX_PORTS (2 * BP_NET_MAX_QUEUES + 1)
#define IDLE_ROUNDS 2		/* looks again before it sleeps */
#define TALK_EVERY 64		/* busy rounds between looks at the daemon */
#define PRECEDENCE (-5)		/* as nice(1) counts */
#define FEATURES (BP_NETF_SG | BP_NETF_GSO4 | BP_NETF_GSO6 | BP_NETF_CSUM4 | \
		  BP_NETF_CSUM6 | BP_NETF_MCAST | BP_NETF_RX_COPY |          \
		  BP_NETF_RX_NOTIFY | BP_NETF_SPLIT | BP_NETF_CTRL)

struct server {
	struct backend b;
	struct card card;
	bool started;
	uint32_t taken[MAX_PORTS];	/* events that are masked now */
	int nr_taken;
	struct flood flood;
	uint64_t done;		/* card.done when they were unmasked last */
};

static struct server server;

/* ---- messages ---- */

static int on_start(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct server *s = b->ctx;
	struct bp_ready_net ready = { .features = FEATURES };
	const char *why;
	int rc = card_start(&s->card, msg, fds, nfds, &why);

	if (rc)
		return backend_why(b, rc, "%s: %s", why, strerror(-rc));
	s->started = true;
	ready.max_queues = s->card.max_queues;
	backend_send(b, &ready.head, BP_READY_NET, sizeof(ready));
	return 0;
}

static int on_connect(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct server *s = b->ctx;
	const char *why;
	int rc;

	(void)fds;
	(void)nfds;
	if (!s->started)
		return backend_why(b, -EPROTO, "not started");
	rc = card_connect(&s->card, msg, &why);
	if (rc)
		return backend_why(b, rc, "%s: %s", why, strerror(-rc));
	backend_tell(b, BP_CONNECTED);
	return 0;
}

static int on_disconnect(struct backend *b, const void *msg, int *fds,
			 int nfds)
{
	struct server *s = b->ctx;

	(void)msg;
	(void)fds;
	(void)nfds;
	card_disconnect(&s->card);
	s->nr_taken = 0;
	backend_tell(b, BP_DISCONNECTED);
	return 0;
}

/*
 * Nothing is in flight between two messages.  The rings are let go as they
 * are, with the journal in force, so that a successor takes them up.
 */
static int on_quiesce(struct backend *b, const void *msg, int *fds, int nfds)
{
	(void)msg;
	(void)fds;
	(void)nfds;
	backend_tell(b, BP_QUIESCED);
	b->ended = true;
	return 0;
}

static int on_stats(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct server *s = b->ctx;
	struct bp_stats stats = s->card.stats;

	(void)msg;
	(void)fds;
	(void)nfds;
	backend_send(b, &stats.head, BP_STATS, sizeof(stats));
	return 0;
}

static const struct backend_ops ops = {
	.program = "parvis-netback",
	.kind = BP_KIND_NET,
	.on = {
		[BP_START_NET] = on_start,
		[BP_CONNECT_NET] = on_connect,
		[BP_DISCONNECT] = on_disconnect,
		[BP_QUIESCE] = on_quiesce,
		[BP_STATS] = on_stats,
	},
};

/* ---- serving ---- */

/* Lets events come again; true if something came meanwhile. */
static bool arm(struct server *s)
{
	struct card *c = &s->card;
	bool more = false;

	if (s->nr_taken) {
		flood_events(&s->flood, s->done != c->done);
		s->done = c->done;
		gmap_unmask(&c->g, s->taken, (size_t)s->nr_taken);
		s->nr_taken = 0;
	}
	if (c->ctrl_live)
		more |= bring_arm(&c->ctrl);
	for (unsigned int i = 0; i < c->nr_queues; i++) {
		more |= tx_arm(&c->queue[i]);
		more |= rx_arm(&c->queue[i]);
	}
	return more;
}

static void watch_queues(struct card *c)
{
	uint64_t now = 0;

	for (unsigned int i = 0; i < c->nr_queues; i++) {
		if (!c->queue[i].starved_since)
			continue;
		if (!now)
			now = card_now_ms();
		rx_watch(&c->queue[i], now);
	}
}

/* A tap that somebody deleted is not waited for any more. */
static void tap_gone(struct nb_queue *q)
{
	q->tap_on = false;
	q->tap_gone = true;
	log_warn("%s: the host's interface is gone (queue %u)",
		 q->card->name, q->index);
}

/* Which taps have something?  Those of @p are of the queues @of. */
static void look_at_taps(const struct pollfd *p, struct nb_queue *const *of,
			 nfds_t n)
{
	for (nfds_t i = 0; i < n; i++) {
		if (p[i].revents & ~POLLIN)
			tap_gone(of[i]);
		else if (p[i].revents)
			of[i]->tap_empty = false;
	}
}

/* Sleeps until the daemon, an event or a tap has something. */
static void wait_for_work(struct server *s, int64_t ns)
{
	struct nb_queue *of[BP_NET_MAX_QUEUES];
	struct timespec limit = { ns / 1000000000, ns % 1000000000 };
	struct pollfd p[2 + BP_NET_MAX_QUEUES];
	struct card *c = &s->card;
	nfds_t n = 0;
	int got;

	p[0] = (struct pollfd){ .fd = s->b.sock, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = s->started ? c->g.evtchn : -1,
				.events = POLLIN };
	for (unsigned int i = 0; i < c->nr_queues; i++)
		if (rx_wants_tap(&c->queue[i])) {
			of[n] = &c->queue[i];
			p[2 + n++] = (struct pollfd){ .fd = c->queue[i].tap,
						      .events = POLLIN };
		}
	got = ppoll(p, 2 + n, ns < 0 ? NULL : &limit, NULL);
	for (unsigned int i = 0; !got && i < c->nr_queues; i++)
		tx_timeout(&c->queue[i]);
	if (got <= 0)
		return;
	look_at_taps(p + 2, of, n);
	if (p[0].revents)
		backend_message(&s->b);
	if (s->started && p[1].revents) {
		got = gmap_pending(&c->g, s->taken, MAX_PORTS);
		s->nr_taken = got > 0 ? got : 0;
	}
}

static void run(struct server *s)
{
	unsigned int quiet = 0, busy = 0;

	while (!s->b.ended) {
		if (s->card.nr_queues && card_serve(&s->card)) {
			quiet = 0;
			if (++busy % TALK_EVERY)
				continue;
			watch_queues(&s->card);
			backend_message(&s->b);
			continue;
		}
		if (s->card.nr_queues && ++quiet < IDLE_ROUNDS)
			continue;
		quiet = 0;
		if (s->card.nr_queues && arm(s))
			continue;
		watch_queues(&s->card);
		wait_for_work(s, card_sleep_ns(&s->card));
	}
}

/* ---- start ---- */

static const struct sandbox_call calls[] = {
	SANDBOX_IOCTL(IOCTL_GNTDEV_MAP_GRANT_REF),
	SANDBOX_IOCTL(IOCTL_GNTDEV_UNMAP_GRANT_REF),
	SANDBOX_IOCTL(IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR),
	SANDBOX_IOCTL(IOCTL_GNTDEV_GRANT_COPY),
	SANDBOX_IOCTL(IOCTL_EVTCHN_NOTIFY),
	SANDBOX_ANY(io_uring_enter),	/* of a restricted ring */
	SANDBOX_ANY(readv),
	SANDBOX_IOCTL(TUNSETQUEUE),
	SANDBOX_IOCTL(TUNSETOFFLOAD),
};

/*
 * A program that sends to guests only fills queues, and what does not fit is
 * lost: who empties them gets the greater share of a processor that they have
 * in common, but does not interrupt it, which would be for each packet.  May
 * fail: then it is slower.
 */
static void take_precedence(void)
{
	struct sched_param none = { 0 };

	sched_setscheduler(0, SCHED_BATCH, &none);
	setpriority(PRIO_PROCESS, 0, PRECEDENCE);
}

static int enter_sandbox(const struct server *s)
{
	const struct backend *b = &s->b;
	struct sandbox box = {
		.keep_fds = &s->card.tapio.ring.ring_fd,
		.nr_keep = s->card.tapio.on,
		.uid = b->uid, .calls = calls,
		.nr_calls = sizeof(calls) / sizeof(calls[0]), .threads = 1,
	};
	const char *step;
	int rc = sandbox_enter(&box, &step);

	if (rc)
		log_err("cannot %s: %s", step, strerror(-rc));
	return rc;
}

int main(int argc, char **argv)
{
	struct server *s = &server;
	int rc = backend_init(&s->b, &ops, s, argc, argv);

	if (rc)
		return rc - 1;
	s->card.g.gntdev = s->card.g.evtchn = -1;
	tapio_open(&s->card.tapio);
	take_precedence();
	if (enter_sandbox(s) || backend_hello(&s->b))
		return EXIT_FAILURE;
	run(s);
	return EXIT_SUCCESS;
}
