// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_fake_store.c: the least that a store's client needs, served by a child
 * process: nodes with values, one transaction at a time that can be
 * abandoned, watches, introductions.  It counts into memory shared with the
 * test.  A device daemon lives in it, too: it looks at the nodes after every
 * change, and does what docs/devices.md says, or refuses to.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xs_proto.h"
#include "xl_fake.h"

#define NODES 2048
#define WATCHES 64

struct node {
	char *path, *value;
};

static struct node nodes[NODES], saved[NODES];
static struct {
	char *path, *token;
} watches[WATCHES];
static int client, in_tx;
static pid_t child;

static int below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

static void send_to_client(uint32_t type, uint32_t id, const void *body,
			   size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = id,
				   .len = (uint32_t)len };

	if (write(client, &hdr, sizeof(hdr)) != sizeof(hdr) ||
	    write(client, body, len) != (ssize_t)len)
		_exit(1);
}

static void fire(int i, const char *path)
{
	char body[512];
	size_t len = (size_t)snprintf(body, sizeof(body), "%s%c%s", path, 0,
				      watches[i].token) + 1;

	send_to_client(XS_WATCH_EVENT, 0, body, len);
}

/* Tells those who watch; in a transaction, they are told at its end. */
static void changed(const char *path)
{
	for (int i = 0; i < WATCHES && !in_tx; i++) {
		if (watches[i].path && below(path, watches[i].path))
			fire(i, path);
	}
}

/* ---- nodes ---- */

static struct node *find(const char *path)
{
	for (int i = 0; i < NODES; i++) {
		if (nodes[i].path && !strcmp(nodes[i].path, path))
			return &nodes[i];
	}
	return NULL;
}

static const char *value_of(const char *folder, const char *name)
{
	char path[512];
	struct node *n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	n = find(path);
	return n ? n->value : "";
}

static void set_node(const char *path, const char *value)
{
	struct node *n = find(path);

	for (int i = 0; i < NODES && !n; i++) {
		if (!nodes[i].path)
			n = &nodes[i];
	}
	if (!n)
		abort();
	if (!n->path)
		n->path = strdup(path);
	free(n->value);
	n->value = strdup(value);
	changed(path);
}

static void clear(struct node *n)
{
	free(n->path);
	free(n->value);
	*n = (struct node){ 0 };
}

static int remove_tree(const char *path)
{
	int found = 0;

	for (int i = 0; i < NODES; i++) {
		if (nodes[i].path && below(nodes[i].path, path)) {
			clear(&nodes[i]);
			found = 1;
		}
	}
	if (found)
		changed(path);
	return found;
}

static void copy_nodes(struct node *to, const struct node *from)
{
	for (int i = 0; i < NODES; i++) {
		clear(&to[i]);
		if (from[i].path)
			to[i] = (struct node){ strdup(from[i].path),
					       strdup(from[i].value) };
	}
}

/* The names below @path, each once and with its end; -1 for no such node. */
static int children(const char *path, char *to, size_t room)
{
	size_t len = strlen(path), used = 0;
	int found = find(path) != NULL;

	for (int i = 0; i < NODES; i++) {
		const char *name;
		size_t n, at = 0;

		if (!nodes[i].path || !below(nodes[i].path, path) ||
		    !nodes[i].path[len])
			continue;
		found = 1;
		name = nodes[i].path + len + 1;
		n = strcspn(name, "/");
		while (at < used && (strlen(to + at) != n ||
				     strncmp(to + at, name, n)))
			at += strlen(to + at) + 1;
		if (at < used || used + n + 1 > room)
			continue;
		memcpy(to + used, name, n);
		to[used + n] = '\0';
		used += n + 1;
	}
	return found ? (int)used : -1;
}

/* ---- the device daemon ---- */

static void set_in(const char *folder, const char *name, const char *value)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	set_node(path, value);
}

static void serve_request(const char *folder)
{
	char path[600], reply[600], word[32];

	if (sscanf(value_of(folder, "request"), "%31s", word) != 1)
		return;
	snprintf(path, sizeof(path), "%s/request", folder);
	remove_tree(path);
	if (fake->devd == DEVD_WORKS)
		snprintf(reply, sizeof(reply), "%s ok%s", word,
			 strcmp(word, "stats") ? "" : " rd_req=5 wr_req=7");
	else
		snprintf(reply, sizeof(reply), "%s error no medium", word);
	set_in(folder, "reply", reply);
}

static void serve_device(const char *folder)
{
	const char *state = value_of(folder, "state");

	if (fake->devd == DEVD_SILENT)
		return;
	if (!strcmp(state, "1") && fake->devd == DEVD_REFUSES) {
		set_in(folder, "hotplug-error", "IMAGE is used by guest foo");
		set_in(folder, "hotplug-status", "error");
		set_in(folder, "state", "6");
	} else if (!strcmp(state, "1")) {
		set_in(folder, "hotplug-status", "connected");
		set_in(folder, "state",
		       fake->devd == DEVD_HASTY ? "6" : "2");
	} else if (!strcmp(state, "5") && fake->devd != DEVD_KEEPS &&
		   !strcmp(value_of(folder, "online"), "0")) {
		set_in(folder, "state", "6");
		fake->let_go++;
	}
	serve_request(folder);
}

static int is_device(const char *path, char folder[512])
{
	unsigned int back, front, number;
	char kind[8], name[8];

	if (sscanf(path, "/local/domain/%u/backend/%7[a-z]/%u/%u/%7[a-z]",
		   &back, kind, &front, &number, name) != 5 ||
	    strcmp(name, "state") || !strcmp(kind, "console"))
		return 0;
	snprintf(folder, 512, "%.*s", (int)(strrchr(path, '/') - path), path);
	return 1;
}

