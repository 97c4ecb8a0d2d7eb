// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * aio.c: transfers by io_submit().
 *
 * State: struct aio: a batch that the next turn submits, and the kernel's ring
 * of results, mapped here, of which this side owns the head.  An eventfd that
 * every result signals wakes the loop; its count is never read, since the
 * loop's poll tells of every change.  Invariant: inflight, the batch included,
 * is at most MOST, the ring's size, so the ring cannot overflow.  One thread.
 */
#include "aio.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "blkback/loop.h"

#define MOST 256u
#define BATCH 64u
#define RING_MAGIC 0xa10a10a1u

/* The kernel's ring, at the address that is the context's name. */
struct result_ring {
	uint32_t id, nr;
	uint32_t head, tail;
	uint32_t magic, compat, incompat, header_length;
	struct io_event event[];
};

struct aio {
	struct loop *loop;
	aio_context_t ctx;
	int fd, event;
	struct loop_poll poll;
	unsigned int inflight, nr_batch;
	struct iocb batch[BATCH];
};

bool aio_wanted(int fd, uint32_t unit)
{
	void *buf = NULL;
	struct iovec v;
	bool wanted;

	if (posix_memalign(&buf, GMAP_PAGE, GMAP_PAGE))
		return false;
	v = (struct iovec){ buf, unit };
	wanted = preadv2(fd, &v, 1, 0, RWF_NOWAIT) < 0 && errno == EOPNOTSUPP;
	free(buf);
	return wanted;
}

static void woken(struct loop_poll *p, unsigned int events)
{
	(void)p;
	(void)events;	/* the next turn looks at the ring */
}

int aio_open(struct loop *l, int fd, struct aio **out)
{
	struct aio *a = calloc(1, sizeof(*a));
	const struct result_ring *r;

	if (!a)
		return -ENOMEM;
	a->loop = l;
	a->fd = fd;
	a->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (a->event < 0 || syscall(SYS_io_setup, MOST, &a->ctx)) {
		int rc = -errno;

		if (a->event >= 0)
			close(a->event);
		free(a);
		return rc;
	}
	r = (const struct result_ring *)a->ctx;
	if (r->magic != RING_MAGIC || r->incompat) {
		aio_close(a);
		return -ENOSYS;
	}
	a->poll.fd = a->event;
	a->poll.ready = woken;
	loop_poll(l, &a->poll);
	l->aio = a;
	*out = a;
	return 0;
}

void aio_close(struct aio *a)
{
	if (a->loop->aio == a)
		a->loop->aio = NULL;
	syscall(SYS_io_destroy, a->ctx);
	close(a->event);
	/* A poll may still be on its way to a->poll, which therefore stays. */
	if (!a->poll.armed)
		free(a);
}

int aio_add(struct aio *a, struct blk_io *io)
{
	struct iocb *cb;

	if (a->inflight == MOST || a->nr_batch == BATCH)
		return -EAGAIN;
	a->inflight++;
	cb = &a->batch[a->nr_batch++];
	*cb = (struct iocb){
		.aio_data = (uintptr_t)io,
		.aio_lio_opcode = io->op == BLK_READ ? IOCB_CMD_PREADV
						     : IOCB_CMD_PWRITEV,
		.aio_fildes = (uint32_t)a->fd,
		.aio_buf = (uintptr_t)io->iov,
		.aio_nbytes = io->niov,
		.aio_offset = (int64_t)io->offset,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)a->event,
	};
	if (io->niov == 1) {
		cb->aio_lio_opcode = io->op == BLK_READ ? IOCB_CMD_PREAD
							: IOCB_CMD_PWRITE;
		cb->aio_buf = (uintptr_t)io->iov->iov_base;
		cb->aio_nbytes = io->iov->iov_len;
	}
	return 0;
}

static void ended(struct aio *a, struct blk_io *io, int64_t res)
{
	a->inflight--;
	file_done(a->loop, io, (int)res);
}

static void submit(struct aio *a)
{
	struct iocb *list[BATCH], failed;
	long n;

	while (a->nr_batch) {
		for (unsigned int i = 0; i < a->nr_batch; i++)
			list[i] = &a->batch[i];
		n = syscall(SYS_io_submit, a->ctx, a->nr_batch, list);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;		/* again in the next turn */
		failed = a->batch[0];
		if (n >= 0)
			failed.aio_data = 0;
		else
			n = 1;
		a->nr_batch -= (unsigned int)n;
		memmove(a->batch, a->batch + n,
			a->nr_batch * sizeof(a->batch[0]));
		if (failed.aio_data)
			ended(a, (void *)(uintptr_t)failed.aio_data, -errno);
	}
}

static unsigned int reap(struct aio *a)
{
	struct result_ring *r = (struct result_ring *)a->ctx;
	unsigned int did = 0;

	while (r->head != __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) &&
	       did < MOST) {
		struct io_event e = r->event[r->head];

		__atomic_store_n(&r->head, (r->head + 1) % r->nr,
				 __ATOMIC_RELEASE);
		ended(a, (void *)(uintptr_t)e.data, e.res);
		did++;
	}
	return did;
}

unsigned int aio_turn(struct aio *a)
{
	unsigned int did;

	submit(a);
	did = reap(a);
	/* What the kernel would not take yet must not wait for an event. */
	return a->nr_batch ? did + 1 : did;
}
