// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c: parvis-blkback, the process that serves one disk of one guest.
 *
 * State: struct program, one of it.  Life: lock in, greet the daemon, then
 * turns of: serve the rings until they have nothing more, see to a drain that
 * has ended, sleep in io_uring.  Event channels stay masked from their event
 * until the next sleep.  A connection is let go, a medium changed and a hand-
 * over done only when nothing is in flight.  One thread.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/flood.h"
#include "blkback/confine.h"
#include "blkback/file.h"
#include "blkback/nbd.h"
#include "lib/log.h"

#define ROUNDS 8		/* over the rings before I/O is looked at */
#define MAX_RING_ORDER 4
/* A port is told once until it is unmasked; once more if a connection was
 * taken up while it was told. */
#define MAX_MASKED (2 * BP_BLK_MAX_QUEUES)

enum drain { DRAIN_NONE, DRAIN_DISCONNECT, DRAIN_QUIESCE, DRAIN_MEDIA };

struct program {
	struct backend b;
	struct loop loop;
	struct gmap g;
	struct jrn jrn;
	struct blk_dev dev;
	struct loop_poll control, events;
	uint32_t masked[MAX_MASKED];
	uint32_t nr_masked;
	struct flood flood;
	bool worked;			/* since ports were unmasked */
	char name[sizeof(((struct bp_start_blk *)0)->name) + 1];
	uint32_t start_flags;
	bool started;
	bool failed;			/* ends with an error */
	enum drain drain;
	struct bp_start_blk media;	/* DRAIN_MEDIA's */
	int media_fd;
};

static struct program *program_of(struct backend *b)
{
	return b->ctx;
}

/* ---- the store ---- */

static bool hung_up(void *arg)
{
	struct program *p = arg;
	struct pollfd pfd = { .fd = p->b.sock, .events = 0 };

	return poll(&pfd, 1, 0) > 0;
}

static void server_gone(void *arg, const char *why)
{
	struct program *p = arg;

	log_err("%s: the NBD server has gone away: %s", p->name,
		why ? why : "connection closed");
	p->failed = p->b.ended = true;
}

/* Opens what @s describes from @fd, which is taken over. */
static int open_store(struct program *p, const struct bp_start_blk *s, int fd)
{
	char export[sizeof(s->nbd_export) + 1];
	bool discard = s->flags & BP_BLK_DISCARD;
	const char *why = "unknown kind of backing";
	struct blk_store **out = &p->dev.store;
	uint64_t fence;
	int rc = -EINVAL;

	*out = NULL;
	if (s->backing == BP_BACK_EMPTY) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	memcpy(export, s->nbd_export, sizeof(s->nbd_export));
	export[sizeof(s->nbd_export)] = '\0';
	if (s->backing == BP_BACK_NBD) {
		rc = nbd_store_open(&p->loop, fd, export, discard, server_gone,
				    p, out, &why);
	} else if (s->backing == BP_BACK_FILE || s->backing == BP_BACK_DEVICE) {
		fence = jrn_nonce(&p->jrn);
		rc = file_open(&p->loop, fd, s->backing == BP_BACK_DEVICE,
			       discard, fence, hung_up, p, out, &why);
	} else {
		close(fd);
	}
	return rc ? backend_why(&p->b, rc, "%s: %s: %s", p->name, why,
				strerror(-rc)) : 0;
}

static void send_ready(struct program *p)
{
	const struct blk_store *s = p->dev.store;
	struct bp_ready_blk r = {
		.sector_size = s ? s->sector_size : BLK_SECTOR,
		.physical_sector_size = s ? s->physical_size : BLK_SECTOR,
		.sectors = s ? s->sectors : 0,
		.discard_granularity = s ? s->discard_granularity : 0,
		.max_indirect = BLK_MAX_SEGS,
		.max_ring_order = MAX_RING_ORDER,
		.max_pool = BP_BLK_MAX_POOL,
		.flags = s ? s->flags : 0,
	};

	backend_send(&p->b, &r.head, BP_READY_BLK, sizeof(r));
}

/* ---- event channels ---- */

/*
 * The descriptor wakes its poll only when it had no port to tell.  One that
 * comes while the others are read wakes nobody, so with several queues it is
 * read until it has no more.
 */
