// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cfg.c: applies the table of cfg.def to a parsed configuration.
 *
 * State: the caller's struct guest_config, whose strings are its own.
 * Invariant on success: name and kernel are set, memory <= maxmem, vcpus <=
 * maxvcpus, every action is decided, and nothing was dropped in silence.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "../lib/nearest.h"
#include "cfg.h"
#include "cfg_loader.h"

enum key_status { KEY_USED, KEY_ALIAS, KEY_REFUSED, KEY_IGNORED };

enum key_type {
	TYPE_TEXT,
	TYPE_NUMBER,
	TYPE_FLAG,
	TYPE_UUID,
	TYPE_ACTION,
	TYPE_CPUS,
	TYPE_DISKS,
	TYPE_VIFS,
};

struct key {
	const char *name;
	enum key_status status;
	enum key_type type;
	size_t at;
	int64_t low, high;
	const char *text;	/* help, reason, or the real key */
};

static const struct key keys[] = {
#define KEY(name, type, field, low, high, text)                               \
	{ #name, KEY_USED, TYPE_##type, offsetof(struct guest_config, field), \
	  low, high, text },
#define ALIAS(name, real) { #name, KEY_ALIAS, TYPE_TEXT, 0, 0, 0, #real },
#define REFUSED(name, why) { #name, KEY_REFUSED, TYPE_TEXT, 0, 0, 0, why },
#define IGNORED(name, why) { #name, KEY_IGNORED, TYPE_TEXT, 0, 0, 0, why },
#include "cfg.def"
};

#define KEYS_COUNT (sizeof(keys) / sizeof(keys[0]))

static const char *const action_names[] = {
	[ACTION_DEFAULT] = "default",
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_RENAME_RESTART] = "rename-restart",
	[ACTION_PRESERVE] = "preserve",
};

#define ACTIONS_COUNT (sizeof(action_names) / sizeof(action_names[0]))

const char *cfg_action_name(enum guest_action action)
{
	return action_names[action];
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

const char *cfg_nearest_key(const char *key)
{
	struct nearest n;

	nearest_init(&n, key);
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		if (keys[i].status == KEY_USED)
			nearest_offer(&n, keys[i].name);
	}
	return nearest_word(&n);
}

/* ---- one value ---- */

/* Where one setting goes, and what to say about it. */
struct setting {
	struct cfg_file *file;
	const struct cfg_setting *s;
	const struct key *key;
	void *to;
};

static int want(const struct setting *x, const char *what)
{
	return cfg_complain(x->file, x->s->line, "%s: this must be %s (%s)",
			    x->s->key, what, x->key->text);
}

