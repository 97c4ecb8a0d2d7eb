// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LZ4 in the form that kernels are packed in: after the magic number, blocks of
 * at most 8 MiB unpacked, each preceded by its packed size.  Blocks do not refer
 * to one another.  No state.
 */
#include <lib/decompress.h>
#include <lib/str.h>

#define LZ4_BLOCK_MAX (8u << 20)
#define LZ4_MATCH_MIN 4

struct lz4 {
	const uint8_t *in, *in_end;
	uint8_t *out, *out_end, *first; /* of this block */
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* A length whose 4-bit part was @n: 15 means that bytes follow. */
static bool read_len(struct lz4 *z, size_t n, size_t *len)
{
	uint8_t b = 255;

	*len = n;
	while (n == 15 && b == 255) {
		if (z->in == z->in_end)
			return false;
		b = *z->in++;
		*len += b;
	}
	return true;
}

static bool copy_literals(struct lz4 *z, size_t len)
{
	if (len > (size_t)(z->in_end - z->in) ||
	    len > (size_t)(z->out_end - z->out))
		return false;
	memcpy(z->out, z->in, len);
	z->in += len;
	z->out += len;
	return true;
}

static bool copy_back(struct lz4 *z, size_t dist, size_t len)
{
	const uint8_t *src = z->out - dist;
	uint8_t *end;

	if (dist == 0 || dist > (size_t)(z->out - z->first) ||
	    len > (size_t)(z->out_end - z->out))
		return false;
	for (end = z->out + len; z->out < end;)
		*z->out++ = *src++;
	return true;
}

static bool lz4_block(struct lz4 *z)
{
	size_t len, dist;

	while (z->in < z->in_end) {
		uint8_t token = *z->in++;

		if (!read_len(z, token >> 4, &len) || !copy_literals(z, len))
			return false;
		if (z->in == z->in_end) /* the last sequence has no match */
			return true;
		if (z->in_end - z->in < 2)
			return false;
		dist = z->in[0] | (size_t)z->in[1] << 8;
		z->in += 2;
		if (!read_len(z, token & 15, &len) ||
		    !copy_back(z, dist, len + LZ4_MATCH_MIN))
			return false;
	}
	return false;
}

int unpack_lz4(struct unpack *u)
{
	size_t at = 4;

	/* What is left at the end may be the size that Linux appends. */
	while (at + 4 < u->in_len) {
		uint32_t packed = get32(u->in + at);
		size_t room = MIN(u->out_cap - u->out_len,
				  (size_t)LZ4_BLOCK_MAX);
		struct lz4 z = { .in = u->in + at + 4,
				 .first = u->out + u->out_len };

		if (packed > u->in_len - at - 4)
			return unpack_fail(u, -EINVAL, "LZ4 data cut off");
		z.in_end = z.in + packed;
		z.out = z.first;
		z.out_end = z.out + room;
		if (!lz4_block(&z))
			return unpack_fail(u, -EINVAL, "corrupt LZ4 data");
		u->out_len += (size_t)(z.out - z.first);
		at += 4 + (size_t)packed;
	}
	return 0;
}
