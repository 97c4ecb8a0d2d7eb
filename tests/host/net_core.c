// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net_core.c: the network backend's core with a frontend and a host that the
 * test plays: every feature, every refusal, and taking up after a crash.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net_front.h"
#include "netback/card.h"

#define ALL (BP_NETF_SG | BP_NETF_GSO4 | BP_NETF_GSO6 | BP_NETF_CSUM4 | \
	     BP_NETF_CSUM6 | BP_NETF_RX_COPY | BP_NETF_SPLIT | BP_NETF_CTRL)

static struct front f;
static struct card c;
static uint8_t frame[70000], out[70000];
static struct virtio_net_hdr vh;

static void begin(unsigned int queues, uint32_t features)
{
	const char *why = "";
	int nfds = BP_FD_NET_TAP + (int)queues;

	front_init(&f, queues, features);
	tapio_open(&c.tapio);
	assert_int_equal(card_start(&c, &f.start, f.fds, nfds, &why), 0);
	assert_int_equal(card_connect(&c, &f.conn, &why), 0);
}

static void end(void)
{
	card_free(&c);
	assert_int_equal(fake_mapped, 0);
	front_free(&f);
}

/* What main.c sleeps in. */
static bool tap_readable(struct nb_queue *q)
{
	struct pollfd p = { .fd = q->tap, .events = POLLIN };

	if (!rx_wants_tap(q) || poll(&p, 1, 0) != 1)
		return false;
	q->tap_empty = false;
	return true;
}

/* Serves until nothing moves; fails if that never happens. */
static void serve(void)
{
	bool more = true;

	for (int i = 0; more; i++) {
		assert_true(i < 1000);
		more = card_serve(&c);
		for (unsigned int n = 0; n < c.nr_queues && !more; n++)
			more |= (int)tx_arm(&c.queue[n]) | rx_arm(&c.queue[n]);
		for (unsigned int n = 0; n < c.nr_queues && !more; n++)
			more |= tap_readable(&c.queue[n]);
	}
}

static bool event(uint32_t port)
{
	uint32_t got;

	while (read(f.evtchn, &got, sizeof(got)) == sizeof(got))
		if (got == port)
			return true;
	return false;
}

static void expect_frame(unsigned int queue, uint32_t len)
{
	assert_int_equal(front_host_recv(&f, queue, &vh, out), len);
	assert_memory_equal(out, frame, len);
}

/* ---- transmit ---- */

static void tx_plain(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64);

	(void)state;
	begin(1, ALL);
	event(0);
	assert_true(front_send(&f, 0, frame, len, 4096, 0, NULL));
	serve();
	expect_frame(0, len);
	assert_int_equal(vh.flags, 0);
	assert_int_equal(vh.gso_type, 0);
	assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_OKAY);
	assert_true(event(FRONT_PORT));
	assert_int_equal(c.stats.rx_packets, 1);
	assert_int_equal(c.stats.rx_bytes, len);
	for (uint32_t n = 1; n < 4000; n += 77) {	/* many slots, all sizes */
		len = front_frame(frame, 4, 17, n);
		assert_true(front_send(&f, 0, frame, len, 1000, 0, NULL));
		assert_true(front_send(&f, 0, frame, len, 333, 0, NULL));
		serve();
		expect_frame(0, len);
		expect_frame(0, len);
		for (int i = 0; i < 20; i++)
			front_tx_status(&f.q[0]);
	}
	end();
}

/*
 * A batch that takes the most private memory there can be: as many packets as
 * fit, of whole pages, each of which leaves the rest of a page unused.
 */
static void tx_most(void **state)
{
	const uint32_t len = 4 * NB_PAGE;
	const uint8_t *behind;

	(void)state;
	front_frame(frame, 4, 17, len - 42);
	begin(1, ALL);
	for (unsigned int i = 0; i < TX_BATCH; i++)
		assert_true(front_send(&f, 0, frame, len, NB_PAGE, 0, NULL));
	assert_true(tx_step(&c.queue[0]));
	assert_int_equal(c.tx.npkt, TX_BATCH);
	behind = c.tx.arena + TX_ARENA;
	for (unsigned int i = 0; i < c.tx.ncopy; i++) {
		const struct gmap_copy *k = &c.tx.copy[i];

		assert_true((const uint8_t *)k->local + k->len <= behind);
	}
	expect_frame(0, len);
	end();
}

/* A host that takes nothing more: lost, and nobody waits. */
static void tx_full(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 3000), came = 0;

	(void)state;
	begin(1, ALL);
	assert_true(c.tapio.on);
	for (int i = 0; i < 20; i++) {
		for (int n = 0; n < 200; n++)
			front_send(&f, 0, frame, len, 4096, 0, NULL);
		serve();
		for (int n = 0; n < 200; n++)
			assert_int_equal(front_tx_status(&f.q[0]), 0);
	}
	assert_true(c.stats.rx_drop > 0);
	while (front_host_recv(&f, 0, &vh, out) == (int)len)
		came++;
	assert_int_equal(came, c.stats.rx_packets);
	assert_int_equal(came + c.stats.rx_drop, 4000);
	front_send(&f, 0, frame, len, 4096, 0, NULL);
	serve();
	expect_frame(0, len);
	end();
}

static void tx_csum(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 100);

	(void)state;
	begin(1, ALL);
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, NULL);
	serve();
	expect_frame(0, len);
	assert_int_equal(vh.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(vh.csum_start, 34);
	assert_int_equal(vh.csum_offset, 6);
	len = front_frame(frame, 6, 6, 100);
	front_send(&f, 0, frame, len, 30, NETTXF_csum_blank, NULL);
	serve();
	expect_frame(0, len);
	assert_int_equal(vh.csum_start, 54);
	assert_int_equal(vh.csum_offset, 16);
	/* Nothing whose sum could be blank. */
	len = front_frame(frame, 4, 1, 100);
	assert_int_equal(front_tx_status(&f.q[0]), 0);
	while (front_tx_status(&f.q[0]) != 99)
		;
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, NULL);
	serve();
	assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_ERROR);
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	end();
}

