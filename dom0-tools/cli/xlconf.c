// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xlconf.c: applies the table of xlconf.def, and what it means for a guest.
 *
 * State: the caller's struct xlconf, whose strings are its own.  Invariant:
 * every string in it can stand behind its key in a card's description.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xlconf.h"

enum key_type { TYPE_TEXT, TYPE_NUMBER, TYPE_CPUS, TYPE_CHOICE };

static const struct cfg_key keys[] = {
#define KEY(name, type, field, low, high, text)                         \
	{ #name, KEY_USED, TYPE_##type, offsetof(struct xlconf, field), \
	  low, high, text },
#define ALIAS(name, real) { #name, KEY_ALIAS, TYPE_TEXT, 0, 0, 0, #real },
#define IGNORED(name, why) { #name, KEY_IGNORED, TYPE_TEXT, 0, 0, 0, why },
#include "xlconf.def"
};

/* ---- values ---- */

/* What stands behind a card's key: checked by the card's own grammar. */
static int take_card_text(const struct cfg_place *x)
{
	const char *key = strrchr(x->key->name, '.') + 1;
	struct strbuf text = { 0 };
	struct fail why = { 0 };
	struct nic n;
	int rc = cfg_take_text(x);

	if (rc)
		return rc;
	if (strchr(*(char **)x->to, ','))
		return cfg_want(x, "a text without a comma");
	/* An address, since there are scripts that need one. */
	strbuf_printf(&text, "%s=%s,ip=192.0.2.1", key, *(char **)x->to);
	rc = text.err ? text.err : nic_parse(&n, text.data, &why);
	if (rc)
		cfg_complain(x->file, x->s->line, "%s: %s", x->s->key,
			     why.rc ? why.text : "out of memory");
	else
		nic_free(&n);
	strbuf_free(&text);
	return rc;
}

/* Words of which the first is what is done here anyway. */
static const struct choice {
	const char *key, *built, *absent, *why;
} choices[] = {
	{ "output_format", "json", "sxp",
	  "S-expressions are not built: xl prints JSON" },
	{ "domid_policy", "xen", "random",
	  "random numbers are not built: the hypervisor chooses" },
};

static int take_choice(const struct cfg_place *x)
{
	const char *text = x->s->value->text ? x->s->value->text : "";
	const struct choice *c = choices;

	while (strcmp(c->key, x->key->name))
		c++;
	if (!strcmp(text, c->built)) {
		*(const char **)x->to = NULL;
		return 0;
	}
	if (strcmp(text, c->absent))
		return cfg_complain(x->file, x->s->line,
				    "%s: this must be \"%s\" or \"%s\"",
				    x->s->key, c->built, c->absent);
	*(const char **)x->to = c->why;
	return 0;
}

/* All guests' CPUs. */
static int take_mask(const struct cfg_place *x)
{
	if (x->s->value->kind == CFG_LIST)
		return cfg_want(x, "one set of CPUs for all guests, not a list");
	return cfg_take_cpus(x);
}

static cfg_taker *const takers[] = {
	[TYPE_TEXT] = take_card_text,
	[TYPE_NUMBER] = cfg_take_number,
	[TYPE_CPUS] = take_mask,
	[TYPE_CHOICE] = take_choice,
};

static const struct cfg_table table = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.takers = takers,
	.page = "xl.conf(5)",
};

static int take_one(struct xlconf *c, struct cfg_file *file,
		    const struct cfg_setting *s, const struct xlconf_say *say)
{
	struct fail remark = { 0 };
	int rc = cfg_take_setting(&table, c, file, s, &remark);

	if (rc == CFG_NO_EFFECT)
		say->note(remark.text);
	else if (rc == -ENOENT)
		say->warn(remark.text);
	else
		return rc;
	return 0;
}

/* Says "FILE: KEY: why" for a choice that is not followed. */
static void say_choice(const struct cfg_file *file, const char *key,
		       const char *why, const struct xlconf_say *say)
{
	struct fail remark = { 0 };

	if (!why)
		return;
	fail_set(&remark, CFG_NO_EFFECT, "%s: %s: %s", file->name, key, why);
	say->warn(remark.text);
}

int xlconf_read(struct xlconf *c, struct cfg_file *file,
		const struct xlconf_say *say)
{
	int rc = 0;

	memset(c, 0, sizeof(*c));
	c->max_grant_frames = c->max_maptrack_frames = -1;
	c->max_grant_version = -1;
	for (const struct cfg_setting *s = file->first; s && !rc; s = s->next)
		rc = take_one(c, file, s, say);
	if (rc)
		return rc;
	say_choice(file, "output_format", c->no_format, say);
	say_choice(file, "domid_policy", c->no_policy, say);
	return 0;
}

