// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * names.c: domains by name and by number, and numbers with units.
 *
 * State: none.  Names are the store's; a domain without one (half made, or
 * half gone) has none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "../lib/nearest.h"
#include "xl.h"

char *xl_domain_name(uint32_t domid)
{
	struct xsc *xs = xl_store();
	char *name;

	if (!xs || xsc_readf(xs, XSC_NO_TX, &name, "/local/domain/%u/name",
			     domid))
		return NULL;
	return name;
}

static bool no_such_domain(const char *text,
			   const struct xen_domctl_getdomaininfo *list,
			   int count)
{
	struct nearest n;
	const char *near;
	char **names = calloc((size_t)count + 1, sizeof(*names));

	nearest_init(&n, text);
	for (int i = 0; names && i < count; i++) {
		names[i] = xl_domain_name(list[i].domain);
		if (names[i])
			nearest_offer(&n, names[i]);
	}
	near = nearest_word(&n);
	if (near)
		xl_error("there is no domain \"%s\": did you mean \"%s\"?",
			 text, near);
	else
		xl_error("there is no domain \"%s\": xl list shows those that there are",
			 text);
	for (int i = 0; names && i < count; i++)
		free(names[i]);
	free(names);
	return false;
}

static bool has_name(uint32_t domid, const char *text)
{
	char *name = xl_domain_name(domid);
	bool same = name && !strcmp(name, text);

	free(name);
	return same;
}

bool xl_find_domain(const char *text, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo *list;
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	bool is_number = *text && !*end, found = false;
	struct hv *hv = xl_hv();
	int count = hv ? hv_domain_list(hv, 0, &list) : -1;

	if (count < 0) {
		xl_error("the hypervisor does not answer (%s): is this the control domain, and are you root?",
			 strerror(-count));
		return false;
	}
	if (!is_number && !xl_store()) {
		free(list);
		return false;
	}
	for (int i = 0; i < count && !found; i++) {
		found = is_number ? list[i].domain == number :
				    has_name(list[i].domain, text);
		if (found)
			*domid = list[i].domain;
	}
	if (!found)
		no_such_domain(text, list, count);
	free(list);
	return found;
}

int xl_find_domains(char **names, int count,
		    struct xen_domctl_getdomaininfo **out)
{
	struct xen_domctl_getdomaininfo *list;
	struct hv *hv = xl_hv();
	uint32_t domid;
	int rc;

	if (!count) {
		rc = hv ? hv_domain_list(hv, 0, out) : -ENOMEM;
		if (rc < 0)
			xl_error("the hypervisor does not answer (%s): is this the control domain, and are you root?",
				 strerror(-rc));
		return rc < 0 ? -1 : rc;
	}
	list = calloc((size_t)count, sizeof(*list));
	for (int i = 0; list && i < count; i++) {
		if (!xl_find_domain(names[i], &domid) ||
		    hv_domain_info(hv, domid, &list[i])) {
			free(list);
			return -1;
		}
	}
	*out = list;
	return list ? count : -1;
}

#define STATE_MAX (1 << 20)

yajl_val xl_saved_config(const uint8_t uuid[16])
{
	char path[128], id[UUID_STR_LEN];
	yajl_val top = NULL;
	char *text;
	FILE *f;
	size_t n;

	uuid_unparse_lower(uuid, id);
	snprintf(path, sizeof(path), "/var/lib/parvis/guests/%s.json", id);
	f = fopen(path, "re");
	text = f ? malloc(STATE_MAX + 1) : NULL;
	if (text) {
		n = fread(text, 1, STATE_MAX, f);
		text[n] = '\0';
		top = yajl_tree_parse(text, NULL, 0);
	}
	free(text);
	if (f)
		fclose(f);
	return top;
}

int64_t xl_parse_mem_kib(const char *text)
{
	static const struct {
		char unit;
		int shift;	/* of KiB; negative: division */
	} units[] = { { '\0', 10 }, { 't', 30 }, { 'g', 20 }, { 'm', 10 },
		      { 'k', 0 }, { 'b', -10 } };
	char *end, unit;
	int64_t n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || end == text || n < 0 || n > INT64_MAX >> 31)
		return -1;
	unit = *end >= 'A' && *end <= 'Z' ? (char)(*end + 32) : *end;
	if (*end && end[1])
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit == unit)
			return units[i].shift < 0 ? n >> -units[i].shift :
						    n << units[i].shift;
	}
	return -1;
}