static void on_event(struct loop_poll *poll, unsigned int events)
{
	struct program *p = (struct program *)((char *)poll -
					       offsetof(struct program, events));
	uint32_t room;
	int n;

	(void)events;
	do {
		room = MAX_MASKED - p->nr_masked;
		n = room ? gmap_pending(&p->g, p->masked + p->nr_masked, room)
			 : 0;
		if (n > 0)
			p->nr_masked += (uint32_t)n;
	} while (n > 0 && p->dev.nr_queues != 1);
}

static void unmask(struct program *p)
{
	if (!p->nr_masked)
		return;
	flood_events(&p->flood, p->worked);
	gmap_unmask(&p->g, p->masked, p->nr_masked);
	p->nr_masked = 0;
	p->worked = false;
}

/* ---- messages ---- */

static int on_start(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct program *p = program_of(b);
	const struct bp_start_blk *s = msg;
	int need = s->backing == BP_BACK_EMPTY ? BP_FD_BLK_DATA
					       : BP_FD_BLK_DATA + 1;
	int rc;

	if (p->started || nfds < need)
		return backend_why(b, -EPROTO, "misplaced or incomplete start");
	memcpy(p->name, s->name, sizeof(s->name));
	rc = jrn_map(&p->jrn, fds[BP_FD_BLK_JOURNAL]);
	if (rc)
		return backend_why(b, rc, "%s: cannot map the journal: %s",
				   p->name, strerror(-rc));
	rc = gmap_open(&p->g, fds[BP_FD_BLK_GNTDEV], fds[BP_FD_BLK_EVTCHN],
		       s->domid);
	if (rc)
		return rc;
	fds[BP_FD_BLK_GNTDEV] = fds[BP_FD_BLK_EVTCHN] = -1;
	rc = blk_init(&p->dev, &p->g, &p->jrn, p->name);
	if (rc)
		return rc;
	loop_fix(&p->loop, p->dev.bounce.mem, BOUNCE_FIRST * BOUNCE_PAGE);
	p->start_flags = s->flags;
	p->dev.readonly = s->flags & BP_BLK_READONLY;
	p->started = true;
	p->events.fd = p->g.evtchn;
	p->events.ready = on_event;
	loop_poll(&p->loop, &p->events);
	rc = open_store(p, s, need > BP_FD_BLK_DATA ? fds[BP_FD_BLK_DATA] : -1);
	if (need > BP_FD_BLK_DATA)
		fds[BP_FD_BLK_DATA] = -1;
	if (!rc)
		send_ready(p);
	return rc;
}

static int on_connect(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct program *p = program_of(b);
	const struct bp_connect_blk *c = msg;
	uint32_t ports[BP_BLK_MAX_QUEUES], n;
	const char *why = "nothing to connect";
	int rc = -EPROTO;

	(void)fds;
	(void)nfds;
	if (p->started && !p->drain)
		rc = blk_connect(&p->dev, c, &why);
	if (rc)
		return backend_why(b, rc, "%s: %s: %s", p->name, why,
				   strerror(-rc));
	/* A predecessor may have left them masked. */
	n = blk_ports(&p->dev, ports);
	gmap_unmask(&p->g, ports, n);
	backend_tell(b, BP_CONNECTED);
	return 0;
}

static int start_drain(struct program *p, enum drain what)
{
	if (!p->started || p->drain)
		return backend_why(&p->b, -EPROTO, "%s: out of turn", p->name);
	p->drain = what;
	p->dev.stopped = true;
	return 0;
}

static int on_disconnect(struct backend *b, const void *msg, int *fds, int nfds)
{
	(void)msg;
	(void)fds;
	(void)nfds;
	return start_drain(program_of(b), DRAIN_DISCONNECT);
}

static int on_quiesce(struct backend *b, const void *msg, int *fds, int nfds)
{
	(void)msg;
	(void)fds;
	(void)nfds;
	return start_drain(program_of(b), DRAIN_QUIESCE);
}

static int on_media(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct program *p = program_of(b);
	const struct bp_start_blk *s = msg;
	int rc;

	if ((nfds < 1) != (s->backing == BP_BACK_EMPTY))
		return backend_why(b, -EPROTO, "%s: medium without a file",
				   p->name);
	rc = start_drain(p, DRAIN_MEDIA);
	if (rc)
		return rc;
	p->media = *s;
	p->media_fd = nfds ? fds[0] : -1;
	if (nfds)
		fds[0] = -1;
	return 0;
}

