// SPDX-License-Identifier: GPL-2.0-or-later
/* wbatch.c: see wbatch.h.  State: the items of one batch. */
#include "devd/wbatch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 50

void wb_add(struct wbatch *b, const char *name, const char *fmt, ...)
{
	va_list ap;

	strbuf_addz(&b->items, name);
	va_start(ap, fmt);
	strbuf_vprintf(&b->items, fmt, ap);
	va_end(ap);
	strbuf_addc(&b->items, 0);
	b->count++;
}

void wb_remove(struct wbatch *b, const char *name)
{
	strbuf_addc(&b->items, '-');
	strbuf_addz(&b->items, name);
	strbuf_addc(&b->items, 0);
	b->count++;
}

static int post_one(struct xsc *xs, uint32_t tx, const char *folder,
		    const char *name, const char *value)
{
	char path[XENSTORE_ABS_PATH_MAX];
	struct xsc_part part[2] = { { path, 0 }, { value, strlen(value) } };
	bool rm = *name == '-';

	snprintf(path, sizeof(path), "%s/%s", folder, name + rm);
	part[0].len = strlen(path) + 1;
	return xsc_post(xs, rm ? XS_RM : XS_WRITE, tx, part, rm ? 1 : 2);
}

static int post_all(const struct wbatch *b, struct xsc *xs, uint32_t tx,
		    const char *folder)
{
	const char *at = b->items.data;
	unsigned int i;
	int rc = 0, settled;

	for (i = 0; !rc && i < b->count; i++) {
		const char *value = at + strlen(at) + 1;

		rc = post_one(xs, tx, folder, at, value);
		at = value + strlen(value) + 1;
	}
	settled = xsc_settle(xs);
	return rc ? rc : settled;
}

static int try_once(const struct wbatch *b, struct xsc *xs,
		    const char *folder, const char *witness)
{
	uint32_t tx;
	char *seen;
	int rc = xsc_tx_start(xs, &tx), end;

	if (rc)
		return rc;
	rc = xsc_readf(xs, tx, &seen, "%s/%s", folder, witness);
	if (!rc) {
		free(seen);
		rc = post_all(b, xs, tx, folder);
	}
	end = xsc_tx_end(xs, tx, !rc);
	return rc ? rc : end;
}

int wb_write(struct wbatch *b, struct xsc *xs, const char *folder,
	     const char *witness)
{
	int rc = b->items.err, tries = TRIES;

	if (!xs)
		rc = -ENOTCONN;
	while (!rc && tries--) {
		rc = try_once(b, xs, folder, witness);
		if (rc != -EAGAIN)
			break;
		rc = tries ? 0 : -EAGAIN;
	}
	strbuf_free(&b->items);
	b->count = 0;
	return rc;
}
