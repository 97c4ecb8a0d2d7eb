// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_dev.c: plugging devices of a running domain; request_backend.c asks
 * backends that run.
 *
 * State: one struct dev_op per request that waits.  Devices that are there
 * are found in the toolstack's own folders of the store; what a guest is to
 * have after a restart is in its configuration, which follows every change.
 * A guest may go while one of its devices is waited for: it is looked up
 * again afterwards.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../device/vdev.h"
#include "../lib/log.h"
#include "dev_late.h"
#include "dev_wait.h"
#include "guest_device.h"
#include "request_dev.h"

void dev_op_finish(struct dev_op *op, int rc)
{
	struct request *r = op->r;

	if (rc)
		fail_set(r->fail, rc, "%s",
			 op->out.fail.rc ? op->out.fail.text : strerror(-rc));
	disk_free(&op->disk);
	nic_free(&op->nic);
	free(op->old_params);
	strbuf_free(&op->reply);
	free(op);
	request_finish(r, rc);
}

static struct dev_op *dev_op_new(struct request *r)
{
	struct dev_op *op = calloc(1, sizeof(*op));

	if (op)
		op->r = r;
	else
		fail_set(r->fail, -ENOMEM, "out of memory");
	return op;
}

/* ---- the guest's configuration ---- */

struct guest *dev_op_guest(struct dev_op *op)
{
	struct guest *g = guest_by_domid(op->r->ts, op->r->domid);

	return g && !g->ending ? g : NULL;
}

void dev_op_save(struct dev_op *op, struct guest *g)
{
	devices_save(op->r->ts, g, op->label);
}

static void config_add(struct dev_op *op)
{
	struct guest *g = dev_op_guest(op);
	struct cfg_disks *d = g ? &g->config.disks : NULL;
	struct cfg_nics *n = g ? &g->config.vifs : NULL;
	void *more;

	if (!g)
		return;
	if (op->at.is_nic)
		more = realloc(n->nic, (n->count + 1) * sizeof(*n->nic));
	else
		more = realloc(d->disk, (d->count + 1) * sizeof(*d->disk));
	if (!more) {
		log_err("%s: out of memory", g->name);
		return;
	}
	/* What was parsed goes over to the guest. */
	if (op->at.is_nic) {
		n->nic = more;
		n->nic[n->count++] = op->nic;
		memset(&op->nic, 0, sizeof(op->nic));
	} else {
		d->disk = more;
		d->disk[d->count++] = op->disk;
		memset(&op->disk, 0, sizeof(op->disk));
	}
	dev_op_save(op, g);
}

/* ---- finding a device ---- */

char *dev_op_own_node(struct request *r, const struct device_at *at,
		      const char *name)
{
	char path[DEVICE_PATH], *value;

	device_own_path(at, path);
	return xsc_readf(r->ts->xs, XSC_NO_TX, &value, "%s/%s", path, name) ?
		       NULL : value;
}

static bool has_mac(struct request *r, const struct device_at *at,
		    const uint8_t mac[6])
{
	char *text = dev_op_own_node(r, at, "mac");
	uint8_t its[6];
	bool same = text && !nic_mac_parse(text, its) && !memcmp(its, mac, 6);

	free(text);
	return same;
}

/* What the request calls the device, by number or by address. */
static bool is_meant(struct request *r, const struct device_at *at,
		     const char *disk, const char *vif)
{
	uint32_t number;
	uint8_t mac[6];

	if (at->is_nic != (vif != NULL))
		return false;
	if (!vif)
		return !vdev_parse(disk, &number) && number == at->number;
	if (!nic_mac_parse(vif, mac))
		return has_mac(r, at, mac);
	return !xs_parse_u32(vif, UINT16_MAX, &number) &&
	       number == at->number;
}

static int no_such_device(struct request *r, const char *disk,
			  const char *vif, const struct device_at *list,
			  int count)
{
	struct strbuf there = { 0 };
	char label[DEVICE_LABEL];
	int rc;

	for (int i = 0; i < count; i++) {
		device_label(&list[i], label);
		strbuf_printf(&there, "%s%s", i ? ", " : "", label);
	}
	rc = fail_set(r->fail, -ENODEV, "\"%s\" has no %s %.64s: it has %s",
		      r->target, vif ? "vif" : "disk", vif ? vif : disk,
		      there.data ? there.data : "no devices");
	strbuf_free(&there);
	return rc;
}

static int find_device(struct request *r, struct device_at *at)
{
	const char *disk = json_str(r->args, "disk", NULL);
	const char *vif = json_str(r->args, "vif", NULL);
	struct device_at *list;
	int count, rc = -ENODEV;

	if (!disk == !vif)
		return request_bad_argument(r, "disk");
	count = devices_list(r->ts, r->domid, &list, r->fail);
	if (count < 0)
		return count;
	for (int i = 0; i < count && rc; i++) {
		if (!is_meant(r, &list[i], disk, vif))
			continue;
		*at = list[i];
		rc = 0;
	}
	if (rc)
		rc = no_such_device(r, disk, vif, list, count);
	free(list);
	return rc;
}

struct dev_op *dev_op_on_device(struct request *r)
{
	struct dev_op *op = dev_op_new(r);

