/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evloop.h: one thread waiting for descriptors, times and signals.
 *
 * The caller owns every ev_io and ev_timer (usually embedded in its own
 * structure and found again with container_of) and must delete one before
 * freeing it; deleting from inside any callback is allowed, also of an object
 * whose event is already due in the same round.
 */
#ifndef DOM0_LIB_EVLOOP_H
#define DOM0_LIB_EVLOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#ifndef container_of
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#endif

struct evloop;

struct ev_io {
	int fd;
	uint32_t events;	/* EPOLLIN, EPOLLOUT, ... as now registered */
	void (*fn)(struct ev_io *io, uint32_t revents);
};

struct ev_timer {
	uint64_t due_ms;
	void (*fn)(struct ev_timer *t);
	struct ev_timer *next;
	struct ev_timer **pprev;	/* NULL while not armed */
};

struct ev_signal {
	struct ev_io io;
	void (*fn)(int signo, void *arg);
	void *arg;
};

/* NULL if the kernel refuses. */
struct evloop *ev_new(void);
/* Accepts NULL.  Objects still registered are forgotten, not freed. */
void ev_free(struct evloop *loop);

int ev_io_add(struct evloop *loop, struct ev_io *io);
/* Changes what is waited for; no system call when nothing changes. */
int ev_io_set(struct evloop *loop, struct ev_io *io, uint32_t events);
void ev_io_del(struct evloop *loop, struct ev_io *io);

/* Arms or re-arms @t to fire once, @delay_ms from now. */
void ev_timer_set(struct evloop *loop, struct ev_timer *t, uint64_t delay_ms);
void ev_timer_cancel(struct ev_timer *t);

/*
 * Blocks the given signals (a list ended by 0) and delivers them as calls of
 * sig->fn from the loop.
 */
int ev_signal_add(struct evloop *loop, struct ev_signal *sig, const int *list);

/*
 * Waits once, at most @timeout_ms (-1: until something happens), and runs
 * what is due.  0, or -errno.
 */
int ev_run_once(struct evloop *loop, int timeout_ms);
/* Runs until ev_stop(). */
int ev_run(struct evloop *loop);
void ev_stop(struct evloop *loop);

/* Milliseconds of the monotonic clock. */
uint64_t ev_now_ms(void);

#endif
