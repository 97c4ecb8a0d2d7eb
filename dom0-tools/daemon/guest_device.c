// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest_device.c: the devices of a guest that is being made.
 *
 * State: the configuration in struct guest; what is noted of it here is
 * found again after a restart of guest or daemon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/hv_domain.h"
#include "../lib/log.h"
#include "dev_wait.h"
#include "guest_device.h"

/* ---- who serves them ---- */

/* The domain called @name in the store. */
static int domain_in_store(struct toolstack *ts, const char *name,
			   uint32_t *domid)
{
	struct xen_domctl_getdomaininfo *list;
	int count = hv_domain_list(ts->hv, 0, &list), rc = -ESRCH;

	for (int i = 0; i < count && rc; i++) {
		char *text;

		if (xsc_readf(ts->xs, XSC_NO_TX, &text,
			      "/local/domain/%u/name", list[i].domain))
			continue;
		if (!strcmp(text, name))
			rc = 0;
		*domid = list[i].domain;
		free(text);
	}
	if (count >= 0)
		free(list);
	return rc;
}

int device_backend(struct toolstack *ts, const char *name, uint32_t *domid,
		   struct fail *fail)
{
	struct xen_domctl_getdomaininfo info;
	const struct guest *g;
	int rc;

	*domid = 0;
	if (!name)
		return 0;
	if (!xs_parse_u32(name, UINT16_MAX, domid))
		rc = hv_domain_info(ts->hv, *domid, &info);
	else
		rc = domain_in_store(ts, name, domid);
	if (rc)
		return fail_set(fail, -ESRCH,
				"backend: there is no domain \"%s\": start the driver domain first",
				name);
	g = guest_by_domid(ts, *domid);
	if (g && !g->config.driver_domain)
		return fail_set(fail, -EINVAL,
				"backend: \"%s\" is no driver domain: create it with driver_domain=1",
				name);
	return 0;
}

int devices_prepare(struct toolstack *ts, struct guest *g, struct fail *fail)
{
	struct cfg_disks *d = &g->config.disks;
	struct cfg_nics *n = &g->config.vifs;
	int rc = 0;

	for (unsigned int i = 0; i < d->count && !rc; i++)
		rc = device_backend(ts, d->disk[i].backend,
				    &d->disk[i].backend_domid, fail);
	for (unsigned int i = 0; i < n->count && !rc; i++) {
		rc = device_backend(ts, n->nic[i].backend,
				    &n->nic[i].backend_domid, fail);
		if (!rc)
			rc = nic_make_mac(&n->nic[i], fail);
	}
	return rc || !(d->count + n->count) ? rc : devices_note(g, fail);
}

/* ---- in the configuration ---- */

/* Sets @key of @file to the list of @count texts that @text writes. */
static int set_list(struct cfg_file *file, const char *key,
		    unsigned int count, const struct guest_config *c,
		    void (*text)(const struct guest_config *c, unsigned int i,
				 struct strbuf *out))
{
	struct cfg_value *list = cfg_list(NULL, 0);
	struct strbuf one = { 0 };
	char *name = strdup(key);

	for (unsigned int i = 0; i < count && list; i++) {
		strbuf_reset(&one);
		text(c, i, &one);
		list = cfg_append(list, cfg_atom(CFG_STRING,
						 one.err ? NULL :
							 strdup(one.data ? one.data : ""),
						 0));
	}
	strbuf_free(&one);
	if (!list || !name) {
		cfg_value_free(list);
		free(name);
		return -ENOMEM;
	}
	return cfg_assign(file, name, list, false, 0);
}

static void one_disk(const struct guest_config *c, unsigned int i,
		     struct strbuf *out)
{
	disk_text(&c->disks.disk[i], out);
}

static void one_nic(const struct guest_config *c, unsigned int i,
		    struct strbuf *out)
{
	nic_text(&c->vifs.nic[i], out);
}

int devices_note(struct guest *g, struct fail *fail)
{
	const struct guest_config *c = &g->config;
	struct strbuf text = { 0 };
	struct cfg_file file;
	char *json;
	int rc;

	cfg_file_init(&file, "configuration", fail);
	rc = cfg_parse_json(&file, g->config_json);
	if (!rc)
		rc = set_list(&file, "disk", c->disks.count, c, one_disk);
	if (!rc)
		rc = set_list(&file, "vif", c->vifs.count, c, one_nic);
	if (!rc)
		cfg_to_json(&file, &text);
	cfg_file_free(&file);
	json = rc ? NULL : strbuf_steal(&text);
	if (!json)
		return fail_set(fail, rc ? rc : -ENOMEM,
				"its devices cannot be noted");
	free(g->config_json);
	g->config_json = json;
	return 0;
}

void devices_save(struct toolstack *ts, struct guest *g, const char *label)
{
	struct fail why = { 0 };

	if (devices_note(g, &why) || guest_state_save(ts, g, &why))
		log_err("%s: %s has changed, but will not outlive a restart: %s",
			g->name, label, why.text);
}

/* ---- up ---- */

void devices_await(struct toolstack *ts, const struct guest *g,
		   struct outcome *out)
{
	const struct guest_config *c = &g->config;
	unsigned int count = c->disks.count + c->vifs.count, n = 0;
	struct device_at *at = calloc(count + 1, sizeof(*at));
	struct dev_goals goals = { .goal = DEV_UP, .at = at, .count = count,
				   .ms = ts->device_ms };

	if (!at) {
		out->fn(out, fail_set(&out->fail, -ENOMEM, "out of memory"));
		return;
	}
	for (unsigned int i = 0; i < c->disks.count; i++)
		at[n++] = device_of_disk(&c->disks.disk[i], g->domid);
	for (unsigned int i = 0; i < c->vifs.count; i++)
		at[n++] = device_of_nic(&c->vifs.nic[i], g->domid);
	dev_wait(ts, &goals, NULL, out);
	free(at);
}
