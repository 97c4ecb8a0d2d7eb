/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl.h: what the commands of xl share.
 *
 * What only reads goes straight to hypervisor and store; all else is a
 * request to parvisd, which owns the guests.  Connections are opened on first
 * use and live as long as the process.
 */
#ifndef DOM0_CLI_XL_H
#define DOM0_CLI_XL_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/fail.h"
#include "../lib/hv_domain.h"
#include "../lib/json.h"
#include "../lib/xs_client.h"

struct xlconf;

/* A command's exit status; both print why they fail before they return. */
#define XL_OK 0
#define XL_FAILED 1
#define XL_USAGE 2

/* ---- main.c ---- */

extern bool xl_verbose;
/* Only print what would be sent; no other commands than these are run. */
extern bool xl_dry_run;

/* Prints "xl COMMAND: ..." on stderr; XL_FAILED. */
int xl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints how to use the running command; XL_USAGE. */
int xl_usage(void);

/* The host's settings (xl.conf): defaults where there is no such file. */
const struct xlconf *xl_conf(void);

/* ---- client.c ---- */

/* NULL after saying why there is none. */
struct hv *xl_hv(void);
struct xsc *xl_store(void);

/*
 * Sends one request, whose members @text are {"op": ..., ...}.  The answer,
 * for yajl_tree_free(), or NULL after printing why it failed.  Starts the
 * daemon if none is running.
 */
yajl_val xl_request(const char *text);
/* The same for the most common form: an operation on one domain. */
int xl_simple(const char *op, const char *domain);
/* A request under construction: {"op": @op, "domain": @domain. */
bool xl_request_begin(struct jw *w, struct strbuf *text, const char *op,
		      const char *domain);
/* Ends it, sends it, frees it: an exit status. */
int xl_request_end(struct jw *w, struct strbuf *text);
/* The same; the answer, for yajl_tree_free(), or NULL after saying why. */
yajl_val xl_request_answer(struct jw *w, struct strbuf *text);

/* JSON for the terminal: true, or false after saying why not. */
bool xl_json_begin(struct jw *w, struct strbuf *text);
/* Prints and frees it: an exit status. */
int xl_json_end(struct jw *w, struct strbuf *text);

/* ---- names.c ---- */

/* The domain's name for free(), or NULL if it has none. */
char *xl_domain_name(uint32_t domid);
/* The domain that @text, a name or a number, means. False: said why not. */
bool xl_find_domain(const char *text, uint32_t *domid);
/*
 * The domains that the @count words in @names mean, or all without words, for
 * free().  Their number, or -1 after saying why.
 */
int xl_find_domains(char **names, int count,
		    struct xen_domctl_getdomaininfo **out);
/* The configuration of the domain as saved by the daemon, or NULL. */
yajl_val xl_saved_config(const uint8_t uuid[16]);
/* Text like "512", "1g", "2048k": KiB; a bare number counts MiB.  -1: bad. */
int64_t xl_parse_mem_kib(const char *text);

/* ---- the commands ---- */

#define CMD(name, fn, args, text) int cmd_##fn(int argc, char **argv);
#define ABSENT(name, why)
#include "cmds.def"

/*
 * Replaces this process by the console client, which writes a byte to
 * @notify_fd (-1: none) once it is attached; returns only on failure.
 */
int xl_exec_console(uint32_t domid, int notify_fd);
/* The same by the device daemon, with the options of this command. */
int xl_exec_devd(int argc, char **argv);

#endif
