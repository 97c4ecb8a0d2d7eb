/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_xs_proto.c: any bytes, in pieces of any size, through the wire codec.
 * Every message found must lie inside what was fed, and every string inside
 * its message.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xs_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct xs_msg *m)
{
	/* A copy of exact size lets the sanitizer see a byte too many. */
	char *body = malloc(m->hdr.len ? m->hdr.len : 1);
	const char *str[8];
	struct xs_perm perm;
	uint32_t v;
	int i, n;

	memcpy(body, m->body, m->hdr.len);
	n = xs_split(body, m->hdr.len, str, 8);
	for (i = 0; i < n && i < 8; i++) {
		size_t len = strlen(str[i]);

		if (str[i] + len >= body + m->hdr.len)
			abort();
		xs_path_valid(str[i], len, XENSTORE_REL_PATH_MAX);
		xs_perm_parse(str[i], &perm);
		xs_parse_u32(str[i], 1000, &v);
	}
	xs_path_valid(body, m->hdr.len, XENSTORE_ABS_PATH_MAX);
	xs_error_number(body, m->hdr.len);
	free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xs_reader r;
	struct xs_msg m;
	size_t piece = size ? 1 + data[0] % 64 : 1, n;
	char *at;
	int rc = 0;

	r.start = 0;
	r.len = 0;
	while (size && rc >= 0) {
		n = xs_reader_room(&r, &at);
		if (n > piece)
			n = piece;
		if (n > size)
			n = size;
		if (!n)
			abort();
		memcpy(at, data, n);
		xs_reader_filled(&r, n);
		data += n;
		size -= n;
		while ((rc = xs_reader_next(&r, &m)) > 0)
			look_at(&m);
	}
	return 0;
}
