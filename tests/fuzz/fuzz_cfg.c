// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_cfg.c: any text as a guest's configuration: parsed, applied, turned
 * into JSON and back.  What was accepted must survive the round trip.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf one = { 0 }, two = { 0 };
	struct fail fail = { 0 };
	struct guest_config cfg;
	struct cfg_file file;

	cfg_file_init(&file, "fuzz", &fail);
	if (!cfg_parse_text(&file, (const char *)data, size)) {
		cfg_apply(&cfg, &file, NULL, NULL);
		guest_config_free(&cfg);
		cfg_to_json(&file, &one);
	} else if (!fail.rc) {
		abort();	/* refused without a reason */
	}
	cfg_file_free(&file);
	if (one.data) {
		cfg_file_init(&file, "json", NULL);
		/* yajl refuses text that is not UTF-8; no harm in that. */
		if (!cfg_parse_json(&file, one.data)) {
			cfg_to_json(&file, &two);
			if (strcmp(one.data, two.data))
				abort();
		}
		cfg_file_free(&file);
	}
	strbuf_free(&one);
	strbuf_free(&two);
	return 0;
}
