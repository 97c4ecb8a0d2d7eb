// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_set.c: commands that change what a domain may use, and what is sent to
 * the hypervisor itself.  State: none.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"
#include "xlconf.h"

static int set_memory(const char *op, int argc, char **argv)
{
	struct strbuf text;
	struct jw w;
	int64_t kib;

	if (argc != 3)
		return xl_usage();
	kib = xl_parse_mem_kib(argv[2]);
	if (kib < 0)
		return xl_error("\"%s\" is no amount of memory: write MiB, or a number with k, m, g or t",
				argv[2]);
	if (!xl_request_begin(&w, &text, op, argv[1]))
		return XL_FAILED;
	jw_int(&w, "kib", kib);
	return xl_request_end(&w, &text);
}

int cmd_mem_set(int argc, char **argv)
{
	return set_memory("mem-set", argc, argv);
}

int cmd_mem_max(int argc, char **argv)
{
	return set_memory("mem-max", argc, argv);
}

int cmd_vcpu_set(int argc, char **argv)
{
	struct strbuf text;
	struct jw w;
	char *end;
	long count;

	if (argc != 3)
		return xl_usage();
	count = strtol(argv[2], &end, 10);
	if (*end || count < 1)
		return xl_error("\"%s\" is no number of vCPUs", argv[2]);
	if (!xl_request_begin(&w, &text, "vcpu-set", argv[1]))
		return XL_FAILED;
	jw_int(&w, "count", count);
	return xl_request_end(&w, &text);
}

static int pin(const char *domain, long vcpu, const char *cpus, bool soft)
{
	struct strbuf text;
	struct jw w;

	if (!strcmp(cpus, "-"))
		return XL_OK;
	if (!xl_request_begin(&w, &text, "vcpu-pin", domain))
		return XL_FAILED;
	jw_int(&w, "vcpu", vcpu);
	jw_str(&w, "cpus", cpus);
	jw_bool(&w, "soft", soft);
	return xl_request_end(&w, &text);
}

/* Pins to those of @cpus that xl.conf leaves to guests. */
static int pin_allowed(const char *domain, long vcpu, const char *cpus)
{
	struct strbuf text = { 0 };
	struct cfg_mask mask, allowed;
	int rc;

	if (!strcmp(cpus, "-") || !xlconf_cpus(xl_conf(), &allowed))
		return pin(domain, vcpu, cpus, false);
	if (cfg_parse_cpus(cpus, mask.bits, CFG_CPUS_MAX))
		return xl_error("\"%s\": CPUs are given as \"0-3,^1\" or \"all\"",
				cpus);
	if (!cfg_mask_and(&mask, &allowed))
		return xl_error("none of the CPUs %s is among those that vm.cpumask and vm.pv.cpumask in xl.conf allow: --ignore-global-affinity-masks overrides them",
				cpus);
	cfg_cpus_text(mask.bits, CFG_CPUS_MAX, &text);
	rc = text.err ? xl_error("out of memory") :
			pin(domain, vcpu, text.data, false);
	strbuf_free(&text);
	return rc;
}

int cmd_vcpu_pin(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "ignore-global-affinity-masks", no_argument, NULL, 'i' },
		{ "force", no_argument, NULL, 'f' },
		{ 0 },
	};
	long vcpu = -1;
	bool any = false;
	char *end;
	int rc, o;

	/* -f: Xen's way to override what hypercalls pinned; nothing does. */
	while ((o = getopt_long(argc, argv, "fi", longs, NULL)) != -1) {
		if (o == '?')
			return xl_usage();
		any |= o == 'i';
	}
	argc -= optind;
	argv += optind;
	if (argc < 3 || argc > 4)
		return xl_usage();
	if (strcmp(argv[1], "all")) {
		vcpu = strtol(argv[1], &end, 10);
		if (*end || vcpu < 0)
			return xl_error("\"%s\" is neither a vCPU nor \"all\"",
					argv[1]);
	}
	rc = any ? pin(argv[0], vcpu, argv[2], false) :
		   pin_allowed(argv[0], vcpu, argv[2]);
	if (!rc && argc == 4)
		rc = pin(argv[0], vcpu, argv[3], true);
	return rc;
}

int cmd_sched(int argc, char **argv)
{
	const char *domain = NULL;
	long weight = 0, cap = -1;
	struct strbuf text;
	struct jw w;
	int o;

	while ((o = getopt(argc, argv, "d:w:c:")) != -1) {
		if (o == 'd')
			domain = optarg;
		else if (o == 'w')
			weight = strtol(optarg, NULL, 10);
		else if (o == 'c')
			cap = strtol(optarg, NULL, 10);
		else
			return xl_usage();
	}
	if (!domain || (!weight && cap < 0))
		return xl_usage();
	if (!xl_request_begin(&w, &text, "sched", domain))
		return XL_FAILED;
	jw_int(&w, "weight", weight);
	jw_int(&w, "cap", cap);
	return xl_request_end(&w, &text);
}

int cmd_debug_keys(int argc, char **argv)
{
	struct strbuf text;
	struct jw w;

	if (argc != 2)
		return xl_usage();
	if (!xl_request_begin(&w, &text, "debug-keys", NULL))
		return XL_FAILED;
	jw_str(&w, "keys", argv[1]);
	return xl_request_end(&w, &text);
}

int cmd_dmesg(int argc, char **argv)
{
	bool clear = argc == 2 && !strcmp(argv[1], "-c");
	struct hv *hv = xl_hv();
	char *text;
	int rc;

	if (argc > 1 && !clear)
		return xl_usage();
	rc = hv ? hv_console_ring(hv, false, &text) : -1;
	if (rc)
		return xl_error("the hypervisor does not answer (%s): is this the control domain, and are you root?",
				strerror(-rc));
	fputs(text, stdout);
	free(text);
	return clear ? xl_simple("dmesg-clear", NULL) : XL_OK;
}
