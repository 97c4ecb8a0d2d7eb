/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fail.h: why something failed, in words for the person who asked for it.
 *
 * A `struct fail` is filled once, where the cause is known, with the cause
 * and the remedy; callers on the way up put the step in front.  The first
 * cause wins: what fails while undoing does not hide it.
 */
#ifndef DOM0_LIB_FAIL_H
#define DOM0_LIB_FAIL_H

#include <stddef.h>

struct fail {
	int rc;			/* 0 while nothing failed */
	char text[1024];
};

/*
 * Notes the cause @rc (-errno) with a message, unless one is noted already.
 * @fail may be NULL.  Returns @rc, for `return fail_set(...)`.
 */
int fail_set(struct fail *fail, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Like fail_set(), and ends the message with the meaning of @rc. */
int fail_errno(struct fail *fail, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "STEP: " before the noted message; returns the noted code. */
int fail_step(struct fail *fail, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