static int replace_text(char **to, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

static int take_text(const struct setting *x)
{
	if (x->s->value->kind == CFG_LIST)
		return want(x, "a string, not a list");
	if (replace_text(x->to, x->s->value->text))
		return cfg_complain(x->file, x->s->line, "out of memory");
	return 0;
}

/* The value as a number, which may have been written as a string. */
static bool number_of(const struct cfg_value *v, int64_t *out)
{
	char *end;

	if (v->kind == CFG_LIST || !v->text[0])
		return false;
	errno = 0;
	*out = strtoll(v->text, &end, 0);
	return !errno && !*end;
}

static int take_number(const struct setting *x)
{
	const struct key *k = x->key;
	int64_t n;
	char what[96];

	if (number_of(x->s->value, &n) && n >= k->low && n <= k->high) {
		*(int64_t *)x->to = n;
		return 0;
	}
	snprintf(what, sizeof(what),
		 "a number from %" PRId64 " to %" PRId64, k->low, k->high);
	return want(x, what);
}

static int take_flag(const struct setting *x)
{
	int64_t n;

	if (!number_of(x->s->value, &n) || n < 0 || n > 1)
		return want(x, "0 or 1");
	*(bool *)x->to = n;
	return 0;
}

static int take_uuid(const struct setting *x)
{
	const struct cfg_value *v = x->s->value;
	struct guest_config *cfg =
		(struct guest_config *)((char *)x->to - x->key->at);

	if (v->kind == CFG_LIST || uuid_parse(v->text, x->to))
		return want(x, "a UUID such as 6c64b1f2-27a3-4f0f-9c2e-3f6e8d1a9b55");
	cfg->has_uuid = true;
	return 0;
}

static int take_action(const struct setting *x)
{
	const struct cfg_value *v = x->s->value;
	const char *text;

	if (v->kind == CFG_LIST)
		return want(x, "a word");
	text = !strcmp(v->text, "soft-reset") ? "restart" : v->text;
	for (size_t i = ACTION_DESTROY; i < ACTIONS_COUNT; i++) {
		if (!strcmp(text, action_names[i])) {
			*(enum guest_action *)x->to = (enum guest_action)i;
			return 0;
		}
	}
	if (!strncmp(v->text, "coredump-", 9))
		return cfg_complain(x->file, x->s->line,
				    "%s: core dumps are not built: use \"%s\", or \"preserve\" to look at the guest",
				    x->s->key, v->text + 9);
	return want(x, "one of destroy, restart, rename-restart, preserve");
}

/* ---- devices ---- */

/* Calls @add for each description in the list. */
static int each_device(const struct setting *x,
		       int (*add)(const struct setting *x, const char *text,
				  struct fail *why))
{
	const struct cfg_value *v = x->s->value;
	int rc = 0;

	if (v->kind != CFG_LIST)
		return want(x, "a list of strings in [ ]");
	for (const struct cfg_value *i = v->first; i && !rc; i = i->next) {
		struct fail why = { 0 };

		if (i->kind == CFG_LIST)
			return want(x, "a list of strings, not of lists");
		if (add(x, i->text, &why))
			rc = cfg_complain(x->file, i->line, "%s", why.text);
	}
	return rc;
}

/* Room for one more of @size in the array at *@array. */
static int more_room(void *array, unsigned int count, size_t size,
		     struct fail *why)
{
	void **at = array, *more;

	if (count >= CFG_DEVICES_MAX)
		return fail_set(why, -E2BIG, "there are more than %d devices",
				CFG_DEVICES_MAX);
	more = realloc(*at, (count + 1) * size);
	if (!more)
		return fail_set(why, -ENOMEM, "out of memory");
	*at = more;
	return 0;
}

static int add_disk(const struct setting *x, const char *text,
		    struct fail *why)
{
	struct cfg_disks *d = x->to;
	int rc = more_room(&d->disk, d->count, sizeof(*d->disk), why);

	if (!rc)
		rc = disk_parse(&d->disk[d->count], text, why);
	for (unsigned int i = 0; i < d->count && !rc; i++) {
		if (d->disk[i].number == d->disk[d->count].number)
			rc = fail_set(why, -EINVAL,
				      "disk \"%.200s\": vdev: there is a disk %s already",
				      text, d->disk[i].vdev);
		if (rc)
			disk_free(&d->disk[d->count]);
	}
	d->count += !rc;
	return rc;
}

static int add_vif(const struct setting *x, const char *text,
		   struct fail *why)
{
	struct cfg_nics *n = x->to;
	int rc = more_room(&n->nic, n->count, sizeof(*n->nic), why);

	if (!rc)
		rc = nic_parse(&n->nic[n->count], text, why);
	n->count += !rc;
	return rc;
}

static int take_disks(const struct setting *x)
{
	return each_device(x, add_disk);
}

static bool devid_taken(const struct cfg_nics *n, unsigned int count, int devid)
{
	for (unsigned int i = 0; i < count; i++) {
		if (n->nic[i].devid == devid)
			return true;
	}
	return false;
}

/* Numbers for the cards: those given, then the lowest that are free. */
static int take_vifs(const struct setting *x)
{
	struct cfg_nics *n = x->to;
	int rc = each_device(x, add_vif), next = 0;

	for (unsigned int i = 0; i < n->count && !rc; i++) {
		if (n->nic[i].devid >= 0 &&
		    devid_taken(n, i, n->nic[i].devid))
			rc = cfg_complain(x->file, x->s->line,
					  "vif: devid: there are two cards %d",
					  n->nic[i].devid);
	}
	for (unsigned int i = 0; i < n->count && !rc; i++) {
		if (n->nic[i].devid >= 0)
			continue;
		while (devid_taken(n, n->count, next))
			next++;
		n->nic[i].devid = next;
	}
	return rc;
}

/* ---- CPU masks ---- */

/* Sets or clears CPUs @from to @to; false if they are out of range. */
static bool mask_range(uint8_t *mask, unsigned int max, unsigned long from,
		       unsigned long to, bool set)
{
	if (from > to || to >= max)
		return false;
	for (unsigned long n = from; n <= to; n++) {
		if (set)
			mask[n / 8] |= (uint8_t)(1u << n % 8);
		else
			mask[n / 8] &= (uint8_t)~(1u << n % 8);
	}
	return true;
}

/* One part between commas: "all", "3", "0-3", each with "^" to take away. */
static bool mask_part(const char *part, uint8_t *mask, unsigned int max)
{
	bool set = *part != '^';
	unsigned long from, to;
	char *end;

	if (!set)
		part++;
	if (!strcmp(part, "all"))
		return mask_range(mask, max, 0, max - 1, set);
	if (*part < '0' || *part > '9')
		return false;
	from = to = strtoul(part, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		to = strtoul(end + 1, &end, 10);
	return !*end && mask_range(mask, max, from, to, set);
}

int cfg_parse_cpus(const char *text, uint8_t *mask, unsigned int max)
{
	char *copy = strdup(text), *rest = copy, *part;
	int rc = copy ? 0 : -ENOMEM;

	memset(mask, 0, max / 8);
	while (!rc && (part = strsep(&rest, ","))) {
		while (*part == ' ')
			part++;
		if (!mask_part(part, mask, max))
			rc = -EINVAL;
	}
	free(copy);
	return rc;
}

static int take_cpus(const struct setting *x)
{
	const struct cfg_value *v = x->s->value;
	struct cfg_cpus *c = x->to;
	int64_t n;

	c->given = true;
	if (v->kind != CFG_LIST) {
		if (cfg_parse_cpus(v->text, c->mask, CFG_CPUS_MAX))
			return want(x, "CPUs such as \"0-3,^1\" or \"all\"");
		return 0;
	}
	c->per_vcpu = true;
	for (const struct cfg_value *i = v->first; i; i = i->next) {
		if (!number_of(i, &n) || n < 0 || n >= CFG_CPUS_MAX ||
		    c->listed == CFG_CPUS_MAX)
			return want(x, "a list with one CPU number for each vCPU");
		c->list[c->listed++] = (uint16_t)n;
	}
	return 0;
}

static int (*const takers[])(const struct setting *x) = {
	[TYPE_TEXT] = take_text,
	[TYPE_NUMBER] = take_number,
	[TYPE_FLAG] = take_flag,
	[TYPE_UUID] = take_uuid,
	[TYPE_ACTION] = take_action,
	[TYPE_CPUS] = take_cpus,
	[TYPE_DISKS] = take_disks,
	[TYPE_VIFS] = take_vifs,
};

/* ---- one setting ---- */

/* Written down, but asking for nothing. */
static bool asks_nothing(const struct cfg_value *v)
{
	if (v->kind == CFG_LIST)
		return !v->first;
	return !v->text[0] || !strcmp(v->text, "0") ||
	       !strcmp(v->text, "none");
}

static int unknown_key(struct cfg_file *file, const struct cfg_setting *s)
{
	const char *near = cfg_nearest_key(s->key);

	if (near)
		return cfg_complain(file, s->line,
				    "unknown key \"%s\": did you mean \"%s\"?",
				    s->key, near);
	return cfg_complain(file, s->line,
			    "unknown key \"%s\": see xl.cfg(5) for those that there are",
			    s->key);
}

static int apply_one(struct guest_config *cfg, struct cfg_file *file,
		     const struct cfg_setting *s,
		     void (*warn)(void *ctx, const char *line), void *ctx)
{
	const struct key *k = find_key(s->key);
	struct setting x = { .file = file, .s = s };
	char line[512];

	if (k && k->status == KEY_ALIAS)
		k = find_key(k->text);
	if (!k)
		return unknown_key(file, s);
	if (k->status == KEY_REFUSED)
		return asks_nothing(s->value) ? 0 :
			cfg_complain(file, s->line, "%s: %s", s->key, k->text);
	if (k->status == KEY_IGNORED) {
		snprintf(line, sizeof(line), "%s:%d: %s has no effect: %s",
			 file->name, s->line, s->key, k->text);
		if (warn)
			warn(ctx, line);
		return 0;
	}
	x.key = k;
	x.to = (char *)cfg + k->at;
	return takers[k->type](&x);
}

/* ---- the whole ---- */

static void defaults(struct guest_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->cpu_weight = cfg->cap = -1;
	cfg->max_grant_frames = cfg->max_maptrack_frames = -1;
	cfg->max_grant_version = cfg->max_event_channels = -1;
	cfg->on_poweroff = ACTION_DESTROY;
	cfg->on_reboot = ACTION_RESTART;
	cfg->on_crash = ACTION_DESTROY;
	cfg->on_watchdog = ACTION_DESTROY;
	cfg->on_soft_reset = ACTION_RESTART;
}

static int check_type(const struct guest_config *cfg, struct cfg_file *file)
{
	if (cfg->type && !strcmp(cfg->type, "pv"))
		return 0;
	if (cfg->type && (!strcmp(cfg->type, "hvm") ||
			  !strcmp(cfg->type, "pvh")))
		return cfg_complain(file, 0,
				    "type: %s guests are not built yet; only \"pv\" is",
				    cfg->type);
	if (cfg->type)
		return cfg_complain(file, 0,
				    "type: \"%s\" is unknown; use \"pv\"",
				    cfg->type);
	if (cfg->builder && strcmp(cfg->builder, "linux") &&
	    strcmp(cfg->builder, "generic"))
		return cfg_complain(file, 0,
				    "builder: only paravirtual guests are built yet: use type = \"pv\"");
	return 0;
}

bool cfg_name_is_good(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_.+:@";
	size_t len = strlen(name);

	return len && len < 128 && strspn(name, good) == len &&
	       strspn(name, "0123456789") != len;
}

static int check_whole(const struct guest_config *cfg, struct cfg_file *file)
{
	if (!cfg->name)
		return cfg_complain(file, 0, "name is missing");
	if (!cfg_name_is_good(cfg->name))
		return cfg_complain(file, 0,
				    "name: \"%s\" will not do: letters, digits and -_.+:@, not digits alone, at most 127",
				    cfg->name);
	if (!cfg->kernel || !cfg->kernel[0])
		return cfg_complain(file, 0,
				    "kernel is missing: a paravirtual guest needs a kernel file, or bootloader = \"pygrub\"");
	if (cfg->maxmem < cfg->memory)
		return cfg_complain(file, 0,
				    "maxmem (%" PRId64 ") is less than memory (%" PRId64 ")",
				    cfg->maxmem, cfg->memory);
	if (cfg->maxvcpus < cfg->vcpus)
		return cfg_complain(file, 0,
				    "maxvcpus (%" PRId64 ") is less than vcpus (%" PRId64 ")",
				    cfg->maxvcpus, cfg->vcpus);
	if (strlen(cfg->full_cmdline) >= 1024)
		return cfg_complain(file, 0,
				    "the kernel's command line is longer than 1023 characters");
	return check_type(cfg, file);
}

/* "cmdline", which then stands alone, or "root=ROOT EXTRA". */
static int make_cmdline(struct guest_config *cfg)
{
	const char *extra = cfg->extra ? cfg->extra : "";
	int n;

	if (cfg->cmdline)
		n = asprintf(&cfg->full_cmdline, "%s", cfg->cmdline);
	else if (cfg->root)
		n = asprintf(&cfg->full_cmdline, "root=%s%s%s", cfg->root,
			     *extra ? " " : "", extra);
	else
		n = asprintf(&cfg->full_cmdline, "%s", extra);
	if (n < 0)
		cfg->full_cmdline = NULL;
	return n < 0 ? -ENOMEM : 0;
}

/* Follows from what was given. */
static int derive(struct guest_config *cfg, struct cfg_file *file)
{
	if (!cfg->memory)
		cfg->memory = cfg->maxmem ? cfg->maxmem : 128;
	if (!cfg->maxmem)
		cfg->maxmem = cfg->memory;
	if (!cfg->vcpus)
		cfg->vcpus = 1;
	if (!cfg->maxvcpus)
		cfg->maxvcpus = cfg->vcpus;
	if (make_cmdline(cfg))
		return cfg_complain(file, 0, "out of memory");
	return cfg_use_loader(cfg, file);
}

int cfg_apply(struct guest_config *cfg, struct cfg_file *file,
	      void (*warn)(void *ctx, const char *line), void *ctx)
{
	int rc = 0;

	defaults(cfg);
	for (const struct cfg_setting *s = file->first; s && !rc; s = s->next)
		rc = apply_one(cfg, file, s, warn, ctx);
	if (!rc)
		rc = derive(cfg, file);
	if (!rc && warn && cfg->cmdline && (cfg->root || cfg->extra))
		warn(ctx, "root and extra have no effect: cmdline is the whole command line");
	return rc ? rc : check_whole(cfg, file);
}

static void free_devices(struct guest_config *cfg)
{
	for (unsigned int i = 0; i < cfg->disks.count; i++)
		disk_free(&cfg->disks.disk[i]);
	for (unsigned int i = 0; i < cfg->vifs.count; i++)
		nic_free(&cfg->vifs.nic[i]);
	free(cfg->disks.disk);
	free(cfg->vifs.nic);
}

void guest_config_free(struct guest_config *cfg)
{
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		void *at = (char *)cfg + keys[i].at;

		if (keys[i].status == KEY_USED && keys[i].type == TYPE_TEXT)
			free(*(char **)at);
	}
	free_devices(cfg);
	free(cfg->full_cmdline);
	memset(cfg, 0, sizeof(*cfg));
}
