// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest_state.c: guests' configurations on disk.
 *
 * State on disk: STATE_DIR/guests/UUID.json, one for every guest in the
 * list: {"domid", "name", "preserved", "config"}.  A file is replaced
 * atomically and only root reads it.  A file without a domain of that number
 * and UUID is of an earlier life of the host, and removed at start.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "../lib/hv_domain.h"
#include "../lib/json.h"
#include "../lib/log.h"
#include "guest.h"

#define STATE_MAX (1 << 20)

static void state_path(const struct toolstack *ts, const uint8_t uuid[16],
		       char *to, size_t room)
{
	char text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	snprintf(to, room, "%s/guests/%s.json", ts->state_dir, text);
}

static int write_file(const char *path, const struct strbuf *text)
{
	char temp[4096 + 8];
	ssize_t n;
	int fd, rc = 0;

	snprintf(temp, sizeof(temp), "%s.new", path);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text->data, text->len);
	if (n < 0)
		rc = -errno;
	else if ((size_t)n != text->len)
		rc = -ENOSPC;
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(temp, path))
		rc = -errno;
	if (rc)
		unlink(temp);
	return rc;
}

int guest_state_save(struct toolstack *ts, const struct guest *g,
		     struct fail *fail)
{
	struct strbuf text = { 0 };
	char path[4096];
	struct jw w;
	int rc;

	if (!jw_open(&w, &text, false))
		return fail_set(fail, -ENOMEM, "out of memory");
	jw_object(&w, NULL);
	jw_int(&w, "domid", g->domid);
	jw_str(&w, "name", g->name);
	jw_bool(&w, "preserved", g->preserved);
	jw_raw(&w, "config", g->config_json, strlen(g->config_json));
	jw_object_end(&w);
	jw_close(&w);
	snprintf(path, sizeof(path), "%s/guests", ts->state_dir);
	mkdir(ts->state_dir, 0700);
	mkdir(path, 0700);
	state_path(ts, g->uuid, path, sizeof(path));
	rc = text.err ? text.err : write_file(path, &text);
	strbuf_free(&text);
	return rc ? fail_errno(fail, rc, "cannot write %s", path) : 0;
}

void guest_state_remove(struct toolstack *ts, const uint8_t uuid[16])
{
	char path[4096];

	state_path(ts, uuid, path, sizeof(path));
	unlink(path);
}

/* The whole file as a string for free(), or NULL. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(STATE_MAX + 1) : NULL;
	size_t n = text ? fread(text, 1, STATE_MAX, f) : 0;

	if (text)
		text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

/* A configuration as it was when saved, back into text. */
static char *config_text(yajl_val config)
{
	struct strbuf text = { 0 };
	struct cfg_file file;

	cfg_file_init(&file, "saved configuration", NULL);
	if (!cfg_parse_tree(&file, config))
		cfg_to_json(&file, &text);
	cfg_file_free(&file);
	return strbuf_steal(&text);
}

static struct guest *load(const char *path)
{
	char *text = read_file(path), *config;
	yajl_val top = text ? yajl_tree_parse(text, NULL, 0) : NULL;
	const char *name = json_str(top, "name", NULL);
	struct guest *g = NULL;
	struct fail fail = { 0 };

	config = config_text(json_get(top, "config"));
	if (config && name)
		g = guest_from_json(config, &fail);
	if (g) {
		g->preserved = json_bool(top, "preserved", false);
		free(g->name);
		g->name = strdup(name);
		g->started_ms = ev_now_ms();
	}
	if (g && !g->name) {
		guest_free(g);
		g = NULL;
	}
	free(config);
	yajl_tree_free(top);
	free(text);
	return g;
}

/* The UUID in a state file's name. */
static bool name_to_uuid(const char *name, uint8_t uuid[16])
{
	char text[UUID_STR_LEN];

	if (strlen(name) != sizeof(text) - 1 + 5 ||
	    strcmp(name + sizeof(text) - 1, ".json"))
		return false;
	memcpy(text, name, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	return !uuid_parse(text, uuid);
}

/* The domain with this UUID, or -ESRCH. */
static int find_domain(struct toolstack *ts, const uint8_t uuid[16])
{
	struct xen_domctl_getdomaininfo *list;
	int count = hv_domain_list(ts->hv, 1, &list), found = -ESRCH;

	if (count < 0)
		return count;
	for (int i = 0; i < count && found < 0; i++) {
		if (!memcmp(list[i].handle, uuid, sizeof(list[i].handle)))
			found = list[i].domain;
	}
	free(list);
	return found;
}

static void adopt(struct toolstack *ts, const uint8_t uuid[16])
{
	int domid = find_domain(ts, uuid);
	char path[4096];
	struct guest *g;

	state_path(ts, uuid, path, sizeof(path));
	if (domid == -ESRCH) {
		unlink(path);
		return;
	}
	g = domid < 0 ? NULL : load(path);
	if (!g) {
		/* A running guest's file is never thrown away. */
		log_err("%s: cannot be understood, so its guest is left alone",
			path);
		return;
	}
	g->domid = (uint32_t)domid;
	memcpy(g->uuid, uuid, sizeof(g->uuid));
	g->next = ts->guests;
	ts->guests = g;
	log_info("took over %s (domain %u)", g->name, g->domid);
}

void guests_adopt(struct toolstack *ts)
{
	char path[4096];
	struct dirent *e;
	uint8_t uuid[16];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/guests", ts->state_dir);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (name_to_uuid(e->d_name, uuid))
			adopt(ts, uuid);
	}
	if (dir)
		closedir(dir);
}
