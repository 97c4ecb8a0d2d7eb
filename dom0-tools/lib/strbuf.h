/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strbuf.h: a growing byte buffer.
 *
 * Appending never fails at the call: an allocation failure is remembered in
 * `err` (-ENOMEM) and everything after it is ignored, so that a caller builds
 * a whole message and checks once.  `data` is always NUL-terminated when it is
 * not NULL; the NUL is not counted in `len`.  An all-zero strbuf is empty.
 */
#ifndef DOM0_LIB_STRBUF_H
#define DOM0_LIB_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *data;
	size_t len;
	size_t cap;
	int err;
};

/* Makes room for @more bytes beyond len; 0 or the sticky error. */
int strbuf_reserve(struct strbuf *sb, size_t more);
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addc(struct strbuf *sb, char c);
/* Appends the text without its NUL. */
void strbuf_adds(struct strbuf *sb, const char *s);
/* Appends the text with its NUL, as the store's lists want it. */
void strbuf_addz(struct strbuf *sb, const char *s);
void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Drops the first @n bytes. */
void strbuf_consume(struct strbuf *sb, size_t n);
/* Empties the buffer and its error, keeps the memory. */
void strbuf_reset(struct strbuf *sb);
/* Frees the memory; the buffer is empty and usable afterwards. */
void strbuf_free(struct strbuf *sb);
/* Hands the text to the caller, who frees it; NULL after an error. */
char *strbuf_steal(struct strbuf *sb);

#endif
