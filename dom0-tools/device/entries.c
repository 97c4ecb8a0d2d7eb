// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * entries.c: a device's entries in the store.
 *
 * State: none here.  Three folders each: the frontend's, owned by the guest;
 * the backend's, owned by the domain that serves it; and the toolstack's own,
 * which holds the configuration and where the other two are, and which no
 * guest can change.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "entries.h"
#include "vdev.h"

struct device_at device_of_disk(const struct disk *d, uint32_t front)
{
	return (struct device_at){ .front = front, .back = d->backend_domid,
				   .number = d->number,
				   .by_kernel = d->server == DISK_KERNEL };
}

struct device_at device_of_nic(const struct nic *n, uint32_t front)
{
	return (struct device_at){ .front = front, .back = n->backend_domid,
				   .number = (uint32_t)n->devid,
				   .is_nic = true,
				   .by_kernel = n->server == NIC_KERNEL };
}

const char *device_class(const struct device_at *at)
{
	return at->is_nic ? "vif" : "vbd";
}

const char *device_kind(const struct device_at *at)
{
	static const char *const kinds[2][2] = { { "pvbd", "vbd" },
						 { "pvif", "vif" } };

	return kinds[at->is_nic][at->by_kernel];
}

void device_front_path(const struct device_at *at, char to[DEVICE_PATH])
{
	snprintf(to, DEVICE_PATH, "/local/domain/%u/device/%s/%u", at->front,
		 device_class(at), at->number);
}

void device_back_path(const struct device_at *at, char to[DEVICE_PATH])
{
	snprintf(to, DEVICE_PATH, "/local/domain/%u/backend/%s/%u/%u",
		 at->back, device_kind(at), at->front, at->number);
}

void device_own_path(const struct device_at *at, char to[DEVICE_PATH])
{
	snprintf(to, DEVICE_PATH, "/libxl/%u/device/%s/%u", at->front,
		 device_class(at), at->number);
}

int device_from_back_path(const char *path, struct device_at *at)
{
	char kind[8], again[DEVICE_PATH];

	memset(at, 0, sizeof(*at));
	if (sscanf(path, "/local/domain/%u/backend/%7[a-z]/%u/%u", &at->back,
		   kind, &at->front, &at->number) != 4)
		return -EINVAL;
	at->is_nic = strstr(kind, "vif") != NULL;
	at->by_kernel = kind[0] == 'v';
	/* Nothing before, between or behind that is not understood. */
	device_back_path(at, again);
	return strcmp(again, path) ? -EINVAL : 0;
}

void device_label(const struct device_at *at, char to[DEVICE_LABEL])
{
	char name[VDEV_NAME_MAX];

	vdev_name(at->number, name);
	if (at->is_nic)
		snprintf(to, DEVICE_LABEL, "vif %u", at->number);
	else
		snprintf(to, DEVICE_LABEL, "disk %s", name);
}

/* ---- the parts that disks and cards share ---- */

static void front_folder(struct store_writer *w, const struct device_at *at,
			 bool trusted)
{
	char path[DEVICE_PATH];

	device_back_path(at, path);
	sw_put(w, "backend", "%s", path);
	sw_put(w, "backend-id", "%u", at->back);
	sw_put(w, "state", "1");
	sw_put(w, "trusted", "%d", trusted);
}

static void back_folder(struct store_writer *w, const struct device_at *at)
{
	char path[DEVICE_PATH];

	device_front_path(at, path);
	sw_put(w, "frontend", "%s", path);
	sw_put(w, "frontend-id", "%u", at->front);
	sw_put(w, "online", "1");
}

static void own_folder(struct store_writer *w, const struct device_at *at)
{
	char path[DEVICE_PATH];

	device_front_path(at, path);
	sw_put(w, "frontend", "%s", path);
	device_back_path(at, path);
	sw_put(w, "backend", "%s", path);
}

/*
 * The folders in their order, the backend's state last: with it the device
 * daemon begins.
 */
