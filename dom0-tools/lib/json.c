// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json.c: see json.h.  State: none beyond the caller's.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"

yajl_val json_get(yajl_val v, const char *key)
{
	const char *path[] = { key, NULL };

	return YAJL_IS_OBJECT(v) ? yajl_tree_get(v, path, yajl_t_any) : NULL;
}

const char *json_str(yajl_val v, const char *key, const char *fallback)
{
	yajl_val got = json_get(v, key);

	return YAJL_IS_STRING(got) ? YAJL_GET_STRING(got) : fallback;
}

int64_t json_int(yajl_val v, const char *key, int64_t fallback)
{
	yajl_val got = json_get(v, key);

	return YAJL_IS_INTEGER(got) ? YAJL_GET_INTEGER(got) : fallback;
}

bool json_bool(yajl_val v, const char *key, bool fallback)
{
	yajl_val got = json_get(v, key);

	if (YAJL_IS_TRUE(got))
		return true;
	return YAJL_IS_FALSE(got) ? false : fallback;
}

static void print(void *ctx, const char *text, size_t len)
{
	strbuf_add(ctx, text, len);
}

bool jw_open(struct jw *w, struct strbuf *out, bool pretty)
{
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen)
		return false;
	yajl_gen_config(w->gen, yajl_gen_print_callback, print, out);
	yajl_gen_config(w->gen, yajl_gen_beautify, pretty);
	yajl_gen_config(w->gen, yajl_gen_indent_string, "    ");
	return true;
}

void jw_close(struct jw *w)
{
	yajl_gen_free(w->gen);
	w->gen = NULL;
}

static void put_key(struct jw *w, const char *key)
{
	if (key)
		yajl_gen_string(w->gen, (const unsigned char *)key,
				strlen(key));
}

void jw_object(struct jw *w, const char *key)
{
	put_key(w, key);
	yajl_gen_map_open(w->gen);
}

void jw_object_end(struct jw *w)
{
	yajl_gen_map_close(w->gen);
}

void jw_array(struct jw *w, const char *key)
{
	put_key(w, key);
	yajl_gen_array_open(w->gen);
}

void jw_array_end(struct jw *w)
{
	yajl_gen_array_close(w->gen);
}

void jw_str(struct jw *w, const char *key, const char *value)
{
	put_key(w, key);
	if (value)
		yajl_gen_string(w->gen, (const unsigned char *)value,
				strlen(value));
	else
		yajl_gen_null(w->gen);
}

void jw_str_if(struct jw *w, const char *key, const char *value)
{
	if (value)
		jw_str(w, key, value);
}

void jw_int(struct jw *w, const char *key, int64_t value)
{
	put_key(w, key);
	yajl_gen_integer(w->gen, value);
}

void jw_bool(struct jw *w, const char *key, bool value)
{
	put_key(w, key);
	yajl_gen_bool(w->gen, value);
}

void jw_double(struct jw *w, const char *key, double value)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%.3f", value);

	jw_raw(w, key, text, (size_t)n);
}

void jw_raw(struct jw *w, const char *key, const char *text, size_t len)
{
	put_key(w, key);
	yajl_gen_number(w->gen, text, len);
}
