/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.c: the store's page in each domain, and news of domains.
 *
 * Owns one struct ring for each introduced domain: the mapped page, the event
 * channel, the connection.  server.by_port finds it by the local port.
 *
 * The page is the guest's to write at any time.  Each index is read once into
 * a local and checked there; data is copied out before it is looked at; the
 * indices that this side owns are kept in the ring structure and only written
 * to the page, never read back.
 */
#include "store/server.h"

#include <abi/core.h>
#include <abi/grant.h>
#include <abi/io/xs_wire.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/hv.h"
#include "lib/hv_domain.h"
#include "lib/log.h"
#include "store/client.h"

#define ROUNDS_PER_TURN 8
#define PORTS_PER_TURN 128

enum ring_map { MAP_KVA, MAP_GRANT, MAP_FOREIGN };

struct ring {
	struct conn conn;
	struct domain *domain;
	struct xenstore_domain_interface *page;
	enum ring_map how;
	uint32_t port;		/* local */
	uint32_t req_cons;	/* this side's two indices */
	uint32_t rsp_prod;
	bool dead;		/* the peer broke the protocol */
};

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* ---- moving bytes ---- */

/* How many bytes the guest has put there; -EIO if its index is impossible. */
static int readable(const struct ring *r)
{
	uint32_t n = READ_ONCE(r->page->req_prod) - r->req_cons;

	return n <= XENSTORE_RING_SIZE ? (int)n : -EIO;
}

static int writable(const struct ring *r)
{
	uint32_t n = r->rsp_prod - READ_ONCE(r->page->rsp_cons);

	return n <= XENSTORE_RING_SIZE ? (int)(XENSTORE_RING_SIZE - n) : -EIO;
}

/* Bytes moved, or -EIO. */
static int pull(struct ring *r)
{
	struct client *c = r->conn.client;
	char *at;
	size_t room = xs_reader_room(&c->in, &at), first;
	uint32_t off = MASK_XENSTORE_IDX(r->req_cons);
	int n = readable(r);

	if (n <= 0)
		return n;
	if ((size_t)n > room)
		n = (int)room;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	first = XENSTORE_RING_SIZE - off;
	if (first > (size_t)n)
		first = (size_t)n;
	memcpy(at, r->page->req + off, first);
	memcpy(at + first, r->page->req, (size_t)n - first);
	xs_reader_filled(&c->in, (size_t)n);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->req_cons += (uint32_t)n;
	WRITE_ONCE(r->page->req_cons, r->req_cons);
	return n;
}

static int push(struct ring *r)
{
	struct client *c = r->conn.client;
	const char *data;
	size_t len, first;
	int room, total = 0;

	while ((len = client_output(c, &data))) {
		uint32_t off = MASK_XENSTORE_IDX(r->rsp_prod);

		room = writable(r);
		if (room < 0)
			return room;
		if (!room)
			break;
		if (len > (size_t)room)
			len = (size_t)room;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		first = XENSTORE_RING_SIZE - off;
		if (first > len)
			first = len;
		memcpy(r->page->rsp + off, data, first);
		memcpy(r->page->rsp, data + first, len - first);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		r->rsp_prod += (uint32_t)len;
		WRITE_ONCE(r->page->rsp_prod, r->rsp_prod);
		client_sent(c, len);
		total += (int)len;
	}
	return total;
}

static void notify(struct ring *r)
{
	hv_evtchn_notify(r->conn.sv->hv, r->port);
}

/* Nothing more is taken from or given to this guest until it is connected
 * anew; it is told why on its page. */
static void ring_fail(struct ring *r, int err)
{
	store_warn(&r->conn.sv->store, r->domain,
		   "the store stops talking to it: %s", strerror(-err));
	r->dead = true;
	client_reset(r->conn.client);
	WRITE_ONCE(r->page->error,
		   err == -EIO ? XENSTORE_ERROR_RINGIDX :
		   err == -EPROTO ? XENSTORE_ERROR_PROTO :
				    XENSTORE_ERROR_COMM);
	notify(r);
}

