// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_net.c: a frontend of a network card that writes what it likes, when it
 * likes.
 *
 * The input is a program: each step scribbles into the rings or into data
 * pages, moves an index, changes a grant, sends a frame from the host, lets
 * the backend take a step, or kills it and takes up the journal; and it writes
 * while the backend is in the middle of a step.  Checked by the sanitizers, and
 * here: a serving backend comes to rest, nothing stays mapped, what reaches the
 * host is a frame.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net_front.h"
#include "netback/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

static uint32_t take(struct input *in, int bytes)
{
	uint32_t v = 0;

	while (bytes-- && in->at < in->end)
		v = v << 8 | *in->at++;
	return v;
}

static struct front f;
static struct card c;
static uint8_t frame[70000];

static void serve(void)
{
	struct virtio_net_hdr vh;
	bool more = true;
	int len;

	for (unsigned int n = 0; n < c.nr_queues; n++) {
		tx_timeout(&c.queue[n]);
		c.queue[n].tap_empty = false;
	}
	for (int i = 0; more; i++) {
		if (i > 2000)
			abort();	/* turns in a circle */
		more = card_serve(&c);
		for (unsigned int n = 0; n < c.nr_queues && !more; n++)
			more |= (int)tx_arm(&c.queue[n]) | rx_arm(&c.queue[n]);
	}
	for (unsigned int n = 0; n < f.start.max_queues; n++)
		while ((len = front_host_recv(&f, n, &vh, frame)) >= 0)
			if (len < 14 || len > 65535)
				abort();
}

static void scribble(struct input *in, uint32_t ref)
{
	uint32_t at = take(in, 2) % 4096, n = take(in, 1) % 32;

	while (n-- && at < 4096)
		front_page(&f, ref)[at++] = (uint8_t)take(in, 1);
}

/* A transmit slot that is nearly right, so that the deep paths are found. */
static void near_slot(struct input *in, struct front_queue *q)
{
	struct netif_tx_request r = {
		.gref = q->tx_data + take(in, 1), .offset = (uint16_t)take(in, 2),
		.flags = (uint16_t)(take(in, 1) & 15), .id = (uint16_t)take(in, 1),
		.size = (uint16_t)take(in, 2),
	};

	front_put_tx(q, &r);
}

static void extra_slot(struct input *in, struct front_queue *q)
{
	uint8_t slot[12] = { 0 };

	slot[0] = (uint8_t)(take(in, 1) % 6);
	slot[1] = (uint8_t)(take(in, 1) & 1);
	for (int i = 2; i < 8; i++)
		slot[i] = (uint8_t)take(in, 1);
	front_put_tx(q, slot);
}

static void good_frame(struct input *in, unsigned int queue)
{
	uint32_t len = front_frame(frame, take(in, 1) & 1 ? 6 : 4,
				   take(in, 1) & 1 ? 6 : 17, take(in, 2) % 9000);
	uint32_t at = take(in, 1), chunk = 1 + take(in, 2) % 4096;
	struct netif_extra_info gso = { .type = XEN_NETIF_EXTRA_TYPE_GSO };
	uint16_t flags = (uint16_t)(take(in, 1) & 7);

	if (at < len)
		frame[at] ^= (uint8_t)take(in, 1);
	gso.u.gso.type = frame[12] == 0x86 ? XEN_NETIF_GSO_TYPE_TCPV6
					   : XEN_NETIF_GSO_TYPE_TCPV4;
	gso.u.gso.size = (uint16_t)take(in, 2);
	if (len / chunk < 40)
		front_send(&f, queue, frame, len, chunk, flags & 3,
			   flags & 4 ? &gso : NULL);
}

/* Many packets of whole pages: what takes the most private memory. */
static void whole_pages(struct input *in, unsigned int queue)
{
	uint32_t pages = 1 + take(in, 1) % 6, n = take(in, 1);

	front_frame(frame, 4, 17, pages * 4096 - 42);
	while (n-- && front_send(&f, queue, frame, pages * 4096, 4096, 0, NULL))
		;
}

