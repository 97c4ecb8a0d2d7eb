// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_vif.c: any text as a network card's description.  What is refused has
 * a reason; what is accepted comes back from its text as the same card, and
 * from its JSON as one that can be written again.
 */
#include <stdlib.h>
#include <string.h>

#include "device/nic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void through_json(const struct nic *n)
{
	struct strbuf json = { 0 }, one = { 0 }, two = { 0 };
	struct nic again;
	struct jw w;
	yajl_val v;

	if (!jw_open(&w, &json, false))
		return;
	nic_to_json(n, &w, NULL);
	jw_close(&w);
	v = json.data ? yajl_tree_parse(json.data, NULL, 0) : NULL;
	if (v && !nic_from_json(&again, v, NULL)) {
		if (!n->bridge && again.bridge) {
			free(again.bridge);
			again.bridge = NULL;
		}
		nic_text(n, &one);
		nic_text(&again, &two);
		if (strcmp(one.data ? one.data : "", two.data ? two.data : ""))
			abort();
		nic_free(&again);
	}
	yajl_tree_free(v);
	strbuf_free(&json);
	strbuf_free(&one);
	strbuf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct strbuf one = { 0 }, two = { 0 };
	struct fail fail = { 0 };
	struct nic n, again;

	if (nic_parse(&n, text, &fail)) {
		if (!fail.rc || !fail.text[0])
			abort();
	} else {
		nic_text(&n, &one);
		if (nic_parse(&again, one.data ? one.data : "", NULL))
			abort();
		nic_text(&again, &two);
		if (strcmp(one.data ? one.data : "",
			   two.data ? two.data : "") ||
		    n.rate_bytes != again.rate_bytes ||
		    n.devid != again.devid || n.mode != again.mode)
			abort();
		nic_free(&again);
		through_json(&n);
	}
	nic_free(&n);
	strbuf_free(&one);
	strbuf_free(&two);
	free(text);
	return 0;
}
