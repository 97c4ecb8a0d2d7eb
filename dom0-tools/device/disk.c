// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * disk.c: the grammar of a disk's description.
 *
 * State: one struct parse per description.  Words without a sign that are no
 * flags fill the positions target, format, vdev, access in that order; a
 * position or key given twice is an error.  The prefixes of older tool sets
 * (tap:aio:, file:, qcow2:) stand before the target; with one of them, or
 * with ":cdrom" behind the vdev, there is no position for the format.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/nearest.h"
#include "disk.h"
#include "spec.h"
#include "vdev.h"

static const char *const format_names[] = {
	[DISK_RAW] = "raw",	[DISK_QCOW] = "qcow",
	[DISK_QCOW2] = "qcow2", [DISK_VHD] = "vhd",
	[DISK_VHDX] = "vhdx",	[DISK_VMDK] = "vmdk",
	[DISK_QED] = "qed",
};

#define FORMATS_COUNT (sizeof(format_names) / sizeof(format_names[0]))

const char *disk_format_name(enum disk_format format)
{
	return format_names[format];
}

struct parse {
	struct spec s;
	struct disk *d;
	unsigned int given;	/* bit n: entry n of the keys */
	unsigned int valued;	/* the same, but not empty */
	bool old;		/* a prefix was there */
	bool empty;		/* the format said that there is no medium */
};

/* ---- values ---- */

static int unknown_value(struct parse *p, const char *key, const char *value,
			 const char *const *known, size_t count)
{
	struct strbuf list = { 0 };
	struct nearest n;
	int rc;

	nearest_init(&n, value);
	for (size_t i = 0; i < count; i++) {
		nearest_offer(&n, known[i]);
		strbuf_printf(&list, "%s%s", i ? ", " : "", known[i]);
	}
	if (nearest_word(&n))
		rc = spec_complain(&p->s,
				   "%s: \"%.100s\" is unknown: did you mean \"%s\"?",
				   key, value, nearest_word(&n));
	else
		rc = spec_complain(&p->s,
				   "%s: \"%.100s\" is none of %s", key, value,
				   list.err ? "those known" : list.data);
	strbuf_free(&list);
	return rc;
}

static int take_target(struct parse *p, const char *value)
{
	return spec_keep(&p->s, &p->d->target, value);
}

static int take_format(struct parse *p, const char *value)
{
	p->empty = !strcmp(value, "empty");
	if (p->empty)
		return 0;
	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (!strcmp(format_names[i], value)) {
			p->d->format = (enum disk_format)i;
			return 0;
		}
	}
	return unknown_value(p, "format", value, format_names, FORMATS_COUNT);
}

static int take_vdev(struct parse *p, const char *value)
{
	if (vdev_parse(value, &p->d->number))
		return spec_complain(&p->s,
				     "vdev: \"%.100s\" is no virtual disk: use xvda to xvdzzzz, sda to sdp, hda to hdd, d0p0, or a number",
				     value);
	return spec_keep(&p->s, &p->d->vdev, value);
}

static int take_access(struct parse *p, const char *value)
{
	static const char *const known[] = { "r", "ro", "w", "rw" };

	for (size_t i = 0; i < 4; i++) {
		if (!strcmp(known[i], value)) {
			p->d->readonly = i < 2;
			return 0;
		}
	}
	return unknown_value(p, "access", value, known, 4);
}

static int take_devtype(struct parse *p, const char *value)
{
	static const char *const known[] = { "cdrom", "disk" };

	if (strcmp(value, "cdrom") && strcmp(value, "disk"))
		return unknown_value(p, "devtype", value, known, 2);
	p->d->cdrom = !strcmp(value, "cdrom");
	return 0;
}

static int take_backend(struct parse *p, const char *value)
{
	return spec_keep(&p->s, &p->d->backend, value);
}

static int take_backendtype(struct parse *p, const char *value)
{
	static const char *const known[] = { "phy", "qdisk", "tap", "parvis" };

	if (!strcmp(value, "standalone"))
		return spec_complain(&p->s,
				     "backendtype: \"standalone\" serves virtio disks only, which are not built: leave it out");
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(known[i], value))
			continue;
		p->d->server = i ? DISK_OWN : DISK_KERNEL;
		return 0;
	}
	return unknown_value(p, "backendtype", value, known, 4);
}

static int take_script(struct parse *p, const char *value)
{
	return spec_keep(&p->s, &p->d->script, value);
}

static int take_lock(struct parse *p, const char *value)
{
	static const char *const known[] = { "exclusive", "shared" };

	p->d->shared = !strcmp(value, "shared");
	if (!p->d->shared && strcmp(value, "exclusive"))
		return unknown_value(p, "lock", value, known, 2);
	return 0;
}

static int take_direct_io(struct parse *p, const char *value)
{
	if (!spec_bool(value, &p->d->direct_io))
		return spec_complain(&p->s,
				     "direct-io: this must be 0 (through the page cache) or 1, not \"%.100s\"",
				     value);
	return 0;
}

