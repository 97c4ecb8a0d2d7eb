// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The .xz container: a stream of blocks, each LZMA2, with or without the x86
 * branch filter after it.  Checks CRC32 and CRC64 are verified, SHA-256 is
 * passed over.  The index at the end is not needed and not read.  No state.
 */
#include <lib/decompress.h>
#include <lib/str.h>

#define XZ_HEADER 12
#define FILTER_X86 0x04
#define FILTER_LZMA2 0x21

enum xz_check { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4 };

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* XZ's variable-length numbers: 7 bits a byte, low ones first. */
static bool read_vli(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 63 && *p < end; shift += 7) {
		uint8_t b = *(*p)++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*out = v;
			return true;
		}
	}
	return false;
}

/* The check at the end of each block has this many bytes. */
static unsigned int check_size(unsigned int type)
{
	static const uint8_t sizes[16] = { 0,  4,  4,  4,  8,  8,  8,  16,
					   16, 16, 32, 32, 32, 64, 64, 64 };

	return sizes[type & 15];
}

static int stream_header(struct unpack *u, unsigned int *check)
{
	static const uint8_t magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	if (u->in_len < XZ_HEADER || memcmp(u->in, magic, 6))
		return unpack_fail(u, -EINVAL, "no XZ header");
	if (crc32_of(u->in + 6, 2) != get32(u->in + 8))
		return unpack_fail(u, -EINVAL, "bad checksum of the XZ header");
	if (u->in[6] != 0 || u->in[7] > 15)
		return unpack_fail(u, -EINVAL, "unknown XZ stream flags");
	*check = u->in[7];
	return 0;
}

/* One or two filters, the last of which is LZMA2. */
static bool read_filters(const uint8_t *p, const uint8_t *end,
			 unsigned int count, bool *x86)
{
	uint64_t id, size;

	*x86 = false;
	for (unsigned int i = 0; i < count; i++) {
		if (!read_vli(&p, end, &id) || !read_vli(&p, end, &size) ||
		    size > (uint64_t)(end - p))
			return false;
		if (i == count - 1)
			return id == FILTER_LZMA2 && size == 1;
		/* A start offset, the filter's option, is never used. */
		if (id != FILTER_X86 || size != 0 || *x86)
			return false;
		*x86 = true;
		p += size;
	}
	return false;
}

/* *@size: of the header. */
static int block_header(struct unpack *u, const uint8_t *p, size_t left,
			size_t *size, bool *x86)
{
	const uint8_t *q = p + 2, *end;
	uint64_t ignored;

	*size = ((size_t)p[0] + 1) * 4;
	if (*size > left || *size < 8)
		return unpack_fail(u, -EINVAL, "XZ block header cut off");
	end = p + *size - 4;
	if (crc32_of(p, *size - 4) != get32(end))
		return unpack_fail(u, -EINVAL, "bad checksum of an XZ block");
	if ((p[1] & 0x3c) ||
	    ((p[1] & 0x40) && !read_vli(&q, end, &ignored)) ||
	    ((p[1] & 0x80) && !read_vli(&q, end, &ignored)) ||
	    !read_filters(q, end, (p[1] & 3) + 1, x86))
		return unpack_fail(u, -EINVAL, "unsupported XZ filters");
	return 0;
}

static uint32_t block_crc32(const struct unpack *u, const void *p, size_t len)
{
	uint32_t crc;

	if (!u->crc32)
		return crc32_of(p, len);
	unpack_foreign(u->foreign_begin);
	crc = u->crc32(p, len);
	unpack_foreign(u->foreign_end);
	return crc;
}

static bool check_matches(const struct unpack *u, unsigned int type,
			  const uint8_t *out, size_t len, const uint8_t *stored)
{
	uint64_t sum;

	switch (type) {
	case CHECK_CRC32:
		return block_crc32(u, out, len) == get32(stored);
	case CHECK_CRC64:
		memcpy(&sum, stored, 8);
		return crc64_of(out, len) == sum;
	default:
		return true;
	}
}

/* A block at offset @at of the input, whose header starts there. */
static int read_block(struct unpack *u, size_t *at, unsigned int check,
		      void *work)
{
	const uint8_t *p = u->in + *at;
	uint8_t *out = u->out + u->out_len;
	size_t header, used, made, pos;
	bool x86;
	int rc = block_header(u, p, u->in_len - *at, &header, &x86);

	if (rc)
		return rc;
	rc = lzma2_decode(p + header, u->in_len - *at - header, out,
			  u->out_cap - u->out_len, work, &used, &made);
	if (rc)
		return unpack_fail(u, rc, rc == -ENOSPC ?
				   "XZ data larger than announced" :
				   "corrupt XZ data");
	if (x86)
		bcj_x86_decode(out, made);
	pos = *at + header + ALIGN_UP(used, (size_t)4);
	if (pos + check_size(check) > u->in_len)
		return unpack_fail(u, -EINVAL, "XZ block cut off");
	if (!check_matches(u, check, out, made, u->in + pos))
		return unpack_fail(u, -EINVAL, "bad checksum of XZ data");
	*at = pos + check_size(check);
	u->out_len += made;
	return 0;
}

int unpack_xz(struct unpack *u)
{
	void *work = unpack_alloc(&u->arena, LZMA2_WORK_SIZE);
	unsigned int check;
	size_t at = XZ_HEADER;
	int rc;

	if (!work)
		return unpack_fail(u, -ENOMEM, "no working memory");
	rc = stream_header(u, &check);
	/* Blocks start with their size, the index that ends them with 0. */
	while (rc == 0) {
		if (at >= u->in_len)
			return unpack_fail(u, -EINVAL, "XZ data cut off");
		if (u->in[at] == 0)
			break;
		rc = read_block(u, &at, check, work);
	}
	return rc;
}