static struct netif_extra_info gso(uint8_t type, uint16_t size)
{
	struct netif_extra_info e = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	e.u.gso.type = type;
	e.u.gso.size = size;
	return e;
}

static void tx_gso(void **state)
{
	struct netif_extra_info v4 = gso(XEN_NETIF_GSO_TYPE_TCPV4, 1448);
	struct netif_extra_info v6 = gso(XEN_NETIF_GSO_TYPE_TCPV6, 1428);
	struct netif_extra_info none = gso(XEN_NETIF_GSO_TYPE_TCPV4, 0);
	uint32_t len = front_frame(frame, 4, 6, 60000);
	uint16_t sum;

	(void)state;
	begin(1, ALL);
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &v4);
	serve();
	expect_frame(0, len);
	assert_int_equal(vh.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(vh.gso_size, 1448);
	assert_int_equal(vh.hdr_len, 54);
	assert_int_equal(vh.csum_start, 34);
	assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_OKAY);
	while (front_tx_status(&f.q[0]) != 99)
		;
	/* Without a blank sum: the pseudo header's sum is put in. */
	len = front_frame(frame, 6, 6, 9000);
	front_send(&f, 0, frame, len, 4096, 0, &v6);
	serve();
	assert_int_equal(front_host_recv(&f, 0, &vh, out), len);
	assert_int_equal(vh.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	memcpy(&sum, out + 54 + 16, 2);
	assert_int_not_equal(sum, 0);
	while (front_tx_status(&f.q[0]) != 99)
		;
	/* What is not what it says. */
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &v4);
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &none);
	len = front_frame(frame, 6, 17, 9000);
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &v6);
	serve();
	for (int i = 0; i < 9; i++)
		assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_ERROR);
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	assert_true(c.queue[0].live);
	end();
}

/* Few bytes that the host would have to cut into very many packets. */
static void tx_gso_tiny(void **state)
{
	uint32_t len = front_frame(frame, 4, 6, 60000);
	struct netif_extra_info e = gso(XEN_NETIF_GSO_TYPE_TCPV4, 30);

	(void)state;
	begin(1, ALL);
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &e);
	serve();
	expect_frame(0, len);
	e.u.gso.size = 29;
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &e);
	serve();
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	/* A small MSS is one thing, a large packet of it another. */
	len = front_frame(frame, 4, 6, 1000);
	e.u.gso.size = 8;
	front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, &e);
	serve();
	expect_frame(0, len);
	end();
}

static struct netif_tx_request request(uint16_t offset, uint16_t size,
				       uint16_t flags)
{
	return (struct netif_tx_request){
		.gref = f.q[0].tx_data, .offset = offset, .flags = flags,
		.id = 77, .size = size,
	};
}

static void put(uint16_t offset, uint16_t size, uint16_t flags)
{
	struct netif_tx_request r = request(offset, size, flags);

	front_put_tx(&f.q[0], &r);
}

static void tx_refused(void **state)
{
	static const struct {
		uint16_t offset, size;
		uint32_t ref;
	} bad[] = {
		{ 0, 13, 5 }, { 0, 0, 5 }, { 4000, 97, 5 }, { 4096, 64, 5 },
		{ 65535, 65535, 5 }, { 0, 4097, 5 }, { 0, 64, 4000 },
		{ 0, 64, 0 }, { 0, 64, 0xffffffff },
	};

	(void)state;
	begin(1, ALL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct netif_tx_request r = request(bad[i].offset, bad[i].size,
						    0);

		r.gref = bad[i].ref;
		front_put_tx(&f.q[0], &r);
		front_push_tx(&f.q[0]);
		serve();
		assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_ERROR);
		assert_true(c.queue[0].live);
	}
	put(0, 100, NETTXF_more_data);	/* second slot larger than the rest */
	put(0, 101, 0);
	put(0, 3000, NETTXF_more_data);	/* second slot out of its page */
	put(4000, 200, 0);
	front_push_tx(&f.q[0]);
	serve();
	for (int i = 0; i < 4; i++)
		assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_ERROR);
	for (int i = 0; i < 19; i++)	/* one slot too many */
		put(0, i ? 100 : 1900, i < 18 ? NETTXF_more_data : 0);
	front_push_tx(&f.q[0]);
	serve();
	assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_ERROR);
	assert_true(c.queue[0].live);
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	assert_int_equal(c.stats.errors, sizeof(bad) / sizeof(bad[0]) + 3);
	end();
}

/* Rings whose structure is broken are given up, and only they. */
static void tx_killed(void **state)
{
	uint8_t extra[12] = { 9 };

	(void)state;
	begin(2, ALL);
	put(0, 100, NETTXF_more_data);
	front_push_tx(&f.q[0]);
	serve();
	assert_false(c.queue[0].live);
	assert_true(c.queue[1].live);
	end();

	begin(1, ALL);
	for (int i = 0; i < 40; i++)
		put(0, 1000, NETTXF_more_data);
	front_push_tx(&f.q[0]);
	serve();
	assert_false(c.queue[0].live);
	end();

	begin(1, ALL);
	put(0, 100, NETTXF_extra_info);
	front_put_tx(&f.q[0], extra);
	front_put_tx(&f.q[0], extra);
	front_push_tx(&f.q[0]);
	serve();
	assert_false(c.queue[0].live);
	end();

	begin(1, ALL);
	extra[0] = XEN_NETIF_EXTRA_TYPE_HASH;
	extra[1] = XEN_NETIF_EXTRA_FLAG_MORE;
	put(0, 100, NETTXF_extra_info);
	for (int i = 0; i < 100; i++)
		front_put_tx(&f.q[0], extra);
	front_push_tx(&f.q[0]);
	serve();
	assert_false(c.queue[0].live);
	end();

	begin(1, ALL);
	f.q[0].tx.sring->req_prod = 1000;
	serve();
	assert_false(c.queue[0].live);
	end();
}

