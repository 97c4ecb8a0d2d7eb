// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tx.c: packets from the guest to the host.
 *
 * A step takes a batch of packets off the ring (txtake.c), copies their data
 * into private memory with one call, checks them, writes them to the tap, and
 * answers.  State: the scratch of the card, only within a step; nothing of the
 * guest is looked at twice.  A packet that is merely wrong is answered with an
 * error and dropped.
 */
#include <netinet/in.h>
#include <string.h>

#include <abi/io/ring.h>

#include "netback/card.h"

/* The host cuts a frame into so many at most: its work is theirs, not the
 * frame's.  64 KiB in pieces of the smallest that a TCP sends, and less. */
#define MAX_PIECES 2048

/* ---- judging ---- */

static void copy_in(struct nb_queue *q)
{
	struct tx_scratch *b = &q->card->tx;
	bool failed = b->ncopy && gmap_copy(&q->card->g, b->copy, b->ncopy);

	for (unsigned int i = 0; i < b->npkt; i++) {
		struct tx_packet *p = &b->pkt[i];

		for (unsigned int n = 0; n < p->ncopy; n++)
			if (failed || b->copy[p->copy + n].status)
				tx_refuse(p);
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
		tx_refuse(p);
	} else if (!filter_pass(&c->filter, head, have, &k)) {
		p->send = false;
		p->status = NETIF_RSP_DROPPED;
	} else if (p->gso_type ? !set_gso(p, &k)
			       : offload && !set_csum(p, &k)) {
		tx_refuse(p);
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
	tx_take_batch(q);
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
