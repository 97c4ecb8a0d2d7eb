// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_info.c: xl info: facts about host and hypervisor, one "key : value" to
 * a line (the key padded to 23), or as one JSON object.
 *
 * State: struct facts, a list in the order of printing.  Numbers stay numbers
 * in JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <abi/version.h>

#include "xl.h"

#define FACTS_MAX 48

struct facts {
	struct fact {
		const char *key;
		bool is_number;
		char *value;
	} fact[FACTS_MAX];
	int count;
};

static void add(struct facts *f, bool is_number, const char *key,
		const char *fmt, va_list ap)
{
	struct fact *to = &f->fact[f->count];

	if (f->count == FACTS_MAX || vasprintf(&to->value, fmt, ap) < 0)
		return;
	to->key = key;
	to->is_number = is_number;
	f->count++;
}

static void text(struct facts *f, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void number(struct facts *f, const char *key, uint64_t n);

static void text(struct facts *f, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, false, key, fmt, ap);
	va_end(ap);
}

static void add_number(struct facts *f, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add_number(struct facts *f, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, true, key, fmt, ap);
	va_end(ap);
}

static void number(struct facts *f, const char *key, uint64_t n)
{
	add_number(f, key, "%" PRIu64, n);
}

static void kernel_facts(struct facts *f)
{
	struct utsname u;

	if (uname(&u))
		return;
	text(f, "host", "%s", u.nodename);
	text(f, "release", "%s", u.release);
	text(f, "version", "%s", u.version);
	text(f, "machine", "%s", u.machine);
}

/* What kinds of guests the host can run, by capability bit. */
static void virt_caps(struct facts *f, uint32_t caps)
{
	static const struct {
		uint32_t bit;
		const char *yes, *no;
	} names[] = {
		{ XEN_SYSCTL_PHYSCAP_pv, " pv", "" },
		{ XEN_SYSCTL_PHYSCAP_hvm, " hvm", "" },
		{ XEN_SYSCTL_PHYSCAP_directio, " hvm_directio pv_directio", "" },
		{ XEN_SYSCTL_PHYSCAP_hap, " hap", "" },
		{ XEN_SYSCTL_PHYSCAP_shadow, " shadow", "" },
		{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share,
		  " iommu_hap_pt_share", "" },
		{ XEN_SYSCTL_PHYSCAP_vmtrace, " vmtrace", "" },
		{ XEN_SYSCTL_PHYSCAP_vpmu, " vpmu", "" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v1, " gnttab-v1", "" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v2, " gnttab-v2", "" },
	};
	char all[256] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		strcat(all, caps & names[i].bit ? names[i].yes : names[i].no);
	text(f, "virt_caps", "%s", all[0] ? all + 1 : "");
}

static int host_facts(struct facts *f)
{
	struct xen_sysctl_physinfo p;
	struct hv *hv = xl_hv();
	int rc = hv ? hv_physinfo(hv, &p) : -ENOMEM;

	if (rc)
		return xl_error("the hypervisor does not answer (%s): is this the control domain, and are you root?",
				strerror(-rc));
	number(f, "nr_cpus", p.nr_cpus);
	number(f, "max_cpu_id", p.max_cpu_id);
	number(f, "nr_nodes", p.nr_nodes);
	number(f, "cores_per_socket", p.cores_per_socket);
	number(f, "threads_per_core", p.threads_per_core);
	add_number(f, "cpu_mhz", "%u.%03u", p.cpu_khz / 1000,
		   p.cpu_khz % 1000);
	text(f, "hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x",
	     p.hw_cap[0], p.hw_cap[1], p.hw_cap[2], p.hw_cap[3], p.hw_cap[4],
	     p.hw_cap[5], p.hw_cap[6], p.hw_cap[7]);
	virt_caps(f, p.capabilities);
	number(f, "total_memory", p.total_pages / 256);
	number(f, "free_memory", (p.free_pages - p.outstanding_pages) / 256);
	number(f, "sharing_freed_memory", 0);
	number(f, "sharing_used_memory", 0);
	number(f, "outstanding_claims", p.outstanding_pages / 256);
	number(f, "free_cpus", 0);
	return XL_OK;
}

/* One XENVER_* answer that is a string; "" if there is none. */
static const char *version_text(unsigned int cmd, char *buf, size_t size)
{
	memset(buf, 0, size);
	if (hv_xen_version(xl_hv(), cmd, buf, size) < 0)
		buf[0] = '\0';
	buf[size - 1] = '\0';
	/* Capability lists end with a space. */
	while (*buf && buf[strlen(buf) - 1] == ' ')
		buf[strlen(buf) - 1] = '\0';
	return buf;
}