static void tx_spoof(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64);

	(void)state;
	front_init(&f, 1, ALL);
	f.start.filters = BP_NET_FILTER_MAC | BP_NET_FILTER_IP;
	memcpy(f.start.mac, "\x00\x16\x3e\x01\x02\x03", 6);
	f.start.ip[0] = (struct bp_ip){ 4, 32, { 10, 0, 0, 2 } };
	{
		const char *why;

		assert_int_equal(card_start(&c, &f.start, f.fds,
					    BP_FD_NET_TAP + 1, &why), 0);
		assert_int_equal(card_connect(&c, &f.conn, &why), 0);
	}
	front_send(&f, 0, frame, len, 4096, 0, NULL);
	front_send(&f, 0, frame, len, 20, 0, NULL);	/* header in pieces */
	serve();
	expect_frame(0, len);
	expect_frame(0, len);
	while (front_tx_status(&f.q[0]) != 99)
		;
	frame[6 + 5] ^= 1;
	front_send(&f, 0, frame, len, 4096, 0, NULL);
	frame[6 + 5] ^= 1;
	frame[14 + 15] ^= 4;
	front_send(&f, 0, frame, len, 4096, 0, NULL);
	front_send(&f, 0, frame, len, 28, 0, NULL);
	serve();
	for (int i = 0; i < 3; i++)
		assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_DROPPED);
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	assert_int_equal(c.stats.rx_drop, 3);
	end();
}

/* Events get rare for a guest that sends on, not for one that waits. */
static void tx_moderate(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64), most = 0, at;
	struct nb_queue *q = &c.queue[0];

	(void)state;
	begin(1, ALL);
	for (int i = 0; i < 300; i++) {
		at = f.q[0].tx.sring->req_event - f.q[0].tx.req_prod_pvt;
		assert_true(at >= 1 && at <= MODER_MOST);
		most = at > most ? at : most;
		while (at--)
			front_send(&f, 0, frame, len, 4096, 0, NULL);
		serve();
		while (front_tx_status(&f.q[0]) != 99)
			;
		while (front_host_recv(&f, 0, &vh, out) >= 0)
			;
	}
	assert_int_equal(most, MODER_MOST);
	assert_true(tx_moderated(q));
	front_send(&f, 0, frame, len, 4096, 0, NULL);
	serve();
	tx_timeout(q);	/* one came, and then none */
	serve();
	assert_false(tx_moderated(q));
	assert_int_equal(f.q[0].tx.sring->req_event,
			 f.q[0].tx.req_prod_pvt + 1);
	for (int i = 0; i < 10; i++) {	/* patience */
		front_send(&f, 0, frame, len, 4096, 0, NULL);
		serve();
		assert_false(tx_moderated(q));
	}
	end();
}

static void tx_rate(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 1000), sent = 0;
	const char *why;

	(void)state;
	front_init(&f, 1, ALL);
	f.start.rate_bytes = 10000;
	f.start.rate_usec = 3600000000u;
	assert_int_equal(card_start(&c, &f.start, f.fds, BP_FD_NET_TAP + 1,
				    &why), 0);
	assert_int_equal(card_connect(&c, &f.conn, &why), 0);
	for (int i = 0; i < 20; i++)
		front_send(&f, 0, frame, len, 4096, 0, NULL);
	serve();
	while (front_host_recv(&f, 0, &vh, out) > 0)
		sent++;
	assert_int_equal(sent, 9);
	assert_true(c.queue[0].throttled);
	/* Packets that bring no event are not looked after without credit. */
	c.queue[0].moder.want = 2;
	assert_true(card_sleep_ns(&c) > 3000000000000);
	c.rate.span_end = 0;	/* time passes */
	serve();
	assert_true(front_host_recv(&f, 0, &vh, out) > 0);
	end();
}

/* A guest that sends without an end does not hold up what comes in. */
static void tx_endless(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 100);
	uint16_t flags;
	int i;

	(void)state;
	begin(1, ALL);
	front_post(&f, 0, 8);
	serve();
	assert_true(c.queue[0].tap_empty);
	assert_int_equal(front_host_send(&f, 0, NULL, frame, len), 0);
	for (i = 0; i < 100; i++) {
		front_send(&f, 0, frame, len, 4096, 0, NULL);
		assert_true(card_serve(&c));
		assert_int_equal(front_tx_status(&f.q[0]), 0);
		if (front_rx(&f, 0, out, &flags, NULL) == (int)len)
			break;
	}
	assert_true(i < 100);
	end();
}

static void rates(void **state)
{
	struct rate r;

	(void)state;
	rate_init(&r, 0, 0, 5);
	assert_true(rate_take(&r, 1u << 30, 5));
	rate_init(&r, 1000, 100, 0);
	assert_true(rate_take(&r, 1000, 0));
	assert_false(rate_take(&r, 1, 99));
	assert_true(rate_take(&r, 1, 100));
	assert_false(rate_take(&r, 65535, 100 + 50 * 100));
	assert_true(rate_take(&r, 65535, 100 + 70 * 100));
	rate_refill(&r, ~0ull / 2);
	assert_int_equal(r.credit, RATE_BURST);
}

