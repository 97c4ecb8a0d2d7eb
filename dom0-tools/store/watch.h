/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h: who wants to hear of which paths, and telling them.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct perms;
struct store;

struct watch {
	struct client *client;
	struct watch *next;	/* of the client's */
	struct watch **pprev;
	struct watch *bucket_next;
	struct watch **bucket_pprev;
	size_t path_len;
	size_t prefix_len;	/* cut off the paths that the client sees */
	char *path;		/* absolute, or a special name */
	char *token;
};

/*
 * Registers a watch; @prefix_len is the length of what was put before a
 * relative path.  -EEXIST, -E2BIG (quota), -ENOMEM.
 */
int watch_add(struct client *c, const char *path, size_t prefix_len,
	      const char *token, struct watch **out);
/* -ENOENT if there is no such watch. */
int watch_remove(struct client *c, const char *path, const char *token);
void watch_free(struct watch *w);
void watch_remove_all(struct client *c);

/* Tells the watch's client of @path, whoever caused it. */
void watch_tell(struct watch *w, const char *path);

/*
 * The node at @path was made, changed or removed.  Watches on it are told,
 * and unless @exact those on its ancestors.  @old is the permissions that it
 * had before, if they are another's now or the node is gone; NULL otherwise.
 * A client is told if it may read the node (as it is or as it was) or the
 * node's nearest existing ancestor.
 */
void watch_fire(struct store *s, const char *path, size_t len, bool exact,
		const struct perms *old);
/* One of the special names. */
void watch_fire_special(struct store *s, const char *name);

#endif
