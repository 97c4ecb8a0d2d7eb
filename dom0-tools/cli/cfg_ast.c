// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cfg_ast.c: building, finding and converting what cfg_ast.h describes.
 *
 * State: the caller's struct cfg_file, which owns its settings; a key stands
 * in it at most once.  Depth and size are bounded, since the text may be
 * anybody's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/json.h"
#include "cfg_ast.h"
#include "cfg_gram.h"

/* The scanner's entry points, which flex writes. */
int cfgl_lex_init_extra(struct cfg_file *extra, void **scanner);
void *cfgl__scan_bytes(const char *bytes, int len, void *scanner);
int cfgl_lex_destroy(void *scanner);

#define TEXT_MAX (256u << 10)
#define SETTINGS_MAX 1024
#define DEPTH_MAX 16

void cfg_file_init(struct cfg_file *file, const char *name, struct fail *fail)
{
	memset(file, 0, sizeof(*file));
	file->name = name;
	file->fail = fail;
	file->end = &file->first;
}

void cfg_value_free(struct cfg_value *value)
{
	while (value) {
		struct cfg_value *next = value->next;

		cfg_value_free(value->first);
		free(value->text);
		free(value);
		value = next;
	}
}

static void setting_free(struct cfg_setting *s)
{
	cfg_value_free(s->value);
	free(s->key);
	free(s);
}

void cfg_file_free(struct cfg_file *file)
{
	while (file->first) {
		struct cfg_setting *s = file->first;

		file->first = s->next;
		setting_free(s);
	}
	file->end = &file->first;
}

int cfg_complain(struct cfg_file *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (line)
		return fail_set(file->fail, -EINVAL, "%s:%d: %s", file->name,
				line, text);
	return fail_set(file->fail, -EINVAL, "%s: %s", file->name, text);
}

/* ---- strings ---- */

/* Up to @max digits in @base at *@p; their value, *@p moved behind them. */
static unsigned int digits(const char **p, const char *end, int base, int max)
{
	unsigned int value = 0;

	for (; max && *p < end; max--, (*p)++) {
		char c = **p;
		int d = c >= '0' && c <= '9' ? c - '0' :
			c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;

		if (d >= base)
			break;
		value = value * (unsigned int)base + (unsigned int)d;
	}
	return value;
}

/* The character that the escape at *@p (behind the backslash) means, or 0. */
static unsigned char escape(const char **p, const char *end)
{
	static const char from[] = "abfnrtv\\\"'";
	static const char to[] = "\a\b\f\n\r\t\v\\\"'";
	const char *known;

	if (**p >= '0' && **p <= '7')
		return (unsigned char)digits(p, end, 8, 3);
	if (**p == 'x') {
		(*p)++;
		return (unsigned char)digits(p, end, 16, 2);
	}
	known = strchr(from, **p);
	(*p)++;
	return known && *known ? (unsigned char)to[known - from] : 0;
}

char *cfg_unquote(struct cfg_file *file, const char *text, size_t len)
{
	const char *end = text + len;
	char *out = malloc(len + 1), *q = out;

	if (!out) {
		cfg_complain(file, file->line, "out of memory");
		return NULL;
	}
	while (text < end) {
		if (*text != '\\' || text + 1 == end) {
			*q++ = *text++;
			continue;
		}
		text++;
		*q = (char)escape(&text, end);
		if (!*q++) {
			cfg_complain(file, file->line,
				     "a backslash is followed by nothing that has a meaning: write \\\\ for a backslash");
			free(out);
			return NULL;
		}
	}
	*q = '\0';
	return out;
}

/* ---- the tree ---- */

struct cfg_value *cfg_atom(enum cfg_kind kind, char *text, int line)
{
	struct cfg_value *v = calloc(1, sizeof(*v));

	if (!v || !text) {
		free(text);
		free(v);
		return NULL;
	}
	v->kind = kind;
	v->text = text;
	v->line = line;
	return v;
}

struct cfg_value *cfg_list(struct cfg_value *first, int line)
{
	struct cfg_value *v = calloc(1, sizeof(*v));