/* ---- receive ---- */

static void rx_plain(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64);
	uint16_t flags;

	(void)state;
	begin(1, ALL);
	event(0);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), 0);
	assert_false(rx_wants_tap(&c.queue[0]));	/* no buffers: no look */
	front_post(&f, 0, 10);
	assert_int_not_equal(f.q[0].rx.sring->req_event, 0);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	assert_memory_equal(out, frame, len);
	assert_int_equal(flags, 0);
	assert_true(event(FRONT_PORT + 1));
	len = front_frame(frame, 4, 17, 9000);	/* three buffers */
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	assert_memory_equal(out, frame, len);
	assert_int_equal(c.stats.tx_packets, 2);
	end();
}

/* A guest is told when its turn is over, and is never left untold. */
static void tells_once(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64);

	(void)state;
	begin(1, ALL);
	front_post(&f, 0, 200);
	event(0);
	for (int i = 0; i < 3; i++)
		front_host_send(&f, 0, NULL, frame, len);
	assert_true(front_send(&f, 0, frame, len, 4096, 0, NULL));
	rx_step(&c.queue[0]);
	tx_step(&c.queue[0]);
	assert_false(event(FRONT_PORT) || event(FRONT_PORT + 1));
	assert_true(c.queue[0].untold > 0);
	serve();
	assert_int_equal(c.queue[0].untold, 0);
	assert_false(c.queue[0].tx_owed || c.queue[0].rx_owed);
	assert_true(event(FRONT_PORT));
	assert_true(event(FRONT_PORT + 1));
	end();
}

static void rx_offload(void **state)
{
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
				    .gso_size = 1448, .hdr_len = 54,
				    .csum_start = 34, .csum_offset = 16 };
	struct netif_extra_info e[2] = { 0 };
	uint32_t len = front_frame(frame, 4, 6, 60000);
	uint16_t flags;

	(void)state;
	begin(1, ALL);
	front_post(&f, 0, 100);
	front_host_send(&f, 0, &h, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, e), len);
	assert_memory_equal(out, frame, len);
	assert_int_equal(flags, NETRXF_csum_blank | NETRXF_data_validated |
				NETRXF_extra_info | NETRXF_more_data);
	assert_int_equal(e[0].u.gso.size, 1448);
	assert_int_equal(e[0].u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
	/* UDP within UDP's header: the guest would sum elsewhere. */
	len = front_frame(frame, 4, 17, 100);
	h = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				     .csum_start = 34 + 8 + 20,
				     .csum_offset = 6 };
	front_host_send(&f, 0, &h, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	assert_int_equal(flags, NETRXF_data_validated);
	assert_int_not_equal(memcmp(out, frame, len), 0);
	end();
}

/* What the guest does not take is not given to it. */
static void rx_modest(void **state)
{
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				    .csum_start = 34, .csum_offset = 6 };
	struct virtio_net_hdr g = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
				    .gso_size = 1448, .csum_start = 34,
				    .csum_offset = 16 };
	uint32_t len = front_frame(frame, 4, 17, 100);
	uint64_t sum = 17 + 108;
	uint16_t flags;
	struct pkt k;

	(void)state;
	begin(1, BP_NETF_RX_COPY);
	front_post(&f, 0, 100);
	assert_true(pkt_parse(frame, len, len, &k));
	{
		uint16_t pseudo = pkt_pseudo(frame, &k, len);

		memcpy(frame + 40, &pseudo, 2);
	}
	front_host_send(&f, 0, &h, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	assert_int_equal(flags & NETRXF_csum_blank, 0);
	for (uint32_t i = 26; i < 34; i += 2)	/* addresses */
		sum += pkt_be16(out + i);
	for (uint32_t i = 34; i < len; i += 2)
		sum += pkt_be16(out + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
	len = front_frame(frame, 4, 6, 3000);
	front_host_send(&f, 0, &g, frame, len);
	len = front_frame(frame, 4, 17, 5000);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), 0);
	assert_int_equal(c.stats.tx_drop, 2);
	end();
}

/* A large packet waits for enough buffers, without turning in a circle. */
static void rx_starved(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 30000);
	uint16_t flags;

	(void)state;
	begin(1, ALL);
	front_post(&f, 0, 7);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), 0);
	assert_int_equal(f.q[0].rx.sring->req_event, 8);
	front_post(&f, 0, 1);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	assert_memory_equal(out, frame, len);
	/* Stuck for good: dropped, and off the tap. */
	front_host_send(&f, 0, NULL, frame, len);
	front_post(&f, 0, 1);
	serve();
	rx_watch(&c.queue[0], card_now_ms());
	assert_true(c.queue[0].tap_on);
	rx_watch(&c.queue[0], card_now_ms() + RX_STALL_MS);
	assert_false(c.queue[0].tap_on);
	assert_int_equal(c.stats.tx_drop, 1);
	front_post(&f, 0, 50);
	serve();
	assert_true(c.queue[0].tap_on);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	end();
}

static void rx_bad_buffer(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64);
	uint16_t flags;

	(void)state;
	begin(1, ALL);
	f.mem[f.q[0].rx_data] = FAKE_GRANT_RO;
	f.mem[f.q[0].rx_data + 1] = FAKE_NO_GRANT;
	front_post(&f, 0, 3);
	for (int i = 0; i < 3; i++)
		front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), NETIF_RSP_ERROR);
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), NETIF_RSP_ERROR);
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	assert_int_equal(c.stats.errors, 2);
	f.q[0].rx.sring->req_prod = 5000;
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_false(c.queue[0].live);
	end();
}

