/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h: the io_uring that does all of a disk's waiting and its file I/O.
 *
 * Made before the process locks itself in and restricted to the operations
 * that it needs, since the filter of system calls does not see what goes
 * through a ring.  Data I/O is on one registered file.
 */
#ifndef DOM0_BLKBACK_LOOP_H
#define DOM0_BLKBACK_LOOP_H

#include <liburing.h>
#include <stdbool.h>

#include "blkback/blk.h"

#define LOOP_DEPTH 256u

/*
 * Something to wait for: @ready is called each time, or once.  One that waits
 * once may be freed by its @ready.
 */
struct loop_poll {
	void (*ready)(struct loop_poll *p, unsigned int events);
	int fd;
	unsigned int events;
	bool armed, again;	/* @again: arm anew after each event */
	struct loop_poll *later;	/* in the list of those to be armed */
};

struct loop {
	struct io_uring ring;
	unsigned int inflight;		/* data I/O */
	const uint8_t *fixed;		/* memory that the kernel has looked up */
	size_t fixed_bytes;
	struct blk_io *deferred, **deferred_last;
	struct loop_poll *unarmed;	/* the kernel had no room for them */
};

/* Before sandbox_enter(). */
int loop_init(struct loop *l);
void loop_free(struct loop *l);
int loop_fd(const struct loop *l);

/* The registered file for data. */
int loop_set_file(struct loop *l, int fd);
/* And no more: it is closed when this returns.  (The end of the ring, or of the
 * process, closes it some time later.)  Nothing may be in flight. */
void loop_drop_file(struct loop *l);

/*
 * Has the kernel look up @bytes of memory once for all I/O.  It stays so until
 * loop_free().  If that cannot be, I/O there is as anywhere else.
 */
void loop_fix(struct loop *l, void *mem, size_t bytes);

/* Does @v lie in that memory? */
static inline bool loop_fixed(const struct loop *l, const struct iovec *v)
{
	size_t at = (size_t)((uintptr_t)v->iov_base - (uintptr_t)l->fixed);

	return at < l->fixed_bytes && v->iov_len <= l->fixed_bytes - at;
}

/* Waits for POLLIN and the like on p->fd, for good. */
void loop_poll(struct loop *l, struct loop_poll *p);
/* Waits for p->events once. */
void loop_poll_once(struct loop *l, struct loop_poll *p);

/*
 * Room for one data I/O, whose user_data will be its struct blk_io; NULL: full.
 */
struct io_uring_sqe *loop_io(struct loop *l);
/* io->done(rc) from the next round on. */
void loop_defer(struct loop *l, struct blk_io *io, int rc);

/*
 * Submits what is prepared and handles what has ended; with @wait, after
 * waiting for something to end.  0 or -errno.
 */
int loop_turn(struct loop *l, bool wait);

/* Called with the result of a data I/O (file.c). */
void file_done(struct loop *l, struct blk_io *io, int res);

#endif
