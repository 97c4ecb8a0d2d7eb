// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list.c: commands that list domains and their vCPUs, as text in the
 * columns that other programs parse, or as JSON.
 *
 * State: none.  A domain may end between two of its lines: what is gone by
 * then is left out or printed without a name.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include "config_json.h"
#include "xl.h"

typedef struct xen_domctl_getdomaininfo domain_info;

static bool has(const domain_info *d, uint32_t flag)
{
	return d->flags & flag;
}

static unsigned int shutdown_reason(const domain_info *d)
{
	return d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

/* Six letters: running, blocked, paused, shut down, reason, dying. */
static void state_letters(const domain_info *d, char out[7])
{
	static const char reasons[] = "-rscwS";
	unsigned int reason = has(d, XEN_DOMINF_shutdown) ?
				      shutdown_reason(d) : 0;

	out[0] = has(d, XEN_DOMINF_running) ? 'r' : '-';
	out[1] = has(d, XEN_DOMINF_blocked) ? 'b' : '-';
	out[2] = has(d, XEN_DOMINF_paused) ? 'p' : '-';
	out[3] = has(d, XEN_DOMINF_shutdown) ? 's' : '-';
	out[4] = reason < sizeof(reasons) - 1 ? reasons[reason] : '?';
	out[5] = has(d, XEN_DOMINF_dying) ? 'd' : '-';
	out[6] = '\0';
}

static unsigned long mem_mib(const domain_info *d)
{
	return (d->tot_pages + d->outstanding_pages) / 256;
}

/* A list in the making: what a listing command was asked for. */
struct listing {
	domain_info *list;
	int count;
	bool json, verbose, details, labels, brief;
};

static int listing_options(struct listing *l, int argc, char **argv,
			   const char *letters)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "long", no_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "context", no_argument, NULL, 'Z' },
		{ "short", no_argument, NULL, 's' },
		{ 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (o == 'J')
			l->json = true;
		else if (o == 'l')
			l->details = true;
		else if (o == 'v')
			l->verbose = true;
		else if (o == 'Z')
			l->labels = true;
		else if (o == 's')
			l->brief = true;
		else
			return xl_usage();
	}
	l->count = xl_find_domains(argv + optind, argc - optind, &l->list);
	return l->count < 0 ? XL_FAILED : XL_OK;
}

/* ---- list ---- */

static void print_row(const struct listing *l, const domain_info *d)
{
	char *name = xl_domain_name(d->domain);
	char state[7], uuid[UUID_STR_LEN];

	state_letters(d, state);
	printf("%-40s %5d %5lu %5d     %s  %8.1f", name ? name : "(null)",
	       d->domain, mem_mib(d), (int)d->nr_online_vcpus, state,
	       (double)d->cpu_time / 1e9);
	if (l->verbose) {
		uuid_unparse_lower(d->handle, uuid);
		printf(" %s", uuid);
		if (has(d, XEN_DOMINF_shutdown))
			printf(" %8x", shutdown_reason(d));
		else
			printf(" %8s", "-");
	}
	if (l->verbose || l->labels)
		printf(" %16s", "-");
	putchar('\n');
	free(name);
}

static void print_table(const struct listing *l)
{
	printf("%-40s %5s %5s %5s\tState\tTime(s)", "Name", "ID", "Mem",
	       "VCPUs");
	if (l->verbose)
		printf("   UUID                            Reason-Code\tSecurity Label");
	else if (l->labels)
		printf("   Security Label");
	putchar('\n');
	for (int i = 0; i < l->count; i++)
		print_row(l, &l->list[i]);
}