static void scheduler_fact(struct facts *f)
{
	static const char *const names[] = {
		[XEN_SCHEDULER_CREDIT] = "credit",
		[XEN_SCHEDULER_CREDIT2] = "credit2",
		[XEN_SCHEDULER_ARINC653] = "arinc653",
		[XEN_SCHEDULER_RTDS] = "rtds",
		[XEN_SCHEDULER_NULL] = "null",
	};
	uint32_t id;

	if (hv_scheduler_id(xl_hv(), &id) ||
	    id >= sizeof(names) / sizeof(names[0]) || !names[id])
		return;
	text(f, "xen_scheduler", "%s", names[id]);
}

static void build_id_fact(struct facts *f)
{
	struct {
		uint32_t len;
		unsigned char buf[60];
	} id = { .len = sizeof(id.buf) };
	char hex[2 * sizeof(id.buf) + 1] = "";
	long n = hv_xen_version(xl_hv(), XENVER_build_id, &id, sizeof(id));

	for (long i = 0; i < n && i < (long)sizeof(id.buf); i++)
		sprintf(hex + 2 * i, "%02x", id.buf[i]);
	text(f, "build_id", "%s", hex);
}

static void version_facts(struct facts *f)
{
	struct xen_platform_parameters params = { 0 };
	struct xen_compile_info compile = { 0 };
	struct hv *hv = xl_hv();
	long v = hv_xen_version(hv, XENVER_version, NULL, 0);
	char buf[1024];

	if (v < 0)
		v = 0;
	number(f, "xen_major", (uint64_t)v >> 16);
	number(f, "xen_minor", (uint64_t)v & 0xffff);
	version_text(XENVER_extraversion, buf, sizeof(xen_extraversion_t));
	text(f, "xen_extra", "%s", buf);
	text(f, "xen_version", "%ld.%ld%s", v >> 16, v & 0xffff, buf);
	text(f, "xen_caps", "%s",
	     version_text(XENVER_capabilities, buf, sizeof(buf)));
	scheduler_fact(f);
	number(f, "xen_pagesize", HV_PAGE_SIZE);
	hv_xen_version(hv, XENVER_platform_parameters, &params,
		       sizeof(params));
	text(f, "platform_params", "virt_start=0x%lx", params.virt_start);
	text(f, "xen_changeset", "%s",
	     version_text(XENVER_changeset, buf, sizeof(xen_changeset_info_t)));
	text(f, "xen_commandline", "%s",
	     version_text(XENVER_commandline, buf, sizeof(buf)));
	hv_xen_version(hv, XENVER_compile_info, &compile, sizeof(compile));
	text(f, "cc_compiler", "%.64s", compile.compiler);
	text(f, "cc_compile_by", "%.16s", compile.compile_by);
	text(f, "cc_compile_domain", "%.32s", compile.compile_domain);
	text(f, "cc_compile_date", "%.32s", compile.compile_date);
	build_id_fact(f);
	number(f, "xend_config_format", 4);
}

static int print_facts(const struct facts *f)
{
	for (int i = 0; i < f->count; i++)
		printf("%-23s: %s\n", f->fact[i].key, f->fact[i].value);
	return XL_OK;
}

static int print_json(const struct facts *f)
{
	struct strbuf out;
	struct jw w;

	if (!xl_json_begin(&w, &out))
		return XL_FAILED;
	jw_object(&w, NULL);
	for (int i = 0; i < f->count; i++) {
		const struct fact *x = &f->fact[i];

		if (x->is_number)
			jw_raw(&w, x->key, x->value, strlen(x->value));
		else
			jw_str(&w, x->key, x->value);
	}
	jw_object_end(&w);
	return xl_json_end(&w, &out);
}

int cmd_info(int argc, char **argv)
{
	struct facts f = { 0 };
	bool json = false;
	int rc;

	for (int i = 1; i < argc; i++) {
		/* -n asks Xen's xl for its NUMA table too. */
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (strcmp(argv[i], "-n") && strcmp(argv[i], "--numa"))
			return xl_usage();
	}
	kernel_facts(&f);
	rc = host_facts(&f);
	if (!rc) {
		version_facts(&f);
		rc = json ? print_json(&f) : print_facts(&f);
	}
	for (int i = 0; i < f.count; i++)
		free(f.fact[i].value);
	return rc;
}
