/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blk.h: serving one disk's rings: the part without system calls.
 *
 * A struct blk_dev has queues (one ring and its part of the journal each) and
 * stands between two interfaces: struct gmap, the frontend's memory and
 * events, and struct blk_store, what the data is in.  A request runs through
 * a few steps (get memory, copy, flush, transfer); a step that has to wait
 * for the store, for a batch of copies or for memory is continued later.
 * Everything that the frontend can write is looked at in private copies only,
 * except the data itself, which is nowhere interpreted.
 *
 * Bounds: a request in flight occupies a slot of its ring, so there are at
 * most as many as ring slots; memory for copies comes from one pool of fixed
 * size; blk_run() takes at most BLK_BURST requests of each ring.  One thread.
 */
#ifndef DOM0_BLKBACK_BLK_H
#define DOM0_BLKBACK_BLK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <abi/io/blkif.h>

#include "backend/gcache.h"
#include "backend/gmap.h"
#include "backend/journal.h"
#include "backend/proto.h"
#include "backend/ring.h"
#include "blkback/bounce.h"

#define BLK_SECTOR 512u
#define BLK_MAX_SEGS 256u
#define BLK_DIRECT_SEGS BLKIF_MAX_SEGMENTS_PER_REQUEST
#define BLK_BURST 32
#define BLK_KEEP_PAGES 1056u	/* persistent grants kept for each queue */
#define BLK_COPIES 512
#define BLK_COPY_MOST 4096u	/* bytes that are copied though they are mapped */

/* ---- what the data is in ---- */

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_DISCARD, BLK_SECDISCARD };

struct blk_io {
	enum blk_op op;
	uint32_t niov;
	uint64_t offset, len;		/* bytes */
	struct iovec *iov;		/* the store may change it */
	/* Called once, never from within submit(). @rc: 0 or -errno. */
	void (*done)(struct blk_io *io, int rc);
	struct blk_io *next;		/* the store's, while it has the I/O */
	int rc;				/* the same */
};

struct blk_store;

struct blk_store_ops {
	/* 0: done() will be called; -EAGAIN: full, try again; else -errno. */
	int (*submit)(struct blk_store *s, struct blk_io *io);
	/* Looks at the size again. */
	int (*probe)(struct blk_store *s);
	void (*close)(struct blk_store *s);
};

struct blk_store {
	const struct blk_store_ops *ops;
	uint64_t sectors;		/* of 512 bytes */
	uint32_t sector_size;		/* 512 or 4096 */
	uint32_t physical_size;
	uint32_t discard_granularity;
	uint32_t flags;			/* BP_BLK_CAN_*, BP_BLK_IS_READONLY */
	uint32_t align;			/* of each piece of memory; 1: any */
	uint32_t max_pieces;		/* of memory, in one I/O */
};

/* ---- requests ---- */

struct blk_dev;
struct blk_queue;

/* Arrays for a request of many segments. */
struct blk_big {
	struct blk_big *next;
	struct blkif_request_segment seg[BLK_MAX_SEGS];
	struct gpage *page[BLK_MAX_SEGS];
	struct iovec iov[BLK_MAX_SEGS];
};

/* Steps, done from the lowest bit up. */
enum {
	BLK_GET_MEMORY = 1,
	BLK_COPY_IN = 2,
	BLK_FLUSH_BEFORE = 4,
	BLK_TRANSFER = 8,
	BLK_FLUSH_AFTER = 16,
	BLK_COPY_OUT = 32,
};

struct blk_req {
	struct blk_io io;
	struct blk_queue *q;
	struct blk_req *next;		/* in the list that it waits in */
	uint64_t id;
	uint64_t sector;
	uint64_t nr_sectors;
	uint16_t slot;			/* of the journal */
	uint16_t nr_segs;
	uint16_t nr_pinned;
	uint8_t rsp_op;			/* what the response says */
	uint8_t op;			/* enum blk_op */
	uint8_t todo;			/* steps */
	bool barrier;
	bool copied;			/* data goes through bounce memory */
	bool left;			/* by a dead process, to be replayed */
	uint32_t copy_first, copy_count;	/* in dev->copy[] */
	struct bounce_run bounce;
	struct blkif_request_segment *seg;
	struct gpage **page;
	struct iovec *iov;
	struct blk_big *big;
	struct blkif_request_segment seg_own[BLK_DIRECT_SEGS];
	struct gpage *page_own[BLK_DIRECT_SEGS];
	struct iovec iov_own[BLK_DIRECT_SEGS];
};

struct blk_list {
	struct blk_req *first, **last;
};

struct blk_queue {
	struct blk_dev *dev;
	struct bring ring;
	struct jrn_queue jrn;
	void *pages;			/* the mapped ring */
	uint32_t nr_pages;
	uint32_t port;
	struct blk_req *req;		/* by slot */
	uint32_t inflight;
	struct blk_list barriers;	/* wait until they are alone */
	uint32_t nr_barriers;
	struct blk_req *running;	/* the barrier that is being served */
	bool told_broken;
};

struct blk_dev {
	struct gmap *g;
	struct jrn *jrn;
	struct blk_store *store;	/* NULL: no medium */
	const char *name;
	bool readonly;			/* by the configuration */
	bool stopped;			/* takes no requests */
	bool connected;
	bool keep;			/* the cache may be used */
	bool no_direct;			/* the kernel refuses mapped pages */
	uint32_t nr_queues;
	struct blk_queue queue[BP_BLK_MAX_QUEUES];
	struct gcache cache;
	struct bounce bounce;
	struct blk_big *bigs;
	struct blk_list waiting;	/* for memory or room in the store */
	struct blk_list copying;	/* for the batch of copies */
	struct gmap_copy copy[BLK_COPIES];
	uint32_t nr_copies;
	struct bp_stats stats;
	uint64_t said;			/* failures told to the log */
};

/* ---- request.c ---- */

/*
 * Fills @r (id, rsp_op, op, sectors, segments, todo) from the private copy
 * @raw.  0; -EINVAL malformed or not permitted; -EOPNOTSUPP.
 */
int blk_parse(struct blk_dev *d, struct blk_req *r,
	      const struct blkif_request *raw);

/* ---- serve.c ---- */

/* Starts a request whose copy is in its queue's journal slot @slot. */
void blk_begin(struct blk_queue *q, uint32_t slot);
/* Continues requests that waited for memory or for the store. */
bool blk_retry(struct blk_dev *d);
/* Does the batch of copies. */
void blk_do_copies(struct blk_dev *d);
void blk_list_init(struct blk_list *l);

/* ---- queue.c ---- */

int blk_init(struct blk_dev *d, struct gmap *g, struct jrn *jrn,
	     const char *name);
void blk_free(struct blk_dev *d);

/*
 * Maps the rings and takes them up.  With c->resume, what the journal holds
 * is served again.  On failure nothing stays mapped and *@why says what.
 */
int blk_connect(struct blk_dev *d, const struct bp_connect_blk *c,
		const char **why);
/* Lets the rings go.  Only when blk_idle(). */
void blk_disconnect(struct blk_dev *d);

/* One round over all rings.  True if there was anything to do. */
bool blk_run(struct blk_dev *d);
/* Before sleeping: true if there is something to do after all. */
bool blk_arm(struct blk_dev *d);
/* Nothing is in flight and all answers are published. */
bool blk_idle(const struct blk_dev *d);
/* Puts a response into the ring and ends the request. */
void blk_answer(struct blk_req *r, int status);
/* The ports of all queues, for unmasking; how many. */
uint32_t blk_ports(const struct blk_dev *d, uint32_t ports[BP_BLK_MAX_QUEUES]);

#endif