static void rx_mcast(void **state)
{
	struct netif_extra_info e = { .type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD };
	uint32_t len = front_frame(frame, 4, 17, 64);
	uint16_t flags;
	uint8_t slot[12] = { 0 };

	(void)state;
	begin(1, ALL | BP_NETF_MCAST);
	front_post(&f, 0, 20);
	memcpy(frame, "\x01\x00\x5e\x00\x00\xfb", 6);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), 0);
	memcpy(e.u.mcast.addr, frame, 6);
	for (int i = 0; i < 2; i++) {
		memcpy(slot, &e, sizeof(e));
		put(0, 0, NETTXF_extra_info);
		front_put_tx(&f.q[0], slot);
		front_push_tx(&f.q[0]);
		serve();
		assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_OKAY);
		front_host_send(&f, 0, NULL, frame, len);
		serve();
		assert_int_equal(front_rx(&f, 0, out, &flags, NULL),
				 i ? 0 : len);
		e.type = XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	}
	memset(frame, 0xff, 6);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
	/* The list has an end. */
	e.type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD;
	for (int i = 0; i <= NBJ_MCAST; i++) {
		e.u.mcast.addr[5] = (uint8_t)i;
		memcpy(slot, &e, sizeof(e));
		put(0, 0, NETTXF_extra_info);
		front_put_tx(&f.q[0], slot);
		front_push_tx(&f.q[0]);
		serve();
		assert_int_equal(front_tx_status(&f.q[0]), i < NBJ_MCAST ?
				 NETIF_RSP_OKAY : NETIF_RSP_ERROR);
	}
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	end();
}

/* ---- control ---- */

static uint32_t ask(uint16_t type, uint32_t a, uint32_t b, uint32_t d,
		    uint32_t *data)
{
	struct xen_netif_ctrl_response r;

	front_ctrl(&f, type, a, b, d);
	serve();
	assert_true(front_ctrl_answer(&f, &r));
	assert_int_equal(r.type, type);
	if (data)
		*data = r.data;
	return r.status;
}

static const uint8_t rss_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Values that Microsoft publishes for checking an implementation. */
static void toeplitz(void **state)
{
	static const uint8_t flow[12] = { 66, 9, 149, 187, 161, 142, 100, 80,
					  0x0a, 0xea, 0x06, 0xe6 };

	(void)state;
	assert_int_equal(hash_toeplitz(rss_key, flow, 8), 0x323e8fc2);
	assert_int_equal(hash_toeplitz(rss_key, flow, 12), 0x51ccc178);
}

