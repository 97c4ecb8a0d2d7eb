// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * disk_nbd.c: NBD's URIs, and connecting to what they name.  No state.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devd/disk_open.h"

#define NBD_PORT "10809"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies @len bytes with %XX undone; -EINVAL if it does not fit. */
static int unescape(const char *from, size_t len, char *to, size_t room)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		char c = from[i];

		if (c == '%') {
			if (i + 2 >= len || hex(from[i + 1]) < 0 ||
			    hex(from[i + 2]) < 0)
				return -EINVAL;
			c = (char)(hex(from[i + 1]) << 4 | hex(from[i + 2]));
			i += 2;
		}
		if (!c || n + 1 >= room)
			return -EINVAL;
		to[n++] = c;
	}
	to[n] = 0;
	return 0;
}

static int parse_unix(const char *rest, struct disk_uri *out)
{
	const char *query = strchr(rest, '?');
	size_t len;

	if (strncmp(rest, "//", 2) || rest[2] != '/' || !query ||
	    strncmp(query, "?socket=", 8))
		return -EINVAL;
	len = (size_t)(query - rest) - 3;
	if (unescape(rest + 3, len, out->export, sizeof(out->export)))
		return -EINVAL;
	query += 8;
	if (!*query || strchr(query, '&'))
		return -EINVAL;
	out->is_unix = true;
	return unescape(query, strlen(query), out->host, sizeof(out->host));
}

static int parse_port(const char *at, const char *end, char port[16])
{
	size_t len = (size_t)(end - at), i;

	if (!len || len > 5)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (at[i] < '0' || at[i] > '9')
			return -EINVAL;
	memcpy(port, at, len);
	port[len] = 0;
	return 0;
}

static int parse_inet(const char *rest, struct disk_uri *out)
{
	const char *host = rest + 2, *end, *host_end, *colon;

	if (strncmp(rest, "//", 2) || strpbrk(rest, "?#@"))
		return -EINVAL;
	end = host + strcspn(host, "/");
	host_end = end;
	if (*host == '[') {
		host_end = memchr(host, ']', (size_t)(end - host));
		if (!host_end || (host_end + 1 != end && host_end[1] != ':'))
			return -EINVAL;
		colon = host_end + 1 != end ? host_end + 1 : NULL;
		host++;
	} else {
		colon = memchr(host, ':', (size_t)(end - host));
		if (colon)
			host_end = colon;
	}
	strcpy(out->port, NBD_PORT);
	if (colon && parse_port(colon + 1, end, out->port))
		return -EINVAL;
	if (host == host_end ||
	    unescape(host, (size_t)(host_end - host), out->host,
		     sizeof(out->host)))
		return -EINVAL;
	return *end ? unescape(end + 1, strlen(end + 1), out->export,
			       sizeof(out->export)) : 0;
}

int disk_parse_uri(const char *uri, struct disk_uri *out, struct fail *fail)
{
	int rc;

	*out = (struct disk_uri){ 0 };
	if (!strncmp(uri, "nbds:", 5))
		return fail_set(fail, -EOPNOTSUPP,
				"%s: NBD over TLS is not supported; tunnel it, and use nbd: or nbd+unix:",
				uri);
	if (!strncmp(uri, "nbd+unix:", 9))
		rc = parse_unix(uri + 9, out);
	else
		rc = strncmp(uri, "nbd:", 4) ? -EINVAL :
					       parse_inet(uri + 4, out);
	return rc ? fail_set(fail, rc,
			     "%s is no NBD address: nbd://HOST[:PORT]/[EXPORT] or nbd+unix:///[EXPORT]?socket=PATH",
			     uri) :
		    0;
}

int disk_connect_unix(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	/* Only the connecting must not wait. */
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static int connect_inet(const struct disk_uri *uri, struct fail *fail)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					       .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list, *a;
	int fd, one = 1, rc = getaddrinfo(uri->host, uri->port, &hints, &list);

	if (rc)
		return fail_set(fail, -EHOSTUNREACH, "%s: %s", uri->host,
				gai_strerror(rc));
	rc = -EHOSTUNREACH;
	for (a = list; a; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC,
			    a->ai_protocol);
		if (fd >= 0 && !connect(fd, a->ai_addr, a->ai_addrlen))
			break;
		rc = -errno;
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(list);
	if (!a)
		return fail_errno(fail, rc,
				  "cannot connect to the NBD server %s port %s",
				  uri->host, uri->port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	return fd;
}

int disk_connect(const struct disk_uri *uri, struct fail *fail)
{
	int fd;

	if (!uri->is_unix)
		return connect_inet(uri, fail);
	fd = disk_connect_unix(uri->host);
	return fd < 0 ? fail_errno(fail, fd, "cannot connect to %s",
				   uri->host) :
			fd;
}
