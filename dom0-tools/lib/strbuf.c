/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strbuf.c: growing byte buffers.
 *
 * Invariants: cap == 0 exactly when data == NULL; otherwise len < cap and
 * data[len] == 0.  No state outside the buffer handed in.
 */
#include "lib/strbuf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int strbuf_reserve(struct strbuf *sb, size_t more)
{
	size_t need, cap = sb->cap ? sb->cap : 64;
	char *p;

	if (sb->err)
		return sb->err;
	if (more > SIZE_MAX / 4 || sb->len > SIZE_MAX / 4)
		return sb->err = -ENOMEM;
	need = sb->len + more + 1;
	if (need <= sb->cap)
		return 0;
	while (cap < need)
		cap *= 2;
	p = realloc(sb->data, cap);
	if (!p)
		return sb->err = -ENOMEM;
	sb->data = p;
	sb->cap = cap;
	sb->data[sb->len] = 0;
	return 0;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (strbuf_reserve(sb, len))
		return;
	if (len)
		memcpy(sb->data + sb->len, data, len);
	sb->len += len;
	sb->data[sb->len] = 0;
}

void strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_addz(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s) + 1);
}

void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		sb->err = -EINVAL;
		return;
	}
	if (strbuf_reserve(sb, (size_t)n))
		return;
	vsnprintf(sb->data + sb->len, (size_t)n + 1, fmt, ap);
	sb->len += (size_t)n;
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_consume(struct strbuf *sb, size_t n)
{
	if (n >= sb->len) {
		sb->len = 0;
		if (sb->data)
			sb->data[0] = 0;
		return;
	}
	memmove(sb->data, sb->data + n, sb->len - n + 1);
	sb->len -= n;
}

void strbuf_reset(struct strbuf *sb)
{
	sb->err = 0;
	strbuf_consume(sb, sb->len);
}

void strbuf_free(struct strbuf *sb)
{
	free(sb->data);
	*sb = (struct strbuf){ 0 };
}

char *strbuf_steal(struct strbuf *sb)
{
	char *s;

	strbuf_reserve(sb, 0);
	s = sb->err ? NULL : sb->data;
	if (!s)
		free(sb->data);
	*sb = (struct strbuf){ 0 };
	return s;
}
