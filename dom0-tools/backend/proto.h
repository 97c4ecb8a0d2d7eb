/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proto.h: what the device daemon and a backend process say to each other.
 *
 * One SOCK_SEQPACKET socket joins them (descriptor BP_SOCKET in the backend);
 * one datagram is one message: a struct bp_head and the body of its type, of
 * exactly that size, with descriptors beside it (SCM_RIGHTS) where the type
 * says so.  Both run on one machine from one build, so layouts are the
 * compiler's; BP_VERSION in the first message refuses a mix.
 *
 * The daemon is trusted by the backend; the backend is not trusted by the
 * daemon, because a guest may have taken it over: the daemon checks the size
 * of every message and every number in it, and a backend that breaks the
 * protocol is killed and started again.
 *
 * Life of a backend:
 *	BP_HELLO >			the process is sandboxed and waits
 *	< BP_START (descriptors)	what it serves
 *	BP_READY >			properties of the disk or card
 *	< BP_CONNECT			rings of the frontend
 *	BP_CONNECTED >
 *	< BP_DISCONNECT, BP_DISCONNECTED >	any number of times
 *	< BP_QUIESCE, BP_QUIESCED >	nothing in flight, rings let go; it ends
 * BP_FAILED may come instead of any answer.  The end of the socket ends it.
 *
 * After a crash the daemon starts another process and sends it the same
 * START and CONNECT with `resume` set: event channel ports are still bound
 * (the daemon holds them) and the journal says what was in flight.  `resume`
 * is for a connection whose BP_CONNECTED the daemon has received; one that
 * died before gets an ordinary CONNECT again, as nothing was taken from its
 * rings.
 *
 * What the descriptors must be, so that this is safe:
 *  - gntdev: opened for each process anew; the daemon keeps no copy, so the
 *    kernel unmaps everything when the process is gone.
 *  - evtchn: O_NONBLOCK, one open file for all processes of the device, kept
 *    by the daemon, which never reads from it or writes to it meanwhile.
 *  - journal: a memfd of BP_JOURNAL_BYTES, zero at first, kept by the daemon.
 *  - a disk's data: opened for each process anew, and closed by the daemon as
 *    soon as it is sent.  Requests that a killed process had given to the
 *    kernel go on for a while, and keep that open file alive: its successor
 *    waits until the file is gone (it takes an open-file-description lock on
 *    one byte far behind any data, at an offset that the journal keeps).  The
 *    daemon's own lock of the image sits on another open file and covers
 *    offsets below 2^60 only.
 */
#ifndef DOM0_BACKEND_PROTO_H
#define DOM0_BACKEND_PROTO_H

#include <stdint.h>

#define BP_VERSION 1u
#define BP_SOCKET 3		/* the descriptor that a backend starts with */
#define BP_MAX_FDS 24
#define BP_TEXT 256
#define BP_JOURNAL_BYTES (2u << 20)

enum bp_type {
	BP_HELLO = 1,		/* struct bp_hello */
	BP_START_BLK,		/* struct bp_start_blk + BP_FD_BLK_* */
	BP_START_NET,		/* struct bp_start_net + BP_FD_NET_* */
	BP_READY_BLK,		/* struct bp_ready_blk */
	BP_READY_NET,		/* struct bp_ready_net */
	BP_CONNECT_BLK,		/* struct bp_connect_blk */
	BP_CONNECT_NET,		/* struct bp_connect_net */
	BP_CONNECTED,		/* head only */
	BP_DISCONNECT,		/* head only */
	BP_DISCONNECTED,	/* head only */
	BP_QUIESCE,		/* head only */
	BP_QUIESCED,		/* head only */
	BP_RESIZE,		/* head only: look at the size again; READY_BLK */
	BP_MEDIA,		/* struct bp_start_blk + 1 descriptor, or none:
				 * ejected; READY_BLK */
	BP_STATS,		/* head only; answered by the same type with
				 * struct bp_stats */
	BP_FAILED,		/* struct bp_failed */
};

struct bp_head {
	uint32_t type;
	uint32_t len;		/* of the whole datagram */
};

enum bp_kind { BP_KIND_BLK = 1, BP_KIND_NET };

struct bp_hello {
	struct bp_head head;
	uint32_t version;
	uint32_t kind;		/* enum bp_kind */
};

struct bp_failed {
	struct bp_head head;
	int32_t rc;		/* -errno */
	char text[BP_TEXT];	/* for the operator; NUL-terminated */
};

/* ---- block ---- */

enum bp_backing {
	BP_BACK_FILE = 1,	/* regular file */
	BP_BACK_DEVICE,		/* block device */
	BP_BACK_NBD,		/* connected socket, nothing said on it yet */
	BP_BACK_EMPTY,		/* removable drive without a medium; no fd */
};

#define BP_BLK_READONLY 1u
#define BP_BLK_REMOVABLE 2u
#define BP_BLK_CDROM 4u
#define BP_BLK_DISCARD 8u	/* the config allows it */
#define BP_BLK_PERSISTENT 16u	/* offer persistent grants */

/* Descriptors with BP_START_BLK, in this order. */
enum { BP_FD_BLK_GNTDEV, BP_FD_BLK_EVTCHN, BP_FD_BLK_JOURNAL, BP_FD_BLK_DATA };

struct bp_start_blk {
	struct bp_head head;
	uint32_t domid;		/* of the frontend */
	uint32_t backing;	/* enum bp_backing */
	uint32_t flags;		/* BP_BLK_* */
	uint32_t max_queues;
	char name[64];		/* for messages: "1/xvda" */
	char nbd_export[256];	/* BP_BACK_NBD: the export's name, may be "" */
};

