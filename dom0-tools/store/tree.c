/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c: versions of a tree that share what they have in common.
 *
 * A node is one item of the balanced tree (a treap) of its parent's children,
 * which hangs off the parent's `kids`; `left` and `right` are siblings.
 *
 * Invariants:
 *  - `ref` counts the links (left, right, kids, tree.root) that name a node.
 *    A node reached by a path of nodes that all have ref 1 belongs to one
 *    version alone and is changed in place; any other is copied first.
 *  - Names sort before: all of left; after: all of right.  No child's prio is
 *    above its parent's.  Priorities are random, so the shape does not depend
 *    on names that a hostile guest chose.
 *  - kid_count and kid_bytes describe the `kids` tree.
 *
 * Copying a node changes no content, so an operation that runs out of memory
 * half way has only made some sharing less.  Nothing here locks.
 */
#include "store/tree.h"

#include <abi/io/xs_wire.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct perms *perms_new(const struct perm *p, uint32_t count)
{
	struct perms *perms = malloc(sizeof(*perms) + count * sizeof(*p));

	if (!perms)
		return NULL;
	perms->ref = 1;
	perms->count = count;
	memcpy(perms->p, p, count * sizeof(*p));
	return perms;
}

struct perms *perms_get(struct perms *perms)
{
	perms->ref++;
	return perms;
}

void perms_put(struct perms *perms)
{
	if (perms && !--perms->ref)
		free(perms);
}

struct blob *blob_new(const void *data, size_t len)
{
	struct blob *b = malloc(sizeof(*b) + len);

	if (!b)
		return NULL;
	b->ref = 1;
	b->len = (uint32_t)len;
	if (len)
		memcpy(b->data, data, len);
	return b;
}

struct blob *blob_get(struct blob *blob)
{
	if (blob)
		blob->ref++;
	return blob;
}

void blob_put(struct blob *blob)
{
	if (blob && !--blob->ref)
		free(blob);
}

