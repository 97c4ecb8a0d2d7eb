// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * card.c: a card's life: start, connect, disconnect.
 *
 * State: struct card.  Invariants: nr_queues is 0 exactly while no ring is
 * mapped; a queue is `live` only between connect and disconnect; taps are
 * attached only for queues in use.
 */
#include "netback/card.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <net/if.h>
#include <linux/if_tun.h>

#define RX_BYTES ((size_t)RX_BATCH * RX_STRIDE)

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t card_now_ms(void)
{
	return now_ns() / 1000000 + 1;	/* never 0, which means "not" */
}

uint64_t card_now_us(void)
{
	return now_ns() / 1000;
}

void queue_kill(struct nb_queue *q, const char *why)
{
	unsigned int missed = 0;

	q->live = false;
	q->card->stats.errors++;
	rx_attach(q, false);
	if (log_limited(&q->card->limit, 5, 60000, card_now_ms(), &missed))
		log_err("%s: queue %u is given up: %s", q->card->name,
			q->index, why);
}

/* Sends the events that are owed; one for both rings if they share it. */
static void queue_tell(struct nb_queue *q)
{
	if (q->tx_owed)
		gmap_notify(&q->card->g, q->tx_port);
	if (q->rx_owed && !(q->tx_owed && q->rx_port == q->tx_port))
		gmap_notify(&q->card->g, q->rx_port);
	q->tx_owed = q->rx_owed = false;
	q->untold = 0;
}

bool card_serve(struct card *c)
{
	bool look = ++c->busy % LOOK_EVERY == 0, more = ctrl_step(c);

	for (unsigned int i = 0; i < c->nr_queues; i++) {
		more |= tx_step(&c->queue[i]);
		/* While rings are busy nobody polls the taps. */
		c->queue[i].tap_empty &= !look;
		more |= rx_step(&c->queue[i]);
	}
	for (unsigned int i = 0; i < c->nr_queues; i++)
		if (!more || c->queue[i].untold >= TELL_MOST)
			queue_tell(&c->queue[i]);
	c->journal->stats = c->stats;
	if (!more)
		c->busy = 0;
	return more;
}

/* As card_sleep_ns(), for one queue. */
static int64_t queue_sleep_ns(const struct nb_queue *q)
{
	uint64_t now, until = q->card->rate.span_end;

	if (!q->live)
		return -1;
	if (q->throttled) {	/* whatever waits, there is no credit for it */
		now = card_now_us();
		return until > now ? (int64_t)(until - now) * 1000 : 1000;
	}
	if (tx_moderated(q))
		return MODER_NS;
	return q->starved_since && q->tap_on ? RX_STALL_MS * 1000000ll : -1;
}

int64_t card_sleep_ns(const struct card *c)
{
	int64_t least = -1;

	for (unsigned int i = 0; i < c->nr_queues; i++) {
		int64_t ns = queue_sleep_ns(&c->queue[i]);

		if (ns >= 0 && (least < 0 || ns < least))
			least = ns;
	}
	return least;
}

/* ---- start ---- */

/* Memory for packets; behind it is a page that nobody can touch. */
static void *get_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes + NB_PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (!mprotect(p, bytes, PROT_READ | PROT_WRITE))
		return p;
	munmap(p, bytes + NB_PAGE);
	return NULL;
}

static void put_memory(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes + NB_PAGE);
}

static int start_queue(struct card *c, unsigned int n, int tap)
{
	struct nb_queue *q = &c->queue[n];

	*q = (struct nb_queue){ .card = c, .index = n, .tap = tap };
	q->rx_mem = get_memory(RX_BYTES);
	return q->rx_mem ? 0 : -ENOMEM;
}

