/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wbatch.h: values for one folder of the store, written in one transaction,
 * and only if the folder still exists: what was removed must not come back
 * because somebody wrote into it late.
 */
#ifndef DEVD_WBATCH_H
#define DEVD_WBATCH_H

#include "lib/strbuf.h"
#include "lib/xs_client.h"

struct wbatch {
	struct strbuf items;	/* name NUL value NUL ...; "-name" NUL NUL
				 * removes */
	unsigned int count;
};

void wb_add(struct wbatch *b, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Removes node @name. */
void wb_remove(struct wbatch *b, const char *name);
/*
 * Writes all to @folder, which exists as long as its node @witness does, and
 * empties the batch.  -ENOENT if the folder is gone: nothing was written.
 */
int wb_write(struct wbatch *b, struct xsc *xs, const char *folder,
	     const char *witness);

#endif
