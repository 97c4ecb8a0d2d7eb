// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_disk.c: any text as a disk's description.  What is refused has a
 * reason; what is accepted comes back from its text and from its JSON as the
 * same disk.
 */
#include <stdlib.h>
#include <string.h>

#include "device/disk.h"
#include "device/vdev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_agree(const struct disk *a, const struct disk *b)
{
	struct strbuf one = { 0 }, two = { 0 };

	disk_text(a, &one);
	disk_text(b, &two);
	if (one.err || two.err || strcmp(one.data, two.data) ||
	    a->number != b->number)
		abort();
	strbuf_free(&one);
	strbuf_free(&two);
}

static void through_json(const struct disk *d)
{
	struct strbuf json = { 0 };
	struct disk again;
	struct jw w;
	yajl_val v;

	if (!jw_open(&w, &json, false))
		return;
	disk_to_json(d, &w, NULL);
	jw_close(&w);
	/* yajl refuses text that is not UTF-8; no harm in that. */
	v = json.data ? yajl_tree_parse(json.data, NULL, 0) : NULL;
	if (v && !disk_from_json(&again, v, NULL)) {
		/* An empty drive has no format, and is removable, in JSON. */
		if (d->target)
			must_agree(d, &again);
		disk_free(&again);
	}
	yajl_tree_free(v);
	strbuf_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct strbuf out = { 0 };
	struct fail fail = { 0 };
	struct disk d, again;
	char name[VDEV_NAME_MAX];

	if (disk_parse(&d, text, &fail)) {
		if (!fail.rc || !fail.text[0])
			abort();
	} else {
		disk_text(&d, &out);
		if (disk_parse(&again, out.data, NULL))
			abort();
		must_agree(&d, &again);
		disk_free(&again);
		through_json(&d);
		vdev_name(d.number, name);
	}
	disk_free(&d);
	strbuf_free(&out);
	free(text);
	return 0;
}
