/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.c: looking at the tree and changing it, for one request.
 *
 * Owns no state.  Outside a transaction a change is charged and told at once;
 * inside one it is noted (touch.h) and charged to the transaction.  Every
 * change is whole or not at all.
 */
#include "store/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/client.h"
#include "store/edit.h"
#include "store/perm.h"
#include "store/store.h"
#include "store/touch.h"
#include "store/txn.h"
#include "store/watch.h"

static struct tree *view_tree(struct view *v)
{
	return v->t ? &v->t->work : &v->s->tree;
}

bool view_limited(const struct view *v)
{
	return v->c && !client_is_privileged(v->c);
}

static int view_touch(struct view *v, const char *path, size_t len,
		      uint32_t use)
{
	return v->t ? touch_note(v, path, len, use, NULL) : 0;
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

/*
 * Ends a change of the node at @path, with @rc: charged and told, or nothing.
 * @before: what its permissions were, if they are what changed.
 */
static int conclude(struct view *v, struct charges *c, const char *path,
		    size_t len, struct perms *before, int rc)
{
	if (rc) {
		charges_free(c);
		return rc;
	}
	settle(v, c);
	view_tell(v, path, len, false, before);
	if (!v->t)
		txn_note_change(v->s);
	return 0;
}

static struct edit view_edit(struct view *v, struct charges *c)
{
	return (struct edit){ view_tree(v), c, store_next_gen(v->s) };
}

/* Nodes and bytes of the client's account, with its open transaction. */
int view_may_add(struct view *v, uint32_t nodes, int64_t bytes)
{
	struct charge open = { 0 };
	const struct domain *d;

	if (!view_limited(v))
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
	if (!view_limited(v))
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
			rc = touch_note(v, path, at, USE_NODE, &u);
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

	rc = view_may_add(v, n,
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
	return conclude(v, &c, path, len, NULL, rc);
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
		rc = view_may_add(v, 0, (int64_t)bytes - (int64_t)value_len(n));
	if (!rc && v->t)
		rc = charges_reserve(&v->t->charges, 1);
	if (rc)
		return rc;
	blob = blob_new(value, bytes);
	rc = blob ? edit_value(&e, path, len, blob) : -ENOMEM;
	blob_put(blob);
	return conclude(v, &c, path, len, NULL, rc);
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
	rc = conclude(v, &c, path, len, old, edit_perms(&e, path, len, perms));
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
	return touch_note(r->v, path, len, USE_NODE | USE_KIDS, NULL);
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
		rc = touch_note(v, path, tree_parent_len(path, len), 0, NULL);
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
		txn_note_change(v->s);
	return rc;
}
