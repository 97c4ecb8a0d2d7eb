// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_dev.c: commands that change the devices of a running domain.
 *
 * State: none beyond one command's.  Each is a request to the daemon; the
 * descriptions are checked here first, so that a mistake is told without one.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../device/disk.h"
#include "../device/nic.h"
#include "../device/vdev.h"
#include "xl.h"
#include "xlconf.h"

/* ---- what they share ---- */

/* Options that all of them take; what is left begins at optind. */
struct options {
	bool json, force;
};

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "force", no_argument, NULL, 'f' },
		{ 0 },
	};
	int c;

	/* A device's words may begin with anything but a dash. */
	while ((c = getopt_long(argc, argv, "+jf", longs, NULL)) != -1) {
		if (c == 'j')
			o->json = true;
		else if (c == 'f')
			o->force = true;
		else
			return xl_usage();
	}
	return XL_OK;
}

/* Prints an answer, without what only the daemon's clients need. */
static int print_answer(yajl_val answer)
{
	struct strbuf text;
	struct jw w;

	if (!xl_json_begin(&w, &text))
		return XL_FAILED;
	jw_object(&w, NULL);
	for (size_t i = 0; i < answer->u.object.len; i++) {
		const char *key = answer->u.object.keys[i];
		yajl_val v = answer->u.object.values[i];

		if (YAJL_IS_STRING(v))
			jw_str(&w, key, YAJL_GET_STRING(v));
		else if (YAJL_IS_INTEGER(v))
			jw_int(&w, key, YAJL_GET_INTEGER(v));
		if (!YAJL_IS_OBJECT(v))
			continue;
		jw_object(&w, key);
		for (size_t k = 0; k < v->u.object.len; k++)
			jw_int(&w, v->u.object.keys[k],
			       json_int(v, v->u.object.keys[k], 0));
		jw_object_end(&w);
	}
	jw_object_end(&w);
	return xl_json_end(&w, &text);
}

/* Ends a request and sends it; with @json the answer is printed. */
static int send_request(struct jw *w, struct strbuf *text, bool json)
{
	yajl_val answer = xl_request_answer(w, text);
	int rc = XL_OK;

	if (!answer)
		return XL_FAILED;
	if (json)
		rc = print_answer(answer);
	yajl_tree_free(answer);
	return rc;
}

/* Says which device is meant: "vif2", "vif:2", an address, or a disk. */
static void name_device(struct jw *w, const char *text)
{
	uint8_t mac[6];

	if (!nic_mac_parse(text, mac))
		jw_str(w, "vif", text);
	else if (!strncmp(text, "vif", 3))
		jw_str(w, "vif", text + 3 + (text[3] == ':'));
	else
		jw_str(w, "disk", text);
}

/* The words from argv[from] on as one description. */
static char *join(int argc, char **argv, int from)
{
	struct strbuf all = { 0 };

	strbuf_adds(&all, "");
	for (int i = from; i < argc; i++)
		strbuf_printf(&all, "%s%s", i > from ? "," : "", argv[i]);
	return strbuf_steal(&all);
}

/* ---- attach ---- */

/*
 * The two kinds: how words are put into what the daemon is to be told, or
 * what is wrong with them; and that as libxl's JSON, for a dry run.
 */
struct kind {
	const char *key;
	int (*read)(const char *words, struct strbuf *out, struct fail *fail);
	void (*json)(struct jw *w, const char *spec);
};

static int disk_read(const char *words, struct strbuf *out, struct fail *fail)
{
	struct disk d;
	int rc = disk_parse(&d, words, fail);

	disk_free(&d);
	strbuf_adds(out, words);
	return rc;
}

static void disk_json(struct jw *w, const char *spec)
{
	struct disk d;

	if (!disk_parse(&d, spec, NULL))
		disk_to_json(&d, w, NULL);
	disk_free(&d);
}

static int card_read(const char *words, struct strbuf *out, struct fail *fail)
{
	return xlconf_card(xl_conf(), words, out, fail);
}

static void card_json(struct jw *w, const char *spec)
{
	struct nic n;

	if (!nic_parse(&n, spec, NULL))
		nic_to_json(&n, w, NULL);
	nic_free(&n);
}

static int send_attach(const char *domain, const struct kind *k,
		       const char *spec, bool json)
{
	struct strbuf text;
	struct jw w;

	if (!xl_request_begin(&w, &text, "device-attach", domain))
		return XL_FAILED;
	jw_str(&w, k->key, spec);
	return send_request(&w, &text, json);
}

static int print_attach(const struct kind *k, const char *spec)
{
	struct strbuf text;
	struct jw w;

	if (!xl_json_begin(&w, &text))
		return XL_FAILED;
	k->json(&w, spec);
	printf("%s: ", k->key);
	return xl_json_end(&w, &text);
}

static int attach(int argc, char **argv, const struct kind *k, int words)
{
	struct strbuf spec = { 0 };
	struct options o = { 0 };
	struct fail fail = { 0 };
	char *text;
	int rc = read_options(argc, argv, &o);

	if (rc || o.force || optind + words > argc)
		return rc ? rc : xl_usage();
	text = join(argc, argv, optind + 1);
	if (!text)
		return xl_error("out of memory");
	if (k->read(text, &spec, &fail))
		rc = xl_error("%s", fail.text);
	else if (spec.err)
		rc = xl_error("out of memory");
	else if (xl_dry_run)
		rc = print_attach(k, spec.data);
	else
		rc = send_attach(argv[optind], k, spec.data, o.json);
	strbuf_free(&spec);
	free(text);
	return rc;
}