static void json_row(struct jw *w, const domain_info *d)
{
	char *name = xl_domain_name(d->domain);
	char state[7], uuid[UUID_STR_LEN];

	state_letters(d, state);
	uuid_unparse_lower(d->handle, uuid);
	jw_object(w, NULL);
	jw_str(w, "name", name);
	jw_int(w, "domid", d->domain);
	jw_str(w, "uuid", uuid);
	jw_int(w, "memory_kib", (int64_t)d->tot_pages * 4);
	/* The control domain's has no limit, which reads as a huge one. */
	if (d->max_pages < 1ull << 40)
		jw_int(w, "max_memory_kib", (int64_t)d->max_pages * 4);
	jw_int(w, "vcpus_online", d->nr_online_vcpus);
	jw_int(w, "max_vcpus", (int64_t)d->max_vcpu_id + 1);
	jw_str(w, "state", state);
	jw_bool(w, "running", has(d, XEN_DOMINF_running));
	jw_bool(w, "blocked", has(d, XEN_DOMINF_blocked));
	jw_bool(w, "paused", has(d, XEN_DOMINF_paused));
	jw_bool(w, "shutdown", has(d, XEN_DOMINF_shutdown));
	if (has(d, XEN_DOMINF_shutdown))
		jw_int(w, "shutdown_reason", shutdown_reason(d));
	jw_bool(w, "dying", has(d, XEN_DOMINF_dying));
	jw_double(w, "cpu_seconds", (double)d->cpu_time / 1e9);
	jw_object_end(w);
	free(name);
}

/* What the daemon saved of the guest; false if there is nothing. */
static bool saved_config(const domain_info *d, struct guest_config *c)
{
	yajl_val saved = xl_saved_config(d->handle);
	struct cfg_file file;
	bool good = false;

	cfg_file_init(&file, "saved", NULL);
	if (saved && !cfg_parse_tree(&file, json_get(saved, "config"))) {
		good = !cfg_apply(c, &file, NULL, NULL);
		if (!good)
			guest_config_free(c);
	}
	cfg_file_free(&file);
	yajl_tree_free(saved);
	return good;
}

/* A guest with its configuration, in the form that libxl prints. */
static void json_config(struct jw *w, const domain_info *d)
{
	char uuid[UUID_STR_LEN], *name = xl_domain_name(d->domain);
	struct guest_config c;
	bool known = saved_config(d, &c);
	struct config_now now = {
		.type = has(d, XEN_DOMINF_hvm_guest) ? "hvm" : "pv",
		.name = name ? name : "(null)",
		.uuid = uuid,
		.max_vcpus = d->max_vcpu_id + 1,
		.online_vcpus = d->nr_online_vcpus,
		.target_kib = (int64_t)d->tot_pages * 4,
	};

	uuid_unparse_lower(d->handle, uuid);
	now.max_kib = known ? c.maxmem * 1024 : now.target_kib;
	jw_object(w, NULL);
	jw_int(w, "domid", d->domain);
	jw_object(w, "config");
	config_json(w, known ? &c : NULL, &now);
	jw_object_end(w);
	jw_object_end(w);
	if (known)
		guest_config_free(&c);
	free(name);
}

/* Prints one array, an element per domain. */
static int print_json(const struct listing *l,
		      void (*row)(struct jw *w, const domain_info *d))
{
	struct strbuf text;
	struct jw w;

	if (!xl_json_begin(&w, &text))
		return XL_FAILED;
	jw_array(&w, NULL);
	for (int i = 0; i < l->count; i++)
		row(&w, &l->list[i]);
	jw_array_end(&w);
	return xl_json_end(&w, &text);
}

int cmd_list(int argc, char **argv)
{
	struct listing l = { 0 };
	int rc = listing_options(&l, argc, argv, "lvZ");

	if (rc)
		return rc;
	if (l.details)
		rc = print_json(&l, json_config);
	else if (l.json)
		rc = print_json(&l, json_row);
	else
		print_table(&l);
	free(l.list);
	return rc;
}

