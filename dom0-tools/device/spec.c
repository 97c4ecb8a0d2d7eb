// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec.c: the words of a device's description.
 *
 * State: the caller's struct spec.  Nothing outside the text is read, and
 * the text is not changed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

static int begin(struct spec *s, const char *what, const char *text,
		 struct fail *fail)
{
	size_t len = strlen(text);

	*s = (struct spec){ .what = what, .text = text, .fail = fail,
			    .end = !len };
	if (len > SPEC_MAX)
		return fail_set(fail, -EINVAL,
				"%s: the description is longer than %d characters",
				what, SPEC_MAX);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return fail_set(fail, -EINVAL,
					"%s: character %zu of the description is a control character",
					what, i + 1);
	}
	return 0;
}

static char *copy(struct spec *s, const char *from, size_t len)
{
	char *word = strndup(from, len);

	if (!word)
		fail_set(s->fail, -ENOMEM, "out of memory");
	return word;
}

/* The next word up to a comma; NULL without memory. */
static char *next_word(struct spec *s)
{
	const char *from = s->text + s->next;
	size_t len;

	from += strspn(from, " ");
	len = strcspn(from, ",");
	s->at = (size_t)(from - s->text);
	s->next = s->at + len;
	/* A comma at the very end begins no further word. */
	if (!s->text[s->next] || !s->text[s->next + 1])
		s->end = true;
	else
		s->next++;
	return copy(s, from, len);
}

int spec_read(struct spec *s, const char *what, const char *text,
	      struct fail *fail, int (*take)(void *ctx, char *word),
	      void *ctx)
{
	int rc = begin(s, what, text, fail);

	while (!rc && !s->end) {
		char *word = next_word(s);

		rc = word ? take(ctx, word) : -ENOMEM;
		free(word);
	}
	return rc;
}

char *spec_rest(struct spec *s, size_t skip)
{
	s->end = true;
	return copy(s, s->text + s->at + skip, strlen(s->text + s->at + skip));
}

int spec_complain(struct spec *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_set(s->fail, -EINVAL, "%s \"%.200s\": at %zu: %s", s->what,
			s->text, s->at + 1, text);
}

int spec_lacks(struct spec *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_set(s->fail, -EINVAL, "%s \"%.200s\": %s", s->what,
			s->text, text);
}

bool spec_divide(char *word, char **value)
{
	static const char key_chars[] = "abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-_";
	size_t len = strspn(word, key_chars);

	if (!len || word[len] != '=' || (word[0] >= '0' && word[0] <= '9') ||
	    word[0] == '-' || word[0] == '_')
		return false;
	word[len] = '\0';
	*value = word + len + 1;
	return true;
}

void spec_put(struct strbuf *out, const char *name, const char *value)
{
	if (value && strchr(value, ','))
		out->err = out->err ? out->err : -EINVAL;
	else if (value && *value)
		strbuf_printf(out, "%s=%s,", name, value);
}

bool spec_bool(const char *value, bool *to)
{
	if (strcmp(value, "0") && strcmp(value, "1"))
		return false;
	*to = value[0] == '1';
	return true;
}

int spec_keep(struct spec *s, char **to, const char *value)
{
	char *fresh = NULL;

	if (*value) {
		fresh = copy(s, value, strlen(value));
		if (!fresh)
			return -ENOMEM;
	}
	free(*to);
	*to = fresh;
	return 0;
}
