/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.c: XS_CONTROL, what xenstore-control asks for.
 *
 * Owns no state; changes the limits and the log's level.  Each command gets
 * the strings behind its name and appends text to the reply; nothing appended
 * is answered "OK".
 */
#include "store/dispatch.h"

#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "store/client.h"
#include "store/store.h"

static int ctl_check(struct req *r)
{
	unsigned int bad = store_check(r->v.s);

	if (bad)
		strbuf_printf(&r->reply, "%u faults found: see the log", bad);
	return 0;
}

static int ctl_log(struct req *r)
{
	if (r->argc != 2)
		return -EINVAL;
	if (!strcmp(r->arg[1], "on"))
		log_set_level(LOG_L_DEBUG);
	else if (!strcmp(r->arg[1], "off"))
		log_set_level(LOG_L_INFO);
	else
		return -EINVAL;
	return 0;
}

static int ctl_logfile(struct req *r)
{
	return r->argc == 2 ?
		       log_init("xenstored", LOG_TO_FILE, r->arg[1]) :
		       -EINVAL;
}

static int ctl_print(struct req *r)
{
	if (r->argc != 2)
		return -EINVAL;
	log_info("client %u prints: %s", r->v.c->id, r->arg[1]);
	return 0;
}

/* Bytes that wait to be sent to the client. */
static size_t queued(const struct domain *d)
{
	return d->client ? d->client->out_bytes : 0;
}

static int ctl_memreport(struct req *r)
{
	const struct domain *d;
	const struct client *c;
	unsigned int sockets = 0;
	size_t waiting = 0;

	strbuf_printf(&r->reply, "%-8s %8s %12s %12s\n", "domain", "nodes",
		      "bytes", "queued");
	for (d = r->v.s->domains; d && r->reply.len < 3500; d = d->next)
		strbuf_printf(&r->reply, "%-8u %8d %12lld %12zu\n", d->domid,
			      d->nodes, (long long)d->bytes, queued(d));
	for (c = r->v.s->clients; c; c = c->next) {
		sockets += !c->is_ring;
		waiting += c->out_bytes;
	}
	strbuf_printf(&r->reply, "sockets: %u, queued in all: %zu bytes%s\n",
		      sockets, waiting, d ? " (domains cut short)" : "");
	return 0;
}

static int show_domain_quota(struct req *r, uint32_t domid)
{
	const struct domain *d = store_domain(r->v.s, domid);
	const struct client *c;

	if (!d)
		return -ENOENT;
	c = d->client;
	strbuf_printf(&r->reply, "Domain %u:\n", domid);
	strbuf_printf(&r->reply, "%-16s: %8d\n", "nodes", d->nodes);
	strbuf_printf(&r->reply, "%-16s: %8u\n", "watches",
		      c ? c->watch_count : 0);
	strbuf_printf(&r->reply, "%-16s: %8u\n", "transactions",
		      c ? c->txn_count : 0);
	strbuf_printf(&r->reply, "%-16s: %8u\n", "outstanding",
		      c ? c->out_replies : 0);
	strbuf_printf(&r->reply, "%-16s: %8lld\n", "memory",
		      (long long)d->bytes);
	return 0;
}

static int ctl_quota(struct req *r)
{
	uint32_t value;

	if (r->argc == 1) {
		strbuf_adds(&r->reply, "Quota settings:\n");
		quota_list(&r->v.s->quota, &r->reply);
		return 0;
	}
	if (r->argc == 2 && !xs_parse_u32(r->arg[1], UINT16_MAX, &value))
		return show_domain_quota(r, value);
	if (r->argc != 4 || strcmp(r->arg[1], "set") ||
	    xs_parse_u32(r->arg[3], INT32_MAX, &value))
		return -EINVAL;
	return quota_set(&r->v.s->quota, r->arg[2], value);
}

static int ctl_quota_soft(struct req *r)
{
	uint32_t value;

	if (r->argc == 1) {
		strbuf_adds(&r->reply, "Soft quota settings:\n");
		quota_list_soft(&r->v.s->quota, &r->reply);
		return 0;
	}
	if (r->argc != 4 || strcmp(r->arg[1], "set") ||
	    xs_parse_u32(r->arg[3], INT32_MAX, &value))
		return -EINVAL;
	return quota_set_soft(&r->v.s->quota, r->arg[2], value);
}

static int ctl_live_update(struct req *r)
{
	strbuf_adds(&r->reply,
		    "not supported: restart with --dump and --restore\n");
	return 0;
}

static int ctl_help(struct req *r);

static const struct {
	const char *name;
	int (*fn)(struct req *r);
	const char *args;
} commands[] = {
	{ "check", ctl_check, "" },
	{ "help", ctl_help, "" },
	{ "live-update", ctl_live_update, "(not supported)" },
	{ "log", ctl_log, "on|off" },
	{ "logfile", ctl_logfile, "<file>" },
	{ "memreport", ctl_memreport, "" },
	{ "print", ctl_print, "<string>" },
	{ "quota", ctl_quota, "[set <name> <val>|<domid>]" },
	{ "quota-soft", ctl_quota_soft, "[set <name> <val>]" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int ctl_help(struct req *r)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		strbuf_printf(&r->reply, "%-15s %s\n", commands[i].name,
			      commands[i].args);
	return 0;
}

int op_control(struct req *r)
{
	size_t i;
	int rc = -EINVAL;

	r->argc = xs_split(r->body, r->len, r->arg, REQ_ARGS);
	if (r->argc < 1 || r->argc > REQ_ARGS)
		return -EINVAL;
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, r->arg[0]))
			break;
	if (i < COMMANDS)
		rc = commands[i].fn(r);
	if (rc)
		return rc;
	if (!r->reply.len)
		strbuf_adds(&r->reply, "OK");
	strbuf_addc(&r->reply, 0);
	return 0;
}
