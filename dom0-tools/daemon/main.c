// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c: parvisd, the toolstack daemon.
 *
 * Start: claim the socket, connect to hypervisor and store (waiting for the
 * store if it is just starting), write the control domain's entries, take over
 * guests that an earlier daemon left, detach.  Then the loop: requests, and guests'
 * ends as the store announces them.  The daemon may be stopped and started
 * at any time; guests do not notice.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/daemonize.h"
#include "../lib/log.h"
#include "console_wait.h"
#include "dev_late.h"
#include "dev_wait.h"
#include "guest.h"
#include "guest_device.h"
#include "server.h"

#define SOCKET_PATH "/run/parvis/parvisd.sock"
#define STORE_WAIT_MS 20000
#define STORE_RETRY_US 50000
/* No answer for so long: the store is to be found again. */
#define STORE_TIMEOUT_MS 60000
#define CONSOLE_WAIT_MS 5000

static struct toolstack toolstack = {
	.cache_dir = "/var/cache/parvis",
	.state_dir = "/var/lib/parvis",
	.device_ms = DEVICE_MS_DEFAULT,
};

static struct ev_io store_io;

/* Set by a signal.  What else the loop had found is still carried out. */
static bool stopping;

/* ---- the store connection ---- */

static int store_open(struct toolstack *ts)
{
	int rc = xsc_open(&ts->xs);

	if (!rc) {
		xsc_set_timeout(ts->xs, STORE_TIMEOUT_MS);
		rc = xsc_watch(ts->xs, "@releaseDomain", "parvisd");
	}
	if (rc && ts->xs) {
		xsc_close(ts->xs);
		ts->xs = NULL;
	}
	return rc;
}

static int store_wait(struct toolstack *ts, struct fail *fail)
{
	uint64_t end = ev_now_ms() + STORE_WAIT_MS;
	int rc;

	while ((rc = store_open(ts)) && ev_now_ms() < end)
		usleep(STORE_RETRY_US);
	return rc ? fail_errno(fail, rc,
			       "the store does not answer: start xenstored first") :
		    0;
}

static void on_store(struct ev_io *io, uint32_t revents);

static int store_listen(struct toolstack *ts)
{
	store_io = (struct ev_io){ .fd = xsc_fd(ts->xs), .events = EPOLLIN,
				   .fn = on_store };
	return ev_io_add(ts->loop, &store_io);
}

/* The store daemon went away: wait for the next. */
static void store_again(struct toolstack *ts)
{
	struct fail fail = { 0 };

	log_warn("lost the store; waiting for it to come back");
	ev_io_del(ts->loop, &store_io);
	xsc_close(ts->xs);
	ts->xs = NULL;
	if (store_wait(ts, &fail) || store_listen(ts)) {
		/* Others that wait in this round would find no store. */
		log_err("%s", fail.rc ? fail.text : "no event loop");
		server_stop();
		exit(1);
	}
	dev_wait_rewatch(ts);
	dev_late_rewatch(ts);
	console_wait_rewatch();
}

static void on_store(struct ev_io *io, uint32_t revents)
{
	struct toolstack *ts = &toolstack;

	(void)io;
	(void)revents;
	if (store_events(ts) < 0) {
		store_again(ts);
		guests_check(ts);
	}
}

/*
 * A watch event that came while a request waited for its reply is already
 * inside the connection, where no descriptor announces it: look each round.
 */
static void run(struct toolstack *ts)
{
	while (!stopping && !ev_run_once(ts->loop, -1)) {
		if (xsc_pending(ts->xs))
			store_events(ts);
	}
}

/* ---- start and stop ---- */

static void on_signal(int signo, void *arg)
{
	(void)arg;
	log_info("stopping: %s; guests go on", strsignal(signo));
	stopping = true;
}

