// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tapio.c: batches of calls through io_uring.
 *
 * State: the ring.  Invariant: nothing is in flight between two calls, so no
 * memory of a caller is used after its call.  The ring may do what is in
 * allowed[] and nothing else, whoever controls this process.
 */
#include "netback/tapio.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint8_t allowed[] = {
	IORING_OP_READ, IORING_OP_WRITE, IORING_OP_WRITEV,
	IORING_OP_ASYNC_CANCEL,
};

/* The library of Debian 12 has no functions for these two calls. */
static int ring_register(const struct io_uring *ring, unsigned int op,
			 const void *arg, unsigned int count)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, op, arg, count) ?
		       -errno : 0;
}

static int restrict_ring(struct io_uring *ring)
{
	struct io_uring_restriction r[sizeof(allowed)];

	memset(r, 0, sizeof(r));
	for (size_t i = 0; i < sizeof(allowed); i++) {
		r[i].opcode = IORING_RESTRICTION_SQE_OP;
		r[i].sqe_op = allowed[i];
	}
	return ring_register(ring, IORING_REGISTER_RESTRICTIONS, r,
			     sizeof(allowed));
}

void tapio_open(struct tapio *t)
{
	t->on = !io_uring_queue_init(2 * TAPIO_MOST, &t->ring,
				     IORING_SETUP_R_DISABLED);
	if (!t->on)
		return;
	if (restrict_ring(&t->ring) ||
	    ring_register(&t->ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0))
		tapio_close(t);
}

void tapio_close(struct tapio *t)
{
	if (t->on)
		io_uring_queue_exit(&t->ring);
	t->on = false;
}

/* Collects what is done, in its order; a cancelled one is none. */
static void reap(struct tapio *t)
{
	unsigned int head, seen = 0;
	struct io_uring_cqe *cqe;

	io_uring_for_each_cqe(&t->ring, head, cqe) {
		seen++;
		if (cqe->user_data < TAPIO_MOST && t->count < TAPIO_MOST)
			t->done[t->count++] = (struct tapio_done){
				(uint32_t)cqe->user_data, cqe->res,
			};
	}
	io_uring_cq_advance(&t->ring, seen);
}

static struct io_uring_sqe *next_call(struct tapio *t)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);

	if (!sqe)
		_exit(1);	/* a kernel that does not take what it must */
	return sqe;
}

/* Calls that wait are taken back: none stays when @n calls are over. */
static void finish(struct tapio *t, unsigned int n)
{
	struct io_uring_sqe *sqe;

	io_uring_submit(&t->ring);
	reap(t);
	if (t->count == n)
		return;
	sqe = next_call(t);
	io_uring_prep_cancel(sqe, NULL,
			     IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = TAPIO_MOST;
	while (t->count < n) {
		int rc = io_uring_submit_and_wait(&t->ring, 1);

		if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
			_exit(1);
		reap(t);
	}
}

static void write_each(int fd, struct tapio_packet *p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		p[i].sent = writev(fd, p[i].iov, (int)p[i].niov) >= 0;
}

void tapio_write(struct tapio *t, int fd, struct tapio_packet *p,
		 unsigned int n)
{
	if (!t->on || n < 2) {
		write_each(fd, p, n);
		return;
	}
	t->count = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = next_call(t);

		if (p[i].niov == 1)	/* the cheaper call */
			io_uring_prep_write(sqe, fd, p[i].iov->iov_base,
					    (unsigned int)p[i].iov->iov_len, 0);
		else
			io_uring_prep_writev(sqe, fd, p[i].iov, p[i].niov, 0);
		sqe->user_data = i;
	}
	finish(t, n);
	for (unsigned int i = 0; i < n; i++)
		p[t->done[i].at].sent = t->done[i].len >= 0;
}

static unsigned int read_each(struct tapio *t, int fd, uint8_t *base,
			      size_t stride, size_t room, unsigned int n)
{
	ssize_t len = 1;

	for (t->count = 0; t->count < n; t->count++, base += stride) {
		len = read(fd, base, room);
		if (len <= 0)
			break;
		t->done[t->count] = (struct tapio_done){ t->count, (int)len };
	}
	return t->count;
}

unsigned int tapio_read(struct tapio *t, int fd, uint8_t *base, size_t stride,
			size_t room, unsigned int n, bool at_once)
{
	unsigned int got = 0;

	if (!t->on || !at_once)
		return read_each(t, fd, base, stride, room, n);
	t->count = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = next_call(t);

		io_uring_prep_read(sqe, fd, base + i * stride,
				   (unsigned int)room, 0);
		sqe->user_data = i;
	}
	finish(t, n);
	for (unsigned int i = 0; i < n; i++)
		if (t->done[i].len > 0)
			t->done[got++] = t->done[i];
	return got;
}