static void ctrl_hash(void **state)
{
	uint32_t len = front_frame(frame, 4, 6, 200), data, value;
	struct netif_extra_info e[2] = { 0 };
	uint32_t *list;
	uint16_t flags;

	(void)state;
	begin(2, ALL);
	list = (uint32_t *)(void *)front_page(&f, f.list_ref);
	assert_int_equal(ask(4, 0, 0, 0, &data), 0);
	assert_int_equal(data, HASH_MAP);
	assert_int_equal(ask(1, 0, 0, 0, NULL), 1);	/* no algorithm yet */
	assert_int_equal(ask(7, 2, 0, 0, NULL), 2);
	assert_int_equal(ask(7, 1, 0, 0, NULL), 0);
	assert_int_equal(ask(1, 0, 0, 0, &data), 0);
	assert_int_equal(data, 15);
	assert_int_equal(ask(2, 16, 0, 0, NULL), 2);
	assert_int_equal(ask(2, 15, 0, 0, NULL), 0);
	memcpy(list, rss_key, 40);
	assert_int_equal(ask(3, f.list_ref, 41, 0, NULL), 3);
	assert_int_equal(ask(3, 4000, 40, 0, NULL), 2);
	assert_int_equal(ask(3, f.list_ref, 40, 0, NULL), 0);
	assert_int_equal(ask(5, 129, 0, 0, NULL), 2);
	assert_int_equal(ask(5, 4, 0, 0, NULL), 0);
	for (int i = 0; i < 4; i++)
		list[i] = 1;
	assert_int_equal(ask(6, f.list_ref, 4, 1, NULL), 2);
	assert_int_equal(ask(6, f.list_ref, 4, 0, NULL), 0);
	list[0] = 2;
	assert_int_equal(ask(6, f.list_ref, 1, 0, NULL), 2);
	assert_int_equal(ask(6, f.list_ref, 1, 0xffffffff, NULL), 2);
	assert_int_equal(ask(0, 0, 0, 0, NULL), 1);
	assert_int_equal(ask(999, 0, 0, 0, NULL), 1);
	front_post(&f, 0, 20);
	front_post(&f, 1, 20);
	front_host_send(&f, 0, NULL, frame, len);
	serve();	/* from the tap's first queue to the guest's second */
	assert_int_equal(front_rx(&f, 0, out, &flags, e), 0);
	assert_int_equal(front_rx(&f, 1, out, &flags, e), len);
	assert_memory_equal(out, frame, len);
	assert_int_equal(e[1].u.hash.type, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	memcpy(&value, e[1].u.hash.value, 4);
	assert_int_equal(value, hash_toeplitz(rss_key, frame + 26, 12));
	end();
}

static void list_grefs(uint32_t first, uint32_t n, uint16_t flags)
{
	struct xen_netif_gref *l = (void *)front_page(&f, f.list_ref);

	for (uint32_t i = 0; i < n; i++)
		l[i] = (struct xen_netif_gref){ first + i, flags, 99 };
}

static void ctrl_grefs(void **state)
{
	struct xen_netif_gref *l;
	uint32_t data, len;
	uint16_t flags;

	(void)state;
	begin(1, ALL);
	l = (void *)front_page(&f, f.list_ref);
	assert_int_equal(ask(8, 0, 0, 0, &data), 0);
	assert_int_equal(data, 512);
	assert_int_equal(ask(8, 1, 0, 0, &data), 2);
	list_grefs(f.q[0].tx_data, 256, XEN_NETIF_CTRLF_GREF_readonly);
	assert_int_equal(ask(9, 0, f.list_ref, 256, NULL), 0);
	list_grefs(f.q[0].rx_data, 256, 0);
	assert_int_equal(ask(9, 0, f.list_ref, 256, NULL), 0);
	assert_int_equal(fake_mapped, 3 + 512);
	assert_int_equal(c.queue[0].staging.count, 512);
	assert_int_equal(ask(9, 0, f.list_ref, 256, NULL), 0);	/* again */
	assert_int_equal(c.queue[0].staging.count, 512);
	list_grefs(3, 1, 0);
	assert_int_equal(ask(9, 0, f.list_ref, 1, NULL), 2);	/* full */
	assert_int_equal(ask(9, 0, f.list_ref, 513, NULL), 2);
	assert_int_equal(ask(9, 1, f.list_ref, 1, NULL), 2);

	/* No grant is needed any more: they are mapped. */
	memset(f.mem + f.q[0].tx_data, FAKE_NO_GRANT, 512);
	front_post(&f, 0, 100);
	for (uint32_t n = 0; n < 30000; n += 1777) {
		len = front_frame(frame, 4, 17, n);
		front_send(&f, 0, frame, len, 4096, NETTXF_csum_blank, NULL);
		front_host_send(&f, 0, NULL, frame, len);
		serve();
		expect_frame(0, len);
		assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);
		assert_memory_equal(out, frame, len);
		front_post(&f, 0, 10);
		while (front_tx_status(&f.q[0]) != 99)
			;
	}
	memset(f.mem + f.q[0].tx_data, FAKE_GRANT_RW, 512);

	/* Some go, the others stay. */
	list_grefs(f.q[0].tx_data + 250, 10, 0);
	assert_int_equal(ask(10, 0, f.list_ref, 10, &data), 0);
	assert_int_equal(data, 10);
	assert_int_equal(l[0].status, 0);
	assert_int_equal(fake_mapped, 3 + 502);
	assert_int_equal(ask(10, 0, f.list_ref, 10, &data), 0);
	assert_int_equal(data, 0);
	assert_int_equal(l[0].status, 2);
	list_grefs(f.q[0].tx_data + 249, 1, 0);	/* twice in one list */
	l[1] = l[0];
	assert_int_equal(ask(10, 0, f.list_ref, 2, &data), 0);
	assert_int_equal(data, 1);
	assert_int_equal(l[0].status, 0);
	assert_int_equal(l[1].status, 2);
	assert_int_equal(ask(9, 0, f.list_ref, 1, NULL), 0);
	list_grefs(f.q[0].tx_data + 252, 1, 0);
	l[1] = l[0];
	assert_int_equal(ask(9, 0, f.list_ref, 2, NULL), 2);
	assert_int_equal(c.queue[0].staging.count, 502);
	end();
}

/* Straight into the mapped buffers, and what cannot go that way. */
static void rx_straight(void **state)
{
	struct virtio_net_hdr cut = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				      .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
				      .gso_size = 1448, .hdr_len = 54,
				      .csum_start = 34, .csum_offset = 16 };
	struct virtio_net_hdr sum = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				      .csum_start = 20, .csum_offset = 0 };
	struct netif_extra_info e[2];
	uint16_t flags;
	uint32_t len;

	(void)state;
	begin(1, ALL);
	list_grefs(f.q[0].rx_data, 256, 0);
	assert_int_equal(ask(9, 0, f.list_ref, 256, NULL), 0);
	memset(f.mem + f.q[0].rx_data, FAKE_NO_GRANT, 256);
	front_post(&f, 0, 200);
	for (uint32_t n = 0; n < 500; n++) {
		bool large = n % 7 < 4;		/* to be cut, however short */

		if (n % 5 == 4)
			n++;
		len = front_frame(frame, 4, large ? 6 : 17,
				  n % 5 ? n * 997 % 60000 : n % 200);
		front_host_send(&f, 0, large ? &cut : n % 3 ? NULL : &sum,
				frame, len);
		serve();
		memset(e, 0, sizeof(e));
		assert_int_equal(front_rx(&f, 0, out, &flags, e), len);
		assert_int_equal(e[0].u.gso.size, large ? 1448 : 0);
		if (!large && n % 3 == 0)
			assert_true(pkt_complete(frame, len, 20, 0));
		assert_memory_equal(out, frame, len);
		front_post(&f, 0, 20);
	}
	assert_int_equal(c.stats.errors, 0);
	assert_int_equal(c.stats.tx_drop, 0);
	end();
}

static void ctrl_broken(void **state)
{
	(void)state;
	begin(1, ALL);
	f.ctrl.sring->req_prod = 0x80000000;
	serve();
	assert_false(c.ctrl_live);
	assert_true(c.queue[0].live);
	end();
}

/* ---- a life after death ---- */

/* Replaces the card as after SIGKILL: the journal and the rings stay. */
static int saved_tap;

