/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * txn.c: the beginning and the end of transactions.
 *
 * Owns the transactions: each is on its client's list and, in order of the
 * age of its version of the tree, on store.txns.
 *
 * Invariants:
 *  - Before a transaction depends on a node or changes it, the node is noted
 *    (touched) with the generations it then had, 0 for an absent one.  As the
 *    first use comes before the first change, these are the generations of
 *    the version that the transaction began with.
 *  - `work` differs from that version exactly at the touches marked wrote.
 *  - `charges` is what these differences add to the accounts.
 *
 * A transaction that stays open keeps old versions of changed nodes alive.  To
 * bound that, one whose version is old is moved to the current version: the
 * same steps as a commit, but into its own tree.
 */
#include "store/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/client.h"
#include "store/edit.h"
#include "store/perm.h"
#include "store/store.h"
#include "store/touch.h"
#include "store/watch.h"

#define REBASE_AFTER 4096	/* changes of the store */
#define HOLD_AFTER 3		/* transactions lost in a row */
#define HOLD_MS 100

static void age_unlink(struct store *s, struct txn *t)
{
	*(t->age_prev ? &t->age_prev->age_next : &s->txns) = t->age_next;
	*(t->age_next ? &t->age_next->age_prev : &s->txns_last) = t->age_prev;
}

/* Its version of the tree is now the newest of all. */
static void age_append(struct store *s, struct txn *t)
{
	t->seen_changes = s->changes;
	t->age_next = NULL;
	t->age_prev = s->txns_last;
	*(s->txns_last ? &s->txns_last->age_next : &s->txns) = t;
	s->txns_last = t;
}

int txn_start(struct client *c, uint32_t *id)
{
	struct store *s = c->store;
	struct txn *t;

	if (!client_is_privileged(c) &&
	    c->txn_count >= s->quota.transactions)
		return -ENOSPC;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	do
		t->id = ++c->last_txn;
	while (!t->id || txn_find(c, t->id));
	t->client = c;
	t->touched_tail = &t->touched;
	tree_share(&t->work, &s->tree);
	age_append(s, t);
	t->next = c->txns;
	c->txns = t;
	c->txn_count++;
	if (client_is_privileged(c) && c->conflicts >= HOLD_AFTER) {
		s->hold_for = c;
		s->hold_until_ms = s->port->now_ms(s->port_arg) + HOLD_MS;
	}
	*id = t->id;
	return 0;
}

struct txn *txn_find(struct client *c, uint32_t id)
{
	struct txn *t = c->txns;

	while (t && t->id != id)
		t = t->next;
	return t;
}

static void txn_free(struct txn *t)
{
	struct client *c = t->client;
	struct txn **at = &c->txns;
	struct touch *u;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	c->txn_count--;
	age_unlink(c->store, t);
	client_account(c, -t->bytes);
	while ((u = t->touched)) {
		t->touched = u->next;
		perms_put(u->old);
		free(u);
	}
	charges_free(&t->charges);
	tree_free(&t->work);
	free(t);
}

/* Whether it gave a node to a domain that has gone meanwhile. */
static bool owner_gone(const struct txn *t, const struct touch *u)
{
	const struct node *n = NULL;

	if (u->wrote)
		n = tree_find(&t->work, u->path, u->len);
	return n && !perm_owner_lives(t->client->store, n->perms);
}

static bool conflicts(const struct txn *t)
{
	const struct touch *u;
	const struct node *n;

	for (u = t->touched; u; u = u->next) {
		if (owner_gone(t, u))
			return true;
		if (!u->use)
			continue;
		n = tree_find(&t->client->store->tree, u->path, u->len);
		if ((n ? n->gen : 0) != u->gen)
			return true;
		if ((u->use & USE_KIDS) && n && n->kids_gen != u->kids_gen)
			return true;
	}
	return false;
}

