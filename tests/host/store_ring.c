/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_ring.c: tests of the store's pages, with a hypervisor made of arrays
 * and guests that do what they like with their pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/domctl.h>
#include <abi/io/xs_wire.h>

#include "lib/hv.h"
#include "lib/log.h"
#include "store/client.h"
#include "store/server.h"
#include "store/view.h"
#include "store/watch.h"
#include "store_fakehv.h"

/* ---- the test's two sides ---- */

struct bed {
	struct server sv;
	struct fake f;
};

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	log_set_level(LOG_L_ERROR);
	fake_init(&b->f, 1);
	assert_int_equal(server_init(&b->sv, &ring_port), 0);
	b->sv.hv = &b->f.hv;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	struct domain *d;

	for (d = b->sv.store.domains; d; d = d->next)
		if (d->client)
			ring_port.disconnect(&b->sv, d);
	assert_int_equal(b->f.maps, 0);
	assert_int_equal(b->f.ports, 0);
	store_free(&b->sv.store);
	ev_free(b->sv.loop);
	free(b->sv.by_port);
	free(b->f.hv.scratch);
	free(b);
	return 0;
}

static struct xenstore_domain_interface *add(struct bed *b, uint32_t domid)
{
	b->f.exists[domid] = true;
	assert_int_equal(store_introduce(&b->sv.store, domid, 1000 + domid, 3),
			 0);
	return &b->f.page[domid].ring;
}

/* The guest writes bytes, as far as they fit. */
static size_t guest_put(struct xenstore_domain_interface *p, const void *data,
			size_t len)
{
	size_t i;

	for (i = 0; i < len && p->req_prod - p->req_cons < 1024; i++)
		p->req[p->req_prod++ & 1023] = ((const char *)data)[i];
	return i;
}

static size_t guest_get(struct xenstore_domain_interface *p, void *data,
			size_t len)
{
	size_t i;

	for (i = 0; i < len && p->rsp_cons != p->rsp_prod; i++)
		((char *)data)[i] = p->rsp[p->rsp_cons++ & 1023];
	return i;
}

/* The guest signals; the daemon has a few turns. */
static void kick(struct bed *b, uint32_t domid)
{
	int i;

	conn_queue(b->sv.by_port[b->f.port_of[domid]]);
	for (i = 0; i < 4; i++)
		server_turn(&b->sv);
}

/* A whole message through the page, in as many pieces as it needs. */
static void send(struct bed *b, uint32_t domid, uint32_t op, const void *body,
		 size_t len)
{
	struct xenstore_domain_interface *p = &b->f.page[domid].ring;
	struct xsd_sockmsg hdr = { op, 7, 0, (uint32_t)len };
	char msg[XS_MSG_MAX];
	size_t done = 0, total = sizeof(hdr) + len;

	memcpy(msg, &hdr, sizeof(hdr));
	memcpy(msg + sizeof(hdr), body, len);
	while (done < total) {
		done += guest_put(p, msg + done, total - done);
		kick(b, domid);
	}
}

/* The next message to the guest; its type, or 0 if there is none. */
static uint32_t receive(struct bed *b, uint32_t domid, char *body, size_t *len)
{
	struct xenstore_domain_interface *p = &b->f.page[domid].ring;
	struct xsd_sockmsg hdr;
	size_t got = 0;

	if (guest_get(p, &hdr, sizeof(hdr)) != sizeof(hdr))
		return 0;
	while (got < hdr.len) {
		got += guest_get(p, body + got, hdr.len - got);
		kick(b, domid);
	}
	body[got] = 0;
	*len = got;
	return hdr.type;
}

