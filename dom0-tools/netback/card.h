/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * card.h: one network card of a guest, as its backend sees it.
 *
 * A card has up to BP_NET_MAX_QUEUES queues.  A queue joins one transmit ring
 * and one receive ring of the frontend with one queue of the host's tap.  The
 * process has one thread; scratch space for a batch of packets is therefore
 * one for all queues.  Names are the guest's: it transmits (tx) to the host.
 *
 * Nothing a frontend writes can make a step loop or memory grow: one step
 * takes at most one ring's worth of slots and one batch of packets.
 */
#ifndef DOM0_NETBACK_CARD_H
#define DOM0_NETBACK_CARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/virtio_net.h>

#include <abi/io/netif.h>

#include "backend/gmap.h"
#include "backend/proto.h"
#include "backend/ring.h"
#include "lib/log.h"
#include "netback/filter.h"
#include "netback/gref.h"
#include "netback/hash.h"
#include "netback/nbjournal.h"
#include "netback/rate.h"
#include "netback/tapio.h"

#define NB_PAGE 4096u
#define NB_SLOTS 256u		/* of a transmit or receive ring */
#define NB_VNET 10u		/* bytes of the header that a tap wants */

#define TX_BATCH 64u		/* packets of one step */
#define TX_MAX_SLOTS 20u	/* a longer packet is an attack */
/* Each slot's data lies within a page of its own at worst; and in front of a
 * packet's first one a page may be left, where the tap's header does not fit. */
#define TX_ARENA ((NB_SLOTS + TX_BATCH) * NB_PAGE)

#define RX_BATCH 32u		/* packets read ahead from a tap queue */
#define RX_DATA (17u * NB_PAGE)	/* the largest frame of a tap, and more */
#define RX_STRIDE (RX_DATA + NB_PAGE)	/* a page before it, for the header */
#define TELL_MOST 96u
#define LOOK_EVERY 16u		/* rounds between looks at taps that were empty */
#define RX_STALL_MS 10000u	/* no buffers for so long: the guest is stuck */

struct card;

struct rx_packet {
	uint32_t len;		/* of the frame */
	struct virtio_net_hdr vh;
	struct hash_value hash;
	uint8_t place;		/* of the frame in rx_mem */
	uint8_t target;		/* queue of the guest that it goes to */
	bool csum_blank, validated;
	uint8_t gso;		/* XEN_NETIF_GSO_TYPE_* */
};

/*
 * How many requests of the guest are worth an event.  One that sends without
 * waiting for us is told to be quiet until `want` of them are there, or looked
 * after once MODER_NS has passed; one that waits for an answer would lose that
 * time, so when the time passes first, `want` is 1 again, and it takes `hold`
 * turns until more is tried.
 */
#define MODER_NS 100000
#define MODER_MOST 32u
#define MODER_PATIENCE 2048u

struct moder {
	uint16_t want;		/* at least 1 */
	uint16_t hold, patience;
	uint16_t got;		/* of them, so far */
};

struct nb_queue {
	struct card *card;
	unsigned int index;
	struct bring tx, rx;
	uint32_t tx_port, rx_port;
	struct nb_jqueue *journal;
	struct gref_table staging;
	void *tx_page, *rx_page;
	bool live;		/* rings are attached and not found broken */
	bool throttled;		/* waits for credit */
	struct moder moder;
	bool tx_owed, rx_owed;	/* events that the guest is to get */
	unsigned int untold;	/* packets that they are about */

	int tap;		/* -1: none */
	bool tap_on;		/* attached: the kernel gives it packets */
	bool tap_gone;		/* for ever */
	bool tap_empty;		/* nothing more until it polls readable */
	bool rx_burst;		/* packets come several at a time */
	bool rx_flood;		/* and the last batch was full */
	bool rx_big;		/* the last one was more than a page */
	uint8_t rx_single;	/* since it was last looked whether they do */
	uint8_t *rx_mem;	/* RX_BATCH frames */
	struct rx_packet held[RX_BATCH];
	unsigned int held_from, held_to;
	uint64_t starved_since;	/* ms; 0: the guest has buffers */
};

/* A packet that was taken from a transmit ring, until it is answered. */
struct tx_packet {
	uint32_t at;		/* ring index of its first slot */
	uint16_t slots, extras;
	uint16_t len, flags;
	uint16_t gso_size;
	uint8_t gso_type;
	int8_t status;		/* NETIF_RSP_* for its answer */
	bool send;		/* has data that goes to the tap */
	uint16_t copy, ncopy;	/* in scratch.copy */
	uint16_t iov, niov;	/* in scratch.iov */
	uint16_t head_len;	/* contiguous bytes at the frame's beginning */
	uint8_t *head;
	struct virtio_net_hdr *vh;
};

struct tx_scratch {
	struct tx_packet pkt[TX_BATCH];
	unsigned int npkt;
	uint16_t id[NB_SLOTS];	/* by slot of the ring */
	struct gmap_copy copy[NB_SLOTS];
	unsigned int ncopy;
	struct iovec iov[NB_SLOTS * 2];
	unsigned int niov;
	uint8_t *arena;
	uint32_t pos;
};

