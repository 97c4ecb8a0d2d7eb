// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c: parvis-devd, the daemon that serves guests' devices.
 *
 * The program is started as the keeper (keeper.c), which starts it again as
 * the worker; more words of the command line make it a helper of the worker's:
 * --confine, which becomes another program without root's rights, --connect,
 * which makes one connection, and --plug, which plugs cards in.  The worker
 * owns struct devd.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devd/confine.h"
#include "devd/devd.h"
#include "devd/keep.h"
#include "devd/plugger.h"
#include "lib/daemonize.h"
#include "lib/log.h"

#define LOG_PATH "/var/log/xen/parvis-devd.log"
#define PID_PATH "/run/xen/parvis-devd.pid"
#define NET_QUEUES 4		/* of a card, unless told otherwise */
#define STORE_WAIT_MS 20000
#define STORE_RETRY_US 50000
#define SCRIPT_S 60

struct options {
	bool foreground, verbose, worker;
	const char *log, *pid_file, *libexec, *run_dir;
	uint32_t uid_base, net_queues, script_s;
};

static const struct option longs[] = {
	{ "foreground", no_argument, NULL, 'f' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "log", required_argument, NULL, 'l' },
	{ "pid-file", required_argument, NULL, 'p' },
	{ "libexec", required_argument, NULL, 'L' },
	{ "run-dir", required_argument, NULL, 'r' },
	{ "uid-base", required_argument, NULL, 'u' },
	{ "net-queues", required_argument, NULL, 'q' },
	{ "script-wait", required_argument, NULL, 's' },
	{ "worker", no_argument, NULL, 'W' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static const char usage[] =
	"usage: parvis-devd [-f] [-v] [-l FILE] [-p FILE] [--libexec DIR]\n"
	"  -f, --foreground      stay attached, log to stderr\n"
	"  -v, --verbose         log debug lines too\n"
	"  -l, --log FILE        instead of " LOG_PATH "\n"
	"  -p, --pid-file FILE   instead of " PID_PATH "\n"
	"      --libexec DIR     where parvis-blkback and parvis-netback are\n"
	"                        (beside this program)\n"
	"      --run-dir DIR     for sockets (/run/parvis)\n"
	"      --uid-base N      first of the uids of devices (2000000000)\n"
	"      --net-queues N    most queues of a network card (4; 1 to 16, as\n"
	"                        many as this domain has processors)\n"
	"      --script-wait S   most seconds for a user's script (60)\n";

/* A guest has an interrupt for each: more than processors here only cost. */
static int net_queues(const char *text, uint32_t *out)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t n;

	if (xs_parse_u32(text, BP_NET_MAX_QUEUES, &n) || !n)
		return -EINVAL;
	if (n > NET_QUEUES && cpus > 0 && n > (uint32_t)cpus)
		n = cpus > NET_QUEUES ? (uint32_t)cpus : NET_QUEUES;
	*out = n;
	return 0;
}

static int one_option(struct options *o, int letter)
{
	switch (letter) {
	case 'f':
		o->foreground = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'l':
		o->log = optarg;
		return 0;
	case 'p':
		o->pid_file = optarg;
		return 0;
	case 'L':
		o->libexec = optarg;
		return 0;
	case 'r':
		o->run_dir = optarg;
		return 0;
	case 'W':
		o->worker = true;
		return 0;
	case 'q':
		return net_queues(optarg, &o->net_queues);
	case 'u':
		return xs_parse_u32(optarg, INT32_MAX, &o->uid_base);
	case 's':
		return xs_parse_u32(optarg, 3600, &o->script_s) ||
		       !o->script_s ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "fvl:p:hV", longs, NULL)) !=
	       -1) {
		if (letter == 'h' || letter == 'V') {
			fputs(letter == 'h' ? usage : "parvis-devd (Parvis)\n",
			      stdout);
			exit(0);
		}
		if (one_option(o, letter))
			break;
	}
	if (letter == -1 && optind == argc)
		return;
	fputs(usage, stderr);
	exit(2);
}

/* ---- the worker ---- */

static void on_signal(int signo, void *arg)
{
	struct devd *d = arg;

	(void)signo;
	d->stop = true;
}

static int wait_for_store(struct devd *d)
{
	uint64_t end = ev_now_ms() + STORE_WAIT_MS;
	int rc;

	while ((rc = store_open(d)) && ev_now_ms() < end)
		usleep(STORE_RETRY_US);
	return rc;
}

