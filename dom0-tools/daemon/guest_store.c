// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest_store.c: a guest's entries in the store.
 *
 * State: none here; the store's.  The paths are those where Xen's own tools
 * and every kernel look.  Everything, devices included, is written in one
 * transaction before the guest's memory is built, so that devices come up
 * meanwhile; only where its two rings are is written after that.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include "../device/entries.h"
#include "../lib/hv_domain.h"
#include "guest.h"

/* What the guest may write: these nodes, and below these folders. */
static const char *const guest_owned[] = {
	"control/shutdown",
	"control/feature-poweroff",
	"control/feature-reboot",
	"control/feature-suspend",
	"control/sysrq",
	"device/suspend/event-channel",
	"data",
	"drivers",
	"feature",
	"attr",
	"error",
};

/* What a domain that serves devices to others may write besides. */
static const char *const driver_owned[] = { "backend", "libxl",
					    "device-model" };

static void write_domain(struct store_writer *w, const struct guest *g,
			 const char *uuid)
{
	const struct guest_config *c = &g->config;
	char rel[64];

	sw_at(w, "/local/domain/%u", g->domid);
	sw_make_shared(w, "", 0, g->domid);
	sw_put(w, "vm", "/vm/%s", uuid);
	sw_put(w, "name", "%s", g->name);
	sw_put(w, "domid", "%u", g->domid);
	for (int64_t v = 0; v < c->maxvcpus; v++) {
		snprintf(rel, sizeof(rel), "cpu/%" PRId64 "/availability", v);
		sw_put(w, rel, "%s", v < c->vcpus ? "online" : "offline");
	}
	sw_put(w, "memory/static-max", "%" PRId64, c->maxmem * 1024);
	sw_put(w, "memory/target", "%" PRId64, c->memory * 1024);
	sw_put(w, "memory/videoram", "-1");
	sw_put(w, "device", "%s", "");
	sw_put(w, "control/platform-feature-multiprocessor-suspend", "1");
	sw_put(w, "control/platform-feature-xs_reset_watches", "1");
	for (size_t i = 0; i < sizeof(guest_owned) / sizeof(guest_owned[0]);
	     i++)
		sw_make_own(w, guest_owned[i], g->domid);
	for (size_t i = 0; c->driver_domain &&
	     i < sizeof(driver_owned) / sizeof(driver_owned[0]); i++)
		sw_make_own(w, driver_owned[i], g->domid);
	sw_put(w, "console/backend", "/local/domain/0/backend/console/%u/0",
	    g->domid);
	sw_put(w, "console/backend-id", "0");
	sw_put(w, "console/limit", "1048576");
	sw_put(w, "console/type", "xenconsoled");
	sw_put(w, "console/output", "pty");
	sw_put(w, "console/tty", "%s", "");
}

static void write_console_backend(struct store_writer *w, const struct guest *g)
{
	sw_at(w, "/local/domain/0/backend/console/%u", g->domid);
	sw_make_shared(w, "", 0, g->domid);
	sw_put(w, "0/frontend", "/local/domain/%u/console", g->domid);
	sw_put(w, "0/frontend-id", "%u", g->domid);
	sw_put(w, "0/online", "1");
	sw_put(w, "0/state", "1");
	sw_put(w, "0/protocol", "vt100");
}

static void write_vm(struct store_writer *w, const struct guest *g,
		     const char *uuid)
{
	const struct guest_config *c = &g->config;

	sw_at(w, "/vm/%s", uuid);
	sw_make_shared(w, "", 0, g->domid);
	sw_put(w, "uuid", "%s", uuid);
	sw_put(w, "name", "%s", g->name);
	sw_put(w, "image/ostype", "linux");
	sw_put(w, "image/kernel", "%s", c->kernel);
	if (c->ramdisk)
		sw_put(w, "image/ramdisk", "%s", c->ramdisk);
	sw_put(w, "image/cmdline", "%s", c->full_cmdline);
	sw_put(w, "start_time", "%lld", (long long)time(NULL));
	sw_at(w, "/libxl/%u", g->domid);
	sw_make_own(w, "", 0);
	sw_put(w, "type", "pv");
	sw_put(w, "toolstack", "parvisd");
}