	if (!v) {
		cfg_value_free(first);
		return NULL;
	}
	v->kind = CFG_LIST;
	v->first = v->last = first;
	v->line = line;
	return v;
}

struct cfg_value *cfg_append(struct cfg_value *list, struct cfg_value *item)
{
	if (!list || !item) {
		cfg_value_free(list);
		cfg_value_free(item);
		return NULL;
	}
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
	return list;
}

static int depth_of(const struct cfg_value *v)
{
	int deepest = 0;

	for (; v; v = v->next) {
		int d = 1 + depth_of(v->first);

		if (d > deepest)
			deepest = d;
	}
	return deepest;
}

static struct cfg_setting *find(const struct cfg_file *file, const char *key)
{
	struct cfg_setting *s = file->first;

	while (s && strcmp(s->key, key))
		s = s->next;
	return s;
}

const struct cfg_value *cfg_find(const struct cfg_file *file, const char *key)
{
	struct cfg_setting *s = find(file, key);

	return s ? s->value : NULL;
}

void cfg_remove(struct cfg_file *file, const char *key)
{
	struct cfg_setting **at = &file->first, *s;

	while (*at && strcmp((*at)->key, key))
		at = &(*at)->next;
	s = *at;
	if (!s)
		return;
	*at = s->next;
	if (file->end == &s->next)
		file->end = at;
	file->count--;
	setting_free(s);
}

/* "+=": strings join, lists append. */
static int join(struct cfg_file *file, struct cfg_setting *s,
		struct cfg_value *value, int line)
{
	struct cfg_value *old = s->value;
	char *both;

	if ((old->kind == CFG_LIST) != (value->kind == CFG_LIST)) {
		cfg_value_free(value);
		return cfg_complain(file, line,
				    "%s +=: a list and a string cannot be joined",
				    s->key);
	}
	if (old->kind == CFG_LIST) {
		if (value->first)
			cfg_append(old, value->first);
		if (value->last)
			old->last = value->last;
		value->first = NULL;
		cfg_value_free(value);
		return 0;
	}
	if (asprintf(&both, "%s%s", old->text, value->text) < 0)
		both = NULL;
	cfg_value_free(value);
	if (!both)
		return cfg_complain(file, line, "out of memory");
	free(old->text);
	old->text = both;
	old->kind = CFG_STRING;
	return 0;
}

int cfg_assign(struct cfg_file *file, char *key, struct cfg_value *value,
	       bool add, int line)
{
	struct cfg_setting *s = find(file, key);

	if (!value || depth_of(value) > DEPTH_MAX) {
		cfg_complain(file, line, value ? "%s: lists are nested too deep" :
						 "%s: out of memory", key);
		free(key);
		cfg_value_free(value);
		return -EINVAL;
	}
	if (s) {
		free(key);
		s->line = line;
		if (add)
			return join(file, s, value, line);
		cfg_value_free(s->value);
		s->value = value;
		return 0;
	}
	s = file->count < SETTINGS_MAX ? calloc(1, sizeof(*s)) : NULL;
	if (!s) {
		free(key);
		cfg_value_free(value);
		return cfg_complain(file, line, "too many settings");
	}
	file->count++;
	s->key = key;
	s->line = line;
	s->value = value;
	*file->end = s;
	file->end = &s->next;
	return 0;
}

static int set_atom(struct cfg_file *file, const char *key,
		    enum cfg_kind kind, char *text)
{
	char *k = strdup(key);

	if (!k) {
		free(text);
		return -ENOMEM;
	}
	return cfg_assign(file, k, cfg_atom(kind, text, 0), false, 0);
}

int cfg_set_string(struct cfg_file *file, const char *key, const char *text)
{
	return set_atom(file, key, CFG_STRING, strdup(text));
}

int cfg_set_number(struct cfg_file *file, const char *key, int64_t n)
{
	char *text;

	if (asprintf(&text, "%" PRId64, n) < 0)
		text = NULL;
	return set_atom(file, key, CFG_NUMBER, text);
}

