// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nbd.c: a disk behind an NBD server.
 *
 * State: struct nbd_store: libnbd's handle, and what its socket is watched
 * for; reading and writing apart, since the one may be waited for already when
 * the other is needed too.  Commands are given at once and answered in any order.  A command has
 * one piece of memory, so the core copies requests of several pieces.
 * Completions are put off to the loop's next round, as the core wants it.
 */
#include "nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <libnbd.h>
#include <poll.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct nbd_store {
	struct blk_store base;
	struct loop *loop;
	struct nbd_handle *h;
	struct loop_poll in, out;
	unsigned int inflight;
	bool discard, dead;
	void (*gone)(void *arg, const char *why);
	void *arg;
};

static void check_alive(struct nbd_store *n)
{
	if (n->dead || (!nbd_aio_is_dead(n->h) && !nbd_aio_is_closed(n->h)))
		return;
	n->dead = true;
	n->gone(n->arg, nbd_get_error());
}

static void watch_one(struct nbd_store *n, struct loop_poll *p,
		      unsigned int events)
{
	if (p->armed)
		return;
	p->fd = nbd_aio_get_fd(n->h);
	p->events = events;
	loop_poll_once(n->loop, p);
}

/* Watches the socket for what libnbd waits for. */
static void watch(struct nbd_store *n)
{
	unsigned int dir;

	if (n->dead)
		return;
	dir = nbd_aio_get_direction(n->h);
	if (dir & LIBNBD_AIO_DIRECTION_READ)
		watch_one(n, &n->in, POLLIN);
	if (dir & LIBNBD_AIO_DIRECTION_WRITE)
		watch_one(n, &n->out, POLLOUT);
}

/* libnbd is told of what it still waits for only. */
static void ready(struct nbd_store *n, unsigned int direction,
		  int (*notify)(struct nbd_handle *h))
{
	if (!n->h) {		/* closed: the last watch frees it */
		if (!n->in.armed && !n->out.armed)
			free(n);
		return;
	}
	if (nbd_aio_get_direction(n->h) & direction)
		notify(n->h);
	check_alive(n);
	watch(n);
}

static void in_ready(struct loop_poll *p, unsigned int events)
{
	(void)events;		/* an error is found by reading */
	ready((struct nbd_store *)((char *)p - offsetof(struct nbd_store, in)),
	      LIBNBD_AIO_DIRECTION_READ, nbd_aio_notify_read);
}

static void out_ready(struct loop_poll *p, unsigned int events)
{
	(void)events;
	ready((struct nbd_store *)((char *)p - offsetof(struct nbd_store, out)),
	      LIBNBD_AIO_DIRECTION_WRITE, nbd_aio_notify_write);
}

/* ---- commands ---- */

/* The I/O that a callback belongs to. */
static int completed(void *data, int *error)
{
	struct blk_io *io = data;
	struct nbd_store *n = (void *)io->next;

	n->inflight--;
	check_alive(n);
	if (!n->dead)
		loop_defer(n->loop, io, *error > 0 ? -*error :
			   *error ? -EIO : 0);
	return 1;		/* libnbd may forget the command */
}

static int64_t give(struct nbd_store *n, struct blk_io *io)
{
	nbd_completion_callback cb = { .callback = completed,
				       .user_data = io };
	void *at = io->niov ? io->iov->iov_base : NULL;

	switch (io->op) {
	case BLK_READ:
		return nbd_aio_pread(n->h, at, io->len, io->offset, cb, 0);
	case BLK_WRITE:
		return nbd_aio_pwrite(n->h, at, io->len, io->offset, cb, 0);
	case BLK_FLUSH:
		return nbd_aio_flush(n->h, cb, 0);
	case BLK_DISCARD:
		return nbd_aio_trim(n->h, io->len, io->offset, cb, 0);
	case BLK_SECDISCARD:
		break;
	}
	errno = EOPNOTSUPP;
	return -1;
}

static int nbd_submit(struct blk_store *s, struct blk_io *io)
{
	struct nbd_store *n = (struct nbd_store *)s;

	if (n->inflight >= LOOP_DEPTH)
		return -EAGAIN;
	io->next = (void *)n;
	n->inflight++;
	if (n->dead)
		return 0;	/* answered by our successor */
	if (give(n, io) < 0) {
		int rc = nbd_get_errno();

		check_alive(n);
		if (n->dead)
			return 0;
		n->inflight--;
		return rc ? -rc : -EIO;
	}
	/* What does not fit the socket now goes when it polls writable. */
	if (nbd_aio_get_direction(n->h) & LIBNBD_AIO_DIRECTION_WRITE)
		nbd_aio_notify_write(n->h);
	check_alive(n);
	watch(n);
	return 0;
}