static int start(struct toolstack *ts, const char *path, struct fail *fail)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	static struct ev_signal ending = { .fn = on_signal };
	int rc;

	console_wait_ms = CONSOLE_WAIT_MS;
	ts->loop = ev_new();
	if (!ts->loop)
		return fail_set(fail, -ENOMEM, "no event loop");
	/* First of all: two daemons must not act on the same guests. */
	rc = server_start(ts, path, fail);
	if (rc)
		return rc;
	rc = hv_linux_open(&ts->hv);
	if (rc)
		return fail_errno(fail, rc, "no hypervisor connection");
	rc = store_wait(ts, fail);
	if (!rc)
		rc = dom0_store_write(ts, fail);
	if (rc)
		return rc;
	guests_adopt(ts);
	devices_sweep(ts);
	guests_check(ts);
	rc = store_listen(ts);
	if (!rc)
		rc = ev_signal_add(ts->loop, &ending, signals);
	return rc ? fail_errno(fail, rc, "no event loop") : 0;
}

static const char usage[] =
	"usage: parvisd [-f] [-v] [-s SOCKET] [-l LOGFILE] [-p PIDFILE]\n"
	"  -f, --foreground      stay attached, log to stderr\n"
	"  -v, --verbose         log debug lines too\n"
	"  -s, --socket PATH     listen there instead of " SOCKET_PATH "\n"
	"  -l, --log PATH        log file instead of /var/log/parvis/parvisd.log\n"
	"  -p, --pid-file PATH   write the process id there\n"
	"      --state DIR       guests' configurations (/var/lib/parvis)\n"
	"      --device-wait S   seconds for a device to come up or go (10)\n"
	"      --cache DIR       unpacked kernels (/var/cache/parvis); \"\" for none\n";

struct options {
	bool foreground, verbose;
	const char *socket, *log, *pid_file;
};

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "foreground", no_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "socket", required_argument, NULL, 's' },
		{ "log", required_argument, NULL, 'l' },
		{ "pid-file", required_argument, NULL, 'p' },
		{ "state", required_argument, NULL, 'S' },
		{ "cache", required_argument, NULL, 'C' },
		{ "device-wait", required_argument, NULL, 'D' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "fvs:l:p:h", longs, NULL)) != -1) {
		if (c == 'f')
			o->foreground = true;
		else if (c == 'v')
			o->verbose = true;
		else if (c == 's')
			o->socket = optarg;
		else if (c == 'l')
			o->log = optarg;
		else if (c == 'p')
			o->pid_file = optarg;
		else if (c == 'S')
			toolstack.state_dir = optarg;
		else if (c == 'C')
			toolstack.cache_dir = *optarg ? optarg : NULL;
		else if (c == 'D' && atoi(optarg) > 0)
			toolstack.device_ms = (uint64_t)atoi(optarg) * 1000;
		else
			return -EINVAL;
	}
	return optind < argc ? -EINVAL : 0;
}

static void write_pid(const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f) {
		fprintf(f, "%d\n", (int)getpid());
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	struct options o = { .socket = SOCKET_PATH,
			     .log = "/var/log/parvis/parvisd.log" };
	struct fail fail = { 0 };
	int ready = -1, rc;

	if (parse_options(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	make_run_dir("/run/parvis");
	mkdir("/var/log/parvis", 0750);
	if (!o.foreground) {
		ready = daemonize();
		if (ready < 0) {
			fprintf(stderr, "parvisd: cannot become a daemon: %s\n",
				strerror(-ready));
			return 1;
		}
		log_init("parvisd", LOG_TO_FILE, o.log);
	} else {
		log_init("parvisd", LOG_TO_STDERR, NULL);
	}
	log_set_level(o.verbose ? LOG_L_DEBUG : LOG_L_INFO);
	rc = start(&toolstack, o.socket, &fail);
	if (rc) {
		log_err("%s", fail.rc ? fail.text : strerror(-rc));
		fprintf(stderr, "parvisd: %s\n",
			fail.rc ? fail.text : strerror(-rc));
		server_stop();
		return 1;
	}
	write_pid(o.pid_file);
	daemonize_ready(ready);
	log_info("ready on %s", o.socket);
	run(&toolstack);
	server_stop();
	xsc_close(toolstack.xs);
	return stopping ? 0 : 1;
}
