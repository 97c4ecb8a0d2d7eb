/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_fixture.c: the store's port as a test sees it, and short forms of
 * requests.  State: the fixture that the test hands in.
 */
#include "store_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strbuf.h"

static uint64_t now_ms(void *arg)
{
	return ((struct fx *)arg)->now_ms;
}

static bool domain_exists(void *arg, uint32_t domid)
{
	struct fx *fx = arg;

	return domid < FX_DOMAINS && fx->exists[domid];
}

static int do_connect(void *arg, struct domain *d, uint64_t frame,
		      uint32_t port)
{
	struct fx *fx = arg;

	(void)frame;
	(void)port;
	if (d->client)
		client_reset(d->client);
	else
		d->client = client_new(&fx->s, d->domid, true);
	return d->client ? 0 : -ENOMEM;
}

static void do_disconnect(void *arg, struct domain *d)
{
	(void)arg;
	client_free(d->client);
	d->client = NULL;
}

static void kick(void *arg, struct client *c)
{
	(void)arg;
	(void)c;
}

static const struct store_port port = {
	.now_ms = now_ms,
	.domain_exists = domain_exists,
	.connect = do_connect,
	.disconnect = do_disconnect,
	.kick = kick,
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s\n", what);
	abort();
}

void fx_init(struct fx *fx)
{
	memset(fx, 0, sizeof(*fx));
	fx->exists[0] = true;
	log_set_level(LOG_L_ERROR);
	must(!store_init(&fx->s, &port, fx), "store_init");
}

void fx_end(struct fx *fx)
{
	struct domain *d;

	must(store_check(&fx->s) == 0, "the store is damaged");
	for (d = fx->s.domains; d; d = d->next)
		if (d->client)
			do_disconnect(fx, d);
	while (fx->s.clients)
		client_free(fx->s.clients);
	store_free(&fx->s);
}

struct client *fx_socket(struct fx *fx)
{
	struct client *c = client_new(&fx->s, 0, false);

	must(c, "client_new");
	return c;
}

struct client *fx_domain(struct fx *fx, uint32_t domid)
{
	fx->exists[domid] = true;
	must(!store_introduce(&fx->s, domid, 0, 1), "store_introduce");
	return store_domain(&fx->s, domid)->client;
}

void fx_kill(struct fx *fx, uint32_t domid)
{
	struct domain *d = store_domain(&fx->s, domid);

	fx->exists[domid] = false;
	if (!d)
		return;
	store_forget_domain(&fx->s, d);
	store_announce_release(&fx->s);
}

/* Messages as they lie in a client's queue: one at a time. */
static bool next_message(struct client *c, struct xsd_sockmsg *hdr,
			 const char **body)
{
	const char *data;
	size_t len = client_output(c, &data);

	if (!len)
		return false;
	memcpy(hdr, data, sizeof(*hdr));
	must(len == sizeof(*hdr) + hdr->len, "a message in pieces");
	*body = data + sizeof(*hdr);
	return true;
}

static void drop_message(struct client *c)
{
	const char *data;

	client_sent(c, client_output(c, &data));
}

/* Takes the reply out of the queue from among events. */
static void take_reply(struct client *c, uint32_t op, struct fx_reply *reply)
{
	struct xsd_sockmsg hdr;
	struct strbuf keep = { 0 };
	const char *body;
	bool found = false;

	while (next_message(c, &hdr, &body)) {
		if (hdr.type != XS_WATCH_EVENT) {
			must(!found && hdr.req_id == 77, "one reply");
			found = true;
			reply->len = hdr.len;
			memcpy(reply->body, body, hdr.len);
			reply->body[hdr.len] = 0;
			reply->err = hdr.type == XS_ERROR ?
					     -xs_error_number(body, hdr.len) :
					     0;
			must(reply->err || hdr.type == op, "type of reply");
		} else {
			strbuf_add(&keep, &hdr, sizeof(hdr));
			strbuf_add(&keep, body, hdr.len);
		}
		drop_message(c);
	}
	must(found, "a reply");
	/* Back with the events, each its own message. */
	for (size_t at = 0; at < keep.len;) {
		memcpy(&hdr, keep.data + at, sizeof(hdr));
		client_requeue(c, keep.data + at, sizeof(hdr) + hdr.len);
		at += sizeof(hdr) + hdr.len;
	}
	strbuf_free(&keep);
}

