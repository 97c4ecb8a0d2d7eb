/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_client.c: tests of the store's client against a scripted daemon: over
 * a stream whose bytes arrive in any portions, and over something that takes
 * one message from each write, and the next only when that is answered, like
 * the kernel's device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/xs_client.h"

#define POSTS 300u
#define EVENT_EVERY 7u

/* The daemon's side of one connection. */
struct peer {
	pthread_t thread;
	int fd;
	bool stream;
	size_t portion;		/* bytes of a write at most */
	uint32_t fail_from;	/* answers to these requests are errors */
	uint32_t fail_to;
	bool silent;
	uint32_t seen;		/* requests */
	uint32_t early;		/* that came before the last was answered */
};

static void say(struct peer *p, uint32_t type, uint32_t id, const char *body,
		size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = id,
				   .len = (uint32_t)len };
	char buf[256];
	size_t all = sizeof(hdr) + len, at = 0;

	memcpy(buf, &hdr, sizeof(hdr));
	memcpy(buf + sizeof(hdr), body, len);
	while (at < all) {
		size_t n = all - at < p->portion ? all - at : p->portion;
		ssize_t done = send(p->fd, buf + at, n, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		at += (size_t)done;
	}
}

static void reply(struct peer *p, const struct xs_msg *m)
{
	static const char event[] = "/a/b\0token";
	struct pollfd more = { .fd = p->fd, .events = POLLIN };

	p->seen++;
	/* The device has one place for a request, until it is answered. */
	if (!p->stream)
		p->early += poll(&more, 1, p->seen % 16 ? 0 : 2) > 0;
	if (p->silent)
		return;
	if (p->seen % EVENT_EVERY == 0)
		say(p, XS_WATCH_EVENT, 0, event, sizeof(event));
	if (p->seen >= p->fail_from && p->seen < p->fail_to)
		say(p, XS_ERROR, m->hdr.req_id, "ENOENT", 7);
	else
		say(p, m->hdr.type, m->hdr.req_id, "OK", 3);
}

static void *serve(void *arg)
{
	struct peer *p = arg;
	struct xs_reader r = { 0 };
	struct xs_msg m;
	char *at;

	for (;;) {
		size_t room = xs_reader_room(&r, &at);
		/* What does not fit is lost, if it is no stream. */
		ssize_t n = recv(p->fd, at, room, 0);

		if (n <= 0)
			return NULL;
		xs_reader_filled(&r, (size_t)n);
		while (xs_reader_next(&r, &m) == 1) {
			reply(p, &m);
			if (p->stream)
				continue;
			/* Nor does anybody look behind the first message. */
			r.start = r.len = 0;
			break;
		}
	}
}

static struct xsc *open_client(struct peer *p)
{
	struct xsc *xs;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX,
				    p->stream ? SOCK_STREAM : SOCK_SEQPACKET,
				    0, fds), 0);
	p->fd = fds[1];
	assert_int_equal(xsc_open_fd(fds[0], &xs), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
	return xs;
}

static void close_client(struct peer *p, struct xsc *xs)
{
	xsc_close(xs);
	pthread_join(p->thread, NULL);
	close(p->fd);
}

static void post_some(struct xsc *xs, uint32_t count)
{
	static const char value[200] = "a value of some length";
	const struct xsc_part parts[] = { { "/some/path", 11 },
					  { value, sizeof(value) } };

	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(xsc_post(xs, XS_WRITE, 1, parts, 2), 0);
}

static unsigned int events(struct xsc *xs)
{
	unsigned int count = 0;
	char *path, *token;

	while (xsc_event(xs, &path, &token) == 1) {
		assert_string_equal(path, "/a/b");
		assert_string_equal(token, "token");
		free(path);
		count++;
	}
	return count;
}

static void post_removal(struct xsc *xs)
{
	const struct xsc_part part = { "/gone", 6 };

	assert_int_equal(xsc_post(xs, XS_RM, 1, &part, 1), 0);
}

/* Posts, settles, asks: all is answered, in order, events aside. */
static void converse(struct peer *p)
{
	struct xsc *xs = open_client(p);
	char *value;

	xsc_set_timeout(xs, 20000);
	post_some(xs, POSTS);
	assert_int_equal(xsc_settle(xs), 0);
	assert_int_equal(xsc_read(xs, XSC_NO_TX, "/x", &value, NULL), 0);
	assert_string_equal(value, "OK");
	free(value);
	assert_int_equal(p->seen, POSTS + 1);
	assert_int_equal(events(xs), (POSTS + 1) / EVENT_EVERY);
	/* The first error is what settling says; then all goes on. */
	p->fail_from = p->seen + POSTS / 2;
	p->fail_to = p->fail_from + 3;
	post_some(xs, POSTS);
	assert_int_equal(xsc_settle(xs), -ENOENT);
	assert_int_equal(xsc_settle(xs), 0);
	/* Removing what is not there is no error, and hides none. */
	p->fail_from = p->seen + 1;
	p->fail_to = p->fail_from + 1;
	post_removal(xs);
	assert_int_equal(xsc_settle(xs), 0);
	p->fail_from = p->seen + 1;
	p->fail_to = p->fail_from + 2;
	post_removal(xs);
	post_some(xs, 1);
	assert_int_equal(xsc_settle(xs), -ENOENT);
	assert_int_equal(xsc_write(xs, XSC_NO_TX, "/x", "y"), 0);
	close_client(p, xs);
}

static void test_stream(void **state)
{
	(void)state;
	for (size_t portion = 1; portion < 48; portion++) {
		struct peer p = { .stream = true, .portion = portion };

		converse(&p);
	}
}

static void test_one_message_a_write(void **state)
{
	struct peer p = { .portion = 256 };

	(void)state;
	converse(&p);
	assert_int_equal(p.early, 0);
}

/* A store that says nothing is given up, and never trusted again. */
static void test_silence(void **state)
{
	struct peer p = { .stream = true, .portion = 256, .silent = true };
	struct xsc *xs = open_client(&p);

	(void)state;
	xsc_set_timeout(xs, 50);
	post_some(xs, 20);
	assert_int_equal(xsc_settle(xs), -ETIMEDOUT);
	p.silent = false;
	assert_int_equal(xsc_write(xs, XSC_NO_TX, "/x", "y"), -ETIMEDOUT);
	assert_true(xsc_pending(xs));
	close_client(&p, xs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_one_message_a_write),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