static void write_devices(struct store_writer *w, const struct guest *g)
{
	const struct guest_config *c = &g->config;

	for (unsigned int i = 0; i < c->disks.count; i++)
		disk_entries(w, &c->disks.disk[i], g->domid);
	for (unsigned int i = 0; i < c->vifs.count; i++)
		nic_entries(w, &c->vifs.nic[i], g->domid);
}

static void write_all(struct store_writer *w, void *ctx)
{
	const struct guest *g = ctx;
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(g->uuid, uuid);
	write_domain(w, g, uuid);
	write_console_backend(w, g);
	write_vm(w, g, uuid);
	if (!g->preserved)
		write_devices(w, g);
}

int guest_store_write(struct toolstack *ts, struct guest *g, struct fail *fail)
{
	int rc = sw_transaction(ts->xs, write_all, g);

	return rc ? fail_errno(fail, rc, "the store refused its entries") : 0;
}

int guest_store_rings(struct toolstack *ts, const struct guest *g,
		      const struct guest_rings *rings, struct fail *fail)
{
	struct store_writer w = { .xs = ts->xs, .tx = XSC_NO_TX };
	int rc;

	sw_at(&w, "/local/domain/%u", g->domid);
	sw_put(&w, "store/port", "%u", rings->store_port);
	sw_put(&w, "store/ring-ref", "%" PRIu64, rings->store_frame);
	sw_put(&w, "console/port", "%u", rings->console_port);
	sw_put(&w, "console/ring-ref", "%" PRIu64, rings->console_frame);
	rc = sw_settle(&w);
	return rc ? fail_errno(fail, rc, "the store refused its rings") : 0;
}

static void remove_vm(struct store_writer *w, const uint8_t uuid[16])
{
	char text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	sw_at(w, "/vm");
	sw_remove(w, text);
}

void guest_store_remove_vm(struct toolstack *ts, const uint8_t uuid[16])
{
	struct store_writer w = { .xs = ts->xs, .tx = XSC_NO_TX };

	remove_vm(&w, uuid);
	/* What was not there is no loss. */
	sw_settle(&w);
}

void guest_store_remove(struct toolstack *ts, uint32_t domid,
			const uint8_t *uuid)
{
	static const char *const below[] = {
		"/local/domain",
		"/local/domain/0/backend/console",
		"/libxl",
	};
	struct store_writer w = { .xs = ts->xs, .tx = XSC_NO_TX };

	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		sw_at(&w, "%s/%u", below[i], domid);
		sw_remove(&w, "");
	}
	if (uuid)
		remove_vm(&w, uuid);
	sw_settle(&w);
}

int guest_store_rename(struct toolstack *ts, const struct guest *g,
		       const char *name, struct fail *fail)
{
	char uuid[UUID_STR_LEN], path[128];
	int rc;

	uuid_unparse_lower(g->uuid, uuid);
	snprintf(path, sizeof(path), "/local/domain/%u/name", g->domid);
	rc = xsc_write(ts->xs, XSC_NO_TX, path, name);
	snprintf(path, sizeof(path), "/vm/%s/name", uuid);
	if (!rc)
		rc = xsc_write(ts->xs, XSC_NO_TX, path, name);
	return rc ? fail_errno(fail, rc, "the store refused the new name") : 0;
}

int dom0_store_write(struct toolstack *ts, struct fail *fail)
{
	struct store_writer w = { .xs = ts->xs, .tx = XSC_NO_TX };
	struct xen_domctl_getdomaininfo info;
	int rc = hv_domain_info(ts->hv, 0, &info);

	if (rc)
		return fail_errno(fail, rc,
				  "the hypervisor does not answer: is this the control domain?");
	sw_at(&w, "/local/domain/0");
	sw_put(&w, "name", "Domain-0");
	sw_put(&w, "domid", "0");
	sw_put(&w, "memory/target", "%" PRIu64, (uint64_t)info.tot_pages * 4);
	if (info.max_pages < UINT32_MAX)
		sw_put(&w, "memory/static-max", "%" PRIu64,
		    (uint64_t)info.max_pages * 4);
	sw_at(&w, "/libxl/0");
	sw_put(&w, "type", "pv");
	rc = sw_settle(&w);
	return rc ? fail_errno(fail, rc,
			       "the store refused Domain-0's entries") :
		    0;
}
