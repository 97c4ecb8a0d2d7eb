/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * txn.c: transactions, and the tree as seen through one.
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
#include "store/watch.h"

#define REBASE_AFTER 4096	/* changes of the store */
#define HOLD_AFTER 3		/* transactions lost in a row */
#define HOLD_MS 100

struct touch {
	struct touch *next;
	struct touch *hash_next;
	uint64_t gen;
	uint64_t kids_gen;
	uint32_t use;
	bool wrote;
	bool tell;		/* watches, at commit */
	bool exact;		/* only those on this very path */
	struct perms *old;	/* when they changed, or the node went */
	size_t len;
	char path[];
};

static struct tree *view_tree(struct view *v)
{
	return v->t ? &v->t->work : &v->s->tree;
}

static bool limited(const struct view *v)
{
	return v->c && !client_is_privileged(v->c);
}

/* ---- notes ---- */

static struct touch **touch_bucket(struct txn *t, const char *path, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 0x100000001b3u;
	return &t->hash[(h ^ (h >> 32)) % TOUCH_BUCKETS];
}

static struct touch *touch_find(struct txn *t, const char *path, size_t len)
{
	struct touch *u = *touch_bucket(t, path, len);

	while (u && (u->len != len || memcmp(u->path, path, len)))
		u = u->hash_next;
	return u;
}

static int touch_allowed(const struct view *v, size_t bytes)
{
	if (!limited(v))
		return 0;
	if (v->t->touch_count >= v->s->quota.txn_nodes)
		return -ENOSPC;
	return client_charge(v->c, (int64_t)bytes);
}

/* Notes that the node is used in the given way; *@out may be NULL. */
static int touch(struct view *v, const char *path, size_t len, uint32_t use,
		 struct touch **out)
{
	struct touch *u = touch_find(v->t, path, len), **head;
	size_t bytes = sizeof(*u) + len + 1;
	const struct node *n;
	int rc;

	if (!u) {
		rc = touch_allowed(v, bytes);
		if (rc)
			return rc;
		u = calloc(1, bytes);
		if (!u)
			return -ENOMEM;
		n = tree_find(&v->t->work, path, len);
		u->gen = n ? n->gen : 0;
		u->kids_gen = n ? n->kids_gen : 0;
		u->len = len;
		memcpy(u->path, path, len);
		head = touch_bucket(v->t, path, len);
		u->hash_next = *head;
		*head = u;
		*v->t->touched_tail = u;
		v->t->touched_tail = &u->next;
		v->t->touch_count++;
		v->t->bytes += (int64_t)bytes;
		client_account(v->t->client, (int64_t)bytes);
	}
	u->use |= use;
	if (out)
		*out = u;
	return 0;
}

static int view_touch(struct view *v, const char *path, size_t len,
		      uint32_t use)
{
	return v->t ? touch(v, path, len, use, NULL) : 0;
}

/* ---- telling ---- */

static void txn_rebase(struct txn *t);

static void changed(struct store *s)
{
	s->changes++;
	while (s->txns && s->changes - s->txns->seen_changes > REBASE_AFTER)
		txn_rebase(s->txns);
}

/* Marks a touch, which must exist, as changed; or tells the watches now. */
static void view_tell(struct view *v, const char *path, size_t len, bool exact,
		      struct perms *old)
{
	struct touch *u;

	if (!v->t) {
		watch_fire(v->s, path, len, exact, old);
		return;
	}
	u = touch_find(v->t, path, len);
	u->wrote = true;
	u->tell = true;
	u->exact = exact;
	if (old && !u->old && u->gen)
		u->old = perms_get(old);
}

/* ---- looking ---- */

/* The end of the component after the first @have bytes. */
static size_t next_len(const char *path, size_t len, size_t have)
{
	size_t i = have == 1 ? 1 : have + 1;

	while (i < len && path[i] != '/')
		i++;
	return i;
}

static int denied(struct view *v, const char *path, size_t len, uint32_t want)
{
	const struct node *n;
	size_t found;
	int rc;

	n = tree_find_nearest(view_tree(v), path, len, &found);
	rc = view_touch(v, path, found, USE_NODE);
	/* Were this there, its permissions would decide. */
	if (!rc)
		rc = view_touch(v, path, next_len(path, len, found), USE_NODE);
	if (rc)
		return rc;
	return (perm_for(v->c, n->perms) & want) == want ? -ENOENT : -EACCES;
}

