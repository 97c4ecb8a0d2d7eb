// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_life.c: commands that make, end and steer guests.
 *
 * State: none beyond one command's.  Everything here but reading files is a
 * request to the daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "cfg.h"
#include "config_json.h"
#include "xl.h"
#include "xlconf.h"

/* ---- create ---- */

struct create {
	const char *file;
	bool console, paused, dry_run, quiet;
	bool any_cpu;		/* of the host's, whatever xl.conf says */
	char **words;		/* KEY=VALUE of the command line */
	int words_count;
};

static int create_options(int argc, char **argv, struct create *c)
{
	static const struct option longs[] = {
		{ "defconfig", required_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'f' },
		{ "dryrun", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "paused", no_argument, NULL, 'p' },
		{ "console", no_argument, NULL, 'c' },
		{ "vncviewer", no_argument, NULL, 'V' },
		{ "vncviewer-autopass", no_argument, NULL, 'A' },
		{ "ignore-global-affinity-masks", no_argument, NULL, 'i' },
		{ 0 },
	};
	int o;

	/* -F, -e: this toolstack keeps no process per guest either way. */
	while ((o = getopt_long(argc, argv, "cpnqf:VAFeid", longs, NULL)) !=
	       -1) {
		if (o == 'f')
			c->file = optarg;
		else if (o == 'c')
			c->console = true;
		else if (o == 'p')
			c->paused = true;
		else if (o == 'n')
			c->dry_run = true;
		else if (o == 'q')
			c->quiet = true;
		else if (o == 'i')
			c->any_cpu = true;
		else if (o == 'V' || o == 'A')
			return xl_error("virtual frame buffers are not built: use -c for the console");
		else if (o == '?')
			return xl_usage();
	}
	if (!c->file && optind < argc && !strchr(argv[optind], '='))
		c->file = argv[optind++];
	c->words = argv + optind;
	c->words_count = argc - optind;
	return XL_OK;
}

/* The file at @path, or in Xen's folder if there is none here. */
static FILE *open_config(const char *path, char *found, size_t room)
{
	static const char *const forms[] = { "", "/etc/xen/" };
	static const char *const endings[] = { "", ".cfg" };
	FILE *f;

	for (size_t i = 0; i < 4; i++) {
		snprintf(found, room, "%s%s%s", forms[i / 2], path,
			 endings[i % 2]);
		f = fopen(found, "re");
		if (f || strchr(path, '/'))
			return f;
	}
	snprintf(found, room, "%s", path);
	return NULL;
}

static int read_config(struct cfg_file *file, struct create *c, char *name,
		       size_t room)
{
	FILE *f = open_config(c->file, name, room);
	int rc;

	if (!f)
		return fail_errno(file->fail, -errno,
				  "cannot open the configuration %s (nor in /etc/xen)",
				  c->file);
	file->name = name;
	if (!c->quiet && !c->dry_run)
		printf("Parsing config from %s\n", name);
	rc = cfg_parse_stream(file, f);
	fclose(f);
	return rc;
}

/*
 * One KEY=VALUE of the command line: in the file's grammar if it is in it,
 * else the value is taken as a string as it stands.
 */
static int add_word(struct cfg_file *file, const char *word)
{
	const char *eq = strchr(word, '=');
	struct cfg_file trial;
	char *key;
	int rc;

	if (!eq || eq == word)
		return fail_set(file->fail, -EINVAL,
				"\"%s\": words after the file are KEY=VALUE",
				word);
	cfg_file_init(&trial, "command line", NULL);
	rc = cfg_parse_text(&trial, word, strlen(word));
	cfg_file_free(&trial);
	if (!rc)
		return cfg_parse_text(file, word, strlen(word));
	key = strndup(word, (size_t)(eq - word));
	rc = key ? cfg_set_string(file, key, eq + 1) : -ENOMEM;
	free(key);
	return rc;
}

static void print_warning(void *ctx, const char *line)
{
	const struct create *c = ctx;

	if (!c->quiet)
		fprintf(stderr, "warning: %s\n", line);
}

/* Checks here what the daemon will check again, to name file and line. */
static int load_config(struct create *c, struct cfg_file *file, char *name,
		       size_t room)
{
	struct guest_config cfg;
	int rc = 0;

	if (c->file)
		rc = read_config(file, c, name, room);
	for (int i = 0; i < c->words_count && !rc; i++) {
		file->name = "command line";
		rc = add_word(file, c->words[i]);
	}
	if (rc)
		return rc;
	file->name = c->file ? name : "command line";
	rc = xlconf_fill(xl_conf(), file);
	if (rc)
		return rc;
	rc = cfg_apply(&cfg, file, print_warning, c);
	if (!rc && !c->any_cpu)
		rc = xlconf_fill_cpus(xl_conf(), &cfg, file);
	guest_config_free(&cfg);
	return rc;
}

