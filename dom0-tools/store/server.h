/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.h: the store daemon's process: one event loop, its connections.
 *
 * A connection is served from the loop's queue and nowhere else: events and
 * new output only put it there, so no connection disappears or runs inside
 * another one's request.
 */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/evloop.h"
#include "store/store.h"

struct hv;
struct server;

struct conn {
	struct server *sv;
	struct client *client;
	/* Moves bytes both ways and runs requests, as far as that goes
	 * without waiting.  May free the connection. */
	void (*serve)(struct conn *conn);
	struct conn *queue_next;
	struct conn **queue_pprev;	/* NULL while not queued */
	uint64_t turn;			/* in which it was queued */
};

struct server {
	struct evloop *loop;
	struct store store;
	struct conn *queue;
	struct conn **queue_tail;
	uint64_t turn;
	struct ev_timer hold_timer;
	bool stop;

	/* sock.c */
	struct ev_io listener;
	char socket_path[108];

	/* ring.c; hv is NULL when there is no hypervisor */
	struct hv *hv;
	struct ev_io evtchn_io;
	struct conn **by_port;
	uint32_t by_port_count;
	uint32_t virq_port;
	bool scan_due;
};

void conn_init(struct conn *conn, struct server *sv, struct client *c,
	       void (*serve)(struct conn *));
void conn_queue(struct conn *conn);
void conn_unqueue(struct conn *conn);

/* Before everything else; @sv is all zero. */
int server_init(struct server *sv, const struct store_port *port);
/* One turn of what is due, without waiting. */
void server_turn(struct server *sv);
/* Runs until server.stop; 0 or -errno. */
int server_run(struct server *sv);

/* sock.c: the socket that local programs connect to. */
int sock_listen(struct server *sv, const char *path);
void sock_close(struct server *sv);
/* Closes all connections of local programs. */
void sock_close_all(struct server *sv);

/* ring.c: the hypervisor's side.  ring_port is for a store with it, and
 * null_port for one without. */
extern const struct store_port ring_port;
extern const struct store_port null_port;
int ring_open(struct server *sv);
/* Connects the control domain's own kernel. */
int ring_introduce_dom0(struct server *sv);
/* Looks for domains that have gone or shut down, if there is reason to. */
void ring_scan(struct server *sv);
void ring_close(struct server *sv);
/* The shared part of both ports. */
void server_kick(void *arg, struct client *c);
uint64_t server_now_ms(void *arg);

#endif