int view_get(struct view *v, const char *path, size_t len, uint32_t want,
	     uint32_t use, const struct node **out)
{
	const struct node *n;
	int rc;

	rc = view_touch(v, path, len, use);
	if (rc)
		return rc;
	n = tree_find(view_tree(v), path, len);
	if (!n)
		return denied(v, path, len, want);
	if ((perm_for(v->c, n->perms) & want) != want)
		return -EACCES;
	*out = n;
	return 0;
}

int view_exists(struct view *v, const char *path, size_t len)
{
	int rc = view_touch(v, path, len, USE_NODE);

	if (rc)
		return rc;
	return tree_find(view_tree(v), path, len) ? 0 : -ENOENT;
}

/* ---- changing ---- */

/* An edit outside any transaction is charged at once, one inside later. */
static void settle(struct view *v, struct charges *c)
{
	size_t i;

	if (!v->t) {
		quota_apply(v->s, c);
	} else {
		for (i = 0; i < c->count; i++)
			charges_add(&v->t->charges, c->v[i].domid,
				    c->v[i].nodes, c->v[i].bytes);
	}
	charges_free(c);
}

static struct edit view_edit(struct view *v, struct charges *c)
{
	return (struct edit){ view_tree(v), c, store_next_gen(v->s) };
}

/* Nodes and bytes of the client's account, with its open transaction. */
static int may_add(struct view *v, uint32_t nodes, int64_t bytes)
{
	struct charge open = { 0 };
	const struct domain *d;

	if (!limited(v))
		return 0;
	d = store_domain(v->s, v->c->domid);
	if (!d)
		return -ENOENT;
	if (v->t)
		open = charges_get(&v->t->charges, v->c->domid);
	if (d->nodes + open.nodes + (int64_t)nodes > v->s->quota.nodes && nodes)
		return -ENOSPC;
	return bytes > 0 ? client_charge(v->c, open.bytes + bytes) : 0;
}

/* The size that the limit on one node is about. */
static int size_allowed(const struct view *v, size_t value, uint32_t perms,
			size_t kid_bytes)
{
	if (!limited(v))
		return 0;
	return 32 + perms * 8 + value + kid_bytes >= v->s->quota.node_size ?
		       -ENOSPC :
		       0;
}

static size_t value_len(const struct node *n)
{
	return n->value ? n->value->len : 0;
}

/* Components of @path behind its first @have bytes. */
static uint32_t components_after(const char *path, size_t len, size_t have)
{
	uint32_t n = 0;
	size_t i;

	for (i = have == 1 ? 0 : have; i < len; i++)
		n += path[i] == '/';
	return n;
}

/* Makes all that is missing of @path behind its first @have bytes. */
static int create_chain(struct view *v, struct edit *e, const char *path,
			size_t len, size_t have, struct perms *perms,
			struct blob *value)
{
	size_t at = have, first = next_len(path, len, have);
	struct touch *u;
	int rc = 0;

	while (!rc && at < len) {
		at = next_len(path, len, at);
		if (v->t)
			rc = touch(v, path, at, USE_NODE, &u);
		if (!rc)
			rc = edit_create(e, path, at, perms,
					 at == len ? value : NULL);
		if (!rc && v->t)
			u->wrote = true;
	}
	/* What was made is wholly this version's own: removing cannot fail. */
	if (rc && tree_find(e->tree, path, first))
		tree_remove(e->tree, path, first, e->gen);
	return rc;
}

static int create_allowed(struct view *v, const struct node *above,
			  const char *path, size_t len, size_t have,
			  size_t value)
{
	uint32_t n = components_after(path, len, have);
	int rc;

	rc = may_add(v, n,
		     (int64_t)(n * (sizeof(struct node) +
				    above->perms->count *
					    sizeof(struct perm)) +
			       len - have + value));
	if (!rc)
		rc = size_allowed(v, value, above->perms->count, 0);
	if (!rc)
		rc = size_allowed(v, value_len(above), above->perms->count,
				  above->kid_bytes +
					  next_len(path, len, have) - have);
	return rc;
}

int view_create(struct view *v, const char *path, size_t len,
		const void *value, size_t bytes)
{
	struct charges c = { 0 };
	struct edit e = view_edit(v, &c);
	struct perms *perms;
	struct blob *blob;
	struct node *above;
	size_t have;
	int rc;

	above = tree_find_nearest(e.tree, path, len, &have);
	rc = view_touch(v, path, have, USE_NODE);
	if (!rc)
		rc = create_allowed(v, above, path, len, have, bytes);
	if (!rc && v->t)
		rc = charges_reserve(&v->t->charges, 1);
	if (rc)
		return rc;
	perms = perm_inherit(v->c, above->perms);
	blob = blob_new(value, bytes);
	if (perms && blob)
		rc = create_chain(v, &e, path, len, have, perms, blob);
	else
		rc = -ENOMEM;
	perms_put(perms);
	blob_put(blob);
	if (rc) {
		charges_free(&c);
		return rc;
	}
	settle(v, &c);
	view_tell(v, path, len, false, NULL);
	if (!v->t)
		changed(v->s);
	return 0;
}

