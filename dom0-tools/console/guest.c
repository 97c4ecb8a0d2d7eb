/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.c: one guest's console: its ring, and where output goes.
 *
 * Owns struct guest and the daemon's tables of them by domain and by port.
 * Output is taken from the ring as it comes, whether anybody reads it or
 * not, and kept in the guest's mux; so a guest never waits for a reader
 * (unless --overflow-data=keep asks for that).  A guest that writes without
 * end is taken from only so often: after QUOTA_BYTES in a period its event
 * channel stays masked until the period is over, which costs the others
 * nothing and the guest only its speed.
 */
#include "console/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/core.h>
#include <abi/grant.h>

#include "lib/hv.h"
#include "lib/log.h"
#include "lib/xs_client.h"

#define QUOTA_BYTES (128 * 1024)
#define QUOTA_PERIOD_MS 200
/* What being woken counts as: a signal without output is work as well. */
#define QUOTA_WAKE 256
#define LIMIT_PRESET (1024 * 1024)

/* ---- the ring ---- */

static void disconnect(struct guest *g)
{
	struct daemon *d = g->d;

	if (g->port) {
		d->by_port[g->port] = NULL;
		hv_evtchn_unbind(d->hv, g->port);
		g->port = 0;
	}
	if (g->ring.page && g->by_grant)
		hv_grant_unmap(d->hv, g->ring.page, 1);
	else if (g->ring.page)
		hv_foreign_unmap(d->hv, g->ring.page, 1);
	g->ring.page = NULL;
}

static int map_ring(struct guest *g)
{
	static const uint32_t ref = GNTTAB_RESERVED_CONSOLE;
	const int prot = HV_PROT_READ | HV_PROT_WRITE;
	void *page;
	int rc;

	g->by_grant = true;
	rc = hv_grant_map(g->d->hv, g->domid, prot, &ref, 1, &page);
	if (rc) {
		g->by_grant = false;
		rc = hv_foreign_map(g->d->hv, g->domid, prot, &g->frame, NULL,
				    1, &page);
	}
	if (!rc)
		conring_attach(&g->ring, page);
	return rc;
}

static int claim_port(struct guest *g, uint32_t port)
{
	struct daemon *d = g->d;
	struct guest **v;
	uint32_t count;

	if (port >= d->by_port_count) {
		count = (port + 256) & ~255u;
		v = realloc(d->by_port, count * sizeof(struct guest *));
		if (!v)
			return -ENOMEM;
		memset(v + d->by_port_count, 0,
		       (count - d->by_port_count) * sizeof(struct guest *));
		d->by_port = v;
		d->by_port_count = count;
	}
	d->by_port[port] = g;
	g->port = port;
	return 0;
}

static int connect_ring(struct guest *g)
{
	int rc = map_ring(g), port;

	if (rc)
		return rc;
	port = hv_evtchn_bind_interdomain(g->d->hv, g->domid, g->remote_port);
	if (port < 0) {
		disconnect(g);
		return port;
	}
	rc = claim_port(g, (uint32_t)port);
	if (rc) {
		hv_evtchn_unbind(g->d->hv, (uint32_t)port);
		disconnect(g);
	}
	return rc;
}

/* ---- output ---- */

static void rest_over(struct ev_timer *t)
{
	struct guest *g = container_of(t, struct guest, rest);

	g->taken = 0;
	g->resting = false;
	if (g->port)
		hv_evtchn_unmask(g->d->hv, g->port);
	guest_run(g);
}

/* Counts what was taken; true if that was enough for this period. */
static bool enough(struct guest *g, size_t n)
{
	if (!g->rest.pprev)
		ev_timer_set(g->d->loop, &g->rest, QUOTA_PERIOD_MS);
	g->taken += (uint32_t)n;
	return g->taken >= QUOTA_BYTES;
}

void guest_signalled(struct guest *g)
{
	if (!g->resting)
		g->resting = enough(g, QUOTA_WAKE);
	/* A guest that had its share stays masked: rest_over() unmasks. */
	if (g->resting)
		return;
	hv_evtchn_unmask(g->d->hv, g->port);
	guest_run(g);
}

/* With --overflow-data=keep nothing unread is overwritten. */
static bool must_wait(struct guest *g, size_t more)
{
	return !g->d->o.discard && g->pty.fd >= 0 &&
	       mux_behind(&g->mux, g->pty_pos) + more > g->mux.limit;
}

static void tell_readers(struct guest *g)
{
	pty_update(g);
	viewer_update(g);
}

void guest_run(struct guest *g)
{
	char buf[sizeof(g->ring.page->out)];
	bool any = false;
	int n;

	g->keep_waiting = false;
	while (g->ring.page && !g->resting) {
		if (must_wait(g, sizeof(buf))) {
			g->keep_waiting = true;
			break;
		}
		n = conring_take(&g->ring, buf, sizeof(buf));
		if (n < 0)
			log_debug("domain %u: console ring index is wrong",
				  g->domid);
		if (n <= 0)
			break;
		any = true;
		mux_write(&g->mux, buf, (size_t)n);
		logfile_write(&g->log, &g->d->o.guest_style, buf, (size_t)n);
		g->resting = enough(g, (size_t)n);
	}
	if (any)
		hv_evtchn_notify(g->d->hv, g->port);
	tell_readers(g);
}

/* ---- input ---- */

bool guest_wants_input(const struct guest *g)
{
	return g->ring.page && conring_input_room(&g->ring) > 0;
}

size_t guest_input(struct guest *g, const char *data, size_t len)
{
	size_t room = g->ring.page ? conring_input_room(&g->ring) : 0;

	if (len > room)
		len = room;
	if (len) {
		conring_give(&g->ring, data, len);
		hv_evtchn_notify(g->d->hv, g->port);
	}
	return len;
}

