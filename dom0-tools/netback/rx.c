// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rx.c: packets from the host to the guest.
 *
 * Frames are read from the tap into private memory, at most RX_BATCH ahead and
 * only while the guest has buffers posted, and copied from there into the
 * buffers with one call for many; or, large ones, straight into buffers that
 * the guest keeps mapped.
 *
 * State: held[held_from..held_to) of the queue and the frames in rx_mem.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "netback/card.h"

#define RX_PROBE 8

static uint8_t *frame_of(const struct nb_queue *q, unsigned int n)
{
	return q->rx_mem + (size_t)n * RX_STRIDE + NB_PAGE;
}

/* ---- reading ---- */

/*
 * Whether there is one more costs a call to find out, which polling does
 * anyway: it is only asked here while packets come several at a time.
 */
static unsigned int batch_size(struct nb_queue *q)
{
	if (q->rx_burst || ++q->rx_single >= RX_PROBE)
		return RX_BATCH;
	return 1;
}

/* Holds what was read to place @n, @len bytes with the tap's header. */
static void hold_frame(struct nb_queue *q, unsigned int n, uint32_t len)
{
	struct rx_packet *p = &q->held[q->held_to];
	uint8_t *frame = frame_of(q, n);

	memset(p, 0, sizeof(*p));
	p->place = (uint8_t)n;
	if (len >= NB_VNET && len <= NB_VNET + RX_DATA) {
		p->len = len - NB_VNET;
		memcpy(&p->vh, frame - NB_VNET, NB_VNET);
		q->rx_big = p->len > NB_PAGE;
		if (rx_sort(q, p, frame, p->len)) {
			q->held_to++;
			return;
		}
	}
	q->card->stats.tx_drop++;
}

/* It asked for @most, got so many, and found the tap empty or did not. */
static void learn(struct nb_queue *q, unsigned int most, unsigned int got,
		  bool empty)
{
	q->tap_empty = empty || most == 1;
	if (most == 1)
		return;
	q->rx_burst = got > 1;
	q->rx_single = 0;
}

static void read_batch(struct nb_queue *q)
{
	struct tapio *t = &q->card->tapio;
	unsigned int most = batch_size(q), got;

	q->held_from = q->held_to = 0;
	got = tapio_read(t, q->tap, frame_of(q, 0) - NB_VNET, RX_STRIDE,
			 NB_VNET + RX_DATA, most, q->rx_flood);
	for (unsigned int i = 0; i < got; i++)
		hold_frame(q, t->done[i].at, (uint32_t)t->done[i].len);
	q->rx_flood = got == RX_BATCH;
	learn(q, most, got, got < most);
}

void rx_drop(struct nb_queue *q)
{
	q->card->stats.tx_drop += q->held_to - q->held_from;
	q->held_from = q->held_to = 0;
}

/* ---- giving to the guest ---- */

static struct netif_rx_response *next_rsp(struct rx_scratch *s)
{
	s->copy_of[s->nrsp] = -1;
	return memset(&s->rsp[s->nrsp++], 0, sizeof(s->rsp[0]));
}

/*
 * One buffer of the guest gets @len bytes of @data; NULL: they are there, and
 * plan_straight() has read the request.
 */
static void give_page(struct nb_queue *t, uint8_t *data, uint32_t len,
		      uint16_t flags)
{
	struct rx_scratch *s = &t->card->rx;
	struct netif_rx_response *r = next_rsp(s);
	struct netif_rx_request req;
	uint8_t *page;

	r->flags = flags;
	r->status = (int16_t)len;
	if (!data) {
		r->id = s->id[t->rx.req_cons++ % NB_SLOTS];
		return;
	}
	bring_copy(&t->rx, t->rx.req_cons++, &req);
	r->id = req.id;
	page = gref_find(&t->staging, req.gref, true);
	if (page) {
		memcpy(page, data, len);
		return;
	}
	s->copy_of[s->nrsp - 1] = (int16_t)s->ncopy;
	s->copy[s->ncopy++] = (struct gmap_copy){
		.local = data, .ref = req.gref, .len = (uint16_t)len,
		.status = -EFAULT, .to_guest = 1,
	};
}

