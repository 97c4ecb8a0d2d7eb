// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * server.c: clients of the daemon's socket.
 *
 * State: the listening socket and one struct client per connection, freed
 * when it ends.  Invariants: a client's input is bounded by LINE_MAX_BYTES;
 * answers are queued and written as the client reads, so a client that does
 * not read stops only itself; a client is not read while its answer waits to
 * be taken or to be given.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../lib/log.h"
#include "request.h"
#include "server.h"

#define LINE_MAX_BYTES (1u << 20)

struct client {
	struct ev_io io;
	struct requester who;
	struct request *pending;	/* not answered yet */
	struct toolstack *ts;
	struct strbuf in, out;
};

static struct server {
	struct ev_io io;
	struct toolstack *ts;
	struct sockaddr_un address;
} server = { .io.fd = -1 };

static void client_end(struct client *c)
{
	if (c->pending)
		request_abandon(c->pending);
	ev_io_del(c->ts->loop, &c->io);
	close(c->io.fd);
	strbuf_free(&c->in);
	strbuf_free(&c->out);
	free(c);
}

/* Writes what waits; false if the client is gone. */
static bool flush(struct client *c)
{
	while (c->out.len) {
		ssize_t n = send(c->io.fd, c->out.data, c->out.len,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		strbuf_consume(&c->out, (size_t)n);
	}
	if (c->out.len && errno != EAGAIN)
		return false;
	ev_io_set(c->ts->loop, &c->io,
		  c->out.len ? EPOLLOUT : c->pending ? 0 : EPOLLIN);
	return true;
}

/*
 * Carries out whole lines, up to one that takes its time; false if the client
 * is to be dropped.
 */
static bool handle_lines(struct client *c)
{
	char *end;

	while (!c->pending && c->in.len &&
	       (end = memchr(c->in.data, '\n', c->in.len))) {
		*end = '\0';
		c->pending = request_handle(c->ts, c->in.data, &c->who);
		strbuf_consume(&c->in, (size_t)(end - c->in.data) + 1);
	}
	return !c->in.err && !c->out.err && c->in.len < LINE_MAX_BYTES;
}

static void on_answer(struct requester *who, const struct strbuf *text)
{
	struct client *c = container_of(who, struct client, who);

	if (text->err)
		c->out.err = text->err;
	strbuf_add(&c->out, text->data, text->len);
	strbuf_addc(&c->out, '\n');
	if (!c->pending)
		return;		/* handle_lines() is at it */
	c->pending = NULL;
	if (!handle_lines(c) || !flush(c))
		client_end(c);
}

static bool client_read(struct client *c)
{
	char buf[16384];
	ssize_t n = recv(c->io.fd, buf, sizeof(buf), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	strbuf_add(&c->in, buf, (size_t)n);
	return handle_lines(c);
}

static void on_client(struct ev_io *io, uint32_t revents)
{
	struct client *c = container_of(io, struct client, io);
	bool ok = true;

	if (revents & EPOLLIN)
		ok = client_read(c);
	if (revents & (EPOLLERR | EPOLLHUP) && !(revents & EPOLLIN))
		ok = false;
	if (!ok || !flush(c))
		client_end(c);
}

static void on_connect(struct ev_io *io, uint32_t revents)
{
	struct client *c;
	int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)revents;
	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return;
	}
	c->ts = server.ts;
	c->who.answer = on_answer;
	c->io = (struct ev_io){ .fd = fd, .events = EPOLLIN, .fn = on_client };
	if (ev_io_add(server.ts->loop, &c->io)) {
		close(fd);
		free(c);
	}
}

/*
 * One daemon to a socket: whoever holds the lock beside it.  The descriptor
 * stays open, and the lock held, to the process's end.
 */
static int take_lock(const char *path, struct fail *fail)
{
	char lock[sizeof(server.address.sun_path) + 8];
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", path);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_errno(fail, -errno, "cannot open %s", lock);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return fail_set(fail, -EBUSY,
				"another daemon is running for %s", path);
	}
	return 0;
}

static int listen_at(struct sockaddr_un *address, struct fail *fail)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int rc = 0;

	if (fd < 0)
		return fail_errno(fail, -errno, "no socket");
	unlink(address->sun_path);
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) ||
	    listen(fd, 64))
		rc = fail_errno(fail, -errno, "cannot listen on %s",
				address->sun_path);
	umask(mask);
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

int server_start(struct toolstack *ts, const char *path, struct fail *fail)
{
	int fd, rc;

	server.ts = ts;
	server.address.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(server.address.sun_path))
		return fail_set(fail, -EINVAL, "%s: too long for a socket",
				path);
	strcpy(server.address.sun_path, path);
	rc = take_lock(path, fail);
	if (rc)
		return rc;
	fd = listen_at(&server.address, fail);
	if (fd < 0)
		return fd;
	server.io = (struct ev_io){ .fd = fd, .events = EPOLLIN,
				    .fn = on_connect };
	return ev_io_add(ts->loop, &server.io);
}

void server_stop(void)
{
	if (server.io.fd < 0)
		return;
	ev_io_del(server.ts->loop, &server.io);
	close(server.io.fd);
	unlink(server.address.sun_path);
	server.io.fd = -1;
}
