// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net_front.c: a well-behaved frontend for tests; see net_front.h.
 *
 * State: struct front.  References: 1 control ring, 2 its list page, then for
 * each queue two ring pages and 512 pages of data.
 */
#include "net_front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOTS 256u
#define PAGE 4096u

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

uint8_t *front_page(struct front *f, uint32_t ref)
{
	return f->mem + (size_t)ref * PAGE;
}

static void socket_pair(int type, int *ours, int *theirs)
{
	int fd[2], big = 1 << 20;

	need(!socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
	     "socketpair");
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	*ours = fd[0];
	*theirs = fd[1];
}

static void init_queue(struct front *f, unsigned int n)
{
	struct front_queue *q = &f->q[n];
	uint32_t base = 3 + n * (2 + 2 * SLOTS);

	q->tx_ref = base;
	q->rx_ref = base + 1;
	q->tx_data = base + 2;
	q->rx_data = base + 2 + SLOTS;
	memset(f->mem + base, FAKE_GRANT_RW, 2 + 2 * SLOTS);
	XEN_FRONT_RING_INIT(&q->tx, (netif_tx_sring_t *)(void *)
			    front_page(f, q->tx_ref), PAGE);
	XEN_FRONT_RING_INIT(&q->rx, (netif_rx_sring_t *)(void *)
			    front_page(f, q->rx_ref), PAGE);
	socket_pair(SOCK_DGRAM, &q->tap, &f->fds[BP_FD_NET_TAP + n]);
	f->conn.queue[n] = (struct bp_queue_net){
		q->tx_ref, q->rx_ref, FRONT_PORT + 2 * n, FRONT_PORT + 2 * n + 1,
	};
}

void front_init(struct front *f, unsigned int queues, uint32_t features)
{
	memset(f, 0, sizeof(*f));
	f->memfd = memfd_create("guest", MFD_CLOEXEC);
	f->journal = memfd_create("journal", MFD_CLOEXEC);
	need(!ftruncate(f->memfd, (off_t)FAKE_PAGES * PAGE) &&
	     !ftruncate(f->journal, 1 << 20), "memfd");
	f->mem = mmap(NULL, (size_t)FAKE_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED, f->memfd, 0);
	need(f->mem != MAP_FAILED, "mmap");
	f->ctrl_ref = 1;
	f->list_ref = 2;
	memset(f->mem + 1, FAKE_GRANT_RW, 2);
	XEN_FRONT_RING_INIT(&f->ctrl, (xen_netif_ctrl_sring_t *)(void *)
			    front_page(f, f->ctrl_ref), PAGE);
	f->fds[BP_FD_NET_GNTDEV] = dup(f->memfd);
	f->fds[BP_FD_NET_JOURNAL] = dup(f->journal);
	socket_pair(SOCK_DGRAM, &f->evtchn, &f->fds[BP_FD_NET_EVTCHN]);
	f->start.head = (struct bp_head){ BP_START_NET, sizeof(f->start) };
	f->start.domid = 1;
	f->start.max_queues = queues;
	strcpy(f->start.name, "1/0");
	f->conn.head = (struct bp_head){ BP_CONNECT_NET, sizeof(f->conn) };
	f->conn.features = features;
	f->conn.nr_queues = queues;
	f->conn.ctrl_ref = f->ctrl_ref;
	f->conn.ctrl_port = FRONT_CTRL_PORT;
	for (unsigned int i = 0; i < queues; i++)
		init_queue(f, i);
}

void front_free(struct front *f)
{
	for (unsigned int i = 0; i < f->start.max_queues; i++)
		close(f->q[i].tap);
	for (unsigned int i = 0; i < BP_FD_NET_TAP + f->start.max_queues; i++)
		if (f->fds[i] >= 0)
			close(f->fds[i]);
	close(f->evtchn);
	close(f->memfd);
	close(f->journal);
	munmap(f->mem, (size_t)FAKE_PAGES * PAGE);
}

