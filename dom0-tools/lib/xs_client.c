/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xs_client.c: one connection to the store.
 *
 * State: the descriptor, the bytes of a message not yet complete, and the
 * queue of watch events that came while a reply was awaited.  `dead` is set
 * with the first error of the transport and never cleared: a late reply must
 * not be taken for the answer to the next request.  One thread; no locks.
 */
#include "lib/xs_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/evloop.h"
#include "lib/strbuf.h"

struct queued_event {
	struct queued_event *next;
	char *path;	/* and the token behind it, in one allocation */
	char *token;
};

struct xsc {
	int fd;
	bool one_by_one;	/* the kernel's device: see send_posted() */
	int dead;		/* 0, or the -errno that ended it */
	unsigned int timeout_ms;
	uint32_t last_id;
	struct strbuf posted;	/* requests not sent yet */
	uint32_t unsettled;	/* how many those are */
	int first_error;	/* among the answers since xsc_settle() */
	struct queued_event *events;
	struct queued_event **events_tail;
	struct xs_reader in;
};

void xsc_socket_path(char *buf, size_t size)
{
	const char *path = getenv("XENSTORED_PATH");
	const char *dir = getenv("XENSTORED_RUNDIR");

	if (path)
		snprintf(buf, size, "%s", path);
	else
		snprintf(buf, size, "%s/socket", dir ? dir : "/run/xenstored");
}