/* ---- what it is ---- */

static uint32_t block_size(struct nbd_handle *h)
{
	int64_t least = nbd_get_block_size(h, LIBNBD_SIZE_MINIMUM);

	return least > BLK_SECTOR ? GMAP_PAGE : BLK_SECTOR;
}

static int nbd_probe(struct blk_store *s)
{
	struct nbd_store *n = (struct nbd_store *)s;
	int64_t bytes = nbd_get_size(n->h);

	if (bytes < 0)
		return -EIO;
	if (nbd_get_block_size(n->h, LIBNBD_SIZE_MINIMUM) > GMAP_PAGE)
		return -EINVAL;
	s->sector_size = block_size(n->h);
	s->physical_size = GMAP_PAGE;
	s->discard_granularity = GMAP_PAGE;
	s->sectors = (uint64_t)bytes / s->sector_size *
		     (s->sector_size / BLK_SECTOR);
	s->flags = 0;
	if (nbd_can_flush(n->h) == 1)
		s->flags |= BP_BLK_CAN_FLUSH;
	if (n->discard && nbd_can_trim(n->h) == 1)
		s->flags |= BP_BLK_CAN_DISCARD;
	if (nbd_is_read_only(n->h) == 1)
		s->flags |= BP_BLK_IS_READONLY;
	s->align = 1;
	s->max_pieces = 1;
	return 0;
}

/*
 * The ring watches the socket still: that keeps the connection, and comes back
 * to @n.  So the connection is shut, which ends the watching, which frees @n.
 */
static void nbd_store_close(struct blk_store *s)
{
	struct nbd_store *n = (struct nbd_store *)s;
	bool watched = n->in.armed || n->out.armed;
	int fd = nbd_aio_get_fd(n->h);

	if (!n->dead)
		nbd_aio_disconnect(n->h, 0);
	n->dead = true;
	if (watched)
		shutdown(fd, SHUT_RDWR);
	nbd_close(n->h);
	n->h = NULL;
	if (!watched)
		free(n);
}

static const struct blk_store_ops nbd_ops = {
	.submit = nbd_submit,
	.probe = nbd_probe,
	.close = nbd_store_close,
};

static int shake_hands(struct nbd_store *n, int fd, const char *export)
{
	nbd_set_strict_mode(n->h, 0);	/* the core checks; the server too */
	nbd_set_export_name(n->h, export);
	if (nbd_connect_socket(n->h, fd)) {
		int rc = nbd_get_errno();

		return rc ? -rc : -EIO;
	}
	return 0;
}

int nbd_store_open(struct loop *l, int fd, const char *export, bool discard,
		   void (*gone)(void *, const char *), void *arg,
		   struct blk_store **out, const char **why)
{
	struct nbd_store *n = calloc(1, sizeof(*n));
	int rc;

	*why = "no memory";
	if (n)
		n->h = nbd_create();
	if (!n || !n->h) {
		free(n);
		close(fd);
		return -ENOMEM;
	}
	n->base.ops = &nbd_ops;
	n->loop = l;
	n->discard = discard;
	n->gone = gone;
	n->arg = arg;
	n->in.ready = in_ready;
	n->out.ready = out_ready;
	rc = shake_hands(n, fd, export);
	*why = nbd_get_error();
	if (!rc) {
		rc = nbd_probe(&n->base);
		*why = "the server's export has a block size above 4096";
	}
	if (rc) {
		nbd_close(n->h);
		free(n);
		return rc;
	}
	watch(n);
	*out = &n->base;
	return 0;
}

/* ---- rights ---- */

/* libnbd's, on the socket that it is given. */
static const struct sandbox_call calls[] = {
	SANDBOX_ANY(recvfrom),
	SANDBOX_ANY(sendto),
	SANDBOX_ANY(getsockopt),
	SANDBOX_ANY(setsockopt),
	SANDBOX_ANY(shutdown),
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFL },
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD },
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFD },
};

_Static_assert(sizeof(calls) / sizeof(calls[0]) <= NBD_MOST_CALLS,
	       "room for the calls");

size_t nbd_calls(struct sandbox_call out[NBD_MOST_CALLS])
{
	memcpy(out, calls, sizeof(calls));
	return sizeof(calls) / sizeof(calls[0]);
}
