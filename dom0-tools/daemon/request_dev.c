// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_dev.c: requests about devices of a running domain.
 *
 * State: one struct dev_op per request that waits.  Devices that are there
 * are found in the toolstack's own folders of the store; what a guest is to
 * have after a restart is in its configuration, which follows every change.
 * A guest may go while one of its devices is waited for: it is looked up
 * again afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../device/vdev.h"
#include "../lib/log.h"
#include "dev_wait.h"
#include "guest_device.h"
#include "request_inner.h"

struct dev_op {
	struct outcome out;
	struct request *r;
	struct device_at at;
	char label[DEVICE_LABEL];
	/* Attaching and media: the device, as it is to be. */
	struct disk disk;
	struct nic nic;
	char *old_params;	/* media: before */
	struct strbuf reply;
	bool force;
};

static void op_finish(struct dev_op *op, int rc)
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

static struct dev_op *op_new(struct request *r)
{
	struct dev_op *op = calloc(1, sizeof(*op));

	if (op)
		op->r = r;
	else
		fail_set(r->fail, -ENOMEM, "out of memory");
	return op;
}

/* ---- the guest's configuration ---- */

/* The guest of the request, if it is still there. */
static struct guest *guest_of(struct dev_op *op)
{
	struct guest *g = guest_by_domid(op->r->ts, op->r->domid);

	return g && !g->ending ? g : NULL;
}

static void save(struct dev_op *op, struct guest *g)
{
	struct fail why = { 0 };

	if (devices_note(g, &why) ||
	    guest_state_save(op->r->ts, g, &why))
		log_err("%s: %s has changed, but will not outlive a restart: %s",
			g->name, op->label, why.text);
}

static void config_add(struct dev_op *op)
{
	struct guest *g = guest_of(op);
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
	save(op, g);
}

static void config_remove(struct dev_op *op)
{
	struct guest *g = guest_of(op);
	struct cfg_disks *d = g ? &g->config.disks : NULL;
	struct cfg_nics *n = g ? &g->config.vifs : NULL;

	for (unsigned int i = 0; g && op->at.is_nic && i < n->count; i++) {
		if (n->nic[i].devid != (int)op->at.number)
			continue;
		nic_free(&n->nic[i]);
		memmove(&n->nic[i], &n->nic[i + 1],
			(--n->count - i) * sizeof(*n->nic));
		save(op, g);
		return;
	}
	for (unsigned int i = 0; g && !op->at.is_nic && i < d->count; i++) {
		if (d->disk[i].number != op->at.number)
			continue;
		disk_free(&d->disk[i]);
		memmove(&d->disk[i], &d->disk[i + 1],
			(--d->count - i) * sizeof(*d->disk));
		save(op, g);
		return;
	}
}

/* ---- finding a device ---- */

/* A node of the toolstack's own folder for free(), or NULL. */
static char *own_node(struct request *r, const struct device_at *at,
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
	char *text = own_node(r, at, "mac");
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

/* An operation on a device that is there, or NULL with the reason. */
static struct dev_op *op_on_device(struct request *r)
{
	struct dev_op *op = op_new(r);

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
	op_finish(op, op->r->fail->rc);
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
	op_finish(op, 0);
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
	struct dev_op *op = op_new(r);
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
		op_finish(op, rc);
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
			 "the guest has not given %s back within %" PRIu64 " s: stop using it there, or take it away with --force",
			 op->label, op->r->ts->device_ms / 1000);
	}
	if (!rc) {
		config_remove(op);
		log_info("%s: detached %s", op->r->target, op->label);
	}
	op_finish(op, rc);
}

int do_device_detach(struct request *r)
{
	struct dev_op *op = op_on_device(r);

	if (!op)
		return r->fail->rc;
	op->out.fn = on_detached;
	devices_release(r->ts, &op->at, 1,
			json_bool(r->args, "force", false) ? RELEASE_CUT :
							     RELEASE_ASK,
			&op->out);
	return REQUEST_LATER;
}

/* ---- asking a running backend ---- */

