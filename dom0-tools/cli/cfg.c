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

#include "cfg.h"
#include "cfg_loader.h"

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

static const struct cfg_key keys[] = {
#define KEY(name, type, field, low, high, text)                               \
	{ #name, KEY_USED, TYPE_##type, offsetof(struct guest_config, field), \
	  low, high, text },
#define ALIAS(name, real) { #name, KEY_ALIAS, TYPE_TEXT, 0, 0, 0, #real },
#define REFUSED(name, why) { #name, KEY_REFUSED, TYPE_TEXT, 0, 0, 0, why },
#define IGNORED(name, why) { #name, KEY_IGNORED, TYPE_TEXT, 0, 0, 0, why },
#include "cfg.def"
};

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

/* ---- values ---- */

static int take_uuid(const struct cfg_place *x)
{
	const struct cfg_value *v = x->s->value;
	struct guest_config *cfg =
		(struct guest_config *)((char *)x->to - x->key->at);

	if (v->kind == CFG_LIST || uuid_parse(v->text, x->to))
		return cfg_want(x, "a UUID such as 6c64b1f2-27a3-4f0f-9c2e-3f6e8d1a9b55");
	cfg->has_uuid = true;
	return 0;
}

static int take_action(const struct cfg_place *x)
{
	const struct cfg_value *v = x->s->value;
	const char *text;

	if (v->kind == CFG_LIST)
		return cfg_want(x, "a word");
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
	return cfg_want(x, "one of destroy, restart, rename-restart, preserve");
}

/* ---- devices ---- */

/* Calls @add for each description in the list. */
static int each_device(const struct cfg_place *x,
		       int (*add)(const struct cfg_place *x, const char *text,
				  struct fail *why))
{
	const struct cfg_value *v = x->s->value;
	int rc = 0;

	if (v->kind != CFG_LIST)
		return cfg_want(x, "a list of strings in [ ]");
	for (const struct cfg_value *i = v->first; i && !rc; i = i->next) {
		struct fail why = { 0 };

		if (i->kind == CFG_LIST)
			return cfg_want(x, "a list of strings, not of lists");
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

static int add_disk(const struct cfg_place *x, const char *text,
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

static int add_vif(const struct cfg_place *x, const char *text,
		   struct fail *why)
{
	struct cfg_nics *n = x->to;
	int rc = more_room(&n->nic, n->count, sizeof(*n->nic), why);

	if (!rc)
		rc = nic_parse(&n->nic[n->count], text, why);
	n->count += !rc;
	return rc;
}

static int take_disks(const struct cfg_place *x)
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
static int take_vifs(const struct cfg_place *x)
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

/* ---- the table ---- */

static cfg_taker *const takers[] = {
	[TYPE_TEXT] = cfg_take_text,
	[TYPE_NUMBER] = cfg_take_number,
	[TYPE_FLAG] = cfg_take_flag,
	[TYPE_UUID] = take_uuid,
	[TYPE_ACTION] = take_action,
	[TYPE_CPUS] = cfg_take_cpus,
	[TYPE_DISKS] = take_disks,
	[TYPE_VIFS] = take_vifs,
};

static const struct cfg_table table = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.takers = takers,
	.page = "xl.cfg(5)",
};

const char *cfg_nearest_key(const char *key)
{
	return cfg_nearest_in(&table, key);
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

static int apply_one(struct guest_config *cfg, struct cfg_file *file,
		     const struct cfg_setting *s,
		     void (*warn)(void *ctx, const char *line), void *ctx)
{
	struct fail remark = { 0 };
	int rc = cfg_take_setting(&table, cfg, file, s, &remark);

	if (rc == CFG_NO_EFFECT && warn)
		warn(ctx, remark.text);
	if (rc == -ENOENT)
		return fail_set(file->fail, -EINVAL, "%s", remark.text);
	return rc < 0 ? rc : 0;
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
	cfg_free_texts(&table, cfg, TYPE_TEXT);
	cfg_cpus_free(&cfg->cpus);
	cfg_cpus_free(&cfg->cpus_soft);
	free_devices(cfg);
	free(cfg->full_cmdline);
	memset(cfg, 0, sizeof(*cfg));
}
