// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * disk_form.c: a disk in its other forms: the text again, libxl's JSON, and
 * what its backend is told.
 *
 * State: none.  Invariant: what is written here reads back as the same disk.
 */
#include <errno.h>
#include <string.h>

#include "disk.h"
#include "spec.h"
#include "vdev.h"

void disk_text(const struct disk *d, struct strbuf *out)
{
	strbuf_printf(out, "format=%s,vdev=%s,access=%s",
		      disk_format_name(d->format), d->vdev,
		      d->readonly ? "ro" : "rw");
	if (d->cdrom)
		strbuf_adds(out, ",devtype=cdrom");
	else if (d->removable)
		strbuf_adds(out, ",removable=1");
	if (d->backend)
		strbuf_printf(out, ",backend=%s", d->backend);
	if (d->server == DISK_KERNEL)
		strbuf_adds(out, ",backendtype=phy");
	if (d->script)
		strbuf_printf(out, ",script=%s", d->script);
	if (!d->discard)
		strbuf_adds(out, ",no-discard");
	if (!d->direct_io)
		strbuf_adds(out, ",direct-io=0");
	if (d->shared)
		strbuf_adds(out, ",lock=shared");
	if (!d->trusted)
		strbuf_adds(out, ",untrusted");
	strbuf_printf(out, ",target=%s", d->target ? d->target : "");
}

void disk_params(const struct disk *d, struct strbuf *out)
{
	const char *t = d->target ? d->target : "";

	if (*t && *t != '/' && !d->script && !strstr(t, "://"))
		strbuf_adds(out, "/dev/");
	strbuf_adds(out, t);
}

static void json_default(struct jw *w, const char *key, bool value)
{
	jw_str(w, key, value ? "True" : "False");
}

void disk_to_json(const struct disk *d, struct jw *w, const char *key)
{
	jw_object(w, key);
	jw_str_if(w, "backend_domname", d->backend);
	jw_str(w, "pdev_path", d->target ? d->target : "");
	jw_str(w, "vdev", d->vdev);
	jw_str(w, "backend", d->server == DISK_KERNEL ? "phy" : "qdisk");
	jw_str(w, "format", d->target ? disk_format_name(d->format) : "empty");
	jw_str_if(w, "script", d->script);
	if (d->removable)
		jw_int(w, "removable", 1);
	if (!d->readonly)
		jw_int(w, "readwrite", 1);
	if (d->cdrom)
		jw_int(w, "is_cdrom", 1);
	json_default(w, "discard_enable", d->discard);
	jw_str(w, "specification", "xen");
	json_default(w, "trusted", d->trusted);
	/* Beyond libxl's. */
	jw_int(w, "devid", d->number);
	if (!d->direct_io)
		jw_int(w, "direct_io", 0);
	if (d->shared)
		jw_str(w, "lock", "shared");
	jw_object_end(w);
}

/* 1, true and "True" are all in use. */
static bool truth(yajl_val v, const char *key, bool fallback)
{
	const char *text = json_str(v, key, NULL);

	if (text)
		return !strcmp(text, "True") ? true :
		       !strcmp(text, "False") ? false : fallback;
	return json_int(v, key, json_bool(v, key, fallback)) != 0;
}

/* A member as key=value. */
static void word(struct strbuf *out, yajl_val v, const char *key,
		 const char *name)
{
	spec_put(out, name, json_str(v, key, NULL));
}

/* Through the text, so that there is one place that checks. */
static void object_to_text(yajl_val v, struct strbuf *out)
{
	const char *format = json_str(v, "format", "");

	word(out, v, "vdev", "vdev");
	word(out, v, "backend_domname", "backend");
	word(out, v, "script", "script");
	word(out, v, "lock", "lock");
	if (!strcmp(json_str(v, "backend", ""), "phy"))
		strbuf_adds(out, "backendtype=phy,");
	if (strcmp(format, "empty"))
		word(out, v, "format", "format");
	if (truth(v, "is_cdrom", false))
		strbuf_adds(out, "devtype=cdrom,");
	else
		strbuf_printf(out, "access=%s,",
			      truth(v, "readwrite", false) ? "rw" : "ro");
	if (truth(v, "removable", false))
		strbuf_adds(out, "removable=1,");
	if (!truth(v, "discard_enable", true))
		strbuf_adds(out, "no-discard,");
	if (!truth(v, "trusted", true))
		strbuf_adds(out, "untrusted,");
	if (!truth(v, "direct_io", true))
		strbuf_adds(out, "direct-io=0,");
	strbuf_printf(out, "target=%s", json_str(v, "pdev_path", ""));
}

int disk_from_json(struct disk *d, yajl_val v, struct fail *fail)
{
	struct strbuf text = { 0 };
	int rc;

	memset(d, 0, sizeof(*d));
	if (YAJL_IS_STRING(v))
		return disk_parse(d, YAJL_GET_STRING(v), fail);
	if (!YAJL_IS_OBJECT(v))
		return fail_set(fail, -EINVAL,
				"disk: neither a string nor an object");
	object_to_text(v, &text);
	rc = text.err ? fail_set(fail, text.err,
				 "disk: a member of the object has a comma in it, or memory ran out") :
			disk_parse(d, text.data, fail);
	strbuf_free(&text);
	return rc;
}
