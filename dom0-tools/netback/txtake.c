// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * txtake.c: packets off the guest's transmit ring.
 *
 * Reads a batch of packets, each slot once, checks their structure, and plans
 * where their data goes: which parts are copied to private memory, and which
 * are written to the tap from pages that the guest keeps mapped.  State: the
 * scratch of the card, only within a step.  A ring whose structure is broken (a
 * packet that never ends, unknown extra slots) is given up.
 */
#include <string.h>

#include "netback/card.h"

#define MAX_EXTRAS (XEN_NETIF_EXTRA_TYPE_MAX - 1)
#define SMALL_COPY 512u	/* mapped data up to this is copied, not gathered */

union tx_slot {
	struct netif_tx_request req;
	struct netif_extra_info extra;
};

_Static_assert(sizeof(union tx_slot) == 12, "slot of a transmit ring");

/* What take_packet() has read of one packet. */
struct tx_chain {
	struct netif_tx_request slot[TX_MAX_SLOTS];
	unsigned int count;
	bool dummy;		/* carried a multicast request, no data */
};

/* ---- slots ---- */

static void take_gso(struct tx_packet *p, const struct netif_extra_info *e)
{
	p->gso_size = e->u.gso.size;
	p->gso_type = e->u.gso.type;
	if (!p->gso_size || (p->gso_type != XEN_NETIF_GSO_TYPE_TCPV4 &&
			     p->gso_type != XEN_NETIF_GSO_TYPE_TCPV6))
		tx_refuse(p);
}

static void take_mcast(struct nb_queue *q, struct tx_packet *p,
		       struct tx_chain *ch, const struct netif_extra_info *e)
{
	struct nb_journal *j = q->card->journal;
	int rc = e->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD ?
			 mcast_add(j, e->u.mcast.addr) :
			 mcast_del(j, e->u.mcast.addr);

	ch->dummy = true;
	p->send = false;
	p->status = rc ? NETIF_RSP_ERROR : NETIF_RSP_OKAY;
}

/* The extra slots behind the first; false: the ring is broken. */
static bool take_extras(struct nb_queue *q, struct tx_packet *p,
			struct tx_chain *ch, uint32_t avail)
{
	union tx_slot s;