/* Paths mean what they mean here, not in the daemon's folder. */
static void absolute_path(struct cfg_file *file, const char *key)
{
	const struct cfg_value *v = cfg_find(file, key);
	char *full = v && v->kind == CFG_STRING ? realpath(v->text, NULL) :
						  NULL;

	if (full)
		cfg_set_string(file, key, full);
	free(full);
}

/*
 * The console first, then the guest, or what a guest says that ends at once
 * would be gone with it.  This process becomes the console client; another
 * starts the guest when the client is attached, or cannot be.
 */
static int start_with_console(uint32_t domid)
{
	char word[16], attached;
	int fds[2];
	pid_t pid;

	snprintf(word, sizeof(word), "%u", domid);
	if (pipe(fds))
		return xl_error("no pipe: %s", strerror(errno));
	pid = fork();
	if (pid > 0) {
		close(fds[0]);
		return xl_exec_console(domid, fds[1]);
	}
	close(fds[1]);
	/* Its end is a word, too. */
	if (!pid && read(fds[0], &attached, 1) < 0)
		xl_error("no word from the console: %s", strerror(errno));
	if (!pid)
		_exit(xl_simple("unpause", word));
	close(fds[0]);
	xl_error("no process: %s", strerror(errno));
	return xl_simple("unpause", word);
}

static int send_create(const struct create *c, const struct strbuf *config)
{
	struct strbuf text;
	uint32_t domid;
	yajl_val answer;
	struct jw w;

	if (!xl_request_begin(&w, &text, "create", NULL))
		return XL_FAILED;
	jw_bool(&w, "paused", c->paused || c->console);
	jw_raw(&w, "config", config->data, config->len);
	answer = xl_request_answer(&w, &text);
	if (!answer)
		return XL_FAILED;
	domid = (uint32_t)json_int(answer, "domid", 0);
	yajl_tree_free(answer);
	fflush(stdout);
	if (!c->console)
		return XL_OK;
	return c->paused ? xl_exec_console(domid, -1) :
			   start_with_console(domid);
}

/* What `xl create` would be asked for, in libxl's form. */
static int print_config(struct cfg_file *file)
{
	char uuid[UUID_STR_LEN];
	struct guest_config cfg;
	struct config_now now;
	struct strbuf text;
	struct jw w;
	int rc = XL_FAILED;

	if (cfg_apply(&cfg, file, NULL, NULL)) {
		xl_error("%s", file->fail->text);
	} else if (xl_json_begin(&w, &text)) {
		uuid_unparse_lower(cfg.uuid, uuid);
		now = config_as_written(&cfg, cfg.has_uuid ? uuid : NULL);
		jw_object(&w, NULL);
		config_json(&w, &cfg, &now);
		jw_object_end(&w);
		rc = xl_json_end(&w, &text);
	}
	guest_config_free(&cfg);
	return rc;
}

/* The daemon takes it as one JSON object of its settings. */
static int create(const struct create *c, const struct cfg_file *file)
{
	struct strbuf json = { 0 };
	int rc;

	cfg_to_json(file, &json);
	rc = json.err ? xl_error("out of memory") : send_create(c, &json);
	strbuf_free(&json);
	return rc;
}

int cmd_create(int argc, char **argv)
{
	struct fail fail = { 0 };
	struct create c = { .dry_run = xl_dry_run };
	struct cfg_file file;
	char name[4096];
	int rc = create_options(argc, argv, &c);

	if (rc)
		return rc;
	if (!c.file && !c.words_count)
		return xl_usage();
	cfg_file_init(&file, "command line", &fail);
	if (load_config(&c, &file, name, sizeof(name))) {
		cfg_file_free(&file);
		return xl_error("%s", fail.text);
	}
	absolute_path(&file, "kernel");
	absolute_path(&file, "ramdisk");
	rc = c.dry_run ? print_config(&file) : create(&c, &file);
	cfg_file_free(&file);
	return rc;
}

/* ---- one request per domain ---- */

static int each_domain(const char *op, int argc, char **argv)
{
	int rc = XL_OK;

	if (argc < 2)
		return xl_usage();
	for (int i = 1; i < argc; i++) {
		if (xl_simple(op, argv[i]))
			rc = XL_FAILED;
	}
	return rc;
}

int cmd_destroy(int argc, char **argv)
{
	/* -f: Xen's way to insist on destroying Domain-0, refused here. */
	if (argc > 1 && !strcmp(argv[1], "-f")) {
		argc--;
		argv++;
	}
	return each_domain("destroy", argc, argv);
}

