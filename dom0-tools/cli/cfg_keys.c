// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cfg_keys.c: what is common to the tables of keys.
 *
 * State: the caller's object, whose strings are its own.  Nothing is dropped
 * in silence: a setting is taken, refused, or remarked upon.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/nearest.h"
#include "cfg_keys.h"

static const struct cfg_key *find_key(const struct cfg_table *t,
				      const char *name)
{
	for (size_t i = 0; i < t->count; i++) {
		if (!strcmp(t->keys[i].name, name))
			return &t->keys[i];
	}
	return NULL;
}

const char *cfg_nearest_in(const struct cfg_table *t, const char *name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < t->count; i++) {
		if (t->keys[i].status == KEY_USED)
			nearest_offer(&n, t->keys[i].name);
	}
	return nearest_word(&n);
}

void cfg_free_texts(const struct cfg_table *t, void *object,
		    unsigned int type)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct cfg_key *k = &t->keys[i];
		char **text = (char **)((char *)object + k->at);

		if (k->status != KEY_USED || k->type != type)
			continue;
		free(*text);
		*text = NULL;
	}
}

/* ---- values ---- */

int cfg_want(const struct cfg_place *x, const char *what)
{
	return cfg_complain(x->file, x->s->line, "%s: this must be %s (%s)",
			    x->s->key, what, x->key->text);
}

bool cfg_number(const struct cfg_value *v, int64_t *out)
{
	char *end;

	if (v->kind == CFG_LIST || !v->text[0])
		return false;
	errno = 0;
	*out = strtoll(v->text, &end, 0);
	return !errno && !*end;
}

int cfg_take_text(const struct cfg_place *x)
{
	char **to = x->to, *copy;

	if (x->s->value->kind == CFG_LIST)
		return cfg_want(x, "a string, not a list");
	copy = strdup(x->s->value->text);
	if (!copy)
		return cfg_complain(x->file, x->s->line, "out of memory");
	free(*to);
	*to = copy;
	return 0;
}

int cfg_take_number(const struct cfg_place *x)
{
	const struct cfg_key *k = x->key;
	int64_t n;
	char what[96];

	if (cfg_number(x->s->value, &n) && n >= k->low && n <= k->high) {
		*(int64_t *)x->to = n;
		return 0;
	}
	snprintf(what, sizeof(what),
		 "a number from %" PRId64 " to %" PRId64, k->low, k->high);
	return cfg_want(x, what);
}

int cfg_take_flag(const struct cfg_place *x)
{
	int64_t n;

	if (!cfg_number(x->s->value, &n) || n < 0 || n > 1)
		return cfg_want(x, "0 or 1");
	*(bool *)x->to = n;
	return 0;
}

/* ---- one setting ---- */

/* Written down, but asking for nothing. */
static bool asks_nothing(const struct cfg_value *v)
{
	if (v->kind == CFG_LIST)
		return !v->first;
	return !v->text[0] || !strcmp(v->text, "0") ||
	       !strcmp(v->text, "none");
}

static int unknown_key(const struct cfg_table *t, const struct cfg_file *file,
		       const struct cfg_setting *s, struct fail *remark)
{
	const char *near = cfg_nearest_in(t, s->key);
	struct cfg_file at = { .name = file->name, .fail = remark };

	if (near)
		cfg_complain(&at, s->line,
			     "unknown key \"%s\": did you mean \"%s\"?",
			     s->key, near);
	else
		cfg_complain(&at, s->line,
			     "unknown key \"%s\": see %s for those that there are",
			     s->key, t->page);
	return -ENOENT;
}

int cfg_take_setting(const struct cfg_table *t, void *object,
		     struct cfg_file *file, const struct cfg_setting *s,
		     struct fail *remark)
{
	const struct cfg_key *k = find_key(t, s->key);
	struct cfg_place x = { .file = file, .s = s };

	if (k && k->status == KEY_ALIAS)
		k = find_key(t, k->text);
	if (!k)
		return unknown_key(t, file, s, remark);
	if (k->status == KEY_REFUSED)
		return asks_nothing(s->value) ? 0 :
			cfg_complain(file, s->line, "%s: %s", s->key, k->text);
	if (k->status == KEY_IGNORED)
		return fail_set(remark, CFG_NO_EFFECT,
				"%s:%d: %s has no effect: %s", file->name,
				s->line, s->key, k->text);
	x.key = k;
	x.to = (char *)object + k->at;
	return t->takers[k->type](&x);
}
