/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenconsole.c: joins the user's terminal to a guest's console.
 *
 * Connects to the guest's socket of the console daemon (any number of viewers
 * at once, with what the guest wrote before), or where there is none to the
 * terminal named in the store, which one program can usefully read.
 *
 * State: the terminal's settings to be restored, and the two descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "lib/evloop.h"
#include "lib/xs_client.h"

#define WAIT_MS 5000

struct options {
	uint32_t domid;
	uint32_t num;
	const char *type;
	const char *socket_dir;
	int notify_fd;
	int escape;		/* -1: none */
	bool tty_only;
};

static struct termios saved_termios;
static bool termios_changed;

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "num", required_argument, NULL, 'n' },
	{ "type", required_argument, NULL, 't' },
	{ "start-notify-fd", required_argument, NULL, 's' },
	{ "interactive", no_argument, NULL, 'i' },
	{ "escape", required_argument, NULL, 'e' },
	{ "socket-dir", required_argument, NULL, 'd' },
	{ "tty", no_argument, NULL, 'T' },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
	"Usage: xenconsole [OPTION] DOMID\n"
	"Attaches to a guest's console; Ctrl-] leaves it.\n\n"
	"  -n, --num N             use console number N\n"
	"      --type pv|serial|vuart\n"
	"      --start-notify-fd N write a byte there once attached\n"
	"  -e, --escape CHAR       leave with Ctrl-CHAR instead; \"none\" for never\n"
	"      --tty               use the terminal named in the store\n"
	"      --socket-dir DIR    of the console daemon (/run/xenconsoled)\n"
	"  -h, --help\n";

static void restore_terminal(void)
{
	if (termios_changed)
		tcsetattr(0, TCSAFLUSH, &saved_termios);
	termios_changed = false;
}

static void on_signal(int signo)
{
	restore_terminal();
	signal(signo, SIG_DFL);
	raise(signo);
}

static void make_raw(int fd, bool remember)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return;
	if (remember) {
		saved_termios = t;
		termios_changed = true;
	}
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
}

static int parse_escape(const char *s)
{
	if (!strcmp(s, "none"))
		return -1;
	return s[0] == '^' && s[1] ? s[1] & 037 : s[0] & 037;
}

static int bad(const char *fmt, const char *what)
{
	fprintf(stderr, "xenconsole: ");
	fprintf(stderr, "%s: %s\n", fmt, what);
	return -EINVAL;
}