static void test_request(void **state)
{
	struct bed *b = *state;
	struct xenstore_domain_interface *p = add(b, 3);
	char body[XENSTORE_PAYLOAD_MAX + 1];
	size_t len;

	assert_int_equal(p->server_features, 3);
	send(b, 3, XS_GET_DOMAIN_PATH, "3", 2);
	assert_true(b->f.notified > 0);
	assert_int_equal(receive(b, 3, body, &len), XS_GET_DOMAIN_PATH);
	assert_string_equal(body, "/local/domain/3");
	send(b, 3, XS_READ, "/tool", 6);
	assert_int_equal(receive(b, 3, body, &len), XS_ERROR);
	assert_string_equal(body, "EACCES");
}

/* Messages longer than the ring, both ways, at every offset of it. */
static void test_long_messages(void **state)
{
	struct bed *b = *state;
	char body[XENSTORE_PAYLOAD_MAX + 1], value[2001];
	struct view v = { &b->sv.store, NULL, NULL };
	struct perms *perms;
	const struct perm p = { UINT64_MAX, 3, 0 };
	size_t len;
	int i;

	add(b, 3);
	perms = perms_new(&p, 1);
	assert_int_equal(view_set_perms(&v, "/tool", 5, perms), 0);
	perms_put(perms);
	memset(value, 'v', sizeof(value));
	memcpy(value, "/tool/x", 8);
	for (i = 0; i < 300; i++) {
		size_t n = 8 + (size_t)(i * 37 % 1900);

		send(b, 3, XS_WRITE, value, n);
		assert_int_equal(receive(b, 3, body, &len), XS_WRITE);
		send(b, 3, XS_READ, "/tool/x", 8);
		assert_int_equal(receive(b, 3, body, &len), XS_READ);
		assert_int_equal(len, n - 8);
		assert_memory_equal(body, value + 8, len);
	}
}

static void test_bad_index(void **state)
{
	struct bed *b = *state;
	struct xenstore_domain_interface *p = add(b, 3), *q = add(b, 4);
	char body[XENSTORE_PAYLOAD_MAX + 1];
	size_t len;

	p->req_prod = 5000;
	kick(b, 3);
	assert_int_equal(p->error, XENSTORE_ERROR_RINGIDX);
	/* From now on it is not talked to ... */
	p->req_prod = p->req_cons + 100;
	kick(b, 3);
	assert_int_equal(p->rsp_prod, 0);
	/* ... until it connects again.  The others never noticed. */
	send(b, 4, XS_GET_DOMAIN_PATH, "4", 2);
	assert_int_equal(receive(b, 4, body, &len), XS_GET_DOMAIN_PATH);
	assert_int_equal(q->error, 0);
	p->connection = XENSTORE_RECONNECT;
	kick(b, 3);
	assert_int_equal(p->connection, XENSTORE_CONNECTED);
	assert_int_equal(p->error, 0);
	send(b, 3, XS_GET_DOMAIN_PATH, "3", 2);
	assert_int_equal(receive(b, 3, body, &len), XS_GET_DOMAIN_PATH);
	/* The other index, with something to send. */
	p->rsp_cons = p->rsp_prod + 7;
	send(b, 3, XS_GET_DOMAIN_PATH, "3", 2);
	assert_int_equal(p->error, XENSTORE_ERROR_RINGIDX);
}

static void test_too_long(void **state)
{
	struct bed *b = *state;
	struct xenstore_domain_interface *p = add(b, 3);
	struct xsd_sockmsg hdr = { XS_WRITE, 1, 0, 1u << 31 };

	guest_put(p, &hdr, sizeof(hdr));
	kick(b, 3);
	assert_int_equal(p->error, XENSTORE_ERROR_PROTO);
}

/* What the daemon wrote to its own indices is not believed. */
static void test_own_indices(void **state)
{
	struct bed *b = *state;
	struct xenstore_domain_interface *p = add(b, 3);
	struct xsd_sockmsg hdr = { XS_GET_DOMAIN_PATH, 7, 0, 2 };
	char body[XENSTORE_PAYLOAD_MAX + 1];
	size_t len;

	guest_put(p, &hdr, sizeof(hdr));
	guest_put(p, "3", 2);
	p->req_cons = 777;
	p->rsp_prod = 4444;
	kick(b, 3);
	assert_int_equal(p->req_cons, p->req_prod);
	assert_int_equal(p->rsp_prod, sizeof(hdr) + 16);
	assert_int_equal(receive(b, 3, body, &len), XS_GET_DOMAIN_PATH);
	assert_string_equal(body, "/local/domain/3");
}