static int on_resize(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct program *p = program_of(b);
	struct blk_store *s = p->dev.store;
	int rc = 0;

	(void)msg;
	(void)fds;
	(void)nfds;
	if (!p->started)
		return -EPROTO;
	if (s)
		rc = s->ops->probe(s);
	if (rc)
		return backend_why(b, rc, "%s: cannot find out the new size: %s",
				   p->name, strerror(-rc));
	send_ready(p);
	return 0;
}

static int on_stats(struct backend *b, const void *msg, int *fds, int nfds)
{
	struct bp_stats s = program_of(b)->dev.stats;

	(void)msg;
	(void)fds;
	(void)nfds;
	backend_send(b, &s.head, BP_STATS, sizeof(s));
	return 0;
}

static const struct backend_ops ops = {
	.program = "parvis-blkback",
	.kind = BP_KIND_BLK,
	.on = {
		[BP_START_BLK] = on_start,
		[BP_CONNECT_BLK] = on_connect,
		[BP_DISCONNECT] = on_disconnect,
		[BP_QUIESCE] = on_quiesce,
		[BP_RESIZE] = on_resize,
		[BP_MEDIA] = on_media,
		[BP_STATS] = on_stats,
	},
};

static void on_control(struct loop_poll *poll, unsigned int events)
{
	struct program *p = (struct program *)((char *)poll -
					offsetof(struct program, control));

	(void)events;
	while (backend_message(&p->b))
		;
}

/* ---- what waits for the end of all I/O ---- */

static void drained_disconnect(struct program *p)
{
	jrn_end(&p->jrn);
	blk_disconnect(&p->dev);
	backend_tell(&p->b, BP_DISCONNECTED);
}

static void drained_quiesce(struct program *p)
{
	blk_disconnect(&p->dev);
	backend_tell(&p->b, BP_QUIESCED);
	p->b.ended = true;
}

static void drained_media(struct program *p)
{
	struct blk_store *old = p->dev.store;
	int rc;

	if (old)
		old->ops->close(old);
	rc = open_store(p, &p->media, p->media_fd);
	p->dev.stopped = !p->dev.connected;
	if (rc)
		backend_failed(&p->b, rc);
	else
		send_ready(p);
}

static void see_to_drain(struct program *p)
{
	static void (*const then[])(struct program *p) = {
		[DRAIN_DISCONNECT] = drained_disconnect,
		[DRAIN_QUIESCE] = drained_quiesce,
		[DRAIN_MEDIA] = drained_media,
	};
	enum drain what = p->drain;

	if (!what || !blk_idle(&p->dev))
		return;
	p->drain = DRAIN_NONE;
	then[what](p);
}

/* ---- the process ---- */

static int turn(struct program *p)
{
	bool more = true;

	for (int i = 0; i < ROUNDS && more; i++) {
		more = blk_run(&p->dev);
		p->worked |= more;
	}
	see_to_drain(p);
	if (p->b.ended)
		return 0;
	if (!more)
		more = blk_arm(&p->dev);
	if (!more)
		unmask(p);
	return loop_turn(&p->loop, !more);
}

static int serve(struct program *p)
{
	int rc = 0;

	p->control.fd = p->b.sock;
	p->control.ready = on_control;
	loop_poll(&p->loop, &p->control);
	while (!p->b.ended && !rc)
		rc = turn(p);
	if (rc)
		log_err("%s: io_uring fails: %s", p->name, strerror(-rc));
	/* Its end says that the image is open no more. */
	if (!rc && p->dev.store && blk_idle(&p->dev))
		p->dev.store->ops->close(p->dev.store);
	return rc || p->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct program program;
	struct program *p = &program;
	int rc = backend_init(&p->b, &ops, p, argc, argv);

	if (rc)
		return rc - 1;
	signal(SIGPIPE, SIG_IGN);
	p->dev.stopped = true;
	p->dev.name = p->name;
	blk_list_init(&p->dev.waiting);
	blk_list_init(&p->dev.copying);
	rc = loop_init(&p->loop);
	if (rc) {
		log_err("cannot set up io_uring: %s", strerror(-rc));
		return EXIT_FAILURE;
	}
	if (blk_confine(p->b.uid, loop_fd(&p->loop)) || backend_hello(&p->b))
		return EXIT_FAILURE;
	return serve(p);
}
