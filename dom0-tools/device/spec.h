/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec.h: the words of a device's description, "a,b,key=value,flag".
 *
 * disk.c and nic.c read their text through this, so that both name the place
 * of a mistake in the same way.
 */
#ifndef DOM0_DEVICE_SPEC_H
#define DOM0_DEVICE_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "../lib/fail.h"
#include "../lib/strbuf.h"

/* More than any path that could stand in one. */
#define SPEC_MAX 8192

struct spec {
	const char *what;	/* "disk" or "vif" */
	const char *text;	/* the whole */
	struct fail *fail;
	size_t next;		/* where the next word begins */
	size_t at;		/* where the last one began */
	bool end;
};

/*
 * Calls @take with each word of @text, without the spaces before it and open
 * to changes, until it returns an error.  0, that error, -EINVAL for text that no device needs
 * (too long, control characters), or -ENOMEM.
 */
int spec_read(struct spec *s, const char *what, const char *text,
	      struct fail *fail, int (*take)(void *ctx, char *word),
	      void *ctx);
/* The rest of the text behind @skip characters of the last word. */
char *spec_rest(struct spec *s, size_t skip);
/* Notes `WHAT "TEXT": at N: MESSAGE`; -EINVAL. */
int spec_complain(struct spec *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for what the text lacks, which is nowhere in it. */
int spec_lacks(struct spec *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Divides "key=value" at its sign: true, with *@value behind it and the sign
 * overwritten.  What stands before must look like a key, else it is a value
 * with a sign in it.
 */
bool spec_divide(char *word, char **value);

/*
 * Appends "NAME=VALUE,": nothing for NULL or "".  A value that would be
 * divided again is -EINVAL in @out.
 */
void spec_put(struct strbuf *out, const char *name, const char *value);

/* "0" or "1". */
bool spec_bool(const char *value, bool *to);

/* Replaces *@to by a copy of @value, or by NULL if that is empty. */
int spec_keep(struct spec *s, char **to, const char *value);

#endif
