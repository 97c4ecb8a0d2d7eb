/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c: the store daemon's command line, start and end.
 *
 * Owns the one struct server.  Order of start: options, socket, hypervisor,
 * saved state, the control domain; only then is the caller told (by the
 * end of the foreground process, or systemd's socket) that it is ready.
 */
#include "store/server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/daemonize.h"
#include "lib/log.h"
#include "lib/xs_client.h"
#include "store/state.h"

struct options {
	bool no_fork;
	bool no_dom0;
	bool no_xen;
	bool output_pid;
	bool verbose;
	bool keep_orphans;
	const char *pid_file;
	const char *trace_file;
	const char *restore_file;
	const char *dump_file;
	struct quota quota;
};

enum { OPT_NO_XEN = 256, OPT_RESTORE, OPT_DUMP };

static const struct option long_options[] = {
	{ "no-domain-init", no_argument, NULL, 'D' },
	{ "entry-nb", required_argument, NULL, 'E' },
	{ "pid-file", required_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'H' },
	{ "no-fork", no_argument, NULL, 'N' },
	{ "output-pid", no_argument, NULL, 'P' },
	{ "entry-size", required_argument, NULL, 'S' },
	{ "trace-file", required_argument, NULL, 'T' },
	{ "transaction", required_argument, NULL, 't' },
	{ "perm-nb", required_argument, NULL, 'A' },
	{ "path-max", required_argument, NULL, 'M' },
	{ "quota", required_argument, NULL, 'Q' },
	{ "quota-soft", required_argument, NULL, 'q' },
	{ "timeout", required_argument, NULL, 'w' },
	{ "no-recovery", no_argument, NULL, 'R' },
	{ "internal-db", optional_argument, NULL, 'I' },
	{ "keep-orphans", no_argument, NULL, 'K' },
	{ "verbose", no_argument, NULL, 'V' },
	{ "watch-nb", required_argument, NULL, 'W' },
	{ "no-xen", no_argument, NULL, OPT_NO_XEN },
	{ "restore", required_argument, NULL, OPT_RESTORE },
	{ "dump", required_argument, NULL, OPT_DUMP },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
	"Usage: xenstored [options]\n"
	"  -N, --no-fork             stay in the foreground\n"
	"  -F, --pid-file FILE       write the daemon's process id there\n"
	"  -P, --output-pid          print it\n"
	"  -T, --trace-file FILE     log to FILE instead of syslog\n"
	"  -V, --verbose             log every request\n"
	"  -D, --no-domain-init      do not connect the control domain's kernel\n"
	"      --no-xen              serve the socket only, without a hypervisor\n"
	"      --dump FILE           save the state there at SIGTERM and SIGUSR2\n"
	"      --restore FILE        begin with the state saved there, if any\n"
	"  -K, --keep-orphans        keep nodes of domains that have gone\n"
	"Limits for each domain but the control domain:\n"
	"  -E, --entry-nb N          nodes\n"
	"  -S, --entry-size N        bytes of a node\n"
	"  -W, --watch-nb N          watches\n"
	"  -t, --transaction N       open transactions\n"
	"  -A, --perm-nb N           permissions of a node\n"
	"  -M, --path-max N          length of a path\n"
	"  -Q, --quota WHAT=N        any limit by name, see xenstored(8)\n"
	"  -q, --quota-soft WHAT=N   limit above which a warning is logged\n"
	"Accepted for compatibility, without effect: -w WHAT=N, -R, -I [on|off]\n";

static void usage(FILE *to)
{
	fputs(usage_text, to);
}

static int bad_option(const char *what, const char *value)
{
	fprintf(stderr, "xenstored: %s: not a valid value: %s\n", what, value);
	return -EINVAL;
}

static int set_limit(struct options *o, const char *name, const char *value)
{
	uint32_t v;

	if (xs_parse_u32(value, INT32_MAX, &v) || quota_set(&o->quota, name, v))
		return bad_option(name, value);
	return 0;
}

/* WHAT=N for -Q and -q. */
static int set_named(struct options *o, char *arg, bool soft)
{
	char *eq = strchr(arg, '=');
	uint32_t v;

	if (!eq)
		return bad_option("quota", arg);
	*eq++ = 0;
	if (!soft)
		return set_limit(o, arg, eq);
	if (xs_parse_u32(eq, INT32_MAX, &v) ||
	    quota_set_soft(&o->quota, arg, v))
		return bad_option(arg, eq);
	return 0;
}

/* Options that are a limit by another name. */
static const struct {
	int letter;
	const char *limit;
} limit_options[] = {
	{ 'E', "nodes" },	 { 'S', "node-size" },	 { 'W', "watches" },
	{ 't', "transactions" }, { 'A', "permissions" }, { 'M', "path-max" },
};

/* Options that only say yes; NULL if @letter is not one. */
static bool *flag_option(struct options *o, int letter)
{
	const struct {
		int letter;
		bool *flag;
	} flags[] = {
		{ 'N', &o->no_fork },	   { 'D', &o->no_dom0 },
		{ 'P', &o->output_pid },   { 'V', &o->verbose },
		{ 'K', &o->keep_orphans }, { OPT_NO_XEN, &o->no_xen },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].letter == letter)
			return flags[i].flag;
	return NULL;
}

static const char **file_option(struct options *o, int letter)
{
	switch (letter) {
	case 'F':
		return &o->pid_file;
	case 'T':
		return &o->trace_file;
	case OPT_RESTORE:
		return &o->restore_file;
	case OPT_DUMP:
		return &o->dump_file;
	default:
		return NULL;
	}
}

static int one_option(struct options *o, int letter)
{
	bool *flag = flag_option(o, letter);
	const char **file = file_option(o, letter);
	size_t i;

	if (flag)
		*flag = true;
	else if (file)
		*file = optarg;
	if (flag || file || letter == 'w' || letter == 'R' || letter == 'I')
		return 0;
	if (letter == 'Q' || letter == 'q')
		return set_named(o, optarg, letter == 'q');
	for (i = 0; i < sizeof(limit_options) / sizeof(limit_options[0]); i++)
		if (limit_options[i].letter == letter)
			return set_limit(o, limit_options[i].limit, optarg);
	return -EINVAL;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int letter;

	quota_defaults(&o->quota);
	while ((letter = getopt_long(argc, argv,
				     "DE:F:HI::KNPS:t:A:M:Q:q:T:RVW:w:",
				     long_options, NULL)) != -1) {
		if (letter == 'H') {
			usage(stdout);
			exit(0);
		}
		if (letter == '?' || one_option(o, letter)) {
			usage(stderr);
			exit(1);
		}
	}
	/* "-I off" is an option and a word in the original's syntax. */
	if (optind < argc && strcmp(argv[optind], "on") &&
	    strcmp(argv[optind], "off")) {
		fprintf(stderr, "xenstored: no arguments are taken: %s\n",
			argv[optind]);
		exit(1);
	}
}

/* ---- becoming a daemon ---- */

static void tell_systemd(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	static const char ready[] = "READY=1";
	socklen_t len;
	int fd;

	if (!path || !*path || strlen(path) >= sizeof(sa.sun_path))
		return;
	strcpy(sa.sun_path, path);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(path));
	if (path[0] == '@')
		sa.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL,
		   (struct sockaddr *)&sa, len) < 0)
		log_warn("cannot tell systemd: %s", strerror(errno));
	close(fd);
}

