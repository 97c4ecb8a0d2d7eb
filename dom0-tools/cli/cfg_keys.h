/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfg_keys.h: settings put into a struct by a table of their keys.
 *
 * xl.cfg and xl.conf have a table each (cfg.def, xlconf.def), whose entries
 * say for every key what kind of value it takes and where that goes.  What
 * the kinds have in common is here.
 */
#ifndef DOM0_CLI_CFG_KEYS_H
#define DOM0_CLI_CFG_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "cfg_ast.h"

enum cfg_key_status { KEY_USED, KEY_ALIAS, KEY_REFUSED, KEY_IGNORED };

struct cfg_key {
	const char *name;
	enum cfg_key_status status;
	unsigned int type;	/* the taker's number */
	size_t at;		/* of the field in the object */
	int64_t low, high;
	const char *text;	/* help, reason, or the real key */
};

/* Where one setting goes, and what to say about it. */
struct cfg_place {
	struct cfg_file *file;
	const struct cfg_setting *s;
	const struct cfg_key *key;
	void *to;
};

/* Puts a value where it belongs: 0, or -errno with the cause in x->file. */
typedef int cfg_taker(const struct cfg_place *x);

struct cfg_table {
	const struct cfg_key *keys;
	size_t count;
	cfg_taker *const *takers;
	const char *page;	/* where the keys are explained */
};

/* A setting that is accepted and changes nothing. */
#define CFG_NO_EFFECT 1

/*
 * Takes one setting into @object.  0; CFG_NO_EFFECT or -ENOENT (there is no
 * such key) with what to say in @remark; or -EINVAL with the cause in @file.
 */
int cfg_take_setting(const struct cfg_table *t, void *object,
		     struct cfg_file *file, const struct cfg_setting *s,
		     struct fail *remark);

/* The key in use nearest to @name by spelling, or NULL if none is near. */
const char *cfg_nearest_in(const struct cfg_table *t, const char *name);

/* Frees the strings of @object: the fields that the taker @type fills. */
void cfg_free_texts(const struct cfg_table *t, void *object,
		    unsigned int type);

/* Notes "KEY: this must be @what (HELP)"; -EINVAL. */
int cfg_want(const struct cfg_place *x, const char *what);
/* The value as a number, which may have been written as a string. */
bool cfg_number(const struct cfg_value *v, int64_t *out);

/* Takers of common kinds: a char *, an int64_t from low to high, a bool. */
cfg_taker cfg_take_text, cfg_take_number, cfg_take_flag;

#endif
