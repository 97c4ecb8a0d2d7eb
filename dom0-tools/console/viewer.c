/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * viewer.c: programs connected to a guest's console socket.
 *
 * Each gets what is kept of the output, then what comes; what it sends is the
 * guest's input.  A viewer that does not read misses output, nobody else
 * does.  When the guest is gone, each still gets what its socket takes, and
 * then the end of the stream.
 */
#include "console/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define VIEWERS_MAX 32		/* of one guest */
#define BACKLOG 16

struct viewer {
	struct guest *g;
	struct ev_io io;
	uint64_t pos;
	struct viewer *next;
};

static void viewer_free(struct viewer *v)
{
	struct viewer **at = &v->g->viewers;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	ev_io_del(v->g->d->loop, &v->io);
	close(v->io.fd);
	free(v);
}

/* False if the viewer has gone. */
static bool send_output(struct viewer *v, bool *full)
{
	const char *data;
	size_t len;
	ssize_t n;

	*full = false;
	while ((len = mux_peek(&v->g->mux, &v->pos, &data))) {
		n = send(v->io.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			*full = true;
			return true;
		}
		if (n < 0)
			return false;
		v->pos += (uint64_t)n;
	}
	return true;
}

/* False if the viewer has gone. */
static bool take_input(struct viewer *v)
{
	struct guest *g = v->g;
	size_t room = g->ring.page ? conring_input_room(&g->ring) : 0;
	char buf[1024];
	ssize_t n;

	if (!room)
		return true;
	n = recv(v->io.fd, buf, room < sizeof(buf) ? room : sizeof(buf),
		 MSG_DONTWAIT);
	if (n > 0)
		guest_input(g, buf, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void viewer_run(struct viewer *v)
{
	bool full;

	if (!send_output(v, &full)) {
		viewer_free(v);
		return;
	}
	ev_io_set(v->g->d->loop, &v->io,
		  (guest_wants_input(v->g) ? EPOLLIN : 0u) |
			  (full ? EPOLLOUT : 0u));
}

static void on_event(struct ev_io *io, uint32_t revents)
{
	struct viewer *v = container_of(io, struct viewer, io);

	if (((revents & EPOLLIN) && !take_input(v)) ||
	    (!(revents & EPOLLIN) && (revents & (EPOLLHUP | EPOLLERR))))
		viewer_free(v);
	else
		viewer_run(v);
}

void viewer_update(struct guest *g)
{
	struct viewer *v, *next;

	for (v = g->viewers; v; v = next) {
		next = v->next;
		viewer_run(v);
	}
}

static unsigned int viewer_count(const struct guest *g)
{
	const struct viewer *v;
	unsigned int n = 0;

	for (v = g->viewers; v; v = v->next)
		n++;
	return n;
}

/* Takes in one who connected; false if nobody waits. */
static bool admit(struct guest *g)
{
	int fd = accept4(g->listener.fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct viewer *v;

	if (fd < 0)
		return false;
	v = viewer_count(g) < VIEWERS_MAX ? calloc(1, sizeof(*v)) : NULL;
	if (!v) {
		close(fd);
		return true;
	}
	v->g = g;
	v->io = (struct ev_io){ .fd = fd, .fn = on_event };
	v->pos = mux_oldest(&g->mux);
	if (ev_io_add(g->d->loop, &v->io)) {
		close(fd);
		free(v);
		return true;
	}
	v->next = g->viewers;
	g->viewers = v;
	viewer_run(v);
	return true;
}

static void on_accept(struct ev_io *io, uint32_t revents)
{
	(void)revents;
	admit(container_of(io, struct guest, listener));
}

int viewer_listen(struct guest *g)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, rc = 0;

	if ((size_t)snprintf(g->socket_path, sizeof(g->socket_path),
			     "%s/%u.sock", g->d->o.socket_dir, g->domid) >=
	    sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, g->socket_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(sa.sun_path);
	g->listener = (struct ev_io){ .fd = fd, .events = EPOLLIN,
				      .fn = on_accept };
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    chmod(sa.sun_path, 0600) || listen(fd, BACKLOG))
		rc = -errno;
	if (!rc)
		rc = ev_io_add(g->d->loop, &g->listener);
	if (rc) {
		close(fd);
		g->listener.fd = -1;
	}
	return rc;
}

void viewer_close_all(struct guest *g)
{
	/* Who connected while the guest lived gets what it said. */
	for (int i = 0; g->listener.fd >= 0 && i < BACKLOG && admit(g); i++)
		;
	while (g->viewers)
		viewer_free(g->viewers);
	if (g->listener.fd < 0)
		return;
	ev_io_del(g->d->loop, &g->listener);
	close(g->listener.fd);
	unlink(g->socket_path);
	g->listener.fd = -1;
}
