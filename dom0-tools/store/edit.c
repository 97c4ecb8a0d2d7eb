/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edit.c: the four changes that a tree knows, with their cost.
 *
 * A node is charged to its owner: one node, and tree_node_bytes().  Room for
 * the charge is made first, so that nothing can fail once the tree changed.
 */
#include "store/edit.h"

#include <abi/io/xs_wire.h>
#include <errno.h>
#include <string.h>

static uint32_t owner(const struct perms *perms)
{
	return perms->p[0].domid;
}

int edit_create(struct edit *e, const char *path, size_t len,
		struct perms *perms, struct blob *value)
{
	int rc = charges_reserve(e->charges, 1);

	if (!rc)
		rc = tree_create(e->tree, path, len, perms, value, e->gen);
	if (!rc)
		charges_add(e->charges, owner(perms), 1,
			    (int64_t)tree_node_bytes(
				    tree_find(e->tree, path, len)));
	return rc;
}

int edit_value(struct edit *e, const char *path, size_t len,
	       struct blob *value)
{
	struct node *n = tree_find(e->tree, path, len);
	int64_t before;
	int rc;

	if (!n)
		return -ENOENT;
	before = (int64_t)tree_node_bytes(n);
	rc = charges_reserve(e->charges, 1);
	if (!rc)
		rc = tree_set_value(e->tree, path, len, value, e->gen);
	if (rc)
		return rc;
	n = tree_find(e->tree, path, len);
	charges_add(e->charges, owner(n->perms), 0,
		    (int64_t)tree_node_bytes(n) - before);
	return 0;
}

int edit_perms(struct edit *e, const char *path, size_t len,
	       struct perms *perms)
{
	struct node *n = tree_find(e->tree, path, len);
	int64_t before;
	uint32_t old;
	int rc;

	if (!n)
		return -ENOENT;
	before = (int64_t)tree_node_bytes(n);
	old = owner(n->perms);
	rc = charges_reserve(e->charges, 2);
	if (!rc)
		rc = tree_set_perms(e->tree, path, len, perms, e->gen);
	if (rc)
		return rc;
	n = tree_find(e->tree, path, len);
	charges_add(e->charges, old, -1, -before);
	charges_add(e->charges, owner(perms), 1, (int64_t)tree_node_bytes(n));
	return 0;
}

static int count_out(const struct node *n, const char *path, size_t len,
		     void *arg)
{
	struct charges *c = arg;
	int rc = charges_reserve(c, 1);

	(void)path;
	(void)len;
	if (!rc)
		charges_add(c, owner(n->perms), -1,
			    -(int64_t)tree_node_bytes(n));
	return rc;
}

int edit_remove(struct edit *e, const char *path, size_t len)
{
	struct node *n = tree_find(e->tree, path, len);
	char buf[XENSTORE_ABS_PATH_MAX];
	struct charges gone = { 0 };
	size_t i;
	int rc;

	if (!n)
		return -ENOENT;
	memcpy(buf, path, len);
	rc = tree_walk(n, buf, len, count_out, &gone);
	if (!rc)
		rc = charges_reserve(e->charges, gone.count);
	if (!rc)
		rc = tree_remove(e->tree, path, len, e->gen);
	for (i = 0; !rc && i < gone.count; i++)
		charges_add(e->charges, gone.v[i].domid, gone.v[i].nodes,
			    gone.v[i].bytes);
	charges_free(&gone);
	return rc;
}
