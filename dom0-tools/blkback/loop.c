// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c: one io_uring for data, events and the daemon's socket.
 *
 * State: struct loop.  A completion's user_data is a struct blk_io, or a
 * struct loop_poll with the lowest bit set, or 0 for what nobody waits for.
 * One thread.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TAG_POLL 1ull

static const uint8_t allowed[] = {
	IORING_OP_READ, IORING_OP_READV, IORING_OP_WRITE, IORING_OP_WRITEV,
	IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED,
	IORING_OP_FSYNC, IORING_OP_FALLOCATE, IORING_OP_POLL_ADD,
};

static const uint8_t registers[] = {
	IORING_REGISTER_FILES, IORING_UNREGISTER_FILES,
	IORING_REGISTER_FILES_UPDATE, IORING_REGISTER_BUFFERS,
};

static const int no_file = -1;

/*
 * Debian 12's shared liburing lacks its functions for these two calls, though
 * its header declares them.
 */
static int register_call(const struct io_uring *ring, unsigned int op,
			 const void *arg, unsigned int count)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, op, arg, count) ?
		       -errno : 0;
}

static int restrict_ring(struct io_uring *ring)
{
	struct io_uring_restriction r[sizeof(allowed) + sizeof(registers) + 1];
	unsigned int n = 0;

	memset(r, 0, sizeof(r));
	while (n < sizeof(allowed)) {
		r[n].opcode = IORING_RESTRICTION_SQE_OP;
		r[n].sqe_op = allowed[n];
		n++;
	}
	r[n].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	r[n++].sqe_flags = IOSQE_FIXED_FILE;
	for (size_t i = 0; i < sizeof(registers); i++) {
		r[n].opcode = IORING_RESTRICTION_REGISTER_OP;
		r[n++].register_op = registers[i];
	}
	return register_call(ring, IORING_REGISTER_RESTRICTIONS, r, n);
}

/* The flags that newer kernels have save work; older ones do without. */
static int make_ring(struct io_uring *ring)
{
	static const unsigned int tries[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		0,
	};
	int rc = -EINVAL;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct io_uring_params p = {
			.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE |
				 tries[i],
			.cq_entries = 4 * LOOP_DEPTH,
		};

		rc = io_uring_queue_init_params(LOOP_DEPTH, ring, &p);
		if (rc != -EINVAL)
			break;
	}
	return rc;
}

int loop_init(struct loop *l)
{
	int rc;

	memset(l, 0, sizeof(*l));
	l->deferred_last = &l->deferred;
	rc = make_ring(&l->ring);
	if (rc)
		return rc;
	rc = io_uring_register_files(&l->ring, &no_file, 1);
	if (!rc)
		rc = restrict_ring(&l->ring);
	if (!rc)
		rc = register_call(&l->ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
	if (rc)
		loop_free(l);
	return rc;
}

void loop_free(struct loop *l)
{
	io_uring_queue_exit(&l->ring);
}

int loop_fd(const struct loop *l)
{
	return l->ring.ring_fd;
}

int loop_set_file(struct loop *l, int fd)
{
	int rc = io_uring_register_files_update(&l->ring, 0, &fd, 1);

	return rc < 0 ? rc : 0;
}

void loop_drop_file(struct loop *l)
{
	io_uring_unregister_files(&l->ring);
	io_uring_register_files(&l->ring, &no_file, 1);
}

void loop_fix(struct loop *l, void *mem, size_t bytes)
{
	const struct iovec v = { mem, bytes };

	if (io_uring_register_buffers(&l->ring, &v, 1))
		return;
	l->fixed = mem;
	l->fixed_bytes = bytes;
}

/* A free entry; what is prepared already goes to the kernel if need be. */
static struct io_uring_sqe *get_sqe(struct loop *l)
{
	struct io_uring_sqe *e = io_uring_get_sqe(&l->ring);

	if (!e && io_uring_submit(&l->ring) >= 0)
		e = io_uring_get_sqe(&l->ring);
	return e;
}

static void arm(struct loop *l, struct loop_poll *p)
{
	struct io_uring_sqe *e = get_sqe(l);

	p->armed = true;
	if (!e) {
		p->later = l->unarmed;
		l->unarmed = p;
		return;
	}
	if (p->again)
		io_uring_prep_poll_multishot(e, p->fd, p->events);
	else
		io_uring_prep_poll_add(e, p->fd, p->events);
	e->user_data = (uintptr_t)p | TAG_POLL;
}

static void arm_late(struct loop *l)
{
	struct loop_poll *p = l->unarmed, *next;

	l->unarmed = NULL;
	for (; p; p = next) {
		next = p->later;
		arm(l, p);
	}
}

void loop_poll(struct loop *l, struct loop_poll *p)
{
	p->events = POLLIN;
	p->again = true;
	arm(l, p);
}

void loop_poll_once(struct loop *l, struct loop_poll *p)
{
	p->again = false;
	arm(l, p);
}

struct io_uring_sqe *loop_io(struct loop *l)
{
	struct io_uring_sqe *e;

	if (l->inflight >= 2 * LOOP_DEPTH)
		return NULL;
	e = get_sqe(l);
	if (e)
		l->inflight++;
	return e;
}

void loop_defer(struct loop *l, struct blk_io *io, int rc)
{
	io->rc = rc;
	io->next = NULL;
	*l->deferred_last = io;
	l->deferred_last = &io->next;
}

static void run_deferred(struct loop *l)
{
	struct blk_io *io = l->deferred, *next;

	l->deferred = NULL;
	l->deferred_last = &l->deferred;
	for (; io; io = next) {
		next = io->next;
		io->done(io, io->rc);
	}
}

static void polled(struct loop *l, struct loop_poll *p, int res,
		   unsigned int flags)
{
	bool again = p->again;

	p->armed = (flags & IORING_CQE_F_MORE) != 0;
	p->ready(p, res < 0 ? POLLERR : (unsigned int)res);
	if (again && !p->armed)
		arm(l, p);
}

static void completed(struct loop *l, const struct io_uring_cqe *c)
{
	uint64_t data = c->user_data;

	if (data & TAG_POLL) {
		polled(l, (struct loop_poll *)(uintptr_t)(data & ~TAG_POLL),
		       c->res, c->flags);
	} else if (data) {
		l->inflight--;
		file_done(l, (struct blk_io *)(uintptr_t)data, c->res);
	}
}

static int reap(struct loop *l)
{
	struct io_uring_cqe *c;
	int did = 0;

	while (!io_uring_peek_cqe(&l->ring, &c) && c) {
		struct io_uring_cqe copy = { .user_data = c->user_data,
					     .res = c->res,
					     .flags = c->flags };

		io_uring_cqe_seen(&l->ring, c);
		completed(l, &copy);
		if (++did == 4 * LOOP_DEPTH)
			break;
	}
	return did;
}

int loop_turn(struct loop *l, bool wait)
{
	int rc;

	arm_late(l);
	if (wait && !l->deferred && !l->unarmed)
		rc = io_uring_submit_and_wait(&l->ring, 1);
	else
		rc = io_uring_submit_and_get_events(&l->ring);
	if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
		return rc;
	reap(l);
	run_deferred(l);
	return 0;
}