static int start(struct devd *d)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	static struct ev_signal ending = { .fn = on_signal };
	int rc;

	d->dirty_tail = &d->dirty;
	d->xs_retry.fn = store_retry;
	d->loop = ev_new();
	if (!d->loop)
		return -ENOMEM;
	ending.arg = d;
	rc = ev_signal_add(d->loop, &ending, signals);
	if (rc)
		return rc;
	make_run_dir(d->run_dir);
	rc = keep_receive(d);
	if (rc) {
		log_err("no word from the keeper: %s", strerror(-rc));
		return rc;
	}
	rc = wait_for_store(d);
	if (rc)
		log_err("the store does not answer (%s): start xenstored first",
			strerror(-rc));
	return rc;
}

static int work(struct devd *d)
{
	int rc = start(d);

	if (rc)
		return 1;
	kill(getppid(), SIGUSR1);
	log_info("serving %s", d->root);
	while (!d->stop && !rc) {
		if (store_has_more(d))
			store_drain(d);
		rc = ev_run_once(d->loop, store_has_more(d) ? 0 : -1);
	}
	xsc_close(d->xs);
	return rc ? 1 : 0;
}

/* ---- start ---- */

/* This program's path, and the folder that it is in. */
static int own_path(char exe[PATH_MAX], char dir[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return -errno;
	exe[n] = 0;
	/* A new program may have been installed over this one. */
	if (n > 10 && !strcmp(exe + n - 10, " (deleted)"))
		exe[n - 10] = 0;
	strcpy(dir, exe);
	slash = strrchr(dir, '/');
	*slash = 0;
	return 0;
}

static int make_dir(const char *path)
{
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

/*
 * One daemon: both processes hold a shared lock on the pid file, and a new
 * keeper must first have it alone.  A worker whose keeper was killed serves on
 * and keeps the next daemon away from its devices.
 */
static int claim(const char *path, bool first)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), rc;

	if (fd < 0 || (first && flock(fd, LOCK_EX | LOCK_NB)) ||
	    flock(fd, LOCK_SH)) {
		rc = -errno;
		fprintf(stderr, "parvis-devd: %s: %s\n", path,
			rc == -EWOULDBLOCK ? "another parvis-devd runs" :
					     strerror(-rc));
		return rc;
	}
	/* Held, by this open file, until the end. */
	if (first && (ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0))
		log_warn("%s: %s", path, strerror(errno));
	return 0;
}

static int keep(const struct options *o, char *exe, int argc, char **argv)
{
	char **args = calloc((size_t)argc + 2, sizeof(*args));
	int ready = -1, rc, i;

	if (!args)
		return 1;
	args[0] = exe;
	for (i = 1; i < argc; i++)
		args[i] = argv[i];
	args[i] = (char *)(uintptr_t)"--worker";
	if (!o->foreground) {
		ready = daemonize();
		if (ready < 0)
			return 1;
	}
	rc = claim(o->pid_file, true) ? 1 :
	     keeper_main(args, ready, o->uid_base);
	free(args);
	return rc;
}

int main(int argc, char **argv)
{
	static struct devd d = { .ports = &ports_linux, .keeper = -1 };
	static char exe[PATH_MAX], dir[PATH_MAX];
	struct options o = { .log = LOG_PATH, .pid_file = PID_PATH,
			     .run_dir = "/run/parvis",
			     .uid_base = DEVD_UID_BASE,
			     .net_queues = NET_QUEUES,
			     .script_s = SCRIPT_S };
	int rc;

	if (argc > 4 && !strcmp(argv[1], "--confine"))
		return confine_main(argv[2], argv[3], argv + 4);
	if (argc == 3 && !strcmp(argv[1], "--connect"))
		return image_connect_main(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--plug"))
		return plug_main(argv[2]);
	parse_options(&o, argc, argv);
	if (own_path(exe, dir))
		return 1;
	umask(027);
	signal(SIGPIPE, SIG_IGN);
	raise_fd_limit(1048576);
	make_dir("/var/log/xen");
	make_dir("/run/xen");
	rc = log_init("parvis-devd", o.foreground ? LOG_TO_STDERR : LOG_TO_FILE,
		      o.log);
	if (rc) {
		fprintf(stderr, "parvis-devd: %s: %s\n", o.log, strerror(-rc));
		return 1;
	}
	if (o.verbose)
		log_set_level(LOG_L_DEBUG);
	if (!o.worker)
		return keep(&o, exe, argc, argv);
	if (claim(o.pid_file, false))
		return 1;
	fcntl(KEEP_SOCKET, F_SETFD, FD_CLOEXEC);
	d.keeper = KEEP_SOCKET;
	d.self_exe = exe;
	d.libexec = o.libexec ? o.libexec : dir;
	d.run_dir = o.run_dir;
	d.uid_base = o.uid_base;
	d.net_queues = o.net_queues;
	d.script_ms = o.script_s * 1000;
	return work(&d);
}