static void start_rules(struct card *c, const struct bp_start_net *s)
{
	c->filter.flags = s->filters;
	memcpy(c->filter.mac, s->mac, 6);
	memcpy(c->filter.ip, s->ip, sizeof(s->ip));
	for (int i = 0; i < BP_NET_MAX_IPS; i++) {
		uint8_t most = s->ip[i].family == 6 ? 128 : 32;

		if (c->filter.ip[i].prefix > most)
			c->filter.ip[i].prefix = most;
	}
	rate_init(&c->rate, s->rate_bytes, s->rate_usec, card_now_us());
	memcpy(c->name, s->name, sizeof(c->name) - 1);
}

int card_start(struct card *c, const struct bp_start_net *start, int *fds,
	       int nfds, const char **why)
{
	int rc;

	*why = "bad start message";
	if (c->max_queues)
		return -EALREADY;
	if (!start->max_queues || start->max_queues > BP_NET_MAX_QUEUES ||
	    nfds != BP_FD_NET_TAP + (int)start->max_queues)
		return -EPROTO;
	*why = "cannot map the journal";
	rc = nbj_map(&c->journal, fds[BP_FD_NET_JOURNAL]);
	if (rc)
		return rc;
	*why = "no memory";
	rc = gmap_open(&c->g, fds[BP_FD_NET_GNTDEV], fds[BP_FD_NET_EVTCHN],
		       start->domid);
	if (rc)
		return rc;
	fds[BP_FD_NET_GNTDEV] = fds[BP_FD_NET_EVTCHN] = -1;
	c->tx.arena = get_memory(TX_ARENA);
	rc = c->tx.arena ? 0 : -ENOMEM;
	start_rules(c, start);
	for (unsigned int i = 0; i < start->max_queues && !rc; i++) {
		rc = start_queue(c, i, fds[BP_FD_NET_TAP + i]);
		fds[BP_FD_NET_TAP + i] = -1;
		c->max_queues = i + 1;
	}
	return rc;
}

void card_free(struct card *c)
{
	card_disconnect(c);
	for (unsigned int i = 0; i < c->max_queues; i++) {
		close(c->queue[i].tap);
		put_memory(c->queue[i].rx_mem, RX_BYTES);
	}
	put_memory(c->tx.arena, TX_ARENA);
	if (c->g.ops)
		gmap_close(&c->g);
	nbj_unmap(c->journal);
	tapio_close(&c->tapio);
	memset(c, 0, sizeof(*c));
}

/* ---- connect ---- */

/* What the host's kernel may leave to the guest. */
static void set_offload(struct card *c)
{
	uint32_t f = c->features;
	unsigned int tun = 0;

	if (f & (BP_NETF_CSUM4 | BP_NETF_CSUM6))
		tun |= TUN_F_CSUM;
	if ((f & BP_NETF_SG) && (f & BP_NETF_CSUM4) && (f & BP_NETF_GSO4))
		tun |= TUN_F_TSO4;
	if ((f & BP_NETF_SG) && (f & BP_NETF_CSUM6) && (f & BP_NETF_GSO6))
		tun |= TUN_F_TSO6;
	/* If it fails, what the guest does not take is dropped in rx.c. */
	ioctl(c->queue[0].tap, TUNSETOFFLOAD, (unsigned long)tun);
}

static int open_ring(struct card *c, struct bring *r, struct nb_jring *j,
		     uint32_t ref, void **page, uint32_t slot, uint32_t stride,
		     bool resume)
{
	int rc = gmap_map(&c->g, 1, &ref, 1, page);

	if (rc)
		return rc;
	return resume ? nbj_resume(r, j, *page, slot, stride)
		      : nbj_attach(r, j, *page, slot);
}