/* ---- what the toolstack says ---- */

static int read_number(struct guest *g, const char *key, uint64_t *out)
{
	unsigned long long v;
	char *text, end;
	int rc;

	rc = xsc_readf(g->d->xs, XSC_NO_TX, &text,
		       "/local/domain/%u/console/%s", g->domid, key);
	if (rc)
		return rc;
	rc = sscanf(text, "%llu%c", &v, &end) == 1 ? 0 : -EINVAL;
	free(text);
	*out = v;
	return rc;
}

/* A device model may have the console instead. */
static bool is_ours(struct guest *g)
{
	char *type;
	bool ours;

	if (xsc_readf(g->d->xs, XSC_NO_TX, &type,
		      "/local/domain/%u/console/type", g->domid))
		return true;
	ours = !strcmp(type, "xenconsoled");
	free(type);
	return ours;
}

static void open_log(struct guest *g)
{
	char *name = NULL, domname[24];
	int rc;

	if (!g->d->o.log_guests || g->log.path)
		return;
	xsc_readf(g->d->xs, XSC_NO_TX, &name, "/local/domain/%u/name",
		  g->domid);
	snprintf(domname, sizeof(domname), "%u", g->domid);
	rc = logfile_open(&g->log, g->d->o.log_dir, "guest",
			  name && *name ? name : domname);
	if (rc)
		log_err("%s: %s", g->log.path ? g->log.path : "guest's log",
			strerror(-rc));
	free(name);
}

static void announce_tty(struct guest *g)
{
	char path[64];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", g->domid);
	rc = xsc_write(g->d->xs, XSC_NO_TX, path, g->tty);
	if (rc)
		log_err("%s: %s", path, strerror(-rc));
}

static void open_readers(struct guest *g)
{
	uint64_t limit;
	int rc;

	if (g->pty.fd >= 0)
		return;
	if (read_number(g, "limit", &limit) || limit > SIZE_MAX / 4)
		limit = LIMIT_PRESET;
	if (!g->mux.limit)
		mux_init(&g->mux, (size_t)limit);
	rc = pty_open(g);
	if (rc)
		log_err("domain %u: no terminal: %s", g->domid, strerror(-rc));
	else
		announce_tty(g);
	rc = viewer_listen(g);
	if (rc)
		log_err("%s: %s", g->socket_path, strerror(-rc));
}

/* Whether what was written tells where the ring is.  (Much else is written
 * below the same directory, by this daemon too.) */
static bool about_ring(const char *path)
{
	static const char *const keys[] = { "console", "ring-ref", "port",
					    "type" };
	const char *last = strrchr(path, '/');
	size_t i;

	for (i = 0; last && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(last + 1, keys[i]))
			return true;
	return false;
}

void guest_note_change(struct guest *g, const char *path)
{
	if (g->update_due || !about_ring(path))
		return;
	g->update_due = true;
	g->next_due = g->d->due;
	g->d->due = g;
}

static void unnote(struct guest *g)
{
	struct guest **at = &g->d->due;

	if (!g->update_due)
		return;
	while (*at != g)
		at = &(*at)->next_due;
	*at = g->next_due;
	g->update_due = false;
}

static void guest_update(struct guest *g)
{
	uint64_t frame, port;
	int rc;

	if (read_number(g, "ring-ref", &frame) ||
	    read_number(g, "port", &port) || !port || port > UINT32_MAX ||
	    !is_ours(g))
		return;
	if (g->ring.page && frame == g->frame && port == g->remote_port)
		return;
	disconnect(g);
	g->frame = frame;
	g->remote_port = (uint32_t)port;
	rc = connect_ring(g);
	if (rc) {
		log_warn("domain %u: cannot connect its console: %s", g->domid,
			 strerror(-rc));
		return;
	}
	open_log(g);
	open_readers(g);
	guest_run(g);
}

void guest_update_due(struct daemon *d)
{
	struct guest *g;

	while ((g = d->due)) {
		unnote(g);
		guest_update(g);
	}
}

/* ---- coming and going ---- */

int guest_watch(struct guest *g, bool on)
{
	char path[64], token[24];

	if (!g->d->xs)
		return 0;
	snprintf(path, sizeof(path), "/local/domain/%u/console", g->domid);
	snprintf(token, sizeof(token), "dom%u", g->domid);
	return on ? xsc_watch(g->d->xs, path, token) :
		    xsc_unwatch(g->d->xs, path, token);
}

void guest_add(struct daemon *d, uint32_t domid)
{
	struct guest *g;
	int rc;

	if (d->guests[domid])
		return;
	g = calloc(1, sizeof(*g));
	if (!g) {
		log_err("no memory for the console of domain %u", domid);
		return;
	}
	g->d = d;
	g->domid = domid;
	g->pty.fd = -1;
	g->pty_slave = -1;
	g->listener.fd = -1;
	g->log.fd = -1;
	g->rest.fn = rest_over;
	d->guests[domid] = g;
	/* Its first event, which comes at once, does the rest. */
	rc = guest_watch(g, true);
	if (rc)
		log_err("cannot watch the console of domain %u: %s", domid,
			strerror(-rc));
}

void guest_free(struct guest *g)
{
	g->resting = false;
	guest_run(g);
	guest_watch(g, false);
	unnote(g);
	disconnect(g);
	viewer_close_all(g);
	pty_close(g);
	ev_timer_cancel(&g->rest);
	logfile_close(&g->log);
	mux_free(&g->mux);
	g->d->guests[g->domid] = NULL;
	free(g);
}
