/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * touch.h: what a transaction remembers of each node it used.
 */
#ifndef STORE_TOUCH_H
#define STORE_TOUCH_H

#include "store/view.h"

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

/* NULL if the transaction has not used the node. */
struct touch *touch_find(struct txn *t, const char *path, size_t len);
/*
 * Notes that the view's transaction uses the node in the given way (USE_*),
 * with its generations if this is the first time.  *@out, if asked for, is the
 * note.  -ENOSPC (quota), -ENOMEM.
 */
int touch_note(struct view *v, const char *path, size_t len, uint32_t use,
	       struct touch **out);

#endif