int cmd_vm_list(int argc, char **argv)
{
	struct listing l = { 0 };
	int rc = listing_options(&l, argc, argv, "");

	if (rc)
		return rc;
	if (l.json) {
		rc = print_json(&l, json_row);
		free(l.list);
		return rc;
	}
	printf("UUID                                  ID    name\n");
	for (int i = 0; i < l.count; i++) {
		char *name = xl_domain_name(l.list[i].domain);
		char uuid[UUID_STR_LEN];

		uuid_unparse_lower(l.list[i].handle, uuid);
		if (l.list[i].domain)
			printf("%s  %d    %-30s\n", uuid, l.list[i].domain,
			       name ? name : "(null)");
		free(name);
	}
	free(l.list);
	return XL_OK;
}

/* ---- names ---- */

int cmd_domid(int argc, char **argv)
{
	uint32_t domid;

	if (argc != 2)
		return xl_usage();
	if (!xl_find_domain(argv[1], &domid))
		return XL_FAILED;
	printf("%u\n", domid);
	return XL_OK;
}

int cmd_domname(int argc, char **argv)
{
	uint32_t domid;
	char *name, *end;

	if (argc != 2)
		return xl_usage();
	strtoul(argv[1], &end, 10);
	if (*end)
		return xl_error("\"%s\" is no domain number", argv[1]);
	if (!xl_find_domain(argv[1], &domid))
		return XL_FAILED;
	name = xl_domain_name(domid);
	if (!name)
		return xl_error("domain %u has no name", domid);
	puts(name);
	free(name);
	return XL_OK;
}

/* ---- uptime ---- */

/* Seconds since the domain started, or -1 if nobody noted it. */
static int64_t up_seconds(const domain_info *d)
{
	char uuid[UUID_STR_LEN], *text;
	struct xsc *xs = xl_store();
	double up = -1;
	int64_t start;

	if (!d->domain) {
		FILE *f = fopen("/proc/uptime", "re");

		if (!f || fscanf(f, "%lf", &up) != 1)
			up = -1;
		if (f)
			fclose(f);
		return (int64_t)up;
	}
	uuid_unparse_lower(d->handle, uuid);
	if (!xs || xsc_readf(xs, XSC_NO_TX, &text, "/vm/%s/start_time", uuid))
		return -1;
	start = (int64_t)strtod(text, NULL);
	free(text);
	return start > 0 ? (int64_t)time(NULL) - start : -1;
}

static void up_text(int64_t up, char *to, size_t room)
{
	int64_t days = up / 86400, h = up / 3600 % 24, m = up / 60 % 60;

	if (up < 0)
		snprintf(to, room, "-");
	else if (days)
		snprintf(to, room,
			 "%" PRId64 " day%s, %2" PRId64 ":%02" PRId64 ":%02" PRId64,
			 days, days > 1 ? "s" : "", h, m, up % 60);
	else
		snprintf(to, room, "%2" PRId64 ":%02" PRId64 ":%02" PRId64, h,
			 m, up % 60);
}

static void json_uptime(struct jw *w, const domain_info *d)
{
	char *name = xl_domain_name(d->domain);

	jw_object(w, NULL);
	jw_str(w, "name", name);
	jw_int(w, "domid", d->domain);
	jw_int(w, "uptime_seconds", up_seconds(d));
	jw_object_end(w);
	free(name);
}

int cmd_uptime(int argc, char **argv)
{
	struct listing l = { 0 };
	int rc = listing_options(&l, argc, argv, "s");
	time_t now = time(NULL);
	char up[64], clock[16];

	if (rc)
		return rc;
	if (l.json) {
		rc = print_json(&l, json_uptime);
		free(l.list);
		return rc;
	}
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	if (!l.brief)
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	for (int i = 0; i < l.count; i++) {
		char *name = xl_domain_name(l.list[i].domain);

		up_text(up_seconds(&l.list[i]), up, sizeof(up));
		if (l.brief)
			printf(" %s up %s, %s (%d)\n", clock, up,
			       name ? name : "(null)", l.list[i].domain);
		else
			printf("%-33s %4d %s\n", name ? name : "(null)",
			       l.list[i].domain, up);
		free(name);
	}
	free(l.list);
	return XL_OK;
}

