// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rxbuf.c: a guest's receive buffers, and their lack.
 *
 * A guest without buffers makes the tap's own queue fill up, where the kernel
 * drops; after RX_STALL_MS the queue is taken off the tap, so that none of the
 * host's memory waits for it.  State: starved_since and tap_on of the queue.
 */
#include <sys/ioctl.h>

#include <net/if.h>
#include <linux/if_tun.h>

#include "netback/card.h"

void rx_attach(struct nb_queue *q, bool on)
{
	struct ifreq req = {
		.ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE,
	};

	if (q->tap_on == on || q->tap_gone)
		return;
	ioctl(q->tap, TUNSETQUEUE, &req);	/* only a tap can do it */
	q->tap_on = on;
}

/* Slots that the next packet needs; 1 while it is not known. */
static uint32_t need(const struct nb_queue *q)
{
	return q->held_from < q->held_to ? rx_slots(&q->held[q->held_from]) : 1;
}

bool rx_has_buffers(struct nb_queue *q)
{
	bool has = bring_pending(&q->rx) >= need(q);

	if (q->rx.broken)
		queue_kill(q, "the receive ring's index is impossible");
	if (has && q->live) {
		q->card->done += q->starved_since != 0;
		q->starved_since = 0;
		rx_attach(q, true);
	} else if (!q->starved_since) {
		q->starved_since = card_now_ms();
	}
	return has && q->live;
}

bool rx_arm(struct nb_queue *q)
{
	if (!q->live || !q->starved_since)
		return false;
	__atomic_store_n(&q->rx.shared->req_event, q->rx.req_cons + need(q),
			 __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return rx_has_buffers(q);
}

bool rx_wants_tap(const struct nb_queue *q)
{
	return q->live && q->tap_on && !q->starved_since;
}

void rx_watch(struct nb_queue *q, uint64_t now_ms)
{
	if (!q->live || !q->starved_since || !q->tap_on ||
	    now_ms - q->starved_since < RX_STALL_MS)
		return;
	rx_drop(q);
	rx_attach(q, false);
}