static void crash(void)
{
	const char *why;

	for (unsigned int i = 0; i < c.nr_queues; i++) {
		c.queue[i].held_from = c.queue[i].held_to = 0;
		fake_mapped = 0;
	}
	memset(&c, 0, sizeof(c));
	f.conn.resume = 1;
	f.fds[BP_FD_NET_GNTDEV] = dup(f.memfd);
	f.fds[BP_FD_NET_JOURNAL] = dup(f.journal);
	f.fds[BP_FD_NET_EVTCHN] = dup(f.evtchn);
	f.fds[BP_FD_NET_TAP] = dup(saved_tap);
	assert_int_equal(card_start(&c, &f.start, f.fds, BP_FD_NET_TAP + 1,
				    &why), 0);
	assert_int_equal(card_connect(&c, &f.conn, &why), 0);
}

static void resume(void **state)
{
	uint32_t len = front_frame(frame, 4, 17, 64);
	struct nb_journal *j;
	uint16_t flags;

	(void)state;
	begin(1, ALL);
	saved_tap = dup(c.queue[0].tap);
	j = c.journal;
	front_post(&f, 0, 20);
	assert_int_equal(ask(7, 1, 0, 0, NULL), 0);
	list_grefs(f.q[0].rx_data, 20, 0);
	assert_int_equal(ask(9, 0, f.list_ref, 20, NULL), 0);
	for (int i = 0; i < 5; i++)
		front_send(&f, 0, frame, len, 4096, 0, NULL);
	serve();
	for (int i = 0; i < 5; i++)
		expect_frame(0, len);
	/* Killed when answers were written, but not published. */
	f.q[0].tx.sring->rsp_prod = 2;
	j->queue[0].tx.from = 2;
	memset(&f.q[0].tx.sring->ring[2], 0xee, 3 * 12);
	front_send(&f, 0, frame, len, 4096, 0, NULL);
	crash();
	assert_int_equal(c.hash.algorithm, 1);
	assert_int_equal(c.queue[0].staging.count, 20);
	serve();
	for (int i = 0; i < 6; i++)
		assert_int_equal(front_tx_status(&f.q[0]), NETIF_RSP_OKAY);
	assert_int_equal(front_tx_status(&f.q[0]), 99);
	expect_frame(0, len);
	assert_int_equal(front_host_recv(&f, 0, &vh, out), -1);
	front_host_send(&f, 0, NULL, frame, len);
	serve();
	assert_int_equal(front_rx(&f, 0, out, &flags, NULL), len);

	/* A journal that a guest has written is not believed. */
	c.journal->nr_mcast = 0xffffffff;
	c.journal->hash.map_size = 0xffffffff;
	c.journal->queue[0].nr_gref = 0xffffffff;
	crash();
	assert_int_equal(c.journal->nr_mcast, 0);
	assert_int_equal(c.queue[0].staging.count, 0);
	end();
	close(saved_tap);
}

static void resume_refused(void **state)
{
	const char *why;

	(void)state;
	begin(1, ALL);
	c.journal->queue[0].tx.to = c.journal->queue[0].tx.from + 1000;
	c.nr_queues = 0;
	f.conn.resume = 1;
	assert_int_equal(card_connect(&c, &f.conn, &why), -EUCLEAN);
	assert_int_equal(c.nr_queues, 0);
	fake_mapped = 0;
	end();
}

/* ---- packets and filters ---- */

static void packets(void **state)
{
	uint32_t len = front_frame(frame, 4, 6, 10);
	struct pkt k;

	(void)state;
	assert_false(pkt_parse(frame, 13, 13, &k));
	for (uint32_t have = 14; have < 54; have++) {
		assert_true(pkt_parse(frame, have, len, &k));
		assert_int_equal(k.l4, 0);
		assert_int_equal(k.ip, have >= 34 ? 4 : 0);
	}
	assert_true(pkt_parse(frame, len, len, &k));
	assert_int_equal(k.l4, 34);
	assert_int_equal(k.payload, 54);
	frame[14] = 0x44;	/* header too short */
	assert_true(pkt_parse(frame, len, len, &k));
	assert_int_equal(k.ip, 0);
	frame[14] = 0x45;
	frame[46] = 0x40;
	assert_true(pkt_parse(frame, len, len, &k));
	assert_int_equal(k.l4, 0);
	frame[46] = 0xf0;	/* longer than the frame */
	assert_true(pkt_parse(frame, len, len, &k));
	assert_int_equal(k.l4, 0);
	frame[20] = 0x20;
	assert_true(pkt_parse(frame, len, len, &k));
	assert_true(k.fragment);
	/* IPv6 behind an extension header, in a VLAN. */
	len = front_frame(frame, 6, 17, 30);
	memmove(frame + 18 + 40 + 8, frame + 14 + 40, 38);
	memmove(frame + 18, frame + 14, 40);
	memcpy(frame + 12, "\x81\x00\x00\x05\x86\xdd", 6);
	frame[18 + 6] = 0;
	memcpy(frame + 58, "\x11\x00\x01\x04\0\0\0\0", 8);
	len += 12;
	assert_true(pkt_parse(frame, len, len, &k));
	assert_int_equal(k.ip, 6);
	assert_int_equal(k.proto, 17);
	assert_int_equal(k.l4, 66);
	frame[59] = 255;
	assert_true(pkt_parse(frame, len, len, &k));
	assert_int_equal(k.l4, 0);
}

static bool passes(const struct filter *r, uint32_t len)
{
	struct pkt k;

	return pkt_parse(frame, len, len, &k) && filter_pass(r, frame, len,
							     &k);
}

/* An ICMPv6 message for somebody else, behind @headers empty options. */
static bool passes_behind(const struct filter *r, unsigned int headers,
			  uint8_t type)
{
	uint32_t len = front_frame(frame, 6, 58, 40);

	memmove(frame + 54 + headers * 8, frame + 54, len - 54);
	frame[20] = 0;
	for (unsigned int i = 0; i < headers; i++)
		memcpy(frame + 54 + i * 8, "\0\0\1\4\0\0\0", 8);
	frame[54 + (headers - 1) * 8] = 58;
	frame[54 + headers * 8] = type;
	frame[62 + headers * 8] = 0x30;
	return passes(r, len + headers * 8);
}

