/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xs_proto.c: reading and writing the store's wire format.
 *
 * Pure functions and one small buffer, the reader.  Reader invariant: the
 * unread bytes are buf[start .. start + len), and start + len <= sizeof(buf).
 */
#include "lib/xs_proto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

size_t xs_reader_room(struct xs_reader *r, char **at)
{
	if (r->start) {
		memmove(r->buf, r->buf + r->start, r->len);
		r->start = 0;
	}
	*at = r->buf + r->len;
	return sizeof(r->buf) - r->len;
}

void xs_reader_filled(struct xs_reader *r, size_t n)
{
	r->len += n;
}

int xs_reader_next(struct xs_reader *r, struct xs_msg *m)
{
	if (r->len < XS_HDR_SIZE)
		return 0;
	memcpy(&m->hdr, r->buf + r->start, XS_HDR_SIZE);
	if (m->hdr.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	if (r->len < XS_HDR_SIZE + m->hdr.len)
		return 0;
	m->body = r->buf + r->start + XS_HDR_SIZE;
	r->start += XS_HDR_SIZE + m->hdr.len;
	r->len -= XS_HDR_SIZE + m->hdr.len;
	return 1;
}

static const struct {
	int number;
	const char *name;
} error_names[] = {
	{ EINVAL, "EINVAL" }, { EACCES, "EACCES" },	  { EEXIST, "EEXIST" },
	{ EISDIR, "EISDIR" }, { ENOENT, "ENOENT" },	  { ENOMEM, "ENOMEM" },
	{ ENOSPC, "ENOSPC" }, { EIO, "EIO" },		  { EBUSY, "EBUSY" },
	{ ENOSYS, "ENOSYS" }, { ENOTEMPTY, "ENOTEMPTY" }, { EROFS, "EROFS" },
	{ EAGAIN, "EAGAIN" }, { EISCONN, "EISCONN" },	  { E2BIG, "E2BIG" },
	{ EPERM, "EPERM" },
};

#define ERROR_COUNT (sizeof(error_names) / sizeof(error_names[0]))

const char *xs_error_name(int err)
{
	size_t i;

	for (i = 0; i < ERROR_COUNT; i++)
		if (error_names[i].number == err)
			return error_names[i].name;
	return "EINVAL";
}

int xs_error_number(const char *name, size_t len)
{
	size_t i;

	len = strnlen(name, len);
	for (i = 0; i < ERROR_COUNT; i++)
		if (strlen(error_names[i].name) == len &&
		    !memcmp(error_names[i].name, name, len))
			return error_names[i].number;
	return EINVAL;
}

int xs_split(const char *body, size_t len, const char **out, int max)
{
	size_t off = 0;
	int n = 0;

	if (len && body[len - 1])
		return -EINVAL;
	while (off < len) {
		if (n < max)
			out[n] = body + off;
		n++;
		off += strlen(body + off) + 1;
	}
	return n;
}

int xs_parse_u32(const char *s, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > max)
			return -EINVAL;
	}
	*out = (uint32_t)v;
	return 0;
}

static const char perm_letters[] = "nrwb";	/* indexed by the bits */

int xs_perm_parse(const char *s, struct xs_perm *out)
{
	const char *at = *s ? strchr(perm_letters, *s) : NULL;

	if (!at)
		return -EINVAL;
	out->bits = (uint32_t)(at - perm_letters);
	return xs_parse_u32(s + 1, 0xffff, &out->domid);
}

void xs_perm_format(const struct xs_perm *p, char out[XS_PERM_TEXT])
{
	snprintf(out, XS_PERM_TEXT, "%c%u",
		 perm_letters[p->bits & (XS_PERM_R | XS_PERM_W)], p->domid);
}

bool xs_chars_valid(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9'))
			continue;
		if (c != '-' && c != '/' && c != '_' && c != '@')
			return false;
	}
	return true;
}

/* Length of "/local/domain/N/" at the start of @path, or 0. */
static size_t domain_prefix(const char *path, size_t len)
{
	static const char prefix[] = "/local/domain/";
	size_t digits, off = sizeof(prefix) - 1;

	if (len < off || memcmp(path, prefix, off))
		return 0;
	for (digits = 0; off < len && path[off] >= '0' && path[off] <= '9';
	     off++)
		digits++;
	if (!digits || digits > 5 || off >= len || path[off] != '/')
		return 0;
	return off + 1;
}

bool xs_path_valid(const char *path, size_t len, size_t rel_max)
{
	size_t i;

	if (!len || path[0] != '/' || len >= XENSTORE_ABS_PATH_MAX)
		return false;
	if (len == 1)
		return true;
	if (path[len - 1] == '/')
		return false;
	for (i = 1; i < len; i++)
		if (path[i] == '/' && path[i - 1] == '/')
			return false;
	if (len - domain_prefix(path, len) > rel_max)
		return false;
	return xs_chars_valid(path, len);
}
