/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net_front.h: a frontend of a network card, for tests of the backend, over
 * the fake memory of blk_fake.h.  The tap is a pair of datagram sockets.
 *
 * One frontend has the grants it needs from the start: ring pages, and for
 * each slot of each ring one page of data with a fixed reference.
 */
#ifndef TESTS_NET_FRONT_H
#define TESTS_NET_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#include <abi/io/netif.h>

#include "backend/proto.h"
#include "blk_fake.h"

#define FRONT_QUEUES 2
#define FRONT_PORT 8		/* of queue 0; queue n has 8 + 2n, 9 + 2n */
#define FRONT_CTRL_PORT 7
#define VNET 10

struct front_queue {
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	uint32_t tx_ref, rx_ref, tx_data, rx_data;	/* references */
	int tap;		/* the host's end */
	uint32_t rx_taken;	/* slots looked at by front_rx() */
};

struct front {
	uint8_t *mem;		/* FAKE_PAGES pages */
	int memfd, journal, evtchn;
	int fds[BP_FD_NET_TAP + FRONT_QUEUES];	/* for the backend */
	struct front_queue q[FRONT_QUEUES];
	xen_netif_ctrl_front_ring_t ctrl;
	uint32_t ctrl_ref, list_ref;
	struct bp_start_net start;
	struct bp_connect_net conn;
};

/* Makes memory, sockets and messages.  Exits on failure. */
void front_init(struct front *f, unsigned int queues, uint32_t features);
void front_free(struct front *f);

uint8_t *front_page(struct front *f, uint32_t ref);

/* Puts raw slots and publishes them. */
void front_put_tx(struct front_queue *q, const void *slot);
void front_push_tx(struct front_queue *q);

/*
 * Sends @len bytes of @frame in slots of at most @chunk bytes, with @flags on
 * the first and an extra slot where @extra is set.  False: the ring is full.
 */
bool front_send(struct front *f, unsigned int queue, const void *frame,
		uint32_t len, uint32_t chunk, uint16_t flags,
		const struct netif_extra_info *extra);
/* The next answer of the transmit ring that is no NULL; 99: none. */
int front_tx_status(struct front_queue *q);

/* Posts @n receive buffers. */
void front_post(struct front *f, unsigned int queue, unsigned int n);
/*
 * Takes one packet off the receive ring: its bytes go to @out, flags and extra
 * information to the others.  Its length, 0: none, or a negative status.
 */
int front_rx(struct front *f, unsigned int queue, uint8_t *out,
	     uint16_t *flags, struct netif_extra_info *extra);

/* Puts one control request; the answer is the next one in the ring. */
void front_ctrl(struct front *f, uint16_t type, uint32_t a, uint32_t b,
		uint32_t c);
bool front_ctrl_answer(struct front *f, struct xen_netif_ctrl_response *r);

/* The host's side of the tap of a queue. */
int front_host_send(struct front *f, unsigned int queue,
		    const struct virtio_net_hdr *vh, const void *frame,
		    uint32_t len);
/* The next frame that came out; its length, or -1. */
int front_host_recv(struct front *f, unsigned int queue,
		    struct virtio_net_hdr *vh, uint8_t *frame);

/* A frame of @proto (17 UDP, 6 TCP) over IPv4 or IPv6 with @payload bytes. */
uint32_t front_frame(uint8_t *out, int ip, uint8_t proto, uint32_t payload);

#endif