static int open_queue(struct card *c, unsigned int n,
		      const struct bp_queue_net *m, bool resume)
{
	struct nb_queue *q = &c->queue[n];
	int rc;

	q->journal = &c->journal->queue[n];
	q->tx_port = m->tx_port;
	q->rx_port = m->rx_port;
	q->held_from = q->held_to = 0;
	q->throttled = false;
	q->moder = (struct moder){ .want = 1 };
	q->tx_owed = q->rx_owed = false;
	q->tap_empty = false;
	rc = open_ring(c, &q->tx, &q->journal->tx, m->tx_ref, &q->tx_page,
		       sizeof(struct netif_tx_request),
		       sizeof(struct netif_tx_response), resume);
	if (!rc)
		rc = open_ring(c, &q->rx, &q->journal->rx, m->rx_ref,
			       &q->rx_page, sizeof(struct netif_rx_request),
			       sizeof(struct netif_rx_response), resume);
	if (rc)
		return rc;
	q->live = true;
	q->starved_since = card_now_ms();
	if (!resume) {	/* what waited there was for somebody else */
		q->tap_on = true;
		rx_attach(q, false);
	}
	q->tap_on = false;
	rx_attach(q, true);
	return 0;
}

static int open_ctrl(struct card *c, const struct bp_connect_net *m,
		     bool resume)
{
	int rc;

	if (!(c->features & BP_NETF_CTRL))
		return 0;
	c->ctrl_port = m->ctrl_port;
	rc = open_ring(c, &c->ctrl, &c->journal->ctrl, m->ctrl_ref,
		       &c->ctrl_page, sizeof(struct xen_netif_ctrl_request),
		       sizeof(struct xen_netif_ctrl_response), resume);
	c->ctrl_live = !rc;
	return rc;
}

/*
 * Events that came while nobody was there may be taken and not served, or
 * owed to the frontend: unmask all ports, and tell the frontend once more.
 */
static void wake_all(struct card *c)
{
	for (unsigned int i = 0; i < c->nr_queues; i++) {
		struct nb_queue *q = &c->queue[i];

		gmap_unmask(&c->g, &q->tx_port, 1);
		if (q->rx_port != q->tx_port)
			gmap_unmask(&c->g, &q->rx_port, 1);
		q->tx_owed = q->rx_owed = true;
		queue_tell(q);
	}
	if (c->ctrl_live) {
		gmap_unmask(&c->g, &c->ctrl_port, 1);
		gmap_notify(&c->g, c->ctrl_port);
	}
}

int card_connect(struct card *c, const struct bp_connect_net *msg,
		 const char **why)
{
	bool resume = msg->resume && nbj_matches(c->journal, msg);
	int rc = 0;

	*why = "bad connect message";
	if (c->nr_queues)
		return -EISCONN;
	if (!msg->nr_queues || msg->nr_queues > c->max_queues)
		return -EPROTO;
	if (!resume)
		nbj_begin(c->journal, msg);
	else
		c->stats = c->journal->stats;
	c->features = msg->features;
	memset(&c->hash, 0, sizeof(c->hash));
	c->nr_queues = msg->nr_queues;
	set_offload(c);
	*why = "cannot take up the frontend's rings";
	for (unsigned int i = 0; i < c->nr_queues && !rc; i++)
		rc = open_queue(c, i, &msg->queue[i], resume);
	if (!rc)
		rc = open_ctrl(c, msg, resume);
	if (rc) {
		card_disconnect(c);
		return rc;
	}
	if (resume)
		ctrl_resume(c);
	wake_all(c);
	return 0;
}

static void close_queue(struct card *c, struct nb_queue *q)
{
	q->live = false;
	rx_attach(q, false);
	rx_drop(q);
	gref_clear(&q->staging, &c->g);
	gmap_unmap(&c->g, q->tx_page, 1);
	gmap_unmap(&c->g, q->rx_page, 1);
	q->tx_page = q->rx_page = NULL;
	/* What was read is not needed again. */
	madvise(q->rx_mem, RX_BYTES, MADV_DONTNEED);
}

void card_disconnect(struct card *c)
{
	if (!c->nr_queues)
		return;
	for (unsigned int i = 0; i < c->nr_queues; i++)
		close_queue(c, &c->queue[i]);
	gmap_unmap(&c->g, c->ctrl_page, 1);
	c->ctrl_page = NULL;
	c->ctrl_live = false;
	c->nr_queues = 0;
	nbj_end(c->journal);
}
