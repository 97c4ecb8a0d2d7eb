/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.c: the loop, and the queue of connections with something to do.
 *
 * Queue invariant: a connection is on it at most once; each turn serves every
 * connection that was queued when the turn began, so one that always has more
 * to do delays another by one bounded piece of its work.
 */
#include "store/server.h"

#include <errno.h>

#include "store/client.h"

#define HOLD_POLL_MS 5

void conn_init(struct conn *conn, struct server *sv, struct client *c,
	       void (*serve)(struct conn *))
{
	conn->sv = sv;
	conn->client = c;
	conn->serve = serve;
	conn->queue_pprev = NULL;
	c->io = conn;
}

void conn_queue(struct conn *conn)
{
	struct server *sv = conn->sv;

	if (conn->queue_pprev)
		return;
	conn->turn = sv->turn;
	conn->queue_next = NULL;
	conn->queue_pprev = sv->queue_tail;
	*sv->queue_tail = conn;
	sv->queue_tail = &conn->queue_next;
}

void conn_unqueue(struct conn *conn)
{
	if (!conn->queue_pprev)
		return;
	*conn->queue_pprev = conn->queue_next;
	if (conn->queue_next)
		conn->queue_next->queue_pprev = conn->queue_pprev;
	else
		conn->sv->queue_tail = conn->queue_pprev;
	conn->queue_pprev = NULL;
}

void server_kick(void *arg, struct client *c)
{
	(void)arg;
	if (c->io)
		conn_queue(c->io);
}

uint64_t server_now_ms(void *arg)
{
	(void)arg;
	return ev_now_ms();
}

/* Clients that had to wait for another one's turn may run again. */
static void hold_over(struct ev_timer *t)
{
	struct server *sv = container_of(t, struct server, hold_timer);
	struct client *c;

	if (store_held(&sv->store, NULL)) {
		ev_timer_set(sv->loop, t, HOLD_POLL_MS);
		return;
	}
	for (c = sv->store.clients; c; c = c->next)
		if (c->domid && c->io)
			conn_queue(c->io);
}

int server_init(struct server *sv, const struct store_port *port)
{
	sv->queue_tail = &sv->queue;
	sv->listener.fd = -1;
	sv->hold_timer.fn = hold_over;
	sv->loop = ev_new();
	return sv->loop ? store_init(&sv->store, port, sv) : -ENOMEM;
}

void server_turn(struct server *sv)
{
	struct conn *conn;

	sv->turn++;
	while ((conn = sv->queue) && conn->turn != sv->turn) {
		conn_unqueue(conn);
		conn->serve(conn);
	}
	ring_scan(sv);
	if (sv->store.hold_for && !sv->hold_timer.pprev)
		ev_timer_set(sv->loop, &sv->hold_timer, HOLD_POLL_MS);
}

int server_run(struct server *sv)
{
	int rc = 0;

	while (!sv->stop && !rc) {
		server_turn(sv);
		rc = ev_run_once(sv->loop, sv->queue ? 0 : -1);
	}
	return rc;
}