/* Locked for as long as the daemon lives, so that there is only one. */
static int write_pid_file(const char *path)
{
	char text[16];
	int n, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (lockf(fd, F_TLOCK, 0)) {
		n = errno;
		close(fd);
		return n == EACCES || n == EAGAIN ? -EBUSY : -n;
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) || write(fd, text, (size_t)n) != n)
		return -errno;
	return 0;
}

/* ---- the daemon ---- */

struct daemon {
	struct server sv;
	struct options *o;
	struct ev_signal sig;
};

static void save_state(struct daemon *d)
{
	int rc;

	if (!d->o->dump_file)
		return;
	rc = state_save(&d->sv.store, d->o->dump_file);
	if (rc)
		log_err("cannot save the state to %s: %s", d->o->dump_file,
			strerror(-rc));
}

static void on_signal(int signo, void *arg)
{
	struct daemon *d = arg;

	if (signo == SIGHUP)
		log_reopen();
	else if (signo == SIGUSR2)
		save_state(d);
	else
		d->sv.stop = true;
}

static int make_socket_dir(const char *socket_path)
{
	char dir[108];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", socket_path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = 0;
	return mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
}

static int fail(const char *what, int rc)
{
	log_err("%s: %s", what, strerror(-rc));
	return rc;
}

static int start_xen(struct daemon *d)
{
	int rc = ring_open(&d->sv);

	if (rc)
		return fail("cannot reach the hypervisor (is this its control domain, with the xen-evtchn and xen-privcmd drivers?)",
			    rc);
	return 0;
}

