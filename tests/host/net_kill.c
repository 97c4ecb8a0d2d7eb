// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net_kill.c: the real network backend, sandboxed, killed under traffic.
 *
 *	net_kill PROGRAM KILLS
 *
 * The test is the daemon, the frontend and the host at once.  Numbered frames
 * go both ways without a pause while the backend is killed again and again (and
 * every eighth time replaced in order).  A frame may be lost with its backend;
 * none may come damaged or from nowhere, every transmit slot is answered once
 * and in order, every receive answer stands in its own slot, and in the end
 * traffic flows.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_parent.h"

#define FEATURES (BP_NETF_SG | BP_NETF_GSO4 | BP_NETF_GSO6 | BP_NETF_CSUM4 | \
		  BP_NETF_CSUM6 | BP_NETF_RX_COPY | BP_NETF_SPLIT |          \
		  BP_NETF_CTRL)
#define FINAL 2000	/* frames that must pass when nobody kills any more */

static struct {
	unsigned long sent, came, posted, given;
	uint32_t next_id;	/* of the next answer to a transmit slot */
} n;
static uint8_t frame[70000], got[70000];

/* ---- the daemon's part ---- */

static void replace(const char *program, bool in_order)
{
	if (in_order)
		backend_end();
	else
		backend_kill();
	backend_start(program, true);
}

/* ---- the frontend's and the host's part ---- */

/* Frame number @k: its length and every byte follow from the number. */
static uint32_t make(unsigned long k)
{
	uint32_t payload = 8 + (uint32_t)(k * 2654435761u >> 7) %
				   (k % 16 ? 1400 : 30000);
	uint32_t len = front_frame(frame, 4, 17, payload);

	memcpy(frame + 42, &k, sizeof(k));
	return len;
}

/* Is it one of the frames below @limit, whole? */
static void check(const uint8_t *data, int len, unsigned long limit)
{
	unsigned long k;

	if (len < 50)
		die("a frame is too short");
	memcpy(&k, data + 42, sizeof(k));
	if (k >= limit)
		die("a frame from nowhere");
	if (make(k) != (uint32_t)len || memcmp(frame, data, (size_t)len))
		die("a frame is damaged");
}

static void transmit(void)
{
	uint32_t len, chunk;
	bool sent = false;

	for (int i = 0; i < 8; i++) {
		len = make(n.sent);
		chunk = len > 4096 ? 4096 : n.sent % 3 ? 4096 : 500;
		if (!front_send(&front, 0, frame, len, chunk, 0, NULL))
			break;
		n.sent++;
		sent = true;
	}
	if (sent)
		backend_event(FRONT_PORT);
}

static void take_answers(void)
{
	struct front_queue *q = &front.q[0];
	struct netif_tx_response r;

	if (XEN_RING_NR_UNCONSUMED_RESPONSES(&q->tx) > 256)
		die("answers that nobody asked for");
	while (RING_HAS_UNCONSUMED_RESPONSES(&q->tx)) {
		RING_COPY_RESPONSE(&q->tx, q->tx.rsp_cons, &r);
		if (r.id != q->tx.rsp_cons % 256)
			die("an answer to the wrong slot");
		if (r.status != NETIF_RSP_OKAY)
			die("an error for a good frame");
		q->tx.rsp_cons++;
	}
}

static void host_take(void)
{
	struct virtio_net_hdr vh;
	int len;

	while ((len = front_host_recv(&front, 0, &vh, got)) >= 0) {
		check(got, len, n.sent);
		n.came++;
	}
}

static void host_give(void)
{
	for (int i = 0; i < 8; i++) {
		uint32_t len = make(n.given);

		if (front_host_send(&front, 0, NULL, frame, len))
			return;
		n.given++;
	}
}

static void receive(void)
{
	uint16_t flags;
	int len;

	if (XEN_RING_NR_UNCONSUMED_RESPONSES(&front.q[0].rx) > 256)
		die("packets that nobody had buffers for");
	while ((len = front_rx(&front, 0, got, &flags, NULL))) {
		if (len < 0)
			die("an error for a good buffer");
		check(got, len, n.given);
		n.posted++;
	}
	front_post(&front, 0, 256);
	backend_event(FRONT_PORT + 1);
}

static void turn(void)
{
	transmit();
	take_answers();
	host_take();
	host_give();
	receive();
	backend_events_seen();
}

int main(int argc, char **argv)
{
	unsigned long kills = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	long until;

	if (!kills)
		die("usage: net_kill PROGRAM KILLS");
	signal(SIGPIPE, SIG_IGN);
	front_init(&front, 1, FEATURES);
	backend_start(argv[1], false);
	front_post(&front, 0, 256);
	for (unsigned long i = 0; i < kills; i++) {
		until = now_us() + 200 + (long)(i * 7919 % 3000);
		while (now_us() < until)
			turn();
		replace(argv[1], i % 8 == 7);
	}
	n.came = n.posted = 0;
	until = now_us() + 20000000;
	while (n.came < FINAL || n.posted < FINAL) {
		if (now_us() > until)
			die("traffic does not flow after the last kill");
		turn();
	}
	backend_kill();
	printf("%lu backends died, %lu frames were sent and %lu given\n",
	       kills, n.sent, n.given);
	printf("summary: 1 passed, 0 failed, 0 skipped\n");
	return 0;
}