static void folders(struct store_writer *w, const struct device_at *at,
		    bool trusted, const void *device,
		    void (*front)(struct store_writer *w, const void *device),
		    void (*back)(struct store_writer *w, const void *device))
{
	char path[DEVICE_PATH];

	device_own_path(at, path);
	sw_at(w, "%s", path);
	own_folder(w, at);
	back(w, device);
	device_front_path(at, path);
	sw_at(w, "%s", path);
	sw_make_shared(w, "", at->front, at->back);
	front_folder(w, at, trusted);
	front(w, device);
	device_back_path(at, path);
	sw_at(w, "%s", path);
	sw_make_shared(w, "", at->back, at->front);
	back_folder(w, at);
	back(w, device);
	sw_put(w, "state", "1");
}

static void put_if(struct store_writer *w, const char *name, const char *value)
{
	if (value)
		sw_put(w, name, "%s", value);
}

/* A script without a folder is in Xen's. */
static void put_script(struct store_writer *w, const char *script)
{
	if (script)
		sw_put(w, "script", "%s%s",
		       strchr(script, '/') ? "" : "/etc/xen/scripts/", script);
}

/* ---- disks ---- */

static void disk_front(struct store_writer *w, const void *device)
{
	const struct disk *d = device;

	sw_put(w, "virtual-device", "%u", d->number);
	sw_put(w, "device-type", d->cdrom ? "cdrom" : "disk");
}

static void disk_back(struct store_writer *w, const void *device)
{
	const struct disk *d = device;
	struct strbuf params = { 0 };

	disk_params(d, &params);
	if (params.err)
		w->rc = w->rc ? w->rc : params.err;
	else
		sw_put(w, "params", "%s", params.data ? params.data : "");
	strbuf_free(&params);
	sw_put(w, "format", "%s", disk_format_name(d->format));
	sw_put(w, "mode", d->readonly ? "r" : "w");
	sw_put(w, "dev", "%s", d->vdev);
	sw_put(w, "device-type", d->cdrom ? "cdrom" : "disk");
	sw_put(w, "removable", "%d", d->removable);
	sw_put(w, "bootable", "1");
	sw_put(w, "discard-enable", "%d", d->discard);
	sw_put(w, "direct-io", "%d", d->direct_io);
	sw_put(w, "lock", d->shared ? "shared" : "exclusive");
	put_script(w, d->script);
	/* What Linux's backend wants to see for a drive by kernel. */
	sw_put(w, "type", "%s", d->server == DISK_KERNEL ? "phy" : "parvis");
}

void disk_entries(struct store_writer *w, const struct disk *d,
		  uint32_t front)
{
	struct device_at at = device_of_disk(d, front);

	folders(w, &at, d->trusted, d, disk_front, disk_back);
}

/* ---- cards ---- */

static void nic_front(struct store_writer *w, const void *device)
{
	const struct nic *n = device;
	char mac[NIC_MAC_TEXT];

	nic_mac_text(n->mac, mac);
	sw_put(w, "handle", "%d", n->devid);
	sw_put(w, "mac", "%s", mac);
	if (n->mtu)
		sw_put(w, "mtu", "%u", n->mtu);
}

static void nic_back(struct store_writer *w, const void *device)
{
	static const char *const filters[] = { NULL, "mac", "ip", "mac,ip" };
	const struct nic *n = device;
	char mac[NIC_MAC_TEXT];

	nic_mac_text(n->mac, mac);
	sw_put(w, "handle", "%d", n->devid);
	sw_put(w, "mac", "%s", mac);
	sw_put(w, "mode", "%s", nic_mode_name(n->mode));
	if (n->bridge || n->mode == NIC_BRIDGE)
		sw_put(w, "bridge", "%s",
		       n->bridge ? n->bridge : NIC_BRIDGE_DEFAULT);
	put_script(w, n->script);
	/* Linux's backend gives up where there is no such entry. */
	if (!n->script && n->server == NIC_KERNEL)
		sw_put(w, "script", "%s", "");
	put_if(w, "ip", n->ip);
	put_if(w, "vifname", n->vifname);
	put_if(w, "gatewaydev", n->gatewaydev);
	put_if(w, "filter", filters[n->filter & 3]);
	if (n->rate_bytes)
		sw_put(w, "rate", "%" PRIu64 ",%u", n->rate_bytes,
		       n->rate_usec);
	if (n->mtu)
		sw_put(w, "mtu", "%u", n->mtu);
	sw_put(w, "type", "vif");
}

void nic_entries(struct store_writer *w, const struct nic *n, uint32_t front)
{
	struct device_at at = device_of_nic(n, front);

	folders(w, &at, n->trusted, n, nic_front, nic_back);
}