	do {
		if (p->extras == MAX_EXTRAS || p->extras + 1u >= avail) {
			queue_kill(q, "extra information does not end");
			return false;
		}
		bring_copy(&q->tx, p->at + 1 + p->extras, &s);
		p->extras++;
		switch (s.extra.type) {
		case XEN_NETIF_EXTRA_TYPE_GSO:
			take_gso(p, &s.extra);
			break;
		case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
		case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
			take_mcast(q, p, ch, &s.extra);
			break;
		case XEN_NETIF_EXTRA_TYPE_HASH:
			break;	/* the host computes its own */
		default:
			queue_kill(q, "unknown extra information");
			return false;
		}
	} while (s.extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/* Does the data of @s lie in its page? */
static bool in_page(const struct netif_tx_request *s)
{
	return (uint32_t)s->offset + s->size <= NB_PAGE;
}

/* The data slots behind the first; false: the ring is broken. */
static bool take_rest(struct nb_queue *q, struct tx_packet *p,
		      struct tx_chain *ch, uint32_t avail)
{
	struct tx_scratch *b = &q->card->tx;
	uint32_t rest = ch->slot[0].size;
	union tx_slot s;

	while (ch->slot[ch->count - 1].flags & NETTXF_more_data) {
		uint32_t at = p->extras + ch->count;

		if (ch->count == TX_MAX_SLOTS || at >= avail) {
			queue_kill(q, "a packet does not end");
			return false;
		}
		bring_copy(&q->tx, p->at + at, &s);
		b->id[(p->at + at) % NB_SLOTS] = s.req.id;
		if (!in_page(&s.req) || s.req.size > rest)
			tx_refuse(p);
		else
			rest -= s.req.size;
		ch->slot[ch->count++] = s.req;
	}
	ch->slot[0].size = (uint16_t)rest;
	if (!in_page(&ch->slot[0]) || ch->count > XEN_NETIF_NR_SLOTS_MIN)
		tx_refuse(p);
	return true;
}

/* ---- where the data goes ---- */

/*
 * Finds room for @len bytes within one page, with @before bytes free in front
 * of it; follows directly on the last room if it can.
 */
static uint8_t *arena_room(struct tx_scratch *b, uint32_t len, uint32_t before)
{
	uint32_t at = b->pos + before;

	if (at % NB_PAGE + len > NB_PAGE)
		at = (at + NB_PAGE - 1) & ~(NB_PAGE - 1);
	b->pos = at + len;
	return b->arena + at;
}

static void add_iov(struct tx_scratch *b, struct tx_packet *p, uint8_t *data,
		    uint32_t len)
{
	struct iovec *last = p->niov ? &b->iov[b->niov - 1] : NULL;

	if (last && (uint8_t *)last->iov_base + last->iov_len == data) {
		last->iov_len += len;
		return;
	}
	b->iov[b->niov++] = (struct iovec){ data, len };
	p->niov++;
}

static void add_copy(struct tx_scratch *b, struct tx_packet *p,
		     const struct netif_tx_request *s, uint8_t *to)
{
	b->copy[b->ncopy++] = (struct gmap_copy){
		.local = to, .ref = s->gref, .offset = s->offset,
		.len = s->size, .status = -EFAULT,
	};
	p->ncopy++;
}

/*
 * One slot's data.  Of a page that is mapped, headers are copied now, since
 * they are judged and must not change then; the rest may be the guest's own
 * memory until it is written to the tap: a guest that changes it then, changes
 * what it sends.
 */
static void add_data(struct nb_queue *q, struct tx_packet *p,
		     const struct netif_tx_request *s, uint32_t private)
{
	struct tx_scratch *b = &q->card->tx;
	uint8_t *page = gref_find(&q->staging, s->gref, false);
	uint32_t len = s->size;
	uint8_t *to;

	if (page && len > SMALL_COPY)
		len = private < PKT_HEAD ? PKT_HEAD - private : 0;
	if (len > s->size)
		len = s->size;
	if (len) {
		to = arena_room(b, len, 0);
		add_iov(b, p, to, len);
		if (page)
			memcpy(to, page + s->offset, len);
		else
			add_copy(b, p, s, to);
	}
	if (len < s->size)
		add_iov(b, p, page + s->offset + len, s->size - len);
}

/* The first slot has the tap's header directly in front. */
static void begin_data(struct tx_scratch *b, struct tx_packet *p,
		       uint32_t len)
{
	uint8_t *at;

	b->pos = (b->pos + 15) & ~15u;
	at = arena_room(b, len, 16);
	b->pos = (uint32_t)(at - b->arena);	/* taken by add_data() */
	p->head = at;
	p->vh = (void *)(at - NB_VNET);
	memset(p->vh, 0, NB_VNET);
	add_iov(b, p, at - NB_VNET, NB_VNET);
}

static void plan_data(struct nb_queue *q, struct tx_packet *p,
		      const struct tx_chain *ch)
{
	struct tx_scratch *b = &q->card->tx;
	uint32_t done = 0;

	p->copy = (uint16_t)b->ncopy;
	p->iov = (uint16_t)b->niov;
	begin_data(b, p, ch->slot[0].size);
	for (unsigned int i = 0; i < ch->count; i++) {
		add_data(q, p, &ch->slot[i], done);
		done += ch->slot[i].size;
	}
	p->head_len = (uint16_t)(b->iov[p->iov].iov_len - NB_VNET);
	p->send = true;
}

/* ---- one packet off the ring ---- */

/* Is there credit for it?  Otherwise the queue waits. */
static bool has_credit(struct nb_queue *q, uint32_t len)
{
	struct rate *r = &q->card->rate;

	q->throttled = rate_limited(r) && !rate_take(r, len, card_now_us());
	return !q->throttled;
}

/* Takes one packet of at most @avail slots; false: no more in this step. */
static bool take_packet(struct nb_queue *q, uint32_t avail)
{
	struct tx_scratch *b = &q->card->tx;
	struct tx_packet *p = &b->pkt[b->npkt];
	struct tx_chain ch;	/* its slots are not cleared for each packet */
	union tx_slot s;

	memset(p, 0, sizeof(*p));
	p->at = q->tx.req_cons;
	bring_copy(&q->tx, p->at, &s);
	if (!has_credit(q, s.req.size))
		return false;
	ch.slot[0] = s.req;
	ch.count = 1;
	ch.dummy = false;
	b->id[p->at % NB_SLOTS] = s.req.id;
	p->len = s.req.size;
	p->flags = s.req.flags;
	if ((s.req.flags & NETTXF_extra_info) &&
	    !take_extras(q, p, &ch, avail))
		return false;
	if (!ch.dummy) {
		if (!take_rest(q, p, &ch, avail))
			return false;
		if (p->len < PKT_ETH)
			tx_refuse(p);
	}
	p->slots = (uint16_t)ch.count;
	if (!ch.dummy && p->status == NETIF_RSP_OKAY)
		plan_data(q, p, &ch);
	q->tx.req_cons += p->slots + p->extras;
	b->npkt++;
	return true;
}

void tx_take_batch(struct nb_queue *q)
{
	struct tx_scratch *b = &q->card->tx;
	uint32_t avail = bring_pending(&q->tx);
	uint32_t before;

	b->npkt = b->ncopy = b->niov = 0;
	b->pos = 0;
	while (avail && b->npkt < TX_BATCH) {
		before = q->tx.req_cons;
		if (!take_packet(q, avail))
			break;
		avail -= q->tx.req_cons - before;
	}
}