void xlconf_free(struct xlconf *c)
{
	cfg_free_texts(&table, c, TYPE_TEXT);
	cfg_cpus_free(&c->cpumask);
	cfg_cpus_free(&c->cpumask_pv);
}

/* ---- cards ---- */

int xlconf_card(const struct xlconf *c, const char *text, struct strbuf *out,
		struct fail *fail)
{
	struct nic n;
	int rc = nic_parse_defaults(&n, text, &c->vif, fail);

	if (rc)
		return rc;
	/* "" is a card, too. */
	strbuf_adds(out, "");
	nic_text(&n, out);
	nic_free(&n);
	return out->err ? fail_set(fail, out->err, "out of memory") : 0;
}

static int fill_cards(const struct xlconf *c, struct cfg_file *guest)
{
	const struct cfg_value *list = cfg_find(guest, "vif");
	struct cfg_value *v = list && list->kind == CFG_LIST ? list->first :
								NULL;
	int rc = 0;

	for (; v && !rc; v = v->next) {
		struct strbuf text = { 0 };
		struct fail why = { 0 };

		/* cfg_apply() says what is wrong with the others. */
		if (v->kind != CFG_STRING)
			continue;
		rc = xlconf_card(c, v->text, &text, &why);
		if (rc) {
			cfg_complain(guest, v->line, "%s", why.text);
		} else {
			free(v->text);
			v->text = strbuf_steal(&text);
		}
		strbuf_free(&text);
	}
	return rc;
}

/* ---- limits ---- */

static int fill_number(struct cfg_file *guest, const char *key, int64_t n)
{
	if (n < 0 || cfg_find(guest, key))
		return 0;
	return cfg_set_number(guest, key, n);
}

int xlconf_fill(const struct xlconf *c, struct cfg_file *guest)
{
	int rc = fill_cards(c, guest);

	if (!rc)
		rc = fill_number(guest, "max_grant_frames",
				 c->max_grant_frames);
	if (!rc)
		rc = fill_number(guest, "max_maptrack_frames",
				 c->max_maptrack_frames);
	if (!rc)
		rc = fill_number(guest, "max_grant_version",
				 c->max_grant_version);
	return rc;
}

/* ---- CPUs ---- */

bool xlconf_cpus(const struct xlconf *c, struct cfg_mask *allowed)
{
	memset(allowed, 0xff, sizeof(*allowed));
	/* What is left may be nothing: then nothing can run. */
	if (c->cpumask.given)
		cfg_mask_and(allowed, &c->cpumask.rest);
	if (c->cpumask_pv.given)
		cfg_mask_and(allowed, &c->cpumask_pv.rest);
	return c->cpumask.given || c->cpumask_pv.given;
}

/* What vCPU @v may still use; NULL with the cause noted. */
static struct cfg_value *one_mask(const struct guest_config *cfg,
				  const struct cfg_mask *allowed,
				  unsigned int v, struct cfg_file *guest)
{
	struct cfg_mask mask = *allowed;
	struct strbuf text = { 0 };

	if (cfg->cpus.given &&
	    !cfg_mask_and(&mask, cfg_cpus_of(&cfg->cpus, v))) {
		cfg_complain(guest, 0,
			     "cpus: vCPU %u has no CPU of those that vm.cpumask and vm.pv.cpumask in xl.conf allow: change either, or give --ignore-global-affinity-masks",
			     v);
		return NULL;
	}
	cfg_cpus_text(mask.bits, CFG_CPUS_MAX, &text);
	return cfg_atom(CFG_STRING, strbuf_steal(&text), 0);
}

/* One for all, or a list if each has its own. */
static struct cfg_value *masks(const struct guest_config *cfg,
			       const struct cfg_mask *allowed,
			       struct cfg_file *guest)
{
	struct cfg_value *list;

	if (!cfg->cpus.listed)
		return one_mask(cfg, allowed, 0, guest);
	list = cfg_list(NULL, 0);
	for (unsigned int v = 0; v < cfg->maxvcpus && list; v++)
		list = cfg_append(list, one_mask(cfg, allowed, v, guest));
	return list;
}

int xlconf_fill_cpus(const struct xlconf *c, const struct guest_config *cfg,
		     struct cfg_file *guest)
{
	struct cfg_mask allowed, none = { { 0 } };
	struct cfg_value *value;
	char *key;

	if (!xlconf_cpus(c, &allowed))
		return 0;
	if (!memcmp(&allowed, &none, sizeof(none)))
		return cfg_complain(guest, 0,
				    "vm.cpumask and vm.pv.cpumask in xl.conf have no CPU in common");
	value = masks(cfg, &allowed, guest);
	key = strdup("cpus");
	/* The other spelling would be read after it, perhaps. */
	cfg_remove(guest, "cpu");
	if (value && key)
		return cfg_assign(guest, key, value, false, 0);
	cfg_value_free(value);
	free(key);
	return cfg_complain(guest, 0, "out of memory");
}