static void give_extra(struct nb_queue *t, struct netif_extra_info e)
{
	t->rx.req_cons++;	/* its buffer goes unused */
	memcpy(next_rsp(&t->card->rx), &e, sizeof(e));
}

static void give_extras(struct nb_queue *t, const struct rx_packet *p)
{
	struct netif_extra_info e = { 0 };

	if (p->gso) {
		e.type = XEN_NETIF_EXTRA_TYPE_GSO;
		e.flags = p->hash.valid ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
		e.u.gso.size = p->vh.gso_size;
		e.u.gso.type = p->gso;
		give_extra(t, e);
	}
	if (!p->hash.valid)
		return;
	memset(&e, 0, sizeof(e));
	e.type = XEN_NETIF_EXTRA_TYPE_HASH;
	e.u.hash.type = p->hash.type;
	e.u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
	memcpy(e.u.hash.value, &p->hash.value, 4);
	give_extra(t, e);
}

static void give_packet(struct nb_queue *t, const struct rx_packet *p,
			uint8_t *frame)
{
	uint32_t left = p->len;
	uint16_t flags = 0;

	if (p->csum_blank)
		flags |= NETRXF_csum_blank;
	if (p->validated)
		flags |= NETRXF_data_validated;
	if (p->gso || p->hash.valid)
		flags |= NETRXF_extra_info;
	for (bool first = true; left; first = false) {
		uint32_t len = left < NB_PAGE ? left : NB_PAGE;

		left -= len;
		give_page(t, frame, len, left ? flags | NETRXF_more_data
					      : flags);
		if (frame)
			frame += len;
		flags = 0;
		if (first)
			give_extras(t, p);
	}
	t->card->stats.tx_packets++;
	t->card->stats.tx_bytes += p->len;
}

/* Does the copies of a run of packets, and answers. */
static void flush(struct nb_queue *t)
{
	struct rx_scratch *s = &t->card->rx;
	bool failed = s->ncopy && gmap_copy(&t->card->g, s->copy, s->ncopy);

	for (unsigned int i = 0; i < s->nrsp; i++)
		if (s->copy_of[i] >= 0 &&
		    (failed || s->copy[s->copy_of[i]].status)) {
			s->rsp[i].status = NETIF_RSP_ERROR;
			t->card->stats.errors++;
		}
	t->rx_owed |= nbj_answer(&t->rx, &t->journal->rx, s->rsp,
				 sizeof(s->rsp[0]), s->nrsp);
	t->untold += s->nrsp;
	t->card->done++;
}

/* Gives as many packets of @q in a row as go to one queue and fit there. */
static bool give_run(struct nb_queue *q)
{
	struct rx_scratch *s = &q->card->rx;
	struct nb_queue *t = &q->card->queue[q->held[q->held_from].target];
	uint32_t avail;

	if (!t->live) {
		q->held_from++;
		return true;
	}
	avail = bring_pending(&t->rx);
	if (t->rx.broken) {
		queue_kill(t, "the receive ring's index is impossible");
		return false;
	}
	s->nrsp = s->ncopy = 0;
	while (q->held_from < q->held_to) {
		struct rx_packet *p = &q->held[q->held_from];

		if (&q->card->queue[p->target] != t || rx_slots(p) > avail)
			break;
		avail -= rx_slots(p);
		give_packet(t, p, frame_of(q, p->place));
		q->held_from++;
	}
	if (s->nrsp)
		flush(t);
	return s->nrsp;
}

/* Packets that wait for another queue's buffers do not hold up this one. */
static void give_all(struct nb_queue *q)
{
	while (q->live && q->held_from < q->held_to) {
		if (give_run(q))
			continue;
		if (q->live && q->held[q->held_from].target != q->index) {
			q->card->stats.tx_drop++;
			q->held_from++;
			continue;
		}
		break;
	}
}

/* ---- straight into mapped buffers ---- */

