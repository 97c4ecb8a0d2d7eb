/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * txn.h: transactions.
 *
 * A transaction works on its own version of the tree and notes each node it
 * used (touch.h).  It can be committed if none of those was changed by anybody
 * else since; what it changed is then put into the current version at once.
 */
#ifndef STORE_TXN_H
#define STORE_TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/quota.h"
#include "store/tree.h"

struct client;
struct store;
struct touch;

#define TOUCH_BUCKETS 64

struct txn {
	struct client *client;
	struct txn *next;		/* of the client's */
	struct txn *age_next;		/* in store.txns */
	struct txn *age_prev;
	uint32_t id;
	bool doomed;			/* can only fail any more */
	uint64_t seen_changes;		/* store.changes of its version */
	struct tree work;
	struct charges charges;
	struct touch *touched;		/* in order of first use */
	struct touch **touched_tail;
	uint32_t touch_count;
	int64_t bytes;			/* on the client's account */
	struct touch *hash[TOUCH_BUCKETS];
};

/* -ENOSPC (quota), -ENOMEM */
int txn_start(struct client *c, uint32_t *id);
/* NULL if the client has none of that id. */
struct txn *txn_find(struct client *c, uint32_t id);
/* Ends it either way.  With @commit: -EAGAIN, -ENOSPC, -ENOMEM. */
int txn_end(struct txn *t, bool commit);
void txn_end_all(struct client *c);

/*
 * The store's tree was changed outside any transaction: those with too old a
 * version of it are moved to the current one.
 */
void txn_note_change(struct store *s);

#endif
