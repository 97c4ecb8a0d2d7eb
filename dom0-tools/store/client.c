/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.c: connections without their transport.
 *
 * Owns store.clients and each client's queue of output.  Queue invariants:
 * out_bytes is the sum of the messages' lengths (what was sent of the oldest
 * included), out_replies the number of messages that are not events, and
 * out_sent is below the oldest message's length.
 *
 * Bounds: a client whose queue is long is not read from, so replies cannot
 * pile up; identical events wait once; a client that lets too many different
 * events pile up loses its connection.
 */
#include "store/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "store/dispatch.h"
#include "store/perm.h"
#include "store/store.h"
#include "store/txn.h"
#include "store/watch.h"

#define OUT_PAUSE_BYTES (256 * 1024)
#define OUT_MAX_DOMAIN (1024 * 1024)
#define OUT_MAX_SOCKET (64 * 1024 * 1024)
#define DEDUP_DEPTH 256		/* messages looked at for the same event */

struct out_msg {
	struct out_msg *next;
	struct out_msg *prev;
	uint32_t len;
	bool event;
	char data[];
};

struct client *client_new(struct store *s, uint32_t domid, bool is_ring)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->store = s;
	c->id = ++s->last_client_id;
	c->domid = domid;
	c->is_ring = is_ring;
	c->next = s->clients;
	c->pprev = &s->clients;
	if (c->next)
		c->next->pprev = &c->next;
	s->clients = c;
	return c;
}

static void drop_oldest(struct client *c)
{
	struct out_msg *m = c->out;

	c->out = m->next;
	if (c->out)
		c->out->prev = NULL;
	else
		c->out_last = NULL;
	c->out_bytes -= m->len;
	c->out_replies -= !m->event;
	c->out_sent = 0;
	free(m);
}

void client_reset(struct client *c)
{
	watch_remove_all(c);
	txn_end_all(c);
	while (c->out)
		drop_oldest(c);
	c->in.start = 0;
	c->in.len = 0;
	c->broken = 0;
	c->conflicts = 0;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	client_reset(c);
	if (c->store->hold_for == c)
		c->store->hold_for = NULL;
	*c->pprev = c->next;
	if (c->next)
		c->next->pprev = c->pprev;
	free(c);
}

bool client_may_run(const struct client *c)
{
	if (c->broken || c->out_bytes >= OUT_PAUSE_BYTES)
		return false;
	if (client_is_privileged(c))
		return true;
	return c->out_replies < c->store->quota.outstanding &&
	       !store_held(c->store, c);
}

int client_run(struct client *c, unsigned int budget)
{
	unsigned int done = 0;
	struct xs_msg m;
	int rc;

	while (done < budget && client_may_run(c)) {
		rc = xs_reader_next(&c->in, &m);
		if (rc < 0)
			c->broken = rc;
		if (rc <= 0)
			break;
		dispatch(c, &m);
		done++;
	}
	return c->broken ? c->broken : (int)done;
}

size_t client_output(const struct client *c, const char **data)
{
	if (!c->out)
		return 0;
	*data = c->out->data + c->out_sent;
	return c->out->len - c->out_sent;
}

void client_sent(struct client *c, size_t n)
{
	c->out_sent += n;
	if (c->out_sent >= c->out->len)
		drop_oldest(c);
}

static void enqueue(struct client *c, struct out_msg *m)
{
	m->next = NULL;
	m->prev = c->out_last;
	if (c->out_last)
		c->out_last->next = m;
	else
		c->out = m;
	c->out_last = m;
	c->out_bytes += m->len;
	c->out_replies += !m->event;
	c->store->port->kick(c->store->port_arg, c);
}

static struct out_msg *message(const struct xsd_sockmsg *hdr, bool event)
{
	struct out_msg *m = malloc(sizeof(*m) + XS_HDR_SIZE + hdr->len);

	if (!m)
		return NULL;
	m->len = (uint32_t)XS_HDR_SIZE + hdr->len;
	m->event = event;
	memcpy(m->data, hdr, XS_HDR_SIZE);
	return m;
}

static void give_up(struct client *c, int err)
{
	struct domain *d = store_domain(c->store, c->domid);

	if (!c->broken && d)
		store_warn(c->store, d, "connection %u is cut: %s", c->id,
			   strerror(-err));
	c->broken = err;
	c->store->port->kick(c->store->port_arg, c);
}

void client_reply(struct client *c, const struct xsd_sockmsg *to,
		  uint32_t type, const void *body, size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = to->req_id,
				   .tx_id = to->tx_id, .len = (uint32_t)len };
	struct out_msg *m = message(&hdr, false);

	if (!m) {
		give_up(c, -ENOMEM);
		return;
	}
	if (len)
		memcpy(m->data + XS_HDR_SIZE, body, len);
	enqueue(c, m);
}

void client_collect_output(const struct client *c, struct strbuf *out)
{
	const struct out_msg *m;
	size_t skip = c->out_sent;

	for (m = c->out; m; m = m->next) {
		strbuf_add(out, m->data + skip, m->len - skip);
		skip = 0;
	}
}

int client_requeue(struct client *c, const void *data, size_t len)
{
	struct out_msg *m;

	if (!len)
		return 0;
	m = malloc(sizeof(*m) + len);
	if (!m)
		return -ENOMEM;
	m->len = (uint32_t)len;
	m->event = true;	/* does not count as a reply */
	memcpy(m->data, data, len);
	enqueue(c, m);
	return 0;
}

/* Whether the same event waits, wholly unsent. */
static bool already_waits(const struct client *c, const struct out_msg *m)
{
	const struct out_msg *q = c->out_last;
	int depth = DEDUP_DEPTH;

	for (; q && depth--; q = q->prev) {
		if (q == c->out && c->out_sent)
			break;
		if (q->event && q->len == m->len &&
		    !memcmp(q->data, m->data, m->len))
			return true;
	}
	return false;
}

void client_event(struct client *c, const char *path, const char *token)
{
	size_t plen = strlen(path) + 1, tlen = strlen(token) + 1;
	struct xsd_sockmsg hdr = { .type = XS_WATCH_EVENT,
				   .len = (uint32_t)(plen + tlen) };
	struct out_msg *m;

	/* An event that no message can carry is not told. */
	if (c->broken || plen + tlen > XENSTORE_PAYLOAD_MAX)
		return;
	if (c->out_bytes > (c->domid ? OUT_MAX_DOMAIN : OUT_MAX_SOCKET)) {
		give_up(c, -ENOBUFS);
		return;
	}
	m = message(&hdr, true);
	if (!m) {
		give_up(c, -ENOMEM);
		return;
	}
	memcpy(m->data + XS_HDR_SIZE, path, plen);
	memcpy(m->data + XS_HDR_SIZE + plen, token, tlen);
	if (already_waits(c, m))
		free(m);
	else
		enqueue(c, m);
}

int client_charge(const struct client *c, int64_t bytes)
{
	const struct domain *d;

	if (client_is_privileged(c))
		return 0;
	d = store_domain(c->store, c->domid);
	if (!d)
		return -ENOENT;
	return d->bytes + bytes > (int64_t)c->store->quota.memory ? -ENOSPC :
								      0;
}

void client_account(const struct client *c, int64_t bytes)
{
	struct domain *d = store_domain(c->store, c->domid);

	if (d)
		d->bytes += bytes;
}