	if (op && find_device(r, &op->at)) {
		free(op);
		return NULL;
	}
	if (op)
		device_label(&op->at, op->label);
	return op;
}

/* ---- attaching ---- */

static void on_attach_undone(struct outcome *out, int rc)
{
	struct dev_op *op = container_of(out, struct dev_op, out);

	(void)rc;
	/* The reason is that of the attempt. */
	dev_op_finish(op, op->r->fail->rc);
}

static void on_attached(struct outcome *out, int rc)
{
	struct dev_op *op = container_of(out, struct dev_op, out);
	char path[DEVICE_PATH];
	enum release_how how = rc == -ETIMEDOUT ? RELEASE_DROP : RELEASE_CUT;

	if (rc) {
		fail_set(op->r->fail, rc, "%s", out->fail.text);
		op->out = (struct outcome){ .fn = on_attach_undone };
		devices_release(op->r->ts, &op->at, 1, how, &op->out);
		return;
	}
	config_add(op);
	device_back_path(&op->at, path);
	jw_str(op->r->answer, "device", op->label);
	jw_int(op->r->answer, "devid", op->at.number);
	jw_str(op->r->answer, "backend", path);
	log_info("%s: attached %s", op->r->target, op->label);
	dev_op_finish(op, 0);
}

static bool is_there(const struct device_at *list, int count, bool is_nic,
		     uint32_t number)
{
	for (int i = 0; i < count; i++) {
		if (list[i].is_nic == is_nic && list[i].number == number)
			return true;
	}
	return false;
}

/* Where the new device goes; an error if that place is taken. */
static int find_place(struct dev_op *op, bool is_nic)
{
	struct request *r = op->r;
	struct device_at *list;
	int count = devices_list(r->ts, r->domid, &list, r->fail), rc = 0;

	if (count < 0)
		return count;
	if (is_nic && op->nic.devid < 0) {
		op->nic.devid = 0;
		while (is_there(list, count, true, (uint32_t)op->nic.devid))
			op->nic.devid++;
	}
	op->at = is_nic ? device_of_nic(&op->nic, r->domid) :
			  device_of_disk(&op->disk, r->domid);
	device_label(&op->at, op->label);
	if (is_there(list, count, is_nic, op->at.number))
		rc = fail_set(r->fail, -EEXIST, "\"%s\" has a %s already",
			      r->target, op->label);
	free(list);
	return rc;
}

static int read_device(struct dev_op *op, yajl_val disk, yajl_val vif)
{
	struct request *r = op->r;
	int rc;

	if (!disk == !vif)
		return request_bad_argument(r, "disk");
	if (disk) {
		rc = disk_from_json(&op->disk, disk, r->fail);
		if (!rc)
			rc = device_backend(r->ts, op->disk.backend,
					    &op->disk.backend_domid, r->fail);
	} else {
		rc = nic_from_json(&op->nic, vif, r->fail);
		if (!rc)
			rc = device_backend(r->ts, op->nic.backend,
					    &op->nic.backend_domid, r->fail);
		if (!rc)
			rc = nic_make_mac(&op->nic, r->fail);
	}
	return rc ? rc : find_place(op, vif != NULL);
}

static void write_device(struct store_writer *w, void *ctx)
{
	struct dev_op *op = ctx;

	if (op->at.is_nic)
		nic_entries(w, &op->nic, op->r->domid);
	else
		disk_entries(w, &op->disk, op->r->domid);
}

int do_device_attach(struct request *r)
{
	struct dev_goals goals = { .goal = DEV_UP, .count = 1,
				   .ms = r->ts->device_ms };
	struct dev_op *op = dev_op_new(r);
	int rc;

	if (!op)
		return -ENOMEM;
	rc = read_device(op, json_get(r->args, "disk"),
			 json_get(r->args, "vif"));
	if (!rc) {
		rc = sw_transaction(r->ts->xs, write_device, op);
		if (rc)
			fail_errno(r->fail, rc,
				   "the store refused its entries");
	}
	if (rc) {
		dev_op_finish(op, rc);
		return REQUEST_LATER;
	}
	op->out.fn = on_attached;
	goals.at = &op->at;
	dev_wait(r->ts, &goals, NULL, &op->out);
	return REQUEST_LATER;
}

/* ---- detaching ---- */

static void on_detached(struct outcome *out, int rc)
{
	struct dev_op *op = container_of(out, struct dev_op, out);

	if (rc == -ETIMEDOUT) {
		op->out.fail.rc = 0;
		fail_set(&op->out.fail, rc,
			 "the guest has not given %s back within %" PRIu64 " s: it goes when it is not used there any more, or at once with --force",
			 op->label, op->r->ts->device_ms / 1000);
		dev_late_expect(op->r->ts, &op->at);
	}
	if (!rc) {
		dev_forget(op->r->ts, &op->at);
		log_info("%s: detached %s", op->r->target, op->label);
	}
	dev_op_finish(op, rc);
}

int do_device_detach(struct request *r)
{
	struct dev_op *op = dev_op_on_device(r);

	if (!op)
		return r->fail->rc;
	op->out.fn = on_detached;
	devices_release(r->ts, &op->at, 1,
			json_bool(r->args, "force", false) ? RELEASE_CUT :
							     RELEASE_ASK,
			&op->out);
	return REQUEST_LATER;
}