static uint32_t random_prio(void)
{
	static uint64_t state;

	if (!state)
		state = (uint64_t)(uintptr_t)&state ^ 0x9e3779b97f4a7c15u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static struct node *node_get(struct node *n)
{
	if (n)
		n->ref++;
	return n;
}

/* Drops one reference to @n; a node without any joins the doomed, who are
 * linked through a field that a dead node no longer needs. */
static void release(struct node *n, struct node **doomed)
{
	if (!n || --n->ref)
		return;
	n->kids_gen = (uintptr_t)*doomed;
	*doomed = n;
}

/* Without recursion down the tree: its depth is the guests' choice. */
static void node_put(struct node *n)
{
	struct node *doomed = NULL;

	release(n, &doomed);
	while (doomed) {
		n = doomed;
		doomed = (struct node *)(uintptr_t)n->kids_gen;
		release(n->left, &doomed);
		release(n->right, &doomed);
		release(n->kids, &doomed);
		perms_put(n->perms);
		blob_put(n->value);
		free(n);
	}
}

static struct node *node_new(const char *name, size_t len, struct perms *perms,
			     struct blob *value, uint64_t gen)
{
	struct node *n = calloc(1, sizeof(*n) + len + 1);

	if (!n)
		return NULL;
	n->ref = 1;
	n->prio = random_prio();
	n->gen = gen;
	n->kids_gen = gen;
	n->perms = perms_get(perms);
	n->value = blob_get(value);
	n->name_len = (uint16_t)len;
	memcpy(n->name, name, len);
	return n;
}

/*
 * Makes the node behind *@link this version's own, copying it if it is
 * shared.  Everything above must be its own already.  NULL without memory.
 */
static struct node *own(struct node **link)
{
	struct node *old = *link, *n;
	size_t size = sizeof(*n) + old->name_len + 1;

	if (old->ref == 1)
		return old;
	n = malloc(size);
	if (!n)
		return NULL;
	memcpy(n, old, size);
	n->ref = 1;
	node_get(n->left);
	node_get(n->right);
	node_get(n->kids);
	perms_get(n->perms);
	blob_get(n->value);
	old->ref--;
	*link = n;
	return n;
}

static bool all_digits(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return len > 0;
}

/* Numbers first, by value (leading zeros apart), then the rest by bytes. */
static int name_cmp(const char *a, size_t alen, const char *b, size_t blen)
{
	bool anum = all_digits(a, alen), bnum = all_digits(b, blen);
	int c;

	if (anum != bnum)
		return anum ? -1 : 1;
	if (anum && alen != blen)
		return alen < blen ? -1 : 1;
	c = memcmp(a, b, alen < blen ? alen : blen);
	if (c || alen == blen)
		return c;
	return alen < blen ? -1 : 1;
}

/* The next component of a path at *@off: its length, 0 at the end. */
static size_t component(const char *path, size_t len, size_t *off)
{
	size_t start;

	while (*off < len && path[*off] == '/')
		++*off;
	start = *off;
	while (*off < len && path[*off] != '/')
		++*off;
	return *off - start;
}

static struct node *find_kid(struct node *n, const char *name, size_t len)
{
	struct node *k = n->kids;

	while (k) {
		int c = name_cmp(name, len, k->name, k->name_len);

		if (!c)
			return k;
		k = c < 0 ? k->left : k->right;
	}
	return NULL;
}

struct node *tree_find_nearest(const struct tree *t, const char *path,
			       size_t len, size_t *found_len)
{
	struct node *n = t->root, *kid;
	size_t off = 0, clen;

	*found_len = 1;
	while ((clen = component(path, len, &off))) {
		kid = find_kid(n, path + off - clen, clen);
		if (!kid)
			break;
		n = kid;
		*found_len = off;
	}
	return n;
}

struct node *tree_find(const struct tree *t, const char *path, size_t len)
{
	size_t found;
	struct node *n = tree_find_nearest(t, path, len, &found);

	return found == len ? n : NULL;
}

/*
 * The link that names the child (or would name it, if *link is then NULL)
 * inside @n, with all siblings on the way made this version's own.
 */
static int own_kid_link(struct node *n, const char *name, size_t len,
			struct node ***out)
{
	struct node **link = &n->kids;

	while (*link) {
		int c = name_cmp(name, len, (*link)->name, (*link)->name_len);

		if (!own(link))
			return -ENOMEM;
		if (!c)
			break;
		link = c < 0 ? &(*link)->left : &(*link)->right;
	}
	*out = link;
	return 0;
}

/* The link to the node at @path, everything down to it this version's own. */
static int own_path(struct tree *t, const char *path, size_t len,
		    struct node ***out)
{
	struct node **link = &t->root;
	size_t off = 0, clen;
	int rc;

	if (!own(link))
		return -ENOMEM;
	while ((clen = component(path, len, &off))) {
		rc = own_kid_link(*link, path + off - clen, clen, &link);
		if (rc)
			return rc;
		if (!*link)
			return -ENOENT;
	}
	*out = link;
	return 0;
}

/* Splits @n's siblings at @name, which is not among them; all must be owned
 * on the way.  Links are only ever moved, so no reference changes. */
static int split(struct node *n, const char *name, size_t len,
		 struct node **less, struct node **more)
{
	/* Own the whole search path first: after that nothing can fail. */
	struct node **link = &n, *at;

	while (*link) {
		if (!own(link))
			return -ENOMEM;
		link = name_cmp(name, len, (*link)->name, (*link)->name_len) <
				       0 ?
			       &(*link)->left :
			       &(*link)->right;
	}
	for (at = n; at;) {
		if (name_cmp(name, len, at->name, at->name_len) < 0) {
			*more = at;
			more = &at->left;
			at = at->left;
		} else {
			*less = at;
			less = &at->right;
			at = at->right;
		}
	}
	*less = NULL;
	*more = NULL;
	return 0;
}

/* Puts @n, which has no links yet, among the children at *@link. */
static int insert(struct node **link, struct node *n)
{
	int rc;

	while (*link && (*link)->prio >= n->prio) {
		if (!own(link))
			return -ENOMEM;
		link = name_cmp(n->name, n->name_len, (*link)->name,
				(*link)->name_len) < 0 ?
			       &(*link)->left :
			       &(*link)->right;
	}
	if (!*link) {
		*link = n;
		return 0;
	}
	/* The rest of the search path may be shared: own its top first, so
	 * that what split() rearranges is reached by this version alone. */
	if (!own(link))
		return -ENOMEM;
	rc = split(*link, n->name, n->name_len, &n->left, &n->right);
	if (!rc)
		*link = n;
	return rc;
}

/* Joins two sibling trees, all of @a before all of @b, into *@link. */
static int join(struct node **link, struct node **a, struct node **b)
{
	struct node **x = a, **y = b, *p, *q;

	/* Own first, so that a failure leaves both as they were. */
	while (*x && *y) {
		if (!own(x) || !own(y))
			return -ENOMEM;
		if ((*x)->prio >= (*y)->prio)
			x = &(*x)->right;
		else
			y = &(*y)->left;
	}
	p = *a;
	q = *b;
	while (p && q) {
		if (p->prio >= q->prio) {
			*link = p;
			link = &p->right;
			p = p->right;
		} else {
			*link = q;
			link = &q->left;
			q = q->left;
		}
	}
	*link = p ? p : q;
	return 0;
}

int tree_init(struct tree *t, struct perms *perms, uint64_t gen)
{
	t->root = node_new("", 0, perms, NULL, gen);
	return t->root ? 0 : -ENOMEM;
}

void tree_free(struct tree *t)
{
	node_put(t->root);
	t->root = NULL;
}

void tree_share(struct tree *dst, const struct tree *src)
{
	dst->root = node_get(src->root);
}

size_t tree_parent_len(const char *path, size_t len)
{
	while (len > 1 && path[len - 1] != '/')
		len--;
	return len > 1 ? len - 1 : 1;
}

int tree_create(struct tree *t, const char *path, size_t len,
		struct perms *perms, struct blob *value, uint64_t gen)
{
	size_t plen = tree_parent_len(path, len);
	size_t at = plen == 1 ? 1 : plen + 1;
	struct node **link, *parent, *n;
	int rc;

	if (tree_find(t, path, len))
		return -EEXIST;
	rc = own_path(t, path, plen, &link);
	if (rc)
		return rc;
	parent = *link;
	n = node_new(path + at, len - at, perms, value, gen);
	if (!n)
		return -ENOMEM;
	rc = insert(&parent->kids, n);
	if (rc) {
		node_put(n);
		return rc;
	}
	parent->kids_gen = gen;
	parent->kid_count++;
	parent->kid_bytes += n->name_len + 1u;
	return 0;
}

int tree_set_value(struct tree *t, const char *path, size_t len,
		   struct blob *value, uint64_t gen)
{
	struct node **link;
	int rc = own_path(t, path, len, &link);

	if (rc)
		return rc;
	blob_get(value);
	blob_put((*link)->value);
	(*link)->value = value;
	(*link)->gen = gen;
	return 0;
}

int tree_set_perms(struct tree *t, const char *path, size_t len,
		   struct perms *perms, uint64_t gen)
{
	struct node **link;
	int rc = own_path(t, path, len, &link);

	if (rc)
		return rc;
	perms_get(perms);
	perms_put((*link)->perms);
	(*link)->perms = perms;
	(*link)->gen = gen;
	return 0;
}

int tree_remove(struct tree *t, const char *path, size_t len, uint64_t gen)
{
	size_t plen = tree_parent_len(path, len);
	size_t at = plen == 1 ? 1 : plen + 1;
	struct node **link, *parent, *n;
	int rc;

	if (len == 1)
		return -EINVAL;
	if (!tree_find(t, path, len))
		return -ENOENT;
	rc = own_path(t, path, plen, &link);
	if (rc)
		return rc;
	parent = *link;
	rc = own_kid_link(parent, path + at, len - at, &link);
	if (rc)
		return rc;
	n = *link;
	rc = join(link, &n->left, &n->right);
	if (rc)
		return rc;
	n->left = NULL;
	n->right = NULL;
	parent->kids_gen = gen;
	parent->kid_count--;
	parent->kid_bytes -= n->name_len + 1u;
	node_put(n);
	return 0;
}

static int each(const struct node *n,
		int (*fn)(const struct node *kid, void *arg), void *arg)
{
	int rc;

	for (; n; n = n->right) {
		rc = each(n->left, fn, arg);
		if (!rc)
			rc = fn(n, arg);
		if (rc)
			return rc;
	}
	return 0;
}

int tree_each_kid(const struct node *n,
		  int (*fn)(const struct node *kid, void *arg), void *arg)
{
	return each(n->kids, fn, arg);
}

struct walk {
	char *path;
	size_t len;
	tree_visit_fn *before;	/* the children; or NULL */
	tree_visit_fn *after;
	void *arg;
};

static int walk_kid(const struct node *kid, void *arg);

/* Recursion is bounded by the components of a path and, among siblings, by
 * the treap's depth: small frames, and a few thousand of them at the worst. */
static int walk_one(const struct node *n, struct walk *w)
{
	int rc = w->before ? w->before(n, w->path, w->len, w->arg) : 0;

	if (!rc)
		rc = tree_each_kid(n, walk_kid, w);
	if (!rc && w->after)
		rc = w->after(n, w->path, w->len, w->arg);
	return rc;
}

static int walk_kid(const struct node *kid, void *arg)
{
	struct walk *w = arg;
	size_t old = w->len, slash = old == 1 ? 0 : 1;
	int rc;

	if (old + slash + kid->name_len >= XENSTORE_ABS_PATH_MAX)
		return -ENAMETOOLONG;
	if (slash)
		w->path[old] = '/';
	memcpy(w->path + old + slash, kid->name, kid->name_len + 1u);
	w->len = old + slash + kid->name_len;
	rc = walk_one(kid, w);
	w->len = old;
	w->path[old] = 0;
	return rc;
}

int tree_walk(const struct node *n, char *path, size_t len, tree_visit_fn *fn,
	      void *arg)
{
	struct walk w = { path, len, NULL, fn, arg };

	path[len] = 0;
	return walk_one(n, &w);
}

int tree_walk_down(const struct node *n, char *path, size_t len,
		   tree_visit_fn *fn, void *arg)
{
	struct walk w = { path, len, fn, NULL, arg };

	path[len] = 0;
	return walk_one(n, &w);
}

size_t tree_node_bytes(const struct node *n)
{
	return sizeof(*n) + n->name_len + 1 +
	       n->perms->count * sizeof(struct perm) +
	       (n->value ? n->value->len : 0);
}