#define BP_BLK_CAN_FLUSH 1u
#define BP_BLK_CAN_DISCARD 2u
#define BP_BLK_CAN_SECDISCARD 4u
#define BP_BLK_IS_READONLY 8u	/* by the file or server, if not by request */

struct bp_ready_blk {
	struct bp_head head;
	uint64_t sectors;	/* of 512 bytes */
	uint32_t sector_size;	/* 512 or 4096 */
	uint32_t physical_sector_size;
	uint32_t discard_granularity;	/* bytes */
	uint32_t discard_alignment;
	uint32_t max_indirect;	/* segments of an indirect request */
	uint32_t max_ring_order;
	uint32_t max_pool;	/* pages; what feature-parvis-pool may say */
	uint32_t flags;		/* BP_BLK_CAN_* */
};

#define BP_BLK_MAX_QUEUES 16
#define BP_BLK_MAX_RING_PAGES 16
#define BP_BLK_MAX_POOL 8192	/* pages of a frontend's shared pool */
#define BP_BLK_POOL_DIRS (BP_BLK_MAX_POOL / 1024)

struct bp_queue_blk {
	uint32_t port;		/* local, bound by the daemon */
	uint32_t ref[BP_BLK_MAX_RING_PAGES];
};

struct bp_connect_blk {
	struct bp_head head;
	uint32_t resume;	/* take up what the journal says */
	uint32_t persistent;	/* the frontend keeps its grants */
	uint32_t ring_pages;	/* 1, 2, 4, ... */
	uint32_t nr_queues;
	uint32_t pool_pages;	/* of the device's shared pool; 0: none */
	uint32_t pool_dir[BP_BLK_POOL_DIRS];	/* grants of its directory */
	struct bp_queue_blk queue[BP_BLK_MAX_QUEUES];
};

/* ---- network ---- */

/*
 * Descriptors with BP_START_NET, in this order; then one tap queue each for
 * max_queues queues (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, attached).  Which
 * queues are attached and what the kernel leaves to the guest is the backend's
 * to set from then on.
 */
enum { BP_FD_NET_GNTDEV, BP_FD_NET_EVTCHN, BP_FD_NET_JOURNAL, BP_FD_NET_TAP };

#define BP_NET_MAX_QUEUES 16
#define BP_NET_MAX_IPS 16

#define BP_NET_FILTER_MAC 1u	/* only the configured MAC may send */
#define BP_NET_FILTER_IP 2u	/* only the configured addresses may send */

struct bp_ip {
	uint8_t family;		/* 4 or 6; 0 ends the list */
	uint8_t prefix;		/* bits */
	uint8_t addr[16];
};

struct bp_start_net {
	struct bp_head head;
	uint32_t domid;
	uint32_t max_queues;
	uint32_t filters;	/* BP_NET_FILTER_* */
	uint8_t mac[6];
	uint8_t pad[2];
	uint64_t rate_bytes;	/* at most so many bytes each rate_usec; 0: no limit */
	uint64_t rate_usec;
	struct bp_ip ip[BP_NET_MAX_IPS];
	char name[64];
};

struct bp_ready_net {
	struct bp_head head;
	uint32_t features;	/* BP_NETF_* that the daemon may offer */
	uint32_t max_queues;
};

/* What is offered in the store, and what the frontend took. */
#define BP_NETF_SG 1u
#define BP_NETF_GSO4 2u
#define BP_NETF_GSO6 4u
#define BP_NETF_CSUM4 8u	/* partial checksums may be sent to it */
#define BP_NETF_CSUM6 16u
#define BP_NETF_MCAST 32u	/* multicast control, as it was at connect */
#define BP_NETF_RX_COPY 64u
#define BP_NETF_RX_NOTIFY 128u
#define BP_NETF_SPLIT 256u	/* event channels of their own for TX and RX */
#define BP_NETF_CTRL 512u	/* control ring */

struct bp_queue_net {
	uint32_t tx_ref, rx_ref;
	uint32_t tx_port, rx_port;	/* local; equal unless split */
};

struct bp_connect_net {
	struct bp_head head;
	uint32_t resume;
	uint32_t features;	/* BP_NETF_* */
	uint32_t nr_queues;
	uint32_t ctrl_ref, ctrl_port;	/* with BP_NETF_CTRL */
	struct bp_queue_net queue[BP_NET_MAX_QUEUES];
};

struct bp_stats {
	struct bp_head head;
	uint64_t rd_req, wr_req, fl_req, ds_req;	/* block */
	uint64_t rd_sect, wr_sect;
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;	/* network,
				 * as the host's interface counts them */
	uint64_t rx_drop, tx_drop;
	uint64_t errors;	/* requests refused as malformed */
};

/* ---- proto.c ---- */

/*
 * Sends the message at @head (head->len bytes) with @nfds descriptors.
 * 0 or -errno; -EPIPE when the other side is gone.
 */
int bp_send(int sock, const struct bp_head *head, const int *fds, int nfds);

/*
 * Receives one message into @buf of @room bytes; at most @max_fds descriptors
 * go to @fds (close-on-exec), others are closed, and *@nfds is their number.
 * The message's length, at least a whole head whose len agrees; 0 at the end
 * of the connection; -EAGAIN; -EPROTO for anything malformed.
 */
int bp_recv(int sock, void *buf, int room, int *fds, int max_fds, int *nfds);

/* The size that a message of @type must have; 0 for unknown types. */
uint32_t bp_size(uint32_t type);

#endif