static void run_devd(void)
{
	unsigned int count = 0;
	char folder[512];

	for (int i = 0; i < NODES; i++) {
		if (!nodes[i].path || !is_device(nodes[i].path, folder))
			continue;
		serve_device(folder);
		count += !strcmp(value_of(folder, "hotplug-status"),
				 "connected") &&
			 strcmp(value_of(folder, "state"), "6");
	}
	fake->devices = count;
}

/* ---- requests ---- */

static void recount(void)
{
	unsigned int n = 0, w = 0;

	for (int i = 0; i < NODES; i++)
		n += nodes[i].path != NULL;
	for (int i = 0; i < WATCHES; i++)
		w += watches[i].path != NULL;
	/* At once: the test may be looking. */
	fake->nodes = n;
	fake->watches = w;
}

static void answer(const struct xs_msg *m, int err, const void *body,
		   size_t len)
{
	const char *text = err ? xs_error_name(err) : body;

	send_to_client(err ? XS_ERROR : m->hdr.type, m->hdr.req_id, text,
		       err ? strlen(text) + 1 : len);
}

static void add_watch(const char *path, const char *token)
{
	for (int i = 0; i < WATCHES; i++) {
		if (watches[i].path)
			continue;
		watches[i].path = strdup(path);
		watches[i].token = strdup(token);
		fire(i, path);
		return;
	}
	abort();
}

/* The console daemon has a guest's ring as soon as somebody waits for it. */
static void run_consoled(const char *watched)
{
	const char *last = strrchr(watched, '/');

	if (fake->reads_consoles && last && !strcmp(last, "/tty"))
		set_node(watched, "/dev/pts/1");
}

static void remove_watch(const char *path, const char *token)
{
	for (int i = 0; i < WATCHES; i++) {
		if (!watches[i].path || strcmp(watches[i].path, path) ||
		    strcmp(watches[i].token, token))
			continue;
		free(watches[i].path);
		free(watches[i].token);
		watches[i].path = NULL;
		return;
	}
}

/* What changed in a transaction is not kept: everybody looks again. */
static void end_tx(int commit)
{
	in_tx = 0;
	if (!commit)
		copy_nodes(nodes, saved);
	for (int i = 0; i < WATCHES && commit; i++) {
		if (watches[i].path)
			fire(i, watches[i].path);
	}
}

static void read_node(const struct xs_msg *m)
{
	struct node *n = find(m->body);

	if (n)
		answer(m, 0, n->value, strlen(n->value));
	else
		answer(m, ENOENT, NULL, 0);
}

static void list_node(const struct xs_msg *m)
{
	static char names[65536];
	int len = children(m->body, names, sizeof(names));

	answer(m, len < 0 ? ENOENT : 0, names, (size_t)(len < 0 ? 0 : len));
}

static void write_node(const struct xs_msg *m)
{
	size_t path_len = strlen(m->body) + 1;
	char value[4096];

	snprintf(value, sizeof(value), "%.*s",
		 (int)(m->hdr.len - path_len), m->body + path_len);
	set_node(m->body, value);
}

/* Whether there was an answer already. */
static int carry_out(const struct xs_msg *m, const char **body)
{
	switch (m->hdr.type) {
	case XS_READ:
		read_node(m);
		return 1;
	case XS_DIRECTORY:
		list_node(m);
		return 1;
	case XS_TRANSACTION_START:
		copy_nodes(saved, nodes);
		in_tx = 1;
		*body = "1";
		break;
	case XS_WRITE:
		write_node(m);
		break;
	case XS_MKDIR:
		set_node(m->body, "");
		break;
	case XS_RM:
		remove_tree(m->body);
		break;
	case XS_INTRODUCE:
		fake->introduced++;
		break;
	case XS_RELEASE:
		fake->released++;
		break;
	case XS_WATCH:
		add_watch(m->body, m->body + strlen(m->body) + 1);
		run_consoled(m->body);
		break;
	case XS_UNWATCH:
		remove_watch(m->body, m->body + strlen(m->body) + 1);
		break;
	case XS_TRANSACTION_END:
		end_tx(m->body[0] == 'T');
		break;
	default:
		break;
	}
	return 0;
}

static void serve(const struct xs_msg *m)
{
	const char *body = "OK";
	int undo = m->hdr.type == XS_RM || m->hdr.type == XS_RELEASE ||
		   m->hdr.type == XS_UNWATCH ||
		   (m->hdr.type == XS_TRANSACTION_END && m->body[0] == 'F');
	int answered;

	/* Undoing is not what is being tested to fail. */
	if (!undo && fake_fails()) {
		/* The store ends a transaction that it does not commit. */
		if (m->hdr.type == XS_TRANSACTION_END)
			end_tx(0);
		recount();
		answer(m, ENOSPC, NULL, 0);
		return;
	}
	answered = carry_out(m, &body);
	if (!in_tx)
		run_devd();
	/* The counts are right when the client goes on. */
	recount();
	if (!answered)
		answer(m, 0, body, strlen(body) + 1);
}

static void serve_all(void)
{
	static struct xs_reader reader;
	struct xs_msg m;
	char *at;

	for (;;) {
		size_t room = xs_reader_room(&reader, &at);
		ssize_t n = read(client, at, room);

		if (n <= 0)
			_exit(0);
		xs_reader_filled(&reader, (size_t)n);
		while (xs_reader_next(&reader, &m) == 1)
			serve(&m);
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
		client = fds[1];
		serve_all();
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