void fx_request(struct client *c, uint32_t op, uint32_t tx, const void *body,
		size_t len, struct fx_reply *reply)
{
	struct xsd_sockmsg hdr = { op, 77, tx, (uint32_t)len };
	char *at;
	size_t room = xs_reader_room(&c->in, &at);

	must(room >= sizeof(hdr) + len, "room for a request");
	memcpy(at, &hdr, sizeof(hdr));
	if (len)
		memcpy(at + sizeof(hdr), body, len);
	xs_reader_filled(&c->in, sizeof(hdr) + len);
	must(client_run(c, 1) == 1, "the request is handled");
	take_reply(c, op, reply);
}

int fx_call(struct client *c, uint32_t op, uint32_t tx, const char *body,
	    size_t len)
{
	struct fx_reply r;

	fx_request(c, op, tx, body, len, &r);
	return r.err;
}

int fx_write(struct client *c, uint32_t tx, const char *path,
	     const char *value)
{
	char body[XENSTORE_PAYLOAD_MAX];
	size_t p = strlen(path) + 1, v = strlen(value);

	must(p + v <= sizeof(body), "a write that fits");
	memcpy(body, path, p);
	memcpy(body + p, value, v);
	return fx_call(c, XS_WRITE, tx, body, p + v);
}

int fx_read(struct client *c, uint32_t tx, const char *path, const char *want)
{
	struct fx_reply r;

	fx_request(c, XS_READ, tx, path, strlen(path) + 1, &r);
	if (r.err)
		return r.err;
	return strcmp(r.body, want) ? 1 : 0;
}

int fx_rm(struct client *c, uint32_t tx, const char *path)
{
	return fx_call(c, XS_RM, tx, path, strlen(path) + 1);
}

int fx_mkdir(struct client *c, uint32_t tx, const char *path)
{
	return fx_call(c, XS_MKDIR, tx, path, strlen(path) + 1);
}

int fx_dir(struct client *c, uint32_t tx, const char *path,
	   struct fx_reply *reply)
{
	fx_request(c, XS_DIRECTORY, tx, path, strlen(path) + 1, reply);
	return reply->err;
}

int fx_chmod(struct client *c, uint32_t tx, const char *path,
	     const char *perms)
{
	char body[XENSTORE_PAYLOAD_MAX];
	size_t i, p = strlen(path) + 1, n = strlen(perms) + 1;

	memcpy(body, path, p);
	memcpy(body + p, perms, n);
	for (i = 0; i < n; i++)
		if (body[p + i] == ' ')
			body[p + i] = 0;
	return fx_call(c, XS_SET_PERMS, tx, body, p + n);
}

int fx_watch(struct client *c, const char *path, const char *token)
{
	char body[XENSTORE_PAYLOAD_MAX];
	size_t p = strlen(path) + 1, t = strlen(token) + 1;

	memcpy(body, path, p);
	memcpy(body + p, token, t);
	return fx_call(c, XS_WATCH, 0, body, p + t);
}

uint32_t fx_tx(struct client *c)
{
	struct fx_reply r;

	fx_request(c, XS_TRANSACTION_START, 0, "", 1, &r);
	must(!r.err, "transaction start");
	return (uint32_t)strtoul(r.body, NULL, 10);
}

int fx_commit(struct client *c, uint32_t tx)
{
	return fx_call(c, XS_TRANSACTION_END, tx, "T", 2);
}

bool fx_event(struct client *c, const char *path, const char *token)
{
	struct xsd_sockmsg hdr;
	const char *body, *str[2];
	bool same;

	if (!next_message(c, &hdr, &body) || hdr.type != XS_WATCH_EVENT ||
	    xs_split(body, hdr.len, str, 2) != 2)
		return false;
	same = !strcmp(str[0], path) && !strcmp(str[1], token);
	if (!same)
		fprintf(stderr, "event: %s %s, expected %s %s\n", str[0],
			str[1], path, token);
	drop_message(c);
	return same;
}

bool fx_no_event(struct client *c)
{
	struct xsd_sockmsg hdr;
	const char *body;

	if (!next_message(c, &hdr, &body))
		return true;
	fprintf(stderr, "event: %s, expected none\n", body);
	return false;
}

void fx_drain(struct client *c)
{
	struct xsd_sockmsg hdr;
	const char *body;

	while (next_message(c, &hdr, &body))
		drop_message(c);
}
