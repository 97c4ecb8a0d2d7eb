/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c: records of a store in a file.
 *
 * A file is the magic, then records, each a header of two 32-bit words (kind,
 * bytes that follow) and its fields, all little-endian, and an END record
 * last.  Reading trusts no length: every field is taken through `struct
 * take`, which remembers that it ran out.  No state of its own.
 */
#include "store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/strbuf.h"
#include "store/client.h"
#include "store/edit.h"
#include "store/store.h"
#include "store/watch.h"

static const char magic[8] = "PVSTORE1";

enum kind {
	REC_END,
	REC_STORE,	/* gen */
	REC_DOMAIN,	/* domid, flags, port, target, born, frame */
	REC_NODE,	/* gen, perms, path, value */
	REC_SPECIAL,	/* which, perms */
	REC_WATCH,	/* domid, prefix, path, token */
	REC_STREAM,	/* domid, received, to be sent */
	REC_KINDS
};

#define DOM_INTRODUCED 1u
#define DOM_SHUT_DOWN 2u

/* ---- writing ---- */

static void put32(struct strbuf *sb, uint32_t v)
{
	strbuf_add(sb, &v, sizeof(v));
}

static void put64(struct strbuf *sb, uint64_t v)
{
	strbuf_add(sb, &v, sizeof(v));
}

static void put_bytes(struct strbuf *sb, const void *p, size_t len)
{
	put32(sb, (uint32_t)len);
	strbuf_add(sb, p, len);
}

static void put_perms(struct strbuf *sb, const struct perms *perms)
{
	put_bytes(sb, perms->p, perms->count * sizeof(struct perm));
}

/* Begins a record; end_record() fills in its length. */
static size_t begin_record(struct strbuf *sb, enum kind kind)
{
	put32(sb, kind);
	put32(sb, 0);
	return sb->len;
}

static void end_record(struct strbuf *sb, size_t begun)
{
	uint32_t len = (uint32_t)(sb->len - begun);

	if (!sb->err)
		memcpy(sb->data + begun - sizeof(len), &len, sizeof(len));
}

static int save_node(const struct node *n, const char *path, size_t len,
		     void *arg)
{
	struct strbuf *sb = arg;
	size_t at = begin_record(sb, REC_NODE);

	put64(sb, n->gen);
	put_perms(sb, n->perms);
	put_bytes(sb, path, len);
	put_bytes(sb, n->value ? n->value->data : "",
		  n->value ? n->value->len : 0);
	end_record(sb, at);
	return sb->err;
}

static void save_special(struct strbuf *sb, uint32_t which,
			 const struct perms *perms)
{
	size_t at = begin_record(sb, REC_SPECIAL);

	put32(sb, which);
	put_perms(sb, perms);
	end_record(sb, at);
}

static void save_domain(struct strbuf *sb, const struct domain *d)
{
	size_t at = begin_record(sb, REC_DOMAIN);

	put32(sb, d->domid);
	put32(sb, (d->introduced ? DOM_INTRODUCED : 0) |
			  (d->shut_down ? DOM_SHUT_DOWN : 0));
	put32(sb, d->port);
	put32(sb, d->client ? d->client->target : 0);
	put64(sb, d->born);
	put64(sb, d->frame);
	end_record(sb, at);
}

static void save_stream(struct strbuf *sb, const struct client *c)
{
	struct strbuf out = { 0 };
	size_t at = begin_record(sb, REC_STREAM);

	client_collect_output(c, &out);
	put32(sb, c->domid);
	put_bytes(sb, c->in.buf + c->in.start, c->in.len);
	put_bytes(sb, out.data, out.len);
	if (out.err)
		sb->err = out.err;
	strbuf_free(&out);
	end_record(sb, at);
}

static void save_watches(struct strbuf *sb, const struct client *c)
{
	const struct watch *w;

	for (w = c->watches; w; w = w->next) {
		size_t at = begin_record(sb, REC_WATCH);

		put32(sb, c->domid);
		put32(sb, (uint32_t)w->prefix_len);
		put_bytes(sb, w->path, w->path_len);
		put_bytes(sb, w->token, strlen(w->token));
		end_record(sb, at);
	}
}