/* Writes the request; its answer ends in op->out.fn. */
static void send_request(struct dev_op *op, const char *word)
{
	struct request *r = op->r;
	struct dev_goals goals = { .goal = DEV_REPLY, .at = &op->at,
				   .count = 1, .word = word,
				   .ms = r->ts->device_ms };
	struct store_writer w = { .xs = r->ts->xs, .tx = XSC_NO_TX };
	char path[DEVICE_PATH], *busy;
	int rc;

	device_back_path(&op->at, path);
	if (!xsc_readf(r->ts->xs, XSC_NO_TX, &busy, "%s/request", path)) {
		free(busy);
		op->out.fn(&op->out,
			   fail_set(&op->out.fail, -EBUSY,
				    "%s: another request waits for its answer: try again",
				    op->label));
		return;
	}
	sw_at(&w, "%s", path);
	sw_remove(&w, "reply");
	sw_put(&w, "request", "%s", word);
	rc = sw_settle(&w);
	if (rc)
		op->out.fn(&op->out, fail_errno(&op->out.fail, rc,
						"the store refused the request"));
	else
		dev_wait(r->ts, &goals, &op->reply, &op->out);
}

/* "rd_req=5 wr_req=7": as members of an object; a number alone is a size. */
static void answer_numbers(struct dev_op *op)
{
	char *rest = op->reply.data, *word;

	jw_object(op->r->answer, "reply");
	while (rest && (word = strsep(&rest, " "))) {
		char *eq = strchr(word, '=');

		if (eq)
			*eq++ = '\0';
		if (*word)
			jw_int(op->r->answer, eq ? word : "sectors",
			       strtoll(eq ? eq : word, NULL, 10));
	}
	jw_object_end(op->r->answer);
}

/* The request must not stay for the next device daemon to find. */
static void on_replied(struct outcome *out, int rc)
{
	struct dev_op *op = container_of(out, struct dev_op, out);
	char path[DEVICE_PATH + 16];

	device_back_path(&op->at, path);
	strcat(path, "/request");
	if (rc == -ETIMEDOUT)
		xsc_rm(op->r->ts->xs, XSC_NO_TX, path);
	if (!rc) {
		jw_str(op->r->answer, "device", op->label);
		answer_numbers(op);
	}
	op_finish(op, rc);
}

static int needs_own_backend(struct dev_op *op)
{
	if (!op->at.by_kernel)
		return 0;
	return fail_set(op->r->fail, -EOPNOTSUPP,
			"%s is served by the kernel's backend, which takes no requests",
			op->label);
}

int do_device_request(struct request *r)
{
	static const char *const words[] = { "stats", "replace" };
	const char *word = json_str(r->args, "word", "");
	struct dev_op *op;
	size_t i = 0;

	while (i < 2 && strcmp(words[i], word))
		i++;
	if (i == 2)
		return request_bad_argument(r, "word");
	op = op_on_device(r);
	if (!op)
		return r->fail->rc;
	if (needs_own_backend(op)) {
		op_finish(op, r->fail->rc);
		return REQUEST_LATER;
	}
	op->out.fn = on_replied;
	send_request(op, words[i]);
	return REQUEST_LATER;
}

/* ---- a disk's size ---- */

/* Makes the file at @path grow to @bytes. */
static int grow_file(struct request *r, const char *path, int64_t bytes)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
	struct stat st;

	if (fd < 0)
		return fail_errno(r->fail, -errno, "cannot open %s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		rc = fail_set(r->fail, -EINVAL,
			      "%s is no regular file: resize it with its own tool, then run this without a size",
			      path);
	else if (bytes < st.st_size)
		rc = fail_set(r->fail, -EINVAL,
			      "%s has %lld bytes: a disk in use is not made smaller",
			      path, (long long)st.st_size);
	else if (ftruncate(fd, bytes))
		rc = fail_errno(r->fail, -errno, "cannot resize %s", path);
	close(fd);
	return rc;
}

