// SPDX-License-Identifier: GPL-2.0-or-later
/* Bounded string copying.  The C names of str.h live in x86/cstring.c. */
#include <lib/str.h>

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);
	size_t n = MIN(len, size - 1);

	memcpy(dst, src, n);
	dst[n] = '\0';
	return len;
}