/*
 * Large packets are read from the tap into buffers that the guest keeps mapped
 * here.  Which buffers depends on whether there is extra information: a large
 * packet is one that is to be cut, which has one such slot behind the first.
 * What turns out otherwise is gathered, and goes the other way.  The guest sees
 * a packet earlier than it is told so, and one that its own multicast filter
 * then drops.  All that is judged is a private copy of the headers.
 */
#define STRAIGHT_SLOTS (RX_DATA / NB_PAGE + 1)

static bool plan_straight(struct nb_queue *q, struct iovec *iov)
{
	struct rx_scratch *s = &q->card->rx;
	struct netif_rx_request req;

	if (s->nrsp + STRAIGHT_SLOTS > NB_SLOTS ||
	    bring_pending(&q->rx) < STRAIGHT_SLOTS)
		return false;
	for (uint32_t i = 0; i < STRAIGHT_SLOTS; i++) {
		uint32_t at = q->rx.req_cons + i;

		if (i == 1)
			continue;
		bring_copy(&q->rx, at, &req);
		s->id[at % NB_SLOTS] = req.id;
		iov->iov_base = gref_find(&q->staging, req.gref, true);
		iov->iov_len = NB_PAGE;
		if (!iov++->iov_base)
			return false;
	}
	return true;
}

/* What was read to the @n parts @iov becomes a packet of the other kind. */
static void gather(struct nb_queue *q, const struct iovec *iov, uint32_t len)
{
	uint8_t *to = frame_of(q, 0);

	for (uint32_t left = len - NB_VNET; left; iov++) {
		uint32_t now = left < NB_PAGE ? left : NB_PAGE;

		memcpy(to, iov->iov_base, now);
		to += now;
		left -= now;
	}
	hold_frame(q, 0, len);
}

static void give_straight(struct nb_queue *q, const struct iovec *iov,
			  uint32_t len)
{
	struct rx_packet p = { .len = len - NB_VNET };
	uint32_t have = p.len < PKT_HEAD ? p.len : PKT_HEAD;
	uint8_t head[PKT_HEAD];

	memcpy(&p.vh, frame_of(q, 0) - NB_VNET, NB_VNET);
	memcpy(head, iov->iov_base, have);
	q->rx_big = p.len > NB_PAGE;
	/* Not if a sum was filled in, which is in the copy only. */
	if (rx_sort(q, &p, head, have) && (p.gso || !q->rx_big) &&
	    (p.csum_blank || !(p.vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)))
		give_packet(q, &p, NULL);
	else
		gather(q, iov, len);
}

/* As read_batch() and give_all(); false if it cannot be done. */
static bool read_straight(struct nb_queue *q)
{
	struct iovec iov[STRAIGHT_SLOTS] = {
		{ frame_of(q, 0) - NB_VNET, NB_VNET },
	};
	unsigned int most = batch_size(q), got = 0;
	struct rx_scratch *s = &q->card->rx;
	ssize_t len = 1;

	s->nrsp = s->ncopy = 0;
	q->held_from = q->held_to = 0;
	while (got < most && !q->held_to && plan_straight(q, iov + 1)) {
		len = readv(q->tap, iov, STRAIGHT_SLOTS);
		if (len <= 0)
			break;
		got++;
		if (len >= (ssize_t)NB_VNET)
			give_straight(q, iov + 1, (uint32_t)len);
		else
			q->card->stats.tx_drop++;
	}
	if (s->nrsp)
		flush(q);
	if (got || len <= 0)
		learn(q, most, got, len <= 0);
	return got || len <= 0;
}

static bool goes_straight(const struct nb_queue *q)
{
	return q->rx_big && q->staging.count &&
	       q->card->hash.algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
}

/* ---- the whole ---- */

bool rx_step(struct nb_queue *q)
{
	if (!q->live || !rx_has_buffers(q))
		return false;
	if (q->held_from == q->held_to && !q->tap_empty &&
	    !(goes_straight(q) && read_straight(q)))
		read_batch(q);
	give_all(q);
	/* What is left needs more buffers than there are. */
	if (q->held_from < q->held_to)
		return rx_has_buffers(q);
	return !q->tap_empty;
}