static int one_option(struct options *o, int letter)
{
	uint32_t n;

	switch (letter) {
	case 'n':
		return xs_parse_u32(optarg, 1024, &o->num);
	case 't':
		o->type = optarg;
		return strcmp(optarg, "pv") && strcmp(optarg, "serial") &&
				       strcmp(optarg, "vuart") ?
			       -EINVAL :
			       0;
	case 's':
		if (xs_parse_u32(optarg, INT32_MAX, &n))
			return -EINVAL;
		o->notify_fd = (int)n;
		return 0;
	case 'e':
		o->escape = parse_escape(optarg);
		return 0;
	case 'd':
		o->socket_dir = optarg;
		return 0;
	case 'T':
		o->tty_only = true;
		return 0;
	case 'i':
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_options(struct options *o, int argc, char **argv)
{
	int letter;

	*o = (struct options){ .type = NULL, .notify_fd = -1, .escape = 035,
			       .socket_dir = "/run/xenconsoled" };
	while ((letter = getopt_long(argc, argv, "hn:e:", long_options,
				     NULL)) != -1) {
		if (letter == 'h') {
			fputs(usage_text, stdout);
			exit(0);
		}
		if (letter != '?' && !one_option(o, letter))
			continue;
		if (letter != '?')
			bad("not a valid value", optarg);
		fputs(usage_text, stderr);
		return -EINVAL;
	}
	if (optind != argc - 1)
		return bad("wrong arguments", "a domain id is expected");
	if (xs_parse_u32(argv[optind], 0x7fef, &o->domid))
		return bad("not a domain id", argv[optind]);
	if (!o->domid)
		return bad("no console of this kind", "domain 0");
	return 0;
}

/* Where the console's terminal is named. */
static void tty_node(const struct options *o, char *buf, size_t size)
{
	if (o->type && !strcmp(o->type, "serial"))
		snprintf(buf, size, "/local/domain/%u/serial/%u/tty", o->domid,
			 o->num);
	else if (o->type && !strcmp(o->type, "vuart"))
		snprintf(buf, size, "/local/domain/%u/vuart/0/tty", o->domid);
	else if (o->num)
		snprintf(buf, size, "/local/domain/%u/device/console/%u/tty",
			 o->domid, o->num);
	else
		snprintf(buf, size, "/local/domain/%u/console/tty", o->domid);
}

static int try_socket(const struct options *o)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (o->tty_only || o->num || (o->type && strcmp(o->type, "pv")))
		return -ENOENT;
	if ((size_t)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%u.sock",
			     o->socket_dir, o->domid) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static int open_tty(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -EBUSY;
	}
	make_raw(fd, false);
	return fd;
}

static int try_tty(struct xsc *xs, const char *node)
{
	char *path;
	int fd, rc = xsc_read(xs, XSC_NO_TX, node, &path, NULL);

	if (rc)
		return rc;
	fd = *path ? open_tty(path) : -ENOENT;
	free(path);
	return fd;
}

/* Waits until the store has something new, at most until @deadline. */
static int wait_store(struct xsc *xs, uint64_t deadline)
{
	struct pollfd pfd = { .fd = xsc_fd(xs), .events = POLLIN };
	uint64_t now = ev_now_ms();
	char *path, *token;

	if (now >= deadline || poll(&pfd, 1, (int)(deadline - now)) <= 0)
		return -ETIMEDOUT;
	while (xsc_event(xs, &path, &token) == 1)
		free(path);
	return 0;
}

/* The console may only just be in the making: waits a little for it. */
static int attach(const struct options *o)
{
	uint64_t deadline = ev_now_ms() + WAIT_MS;
	char node[80];
	struct xsc *xs;
	int fd, rc;

	tty_node(o, node, sizeof(node));
	rc = xsc_open(&xs);
	if (rc) {
		bad("cannot reach the store", strerror(-rc));
		return rc;
	}
	rc = xsc_watch(xs, node, "tty");
	if (rc) {
		xsc_close(xs);
		return rc;
	}
	do {
		fd = try_socket(o);
		if (fd == -ENOENT)
			fd = try_tty(xs, node);
	} while (fd == -ENOENT && !wait_store(xs, deadline));
	xsc_close(xs);
	if (fd == -EBUSY)
		bad("the console is in use by another program", node);
	else if (fd < 0)
		bad("no console (is the domain there, and xenconsoled running?)",
		    node);
	return fd;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* What the user typed, up to the escape: false if that was typed. */
static bool forward_input(const struct options *o, int console, bool *more)
{
	char buf[256], *end;
	ssize_t n = read(0, buf, sizeof(buf));

	if (n <= 0) {
		*more = n < 0 && errno == EINTR;
		return true;
	}
	end = o->escape < 0 ? NULL : memchr(buf, o->escape, (size_t)n);
	write_all(console, buf, end ? (size_t)(end - buf) : (size_t)n);
	return !end;
}

static int join(const struct options *o, int console)
{
	struct pollfd p[2] = { { .fd = console, .events = POLLIN },
			       { .fd = 0, .events = POLLIN } };
	char buf[4096];
	bool more = true;
	ssize_t n;

	for (;;) {
		p[1].fd = more ? 0 : -1;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (p[0].revents) {
			n = read(console, buf, sizeof(buf));
			if (n <= 0)
				return 0;
			if (!write_all(1, buf, (size_t)n))
				return 1;
		}
		if (more && p[1].revents && !forward_input(o, console, &more))
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct options o;
	int fd, rc;

	if (parse_options(&o, argc, argv))
		return 22;
	fd = attach(&o);
	if (fd < 0)
		return 1;
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	signal(SIGPIPE, SIG_IGN);
	if (isatty(0))
		make_raw(0, true);
	if (o.notify_fd >= 0) {
		if (write(o.notify_fd, "", 1) != 1)
			bad("cannot notify the parent", strerror(errno));
		close(o.notify_fd);
	}
	rc = join(&o, fd);
	restore_terminal();
	return rc;
}
