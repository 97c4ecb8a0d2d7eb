/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pty.c: a guest's console as a terminal, named in the store, for programs
 * that open terminals.
 *
 * The terminal is one reader of the guest's mux: a small buffer of the
 * kernel's, and the rest waits in the mux.  This side keeps the slave open, so
 * that readers come and go unnoticed.
 */
#include "console/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib/log.h"

static void pty_poll(struct guest *g, bool out)
{
	ev_io_set(g->d->loop, &g->pty,
		  (guest_wants_input(g) ? EPOLLIN : 0u) |
			  (out ? EPOLLOUT : 0u));
}

static void pty_write(struct guest *g, bool *full)
{
	const char *data;
	size_t len;
	ssize_t n;

	*full = false;
	while ((len = mux_peek(&g->mux, &g->pty_pos, &data))) {
		n = write(g->pty.fd, data, len);
		if (n <= 0) {
			*full = true;
			break;
		}
		g->pty_pos += (uint64_t)n;
	}
}

static void pty_read(struct guest *g)
{
	size_t room;
	char buf[1024];
	ssize_t n;

	room = g->ring.page ? conring_input_room(&g->ring) : 0;
	if (!room)
		return;
	n = read(g->pty.fd, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n > 0)
		guest_input(g, buf, (size_t)n);
}

void pty_update(struct guest *g)
{
	bool full;

	if (g->pty.fd < 0)
		return;
	pty_write(g, &full);
	pty_poll(g, full);
}

static void on_event(struct ev_io *io, uint32_t revents)
{
	struct guest *g = container_of(io, struct guest, pty);

	if (revents & EPOLLIN)
		pty_read(g);
	if (g->keep_waiting && (revents & EPOLLOUT)) {
		pty_update(g);
		guest_run(g);
	} else {
		pty_update(g);
	}
}

int pty_open(struct guest *g)
{
	struct termios t;
	int master, rc;

	if (openpty(&master, &g->pty_slave, g->tty, NULL, NULL))
		return -errno;
	/* Whoever writes there types on the guest's console: not "tty" too. */
	if (fchmod(g->pty_slave, 0600))
		log_warn("%s: %s", g->tty, strerror(errno));
	if (tcgetattr(g->pty_slave, &t) == 0) {
		cfmakeraw(&t);
		tcsetattr(g->pty_slave, TCSANOW, &t);
	}
	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(g->pty_slave, F_SETFD, FD_CLOEXEC);
	g->pty = (struct ev_io){ .fd = master, .events = EPOLLIN,
				 .fn = on_event };
	rc = ev_io_add(g->d->loop, &g->pty);
	if (rc) {
		close(master);
		close(g->pty_slave);
		g->pty.fd = -1;
		g->pty_slave = -1;
	}
	return rc;
}

void pty_close(struct guest *g)
{
	if (g->pty.fd < 0)
		return;
	ev_io_del(g->d->loop, &g->pty);
	close(g->pty.fd);
	close(g->pty_slave);
	g->pty.fd = -1;
	g->pty_slave = -1;
}