static void host_frame(struct input *in, unsigned int queue)
{
	struct virtio_net_hdr vh = {
		.flags = (uint8_t)take(in, 1), .gso_type = (uint8_t)take(in, 1),
		.gso_size = (uint16_t)take(in, 2),
		.csum_start = (uint16_t)take(in, 2),
		.csum_offset = (uint16_t)take(in, 1),
	};
	uint32_t len = front_frame(frame, take(in, 1) & 1 ? 6 : 4,
				   take(in, 1) & 1 ? 6 : 17, take(in, 2) % 60000);

	front_host_send(&f, queue, &vh, frame, len);
}

static void ctrl(struct input *in)
{
	struct xen_netif_gref *l = (void *)front_page(&f, f.list_ref);
	uint32_t first = take(in, 2) % FAKE_PAGES;
	uint16_t type = (uint16_t)(take(in, 1) % 12);
	uint32_t count = take(in, 2);

	for (uint32_t i = 0; i < 512 && take(in, 1) == 0; i++)
		l[i] = (struct xen_netif_gref){ first + i, first & 1, 0 };
	front_ctrl(&f, type, take(in, 1), take(in, 1) & 1 ? f.list_ref :
		   first, count);
}

/* In order, or so that the journal stays in force as after SIGKILL. */
static void restart(bool resume)
{
	uint64_t magic = c.journal->magic;
	const char *why;

	card_disconnect(&c);
	if (resume)
		c.journal->magic = magic;
	f.conn.resume = resume;
	card_connect(&c, &f.conn, &why);
}

static struct input *striking;

/* From within the backend: bytes of rings and pages only. */
static void strike(void)
{
	struct front_queue *q;
	uint8_t what;

	if (!striking || striking->at == striking->end)
		return;
	what = (uint8_t)take(striking, 1);
	q = &f.q[what & 1 && f.start.max_queues > 1];
	switch (what >> 1 & 7) {
	case 0: scribble(striking, q->tx_ref); break;
	case 1: scribble(striking, q->rx_ref); break;
	case 2: scribble(striking, q->tx_data + take(striking, 1)); break;
	case 3: scribble(striking, q->rx_data + take(striking, 1)); break;
	case 4: scribble(striking, f.list_ref); break;
	default: break;
	}
}

static void step(struct input *in)
{
	unsigned int queue = take(in, 1) & 1;
	struct front_queue *q = &f.q[queue];

	switch (take(in, 1) % 16) {
	case 0: scribble(in, q->tx_ref); break;
	case 1: scribble(in, q->rx_ref); break;
	case 2: scribble(in, f.ctrl_ref); break;
	case 3: scribble(in, q->tx_data + take(in, 1)); break;
	case 4: near_slot(in, q); break;
	case 5: extra_slot(in, q); break;
	case 6: front_push_tx(q); break;
	case 7: front_post(&f, queue, take(in, 1)); break;
	case 8: good_frame(in, queue); break;
	case 9: host_frame(in, queue); break;
	case 10: ctrl(in); break;
	case 11: f.mem[3 + take(in, 2) % 1000] = (uint8_t)(take(in, 1) % 3);
		 break;
	case 12: restart(take(in, 1) & 1); break;
	case 13: rx_watch(&c.queue[queue], take(in, 1) & 1 ? ~0ull : 0); break;
	case 14: whole_pages(in, queue); break;
	default: serve(); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	const char *why;

	log_set_level(LOG_L_ERROR - 1);
	front_init(&f, 2, take(&in, 2) & 1023);
	f.start.filters = take(&in, 1) & 3;
	f.start.ip[0] = (struct bp_ip){ 4, 24, { 10, 0, 0, 2 } };
	if (card_start(&c, &f.start, f.fds, BP_FD_NET_TAP + 2, &why))
		abort();
	card_connect(&c, &f.conn, &why);
	striking = &in;
	fake_strike = strike;
	while (in.at < in.end)
		step(&in);
	striking = NULL;
	serve();
	card_free(&c);
	if (fake_mapped)
		abort();
	front_free(&f);
	return 0;
}
