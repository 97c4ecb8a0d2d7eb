// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tapio.c: batches of writes through io_uring.
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
	IORING_OP_WRITE, IORING_OP_WRITEV, IORING_OP_ASYNC_CANCEL,
};

/* The library of Debian 12 has no functions for these two calls. */
static int ring_register(const struct io_uring *ring, unsigned int op,
			 const void *arg, unsigned int count)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, op, arg, count) ?
		       -errno : 0;
}

static int restrict_to_writes(struct io_uring *ring)
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
	if (restrict_to_writes(&t->ring) ||
	    ring_register(&t->ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0))
		tapio_close(t);
}

void tapio_close(struct tapio *t)
{
	if (t->on)
		io_uring_queue_exit(&t->ring);
	t->on = false;
}

/* Collects what is done; how many packets that is. */
static unsigned int reap(struct tapio *t, struct tapio_packet *p)
{
	struct tapio_packet *of;
	struct io_uring_cqe *cqe;
	unsigned int count = 0;

	while (!io_uring_peek_cqe(&t->ring, &cqe)) {
		of = io_uring_cqe_get_data(cqe);
		if (of >= p && of < p + TAPIO_MOST) {
			of->sent = cqe->res >= 0;
			count++;
		}
		io_uring_cqe_seen(&t->ring, cqe);
	}
	return count;
}

/* A write that waits for room has lost: takes it back. */
static void take_back(struct tapio *t, struct tapio_packet *p,
		      unsigned int left)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);

	if (!sqe)
		_exit(1);	/* a kernel that does not take what it must */
	io_uring_prep_cancel(sqe, NULL,
			     IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	io_uring_sqe_set_data(sqe, NULL);
	io_uring_submit_and_wait(&t->ring, 1);
	left -= reap(t, p);
	while (left) {
		if (io_uring_submit_and_wait(&t->ring, 1) < 0 &&
		    errno != EINTR)
			_exit(1);
		left -= reap(t, p);
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
	unsigned int done;

	if (!t->on || n < 2) {
		write_each(fd, p, n);
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);

		if (p[i].niov == 1)	/* the cheaper call */
			io_uring_prep_write(sqe, fd, p[i].iov->iov_base,
					    (unsigned int)p[i].iov->iov_len, 0);
		else
			io_uring_prep_writev(sqe, fd, p[i].iov, p[i].niov, 0);
		io_uring_sqe_set_data(sqe, &p[i]);
		p[i].sent = false;
	}
	io_uring_submit(&t->ring);
	done = reap(t, p);
	if (done < n)
		take_back(t, p, n - done);
}