/* Both sides begin again with empty queues. */
static void ring_restart(struct ring *r)
{
	client_reset(r->conn.client);
	r->dead = false;
	r->req_cons = 0;
	r->rsp_prod = 0;
	WRITE_ONCE(r->page->req_cons, 0);
	WRITE_ONCE(r->page->req_prod, 0);
	WRITE_ONCE(r->page->rsp_cons, 0);
	WRITE_ONCE(r->page->rsp_prod, 0);
	WRITE_ONCE(r->page->error, XENSTORE_ERROR_NONE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(r->page->connection, XENSTORE_CONNECTED);
	notify(r);
}

static int ring_round(struct ring *r, bool *moved)
{
	int in = 0, out, ran;

	out = push(r);
	if (out < 0)
		return out;
	if (client_may_run(r->conn.client)) {
		in = pull(r);
		if (in < 0)
			return in;
	}
	ran = client_run(r->conn.client, UINT32_MAX);
	if (ran < 0)
		return ran;
	*moved = in || out || ran;
	return 0;
}

static void ring_serve(struct conn *conn)
{
	struct ring *r = container_of(conn, struct ring, conn);
	bool moved = true, any = false;
	int round, rc;

	if (READ_ONCE(r->page->connection) == XENSTORE_RECONNECT) {
		ring_restart(r);
		return;
	}
	if (r->dead)
		return;
	for (round = 0; moved && round < ROUNDS_PER_TURN; round++) {
		rc = ring_round(r, &moved);
		if (rc) {
			ring_fail(r, rc);
			return;
		}
		any |= moved;
	}
	if (any)
		notify(r);
	if (moved)
		conn_queue(conn);
}

/* ---- event channels ---- */

static int port_claim(struct server *sv, uint32_t port, struct conn *conn)
{
	struct conn **v;
	uint32_t count;

	if (port >= sv->by_port_count) {
		count = (port + 256) & ~255u;
		v = realloc(sv->by_port, count * sizeof(struct conn *));
		if (!v)
			return -ENOMEM;
		memset(v + sv->by_port_count, 0,
		       (count - sv->by_port_count) * sizeof(struct conn *));
		sv->by_port = v;
		sv->by_port_count = count;
	}
	sv->by_port[port] = conn;
	return 0;
}

static void on_evtchn(struct ev_io *io, uint32_t revents)
{
	struct server *sv = container_of(io, struct server, evtchn_io);
	int port, budget = PORTS_PER_TURN;

	(void)revents;
	while (budget-- && (port = hv_evtchn_pending(sv->hv)) >= 0) {
		/* Unmask first: what comes after this is a new event.  A
		 * guest that never stops signalling fills the budget only. */
		hv_evtchn_unmask(sv->hv, (uint32_t)port);
		if ((uint32_t)port == sv->virq_port)
			sv->scan_due = true;
		else if ((uint32_t)port < sv->by_port_count &&
			 sv->by_port[port])
			conn_queue(sv->by_port[port]);
	}
}

static int bind_port(struct ring *r, uint32_t remote)
{
	struct server *sv = r->conn.sv;
	int port = hv_evtchn_bind_interdomain(sv->hv, r->domain->domid,
					      remote);
	int rc;

	if (port < 0)
		return port;
	rc = port_claim(sv, (uint32_t)port, &r->conn);
	if (rc) {
		hv_evtchn_unbind(sv->hv, (uint32_t)port);
		return rc;
	}
	r->port = (uint32_t)port;
	return 0;
}

static void unbind_port(struct ring *r)
{
	if (!r->port)
		return;
	r->conn.sv->by_port[r->port] = NULL;
	hv_evtchn_unbind(r->conn.sv->hv, r->port);
	r->port = 0;
}

/* ---- pages ---- */

static int map_guest(struct ring *r, uint64_t frame)
{
	static const uint32_t ref = GNTTAB_RESERVED_XENSTORE;
	const int prot = HV_PROT_READ | HV_PROT_WRITE;
	uint32_t domid = r->domain->domid;
	void *page;
	int rc;

	rc = hv_grant_map(r->conn.sv->hv, domid, prot, &ref, 1, &page);
	r->how = MAP_GRANT;
	if (rc) {
		rc = hv_foreign_map(r->conn.sv->hv, domid, prot, &frame, NULL,
				    1, &page);
		r->how = MAP_FOREIGN;
	}
	if (!rc)
		r->page = page;
	return rc;
}

/* The control domain's kernel offers its page and port as files. */
static int map_own(struct ring *r)
{
	int fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC), rc = 0;
	void *page;

	if (fd < 0)
		return -errno;
	page = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	if (page == MAP_FAILED)
		rc = -errno;
	else
		r->page = page;
	r->how = MAP_KVA;
	close(fd);
	return rc;
}