static void filters(void **state)
{
	struct filter r = { .flags = BP_NET_FILTER_MAC | BP_NET_FILTER_IP,
			    .mac = { 0x00, 0x16, 0x3e, 1, 2, 3 } };
	uint32_t len = front_frame(frame, 4, 17, 20);

	(void)state;
	r.ip[0] = (struct bp_ip){ 4, 31, { 10, 0, 0, 2 } };
	r.ip[1] = (struct bp_ip){ 6, 64, { 0x20, 1, 0x0d, 0xb8 } };
	assert_true(passes(&r, len));
	frame[29] = 3;
	assert_true(passes(&r, len));
	frame[29] = 4;
	assert_false(passes(&r, len));
	memset(frame + 26, 0, 4);	/* DHCP */
	assert_false(passes(&r, len));
	memcpy(frame + 34, "\0\x44\0\x43", 4);
	assert_true(passes(&r, len));
	len = front_frame(frame, 6, 17, 20);
	assert_true(passes(&r, len));
	frame[22] = 0x21;
	assert_false(passes(&r, len));
	memcpy(frame + 22, "\xfe\x80", 2);
	assert_true(passes(&r, len));
	/* A neighbour advertisement for somebody else. */
	len = front_frame(frame, 6, 58, 40);
	frame[54] = 136;
	memcpy(frame + 62, frame + 22, 16);
	assert_true(passes(&r, len));
	frame[62] = 0x30;
	assert_false(passes(&r, len));
	frame[54] = 128;
	assert_true(passes(&r, len));
	/* The same behind extension headers. */
	assert_false(passes_behind(&r, 1, 136));
	assert_false(passes_behind(&r, 1, 137));
	assert_false(passes_behind(&r, 2, 136));
	assert_false(passes_behind(&r, 9, 136));
	assert_false(passes_behind(&r, 31, 136));
	assert_true(passes_behind(&r, 1, 143));
	/* ARP. */
	memset(frame + 12, 0, 60);
	memcpy(frame + 12, "\x08\x06\0\1\x08\0\6\4\0\2", 10);
	memcpy(frame + 22, r.mac, 6);
	memcpy(frame + 28, "\x0a\0\0\2", 4);
	assert_true(passes(&r, 60));
	frame[31] = 9;
	assert_false(passes(&r, 60));
	memset(frame + 28, 0, 4);	/* a probe */
	assert_true(passes(&r, 60));
	frame[27] ^= 1;
	assert_false(passes(&r, 60));
	assert_false(passes(&r, 41));
	frame[13] = 0x99;		/* some other protocol */
	assert_false(passes(&r, 60));
	r.flags = BP_NET_FILTER_MAC;
	assert_true(passes(&r, 60));
	frame[7] ^= 1;
	assert_false(passes(&r, 60));
	r.flags = 0;
	assert_true(passes(&r, 60));
}

static void starts_refused(void **state)
{
	const char *why;

	(void)state;
	front_init(&f, 1, ALL);
	assert_int_equal(card_start(&c, &f.start, f.fds, 3, &why), -EPROTO);
	f.start.max_queues = 17;
	assert_int_equal(card_start(&c, &f.start, f.fds, 20, &why), -EPROTO);
	f.start.max_queues = 1;
	assert_int_equal(card_start(&c, &f.start, f.fds, 4, &why), 0);
	f.conn.nr_queues = 2;
	assert_int_equal(card_connect(&c, &f.conn, &why), -EPROTO);
	f.conn.nr_queues = 1;
	f.mem[f.q[0].rx_ref] = FAKE_NO_GRANT;
	assert_int_equal(card_connect(&c, &f.conn, &why), -EINVAL);
	f.mem[f.q[0].rx_ref] = FAKE_GRANT_RW;
	f.q[0].tx.sring->req_prod = 7000;
	assert_int_equal(card_connect(&c, &f.conn, &why), -EIO);
	f.q[0].tx.sring->req_prod = 0;
	assert_int_equal(card_connect(&c, &f.conn, &why), 0);
	assert_int_equal(card_connect(&c, &f.conn, &why), -EISCONN);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tx_plain),
		cmocka_unit_test(tx_most),
		cmocka_unit_test(tx_full),
		cmocka_unit_test(tx_csum),
		cmocka_unit_test(tx_gso),
		cmocka_unit_test(tx_gso_tiny),
		cmocka_unit_test(tx_refused),
		cmocka_unit_test(tx_killed),
		cmocka_unit_test(tx_spoof),
		cmocka_unit_test(tx_moderate),
		cmocka_unit_test(tx_rate),
		cmocka_unit_test(tx_endless),
		cmocka_unit_test(rates),
		cmocka_unit_test(rx_plain),
		cmocka_unit_test(tells_once),
		cmocka_unit_test(rx_offload),
		cmocka_unit_test(rx_modest),
		cmocka_unit_test(rx_starved),
		cmocka_unit_test(rx_bad_buffer),
		cmocka_unit_test(rx_mcast),
		cmocka_unit_test(toeplitz),
		cmocka_unit_test(ctrl_hash),
		cmocka_unit_test(ctrl_grefs),
		cmocka_unit_test(rx_straight),
		cmocka_unit_test(ctrl_broken),
		cmocka_unit_test(resume),
		cmocka_unit_test(resume_refused),
		cmocka_unit_test(packets),
		cmocka_unit_test(filters),
		cmocka_unit_test(starts_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