int view_write(struct view *v, const char *path, size_t len,
	       const void *value, size_t bytes)
{
	const struct node *n = tree_find(view_tree(v), path, len);
	struct charges c = { 0 };
	struct edit e = view_edit(v, &c);
	struct blob *blob;
	int rc;

	if (!n)
		return -ENOENT;
	rc = view_touch(v, path, len, USE_NODE);
	if (!rc)
		rc = size_allowed(v, bytes, n->perms->count, n->kid_bytes);
	if (!rc && n->perms->p[0].domid != 0)
		rc = may_add(v, 0, (int64_t)bytes - (int64_t)value_len(n));
	if (!rc && v->t)
		rc = charges_reserve(&v->t->charges, 1);
	if (rc)
		return rc;
	blob = blob_new(value, bytes);
	rc = blob ? edit_value(&e, path, len, blob) : -ENOMEM;
	blob_put(blob);
	if (rc) {
		charges_free(&c);
		return rc;
	}
	settle(v, &c);
	view_tell(v, path, len, false, NULL);
	if (!v->t)
		changed(v->s);
	return 0;
}

int view_set_perms(struct view *v, const char *path, size_t len,
		   struct perms *perms)
{
	struct node *n = tree_find(view_tree(v), path, len);
	struct charges c = { 0 };
	struct edit e = view_edit(v, &c);
	struct perms *old;
	int rc;

	if (!n)
		return -ENOENT;
	rc = view_touch(v, path, len, USE_NODE);
	if (!rc)
		rc = size_allowed(v, value_len(n), perms->count, n->kid_bytes);
	if (!rc && v->t)
		rc = charges_reserve(&v->t->charges, 2);
	if (rc)
		return rc;
	old = perms_get(n->perms);
	rc = edit_perms(&e, path, len, perms);
	if (!rc) {
		settle(v, &c);
		view_tell(v, path, len, false, old);
		if (!v->t)
			changed(v->s);
	}
	charges_free(&c);
	perms_put(old);
	return rc;
}

struct removal {
	struct view *v;
	size_t root_len;
};

static int note_removal(const struct node *n, const char *path, size_t len,
			void *arg)
{
	struct removal *r = arg;

	(void)n;
	return touch(r->v, path, len, USE_NODE | USE_KIDS, NULL);
}

static int tell_removal(const struct node *n, const char *path, size_t len,
			void *arg)
{
	struct removal *r = arg;

	view_tell(r->v, path, len, len != r->root_len, n->perms);
	return 0;
}

int view_remove(struct view *v, const char *path, size_t len)
{
	struct node *n = tree_find(view_tree(v), path, len);
	struct removal r = { v, len };
	char buf[XENSTORE_ABS_PATH_MAX];
	struct charges c = { 0 };
	struct edit e = view_edit(v, v->t ? &v->t->charges : &c);
	struct tree before;
	int rc = 0;

	if (!n)
		return -ENOENT;
	memcpy(buf, path, len);
	if (v->t) {
		rc = touch(v, path, tree_parent_len(path, len), 0, NULL);
		if (!rc)
			rc = tree_walk(n, buf, len, note_removal, &r);
	}
	if (rc)
		return rc;
	/* Watches are told of the tree without the node, but with what its
	 * permissions were: keep the old version for the length of this. */
	tree_share(&before, e.tree);
	rc = edit_remove(&e, path, len);
	if (!rc) {
		settle(v, &c);
		tree_walk(tree_find(&before, path, len), buf, len,
			  tell_removal, &r);
	}
	tree_free(&before);
	if (!rc && !v->t)
		changed(v->s);
	return rc;
}

/* ---- beginning and ending ---- */

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

static bool conflicts(const struct txn *t)
{
	const struct touch *u;
	const struct node *n;

	for (u = t->touched; u; u = u->next) {
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

/* Whether the client's own account can take what the transaction adds. */
static int commit_allowed(const struct txn *t)
{
	struct charge add = charges_get(&t->charges, t->client->domid);
	struct view v = { t->client->store, t->client, NULL };

	return add.nodes > 0 ? may_add(&v, (uint32_t)add.nodes, 0) : 0;
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
		changed(s);
	return rc;
}

void txn_end_all(struct client *c)
{
	while (c->txns)
		txn_free(c->txns);
}
