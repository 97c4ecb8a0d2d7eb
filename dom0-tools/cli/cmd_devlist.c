// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_devlist.c: commands that list devices, in the columns of Xen's xl or as
 * JSON.
 *
 * State: none.  What devices there are is read from the toolstack's own
 * folders of the store, which no guest can change; states, ports and rings
 * are what frontends have written.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../device/entries.h"
#include "../device/vdev.h"
#include "xl.h"

struct row {
	uint32_t devid, front, back;
	char *backend;		/* path */
	char *mac, *vdev, *params, *mode;
	long state, port, ring, tx_ring, rx_ring;
};

static void row_free(struct row *r)
{
	free(r->backend);
	free(r->mac);
	free(r->vdev);
	free(r->params);
	free(r->mode);
}

/* A node for free(), or NULL. */
static char *node(const char *folder, const char *name)
{
	char *value;

	return xsc_readf(xl_store(), XSC_NO_TX, &value, "%s/%s", folder,
			 name) ? NULL : value;
}

/* The first of these nodes that is there, as a number; or -1. */
static long number(const char *folder, const char *const *names)
{
	long n = -1;

	for (; *names && n < 0; names++) {
		char *text = node(folder, *names), *end;

		if (text)
			n = strtol(text, &end, 10);
		if (text && (end == text || *end))
			n = -1;
		free(text);
	}
	return n;
}

/* Wherever frontends write these, with one queue or several. */
static const char *const state_names[] = { "state", NULL };
static const char *const port_names[] = {
	"event-channel", "queue-0/event-channel", "event-channel-tx",
	"queue-0/event-channel-tx", NULL };
static const char *const ring_names[] = {
	"ring-ref", "ring-ref0", "queue-0/ring-ref", "queue-0/ring-ref0",
	NULL };
static const char *const tx_names[] = { "tx-ring-ref",
					"queue-0/tx-ring-ref", NULL };
static const char *const rx_names[] = { "rx-ring-ref",
					"queue-0/rx-ring-ref", NULL };

static bool read_row(const char *folder, uint32_t domid, struct row *r)
{
	struct device_at at;
	char front[DEVICE_PATH];

	memset(r, 0, sizeof(*r));
	r->backend = node(folder, "backend");
	if (!r->backend || device_from_back_path(r->backend, &at) ||
	    at.front != domid) {
		row_free(r);
		return false;
	}
	r->devid = at.number;
	r->front = at.front;
	r->back = at.back;
	r->mac = node(folder, "mac");
	r->vdev = node(folder, "dev");
	r->params = node(folder, "params");
	r->mode = node(folder, "mode");
	device_front_path(&at, front);
	r->state = number(front, state_names);
	r->port = number(front, port_names);
	r->ring = number(front, ring_names);
	r->tx_ring = number(front, tx_names);
	r->rx_ring = number(front, rx_names);
	return true;
}

/* ---- rows ---- */

static void print_disk(const struct row *r)
{
	printf("%-5u %-3u %-6u %-5ld %-6ld %-8ld %-30s\n", r->devid, r->back,
	       r->front, r->state, r->port, r->ring, r->backend);
}

static void json_disk(struct jw *w, const struct row *r)
{
	char name[VDEV_NAME_MAX];

	vdev_name(r->devid, name);
	jw_object(w, NULL);
	jw_int(w, "domid", r->front);
	jw_int(w, "devid", r->devid);
	jw_str(w, "vdev", r->vdev ? r->vdev : name);
	jw_int(w, "backend_domid", r->back);
	jw_str(w, "backend", r->backend);
	jw_str(w, "target", r->params);
	jw_bool(w, "readonly", r->mode && !strcmp(r->mode, "r"));
	jw_int(w, "state", r->state);
	jw_int(w, "evtch", r->port);
	jw_int(w, "rref", r->ring);
	jw_object_end(w);
}

static void print_nic(const struct row *r)
{
	printf("%-3u %-2u %-17s %6u %5ld %6ld %5ld/%-11ld %-30s\n", r->devid,
	       r->back, r->mac ? r->mac : "-", r->devid, r->state, r->port,
	       r->tx_ring, r->rx_ring, r->backend);
}

static void json_nic(struct jw *w, const struct row *r)
{
	jw_object(w, NULL);
	jw_int(w, "domid", r->front);
	jw_int(w, "devid", r->devid);
	jw_str(w, "mac", r->mac);
	jw_int(w, "backend_domid", r->back);
	jw_str(w, "backend", r->backend);
	jw_int(w, "state", r->state);
	jw_int(w, "evtch", r->port);
	jw_int(w, "rref_tx", r->tx_ring);
	jw_int(w, "rref_rx", r->rx_ring);
	jw_object_end(w);
}

/* ---- the lists ---- */

struct kind {
	const char *class;
	void (*print)(const struct row *r);
	void (*json)(struct jw *w, const struct row *r);
};

/* The devices of one domain; into @w if that is given. */
static int list_domain(const struct kind *k, uint32_t domid, struct jw *w)
{
	char folder[64], one[DEVICE_PATH], **names;
	struct row row;
	int n;

	snprintf(folder, sizeof(folder), "/libxl/%u/device/%s", domid,
		 k->class);
	n = xsc_list(xl_store(), XSC_NO_TX, folder, &names);
	if (n < 0)
		return XL_OK;	/* it has none */
	for (int i = 0; i < n; i++) {
		snprintf(one, sizeof(one), "%s/%.20s", folder, names[i]);
		if (!read_row(one, domid, &row))
			continue;
		if (w)
			k->json(w, &row);
		else
			k->print(&row);
		row_free(&row);
	}
	free(names);
	return XL_OK;
}

static int print_json(const struct kind *k,
		      const struct xen_domctl_getdomaininfo *list, int count)
{
	struct strbuf text;
	struct jw w;

	if (!xl_json_begin(&w, &text))
		return XL_FAILED;
	jw_array(&w, NULL);
	for (int i = 0; i < count; i++)
		list_domain(k, list[i].domain, &w);
	jw_array_end(&w);
	return xl_json_end(&w, &text);
}

static int list_devices(int argc, char **argv, const struct kind *k,
			const char *header)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct xen_domctl_getdomaininfo *list;
	bool json = false;
	int o, count, rc = XL_OK;

	while ((o = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		if (o != 'j')
			return xl_usage();
		json = true;
	}
	if (optind >= argc)
		return xl_usage();
	if (!xl_store())
		return XL_FAILED;
	count = xl_find_domains(argv + optind, argc - optind, &list);
	if (count < 0)
		return XL_FAILED;
	if (json) {
		rc = print_json(k, list, count);
	} else {
		puts(header);
		for (int i = 0; i < count; i++)
			list_domain(k, list[i].domain, NULL);
	}
	free(list);
	return rc;
}

int cmd_block_list(int argc, char **argv)
{
	static const struct kind disks = { "vbd", print_disk, json_disk };
	char header[128];

	snprintf(header, sizeof(header), "%-5s %-3s %-6s %-5s %-6s %-8s %-30s",
		 "Vdev", "BE", "handle", "state", "evt-ch", "ring-ref",
		 "BE-path");
	return list_devices(argc, argv, &disks, header);
}

int cmd_network_list(int argc, char **argv)
{
	static const struct kind cards = { "vif", print_nic, json_nic };
	char header[128];

	snprintf(header, sizeof(header),
		 "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s", "Idx", "BE",
		 "Mac Addr.", "handle", "state", "evt-ch", "tx-",
		 "rx-ring-ref", "BE-path");
	return list_devices(argc, argv, &cards, header);
}
