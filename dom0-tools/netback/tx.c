// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tx.c: packets from the guest to the host.
 *
 * A step takes a batch of packets off the ring, copies their data into private
 * memory with one call, checks them, writes them to the tap, and answers.
 * State: the scratch of the card, only within a step; nothing of the guest is
 * looked at twice.  A ring whose structure is broken (a packet that never
 * ends, unknown extra slots) is given up; a packet that is merely wrong is
 * answered with an error and dropped.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <abi/io/ring.h>

#include "netback/card.h"

#define MAX_EXTRAS (XEN_NETIF_EXTRA_TYPE_MAX - 1)
/* The host cuts a frame into so many at most: its work is theirs, not the
 * frame's.  64 KiB in pieces of the smallest that a TCP sends, and less. */
#define MAX_PIECES 2048
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

/* ---- taking ---- */

/* Marks a packet that is to be answered with an error. */
static void refuse(struct tx_packet *p)
{
	p->status = NETIF_RSP_ERROR;
	p->send = false;
}

static void take_gso(struct tx_packet *p, const struct netif_extra_info *e)
{
	p->gso_size = e->u.gso.size;
	p->gso_type = e->u.gso.type;
	if (!p->gso_size || (p->gso_type != XEN_NETIF_GSO_TYPE_TCPV4 &&
			     p->gso_type != XEN_NETIF_GSO_TYPE_TCPV6))
		refuse(p);
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
			refuse(p);
		else
			rest -= s.req.size;
		ch->slot[ch->count++] = s.req;
	}
	ch->slot[0].size = (uint16_t)rest;
	if (!in_page(&ch->slot[0]) || ch->count > XEN_NETIF_NR_SLOTS_MIN)
		refuse(p);
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
			refuse(p);
	}
	p->slots = (uint16_t)ch.count;
	if (!ch.dummy && p->status == NETIF_RSP_OKAY)
		plan_data(q, p, &ch);
	q->tx.req_cons += p->slots + p->extras;
	b->npkt++;
	return true;
}

static void take_batch(struct nb_queue *q)
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

/* ---- judging ---- */

static void copy_in(struct nb_queue *q)
{
	struct tx_scratch *b = &q->card->tx;
	bool failed = b->ncopy && gmap_copy(&q->card->g, b->copy, b->ncopy);

	for (unsigned int i = 0; i < b->npkt; i++) {
		struct tx_packet *p = &b->pkt[i];

		for (unsigned int n = 0; n < p->ncopy; n++)
			if (failed || b->copy[p->copy + n].status)
				refuse(p);
	}
}

/*
 * The frame's headers in one piece: in place, or gathered into @room.  All of
 * the first PKT_HEAD bytes are private memory (add_data()).
 */
static const uint8_t *whole_head(const struct tx_scratch *b,
				 const struct tx_packet *p,
				 uint8_t room[PKT_HEAD], uint32_t *have)
{
	uint32_t want = p->len < PKT_HEAD ? p->len : PKT_HEAD, n = 0;

	*have = want;
	if (p->head_len >= want)
		return p->head;
	for (unsigned int i = 0; i < p->niov && n < want; i++) {
		const struct iovec *v = &b->iov[p->iov + i];
		uint32_t skip = i ? 0 : NB_VNET;
		uint32_t len = (uint32_t)v->iov_len - skip;

		if (len > want - n)
			len = want - n;
		memcpy(room + n, (uint8_t *)v->iov_base + skip, len);
		n += len;
	}
	*have = n;
	return room;
}

/* A partial checksum of TCP or UDP; false if there is no such header. */
static bool set_csum(struct tx_packet *p, const struct pkt *k)
{
	if (!k->l4)
		return false;
	p->vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->vh->csum_start = k->l4;
	p->vh->csum_offset = pkt_csum_offset(k->proto);
	return true;
}

/* A frame to be cut by the host must be TCP of the kind it says. */
static bool set_gso(struct tx_packet *p, const struct pkt *k)
{
	bool v4 = p->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;

	if (k->proto != IPPROTO_TCP || k->ip != (v4 ? 4 : 6) ||
	    !set_csum(p, k) || k->payload >= p->len ||
	    (p->len - k->payload) / p->gso_size > MAX_PIECES)
		return false;
	if (!(p->flags & NETTXF_csum_blank)) {
		if (k->l4 + 18u > p->head_len)
			return false;
		uint16_t sum = pkt_pseudo(p->head, k, p->len);

		memcpy(p->head + k->l4 + 16, &sum, 2);
	}
	p->vh->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4
			     : VIRTIO_NET_HDR_GSO_TCPV6;
	p->vh->gso_size = p->gso_size;
	p->vh->hdr_len = k->payload;
	return true;
}