static void save_all(struct store *s, struct strbuf *sb)
{
	char path[XENSTORE_ABS_PATH_MAX] = "/";
	const struct domain *d;
	size_t at;

	strbuf_add(sb, magic, sizeof(magic));
	at = begin_record(sb, REC_STORE);
	put64(sb, s->gen);
	end_record(sb, at);
	for (d = s->domains; d; d = d->next)
		save_domain(sb, d);
	tree_walk_down(s->tree.root, path, 1, save_node, sb);
	save_special(sb, 0, s->introduce_perms);
	save_special(sb, 1, s->release_perms);
	for (d = s->domains; d; d = d->next) {
		if (!d->client)
			continue;
		save_watches(sb, d->client);
		save_stream(sb, d->client);
	}
	end_record(sb, begin_record(sb, REC_END));
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) && errno != EINVAL ? -errno : 0;
}

int state_save(struct store *s, const char *path)
{
	struct strbuf sb = { 0 };
	char tmp[4096];
	int fd, rc;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
		return -ENAMETOOLONG;
	save_all(s, &sb);
	if (sb.err) {
		strbuf_free(&sb);
		return -ENOMEM;
	}
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	rc = fd < 0 ? -errno : write_all(fd, sb.data, sb.len);
	if (fd >= 0)
		close(fd);
	if (!rc && rename(tmp, path))
		rc = -errno;
	strbuf_free(&sb);
	return rc;
}

/* ---- reading ---- */

struct take {
	const char *p;
	size_t left;
	bool bad;
};

static const void *take(struct take *t, size_t len)
{
	const void *p = t->p;

	if (t->bad || len > t->left) {
		t->bad = true;
		return NULL;
	}
	t->p += len;
	t->left -= len;
	return p;
}

static uint32_t take32(struct take *t)
{
	const void *p = take(t, 4);
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, 4);
	return v;
}

static uint64_t take64(struct take *t)
{
	const void *p = take(t, 8);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, 8);
	return v;
}

static const char *take_bytes(struct take *t, size_t *len)
{
	const char *p;

	*len = take32(t);
	p = take(t, *len);
	if (!p)
		*len = 0;
	return p;
}

/* A reference of the caller's, or NULL. */
static struct perms *take_perms(struct take *t)
{
	struct perm copy[64];
	size_t len;
	const char *p = take_bytes(t, &len);

	if (!p || !len || len % sizeof(struct perm) || len > sizeof(copy)) {
		t->bad = true;
		return NULL;
	}
	memcpy(copy, p, len);
	return perms_new(copy, (uint32_t)(len / sizeof(struct perm)));
}

struct load {
	struct store *s;
	struct charges charges;
};

static int load_store(struct load *l, struct take *t)
{
	l->s->gen = take64(t);
	return 0;
}

static int load_domain(struct load *l, struct take *t)
{
	uint32_t domid = take32(t), flags = take32(t), port = take32(t);
	uint32_t target = take32(t);
	uint64_t born = take64(t), frame = take64(t);
	struct domain *d;
	int rc;

	if (t->bad)
		return -EBADMSG;
	d = store_recall_domain(l->s, domid, born);
	if (!d)
		return -ENOMEM;
	d->shut_down = flags & DOM_SHUT_DOWN;
	if (!(flags & DOM_INTRODUCED))
		return 0;
	rc = l->s->port->connect(l->s->port_arg, d, frame, port);
	if (rc) {
		log_warn("domain %u cannot be connected again: %s", domid,
			 strerror(-rc));
		return 0;
	}
	d->introduced = true;
	d->port = port;
	d->frame = frame;
	if (d->client)
		d->client->target = target;
	return 0;
}

/* A node may be there already: the first ones of every store. */
static int put_node(struct load *l, const char *path, size_t len,
		    struct perms *perms, struct blob *value, uint64_t gen)
{
	struct edit e = { &l->s->tree, &l->charges, gen };
	int rc;

	if (!tree_find(&l->s->tree, path, len))
		return edit_create(&e, path, len, perms, value);
	rc = edit_perms(&e, path, len, perms);
	return rc ? rc : edit_value(&e, path, len, value);
}