int cfg_parse_text(struct cfg_file *file, const char *text, size_t len)
{
	void *scanner;
	int rc;

	if (len > TEXT_MAX || memchr(text, '\0', len))
		return cfg_complain(file, 0,
				    "not a configuration file: too long, or binary");
	file->line = 1;
	if (cfgl_lex_init_extra(file, &scanner))
		return cfg_complain(file, 0, "out of memory");
	if (!cfgl__scan_bytes(text, (int)len, scanner))
		rc = cfg_complain(file, 0, "out of memory");
	else
		rc = cfgp_parse(file, scanner) ? -EINVAL : 0;
	cfgl_lex_destroy(scanner);
	if (rc)
		cfg_complain(file, file->line, "cannot be understood");
	return rc;
}

int cfg_parse_stream(struct cfg_file *file, FILE *stream)
{
	char *text = malloc(TEXT_MAX + 1);
	size_t n;
	int rc;

	if (!text)
		return cfg_complain(file, 0, "out of memory");
	n = fread(text, 1, TEXT_MAX + 1, stream);
	rc = ferror(stream) ? cfg_complain(file, 0, "it cannot be read") :
			      cfg_parse_text(file, text, n);
	free(text);
	return rc;
}

/* ---- JSON ---- */

static struct cfg_value *from_json(yajl_val v, int depth)
{
	struct cfg_value *list;

	if (depth > DEPTH_MAX)
		return NULL;
	if (YAJL_IS_STRING(v))
		return cfg_atom(CFG_STRING, strdup(v->u.string), 0);
	if (YAJL_IS_NUMBER(v))
		return cfg_atom(CFG_NUMBER, strdup(v->u.number.r), 0);
	if (!YAJL_IS_ARRAY(v))
		return NULL;
	list = cfg_list(NULL, 0);
	for (size_t i = 0; i < v->u.array.len; i++) {
		struct cfg_value *item =
			from_json(v->u.array.values[i], depth + 1);

		list = cfg_append(list, item);
	}
	return list;
}

int cfg_parse_tree(struct cfg_file *file, struct yajl_val_s *top)
{
	int rc = 0;

	if (!YAJL_IS_OBJECT(top))
		return cfg_complain(file, 0, "not a JSON object");
	for (size_t i = 0; i < top->u.object.len && !rc; i++) {
		struct cfg_value *v = from_json(top->u.object.values[i], 1);
		char *key = strdup(top->u.object.keys[i]);

		if (v && key) {
			rc = cfg_assign(file, key, v, false, 0);
			continue;
		}
		rc = cfg_complain(file, 0,
				  "%s: neither a string nor a number nor a list",
				  top->u.object.keys[i]);
		cfg_value_free(v);
		free(key);
	}
	return rc;
}

int cfg_parse_json(struct cfg_file *file, const char *json)
{
	char why[128];
	yajl_val top = yajl_tree_parse(json, why, sizeof(why));
	int rc = cfg_parse_tree(file, top);

	yajl_tree_free(top);
	return rc;
}

static void value_to_json(struct jw *w, const char *key,
			  const struct cfg_value *v)
{
	/* Only decimal is a number in JSON. */
	if (v->kind == CFG_NUMBER && v->text[strspn(v->text, "0123456789")])
		jw_int(w, key, strtoll(v->text, NULL, 0));
	else if (v->kind == CFG_NUMBER)
		jw_int(w, key, strtoll(v->text, NULL, 10));
	else if (v->kind == CFG_STRING)
		jw_str(w, key, v->text);
	if (v->kind != CFG_LIST)
		return;
	jw_array(w, key);
	for (const struct cfg_value *i = v->first; i; i = i->next)
		value_to_json(w, NULL, i);
	jw_array_end(w);
}

void cfg_to_json(const struct cfg_file *file, struct strbuf *out)
{
	struct jw w;

	if (!jw_open(&w, out, false)) {
		out->err = -ENOMEM;
		return;
	}
	jw_object(&w, NULL);
	for (const struct cfg_setting *s = file->first; s; s = s->next)
		value_to_json(&w, s->key, s->value);
	jw_object_end(&w);
	jw_close(&w);
}
