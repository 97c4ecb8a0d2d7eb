// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_cfg.c: any text as a guest's configuration: parsed, applied, turned
 * into JSON and back.  What was accepted must survive the round trip.  What
 * follows a line "%%" are the host's settings: with them a guest is valid, or
 * refused for a reason.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/xlconf.h"

static void drop(const char *line)
{
	if (!line[0])
		abort();
}

/* Fills @guest with what the host leaves to it; what follows must be valid. */
static int fill(const struct xlconf *conf, struct cfg_file *guest)
{
	struct guest_config cfg;
	int rc = xlconf_fill(conf, guest);

	if (rc)
		return rc;
	rc = cfg_apply(&cfg, guest, NULL, NULL);
	if (!rc)
		rc = xlconf_fill_cpus(conf, &cfg, guest);
	guest_config_free(&cfg);
	if (rc)
		return rc;
	if (cfg_apply(&cfg, guest, NULL, NULL))
		abort();	/* it was valid before */
	guest_config_free(&cfg);
	return 0;
}

/* The text behind a line "%%" as xl.conf. */
static void host_settings(const char *text, size_t size,
			  struct cfg_file *guest)
{
	static const struct xlconf_say say = { drop, drop };
	const char *line = memmem(text, size, "\n%%\n", 4);
	struct fail fail = { 0 };
	struct xlconf conf = { 0 };
	struct cfg_file file;
	int rc;

	if (!line)
		return;
	line += 4;
	cfg_file_init(&file, "host", &fail);
	guest->fail = &fail;
	rc = cfg_parse_text(&file, line, size - (size_t)(line - text));
	if (!rc)
		rc = xlconf_read(&conf, &file, &say);
	if (!rc)
		rc = fill(&conf, guest);
	if (rc && !fail.rc)
		abort();	/* refused without a reason */
	cfg_file_free(&file);
	xlconf_free(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is before such a line: a guest's. */
static size_t guest_part(const char *text, size_t size)
{
	const char *line = memmem(text, size, "\n%%\n", 4);

	return line ? (size_t)(line - text) + 1 : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct strbuf one = { 0 }, two = { 0 };
	struct fail fail = { 0 };
	struct guest_config cfg;
	struct cfg_file file;

	cfg_file_init(&file, "fuzz", &fail);
	if (!cfg_parse_text(&file, text, guest_part(text, size))) {
		cfg_apply(&cfg, &file, NULL, NULL);
		guest_config_free(&cfg);
		cfg_to_json(&file, &one);
		host_settings(text, size, &file);
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
