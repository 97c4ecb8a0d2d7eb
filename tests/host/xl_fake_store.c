// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_fake_store.c: the least that a store's client needs, served by a child
 * process: nodes without values, one transaction at a time that can be
 * abandoned, introductions.  It counts into memory shared with the test.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "lib/xs_proto.h"
#include "xl_fake.h"

#define NODES 512

static char *nodes[NODES];
static char *saved[NODES];
static pid_t child;

static void recount(void)
{
	fake->nodes = 0;
	for (int i = 0; i < NODES; i++)
		fake->nodes += nodes[i] != NULL;
}

static void add_node(const char *path)
{
	int place = -1;

	for (int i = 0; i < NODES; i++) {
		if (nodes[i] && !strcmp(nodes[i], path))
			return;
		if (!nodes[i])
			place = i;
	}
	if (place < 0)
		abort();
	nodes[place] = strdup(path);
}

static void remove_tree(const char *path)
{
	size_t len = strlen(path);

	for (int i = 0; i < NODES; i++) {
		if (nodes[i] && !strncmp(nodes[i], path, len) &&
		    (!nodes[i][len] || nodes[i][len] == '/')) {
			free(nodes[i]);
			nodes[i] = NULL;
		}
	}
}

static void copy_nodes(char **to, char *const *from)
{
	for (int i = 0; i < NODES; i++) {
		free(to[i]);
		to[i] = from[i] ? strdup(from[i]) : NULL;
	}
}

static void answer(int fd, const struct xs_msg *m, int err, const char *body)
{
	struct xsd_sockmsg hdr = m->hdr;
	const char *text = err ? xs_error_name(err) : body;

	hdr.len = (uint32_t)strlen(text) + 1;
	if (err)
		hdr.type = XS_ERROR;
	if (write(fd, &hdr, sizeof(hdr)) != sizeof(hdr) ||
	    write(fd, text, hdr.len) != (ssize_t)hdr.len)
		_exit(1);
}

static void serve(int fd, const struct xs_msg *m)
{
	const char *body = "OK";
	int undo = m->hdr.type == XS_RM || m->hdr.type == XS_RELEASE ||
		   (m->hdr.type == XS_TRANSACTION_END && m->body[0] == 'F');

	/* Undoing is not what is being tested to fail. */
	if (!undo && fake_fails()) {
		answer(fd, m, ENOSPC, "");
		return;
	}
	switch (m->hdr.type) {
	case XS_TRANSACTION_START:
		copy_nodes(saved, nodes);
		body = "1";
		break;
	case XS_TRANSACTION_END:
		if (m->body[0] == 'F')
			copy_nodes(nodes, saved);
		break;
	case XS_WRITE:
	case XS_MKDIR:
		add_node(m->body);
		break;
	case XS_RM:
		remove_tree(m->body);
		break;
	case XS_INTRODUCE:
		fake->introduced++;
		break;
	case XS_RELEASE:
		fake->introduced--;
		break;
	default:
		break;
	}
	recount();
	answer(fd, m, 0, body);
}

static void serve_all(int fd)
{
	static struct xs_reader reader;
	struct xs_msg m;
	char *at;

	for (;;) {
		size_t room = xs_reader_room(&reader, &at);
		ssize_t n = read(fd, at, room);

		if (n <= 0)
			_exit(0);
		xs_reader_filled(&reader, (size_t)n);
		while (xs_reader_next(&reader, &m) == 1)
			serve(fd, &m);
	}
}

struct xsc *fake_store_open(void)
{
	struct xsc *xs;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		abort();
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		serve_all(fds[1]);
	}
	close(fds[1]);
	if (child < 0 || xsc_open_fd(fds[0], &xs))
		abort();
	return xs;
}

void fake_store_close(struct xsc *xs)
{
	xsc_close(xs);
	waitpid(child, NULL, 0);
}