static int take_removable(struct parse *p, const char *value)
{
	if (!spec_bool(value, &p->d->removable))
		return spec_complain(&p->s,
				     "removable: this must be 0 or 1, not \"%.100s\"",
				     value);
	return 0;
}

static int take_specification(struct parse *p, const char *value)
{
	static const char *const known[] = { "xen" };

	if (!strcmp(value, "virtio"))
		return spec_complain(&p->s,
				     "specification: virtio disks are not built: leave it out");
	return strcmp(value, "xen") ?
		       unknown_value(p, "specification", value, known, 1) : 0;
}

static int take_colo(struct parse *p, const char *value)
{
	(void)value;
	return spec_complain(&p->s,
			     "replication (COLO) is not built: leave its keys out");
}

/* ---- flags: words that stand alone ---- */

static int flag_cdrom(struct parse *p, const char *value)
{
	(void)value;
	p->d->cdrom = true;
	return 0;
}

static int flag_removable(struct parse *p, const char *value)
{
	(void)value;
	p->d->removable = true;
	return 0;
}

/* Our own direct I/O is safe: it keeps the guest's pages until it is done. */
static int flag_nothing(struct parse *p, const char *value)
{
	(void)p;
	(void)value;
	return 0;
}

static int flag_discard(struct parse *p, const char *value)
{
	p->d->discard = value[0] == 'd';
	return 0;
}

static int flag_trusted(struct parse *p, const char *value)
{
	p->d->trusted = value[0] == 't';
	return 0;
}

enum key_kind { POSITION, KEY, FLAG };

/* Positions first, in their order. */
static const struct key {
	const char *name;
	enum key_kind kind;
	int (*take)(struct parse *p, const char *value);
} keys[] = {
	{ "target", POSITION, take_target },
	{ "format", POSITION, take_format },
	{ "vdev", POSITION, take_vdev },
	{ "access", POSITION, take_access },
	{ "devtype", KEY, take_devtype },
	{ "backend", KEY, take_backend },
	{ "backendtype", KEY, take_backendtype },
	{ "script", KEY, take_script },
	{ "lock", KEY, take_lock },
	{ "direct-io", KEY, take_direct_io },
	{ "removable", KEY, take_removable },
	{ "specification", KEY, take_specification },
	{ "colo-host", KEY, take_colo },
	{ "colo-port", KEY, take_colo },
	{ "colo-export", KEY, take_colo },
	{ "active-disk", KEY, take_colo },
	{ "hidden-disk", KEY, take_colo },
	{ "colo", FLAG, take_colo },
	{ "cdrom", FLAG, flag_cdrom },
	{ "removable", FLAG, flag_removable },
	{ "direct-io-safe", FLAG, flag_nothing },
	{ "discard", FLAG, flag_discard },
	{ "no-discard", FLAG, flag_discard },
	{ "trusted", FLAG, flag_trusted },
	{ "untrusted", FLAG, flag_trusted },
};

#define KEYS_COUNT (sizeof(keys) / sizeof(keys[0]))
enum { POS_TARGET, POS_FORMAT, POS_VDEV, POS_ACCESS, POS_COUNT };

static bool was_given(const struct parse *p, size_t key)
{
	return p->given >> key & 1;
}

static int take_key(struct parse *p, size_t key, const char *value)
{
	p->given |= 1u << key;
	/* Empty is the default, as if nothing were said. */
	if (*value && p->valued >> key & 1)
		return spec_complain(&p->s, "%s is given twice",
				     keys[key].name);
	p->valued |= *value ? 1u << key : 0;
	return *value ? keys[key].take(p, value) : 0;
}

static int named(struct parse *p, const char *name, const char *value)
{
	struct nearest n;
	char *rest;
	int rc;

	nearest_init(&n, name);
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		if (keys[i].kind == FLAG)
			continue;
		nearest_offer(&n, keys[i].name);
		if (strcmp(keys[i].name, name))
			continue;
		if (i != POS_TARGET)
			return take_key(p, i, value);
		rest = spec_rest(&p->s, strlen("target="));
		rc = rest ? take_key(p, i, rest) : -ENOMEM;
		free(rest);
		return rc;
	}
	if (nearest_word(&n))
		return spec_complain(&p->s,
				     "unknown key \"%.100s\": did you mean \"%s\"?",
				     name, nearest_word(&n));
	return spec_complain(&p->s,
			     "unknown key \"%.100s\": see xl-disk-configuration(5); a target with a sign in it is given last, as target=...",
			     name);
}

/* ---- the target's prefixes ---- */