static void judge(struct nb_queue *q, struct tx_packet *p)
{
	struct card *c = q->card;
	bool offload = p->gso_type || (p->flags & NETTXF_csum_blank);
	uint8_t room[PKT_HEAD];
	const uint8_t *head;
	uint32_t have;
	struct pkt k;

	if (!p->send || (!offload && !c->filter.flags))
		return;
	head = whole_head(&c->tx, p, room, &have);
	if (!pkt_parse(head, have, p->len, &k)) {
		refuse(p);
	} else if (!filter_pass(&c->filter, head, have, &k)) {
		p->send = false;
		p->status = NETIF_RSP_DROPPED;
	} else if (p->gso_type ? !set_gso(p, &k)
			       : offload && !set_csum(p, &k)) {
		refuse(p);
	}
}

/* ---- sending and answering ---- */

static void count_refused(struct card *c, const struct tx_packet *p)
{
	if (p->status == NETIF_RSP_ERROR)
		c->stats.errors++;
	if (p->status != NETIF_RSP_OKAY)
		c->stats.rx_drop++;
}

static void count_sent(struct card *c, const struct tx_packet *p, bool sent)
{
	if (!sent) {
		c->stats.rx_drop++;
		return;
	}
	c->stats.rx_packets++;
	c->stats.rx_bytes += p->len;
}

static void send_batch(struct nb_queue *q)
{
	struct tapio_packet out[TX_BATCH];
	struct tx_packet *of[TX_BATCH];
	struct card *c = q->card;
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->tx.npkt; i++) {
		struct tx_packet *p = &c->tx.pkt[i];

		if (!p->send) {
			count_refused(c, p);
			continue;
		}
		of[n] = p;
		out[n++] = (struct tapio_packet){ &c->tx.iov[p->iov], p->niov,
						  false };
	}
	tapio_write(&c->tapio, q->tap, out, n);
	for (unsigned int i = 0; i < n; i++)
		count_sent(c, of[i], out[i].sent);
}

static uint32_t put_answers(const struct tx_scratch *b,
			    const struct tx_packet *p,
			    struct netif_tx_response *out)
{
	uint32_t n = p->slots + p->extras;

	for (uint32_t i = 0; i < n; i++) {
		bool extra = i && i <= p->extras;

		out[i].id = extra ? 0 : b->id[(p->at + i) % NB_SLOTS];
		out[i].status = extra ? NETIF_RSP_NULL : p->status;
	}
	return n;
}

static void answer_batch(struct nb_queue *q)
{
	struct tx_scratch *b = &q->card->tx;
	struct netif_tx_response rsp[NB_SLOTS];
	uint32_t n = 0;

	for (unsigned int i = 0; i < b->npkt; i++)
		n += put_answers(b, &b->pkt[i], rsp + n);
	q->tx_owed |= nbj_answer(&q->tx, &q->journal->tx, rsp, sizeof(rsp[0]),
				 n);
	q->untold += b->npkt;
	q->card->done++;
}

bool tx_step(struct nb_queue *q)
{
	struct tx_scratch *b = &q->card->tx;

	if (!q->live)
		return false;
	take_batch(q);
	if (q->tx.broken)
		queue_kill(q, "the transmit ring's index is impossible");
	if (!b->npkt)
		return false;
	copy_in(q);
	for (unsigned int i = 0; i < b->npkt; i++)
		judge(q, &b->pkt[i]);
	send_batch(q);
	answer_batch(q);
	q->moder.got = (uint16_t)(q->moder.got + b->npkt);
	return q->live && !q->throttled;
}

/* As many as were asked for came in time: more may be worth an event. */
static void moder_reached(struct moder *m)
{
	if (m->hold)
		m->hold--;
	else if (m->want < MODER_MOST)
		m->want = (uint16_t)(m->want * 2);
	else
		m->patience = 0;
	m->got = 0;
}

void tx_timeout(struct nb_queue *q)
{
	struct moder *m = &q->moder;

	if (!tx_moderated(q) || m->got + bring_pending(&q->tx) >= m->want)
		return;
	m->want = 1;
	m->got = 0;
	m->patience = (uint16_t)(m->patience * 2 + 16);
	if (m->patience > MODER_PATIENCE)
		m->patience = MODER_PATIENCE;
	m->hold = m->patience;
}

bool tx_arm(struct nb_queue *q)
{
	if (!q->live || q->throttled)
		return false;
	if (q->moder.got >= q->moder.want)
		moder_reached(&q->moder);
	if (bring_pending(&q->tx))
		return true;
	ring_announce_event(&q->tx.shared->req_event,
			    q->tx.req_cons + q->moder.want - q->moder.got);
	return bring_pending(&q->tx) != 0;
}