/* ---- transmit ---- */

void front_put_tx(struct front_queue *q, const void *slot)
{
	memcpy(RING_GET_REQUEST(&q->tx, q->tx.req_prod_pvt), slot, 12);
	q->tx.req_prod_pvt++;
}

void front_push_tx(struct front_queue *q)
{
	RING_PUSH_REQUESTS(&q->tx);
}

bool front_send(struct front *f, unsigned int queue, const void *frame,
		uint32_t len, uint32_t chunk, uint16_t flags,
		const struct netif_extra_info *extra)
{
	struct front_queue *q = &f->q[queue];
	uint32_t slots = (len + chunk - 1) / chunk + (extra != NULL);
	const uint8_t *data = frame;

	if (RING_FREE_REQUESTS(&q->tx) < slots)
		return false;
	for (uint32_t at = 0; at < len; at += chunk) {
		uint32_t slot = q->tx.req_prod_pvt % SLOTS;
		uint32_t n = len - at < chunk ? len - at : chunk;
		uint32_t offset = n <= PAGE - 64 ? 64 : 0;
		struct netif_tx_request r = {
			.gref = q->tx_data + slot,
			.offset = (uint16_t)offset,
			.id = (uint16_t)slot,
			.size = (uint16_t)(at ? n : len),
			.flags = at ? 0 : flags,
		};

		if (!at && extra)
			r.flags |= NETTXF_extra_info;
		if (at + n < len)
			r.flags |= NETTXF_more_data;
		memcpy(front_page(f, r.gref) + offset, data + at, n);
		front_put_tx(q, &r);
		if (!at && extra) {
			uint8_t slot_bytes[12] = { 0 };

			memcpy(slot_bytes, extra, sizeof(*extra));
			front_put_tx(q, slot_bytes);
		}
	}
	front_push_tx(q);
	return true;
}

int front_tx_status(struct front_queue *q)
{
	struct netif_tx_response r;

	while (RING_HAS_UNCONSUMED_RESPONSES(&q->tx)) {
		RING_COPY_RESPONSE(&q->tx, q->tx.rsp_cons, &r);
		q->tx.rsp_cons++;
		if (r.status != NETIF_RSP_NULL)
			return r.status;
	}
	return 99;
}

/* ---- receive ---- */

void front_post(struct front *f, unsigned int queue, unsigned int n)
{
	struct front_queue *q = &f->q[queue];

	(void)f;
	while (n-- && !RING_FULL(&q->rx)) {
		uint32_t slot = q->rx.req_prod_pvt % SLOTS;

		*RING_GET_REQUEST(&q->rx, q->rx.req_prod_pvt) =
			(struct netif_rx_request){
				.id = (uint16_t)slot, .gref = q->rx_data + slot,
			};
		q->rx.req_prod_pvt++;
	}
	RING_PUSH_REQUESTS(&q->rx);
}

/* The slot stands for its request, whatever id it carries. */
static bool next_rx(struct front_queue *q, void *rsp, uint32_t *slot)
{
	if (!RING_HAS_UNCONSUMED_RESPONSES(&q->rx))
		return false;
	*slot = q->rx.rsp_cons % SLOTS;
	RING_COPY_RESPONSE(&q->rx, q->rx.rsp_cons,
			   (struct netif_rx_response *)rsp);
	q->rx.rsp_cons++;
	return true;
}

int front_rx(struct front *f, unsigned int queue, uint8_t *out,
	     uint16_t *flags, struct netif_extra_info *extra)
{
	struct front_queue *q = &f->q[queue];
	struct netif_extra_info e;
	struct netif_rx_response r;
	bool more_extra;
	uint32_t slot;
	int len = 0;

	if (!next_rx(q, &r, &slot))
		return 0;
	*flags = r.flags;
	for (;;) {
		if (r.status < 0)
			return r.status;
		memcpy(out + len, front_page(f, q->rx_data + slot) + r.offset,
		       (size_t)r.status);
		len += r.status;
		more_extra = r.flags & NETRXF_extra_info;
		while (more_extra && next_rx(q, &e, &slot)) {
			more_extra = e.flags & XEN_NETIF_EXTRA_FLAG_MORE;
			if (extra && e.type == XEN_NETIF_EXTRA_TYPE_GSO)
				extra[0] = e;
			if (extra && e.type == XEN_NETIF_EXTRA_TYPE_HASH)
				extra[1] = e;
		}
		if (!(r.flags & NETRXF_more_data))
			return len;
		if (!next_rx(q, &r, &slot))
			return -99;
	}
}

