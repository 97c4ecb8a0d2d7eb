/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c: the console daemon's command line, and what wakes it.
 *
 * Owns the one struct daemon: the event loop, the connections to the store
 * and to the hypervisor, and the table of guests.
 */
#include "console/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/daemonize.h"
#include "lib/hv.h"
#include "lib/hv_domain.h"
#include "lib/log.h"
#include "lib/xs_client.h"

#define LOG_LIMIT (16u << 20)
#define XS_TIMEOUT_MS 30000
#define XS_RETRY_MS 500
#define PORTS_PER_TURN 128

struct settings {
	bool foreground;
	bool verbose;
	const char *pid_file;
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "interactive", no_argument, NULL, 'i' },
	{ "log", required_argument, NULL, 'l' },
	{ "log-dir", required_argument, NULL, 'r' },
	{ "log-limit", required_argument, NULL, 'L' },
	{ "pid-file", required_argument, NULL, 'p' },
	{ "timestamp", required_argument, NULL, 't' },
	{ "overflow-data", required_argument, NULL, 'o' },
	{ "replace-escape", no_argument, NULL, 'e' },
	{ "socket-dir", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
	"Usage: xenconsoled [options]\n"
	"  -i, --interactive               stay in the foreground\n"
	"      --pid-file=FILE             write the daemon's process id there\n"
	"      --log=none|guest|hv|all     what to keep in files\n"
	"      --log-dir=DIR               where (/var/log/xen/console)\n"
	"      --log-limit=BYTES           of one file, before it becomes FILE.1\n"
	"  -t, --timestamp=none|guest|hv|all\n"
	"      --replace-escape            write ESC as a dot in logs\n"
	"  -o, --overflow-data=discard|keep\n"
	"                                  discard what nobody reads (default), or\n"
	"                                  hold the guest up\n"
	"      --socket-dir=DIR            of the guests' sockets\n"
	"                                  (/run/xenconsoled)\n"
	"  -v, --verbose  -V, --version  -h, --help\n";

/* none, guest, hv, all */
static int parse_which(const char *s, bool *guest, bool *hv)
{
	static const struct {
		const char *name;
		bool guest, hv;
	} words[] = {
		{ "none", false, false },
		{ "guest", true, false },
		{ "hv", false, true },
		{ "all", true, true },
	};
	size_t i;

	for (i = 0; i < 4; i++)
		if (!strcmp(words[i].name, s)) {
			*guest = words[i].guest;
			*hv = words[i].hv;
			return 0;
		}
	return -EINVAL;
}

static int parse_overflow(const char *s, bool *discard)
{
	*discard = !strcmp(s, "discard");
	return *discard || !strcmp(s, "keep") ? 0 : -EINVAL;
}

static int one_option(struct daemon_options *o, struct settings *set,
		      int letter)
{
	uint32_t n;

	switch (letter) {
	case 'v':
		set->verbose = true;
		return 0;
	case 'i':
		set->foreground = true;
		return 0;
	case 'p':
		set->pid_file = optarg;
		return 0;
	case 'r':
		o->log_dir = optarg;
		return 0;
	case 's':
		o->socket_dir = optarg;
		return 0;
	case 'e':
		o->guest_style.replace_escape = true;
		o->hv_style.replace_escape = true;
		return 0;
	case 'l':
		return parse_which(optarg, &o->log_guests, &o->log_hv);
	case 't':
		return parse_which(optarg, &o->guest_style.timestamps,
				   &o->hv_style.timestamps);
	case 'o':
		return parse_overflow(optarg, &o->discard);
	case 'L':
		if (xs_parse_u32(optarg, UINT32_MAX, &n))
			return -EINVAL;
		o->guest_style.limit = n;
		o->hv_style.limit = n;
		return 0;
	default:
		return -EINVAL;
	}
}

static void parse_options(struct daemon_options *o, struct settings *set,
			  int argc, char **argv)
{
	int letter;

	*o = (struct daemon_options){
		.discard = true,
		.log_dir = "/var/log/xen/console",
		.socket_dir = "/run/xenconsoled",
		.guest_style.limit = LOG_LIMIT,
		.hv_style.limit = LOG_LIMIT,
	};
	while ((letter = getopt_long(argc, argv, "hVvit:o:", long_options,
				     NULL)) != -1) {
		if (letter == 'h' || letter == 'V') {
			fputs(letter == 'h' ? usage_text :
					      "Parvis console daemon\n",
			      stdout);
			exit(0);
		}
		if (letter != '?' && !one_option(o, set, letter))
			continue;
		if (letter != '?')
			fprintf(stderr, "xenconsoled: not a valid value: %s\n",
				optarg);
		fputs(usage_text, stderr);
		exit(1);
	}
}

/* ---- what wakes the daemon ---- */

static void scan(struct daemon *d)
{
	struct xen_domctl_getdomaininfo *v;
	int i, n;

	n = hv_domain_list(d->hv, 1, &v);
	if (n < 0) {
		log_err("cannot read the list of domains: %s", strerror(-n));
		return;
	}
	for (i = 0; i < (int)CONSOLE_DOMIDS; i++)
		if (d->guests[i])
			d->guests[i]->alive = false;
	for (i = 0; i < n; i++) {
		uint32_t domid = v[i].domain;

		if (domid >= CONSOLE_DOMIDS ||
		    (v[i].flags & XEN_DOMINF_dying))
			continue;
		guest_add(d, domid);
		if (d->guests[domid])
			d->guests[domid]->alive = true;
	}
	free(v);
	for (i = 0; i < (int)CONSOLE_DOMIDS; i++)
		if (d->guests[i] && !d->guests[i]->alive)
			guest_free(d->guests[i]);
}

static void on_store_event(struct daemon *d, const char *path,
			   const char *token)
{
	unsigned int domid;
	char end;

	if (!strcmp(token, "domlist"))
		d->scan_due = true;
	else if (sscanf(token, "dom%u%c", &domid, &end) == 1 &&
		 domid < CONSOLE_DOMIDS && d->guests[domid])
		guest_note_change(d->guests[domid], path);
}

static void store_lost(struct daemon *d, int rc)
{
	log_warn("the store is gone (%s); waiting for it", strerror(-rc));
	ev_io_del(d->loop, &d->xs_io);
	xsc_close(d->xs);
	d->xs = NULL;
	ev_timer_set(d->loop, &d->xs_retry, XS_RETRY_MS);
}

/* Requests made while handling one event may bring others: until dry. */
static void drain_store(struct daemon *d)
{
	char *path, *token;
	int rc;

	do {
		while ((rc = xsc_event(d->xs, &path, &token)) == 1) {
			on_store_event(d, path, token);
			free(path);
		}
		if (rc < 0)
			break;
		if (d->scan_due) {
			d->scan_due = false;
			scan(d);
		}
		guest_update_due(d);
	} while (xsc_pending(d->xs));
	if (rc < 0)
		store_lost(d, rc);
}

static void on_store(struct ev_io *io, uint32_t revents)
{
	(void)revents;
	drain_store(container_of(io, struct daemon, xs_io));
}

static int watch_all(struct daemon *d)
{
	int i, rc = xsc_watch(d->xs, "@introduceDomain", "domlist");

	if (!rc)
		rc = xsc_watch(d->xs, "@releaseDomain", "domlist");
	for (i = 0; !rc && i < (int)CONSOLE_DOMIDS; i++)
		if (d->guests[i])
			rc = guest_watch(d->guests[i], true);
	return rc;
}

static int open_store(struct daemon *d)
{
	int rc = xsc_open(&d->xs);

	if (rc) {
		d->xs = NULL;
		return rc;
	}
	xsc_set_timeout(d->xs, XS_TIMEOUT_MS);
	d->xs_io = (struct ev_io){ .fd = xsc_fd(d->xs), .events = EPOLLIN,
				   .fn = on_store };
	rc = watch_all(d);
	if (!rc)
		rc = ev_io_add(d->loop, &d->xs_io);
	if (rc) {
		xsc_close(d->xs);
		d->xs = NULL;
	}
	return rc;
}

static void retry_store(struct ev_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, xs_retry);

	if (open_store(d))
		ev_timer_set(d->loop, t, XS_RETRY_MS);
	else
		log_info("the store is back");
}

