// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * writer.c: many store entries at once.
 *
 * State: the caller's struct store_writer, and what the connection has not
 * sent yet.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "writer.h"

static void full_path(const struct store_writer *w, char *to, size_t room,
		      const char *rel)
{
	snprintf(to, room, "%s%s%s", w->base, *rel ? "/" : "", rel);
}

static void post(struct store_writer *w, uint32_t op, const char *rel,
		 const void *data, size_t len)
{
	char path[512];
	struct xsc_part parts[] = { { path, 0 }, { data, len } };

	if (w->rc)
		return;
	full_path(w, path, sizeof(path), rel);
	parts[0].len = strlen(path) + 1;
	w->rc = xsc_post(w->xs, op, w->tx, parts, len ? 2 : 1);
}

void sw_at(struct store_writer *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->base, sizeof(w->base), fmt, ap);
	va_end(ap);
}

void sw_put(struct store_writer *w, const char *rel, const char *fmt, ...)
{
	char value[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		w->rc = w->rc ? w->rc : -E2BIG;
	else
		post(w, XS_WRITE, rel, value, (size_t)n);
}

void sw_remove(struct store_writer *w, const char *rel)
{
	post(w, XS_RM, rel, NULL, 0);
}

static void set_access(struct store_writer *w, const char *rel,
		       const struct xs_perm *perms, int count)
{
	char text[2 * XS_PERM_TEXT], one[XS_PERM_TEXT];
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		xs_perm_format(&perms[i], one);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
					one) + 1;
	}
	post(w, XS_SET_PERMS, rel, text, len);
}

void sw_make_own(struct store_writer *w, const char *rel, uint32_t owner)
{
	const struct xs_perm perm = { owner, 0 };

	post(w, XS_MKDIR, rel, NULL, 0);
	set_access(w, rel, &perm, 1);
}

void sw_make_shared(struct store_writer *w, const char *rel, uint32_t owner,
		    uint32_t reader)
{
	const struct xs_perm perms[] = { { owner, 0 }, { reader, XS_PERM_R } };

	post(w, XS_MKDIR, rel, NULL, 0);
	set_access(w, rel, perms, 2);
}

int sw_settle(struct store_writer *w)
{
	int rc = xsc_settle(w->xs);

	if (!w->rc)
		w->rc = rc;
	return w->rc;
}

int sw_transaction(struct xsc *xs,
		   void (*fill)(struct store_writer *w, void *ctx), void *ctx)
{
	struct store_writer w;

	do {
		w = (struct store_writer){ .xs = xs };
		w.rc = xsc_tx_start(xs, &w.tx);
		if (w.rc)
			break;
		fill(&w, ctx);
		sw_settle(&w);
		if (w.rc)
			xsc_tx_end(xs, w.tx, false);
		else
			w.rc = xsc_tx_end(xs, w.tx, true);
	} while (w.rc == -EAGAIN);
	return w.rc;
}