static int load_node(struct load *l, struct take *t)
{
	uint64_t gen = take64(t);
	struct perms *perms = take_perms(t);
	size_t plen, vlen;
	const char *path = take_bytes(t, &plen);
	const char *value = take_bytes(t, &vlen);
	struct blob *blob = NULL;
	int rc = -EBADMSG;

	if (!t->bad && perms &&
	    xs_path_valid(path, plen, XENSTORE_ABS_PATH_MAX)) {
		blob = blob_new(value, vlen);
		rc = blob ? put_node(l, path, plen, perms, blob, gen) :
			    -ENOMEM;
	}
	perms_put(perms);
	blob_put(blob);
	return rc;
}

static int load_special(struct load *l, struct take *t)
{
	struct perms **at = take32(t) ? &l->s->release_perms :
					&l->s->introduce_perms;
	struct perms *perms = take_perms(t);

	if (!perms)
		return -EBADMSG;
	perms_put(*at);
	*at = perms;
	return 0;
}

static struct client *load_client(struct load *l, struct take *t)
{
	const struct domain *d = store_domain(l->s, take32(t));

	return d ? d->client : NULL;
}

static int load_watch(struct load *l, struct take *t)
{
	struct client *c = load_client(l, t);
	uint32_t prefix = take32(t);
	size_t plen, tlen;
	const char *p = take_bytes(t, &plen), *tok = take_bytes(t, &tlen);
	char path[XENSTORE_ABS_PATH_MAX], token[XENSTORE_PAYLOAD_MAX];
	struct watch *w;

	if (t->bad || plen >= sizeof(path) || tlen >= sizeof(token) ||
	    prefix > plen + 1)
		return -EBADMSG;
	if (!c)
		return 0;
	memcpy(path, p, plen);
	path[plen] = 0;
	memcpy(token, tok, tlen);
	token[tlen] = 0;
	return watch_add(c, path, prefix, token, &w);
}

static int load_stream(struct load *l, struct take *t)
{
	struct client *c = load_client(l, t);
	size_t in_len, out_len;
	const char *in = take_bytes(t, &in_len);
	const char *out = take_bytes(t, &out_len);
	char *at;

	if (t->bad || in_len > XS_MSG_MAX)
		return -EBADMSG;
	if (!c)
		return 0;
	xs_reader_room(&c->in, &at);
	memcpy(at, in, in_len);
	xs_reader_filled(&c->in, in_len);
	return client_requeue(c, out, out_len);
}

static int (*const loaders[REC_KINDS])(struct load *, struct take *) = {
	[REC_STORE] = load_store,     [REC_DOMAIN] = load_domain,
	[REC_NODE] = load_node,	      [REC_SPECIAL] = load_special,
	[REC_WATCH] = load_watch,     [REC_STREAM] = load_stream,
};

static int load_all(struct load *l, struct take *t)
{
	const char *m = take(t, sizeof(magic));
	int rc = 0;

	if (!m || memcmp(m, magic, sizeof(magic)))
		return -EBADMSG;
	while (!rc) {
		uint32_t kind = take32(t), len = take32(t);
		struct take body = { .left = len };

		body.p = take(t, len);
		if (t->bad || kind >= REC_KINDS)
			return -EBADMSG;
		if (kind == REC_END)
			return 0;
		rc = loaders[kind](l, &body);
		if (!rc && body.bad)
			rc = -EBADMSG;
	}
	return rc;
}

static int read_file(const char *path, struct strbuf *sb)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	do {
		if (strbuf_reserve(sb, 65536))
			break;
		n = read(fd, sb->data + sb->len, 65536);
		if (n > 0)
			sb->len += (size_t)n;
	} while (n > 0);
	if (n < 0 && !sb->err)
		sb->err = -errno;
	close(fd);
	return sb->err;
}

int state_load(struct store *s, const char *path)
{
	struct load l = { .s = s };
	struct strbuf sb = { 0 };
	struct take t;
	int rc = read_file(path, &sb);

	if (!rc) {
		t = (struct take){ .p = sb.data, .left = sb.len };
		rc = load_all(&l, &t);
		quota_apply(s, &l.charges);
	}
	/* Whatever comes now is newer than all that was read. */
	s->gen++;
	charges_free(&l.charges);
	strbuf_free(&sb);
	return rc;
}
