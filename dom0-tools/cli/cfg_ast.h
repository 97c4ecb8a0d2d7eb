/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfg_ast.h: a guest's configuration as written, before it means anything:
 * keys with values that are strings, numbers or lists, and where they stood.
 *
 * It comes from a file in xl.cfg's grammar, from words of a command line, or
 * from JSON, and goes to JSON.  A struct cfg_file owns all that hangs on it.
 */
#ifndef DOM0_CLI_CFG_AST_H
#define DOM0_CLI_CFG_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../lib/fail.h"
#include "../lib/strbuf.h"

enum cfg_kind { CFG_STRING, CFG_NUMBER, CFG_LIST };

struct cfg_value {
	enum cfg_kind kind;
	int line;
	char *text;			/* string and number, as written */
	struct cfg_value *first, *last;	/* list: its items */
	struct cfg_value *next;		/* in the list that this is in */
};

struct cfg_setting {
	char *key;
	int line;
	struct cfg_value *value;
	struct cfg_setting *next;
};

struct cfg_file {
	const char *name;		/* for messages; not owned */
	struct cfg_setting *first, **end;
	struct fail *fail;
	unsigned int count;
	int line;			/* of the scanner */
};

void cfg_file_init(struct cfg_file *file, const char *name, struct fail *fail);
void cfg_file_free(struct cfg_file *file);

/*
 * Reads text in xl.cfg's grammar, adding to @file.  A key set again replaces
 * the earlier value; "+=" appends to it.  0, or -EINVAL with file, line and
 * cause noted.
 */
int cfg_parse_text(struct cfg_file *file, const char *text, size_t len);
/* The same for what is left of a stream. */
int cfg_parse_stream(struct cfg_file *file, FILE *stream);
/* The same for the JSON object that cfg_to_json() writes. */
int cfg_parse_json(struct cfg_file *file, const char *json);
/* The same for an object in a larger tree (a yajl_val). */
struct yajl_val_s;
int cfg_parse_tree(struct cfg_file *file, struct yajl_val_s *object);
/* Appends the settings as one JSON object. */
void cfg_to_json(const struct cfg_file *file, struct strbuf *out);

const struct cfg_value *cfg_find(const struct cfg_file *file, const char *key);
/* Forgets @key, if it is there. */
void cfg_remove(struct cfg_file *file, const char *key);
/* Sets @key to a string, replacing. 0 or -ENOMEM. */
int cfg_set_string(struct cfg_file *file, const char *key, const char *text);
/* The same for a number that is not negative. */
int cfg_set_number(struct cfg_file *file, const char *key, int64_t n);

/* For the grammar.  They take over what they are given, also on failure. */
struct cfg_value *cfg_atom(enum cfg_kind kind, char *text, int line);
struct cfg_value *cfg_list(struct cfg_value *first, int line);
struct cfg_value *cfg_append(struct cfg_value *list, struct cfg_value *item);
int cfg_assign(struct cfg_file *file, char *key, struct cfg_value *value,
	       bool add, int line);
void cfg_value_free(struct cfg_value *value);
/* Notes "FILE:LINE: ...". */
int cfg_complain(struct cfg_file *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Takes quotes and escapes off; a fresh string, or NULL with the cause. */
char *cfg_unquote(struct cfg_file *file, const char *text, size_t len);

#endif