static int restore_state(struct daemon *d)
{
	int rc;

	if (!d->o->restore_file)
		return 0;
	rc = state_load(&d->sv.store, d->o->restore_file);
	if (rc == -ENOENT) {
		log_info("no saved state in %s: beginning empty",
			 d->o->restore_file);
		return 0;
	}
	return rc ? fail(d->o->restore_file, rc) : 0;
}

static int start(struct daemon *d)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2, 0 };
	char path[108];
	int rc;

	rc = server_init(&d->sv, d->o->no_xen ? &null_port : &ring_port);
	if (rc)
		return fail("store", rc);
	d->sv.store.quota = d->o->quota;
	d->sv.store.keep_orphans = d->o->keep_orphans;
	d->sig.fn = on_signal;
	d->sig.arg = d;
	rc = ev_signal_add(d->sv.loop, &d->sig, signals);
	if (rc)
		return fail("signals", rc);
	if (!d->o->no_xen && start_xen(d))
		return -1;
	if (restore_state(d))
		return -1;
	if (!d->o->no_xen && !d->o->no_dom0 &&
	    !store_domain(&d->sv.store, 0)->introduced) {
		rc = ring_introduce_dom0(&d->sv);
		if (rc)
			return fail("cannot connect the control domain's kernel (is xenfs mounted on /proc/xen?)",
				    rc);
	}
	xsc_socket_path(path, sizeof(path));
	rc = make_socket_dir(path);
	if (!rc)
		rc = sock_listen(&d->sv, path);
	return rc ? fail(path, rc) : 0;
}

static void finish(struct daemon *d)
{
	sock_close(&d->sv);
	save_state(d);
	sock_close_all(&d->sv);
	while (d->sv.store.domains) {
		struct domain *dom = d->sv.store.domains;

		/* Only the connection: the nodes are not this process's to
		 * take away. */
		if (dom->client)
			d->sv.store.port->disconnect(&d->sv, dom);
		dom->client = NULL;
		store_drop_domain(&d->sv.store, dom);
	}
	ring_close(&d->sv);
	store_free(&d->sv.store);
	ev_free(d->sv.loop);
	if (d->o->pid_file)
		unlink(d->o->pid_file);
}

int main(int argc, char **argv)
{
	static struct options o;
	static struct daemon d = { .o = &o };
	int ready = -1, rc;

	parse_options(&o, argc, argv);
	log_init("xenstored", LOG_TO_STDERR, NULL);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	raise_fd_limit(65536);
	if (!o.no_fork) {
		ready = daemonize();
		if (ready < 0)
			return 1;
	}
	if (o.pid_file && (rc = write_pid_file(o.pid_file))) {
		fail(o.pid_file, rc);
		return 1;
	}
	if (start(&d))
		return 1;
	if (o.output_pid)
		printf("%d\n", (int)getpid());
	fflush(stdout);
	if (o.trace_file)
		rc = log_init("xenstored", LOG_TO_FILE, o.trace_file);
	else
		rc = o.no_fork ? 0 : log_init("xenstored", LOG_TO_SYSLOG, NULL);
	if (rc)
		fail(o.trace_file, rc);
	if (o.verbose)
		log_set_level(LOG_L_DEBUG);
	tell_systemd();
	daemonize_ready(ready);
	rc = server_run(&d.sv);
	if (rc)
		fail("event loop", rc);
	finish(&d);
	return rc ? 1 : 0;
}
