// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest.c: the list of guests; see guest.h for its invariant.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "guest.h"

struct guest *guest_by_domid(struct toolstack *ts, uint32_t domid)
{
	struct guest *g = ts->guests;

	while (g && g->domid != domid)
		g = g->next;
	return g;
}

struct guest *guest_by_name(struct toolstack *ts, const char *name)
{
	struct guest *g = ts->guests;

	while (g && strcmp(g->name, name))
		g = g->next;
	return g;
}

void guest_free(struct guest *g)
{
	if (!g)
		return;
	guest_config_free(&g->config);
	free(g->name);
	free(g->config_json);
	free(g);
}

void guest_forget(struct toolstack *ts, struct guest *g)
{
	struct guest **p = &ts->guests;

	while (*p && *p != g)
		p = &(*p)->next;
	if (*p)
		*p = g->next;
	guest_free(g);
}

struct guest *guest_from_json(const char *json, struct fail *fail)
{
	struct guest *g = calloc(1, sizeof(*g));
	struct cfg_file file;
	int rc;

	if (!g) {
		fail_set(fail, -ENOMEM, "out of memory");
		return NULL;
	}
	cfg_file_init(&file, "configuration", fail);
	rc = cfg_parse_json(&file, json);
	if (!rc)
		rc = cfg_apply(&g->config, &file, NULL, NULL);
	cfg_file_free(&file);
	if (!rc) {
		g->name = strdup(g->config.name);
		g->config_json = strdup(json);
		if (!g->name || !g->config_json)
			rc = fail_set(fail, -ENOMEM, "out of memory");
	}
	if (rc) {
		guest_free(g);
		return NULL;
	}
	if (g->config.has_uuid)
		memcpy(g->uuid, g->config.uuid, sizeof(g->uuid));
	else
		uuid_generate(g->uuid);
	return g;
}