static const struct prefix {
	const char *text;
	int format;		/* or -1 */
	const char *script;
} prefixes[] = {
	{ "tapdisk:", -1, NULL },
	{ "tap2:", -1, NULL },
	{ "tap:", -1, NULL },
	{ "aio:", -1, NULL },
	{ "ioemu:", -1, NULL },
	{ "file:", -1, NULL },
	{ "phy:", -1, NULL },
	{ "raw:", DISK_RAW, NULL },
	{ "qcow:", DISK_QCOW, NULL },
	{ "qcow2:", DISK_QCOW2, NULL },
	{ "vhd:", DISK_VHD, NULL },
	{ "vmdk:", DISK_VMDK, NULL },
	{ "iscsi:", -1, "block-iscsi" },
	{ "nbd:", -1, "block-nbd" },
	{ "enbd:", -1, "block-enbd" },
	{ "drbd:", -1, "block-drbd" },
};

static const struct prefix *find_prefix(const char *text)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = strlen(prefixes[i].text);

		/* nbd:// is a URI, and no prefix. */
		if (!strncmp(text, prefixes[i].text, len) &&
		    strncmp(text + len, "//", 2))
			return &prefixes[i];
	}
	return NULL;
}

/* "md:/x", but not "nbd://x". */
static bool has_unknown_prefix(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

	return len && !strncmp(text + len, ":/", 2) && text[len + 2] != '/';
}

static int prefixed_target(struct parse *p, const char *text)
{
	const struct prefix *x;
	int rc = 0;

	while (!rc && (x = find_prefix(text))) {
		p->old = true;
		if (x->format >= 0)
			p->d->format = (enum disk_format)x->format;
		if (x->script)
			rc = spec_keep(&p->s, &p->d->script, x->script);
		text += strlen(x->text);
	}
	if (!rc && has_unknown_prefix(text))
		rc = spec_complain(&p->s,
				   "the prefix of \"%.100s\" is unknown: leave it out, or give the target last, as target=...",
				   text);
	return rc ? rc : take_target(p, text);
}

/* "hdc:cdrom": the vdev with its devtype. */
static int old_vdev(struct parse *p, char *word)
{
	char *colon = strchr(word, ':');
	int rc;

	*colon = '\0';
	p->given |= 1u << POS_FORMAT;
	rc = take_key(p, POS_VDEV, word);
	return rc || !colon[1] ? rc : take_devtype(p, colon + 1);
}

static int positional(struct parse *p, char *word)
{
	size_t i = 0;

	for (size_t k = 0; k < KEYS_COUNT; k++) {
		if (keys[k].kind == FLAG && !strcmp(keys[k].name, word))
			return keys[k].take(p, word);
	}
	while (i < POS_COUNT &&
	       (was_given(p, i) || (i == POS_FORMAT && p->old)))
		i++;
	if (i == POS_COUNT)
		return spec_complain(&p->s,
				     "\"%.100s\" is one word too many: target, format, vdev and access are there",
				     word);
	if (i == POS_TARGET) {
		p->given |= 1u << i;
		p->valued |= *word ? 1u << i : 0;
		return prefixed_target(p, word);
	}
	if (strchr(word, ':') && (i == POS_FORMAT || i == POS_VDEV))
		return old_vdev(p, word);
	return take_key(p, i, word);
}

/* ---- the whole ---- */

static int check(struct parse *p)
{
	struct disk *d = p->d;

	if (!d->vdev && d->target && strstr(d->target, ",vdev="))
		return spec_lacks(&p->s,
				  "vdev is missing: target= takes all that follows it, so it must come last");
	if (!d->vdev)
		return spec_lacks(&p->s,
				  "vdev is missing: say what the guest is to call it, such as xvda");
	if (p->empty && d->target)
		return spec_lacks(&p->s,
				  "format: \"empty\" is for a drive without a target");
	if (!d->target && !d->cdrom && !d->removable && !p->empty)
		return spec_lacks(&p->s,
				  "target is missing: only a drive with removable media (cdrom) may be empty");
	if (d->server == DISK_KERNEL && d->format != DISK_RAW)
		return spec_lacks(&p->s,
				  "format: backendtype=phy serves raw disks only: leave backendtype out for %s",
				  disk_format_name(d->format));
	if (d->server == DISK_KERNEL && d->target && !d->script &&
	    strstr(d->target, "://"))
		return spec_lacks(&p->s,
				  "target: backendtype=phy serves files and block devices only: leave it out for a URI");
	if (d->cdrom)
		d->readonly = true;
	if (d->cdrom || p->empty)
		d->removable = true;
	return 0;
}

static int take_word(void *ctx, char *word)
{
	struct parse *p = ctx;
	char *value;

	return spec_divide(word, &value) ? named(p, word, value) :
					   positional(p, word);
}

int disk_parse(struct disk *d, const char *text, struct fail *fail)
{
	struct parse p = { .d = d };
	int rc;

	*d = (struct disk){ .discard = true, .direct_io = true,
			    .trusted = true };
	rc = spec_read(&p.s, "disk", text, fail, take_word, &p);
	if (!rc)
		rc = check(&p);
	if (rc)
		disk_free(d);
	return rc;
}

void disk_free(struct disk *d)
{
	free(d->target);
	free(d->script);
	free(d->backend);
	free(d->vdev);
	memset(d, 0, sizeof(*d));
}