static int connect_socket(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, rc;

	xsc_socket_path(sa.sun_path, sizeof(sa.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/*
 * The kernel's device takes one message from each write, and forgets what
 * stands behind it.
 */
static bool takes_a_stream(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	       type == SOCK_STREAM;
}

int xsc_open_fd(int fd, struct xsc **out)
{
	struct xsc *xsc = calloc(1, sizeof(*xsc));

	if (!xsc)
		return -ENOMEM;
	xsc->fd = fd;
	xsc->one_by_one = !takes_a_stream(fd);
	xsc->events_tail = &xsc->events;
	*out = xsc;
	return 0;
}

int xsc_open(struct xsc **out)
{
	int fd = connect_socket(), rc;

	if (fd < 0) {
		rc = fd;
		fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return rc;
	}
	rc = xsc_open_fd(fd, out);
	if (rc)
		close(fd);
	return rc;
}

void xsc_close(struct xsc *xsc)
{
	struct queued_event *e;

	if (!xsc)
		return;
	while ((e = xsc->events)) {
		xsc->events = e->next;
		free(e->path);
		free(e);
	}
	close(xsc->fd);
	strbuf_free(&xsc->posted);
	free(xsc);
}

int xsc_fd(const struct xsc *xsc)
{
	return xsc->fd;
}

void xsc_set_timeout(struct xsc *xsc, unsigned int ms)
{
	xsc->timeout_ms = ms;
}

static int die(struct xsc *xsc, int err)
{
	if (!xsc->dead)
		xsc->dead = err;
	return xsc->dead;
}

/* Waits until @events; @deadline 0 is for ever. */
static int wait_for(struct xsc *xsc, short events, uint64_t deadline)
{
	struct pollfd pfd = { .fd = xsc->fd, .events = events };
	int n, wait = -1;

	for (;;) {
		if (deadline) {
			uint64_t now = ev_now_ms();

			wait = now < deadline ? (int)(deadline - now) : 0;
		}
		n = poll(&pfd, 1, wait);
		if (n > 0)
			return 0;
		if (n == 0)
			return die(xsc, -ETIMEDOUT);
		if (errno != EINTR)
			return die(xsc, -errno);
	}
}

static int send_all(struct xsc *xsc, const char *data, size_t len,
		    uint64_t deadline)
{
	int rc = 0;

	/* Waits only where it must: the kernel's device takes what is written
	 * but never says that it would. */
	while (len && !rc) {
		ssize_t n = send(xsc->fd, data, len,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == ENOTSOCK)
			n = write(xsc->fd, data, len);
		if (n < 0 && errno == EAGAIN)
			rc = wait_for(xsc, POLLOUT, deadline);
		else if (n <= 0 && !(n && errno == EINTR))
			rc = die(xsc, n ? -errno : -EPIPE);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return rc;
}

static int queue_event(struct xsc *xsc, const struct xs_msg *m)
{
	const char *str[2];
	struct queued_event *e;

	if (xs_split(m->body, m->hdr.len, str, 2) < 2)
		return die(xsc, -EPROTO);
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->path = malloc(m->hdr.len);
	if (!e->path) {
		free(e);
		return -ENOMEM;
	}
	memcpy(e->path, m->body, m->hdr.len);
	e->token = e->path + (str[1] - str[0]);
	*xsc->events_tail = e;
	xsc->events_tail = &e->next;
	return 0;
}

/* One read; the caller knows that there is something to read. */
static int receive_some(struct xsc *xsc)
{
	char *at;
	size_t room = xs_reader_room(&xsc->in, &at);
	ssize_t n = read(xsc->fd, at, room);

	if (n > 0) {
		xs_reader_filled(&xsc->in, (size_t)n);
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return die(xsc, n ? -errno : -EPIPE);
}

/* The next message that is not an event. */
static int next_reply(struct xsc *xsc, struct xs_msg *m, uint64_t deadline)
{
	int rc;

	for (;;) {
		rc = xs_reader_next(&xsc->in, m);
		if (rc < 0)
			return die(xsc, rc);
		if (rc && m->hdr.type != XS_WATCH_EVENT)
			return 0;
		if (rc) {
			rc = queue_event(xsc, m);
		} else {
			rc = wait_for(xsc, POLLIN, deadline);
			if (!rc)
				rc = receive_some(xsc);
		}
		if (rc)
			return rc;
	}
}

/* Whether @m answers the request @id of type @op, and with what result. */
static int check_reply(struct xsc *xsc, uint32_t id, const struct xs_msg *m)
{
	if (m->hdr.req_id != id)
		return die(xsc, -EPROTO);
	if (m->hdr.type == XS_ERROR)
		return -xs_error_number(m->body, m->hdr.len);
	return 0;
}

static int take_reply(struct xsc *xsc, uint32_t op, const struct xs_msg *m,
		      char **reply, size_t *reply_len)
{
	int rc = check_reply(xsc, xsc->last_id, m);
	char *copy;

	if (rc)
		return rc;
	if (m->hdr.type != op)
		return die(xsc, -EPROTO);
	if (reply_len)
		*reply_len = m->hdr.len;
	if (!reply)
		return 0;
	copy = malloc(m->hdr.len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, m->body, m->hdr.len);
	copy[m->hdr.len] = 0;
	*reply = copy;
	return 0;
}

/* Writes a whole request to @buf; its length, or -E2BIG. */
static int compose(struct xsc *xsc, char buf[XS_MSG_MAX], uint32_t op,
		   uint32_t tx, const struct xsc_part *parts,
		   size_t part_count)
{
	struct xsd_sockmsg hdr = { .type = op, .tx_id = tx };
	size_t len = XS_HDR_SIZE;

	for (size_t i = 0; i < part_count; i++) {
		if (parts[i].len > XS_MSG_MAX - len)
			return -E2BIG;
		memcpy(buf + len, parts[i].data, parts[i].len);
		len += parts[i].len;
	}
	hdr.req_id = ++xsc->last_id;
	hdr.len = (uint32_t)(len - XS_HDR_SIZE);
	memcpy(buf, &hdr, XS_HDR_SIZE);
	return (int)len;
}

static uint64_t deadline_of(const struct xsc *xsc)
{
	return xsc->timeout_ms ? ev_now_ms() + xsc->timeout_ms : 0;
}

int xsc_request(struct xsc *xsc, uint32_t op, uint32_t tx,
		const struct xsc_part *parts, size_t part_count, char **reply,
		size_t *reply_len)
{
	char buf[XS_MSG_MAX];
	struct xs_msg m;
	uint64_t deadline;
	int len, rc;

	if (xsc->dead)
		return xsc->dead;
	len = compose(xsc, buf, op, tx, parts, part_count);
	if (len < 0)
		return len;
	deadline = deadline_of(xsc);
	rc = send_all(xsc, buf, (size_t)len, deadline);
	if (!rc)
		rc = next_reply(xsc, &m, deadline);
	return rc ? rc : take_reply(xsc, op, &m, reply, reply_len);
}

/* So much is queued at most: both ends' socket buffers hold far more. */
#define POSTED_MAX 16384

/* The operation of the posted request at *@at, which moves to the next. */
static uint32_t posted_op(const struct xsc *xsc, size_t *at)
{
	struct xsd_sockmsg hdr;

	memcpy(&hdr, xsc->posted.data + *at, sizeof(hdr));
	*at += sizeof(hdr) + hdr.len;
	return hdr.type;
}

/*
 * Sends posted messages from @at on: all, where a stream takes them.  The
 * kernel's device takes one in each write, and keeps it in the place of the
 * one before until it has been answered: so there just the one at @at.
 */
static int send_posted(struct xsc *xsc, size_t at, uint64_t deadline)
{
	const char *from = xsc->posted.data + at;
	struct xsd_sockmsg hdr;

	if (!xsc->one_by_one)
		return at ? 0 : send_all(xsc, from, xsc->posted.len, deadline);
	memcpy(&hdr, from, sizeof(hdr));
	return send_all(xsc, from, sizeof(hdr) + hdr.len, deadline);
}

/*
 * Sends what is posted and takes all the answers, of which the first error is
 * kept for xsc_settle().  0, or what ended the connection.
 */
static int exchange(struct xsc *xsc)
{
	uint64_t deadline = deadline_of(xsc);
	uint32_t id = xsc->last_id - xsc->unsettled;
	struct xs_msg m;
	size_t at = 0;
	int rc = xsc->dead;

	while (!rc && xsc->unsettled) {
		int answer;

		rc = send_posted(xsc, at, deadline);
		if (!rc)
			rc = next_reply(xsc, &m, deadline);
		if (rc)
			break;
		answer = check_reply(xsc, ++id, &m);
		rc = xsc->dead;
		if (posted_op(xsc, &at) == XS_RM && answer == -ENOENT)
			answer = 0;
		if (!xsc->first_error)
			xsc->first_error = answer;
		xsc->unsettled--;
	}
	strbuf_reset(&xsc->posted);
	xsc->unsettled = 0;
	return rc;
}

int xsc_post(struct xsc *xsc, uint32_t op, uint32_t tx,
	     const struct xsc_part *parts, size_t part_count)
{
	char buf[XS_MSG_MAX];
	int len, rc = xsc->dead;

	if (!rc && xsc->posted.len > POSTED_MAX)
		rc = exchange(xsc);
	if (!rc)
		rc = strbuf_reserve(&xsc->posted, XS_MSG_MAX);
	if (rc)
		return rc;
	len = compose(xsc, buf, op, tx, parts, part_count);
	if (len < 0)
		return len;
	strbuf_add(&xsc->posted, buf, (size_t)len);
	xsc->unsettled++;
	return 0;
}

int xsc_settle(struct xsc *xsc)
{
	int rc = exchange(xsc), first = xsc->first_error;

	xsc->first_error = 0;
	return rc ? rc : first;
}

/* A request of one string. */
static int simple(struct xsc *xsc, uint32_t op, uint32_t tx, const char *arg,
		  char **reply, size_t *len)
{
	struct xsc_part part = { arg, strlen(arg) + 1 };

	return xsc_request(xsc, op, tx, &part, 1, reply, len);
}

int xsc_read(struct xsc *xsc, uint32_t tx, const char *path, char **value,
	     size_t *len)
{
	return simple(xsc, XS_READ, tx, path, value, len);
}

int xsc_write_bytes(struct xsc *xsc, uint32_t tx, const char *path,
		    const void *value, size_t len)
{
	struct xsc_part part[] = { { path, strlen(path) + 1 }, { value, len } };

	return xsc_request(xsc, XS_WRITE, tx, part, 2, NULL, NULL);
}

int xsc_write(struct xsc *xsc, uint32_t tx, const char *path,
	      const char *value)
{
	return xsc_write_bytes(xsc, tx, path, value, strlen(value));
}

int xsc_mkdir(struct xsc *xsc, uint32_t tx, const char *path)
{
	return simple(xsc, XS_MKDIR, tx, path, NULL, NULL);
}

int xsc_rm(struct xsc *xsc, uint32_t tx, const char *path)
{
	int rc = simple(xsc, XS_RM, tx, path, NULL, NULL);

	return rc == -ENOENT ? 0 : rc;
}

/* Reads a long list piece by piece; starts over if it changed meanwhile. */
static int list_by_parts(struct xsc *xsc, uint32_t tx, const char *path,
			 struct strbuf *all)
{
	char off[24], gen[24] = "", *reply;
	size_t len, head;
	int rc;

	for (;;) {
		int n = snprintf(off, sizeof(off), "%zu", all->len);
		struct xsc_part part[] = { { path, strlen(path) + 1 },
					   { off, (size_t)n + 1 } };

		rc = xsc_request(xsc, XS_DIRECTORY_PART, tx, part, 2, &reply,
				 &len);
		if (rc)
			return rc;
		head = strlen(reply) + 1;
		if (head > len || head > sizeof(gen)) {
			free(reply);
			return -EPROTO;
		}
		if (all->len && strcmp(gen, reply)) {
			strbuf_reset(all);
			free(reply);
			continue;
		}
		memcpy(gen, reply, head);
		strbuf_add(all, reply + head, len - head);
		free(reply);
		/* An empty string stands at the end of the list. */
		if (all->err || len == head)
			return all->err ? all->err : -EPROTO;
		if (all->len == 1 ||
		    (!all->data[all->len - 1] && !all->data[all->len - 2])) {
			all->len--;
			return 0;
		}
	}
}

/* Turns NUL-terminated strings into a vector in one allocation. */
static int make_vector(const char *list, size_t len, char ***out)
{
	size_t n = 0, i;
	char **v, *text;

	for (i = 0; i < len; i++)
		n += !list[i];
	v = malloc((n + 1) * sizeof(*v) + len + 1);
	if (!v)
		return -ENOMEM;
	text = (char *)(v + n + 1);
	if (len)
		memcpy(text, list, len);
	text[len] = 0;
	for (i = 0; i < n; i++) {
		v[i] = text;
		text += strlen(text) + 1;
	}
	v[n] = NULL;
	*out = v;
	return (int)n;
}

int xsc_list(struct xsc *xsc, uint32_t tx, const char *path, char ***names)
{
	struct strbuf all = { 0 };
	char *reply;
	size_t len;
	int rc;

	rc = simple(xsc, XS_DIRECTORY, tx, path, &reply, &len);
	if (!rc) {
		rc = make_vector(reply, len, names);
		free(reply);
		return rc;
	}
	if (rc != -E2BIG)
		return rc;
	rc = list_by_parts(xsc, tx, path, &all);
	if (!rc)
		rc = make_vector(all.data, all.len, names);
	strbuf_free(&all);
	return rc;
}

int xsc_get_perms(struct xsc *xsc, uint32_t tx, const char *path,
		  struct xs_perm *perms, int max)
{
	const char *str[64];
	char *reply;
	size_t len;
	int n, i, rc;

	rc = simple(xsc, XS_GET_PERMS, tx, path, &reply, &len);
	if (rc)
		return rc;
	n = xs_split(reply, len, str, 64);
	if (n > max || n > 64)
		n = -E2BIG;
	for (i = 0; i < n; i++)
		if (xs_perm_parse(str[i], &perms[i]))
			n = -EPROTO;
	free(reply);
	return n;
}

int xsc_set_perms(struct xsc *xsc, uint32_t tx, const char *path,
		  const struct xs_perm *perms, int count)
{
	struct strbuf sb = { 0 };
	struct xsc_part part;
	char text[XS_PERM_TEXT];
	int i, rc;

	strbuf_addz(&sb, path);
	for (i = 0; i < count; i++) {
		xs_perm_format(&perms[i], text);
		strbuf_addz(&sb, text);
	}
	part = (struct xsc_part){ sb.data, sb.len };
	rc = sb.err ? sb.err :
		      xsc_request(xsc, XS_SET_PERMS, tx, &part, 1, NULL, NULL);
	strbuf_free(&sb);
	return rc;
}

int xsc_tx_start(struct xsc *xsc, uint32_t *tx)
{
	char *reply;
	int rc = simple(xsc, XS_TRANSACTION_START, 0, "", &reply, NULL);

	if (rc)
		return rc;
	rc = xs_parse_u32(reply, UINT32_MAX, tx) ? -EPROTO : 0;
	free(reply);
	return rc;
}

int xsc_tx_end(struct xsc *xsc, uint32_t tx, bool commit)
{
	return simple(xsc, XS_TRANSACTION_END, tx, commit ? "T" : "F", NULL,
		      NULL);
}

static int watch_op(struct xsc *xsc, uint32_t op, const char *path,
		    const char *token)
{
	struct xsc_part part[] = { { path, strlen(path) + 1 },
				   { token, strlen(token) + 1 } };

	return xsc_request(xsc, op, 0, part, 2, NULL, NULL);
}

int xsc_watch(struct xsc *xsc, const char *path, const char *token)
{
	return watch_op(xsc, XS_WATCH, path, token);
}

int xsc_unwatch(struct xsc *xsc, const char *path, const char *token)
{
	return watch_op(xsc, XS_UNWATCH, path, token);
}

/* Queues what has arrived, without waiting. */
static int gather_events(struct xsc *xsc)
{
	struct pollfd pfd = { .fd = xsc->fd, .events = POLLIN };
	struct xs_msg m;
	int rc;

	for (;;) {
		rc = xs_reader_next(&xsc->in, &m);
		if (rc < 0)
			return die(xsc, rc);
		if (rc && m.hdr.type != XS_WATCH_EVENT)
			return die(xsc, -EPROTO);
		if (rc)
			return queue_event(xsc, &m);
		if (poll(&pfd, 1, 0) <= 0)
			return 0;
		rc = receive_some(xsc);
		if (rc)
			return rc;
	}
}

int xsc_event(struct xsc *xsc, char **path, char **token)
{
	struct queued_event *e;
	int rc;

	if (!xsc->events) {
		rc = xsc->dead ? xsc->dead : gather_events(xsc);
		if (rc)
			return rc;
	}
	e = xsc->events;
	if (!e)
		return 0;
	xsc->events = e->next;
	if (!xsc->events)
		xsc->events_tail = &xsc->events;
	*path = e->path;
	*token = e->token;
	free(e);
	return 1;
}

bool xsc_pending(const struct xsc *xsc)
{
	struct xsd_sockmsg hdr;

	if (xsc->events || xsc->dead)
		return true;
	if (xsc->in.len < XS_HDR_SIZE)
		return false;
	memcpy(&hdr, xsc->in.buf + xsc->in.start, XS_HDR_SIZE);
	return xsc->in.len >= XS_HDR_SIZE + hdr.len;
}

/* A request of decimal numbers, each its own string. */
static int number_op(struct xsc *xsc, uint32_t op, const uint64_t *v, int n)
{
	struct strbuf sb = { 0 };
	struct xsc_part part;
	int i, rc;

	for (i = 0; i < n; i++) {
		strbuf_printf(&sb, "%llu", (unsigned long long)v[i]);
		strbuf_addc(&sb, 0);
	}
	part = (struct xsc_part){ sb.data, sb.len };
	rc = sb.err ? sb.err : xsc_request(xsc, op, 0, &part, 1, NULL, NULL);
	strbuf_free(&sb);
	return rc;
}

int xsc_introduce(struct xsc *xsc, uint32_t domid, uint64_t frame,
		  uint32_t port)
{
	uint64_t v[] = { domid, frame, port };

	return number_op(xsc, XS_INTRODUCE, v, 3);
}

int xsc_set_target(struct xsc *xsc, uint32_t domid, uint32_t target)
{
	uint64_t v[] = { domid, target };

	return number_op(xsc, XS_SET_TARGET, v, 2);
}

int xsc_readf(struct xsc *xsc, uint32_t tx, char **value, const char *fmt, ...)
{
	char path[XENSTORE_ABS_PATH_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -E2BIG;
	return xsc_read(xsc, tx, path, value, NULL);
}

int xsc_writef(struct xsc *xsc, uint32_t tx, const char *path, const char *fmt,
	       ...)
{
	char value[XENSTORE_PAYLOAD_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return -E2BIG;
	return xsc_write(xsc, tx, path, value);
}
