/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quota.h: what a domain may hold of the store, and what it holds.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stddef.h>
#include <stdint.h>

struct domain;
struct node;
struct store;
struct strbuf;

/* Limits; they bind every domain but the control domain. */
struct quota {
	uint32_t nodes;
	uint32_t watches;
	uint32_t transactions;
	uint32_t outstanding;
	uint32_t txn_nodes;
	uint32_t memory;
	uint32_t node_size;
	uint32_t path_max;
	uint32_t perms;
	uint32_t memory_soft;
};

void quota_defaults(struct quota *q);
/* Sets the limit of this name; -EINVAL if there is none. */
int quota_set(struct quota *q, const char *name, uint32_t value);
int quota_set_soft(struct quota *q, const char *name, uint32_t value);
/* One line for each limit. */
void quota_list(const struct quota *q, struct strbuf *out);
void quota_list_soft(const struct quota *q, struct strbuf *out);

/*
 * What a set of changes adds to each owner's account.  Kept apart from the
 * accounts until the changes take effect.
 */
struct charge {
	uint32_t domid;
	int32_t nodes;
	int64_t bytes;
};

struct charges {
	struct charge *v;
	size_t count;
	size_t cap;
};

/* Makes sure that the next @n charges_add() calls cannot fail. */
int charges_reserve(struct charges *c, size_t n);
void charges_add(struct charges *c, uint32_t domid, int32_t nodes,
		 int64_t bytes);
/* What @c adds for @domid; zero if nothing. */
struct charge charges_get(const struct charges *c, uint32_t domid);
void charges_free(struct charges *c);

/* Puts the charges on the accounts of their owners. */
void quota_apply(struct store *s, const struct charges *c);

#endif