static void on_port(struct daemon *d, uint32_t port)
{
	struct guest *g;

	if (port == d->hv_port) {
		hv_evtchn_unmask(d->hv, port);
		hvlog_read(d);
		return;
	}
	g = port < d->by_port_count ? d->by_port[port] : NULL;
	if (!g) {
		hv_evtchn_unmask(d->hv, port);
		return;
	}
	guest_signalled(g);
}

static void on_evtchn(struct ev_io *io, uint32_t revents)
{
	struct daemon *d = container_of(io, struct daemon, evtchn_io);
	int port, budget = PORTS_PER_TURN;

	(void)revents;
	while (budget-- && (port = hv_evtchn_pending(d->hv)) >= 0)
		on_port(d, (uint32_t)port);
}

static void on_signal(int signo, void *arg)
{
	struct daemon *d = arg;
	uint32_t i;

	if (signo != SIGHUP) {
		d->stop = true;
		return;
	}
	logfile_reopen(&d->hv_log);
	for (i = 0; i < CONSOLE_DOMIDS; i++)
		if (d->guests[i])
			logfile_reopen(&d->guests[i]->log);
}

/* ---- starting ---- */

static int fail(const char *what, int rc)
{
	log_err("%s: %s", what, strerror(-rc));
	return rc;
}

