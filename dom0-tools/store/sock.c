/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sock.c: connections of the control domain's own programs.
 *
 * Owns the listening socket and one struct sock for each program connected.
 * Only root can open the socket, so whoever is there acts for the control
 * domain.  A program that does not read its replies is not read from; one
 * that lets its watch events pile up beyond the bound is cut off (client.c).
 */
#include "store/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "store/client.h"

#define READS_PER_TURN 8

struct sock {
	struct conn conn;
	struct ev_io io;
};

static void sock_free(struct sock *s)
{
	conn_unqueue(&s->conn);
	ev_io_del(s->conn.sv->loop, &s->io);
	close(s->io.fd);
	client_free(s->conn.client);
	free(s);
}

/* 1 if bytes came, 0 if there are none now, -errno at the end.  *@more says
 * whether there may be others behind them. */
static int fill(struct sock *s, bool *more)
{
	struct client *c = s->conn.client;
	char *at;
	size_t room = xs_reader_room(&c->in, &at);
	ssize_t n;

	if (!room)
		return 0;
	n = recv(s->io.fd, at, room, MSG_DONTWAIT);
	*more = n == (ssize_t)room;
	if (n > 0) {
		xs_reader_filled(&c->in, (size_t)n);
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n ? -errno : -EPIPE;
}

static int flush(struct sock *s)
{
	struct client *c = s->conn.client;
	const char *data;
	size_t len;
	ssize_t n;

	while ((len = client_output(c, &data))) {
		n = send(s->io.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		client_sent(c, (size_t)n);
	}
	return 0;
}

/* Bounded work; a connection with more to do queues itself again. */
static int work(struct sock *s)
{
	struct client *c = s->conn.client;
	bool more = true;
	int turn, rc;

	for (turn = 0; turn < READS_PER_TURN; turn++) {
		rc = client_run(c, UINT32_MAX);
		if (rc >= 0)
			rc = flush(s);
		if (rc < 0)
			return rc;
		/* What comes later, the loop tells. */
		if (!client_may_run(c) || !more)
			return 0;
		rc = fill(s, &more);
		if (rc <= 0)
			return rc;
	}
	conn_queue(&s->conn);
	return 0;
}

static void serve(struct conn *conn)
{
	struct sock *s = container_of(conn, struct sock, conn);
	uint32_t events = EPOLLIN;

	if (work(s) < 0) {
		sock_free(s);
		return;
	}
	if (!client_may_run(conn->client))
		events = 0;
	if (conn->client->out)
		events |= EPOLLOUT;
	ev_io_set(conn->sv->loop, &s->io, events);
}

static void on_event(struct ev_io *io, uint32_t revents)
{
	struct sock *s = container_of(io, struct sock, io);

	/* A peer that has gone is noticed even while not read from. */
	if ((revents & (EPOLLHUP | EPOLLERR)) && !(revents & EPOLLIN))
		sock_free(s);
	else
		conn_queue(&s->conn);
}

static int sock_new(struct server *sv, int fd)
{
	struct sock *s = calloc(1, sizeof(*s));
	struct client *c;

	if (!s)
		return -ENOMEM;
	c = client_new(&sv->store, 0, false);
	if (!c) {
		free(s);
		return -ENOMEM;
	}
	conn_init(&s->conn, sv, c, serve);
	s->io = (struct ev_io){ .fd = fd, .events = EPOLLIN, .fn = on_event };
	if (ev_io_add(sv->loop, &s->io)) {
		client_free(c);
		free(s);
		return -ENOMEM;
	}
	return 0;
}

static void on_accept(struct ev_io *io, uint32_t revents)
{
	struct server *sv = container_of(io, struct server, listener);
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd < 0)
		return;
	if (sock_new(sv, fd)) {
		log_err("no memory for another connection");
		close(fd);
	}
}

int sock_listen(struct server *sv, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	strcpy(sv->socket_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    chmod(path, 0600) || listen(fd, 128)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	sv->listener = (struct ev_io){ .fd = fd, .events = EPOLLIN,
				       .fn = on_accept };
	return ev_io_add(sv->loop, &sv->listener);
}

void sock_close(struct server *sv)
{
	if (sv->listener.fd < 0)
		return;
	ev_io_del(sv->loop, &sv->listener);
	close(sv->listener.fd);
	unlink(sv->socket_path);
	sv->listener.fd = -1;
}

void sock_close_all(struct server *sv)
{
	struct client *c, *next;

	for (c = sv->store.clients; c; c = next) {
		next = c->next;
		if (!c->is_ring && c->io)
			sock_free(container_of((struct conn *)c->io,
					       struct sock, conn));
	}
}
