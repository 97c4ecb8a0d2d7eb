// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c: xl: finding the command that was meant, and helping.
 *
 * State: the running command, for messages, and the host's settings, which
 * every command but help reads first, so that a mistake in them is seen at
 * once.  A command may be shortened to any prefix that only it has.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/nearest.h"
#include "xl.h"
#include "xlconf.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args, *help;	/* or why there is no such command */
} commands[] = {
#define CMD(name, fn, args, help) { name, cmd_##fn, args, help },
#define ABSENT(name, why) { name, NULL, "", why },
#include "cmds.def"
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

bool xl_verbose, xl_dry_run;
static const struct command *running;
static struct xlconf conf;

int xl_error(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "xl%s%s: ", running ? " " : "",
		running ? running->name : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return XL_FAILED;
}

int xl_usage(void)
{
	fprintf(stderr, "usage: xl %s %s\n%s\n", running->name, running->args,
		running->help);
	return XL_USAGE;
}

/* The command called @name, or the only one that begins so; else NULL. */
static const struct command *find(const char *name, unsigned int *matches)
{
	const struct command *found = NULL;

	*matches = 0;
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (!strcmp(commands[i].name, name)) {
			*matches = 1;
			return &commands[i];
		}
		if (strncmp(commands[i].name, name, strlen(name)) ||
		    !commands[i].run)
			continue;
		found = &commands[i];
		(*matches)++;
	}
	return *matches == 1 ? found : NULL;
}

static int unknown(const char *name, unsigned int matches)
{
	struct nearest n;
	const char *near;

	if (matches > 1) {
		fprintf(stderr, "xl: \"%s\" could be", name);
		for (size_t i = 0; i < COMMANDS_COUNT; i++) {
			if (commands[i].run &&
			    !strncmp(commands[i].name, name, strlen(name)))
				fprintf(stderr, " %s", commands[i].name);
		}
		fprintf(stderr, ": write more of it\n");
		return XL_FAILED;
	}
	nearest_init(&n, name);
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (commands[i].run)
			nearest_offer(&n, commands[i].name);
	}
	near = nearest_word(&n);
	if (near)
		return xl_error("unknown command \"%s\": did you mean \"%s\"?",
				name, near);
	return xl_error("unknown command \"%s\": xl help lists them", name);
}

static void list_commands(void)
{
	printf("usage: xl [-vN] COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (commands[i].run)
			printf(" %-15s %s\n", commands[i].name,
			       commands[i].help);
	}
	printf("\nA command may be shortened to any prefix that only it has.\n"
	       "xl help COMMAND says how to use it.\n");
}

int cmd_help(int argc, char **argv)
{
	unsigned int matches;

	if (argc > 1 && argv[1][0] != '-') {
		running = find(argv[1], &matches);
		if (!running)
			return unknown(argv[1], matches);
		printf("usage: xl %s %s\n%s\n", running->name, running->args,
		       running->help);
		return XL_OK;
	}
	list_commands();
	return XL_OK;
}

/* ---- the host's settings ---- */

#define XL_CONF "/etc/xen/xl.conf"

const struct xlconf *xl_conf(void)
{
	return &conf;
}

static void warn(const char *line)
{
	fprintf(stderr, "warning: %s\n", line);
}

static void note(const char *line)
{
	if (xl_verbose)
		fprintf(stderr, "%s\n", line);
}

static int read_conf(void)
{
	static const struct xlconf_say say = { warn, note };
	const char *chosen = getenv("XL_CONF");
	const char *path = chosen && *chosen ? chosen : XL_CONF;
	FILE *f = fopen(path, "re");
	struct fail fail = { 0 };
	struct cfg_file file;
	int rc = 0;

	if (!f && (errno != ENOENT || path == chosen))
		return xl_error("%s: %s", path, strerror(errno));
	cfg_file_init(&file, path, &fail);
	if (f) {
		rc = cfg_parse_stream(&file, f);
		fclose(f);
	}
	if (!rc)
		rc = xlconf_read(&conf, &file, &say);
	cfg_file_free(&file);
	return rc ? xl_error("%s", fail.text) : XL_OK;
}

static bool can_dry_run(const struct command *c)
{
	return c->run == cmd_create || c->run == cmd_block_attach ||
	       c->run == cmd_network_attach;
}

int main(int argc, char **argv)
{
	const struct command *command;
	unsigned int matches;
	int c;

	/* Options before the command; Xen's -f, -t, -T change nothing. */
	while ((c = getopt(argc, argv, "+vftTNh")) != -1) {
		if (c == 'v')
			xl_verbose = true;
		else if (c == 'N')
			xl_dry_run = true;
		else if (c == 'h' || c == '?')
			return cmd_help(1, argv) || c == '?';
	}
	if (optind >= argc) {
		cmd_help(1, argv);
		return XL_FAILED;
	}
	command = find(argv[optind], &matches);
	if (!command)
		return unknown(argv[optind], matches);
	running = command;
	if (!command->run)
		return xl_error("%s", command->help);
	if (xl_dry_run && !can_dry_run(command))
		return xl_error("there is no dry run (-N) of this command");
	if (command->run != cmd_help && read_conf())
		return 1;
	argc -= optind;
	argv += optind;
	optind = 0;	/* the command reads its own options */
	return command->run(argc, argv) == XL_OK ? 0 : 1;
}
