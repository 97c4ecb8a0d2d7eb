// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * backend.c: the talk between a backend and the device daemon.
 *
 * State: struct backend, the program's.  The daemon is trusted to mean well
 * but not to be of the same build: sizes are checked all the same.  One
 * thread.
 */
#include "backend.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

union message {
	struct bp_head head;
	struct bp_start_blk start_blk;
	struct bp_start_net start_net;
	struct bp_connect_blk connect_blk;
	struct bp_connect_net connect_net;
	struct bp_stats stats;
	struct bp_failed failed;
};

static void usage(const char *program)
{
	printf("usage: %s [--uid N]\n"
	       "Serves one device of one guest; parvis-devd starts it with a "
	       "socket as descriptor %d.\n"
	       "  --uid N     the user and group to become\n"
	       "  --help      this text\n"
	       "  --version   the protocol's version\n",
	       program, BP_SOCKET);
}

static int parse_uid(const char *text, long *uid)
{
	char *end;

	errno = 0;
	*uid = strtol(text, &end, 10);
	return errno || end == text || *end || *uid < 1 || *uid >= INT_MAX
		       ? -EINVAL
		       : 0;
}

int backend_init(struct backend *b, const struct backend_ops *ops, void *ctx,
		 int argc, char **argv)
{
	*b = (struct backend){
		.ops = ops, .ctx = ctx, .sock = BP_SOCKET, .uid = -1,
	};
	log_init(ops->program, LOG_TO_STDERR, NULL);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			usage(ops->program);
			return EXIT_SUCCESS + 1;
		}
		if (!strcmp(argv[i], "--version")) {
			printf("%s: protocol %u\n", ops->program, BP_VERSION);
			return EXIT_SUCCESS + 1;
		}
		if (strcmp(argv[i], "--uid") || i + 1 == argc ||
		    parse_uid(argv[++i], &b->uid)) {
			log_err("bad argument '%s'; see --help", argv[i]);
			return EXIT_FAILURE + 1;
		}
	}
	return 0;
}

int backend_why(struct backend *b, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->why, sizeof(b->why), fmt, ap);
	va_end(ap);
	return rc;
}

void backend_send(struct backend *b, struct bp_head *head, uint32_t type,
		  uint32_t len)
{
	int rc;

	head->type = type;
	head->len = len;
	rc = bp_send(b->sock, head, NULL, 0);
	if (rc) {
		if (rc != -EPIPE)
			log_err("cannot talk to the daemon: %s", strerror(-rc));
		b->ended = true;
	}
}

void backend_tell(struct backend *b, uint32_t type)
{
	struct bp_head head;

	backend_send(b, &head, type, sizeof(head));
}

void backend_failed(struct backend *b, int rc)
{
	struct bp_failed f = { .rc = rc };

	snprintf(f.text, sizeof(f.text), "%s", b->why[0] ? b->why :
		 strerror(-rc));
	log_err("%s", f.text);
	b->why[0] = '\0';
	backend_send(b, &f.head, BP_FAILED, sizeof(f));
}

int backend_hello(struct backend *b)
{
	struct bp_hello h = { .version = BP_VERSION, .kind = b->ops->kind };

	backend_send(b, &h.head, BP_HELLO, sizeof(h));
	return b->ended ? -EPIPE : 0;
}

/* BP_STATS is asked for by a head and answered by the whole structure. */
static uint32_t size_in(uint32_t type)
{
	return type == BP_STATS ? sizeof(struct bp_head) : bp_size(type);
}

static int dispatch(struct backend *b, const struct bp_head *head, int *fds,
		    int nfds)
{
	uint32_t type = head->type;

	if (type >= BP_FAILED || !b->ops->on[type])
		return backend_why(b, -EPROTO, "message %u is not for us",
				   type);
	if (head->len != size_in(type))
		return backend_why(b, -EPROTO, "message %u is %u bytes long",
				   type, head->len);
	return b->ops->on[type](b, head, fds, nfds);
}

bool backend_message(struct backend *b)
{
	struct pollfd p = { .fd = b->sock, .events = POLLIN };
	union message m;
	int fds[BP_MAX_FDS], nfds, rc;

	if (b->ended || poll(&p, 1, 0) < 1)
		return false;
	rc = bp_recv(b->sock, &m, sizeof(m), fds, BP_MAX_FDS, &nfds);
	if (rc == -EAGAIN)
		return false;
	if (rc <= 0) {
		if (rc)
			log_err("bad message of the daemon: %s", strerror(-rc));
		b->ended = true;
		return false;
	}
	rc = dispatch(b, &m.head, fds, nfds);
	for (int i = 0; i < nfds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (rc)
		backend_failed(b, rc);
	return true;
}