static int make_dir(const char *path)
{
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

static int start_store(struct daemon *d)
{
	int rc = open_store(d);

	d->xs_retry.fn = retry_store;
	return rc ? fail("cannot watch the store (is xenstored running?)",
			 rc) :
		    0;
}

static int start_xen(struct daemon *d)
{
	int rc = hv_linux_open(&d->hv);

	if (rc)
		return fail("cannot reach the hypervisor", rc);
	rc = hv_evtchn_fd(d->hv);
	if (rc < 0)
		return fail("cannot open the event channel device", rc);
	d->evtchn_io = (struct ev_io){ .fd = rc, .events = EPOLLIN,
				       .fn = on_evtchn };
	rc = ev_io_add(d->loop, &d->evtchn_io);
	if (rc)
		return fail("event channel device", rc);
	rc = d->o.log_hv ? hvlog_open(d) : 0;
	return rc ? fail("cannot keep the hypervisor's log", rc) : 0;
}

static int start(struct daemon *d)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	static struct ev_signal sig;
	int rc;

	d->loop = ev_new();
	if (!d->loop)
		return fail("event loop", -ENOMEM);
	sig.fn = on_signal;
	sig.arg = d;
	rc = ev_signal_add(d->loop, &sig, signals);
	if (rc)
		return fail("signals", rc);
	rc = make_dir(d->o.socket_dir);
	if (rc)
		return fail(d->o.socket_dir, rc);
	rc = d->o.log_guests || d->o.log_hv ? make_dir(d->o.log_dir) : 0;
	if (rc)
		return fail(d->o.log_dir, rc);
	rc = start_xen(d);
	return rc ? rc : start_store(d);
}

static int write_pid_file(const char *path)
{
	FILE *f = fopen(path, "we");
	int rc;

	if (!f)
		return -errno;
	rc = fprintf(f, "%d\n", (int)getpid()) < 0 ? -EIO : 0;
	return fclose(f) ? -errno : rc;
}

static void finish(struct daemon *d)
{
	uint32_t i;

	for (i = 0; i < CONSOLE_DOMIDS; i++)
		if (d->guests[i])
			guest_free(d->guests[i]);
	logfile_close(&d->hv_log);
	xsc_close(d->xs);
	hv_close(d->hv);
	ev_free(d->loop);
	free(d->by_port);
}

int main(int argc, char **argv)
{
	static struct daemon d = { .hv_log.fd = -1 };
	struct settings set = { .pid_file = "/run/xen/xenconsoled.pid" };
	int ready = -1, rc = 0;

	parse_options(&d.o, &set, argc, argv);
	log_init("xenconsoled", LOG_TO_STDERR, NULL);
	if (set.verbose)
		log_set_level(LOG_L_DEBUG);
	umask(027);
	signal(SIGPIPE, SIG_IGN);
	raise_fd_limit(262144);
	if (!set.foreground) {
		ready = daemonize();
		if (ready < 0)
			return 1;
	}
	if (start(&d))
		return 1;
	rc = write_pid_file(set.pid_file);
	if (rc)
		log_warn("%s: %s", set.pid_file, strerror(-rc));
	if (ready >= 0)
		log_init("xenconsoled", LOG_TO_SYSLOG, NULL);
	daemonize_ready(ready);
	for (rc = 0; !d.stop && !rc;) {
		if (d.xs && xsc_pending(d.xs))
			drain_store(&d);
		else
			rc = ev_run_once(d.loop, -1);
	}
	finish(&d);
	unlink(set.pid_file);
	return rc ? 1 : 0;
}
