/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h: the store's nodes, shared between versions.
 *
 * A `struct tree` is one version of the whole store.  Taking another version
 * (tree_share) costs one reference; from then on a change copies only the
 * nodes on the way from the root to what changes, so a transaction costs what
 * it touches and never disturbs another reader.
 *
 * Paths given here are absolute and valid (xs_path_valid); they need not end
 * with NUL.  Nodes handed out are borrowed: they stay valid until the tree
 * they came from is changed or freed.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who may do what; the first entry is the owner and the default for others.
 * Shared between nodes and never changed once made. */
struct perm {
	uint64_t gen;	/* when this right was given: see perm.c */
	uint32_t domid;
	uint32_t bits;
};

struct perms {
	uint32_t ref;
	uint32_t count;
	struct perm p[];
};

/* A node's value: shared, never changed. */
struct blob {
	uint32_t ref;
	uint32_t len;
	char data[];
};

struct node {
	uint32_t ref;
	uint32_t prio;		/* heap order among siblings */
	struct node *left;	/* siblings whose names sort before */
	struct node *right;	/* ... and after */
	struct node *kids;	/* root of the children */
	uint64_t gen;		/* last change of value, permissions, being */
	uint64_t kids_gen;	/* last change of the set of children */
	uint32_t kid_count;
	uint32_t kid_bytes;	/* of their names, with a NUL each */
	struct perms *perms;
	struct blob *value;	/* NULL: empty */
	uint16_t name_len;
	char name[];
};

struct tree {
	struct node *root;
};

struct perms *perms_new(const struct perm *p, uint32_t count);
struct perms *perms_get(struct perms *perms);
void perms_put(struct perms *perms);	/* accepts NULL */

/* NULL only for lack of memory; an empty value is a blob of length 0. */
struct blob *blob_new(const void *data, size_t len);
struct blob *blob_get(struct blob *blob);	/* accepts NULL */
void blob_put(struct blob *blob);		/* accepts NULL */

/* A tree that has only its root. */
int tree_init(struct tree *t, struct perms *perms, uint64_t gen);
void tree_free(struct tree *t);
/* Makes @dst another name for the version that @src is now. */
void tree_share(struct tree *dst, const struct tree *src);

/* NULL if there is none. */
struct node *tree_find(const struct tree *t, const char *path, size_t len);
/*
 * The node itself or its nearest ancestor that exists; *@found_len is the
 * length of that one's path.  Never NULL.
 */
struct node *tree_find_nearest(const struct tree *t, const char *path,
			       size_t len, size_t *found_len);

/*
 * Changes.  On failure the tree's content is what it was.  @gen becomes the
 * generation of what changed.  The objects given gain a reference.
 *
 * tree_create:    -EEXIST, -ENOENT (no parent), -ENOMEM
 * tree_set_value, tree_set_perms, tree_remove (with all below):
 *		   -ENOENT, -ENOMEM; the root cannot be removed (-EINVAL)
 */
int tree_create(struct tree *t, const char *path, size_t len,
		struct perms *perms, struct blob *value, uint64_t gen);
int tree_set_value(struct tree *t, const char *path, size_t len,
		   struct blob *value, uint64_t gen);
int tree_set_perms(struct tree *t, const char *path, size_t len,
		   struct perms *perms, uint64_t gen);
int tree_remove(struct tree *t, const char *path, size_t len, uint64_t gen);

/* Calls @fn for each child in order of name until it returns nonzero. */
int tree_each_kid(const struct node *n,
		  int (*fn)(const struct node *kid, void *arg), void *arg);

/*
 * Calls @fn for every node at and below @n, children before their parent,
 * until it returns nonzero, which is then returned.  @path is the caller's
 * buffer of XENSTORE_ABS_PATH_MAX bytes holding @n's own path; it holds the
 * visited node's path (of @len bytes, NUL-terminated) during a call.
 */
typedef int tree_visit_fn(const struct node *n, const char *path, size_t len,
			  void *arg);
int tree_walk(const struct node *n, char *path, size_t len, tree_visit_fn *fn,
	      void *arg);
/* The same with each parent before its children. */
int tree_walk_down(const struct node *n, char *path, size_t len,
		   tree_visit_fn *fn, void *arg);

/* Length of the path of @path's parent: "/a/b" -> "/a", "/a" -> "/". */
size_t tree_parent_len(const char *path, size_t len);

/* What a node costs its owner, in bytes. */
size_t tree_node_bytes(const struct node *n);

#endif