/* ---- vCPUs ---- */

#define MASK_BYTES 512

struct vcpu_row {
	struct xen_domctl_getvcpuinfo info;
	char hard[256], soft[256];
};

static void affinity_text(const domain_info *d, uint32_t v, bool soft,
			  uint32_t cpus, char *to, size_t room)
{
	uint8_t mask[MASK_BYTES] = { 0 };
	struct strbuf text = { 0 };

	/* A mask that cannot be read is that of a vCPU that may go anywhere. */
	if (hv_vcpu_affinity(xl_hv(), d->domain, v, false, soft, mask,
			     sizeof(mask)))
		memset(mask, 0xff, sizeof(mask));
	cfg_cpus_text(mask, cpus, &text);
	snprintf(to, room, "%s", text.err ? "?" : text.data);
	strbuf_free(&text);
}

static bool read_vcpu(const domain_info *d, uint32_t v, struct vcpu_row *row)
{
	static uint32_t cpus;
	struct xen_sysctl_physinfo phys;

	if (!cpus && !hv_physinfo(xl_hv(), &phys))
		cpus = phys.max_cpu_id + 1;
	if (cpus > MASK_BYTES * 8)
		cpus = MASK_BYTES * 8;
	if (hv_vcpu_info(xl_hv(), d->domain, v, &row->info))
		return false;
	affinity_text(d, v, false, cpus, row->hard, sizeof(row->hard));
	affinity_text(d, v, true, cpus, row->soft, sizeof(row->soft));
	return true;
}

static void print_vcpus(const domain_info *d)
{
	char *name = xl_domain_name(d->domain);
	struct vcpu_row row;

	for (uint32_t v = 0; v <= d->max_vcpu_id; v++) {
		if (!read_vcpu(d, v, &row))
			continue;
		printf("%-32s %5u %5u", name ? name : "(null)", d->domain, v);
		if (!row.info.online)
			printf(" %5c %3c%cp ", '-', '-', '-');
		else
			printf(" %5u %3c%c- ", row.info.cpu,
			       row.info.running ? 'r' : '-',
			       row.info.blocked ? 'b' : '-');
		printf(" %9.1f  %s / %s\n", (double)row.info.cpu_time / 1e9,
		       row.hard, row.soft);
	}
	free(name);
}

static void json_vcpus(struct jw *w, const domain_info *d)
{
	char *name = xl_domain_name(d->domain);
	struct vcpu_row row;

	for (uint32_t v = 0; v <= d->max_vcpu_id; v++) {
		if (!read_vcpu(d, v, &row))
			continue;
		jw_object(w, NULL);
		jw_str(w, "name", name);
		jw_int(w, "domid", d->domain);
		jw_int(w, "vcpu", v);
		jw_bool(w, "online", row.info.online);
		jw_bool(w, "running", row.info.running);
		jw_bool(w, "blocked", row.info.blocked);
		jw_int(w, "cpu", row.info.cpu);
		jw_double(w, "cpu_seconds", (double)row.info.cpu_time / 1e9);
		jw_str(w, "affinity_hard", row.hard);
		jw_str(w, "affinity_soft", row.soft);
		jw_object_end(w);
	}
	free(name);
}

int cmd_vcpu_list(int argc, char **argv)
{
	struct listing l = { 0 };
	int rc = listing_options(&l, argc, argv, "");

	if (rc)
		return rc;
	if (l.json) {
		rc = print_json(&l, json_vcpus);
		free(l.list);
		return rc;
	}
	printf("%-32s %5s %5s %5s %5s %9s %-s\n", "Name", "ID", "VCPU", "CPU",
	       "State", "Time(s)", "Affinity (Hard / Soft)");
	for (int i = 0; i < l.count; i++)
		print_vcpus(&l.list[i]);
	free(l.list);
	return XL_OK;
}
