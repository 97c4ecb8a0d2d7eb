/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xs_proto.h: the store's wire format, without any I/O.
 *
 * Both ends use it: the daemon for requests that anybody may have written,
 * clients for replies.  Nothing here trusts a length, a terminator or a
 * number; strings handed out always lie inside the message they came from.
 */
#ifndef DOM0_LIB_XS_PROTO_H
#define DOM0_LIB_XS_PROTO_H

#include <abi/io/xs_wire.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XS_HDR_SIZE sizeof(struct xsd_sockmsg)
#define XS_MSG_MAX (XS_HDR_SIZE + XENSTORE_PAYLOAD_MAX)

/* One message; the body lies in the reader and ends with the next call. */
struct xs_msg {
	struct xsd_sockmsg hdr;
	const char *body;
};

/* Bytes received and not yet understood: at most one whole message. */
struct xs_reader {
	size_t start;
	size_t len;
	char buf[XS_MSG_MAX];
};

/* Where the next bytes go: *@at, and how many fit there. */
size_t xs_reader_room(struct xs_reader *r, char **at);
/* Tells that @n bytes were put there. */
void xs_reader_filled(struct xs_reader *r, size_t n);
/* 1 and a message, 0 if more bytes are needed, -EPROTO if it is too long. */
int xs_reader_next(struct xs_reader *r, struct xs_msg *m);

/* The name that stands for an errno on the wire; "EINVAL" for unknown ones. */
const char *xs_error_name(int err);
/* The positive errno behind a name (of @len bytes, NUL or not); EINVAL. */
int xs_error_number(const char *name, size_t len);

/*
 * Splits a body made of NUL-terminated strings.  At most @max are stored;
 * the count of all is returned, or -EINVAL if the last one is not terminated.
 */
int xs_split(const char *body, size_t len, const char **out, int max);

/* A decimal number and nothing else; -EINVAL otherwise or above @max. */
int xs_parse_u32(const char *s, uint32_t max, uint32_t *out);

#define XS_PERM_R 1u
#define XS_PERM_W 2u
#define XS_PERM_O 4u	/* never on the wire: owners have it */

struct xs_perm {
	uint32_t domid;
	uint32_t bits;
};

/* "n0", "r5", "w5", "b5".  -EINVAL for anything else. */
int xs_perm_parse(const char *s, struct xs_perm *out);
#define XS_PERM_TEXT 16
void xs_perm_format(const struct xs_perm *p, char out[XS_PERM_TEXT]);

/*
 * Whether @path (of @len bytes) is one that a node can have: it begins with
 * "/", does not end with one unless it is the root, has no empty component
 * and only the permitted characters, and its length is within the limits,
 * which count from behind "/local/domain/N/" for @rel_max.
 */
bool xs_path_valid(const char *path, size_t len, size_t rel_max);
/* Only the characters, for names that begin with "@". */
bool xs_chars_valid(const char *s, size_t len);

#endif
