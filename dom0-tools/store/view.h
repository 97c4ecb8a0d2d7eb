/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h: the tree as a request sees it, alone or inside a transaction.
 *
 * A `struct view` names whose request it is and the transaction, if any; all
 * the view_ functions look at and change the right version, keep the notes,
 * the accounts and the quotas, and tell the watches (at once, or when the
 * transaction is committed).
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/tree.h"

struct client;
struct store;
struct txn;

struct view {
	struct store *s;
	struct client *c;
	struct txn *t;			/* NULL outside a transaction */
};

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

/* Whether quotas bind the view's client; a view without one is the store's
 * own. */
bool view_limited(const struct view *v);
/* Whether the client's account, with what its open transaction adds, can take
 * so much more.  0, -ENOSPC, -ENOENT. */
int view_may_add(struct view *v, uint32_t nodes, int64_t bytes);

#endif
