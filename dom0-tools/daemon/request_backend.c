// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_backend.c: requests to backends that run: their counts, a newer
 * program, a disk's size, what is in a drive.
 *
 * State: one struct dev_op per request that waits.  The device daemon is asked
 * through the backend's folder (docs/devices.md), one request at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev_wait.h"
#include "request_dev.h"

/* ---- asking a running backend ---- */

struct asked {
	struct dev_op *op;
	const char *word;
	int64_t bytes;		/* to grow to; 0 */
};

/* Nothing is written where the folder is gone or another request waits. */
static void write_request(struct store_writer *w, void *ctx)
{
	const struct asked *a = ctx;
	char path[DEVICE_PATH], *text;

	device_back_path(&a->op->at, path);
	if (xsc_readf(w->xs, w->tx, &text, "%s/state", path)) {
		w->rc = -ENODEV;
		return;
	}
	free(text);
	if (!xsc_readf(w->xs, w->tx, &text, "%s/request", path)) {
		free(text);
		w->rc = -EBUSY;
		return;
	}
	sw_at(w, "%s", path);
	sw_remove(w, "reply");
	if (a->bytes)
		sw_put(w, "grow-to", "%lld", (long long)a->bytes);
	sw_put(w, "request", "%s", a->word);
}

/* Writes the request; its answer ends in op->out.fn. */
static void send_sized_request(struct dev_op *op, const char *word,
			       int64_t bytes)
{
	struct request *r = op->r;
	struct dev_goals goals = { .goal = DEV_REPLY, .at = &op->at,
				   .count = 1, .word = word,
				   .ms = r->ts->device_ms };
	struct asked a = { op, word, bytes };
	int rc = sw_transaction(r->ts->xs, write_request, &a);

	if (rc)
		op->out.fn(&op->out,
			   fail_errno(&op->out.fail, rc, "%s: %s", op->label,
				      rc == -EBUSY ?
					      "another request waits for its answer" :
					      "the request cannot be written"));
	else
		dev_wait(r->ts, &goals, &op->reply, &op->out);
}

static void send_request(struct dev_op *op, const char *word)
{
	send_sized_request(op, word, 0);
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
	dev_op_finish(op, rc);
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
	op = dev_op_on_device(r);
	if (!op)
		return r->fail->rc;
	if (needs_own_backend(op)) {
		dev_op_finish(op, r->fail->rc);
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

/*
 * A raw file grows here, and its backend then looks at it; an image in a format
 * is made to grow by the device daemon: *@by_backend.
 */
static int grow(struct dev_op *op, int64_t bytes, bool *by_backend)
{
	struct request *r = op->r;
	char *format = dev_op_own_node(r, &op->at, "format");
	char *params = dev_op_own_node(r, &op->at, "params");
	int rc = 0;

	*by_backend = format && *format && strcmp(format, "raw");
	if (*by_backend && op->at.by_kernel)
		rc = needs_own_backend(op);
	else if (!*by_backend && (op->at.back || !params || *params != '/'))
		rc = fail_set(r->fail, -EINVAL,
			      "only files of this domain and images in a format are resized by this command: use the tool of what holds the disk, then run it without a size");
	else if (!*by_backend)
		rc = grow_file(r, params, bytes);
	free(format);
	free(params);
	return rc;
}

int do_block_resize(struct request *r)
{
	int64_t bytes = json_int(r->args, "bytes", -1);
	bool by_backend = false;
	struct dev_op *op;
	int rc = 0;

	if (json_get(r->args, "vif") || (bytes >= 0 && bytes % 512))
		return request_bad_argument(r, "bytes");
	op = dev_op_on_device(r);
	if (!op)
		return r->fail->rc;
	if (bytes >= 0)
		rc = grow(op, bytes, &by_backend);
	/* Linux's backend looks at the size by itself. */
	if (rc || op->at.by_kernel) {
		dev_op_finish(op, rc);
		return REQUEST_LATER;
	}
	op->out.fn = on_replied;
	if (by_backend)
		send_sized_request(op, "grow", bytes);
	else
		send_request(op, "resize");
	return REQUEST_LATER;
}

/* ---- media ---- */

/* Both folders that say what is in the drive, if they are there. */
static void fill_params(struct store_writer *w, void *ctx)
{
	const struct asked *a = ctx;
	char path[DEVICE_PATH], *text;

	device_own_path(&a->op->at, path);
	if (xsc_readf(w->xs, w->tx, &text, "%s/params", path)) {
		w->rc = -ENODEV;
		return;
	}
	free(text);
	sw_at(w, "%s", path);
	sw_put(w, "params", "%s", a->word);
	device_back_path(&a->op->at, path);
	sw_at(w, "%s", path);
	sw_put(w, "params", "%s", a->word);
}

static int write_params(struct dev_op *op, const char *params)
{
	struct asked a = { op, params, 0 };

	return sw_transaction(op->r->ts->xs, fill_params, &a);
}

static void on_media(struct outcome *out, int rc)
{
	struct dev_op *op = container_of(out, struct dev_op, out);
	struct guest *g = dev_op_guest(op);
	struct cfg_disks *d = g ? &g->config.disks : NULL;

	if (rc && rc != -ENODEV)
		write_params(op, op->old_params);
	for (unsigned int i = 0; !rc && g && i < d->count; i++) {
		if (d->disk[i].number != op->at.number)
			continue;
		free(d->disk[i].target);
		d->disk[i].target = op->disk.target;
		op->disk.target = NULL;
		dev_op_save(op, g);
		break;
	}
	on_replied(out, rc);
}

/* A drive whose medium can be changed, with that in @op->disk. */
static int check_media(struct dev_op *op, const char *target)
{
	struct request *r = op->r;
	char *removable = dev_op_own_node(r, &op->at, "removable");
	bool is = removable && !strcmp(removable, "1");
	struct strbuf text = { 0 };
	int rc = 0;

	free(removable);
	op->old_params = dev_op_own_node(r, &op->at, "params");
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
	op = dev_op_on_device(r);
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
		dev_op_finish(op, rc);
		return REQUEST_LATER;
	}
	op->out.fn = on_media;
	send_request(op, "media");
	return REQUEST_LATER;
}