struct rx_scratch {
	struct netif_rx_response rsp[NB_SLOTS];
	int16_t copy_of[NB_SLOTS];	/* index in copy[], -1: none */
	struct gmap_copy copy[NB_SLOTS];
	unsigned int nrsp, ncopy;
	uint16_t id[NB_SLOTS];	/* by slot, of requests read beforehand */
};

struct card {
	struct gmap g;
	struct nb_journal *journal;
	uint32_t features;	/* BP_NETF_* of this connection */
	unsigned int nr_queues;	/* of this connection; 0: not connected */
	unsigned int max_queues;
	struct nb_queue queue[BP_NET_MAX_QUEUES];
	struct bring ctrl;
	void *ctrl_page;
	uint32_t ctrl_port;
	bool ctrl_live;
	uint64_t done;		/* steps that had something to do */
	unsigned int busy;	/* rounds since there was nothing to do */

	struct filter filter;
	struct rate rate;
	struct hash_state hash;
	struct bp_stats stats;
	struct log_limit limit;
	char name[64];

	struct tapio tapio;
	struct tx_scratch tx;
	struct rx_scratch rx;
};

_Static_assert(TX_BATCH <= TAPIO_MOST && RX_BATCH <= TAPIO_MOST,
	       "a batch is one call");

/* ---- card.c ---- */

/*
 * Takes over @fds (BP_FD_NET_* and one tap queue for each of
 * start->max_queues).  0, or -errno and *@why.
 */
int card_start(struct card *c, const struct bp_start_net *start, int *fds,
	       int nfds, const char **why);
void card_free(struct card *c);

/* Takes up rings, new or as the journal says.  0, or -errno and *@why. */
int card_connect(struct card *c, const struct bp_connect_net *msg,
		 const char **why);
/* Lets go of all rings and grants. */
void card_disconnect(struct card *c);

/* A queue whose ring makes no sense is given up; says so. */
void queue_kill(struct nb_queue *q, const char *why);

/*
 * Serves one batch of every ring; true if there may be more to do at once.
 * The guest is told of what was done for it when there is not, or when it is
 * TELL_MOST packets: an event for each batch would have it run for each.
 */
bool card_serve(struct card *c);
/* Then, how long may the process sleep, in ns?  -1: until something happens. */
int64_t card_sleep_ns(const struct card *c);

uint64_t card_now_ms(void);
uint64_t card_now_us(void);

/* ---- txtake.c ---- */

/* Takes a batch of packets into the card's scratch; gives up a broken ring. */
void tx_take_batch(struct nb_queue *q);

/* Marks a packet that is to be answered with an error. */
static inline void tx_refuse(struct tx_packet *p)
{
	p->status = NETIF_RSP_ERROR;
	p->send = false;
}

/* ---- tx.c ---- */

/* Serves one batch; true if there may be more to do at once. */
bool tx_step(struct nb_queue *q);
/* Before sleeping: asks for an event.  True if there is work already. */
bool tx_arm(struct nb_queue *q);
/* MODER_NS have passed without anything. */
void tx_timeout(struct nb_queue *q);
/* May requests be waiting that bring no event? */
static inline bool tx_moderated(const struct nb_queue *q)
{
	return q->live && q->moder.want > 1;
}

/* ---- rx.c ---- */

/* Reads one batch from the tap and gives it to the guest; true: go on. */
bool rx_step(struct nb_queue *q);
/* Lets go of what was read and not delivered. */
void rx_drop(struct nb_queue *q);

/* The slots that a packet takes in the guest's ring. */
static inline uint32_t rx_slots(const struct rx_packet *p)
{
	return (p->len + NB_PAGE - 1) / NB_PAGE + (p->gso != 0) +
	       p->hash.valid;
}

/* ---- rxbuf.c ---- */

/* Has the guest buffers for the next packet? */
bool rx_has_buffers(struct nb_queue *q);
/*
 * Before sleeping: has the frontend tell when it posts the buffers that are
 * missing.  True if they are there already.
 */
bool rx_arm(struct nb_queue *q);
/* Takes the queue off the tap, or puts it back. */
void rx_attach(struct nb_queue *q, bool on);
/* Is it worth while to look at the tap? */
bool rx_wants_tap(const struct nb_queue *q);
/* Once in a while: gives up on a guest that posts no buffers. */
void rx_watch(struct nb_queue *q, uint64_t now_ms);

/* ---- rxsort.c ---- */

/*
 * Fills in what the guest needs to know of the packet with p->len and p->vh,
 * whose first @have bytes are at @frame, which may get its checksum there.
 * False: not for this guest, or more of the frame is needed.
 */
bool rx_sort(struct nb_queue *q, struct rx_packet *p, uint8_t *frame,
	     uint32_t have);

/* ---- ctrl.c ---- */

/* Serves the control ring; true if there may be more. */
bool ctrl_step(struct card *c);
/* Maps again what the journal says was mapped. */
void ctrl_resume(struct card *c);

/* ---- mcast.c ---- */

/* 0, or -ENOSPC, -EINVAL.  Adding twice is one entry. */
int mcast_add(struct nb_journal *j, const uint8_t mac[6]);
int mcast_del(struct nb_journal *j, const uint8_t mac[6]);
/* May a frame to @mac go to a guest that filters multicast? */
bool mcast_pass(const struct nb_journal *j, const uint8_t mac[6]);

#endif