int cmd_block_attach(int argc, char **argv)
{
	static const struct kind disk = { "disk", disk_read, disk_json };

	return attach(argc, argv, &disk, 2);
}

int cmd_network_attach(int argc, char **argv)
{
	static const struct kind card = { "vif", card_read, card_json };

	return attach(argc, argv, &card, 1);
}

/* ---- detach ---- */

static int detach(int argc, char **argv, bool is_nic)
{
	struct options o = { 0 };
	struct strbuf text;
	struct jw w;
	int rc = read_options(argc, argv, &o);
	const char *domain;

	if (rc || optind + 2 > argc)
		return rc ? rc : xl_usage();
	domain = argv[optind++];
	/* Xen's takes --force behind the names, too. */
	for (int i = optind + 1; i < argc; i++) {
		if (strcmp(argv[i], "--force"))
			return xl_usage();
		o.force = true;
	}
	if (!xl_request_begin(&w, &text, "device-detach", domain))
		return XL_FAILED;
	jw_str(&w, is_nic ? "vif" : "disk", argv[optind]);
	jw_bool(&w, "force", o.force);
	return send_request(&w, &text, o.json);
}

int cmd_block_detach(int argc, char **argv)
{
	return detach(argc, argv, false);
}

int cmd_network_detach(int argc, char **argv)
{
	return detach(argc, argv, true);
}

/* ---- media and size ---- */

static int change_medium(const char *domain, const char *drive,
			 const char *target, bool json)
{
	struct strbuf text;
	struct jw w;

	if (!xl_request_begin(&w, &text, "media", domain))
		return XL_FAILED;
	jw_str(&w, "disk", drive);
	jw_str(&w, "target", target);
	return send_request(&w, &text, json);
}

int cmd_cd_insert(int argc, char **argv)
{
	struct options o = { 0 };
	int rc = read_options(argc, argv, &o);

	if (rc || o.force || optind + 3 != argc)
		return rc ? rc : xl_usage();
	if (!*argv[optind + 2])
		return xl_error("the target is empty: xl cd-eject empties a drive");
	return change_medium(argv[optind], argv[optind + 1],
			     argv[optind + 2], o.json);
}

int cmd_cd_eject(int argc, char **argv)
{
	struct options o = { 0 };
	int rc = read_options(argc, argv, &o);

	if (rc || o.force || optind + 2 != argc)
		return rc ? rc : xl_usage();
	return change_medium(argv[optind], argv[optind + 1], "", o.json);
}

int cmd_block_resize(int argc, char **argv)
{
	struct options o = { 0 };
	struct strbuf text;
	struct jw w;
	int rc = read_options(argc, argv, &o);
	int64_t kib = -1;

	if (rc || o.force || optind + 2 > argc || optind + 3 < argc)
		return rc ? rc : xl_usage();
	if (optind + 3 == argc) {
		kib = xl_parse_mem_kib(argv[optind + 2]);
		if (kib <= 0 || kib > INT64_MAX / 1024)
			return xl_error("\"%s\" is no size: use MiB, or a number with k, m, g or t behind it",
					argv[optind + 2]);
	}
	if (!xl_request_begin(&w, &text, "block-resize", argv[optind]))
		return XL_FAILED;
	jw_str(&w, "disk", argv[optind + 1]);
	if (kib > 0)
		jw_int(&w, "bytes", kib * 1024);
	return send_request(&w, &text, o.json);
}

/* ---- the backends ---- */

/* The request that tells a device's backend @word. */
static int begin_word(int argc, char **argv, const char *word,
		      struct options *o, struct jw *w, struct strbuf *text)
{
	int rc = read_options(argc, argv, o);

	if (rc || o->force || optind + 2 != argc)
		return rc ? rc : xl_usage();
	if (!xl_request_begin(w, text, "device-request", argv[optind]))
		return XL_FAILED;
	name_device(w, argv[optind + 1]);
	jw_str(w, "word", word);
	return XL_OK;
}

int cmd_device_replace(int argc, char **argv)
{
	struct options o = { 0 };
	struct strbuf text;
	struct jw w;
	int rc = begin_word(argc, argv, "replace", &o, &w, &text);

	return rc ? rc : send_request(&w, &text, o.json);
}

static void print_stats(yajl_val answer)
{
	yajl_val v = json_get(answer, "reply");

	printf("%s:\n", json_str(answer, "device", "?"));
	for (size_t i = 0; YAJL_IS_OBJECT(v) && i < v->u.object.len; i++)
		printf("  %-12s %" PRId64 "\n", v->u.object.keys[i],
		       json_int(v, v->u.object.keys[i], 0));
}

int cmd_device_stats(int argc, char **argv)
{
	struct options o = { 0 };
	struct strbuf text;
	yajl_val answer;
	struct jw w;
	int rc = begin_word(argc, argv, "stats", &o, &w, &text);

	if (rc || o.json)
		return rc ? rc : send_request(&w, &text, true);
	answer = xl_request_answer(&w, &text);
	if (!answer)
		return XL_FAILED;
	print_stats(answer);
	yajl_tree_free(answer);
	return XL_OK;
}

int cmd_devd(int argc, char **argv)
{
	return xl_exec_devd(argc, argv);
}
