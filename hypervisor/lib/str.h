/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of string.h that the hypervisor uses, and bounded formatting. */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdarg.h>
#include <lib/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/*
 * Copy at most size - 1 bytes and always terminate (size > 0).
 * Returns the length of @src.
 */
size_t str_copy(char *dst, const char *src, size_t size);

/*
 * printf subset: %d %i %u %x %X %p %s %c %% with flags 0 - and width, length
 * modifiers l ll z h hh, precision for %s.  Always terminates; returns the
 * length that the whole text would have had.
 */
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
	printf_like(3, 4);

#endif