static int own_port(uint32_t *port)
{
	char text[16];
	ssize_t n;
	int fd = open("/proc/xen/xsd_port", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return xs_parse_u32(text, INT32_MAX, port);
}

static void unmap(struct ring *r)
{
	if (!r->page)
		return;
	if (r->how == MAP_GRANT)
		hv_grant_unmap(r->conn.sv->hv, r->page, 1);
	else if (r->how == MAP_FOREIGN)
		hv_foreign_unmap(r->conn.sv->hv, r->page, 1);
	else
		munmap(r->page, HV_PAGE_SIZE);
	r->page = NULL;
}

/* ---- connecting ---- */

static void ring_free(struct ring *r)
{
	conn_unqueue(&r->conn);
	unbind_port(r);
	unmap(r);
	client_free(r->conn.client);
	free(r);
}

/* A domain known already: only its event channel may be another. */
static int reconnect(struct ring *r, uint32_t port)
{
	int rc;

	unbind_port(r);
	rc = bind_port(r, port);
	if (!rc) {
		client_reset(r->conn.client);
		r->dead = false;
		WRITE_ONCE(r->page->error, XENSTORE_ERROR_NONE);
		r->req_cons = READ_ONCE(r->page->req_cons);
		r->rsp_prod = READ_ONCE(r->page->rsp_prod);
		conn_queue(&r->conn);
	}
	return rc;
}

static int ring_connect(void *arg, struct domain *d, uint64_t frame,
			uint32_t port)
{
	struct server *sv = arg;
	struct ring *r = d->ring;
	struct client *c;
	int rc = -ENOMEM;

	if (r)
		return reconnect(r, port);
	r = calloc(1, sizeof(*r));
	c = client_new(&sv->store, d->domid, true);
	if (!r || !c) {
		client_free(c);
		free(r);
		return rc;
	}
	conn_init(&r->conn, sv, c, ring_serve);
	r->domain = d;
	rc = d->domid ? map_guest(r, frame) : map_own(r);
	if (!rc)
		rc = bind_port(r, port);
	if (rc) {
		ring_free(r);
		return rc;
	}
	r->req_cons = READ_ONCE(r->page->req_cons);
	r->rsp_prod = READ_ONCE(r->page->rsp_prod);
	WRITE_ONCE(r->page->server_features,
		   XENSTORE_SERVER_FEATURE_RECONNECTION |
			   XENSTORE_SERVER_FEATURE_ERROR);
	d->ring = r;
	d->client = c;
	conn_queue(&r->conn);
	return 0;
}

static void ring_disconnect(void *arg, struct domain *d)
{
	(void)arg;
	ring_free(d->ring);
	d->ring = NULL;
	d->client = NULL;
}

/* ---- domains ---- */

static bool ring_domain_exists(void *arg, uint32_t domid)
{
	struct server *sv = arg;
	struct xen_domctl_getdomaininfo info;

	return !hv_domain_info(sv->hv, domid, &info);
}

static bool null_domain_exists(void *arg, uint32_t domid)
{
	(void)arg;
	(void)domid;
	return true;
}

static int null_connect(void *arg, struct domain *d, uint64_t frame,
			uint32_t port)
{
	(void)arg;
	(void)d;
	(void)frame;
	(void)port;
	return 0;
}

static void null_disconnect(void *arg, struct domain *d)
{
	(void)arg;
	(void)d;
}

const struct store_port ring_port = {
	.now_ms = server_now_ms,
	.domain_exists = ring_domain_exists,
	.connect = ring_connect,
	.disconnect = ring_disconnect,
	.kick = server_kick,
};

const struct store_port null_port = {
	.now_ms = server_now_ms,
	.domain_exists = null_domain_exists,
	.connect = null_connect,
	.disconnect = null_disconnect,
	.kick = server_kick,
};

/* What the hypervisor says of one domain: whether it lives, and whether it
 * has shut down since this was last looked at. */
static bool look_at(struct server *sv,
		    const struct xen_domctl_getdomaininfo *info)
{
	struct domain *d = store_domain(&sv->store, info->domain);

	if (!d)
		return false;
	if (d->introduced && (info->flags & XEN_DOMINF_dying))
		return false;
	d->alive = true;
	if (!(info->flags & XEN_DOMINF_shutdown) || d->shut_down ||
	    !d->introduced)
		return false;
	d->shut_down = true;
	return true;
}

void ring_scan(struct server *sv)
{
	struct xen_domctl_getdomaininfo *list;
	struct domain *d, *next;
	bool announce = false;
	int i, n;

	if (!sv->scan_due)
		return;
	sv->scan_due = false;
	n = hv_domain_list(sv->hv, 0, &list);
	if (n < 0) {
		log_err("cannot read the list of domains: %s", strerror(-n));
		return;
	}
	for (d = sv->store.domains; d; d = d->next)
		d->alive = d->domid == 0;
	for (i = 0; i < n; i++)
		announce |= look_at(sv, &list[i]);
	free(list);
	for (d = sv->store.domains; d; d = next) {
		next = d->next;
		if (d->alive)
			continue;
		announce |= d->introduced;
		log_debug("domain %u is gone", d->domid);
		store_forget_domain(&sv->store, d);
	}
	if (announce)
		store_announce_release(&sv->store);
}

int ring_open(struct server *sv)
{
	int rc, port;

	rc = hv_linux_open(&sv->hv);
	if (rc)
		return rc;
	rc = hv_evtchn_fd(sv->hv);
	if (rc < 0)
		return rc;
	sv->evtchn_io = (struct ev_io){ .fd = rc, .events = EPOLLIN,
					.fn = on_evtchn };
	port = hv_evtchn_bind_virq(sv->hv, VIRQ_DOM_EXC);
	if (port < 0)
		return port;
	sv->virq_port = (uint32_t)port;
	sv->scan_due = true;
	return ev_io_add(sv->loop, &sv->evtchn_io);
}

int ring_introduce_dom0(struct server *sv)
{
	uint32_t port;
	int rc = own_port(&port);

	if (!rc)
		rc = store_introduce(&sv->store, 0, 0, port);
	if (!rc)
		hv_evtchn_notify(sv->hv,
				 ((struct ring *)store_domain(&sv->store, 0)
					  ->ring)
					 ->port);
	return rc;
}

void ring_close(struct server *sv)
{
	if (!sv->hv)
		return;
	ev_io_del(sv->loop, &sv->evtchn_io);
	hv_close(sv->hv);
	free(sv->by_port);
	sv->hv = NULL;
}
