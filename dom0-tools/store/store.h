/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h: one store: its tree, its domains, its clients.
 *
 * Everything the daemon does to the outside goes through `struct store_port`,
 * so that the whole store also runs in a test without sockets and without a
 * hypervisor.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/log.h"
#include "lib/xs_proto.h"
#include "store/quota.h"
#include "store/tree.h"

struct client;
struct store;
struct txn;
struct watch;

#define STORE_DOMID_MAX 0x7fefu		/* last id a domain can have */
#define STORE_INTRODUCE "@introduceDomain"
#define STORE_RELEASE "@releaseDomain"

/* What the store asks of the world. */
struct store_port {
	uint64_t (*now_ms)(void *arg);
	/* Whether the hypervisor has this domain, alive. */
	bool (*domain_exists)(void *arg, uint32_t domid);
	/*
	 * Connects the ring of a domain: makes d->client, and may find
	 * one there from before.  0 or -errno.
	 */
	int (*connect)(void *arg, struct domain *d, uint64_t frame,
		       uint32_t port);
	/* The domain goes: frees d->client and what belongs to it. */
	void (*disconnect)(void *arg, struct domain *d);
	/* @c has output; the next chance to send it should be taken. */
	void (*kick)(void *arg, struct client *c);
};

/* A domain that the store knows of: introduced, or named in permissions. */
struct domain {
	uint32_t domid;
	uint64_t born;		/* generation: see perm.h */
	bool introduced;
	bool shut_down;		/* its shutdown has been announced */
	bool alive;		/* mark of a scan of all domains */
	bool over_soft;
	int32_t nodes;		/* that it owns */
	int64_t bytes;		/* of nodes, watches and transactions */
	struct client *client;	/* NULL while not introduced */
	uint32_t port;		/* its end of the event channel */
	uint64_t frame;
	void *ring;		/* the port's own */
	struct log_limit log;	/* of lines that it can cause */
	struct domain *next;	/* in store.domains, in no order */
	struct domain **pprev;
};

#define WATCH_BUCKETS 4096	/* a power of two */

struct store {
	struct tree tree;
	uint64_t gen;		/* the last generation given out */
	struct quota quota;
	bool keep_orphans;

	struct perms *introduce_perms;	/* of the two special watches */
	struct perms *release_perms;

	struct domain *domains;
	struct domain *by_id[STORE_DOMID_MAX + 1];
	struct client *clients;
	uint32_t last_client_id;

	struct watch *watches[WATCH_BUCKETS];	/* by path */
	uint64_t hash_seed;

	struct txn *txns;	/* oldest version first */
	struct txn *txns_last;
	uint64_t changes;	/* how often the tree was changed */
	/* While a privileged client that lost several times has its turn,
	 * others wait, at most until this time. */
	uint64_t hold_until_ms;
	struct client *hold_for;

	const struct store_port *port;
	void *port_arg;
};

/* A store with its first nodes. */
int store_init(struct store *s, const struct store_port *port, void *arg);
/* All clients must be gone. */
void store_free(struct store *s);

/* The record, or NULL if the store does not know the domain. */
struct domain *store_domain(struct store *s, uint32_t domid);
/* The same, asking the hypervisor about one not yet known; NULL if there is
 * no such domain (or no memory). */
struct domain *store_know_domain(struct store *s, uint32_t domid);

/* Introduces a domain or, if it is known by its ring already, connects it
 * again. */
int store_introduce(struct store *s, uint32_t domid, uint64_t frame,
		    uint32_t port);
/*
 * Forgets a domain: its connection, its nodes unless orphans are kept, its
 * accounts.  Announced by the caller (store_announce_release).
 */
void store_forget_domain(struct store *s, struct domain *d);
void store_announce_release(struct store *s);
/* Only drops the record: for the end of the process. */
void store_drop_domain(struct store *s, struct domain *d);
/* A record made again as it was, for state.c; NULL without memory. */
struct domain *store_recall_domain(struct store *s, uint32_t domid,
				   uint64_t born);

/* A new generation. */
uint64_t store_next_gen(struct store *s);

/* Writes a warning about a domain, unless it caused too many lately. */
void store_warn(struct store *s, struct domain *d, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether @c must wait because another client has its turn. */
bool store_held(struct store *s, const struct client *c);

/*
 * Looks for damage: accounts that disagree with the tree, counts of children
 * that are wrong.  The number found; each is logged.
 */
unsigned int store_check(struct store *s);

#endif