/* Makes the node of one touch in @e what it is in the transaction. */
static int apply_one(struct edit *e, const struct txn *t,
		     const struct touch *u)
{
	const struct node *want = tree_find(&t->work, u->path, u->len);
	const struct node *have = tree_find(e->tree, u->path, u->len);
	int rc = 0;

	if (!want)
		return have ? edit_remove(e, u->path, u->len) : 0;
	if (!have)
		return edit_create(e, u->path, u->len, want->perms,
				   want->value);
	if (have->value != want->value)
		rc = edit_value(e, u->path, u->len, want->value);
	have = tree_find(e->tree, u->path, u->len);
	if (!rc && have->perms != want->perms)
		rc = edit_perms(e, u->path, u->len, want->perms);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct touch *x = *(struct touch *const *)a;
	const struct touch *y = *(struct touch *const *)b;
	int c = memcmp(x->path, y->path, x->len < y->len ? x->len : y->len);

	return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* Puts all that the transaction wrote into @e, parents before children. */
static int apply(struct edit *e, const struct txn *t)
{
	struct touch **v = malloc((t->touch_count + 1) * sizeof(*v)), *u;
	size_t n = 0, i;
	int rc = 0;

	if (!v)
		return -ENOMEM;
	for (u = t->touched; u; u = u->next)
		if (u->wrote)
			v[n++] = u;
	qsort(v, n, sizeof(*v), by_path);
	for (i = 0; !rc && i < n; i++)
		rc = apply_one(e, t, v[i]);
	free(v);
	return rc;
}

static void txn_rebase(struct txn *t)
{
	struct store *s = t->client->store;
	struct charges c = { 0 };
	struct tree next;
	struct edit e = { &next, &c, store_next_gen(s) };

	tree_share(&next, &s->tree);
	if (t->doomed || conflicts(t) || apply(&e, t)) {
		t->doomed = true;
		tree_free(&next);
		charges_free(&c);
		tree_share(&next, &s->tree);
	}
	tree_free(&t->work);
	t->work = next;
	charges_free(&t->charges);
	t->charges = c;
	age_unlink(s, t);
	age_append(s, t);
}

void txn_note_change(struct store *s)
{
	s->changes++;
	while (s->txns && s->changes - s->txns->seen_changes > REBASE_AFTER)
		txn_rebase(s->txns);
}

/* Whether the client's own account can take what the transaction adds. */
static int commit_allowed(const struct txn *t)
{
	struct charge add = charges_get(&t->charges, t->client->domid);
	struct view v = { t->client->store, t->client, NULL };

	return add.nodes > 0 ? view_may_add(&v, (uint32_t)add.nodes, 0) : 0;
}

static void tell_all(struct txn *t)
{
	struct touch *u;

	for (u = t->touched; u; u = u->next)
		if (u->tell)
			watch_fire(t->client->store, u->path, u->len, u->exact,
				   u->old);
}

static int commit(struct txn *t)
{
	struct store *s = t->client->store;
	struct charges c = { 0 };
	struct tree next;
	struct edit e = { &next, &c, store_next_gen(s) };
	int rc;

	if (t->doomed || conflicts(t))
		return -EAGAIN;
	rc = commit_allowed(t);
	if (rc)
		return rc;
	tree_share(&next, &s->tree);
	rc = apply(&e, t);
	if (rc) {
		tree_free(&next);
		charges_free(&c);
		return rc;
	}
	tree_free(&s->tree);
	s->tree = next;
	quota_apply(s, &c);
	charges_free(&c);
	tell_all(t);
	return 0;
}

int txn_end(struct txn *t, bool commit_it)
{
	struct client *c = t->client;
	struct store *s = c->store;
	int rc = commit_it ? commit(t) : 0;

	if (commit_it)
		c->conflicts = rc == -EAGAIN ? c->conflicts + 1 : 0;
	if (s->hold_for == c)
		s->hold_for = NULL;
	txn_free(t);
	if (commit_it && !rc)
		txn_note_change(s);
	return rc;
}

void txn_end_all(struct client *c)
{
	while (c->txns)
		txn_free(c->txns);
}
