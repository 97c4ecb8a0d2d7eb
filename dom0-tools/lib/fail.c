// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fail.c: building one error message; see fail.h.
 *
 * State: the caller's struct.  A message that does not fit is cut, never
 * lost.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"

int fail_set(struct fail *fail, int rc, const char *fmt, ...)
{
	va_list ap;

	if (!fail || fail->rc)
		return rc;
	fail->rc = rc;
	va_start(ap, fmt);
	vsnprintf(fail->text, sizeof(fail->text), fmt, ap);
	va_end(ap);
	return rc;
}

int fail_errno(struct fail *fail, int rc, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	if (!fail || fail->rc)
		return rc;
	fail->rc = rc;
	va_start(ap, fmt);
	vsnprintf(fail->text, sizeof(fail->text), fmt, ap);
	va_end(ap);
	used = strlen(fail->text);
	snprintf(fail->text + used, sizeof(fail->text) - used, ": %s",
		 strerror(-rc));
	return rc;
}

int fail_step(struct fail *fail, const char *fmt, ...)
{
	char text[sizeof(fail->text)];
	va_list ap;
	int n;

	if (!fail || !fail->rc)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(text))
		n = snprintf(text + n, sizeof(text) - (size_t)n, ": %s",
			     fail->text);
	if (n >= 0)
		memcpy(fail->text, text, sizeof(text));
	return fail->rc;
}
