/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h: the little of JSON that the tools need, over yajl: reading members
 * of a parsed tree, and writing into a strbuf.
 */
#ifndef DOM0_LIB_JSON_H
#define DOM0_LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

#include "strbuf.h"

/* Member @key of object @v, or NULL. */
yajl_val json_get(yajl_val v, const char *key);
/* The member's text, number or truth, or the fallback. */
const char *json_str(yajl_val v, const char *key, const char *fallback);
int64_t json_int(yajl_val v, const char *key, int64_t fallback);
bool json_bool(yajl_val v, const char *key, bool fallback);

/*
 * A writer appending to @out.  Values inside objects are written with
 * jw_*(w, key, value); inside arrays and at the top key is NULL.
 */
struct jw {
	yajl_gen gen;
};

/* False without memory. */
bool jw_open(struct jw *w, struct strbuf *out, bool pretty);
void jw_close(struct jw *w);
void jw_object(struct jw *w, const char *key);
void jw_object_end(struct jw *w);
void jw_array(struct jw *w, const char *key);
void jw_array_end(struct jw *w);
void jw_str(struct jw *w, const char *key, const char *value);
/* Nothing at all, not even the key, for NULL. */
void jw_str_if(struct jw *w, const char *key, const char *value);
void jw_int(struct jw *w, const char *key, int64_t value);
void jw_bool(struct jw *w, const char *key, bool value);
void jw_double(struct jw *w, const char *key, double value);
/* @text is a number or a whole JSON value already in its final form. */
void jw_raw(struct jw *w, const char *key, const char *text, size_t len);

#endif
