/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c: watches, found by the path they are on.
 *
 * Owns store.watches, a hash of all watches by path, and each client's list.
 * A change looks up its own path and each ancestor once, so its cost depends
 * on the depth of the path and on the watches that match, not on how many
 * there are.  The hash is seeded: guests choose the paths.
 */
#include "store/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/client.h"
#include "store/perm.h"
#include "store/store.h"

static uint64_t hash_step(uint64_t h, char c)
{
	return (h ^ (unsigned char)c) * 0x100000001b3u;
}

static struct watch **bucket(struct store *s, uint64_t h)
{
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	h ^= h >> 32;
	return &s->watches[h & (WATCH_BUCKETS - 1)];
}

static struct watch **bucket_of(struct store *s, const char *path, size_t len)
{
	uint64_t h = s->hash_seed;
	size_t i;

	for (i = 0; i < len; i++)
		h = hash_step(h, path[i]);
	return bucket(s, h);
}

static struct watch *find(struct client *c, const char *path,
			  const char *token)
{
	struct watch *w;

	for (w = c->watches; w; w = w->next)
		if (!strcmp(w->path, path) && !strcmp(w->token, token))
			return w;
	return NULL;
}

static int64_t watch_bytes(const struct watch *w)
{
	return (int64_t)(sizeof(*w) + w->path_len + strlen(w->token) + 2);
}

static void link_in(struct watch *w, struct watch **head)
{
	w->bucket_next = *head;
	w->bucket_pprev = head;
	if (w->bucket_next)
		w->bucket_next->bucket_pprev = &w->bucket_next;
	*head = w;
	w->next = w->client->watches;
	w->pprev = &w->client->watches;
	if (w->next)
		w->next->pprev = &w->next;
	w->client->watches = w;
}

int watch_add(struct client *c, const char *path, size_t prefix_len,
	      const char *token, struct watch **out)
{
	struct watch *w;
	int rc;

	if (find(c, path, token))
		return -EEXIST;
	if (!client_is_privileged(c) &&
	    c->watch_count >= c->store->quota.watches)
		return -E2BIG;
	rc = client_charge(c, (int64_t)(sizeof(*w) + strlen(path) +
					strlen(token) + 2));
	if (rc)
		return rc;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->client = c;
	w->path = strdup(path);
	w->token = strdup(token);
	if (!w->path || !w->token) {
		free(w->path);
		free(w->token);
		free(w);
		return -ENOMEM;
	}
	w->path_len = strlen(path);
	w->prefix_len = prefix_len;
	link_in(w, bucket_of(c->store, path, w->path_len));
	c->watch_count++;
	client_account(c, watch_bytes(w));
	*out = w;
	return 0;
}

void watch_free(struct watch *w)
{
	*w->pprev = w->next;
	if (w->next)
		w->next->pprev = w->pprev;
	*w->bucket_pprev = w->bucket_next;
	if (w->bucket_next)
		w->bucket_next->bucket_pprev = w->bucket_pprev;
	w->client->watch_count--;
	client_account(w->client, -watch_bytes(w));
	free(w->path);
	free(w->token);
	free(w);
}

int watch_remove(struct client *c, const char *path, const char *token)
{
	struct watch *w = find(c, path, token);

	if (!w)
		return -ENOENT;
	watch_free(w);
	return 0;
}

void watch_remove_all(struct client *c)
{
	while (c->watches)
		watch_free(c->watches);
}

void watch_tell(struct watch *w, const char *path)
{
	size_t len = strlen(path);

	client_event(w->client,
		     path + (w->prefix_len < len ? w->prefix_len : len),
		     w->token);
}

struct change {
	struct store *s;
	const char *path;	/* NUL-terminated */
	size_t len;
	const struct perms *old;
	const struct perms *now;	/* NULL: the node is gone */
	const struct perms *above;
};

static bool may_hear(const struct change *ch, const struct client *c)
{
	if (client_is_privileged(c))
		return true;
	return (ch->old && (perm_for(c, ch->old) & XS_PERM_R)) ||
	       (ch->now && (perm_for(c, ch->now) & XS_PERM_R)) ||
	       (perm_for(c, ch->above) & XS_PERM_R);
}

/* Tells the watches in @head that are on the first @len bytes of the path. */
static void fire_at(const struct change *ch, struct watch *head, size_t len)
{
	struct watch *w;

	for (w = head; w; w = w->bucket_next)
		if (w->path_len == len && !memcmp(w->path, ch->path, len) &&
		    may_hear(ch, w->client))
			watch_tell(w, ch->path);
}

static void fire_ancestors(const struct change *ch)
{
	uint64_t h = hash_step(ch->s->hash_seed, '/');
	size_t i;

	fire_at(ch, *bucket(ch->s, h), 1);
	for (i = 1; i < ch->len; i++) {
		if (i > 1 && ch->path[i] == '/')
			fire_at(ch, *bucket(ch->s, h), i);
		h = hash_step(h, ch->path[i]);
	}
}

void watch_fire(struct store *s, const char *path, size_t len, bool exact,
		const struct perms *old)
{
	char text[XENSTORE_ABS_PATH_MAX];
	struct change ch = { .s = s, .path = text, .len = len, .old = old };
	struct node *n;
	size_t found;

	if (len >= sizeof(text))
		return;
	memcpy(text, path, len);
	text[len] = 0;
	n = tree_find(&s->tree, text, len);
	ch.now = n ? n->perms : NULL;
	ch.above = tree_find_nearest(&s->tree, text,
				     tree_parent_len(text, len), &found)
			   ->perms;
	if (!exact)
		fire_ancestors(&ch);
	if (exact || len > 1)
		fire_at(&ch, *bucket_of(s, text, len), len);
}

void watch_fire_special(struct store *s, const char *name)
{
	const struct perms *perms = !strcmp(name, STORE_INTRODUCE) ?
					    s->introduce_perms :
					    s->release_perms;
	struct change ch = { .s = s, .path = name, .len = strlen(name),
			     .now = perms, .above = perms };

	fire_at(&ch, *bucket_of(s, name, ch.len), ch.len);
}
