/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * touch.c: the notes of a transaction, found by path.
 *
 * Owns the transaction's list of notes, in order of first use, and its hash.
 * Each note is charged to the client's account until the transaction ends.
 */
#include "store/touch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/client.h"
#include "store/store.h"
#include "store/txn.h"

static struct touch **touch_bucket(struct txn *t, const char *path, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 0x100000001b3u;
	return &t->hash[(h ^ (h >> 32)) % TOUCH_BUCKETS];
}

struct touch *touch_find(struct txn *t, const char *path, size_t len)
{
	struct touch *u = *touch_bucket(t, path, len);

	while (u && (u->len != len || memcmp(u->path, path, len)))
		u = u->hash_next;
	return u;
}

static int touch_allowed(const struct view *v, size_t bytes)
{
	if (!view_limited(v))
		return 0;
	if (v->t->touch_count >= v->s->quota.txn_nodes)
		return -ENOSPC;
	return client_charge(v->c, (int64_t)bytes);
}

int touch_note(struct view *v, const char *path, size_t len, uint32_t use,
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