/* ---- control ---- */

void front_ctrl(struct front *f, uint16_t type, uint32_t a, uint32_t b,
		uint32_t c)
{
	*RING_GET_REQUEST(&f->ctrl, f->ctrl.req_prod_pvt) =
		(struct xen_netif_ctrl_request){
			.id = (uint16_t)(f->ctrl.req_prod_pvt ^ 0x5500),
			.type = type, .data = { a, b, c },
		};
	f->ctrl.req_prod_pvt++;
	RING_PUSH_REQUESTS(&f->ctrl);
}

bool front_ctrl_answer(struct front *f, struct xen_netif_ctrl_response *r)
{
	if (!RING_HAS_UNCONSUMED_RESPONSES(&f->ctrl))
		return false;
	RING_COPY_RESPONSE(&f->ctrl, f->ctrl.rsp_cons, r);
	f->ctrl.rsp_cons++;
	return r->id == (uint16_t)((f->ctrl.rsp_cons - 1) ^ 0x5500);
}

/* ---- the host ---- */

int front_host_send(struct front *f, unsigned int queue,
		    const struct virtio_net_hdr *vh, const void *frame,
		    uint32_t len)
{
	static const struct virtio_net_hdr plain;
	struct iovec v[2] = {
		{ (void *)(uintptr_t)(vh ? vh : &plain), VNET },
		{ (void *)(uintptr_t)frame, len },
	};

	return writev(f->q[queue].tap, v, 2) < 0 ? -1 : 0;
}

int front_host_recv(struct front *f, unsigned int queue,
		    struct virtio_net_hdr *vh, uint8_t *frame)
{
	struct iovec v[2] = { { vh, VNET }, { frame, 70000 } };
	ssize_t n = readv(f->q[queue].tap, v, 2);

	return n < VNET ? -1 : (int)(n - VNET);
}

uint32_t front_frame(uint8_t *out, int ip, uint8_t proto, uint32_t payload)
{
	static const uint8_t macs[12] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0x00, 0x16, 0x3e, 1, 2, 3 };
	uint32_t l4 = proto == 6 ? 20 : 8, l3 = ip == 6 ? 40 : 20;
	uint32_t l4_len = l4 + payload;
	uint8_t *h = out + 14;

	memset(out, 0, 14 + l3 + l4);
	memcpy(out, macs, 12);
	out[12] = ip == 6 ? 0x86 : 0x08;
	out[13] = ip == 6 ? 0xdd : 0x00;
	if (ip == 6) {
		h[0] = 0x60;
		h[4] = (uint8_t)(l4_len >> 8);
		h[5] = (uint8_t)l4_len;
		h[6] = proto;
		h[7] = 64;
		memcpy(h + 8, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
		memcpy(h + 24, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	} else {
		h[0] = 0x45;
		h[2] = (uint8_t)((l4_len + 20) >> 8);
		h[3] = (uint8_t)(l4_len + 20);
		h[8] = 64;
		h[9] = proto;
		memcpy(h + 12, "\x0a\0\0\x02\x0a\0\0\x01", 8);
	}
	h += l3;
	h[0] = 0x10;
	h[3] = 80;
	if (proto == 6)
		h[12] = 0x50;
	for (uint32_t i = 0; i < payload; i++)
		h[l4 + i] = (uint8_t)(i * 7 + payload);
	return 14 + l3 + l4 + payload;
}
