/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h: many store entries at once, without waiting for each answer.
 *
 * A writer notes its first error and does nothing after it.  Permissions are
 * inherited from the parent node, so each subtree is made by setting them on
 * its root first.
 */
#ifndef DOM0_DEVICE_WRITER_H
#define DOM0_DEVICE_WRITER_H

#include <stdint.h>

#include "../lib/xs_client.h"

struct store_writer {
	struct xsc *xs;
	uint32_t tx;		/* or XSC_NO_TX */
	char base[256];		/* where relative paths begin */
	int rc;
};

/* Sets where relative paths begin from here on. */
void sw_at(struct store_writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sw_put(struct store_writer *w, const char *rel, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Removes a node with all below it; what is not there is no error. */
void sw_remove(struct store_writer *w, const char *rel);
/* Makes a node, empty, owned by domain @owner. */
void sw_make_own(struct store_writer *w, const char *rel, uint32_t owner);
/* The same, and domain @reader may read it. */
void sw_make_shared(struct store_writer *w, const char *rel, uint32_t owner,
		    uint32_t reader);

/*
 * One transaction: calls @fill, which posts, and commits; again where somebody
 * else was in the way.  0 or -errno, then without effect.
 */
int sw_transaction(struct xsc *xs,
		   void (*fill)(struct store_writer *w, void *ctx), void *ctx);
/* Sends what was posted outside of a transaction; the first error. */
int sw_settle(struct store_writer *w);

#endif
