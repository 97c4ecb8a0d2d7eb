/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h: one connection as the store sees it: who it is, what it has
 * open, what it has been sent and not yet taken.
 *
 * No I/O: a transport (conn.c, or a test) fills the reader, calls
 * client_run(), and carries the output away.
 */
#ifndef STORE_CLIENT_H
#define STORE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/xs_proto.h"

struct domain;
struct out_msg;
struct store;
struct strbuf;
struct txn;
struct watch;

struct client {
	struct store *store;
	struct client *next;		/* in store.clients */
	struct client **pprev;
	uint32_t id;			/* for the log */
	uint32_t domid;			/* 0: the control domain */
	uint32_t target;		/* domain acted for; 0 is none */
	bool is_ring;
	/* 0, or why the connection must end: -EPROTO, -ENOBUFS, ... */
	int broken;

	struct watch *watches;
	uint32_t watch_count;
	struct txn *txns;
	uint32_t txn_count;
	uint32_t last_txn;
	uint32_t conflicts;		/* transactions lost in a row */

	struct xs_reader in;
	struct out_msg *out;		/* oldest first */
	struct out_msg *out_last;
	size_t out_sent;		/* of the oldest, already taken */
	size_t out_bytes;
	uint32_t out_replies;

	void *io;			/* the transport's own */
};

/* NULL without memory. */
struct client *client_new(struct store *s, uint32_t domid, bool is_ring);
/* Ends watches and transactions too.  Accepts NULL. */
void client_free(struct client *c);
/* As after a reset of the connection: no watches, transactions or queues. */
void client_reset(struct client *c);

/* Whether it may be read from now: false while its own output is in the way. */
bool client_may_run(const struct client *c);
/*
 * Handles up to @budget requests that are complete in the reader.  The number
 * handled, or -errno when the connection must end.
 */
int client_run(struct client *c, unsigned int budget);

/* The bytes to be sent next: how many, and where.  0 if there are none. */
size_t client_output(const struct client *c, const char **data);
/* @n of them were sent. */
void client_sent(struct client *c, size_t n);

/* Queues a reply.  Fails by setting `broken`. */
void client_reply(struct client *c, const struct xsd_sockmsg *to,
		  uint32_t type, const void *body, size_t len);
/* All bytes not yet sent, as one piece. */
void client_collect_output(const struct client *c, struct strbuf *out);
/* Queues bytes that were meant to be sent by an earlier process. */
int client_requeue(struct client *c, const void *data, size_t len);
/* Queues a watch event, unless the same one is still waiting. */
void client_event(struct client *c, const char *path, const char *token);

/*
 * Asks for @bytes on the account of the client's domain: -ENOSPC when the
 * hard limit would be passed, 0 otherwise.  client_account() books them.
 */
int client_charge(const struct client *c, int64_t bytes);
void client_account(const struct client *c, int64_t bytes);

#endif
