// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest_store.c: a guest's entries in the store.
 *
 * State: none here; the store's.  The paths are those where Xen's own tools
 * and every kernel look.  Everything is written in one transaction, so nobody
 * sees half of it.  Permissions are inherited from the parent node, so each
 * subtree is made by setting them on its root first: "ro" is the control
 * domain's and the guest may read, "rw" is the guest's own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include "../lib/hv_domain.h"
#include "guest.h"

enum access { RO, RW, PRIVATE };

/* One transaction that stops at its first error. */
struct writer {
	struct xsc *xs;
	uint32_t tx, domid;
	char base[256];
	int rc;
};

static void full_path(const struct writer *w, char *to, size_t room,
		      const char *rel)
{
	snprintf(to, room, "%s%s%s", w->base, *rel ? "/" : "", rel);
}

static int post(struct writer *w, uint32_t op, const char *path,
		const void *data, size_t len)
{
	const struct xsc_part parts[] = { { path, strlen(path) + 1 },
					  { data, len } };

	return xsc_post(w->xs, op, w->tx, parts, len ? 2 : 1);
}

static void put(struct writer *w, const char *rel, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void put(struct writer *w, const char *rel, const char *fmt, ...)
{
	char path[512], value[2048];
	va_list ap;

	if (w->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	full_path(w, path, sizeof(path), rel);
	w->rc = post(w, XS_WRITE, path, value, strlen(value));
}

static void set_access(struct writer *w, const char *rel, enum access access)
{
	const struct xs_perm guest = { w->domid, access == RW ? 0 : XS_PERM_R };
	const struct xs_perm own = { 0, 0 };
	char path[512], perms[2][XS_PERM_TEXT], text[2 * XS_PERM_TEXT];
	size_t len;

	if (w->rc)
		return;
	full_path(w, path, sizeof(path), rel);
	xs_perm_format(access == RW ? &guest : &own, perms[0]);
	xs_perm_format(&guest, perms[1]);
	/* Two strings with an end each, or one. */
	len = (size_t)snprintf(text, sizeof(text), "%s", perms[0]) + 1;
	if (access == RO)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
					perms[1]) + 1;
	w->rc = post(w, XS_SET_PERMS, path, text, len);
}

/* Makes a node, empty, with its own access. */
static void make(struct writer *w, const char *rel, enum access access)
{
	char path[512];

	if (w->rc)
		return;
	full_path(w, path, sizeof(path), rel);
	w->rc = post(w, XS_MKDIR, path, NULL, 0);
	set_access(w, rel, access);
}

static void at(struct writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Where relative paths begin from here on. */
static void at(struct writer *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->base, sizeof(w->base), fmt, ap);
	va_end(ap);
}

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

static void write_domain(struct writer *w, const struct guest *g,
			 const char *uuid, const struct guest_rings *rings)
{
	const struct guest_config *c = &g->config;
	char rel[64];

	at(w, "/local/domain/%u", g->domid);
	make(w, "", RO);
	put(w, "vm", "/vm/%s", uuid);
	put(w, "name", "%s", g->name);
	put(w, "domid", "%u", g->domid);
	for (int64_t v = 0; v < c->maxvcpus; v++) {
		snprintf(rel, sizeof(rel), "cpu/%" PRId64 "/availability", v);
		put(w, rel, "%s", v < c->vcpus ? "online" : "offline");
	}
	put(w, "memory/static-max", "%" PRId64, c->maxmem * 1024);
	put(w, "memory/target", "%" PRId64, c->memory * 1024);
	put(w, "memory/videoram", "-1");
	put(w, "device", "%s", "");
	put(w, "control/platform-feature-multiprocessor-suspend", "1");
	put(w, "control/platform-feature-xs_reset_watches", "1");
	for (size_t i = 0; i < sizeof(guest_owned) / sizeof(guest_owned[0]);
	     i++)
		make(w, guest_owned[i], RW);
	put(w, "store/port", "%u", rings->store_port);
	put(w, "store/ring-ref", "%" PRIu64, rings->store_frame);
	put(w, "console/backend", "/local/domain/0/backend/console/%u/0",
	    g->domid);
	put(w, "console/backend-id", "0");
	put(w, "console/limit", "1048576");
	put(w, "console/type", "xenconsoled");
	put(w, "console/output", "pty");
	put(w, "console/tty", "%s", "");
	put(w, "console/port", "%u", rings->console_port);
	put(w, "console/ring-ref", "%" PRIu64, rings->console_frame);
}

static void write_console_backend(struct writer *w, const struct guest *g)
{
	at(w, "/local/domain/0/backend/console/%u", g->domid);
	make(w, "", RO);
	put(w, "0/frontend", "/local/domain/%u/console", g->domid);
	put(w, "0/frontend-id", "%u", g->domid);
	put(w, "0/online", "1");
	put(w, "0/state", "1");
	put(w, "0/protocol", "vt100");
}

static void write_vm(struct writer *w, const struct guest *g,
		     const char *uuid)
{
	const struct guest_config *c = &g->config;

	at(w, "/vm/%s", uuid);
	make(w, "", RO);
	put(w, "uuid", "%s", uuid);
	put(w, "name", "%s", g->name);
	put(w, "image/ostype", "linux");
	put(w, "image/kernel", "%s", c->kernel);
	if (c->ramdisk)
		put(w, "image/ramdisk", "%s", c->ramdisk);
	put(w, "image/cmdline", "%s", c->full_cmdline);
	put(w, "start_time", "%lld", (long long)time(NULL));
	at(w, "/libxl/%u", g->domid);
	make(w, "", PRIVATE);
	put(w, "type", "pv");
	put(w, "toolstack", "parvisd");
}

int guest_store_write(struct toolstack *ts, const struct guest *g,
		      const struct guest_rings *rings, struct fail *fail)
{
	struct writer w = { .xs = ts->xs, .domid = g->domid };
	char uuid[UUID_STR_LEN];
	int settled;

	uuid_unparse_lower(g->uuid, uuid);
	do {
		w.rc = xsc_tx_start(w.xs, &w.tx);
		if (w.rc)
			break;
		write_domain(&w, g, uuid, rings);
		write_console_backend(&w, g);
		write_vm(&w, g, uuid);
		settled = xsc_settle(w.xs);
		if (!w.rc)
			w.rc = settled;
		if (w.rc) {
			xsc_tx_end(w.xs, w.tx, false);
			break;
		}
		w.rc = xsc_tx_end(w.xs, w.tx, true);
	} while (w.rc == -EAGAIN);
	return w.rc ? fail_errno(fail, w.rc, "the store refused its entries") :
		      0;
}

void guest_store_remove_vm(struct toolstack *ts, const uint8_t uuid[16])
{
	struct writer w = { .xs = ts->xs };
	char path[128], text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	snprintf(path, sizeof(path), "/vm/%s", text);
	post(&w, XS_RM, path, NULL, 0);
	/* What was not there is no loss. */
	xsc_settle(ts->xs);
}

void guest_store_remove(struct toolstack *ts, uint32_t domid,
			const uint8_t uuid[16])
{
	static const char *const below[] = {
		"/local/domain",
		"/local/domain/0/backend/console",
		"/libxl",
	};
	struct writer w = { .xs = ts->xs };
	char path[128];

	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(path, sizeof(path), "%s/%u", below[i], domid);
		post(&w, XS_RM, path, NULL, 0);
	}
	guest_store_remove_vm(ts, uuid);
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
	struct writer w = { .xs = ts->xs, .tx = XSC_NO_TX };
	struct xen_domctl_getdomaininfo info;
	int rc = hv_domain_info(ts->hv, 0, &info);

	if (rc)
		return fail_errno(fail, rc,
				  "the hypervisor does not answer: is this the control domain?");
	at(&w, "/local/domain/0");
	put(&w, "name", "Domain-0");
	put(&w, "domid", "0");
	put(&w, "memory/target", "%" PRIu64, (uint64_t)info.tot_pages * 4);
	if (info.max_pages < UINT32_MAX)
		put(&w, "memory/static-max", "%" PRIu64,
		    (uint64_t)info.max_pages * 4);
	at(&w, "/libxl/0");
	put(&w, "type", "pv");
	rc = xsc_settle(w.xs);
	if (!w.rc)
		w.rc = rc;
	return w.rc ? fail_errno(fail, w.rc,
				 "the store refused Domain-0's entries") :
		      0;
}
