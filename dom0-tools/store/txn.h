/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * txn.h: the tree as a request sees it, alone or inside a transaction.
 *
 * A transaction works on its own version of the tree and notes each node it
 * used.  It can be committed if none of those was changed by anybody else
 * since; what it changed is then put into the current version at once.
 *
 * A `struct view` names whose request it is and the transaction, if any; all
 * the view_ functions look at and change the right version, keep the notes,
 * the accounts and the quotas, and tell the watches (at once, or when the
 * transaction is committed).
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

struct view {
	struct store *s;
	struct client *c;
	struct txn *t;			/* NULL outside a transaction */
};

/* -ENOSPC (quota), -ENOMEM */
int txn_start(struct client *c, uint32_t *id);
/* NULL if the client has none of that id. */
struct txn *txn_find(struct client *c, uint32_t id);
/* Ends it either way.  With @commit: -EAGAIN, -ENOSPC, -ENOMEM. */
int txn_end(struct txn *t, bool commit);
void txn_end_all(struct client *c);

/* What of a node the request depends on. */
#define USE_NODE 1u	/* that it is there, its value, its permissions */
#define USE_KIDS 2u	/* the set of its children */

/*
 * The node, if the client has @want (XS_PERM_*) on it.  -ENOENT, or -EACCES
 * where the client may not even know that it is absent; -ENOSPC, -ENOMEM.
 */
int view_get(struct view *v, const char *path, size_t len, uint32_t want,
	     uint32_t use, const struct node **out);

/* 0 if it is there, whoever may see it; -ENOENT, -ENOSPC, -ENOMEM. */
int view_exists(struct view *v, const char *path, size_t len);

/* The caller has checked permission.  -ENOSPC, -ENOMEM, -ENOENT. */
int view_create(struct view *v, const char *path, size_t len,
		const void *value, size_t value_len);
int view_write(struct view *v, const char *path, size_t len,
	       const void *value, size_t value_len);
int view_set_perms(struct view *v, const char *path, size_t len,
		   struct perms *perms);
int view_remove(struct view *v, const char *path, size_t len);

#endif