static void test_full_ring_waits(void **state)
{
	struct bed *b = *state;
	struct xenstore_domain_interface *p = add(b, 3);
	struct xsd_sockmsg hdr = { XS_GET_DOMAIN_PATH, 1, 0, 2 };
	char body[XENSTORE_PAYLOAD_MAX + 1];
	unsigned int i, got = 0;
	size_t len;

	for (i = 0; i < 200; i++) {
		if (guest_put(p, &hdr, sizeof(hdr)) < sizeof(hdr) ||
		    guest_put(p, "3", 2) < 2)
			break;
		kick(b, 3);
	}
	/* Nothing is lost, and not more is taken than can be answered. */
	assert_true(p->rsp_prod - p->rsp_cons <= 1024);
	assert_true(i < 200);
	assert_int_equal(p->error, 0);
	while (receive(b, 3, body, &len) == XS_GET_DOMAIN_PATH) {
		got++;
		kick(b, 3);
	}
	assert_true(got >= i);
}

static void test_foreign_fallback(void **state)
{
	struct bed *b = *state;

	b->f.no_grant = true;
	add(b, 3);
	/* Neither way, or no port: nothing stays. */
	b->f.exists[4] = true;
	assert_int_equal(store_introduce(&b->sv.store, 4, 5, 3), -EINVAL);
	assert_int_equal(store_introduce(&b->sv.store, 4, 1004, 99), -EINVAL);
	assert_int_equal(b->f.maps, 1);
	assert_int_equal(b->f.ports, 1);
	assert_false(store_domain(&b->sv.store, 4)->introduced);
	assert_int_equal(store_introduce(&b->sv.store, 4, 1004, 3), 0);
	/* Again: another port, the same page. */
	assert_int_equal(store_introduce(&b->sv.store, 4, 1004, 4), 0);
	assert_int_equal(b->f.maps, 2);
	assert_int_equal(b->f.ports, 2);
}

static void test_scan(void **state)
{
	struct bed *b = *state;
	struct client *tool = client_new(&b->sv.store, 0, false);
	struct watch *w;

	assert_int_equal(watch_add(tool, "@releaseDomain", 0, "t", &w), 0);
	add(b, 3);
	add(b, 4);
	b->sv.scan_due = true;
	server_turn(&b->sv);
	assert_int_equal(tool->out_bytes, 0);
	/* A shutdown is announced once, and once more after a resume. */
	b->f.flags[3] = XEN_DOMINF_shutdown;
	b->sv.scan_due = true;
	server_turn(&b->sv);
	assert_true(tool->out_bytes > 0);
	client_reset(tool);
	watch_add(tool, "@releaseDomain", 0, "t", &w);
	b->sv.scan_due = true;
	server_turn(&b->sv);
	assert_int_equal(tool->out_bytes, 0);
	/* Death takes everything, in the middle of a request too. */
	guest_put(&b->f.page[4].ring, "abc", 3);
	conn_queue(b->sv.by_port[b->f.port_of[4]]);
	b->f.flags[3] = XEN_DOMINF_dying;
	b->f.exists[4] = false;
	b->sv.scan_due = true;
	server_turn(&b->sv);
	assert_true(tool->out_bytes > 0);
	assert_null(store_domain(&b->sv.store, 3));
	assert_null(store_domain(&b->sv.store, 4));
	assert_int_equal(b->f.maps, 0);
	client_free(tool);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_request),	T(test_long_messages),
		T(test_bad_index),	T(test_too_long),
		T(test_own_indices),	T(test_full_ring_waits),
		T(test_foreign_fallback), T(test_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
