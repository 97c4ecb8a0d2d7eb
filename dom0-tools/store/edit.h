/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edit.h: changes to a version of the tree that also keep the accounts.
 *
 * Each works on the version and charges that it is given and leaves both as
 * they were when it fails.
 */
#ifndef STORE_EDIT_H
#define STORE_EDIT_H

#include "store/quota.h"
#include "store/tree.h"

struct edit {
	struct tree *tree;
	struct charges *charges;
	uint64_t gen;
};

int edit_create(struct edit *e, const char *path, size_t len,
		struct perms *perms, struct blob *value);
int edit_value(struct edit *e, const char *path, size_t len,
	       struct blob *value);
int edit_perms(struct edit *e, const char *path, size_t len,
	       struct perms *perms);
int edit_remove(struct edit *e, const char *path, size_t len);

#endif
