/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evloop.c: epoll, a sorted list of timers, signals by signalfd.
 *
 * State: the epoll descriptor, the timers in order of time, and the batch of
 * events being run.  A deleted ev_io is struck from the batch, so no callback
 * runs on an object after its deletion.  One thread; no locks.
 */
#include "lib/evloop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

struct evloop {
	int epfd;
	bool stop;
	int batch_count;
	struct epoll_event batch[BATCH];
	struct ev_timer *timers;
};

uint64_t ev_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct evloop *ev_new(void)
{
	struct evloop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epfd < 0) {
		free(loop);
		return NULL;
	}
	return loop;
}

void ev_free(struct evloop *loop)
{
	if (!loop)
		return;
	close(loop->epfd);
	free(loop);
}

static int ctl(struct evloop *loop, int op, struct ev_io *io)
{
	struct epoll_event ev = { .events = io->events, .data.ptr = io };

	return epoll_ctl(loop->epfd, op, io->fd, &ev) ? -errno : 0;
}

int ev_io_add(struct evloop *loop, struct ev_io *io)
{
	return ctl(loop, EPOLL_CTL_ADD, io);
}

int ev_io_set(struct evloop *loop, struct ev_io *io, uint32_t events)
{
	if (io->events == events)
		return 0;
	io->events = events;
	return ctl(loop, EPOLL_CTL_MOD, io);
}

void ev_io_del(struct evloop *loop, struct ev_io *io)
{
	int i;

	ctl(loop, EPOLL_CTL_DEL, io);
	for (i = 0; i < loop->batch_count; i++)
		if (loop->batch[i].data.ptr == io)
			loop->batch[i].data.ptr = NULL;
}

void ev_timer_cancel(struct ev_timer *t)
{
	if (!t->pprev)
		return;
	*t->pprev = t->next;
	if (t->next)
		t->next->pprev = t->pprev;
	t->pprev = NULL;
	t->next = NULL;
}

void ev_timer_set(struct evloop *loop, struct ev_timer *t, uint64_t delay_ms)
{
	struct ev_timer **at = &loop->timers;

	ev_timer_cancel(t);
	t->due_ms = ev_now_ms() + delay_ms;
	while (*at && (*at)->due_ms <= t->due_ms)
		at = &(*at)->next;
	t->next = *at;
	t->pprev = at;
	if (t->next)
		t->next->pprev = &t->next;
	*at = t;
}

static void on_signal(struct ev_io *io, uint32_t revents)
{
	struct ev_signal *sig = container_of(io, struct ev_signal, io);
	struct signalfd_siginfo si;

	(void)revents;
	if (read(io->fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		sig->fn((int)si.ssi_signo, sig->arg);
}

int ev_signal_add(struct evloop *loop, struct ev_signal *sig, const int *list)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *list; list++)
		sigaddset(&set, *list);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	sig->io.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sig->io.fd < 0)
		return -errno;
	sig->io.events = EPOLLIN;
	sig->io.fn = on_signal;
	return ev_io_add(loop, &sig->io);
}

static int wait_time(struct evloop *loop, int timeout_ms)
{
	uint64_t now, left;

	if (!loop->timers)
		return timeout_ms;
	now = ev_now_ms();
	left = loop->timers->due_ms > now ? loop->timers->due_ms - now : 0;
	if (timeout_ms >= 0 && (uint64_t)timeout_ms < left)
		return timeout_ms;
	return left > 60000 ? 60000 : (int)left;
}

static void run_timers(struct evloop *loop)
{
	uint64_t now = ev_now_ms();
	struct ev_timer *t;

	/* A timer re-armed with no delay waits for the next round. */
	while ((t = loop->timers) && t->due_ms <= now) {
		ev_timer_cancel(t);
		t->fn(t);
		if (loop->timers == t)
			break;
	}
}

int ev_run_once(struct evloop *loop, int timeout_ms)
{
	int i, n;

	n = epoll_wait(loop->epfd, loop->batch, BATCH,
		       wait_time(loop, timeout_ms));
	if (n < 0 && errno != EINTR)
		return -errno;
	loop->batch_count = n < 0 ? 0 : n;
	for (i = 0; i < loop->batch_count; i++) {
		struct ev_io *io = loop->batch[i].data.ptr;

		if (io)
			io->fn(io, loop->batch[i].events);
	}
	loop->batch_count = 0;
	run_timers(loop);
	return 0;
}

int ev_run(struct evloop *loop)
{
	int rc = 0;

	loop->stop = false;
	while (!loop->stop && !rc)
		rc = ev_run_once(loop, -1);
	return rc;
}

void ev_stop(struct evloop *loop)
{
	loop->stop = true;
}
