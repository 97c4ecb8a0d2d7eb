/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logfile.c: output in files that do not grow without end.
 *
 * A file that reaches the limit is renamed to FILE.1, replacing the one before
 * it, so a guest occupies at most twice the limit.  The names come from
 * guests' names: nothing in them may lead out of the directory.
 */
#include "console/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/strbuf.h"

static int open_path(struct logfile *l)
{
	struct stat st;
	int fd = open(l->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		      0644);

	if (fd < 0)
		return -errno;
	l->bytes = fstat(fd, &st) ? 0 : (uint64_t)st.st_size;
	l->fd = fd;
	l->line_begins = true;
	return 0;
}

int logfile_open(struct logfile *l, const char *dir, const char *prefix,
		 const char *name)
{
	char *at;

	l->fd = -1;
	if (asprintf(&l->path, "%s/%s%s%s.log", dir, prefix, *name ? "-" : "",
		     name) < 0) {
		l->path = NULL;
		return -ENOMEM;
	}
	for (at = l->path + strlen(dir) + 1; *at; at++)
		if (*at == '/' || (unsigned char)*at < ' ')
			*at = '_';
	return open_path(l);
}

int logfile_reopen(struct logfile *l)
{
	int old = l->fd, rc;

	if (!l->path)
		return 0;
	rc = open_path(l);
	if (!rc && old >= 0)
		close(old);
	return rc;
}

void logfile_close(struct logfile *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	*l = (struct logfile){ .fd = -1 };
}

static void rotate(struct logfile *l)
{
	char *older;

	if (asprintf(&older, "%s.1", l->path) < 0)
		return;
	/* A file gone already (an earlier attempt got no new one) counts. */
	if (!rename(l->path, older) || errno == ENOENT)
		logfile_reopen(l);
	free(older);
}

static void put_time(struct strbuf *sb)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "[%Y-%m-%d %H:%M:%S] ", &tm))
		strbuf_adds(sb, text);
}

static void decorate(struct logfile *l, const struct logfile_style *style,
		     const char *data, size_t len, struct strbuf *sb)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (style->timestamps && l->line_begins)
			put_time(sb);
		l->line_begins = data[i] == '\n';
		strbuf_addc(sb, style->replace_escape && data[i] == 033 ?
					'.' :
					data[i]);
	}
}

void logfile_write(struct logfile *l, const struct logfile_style *style,
		   const char *data, size_t len)
{
	struct strbuf sb = { 0 };
	ssize_t n;

	if (l->fd < 0 || !len)
		return;
	if (style->timestamps || style->replace_escape) {
		decorate(l, style, data, len, &sb);
		data = sb.data;
		len = sb.len;
	}
	/* A full disk costs this guest its log, nobody anything else. */
	while (len) {
		n = write(l->fd, data, len);
		if (n <= 0)
			break;
		l->bytes += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	strbuf_free(&sb);
	if (style->limit && l->bytes >= style->limit)
		rotate(l);
}