int cmd_pause(int argc, char **argv)
{
	return each_domain("pause", argc, argv);
}

int cmd_unpause(int argc, char **argv)
{
	return each_domain("unpause", argc, argv);
}

int cmd_rename(int argc, char **argv)
{
	struct strbuf text;
	struct jw w;

	if (argc != 3)
		return xl_usage();
	if (!xl_request_begin(&w, &text, "rename", argv[1]))
		return XL_FAILED;
	jw_str(&w, "name", argv[2]);
	return xl_request_end(&w, &text);
}

int cmd_sysrq(int argc, char **argv)
{
	struct strbuf text;
	struct jw w;

	if (argc != 3)
		return xl_usage();
	if (strlen(argv[2]) != 1)
		return xl_error("\"%s\": a SysRq is one letter", argv[2]);
	if (!xl_request_begin(&w, &text, "sysrq", argv[1]))
		return XL_FAILED;
	jw_str(&w, "key", argv[2]);
	return xl_request_end(&w, &text);
}

int cmd_trigger(int argc, char **argv)
{
	(void)argv;
	if (argc < 3)
		return xl_usage();
	return xl_error("paravirtual guests take no hardware events: use xl shutdown, xl reboot or xl sysrq");
}

int cmd_console(int argc, char **argv)
{
	uint32_t domid;
	int o;

	/* -t TYPE, -n NUMBER, -e ESCAPE as Xen's xl takes them. */
	while ((o = getopt(argc, argv, "t:n:e:")) != -1) {
		if (o == 't' && strcmp(optarg, "pv"))
			return xl_error("only the paravirtual console (-t pv) is there");
		if (o == '?')
			return xl_usage();
	}
	if (optind + 1 != argc)
		return xl_usage();
	if (!xl_find_domain(argv[optind], &domid))
		return XL_FAILED;
	return xl_exec_console(domid, -1);
}

/* ---- shutdown and reboot ---- */

static int ask(const char *domain, const char *how)
{
	struct strbuf text;
	struct jw w;

	if (!xl_request_begin(&w, &text, "shutdown", domain))
		return XL_FAILED;
	jw_str(&w, "how", how);
	return xl_request_end(&w, &text);
}

/* Waits for something that the store announces, at most a second. */
static void wait_for_news(struct xsc *xs)
{
	struct pollfd p = { .fd = xsc_fd(xs), .events = POLLIN };
	char *path, *token;

	poll(&p, 1, 1000);
	while (xsc_event(xs, &path, &token) > 0)
		free(path);
}

/* Until the domain of this life has shut down or is gone. */
static int wait_for_end(uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;
	struct xsc *xs = xl_store();

	if (!xs)
		return XL_FAILED;
	while (!hv_domain_info(xl_hv(), domid, &info) &&
	       !(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
		wait_for_news(xs);
	return XL_OK;
}

static int ask_all(struct xen_domctl_getdomaininfo *list, int count,
		   const char *how, bool wait)
{
	int rc = XL_OK;

	if (wait && (!xl_store() ||
		     xsc_watch(xl_store(), "@releaseDomain", "xl")))
		return xl_error("the store does not take a watch");
	for (int i = 0; i < count; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", list[i].domain);
		if (ask(id, how)) {
			rc = XL_FAILED;
			list[i].domain = 0;
		}
	}
	for (int i = 0; wait && i < count; i++) {
		if (list[i].domain)
			wait_for_end(list[i].domain);
	}
	return rc;
}

static int end_guests(int argc, char **argv, const char *how)
{
	struct xen_domctl_getdomaininfo *list;
	bool all = false, wait = false;
	int o, count, kept = 0, rc;

	/* -F: paravirtual guests need no fallback. */
	while ((o = getopt(argc, argv, "awF")) != -1) {
		if (o == 'a')
			all = true;
		else if (o == 'w')
			wait = true;
		else if (o == '?')
			return xl_usage();
	}
	if (all == (optind < argc))
		return xl_usage();
	count = xl_find_domains(argv + optind, argc - optind, &list);
	if (count < 0)
		return XL_FAILED;
	for (int i = 0; i < count; i++) {
		/* "All" means those that can still be asked. */
		if (all && (!list[i].domain ||
			    list[i].flags & (XEN_DOMINF_shutdown |
					     XEN_DOMINF_dying)))
			continue;
		list[kept++] = list[i];
	}
	rc = ask_all(list, kept, how, wait);
	free(list);
	return rc;
}

int cmd_shutdown(int argc, char **argv)
{
	return end_guests(argc, argv, "poweroff");
}

int cmd_reboot(int argc, char **argv)
{
	return end_guests(argc, argv, "reboot");
}