static int grow(struct dev_op *op, int64_t bytes)
{
	struct request *r = op->r;
	char *format = own_node(r, &op->at, "format");
	char *params = own_node(r, &op->at, "params");
	int rc;

	if (op->at.back || !format || strcmp(format, "raw") || !params ||
	    *params != '/')
		rc = fail_set(r->fail, -EINVAL,
			      "only raw files of this domain are resized by this command: use the format's own tool, then run it without a size");
	else
		rc = grow_file(r, params, bytes);
	free(format);
	free(params);
	return rc;
}

int do_block_resize(struct request *r)
{
	int64_t bytes = json_int(r->args, "bytes", -1);
	struct dev_op *op;
	int rc = 0;

	if (json_get(r->args, "vif") || (bytes >= 0 && bytes % 512))
		return request_bad_argument(r, "bytes");
	op = op_on_device(r);
	if (!op)
		return r->fail->rc;
	if (bytes >= 0)
		rc = grow(op, bytes);
	/* Linux's backend looks at the size by itself. */
	if (rc || op->at.by_kernel) {
		op_finish(op, rc);
		return REQUEST_LATER;
	}
	op->out.fn = on_replied;
	send_request(op, "resize");
	return REQUEST_LATER;
}

/* ---- media ---- */

/* Both folders that say what is in the drive. */
static int write_params(struct dev_op *op, const char *params)
{
	struct store_writer w = { .xs = op->r->ts->xs, .tx = XSC_NO_TX };
	char path[DEVICE_PATH];

	device_own_path(&op->at, path);
	sw_at(&w, "%s", path);
	sw_put(&w, "params", "%s", params);
	device_back_path(&op->at, path);
	sw_at(&w, "%s", path);
	sw_put(&w, "params", "%s", params);
	return sw_settle(&w);
}

static void on_media(struct outcome *out, int rc)
{
	struct dev_op *op = container_of(out, struct dev_op, out);
	struct guest *g = guest_of(op);
	struct cfg_disks *d = g ? &g->config.disks : NULL;

	if (rc && guest_of(op))
		write_params(op, op->old_params);
	for (unsigned int i = 0; !rc && g && i < d->count; i++) {
		if (d->disk[i].number != op->at.number)
			continue;
		free(d->disk[i].target);
		d->disk[i].target = op->disk.target;
		op->disk.target = NULL;
		save(op, g);
		break;
	}
	on_replied(out, rc);
}

/* A drive whose medium can be changed, with that in @op->disk. */
static int check_media(struct dev_op *op, const char *target)
{
	struct request *r = op->r;
	char *removable = own_node(r, &op->at, "removable");
	bool is = removable && !strcmp(removable, "1");
	struct strbuf text = { 0 };
	int rc = 0;

	free(removable);
	op->old_params = own_node(r, &op->at, "params");
	if (!is || !op->old_params)
		return fail_set(r->fail, -EINVAL,
				"%s is no drive with removable media",
				op->label);
	rc = needs_own_backend(op);
	if (rc)
		return rc;
	/* The grammar checks what the target may be. */
	strbuf_printf(&text, "vdev=%u,devtype=cdrom,target=%s",
		      op->at.number, target);
	rc = text.err ? fail_set(r->fail, text.err, "out of memory") :
			disk_parse(&op->disk, text.data, r->fail);
	strbuf_free(&text);
	return rc;
}

int do_media(struct request *r)
{
	const char *target = json_str(r->args, "target", NULL);
	struct strbuf params = { 0 };
	struct dev_op *op;
	int rc;

	if (!target || json_get(r->args, "vif"))
		return request_bad_argument(r, "target");
	op = op_on_device(r);
	if (!op)
		return r->fail->rc;
	rc = check_media(op, target);
	if (!rc) {
		disk_params(&op->disk, &params);
		rc = params.err ? params.err :
				  write_params(op, params.data ? params.data :
								 "");
	}
	strbuf_free(&params);
	if (rc) {
		op_finish(op, rc);
		return REQUEST_LATER;
	}
	op->out.fn = on_media;
	send_request(op, "media");
	return REQUEST_LATER;
}
