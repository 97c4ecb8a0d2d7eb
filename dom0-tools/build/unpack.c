// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unpack.c: bzImage and the packings that Linux uses for its payload.
 *
 * State: a growing output buffer per call.  Invariants: the output never
 * exceeds UNPACK_MAX, whatever the file claims; the libraries see only bytes
 * inside the input.  A bzImage ends its payload with the unpacked size in
 * four bytes, which the decoders here ignore: they stop at the end of their
 * own stream.
 */
#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "unpack.h"

/* Linux's x86 boot protocol: where a bzImage keeps what we need. */
#define BZ_SETUP_SECTS 0x1f1
#define BZ_MAGIC 0x202
#define BZ_VERSION 0x206
#define BZ_PAYLOAD_OFFSET 0x248
#define BZ_PAYLOAD_LENGTH 0x24c
#define BZ_HEADER_END 0x250
#define BZ_VERSION_PAYLOAD 0x208
#define SECTOR 512

/* The first allocation; doubled as needed. */
#define FIRST_ROOM (32ul << 20)

struct output {
	uint8_t *buf;
	size_t used, room;
};

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Makes room for more output; false at the limit or without memory. */
static bool output_grow(struct output *out)
{
	size_t room = out->room ? out->room * 2 : FIRST_ROOM;
	uint8_t *buf;

	if (out->room >= UNPACK_MAX)
		return false;
	if (room > UNPACK_MAX)
		room = UNPACK_MAX;
	buf = realloc(out->buf, room);
	if (!buf)
		return false;
	out->buf = buf;
	out->room = room;
	return true;
}

static int bad_data(struct fail *fail, enum pack_kind kind)
{
	return fail_set(fail, -ENOEXEC,
			"the %s data is damaged or cut short: install the kernel again",
			unpack_name(kind));
}

static int too_big(struct fail *fail)
{
	return fail_set(fail, -EFBIG,
			"the kernel unpacks to more than %lu MiB, or memory ran out",
			UNPACK_MAX >> 20);
}

static int unpack_gzip(const struct packed *in, struct output *out,
		       struct fail *fail)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in->data };
	int rc;

	if (in->len > UINT32_MAX)
		return too_big(fail);
	z.avail_in = (uInt)in->len;
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return fail_set(fail, -ENOMEM, "no memory to unpack");
	do {
		uInt before;

		if (out->used == out->room && !output_grow(out)) {
			inflateEnd(&z);
			return too_big(fail);
		}
		z.next_out = out->buf + out->used;
		z.avail_out = before = (uInt)(out->room - out->used);
		rc = inflate(&z, Z_NO_FLUSH);
		out->used += before - z.avail_out;
	} while (rc == Z_OK);
	inflateEnd(&z);
	return rc == Z_STREAM_END ? 0 : bad_data(fail, in->kind);
}

static int unpack_xz(const struct packed *in, struct output *out,
		     struct fail *fail)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_ret rc;

	if (lzma_stream_decoder(&xz, UNPACK_MAX, 0) != LZMA_OK)
		return fail_set(fail, -ENOMEM, "no memory to unpack");
	xz.next_in = in->data;
	xz.avail_in = in->len;
	do {
		if (out->used == out->room && !output_grow(out)) {
			lzma_end(&xz);
			return too_big(fail);
		}
		xz.next_out = out->buf + out->used;
		xz.avail_out = out->room - out->used;
		rc = lzma_code(&xz, LZMA_FINISH);
		out->used = out->room - xz.avail_out;
	} while (rc == LZMA_OK);
	lzma_end(&xz);
	return rc == LZMA_STREAM_END ? 0 : bad_data(fail, in->kind);
}

static int unpack_zstd(const struct packed *in, struct output *out,
		       struct fail *fail)
{
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	ZSTD_inBuffer from = { in->data, in->len, 0 };
	size_t left = 1;
	int rc = 0;

	if (!ctx)
		return fail_set(fail, -ENOMEM, "no memory to unpack");
	/* Kernels are packed with windows up to 128 MiB. */
	ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, 27);
	while (left && !rc) {
		ZSTD_outBuffer to;
		size_t before = from.pos;

		if (out->used == out->room && !output_grow(out)) {
			rc = too_big(fail);
			break;
		}
		to = (ZSTD_outBuffer){ out->buf, out->room, out->used };
		left = ZSTD_decompressStream(ctx, &to, &from);
		if (ZSTD_isError(left) ||
		    (left && from.pos == before && to.pos == out->used))
			rc = bad_data(fail, in->kind);
		out->used = to.pos;
	}
	ZSTD_freeDCtx(ctx);
	return rc;
}

/* A length in LZ4's notation: a nibble, then bytes while they are 255. */
static bool lz4_length(const uint8_t **p, const uint8_t *end, size_t *len)
{
	uint8_t byte;

	if (*len != 15)
		return true;
	do {
		if (*p == end)
			return false;
		byte = *(*p)++;
		*len += byte;
	} while (byte == 255);
	return true;
}

/* Appends bytes from @offset back in what this block has produced. */
static bool lz4_match(struct output *out, size_t start, size_t offset,
		      size_t len)
{
	if (!offset || offset > out->used - start)
		return false;
	while (len > out->room - out->used) {
		if (!output_grow(out))
			return false;
	}
	for (; len; len--, out->used++)
		out->buf[out->used] = out->buf[out->used - offset];
	return true;
}

static bool lz4_literals(struct output *out, const uint8_t *p, size_t len)
{
	while (len > out->room - out->used) {
		if (!output_grow(out))
			return false;
	}
	memcpy(out->buf + out->used, p, len);
	out->used += len;
	return true;
}

static bool lz4_block(struct output *out, const uint8_t *p, size_t size)
{
	const uint8_t *end = p + size;
	size_t start = out->used;

	while (p < end) {
		uint8_t token = *p++;
		size_t literals = token >> 4, match = token & 15, offset;

		if (!lz4_length(&p, end, &literals) ||
		    literals > (size_t)(end - p) ||
		    !lz4_literals(out, p, literals))
			return false;
		p += literals;
		if (p == end)
			return true;
		if (end - p < 2)
			return false;
		offset = p[0] | p[1] << 8;
		p += 2;
		if (!lz4_length(&p, end, &match) ||
		    !lz4_match(out, start, offset, match + 4))
			return false;
	}
	return true;
}

/* The framing that Linux uses: a magic, then sized blocks. */
static int unpack_lz4(const struct packed *in, struct output *out,
		      struct fail *fail)
{
	const uint8_t *p = in->data + 4, *end = in->data + in->len;

	/* Fewer than four more bytes, or a bzImage's size word, end it. */
	while (end - p > 4) {
		uint32_t size = le32(p);

		p += 4;
		if (!size || size > (size_t)(end - p) ||
		    !lz4_block(out, p, size))
			return bad_data(fail, in->kind);
		p += size;
	}
	return 0;
}

static const struct packing {
	const char *name;
	uint8_t magic[6];
	uint8_t magic_len;
	int (*unpack)(const struct packed *in, struct output *out,
		      struct fail *fail);
} packings[PACK_KINDS] = {
	[PACK_NONE] = { "ELF", { 0x7f, 'E', 'L', 'F' }, 4, NULL },
	[PACK_GZIP] = { "gzip", { 0x1f, 0x8b }, 2, unpack_gzip },
	[PACK_XZ] = { "XZ", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	[PACK_ZSTD] = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
	[PACK_LZ4] = { "LZ4", { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4 },
};

/* Packings that Linux knows and we do not unpack. */
static const struct foreign_packing {
	const char *name;
	const char *magic;
	size_t magic_len;
} foreign[] = {
	{ "bzip2", "BZh", 3 },
	{ "LZMA", "\x5d\0\0", 3 },
	{ "LZO", "\x89LZO", 4 },
};

const char *unpack_name(enum pack_kind kind)
{
	return kind < PACK_KINDS ? packings[kind].name : "unknown";
}

static enum pack_kind kind_of(const uint8_t *data, size_t len)
{
	for (int k = 0; k < PACK_KINDS; k++) {
		if (len >= packings[k].magic_len &&
		    !memcmp(data, packings[k].magic, packings[k].magic_len))
			return (enum pack_kind)k;
	}
	return PACK_UNKNOWN;
}

static int unknown_kind(const struct packed *in, struct fail *fail)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct foreign_packing *f = &foreign[i];

		if (in->len >= f->magic_len &&
		    !memcmp(in->data, f->magic, f->magic_len))
			return fail_set(fail, -ENOEXEC,
					"the kernel is packed with %s, which is not supported: unpack it first (Linux's scripts/extract-vmlinux does)",
					f->name);
	}
	return fail_set(fail, -ENOEXEC,
			"neither an ELF file nor a bzImage nor a packed kernel: is this the right file?");
}

/* Narrows @out to a bzImage's payload; false if there is none inside. */
static bool bzimage_payload(const uint8_t *data, size_t len,
			    struct packed *out)
{
	uint64_t setup, offset, size;

	setup = data[BZ_SETUP_SECTS] ? data[BZ_SETUP_SECTS] : 4;
	offset = (setup + 1) * SECTOR + le32(data + BZ_PAYLOAD_OFFSET);
	size = le32(data + BZ_PAYLOAD_LENGTH);
	if (offset > len || size > len - offset)
		return false;
	out->data = data + offset;
	out->len = size;
	return true;
}

static bool is_bzimage(const uint8_t *data, size_t len)
{
	return len >= BZ_HEADER_END && !memcmp(data + BZ_MAGIC, "HdrS", 4);
}

int unpack_probe(const uint8_t *data, size_t len, struct packed *out,
		 struct fail *fail)
{
	out->data = data;
	out->len = len;
	if (is_bzimage(data, len)) {
		if ((data[BZ_VERSION] | data[BZ_VERSION + 1] << 8) <
		    BZ_VERSION_PAYLOAD)
			return fail_set(fail, -ENOEXEC,
					"a bzImage of a boot protocol older than 2.08: its kernel cannot be found");
		if (!bzimage_payload(data, len, out))
			return fail_set(fail, -ENOEXEC,
					"the bzImage is cut short: its payload lies outside the file");
	}
	out->kind = kind_of(out->data, out->len);
	return out->kind == PACK_UNKNOWN ? unknown_kind(out, fail) : 0;
}

int unpack(const struct packed *in, uint8_t **out, size_t *out_len,
	   struct fail *fail)
{
	struct output o = { 0 };
	int rc;

	if (in->kind >= PACK_KINDS || !packings[in->kind].unpack)
		return fail_set(fail, -EINVAL, "nothing to unpack");
	rc = packings[in->kind].unpack(in, &o, fail);
	if (rc) {
		free(o.buf);
		return rc;
	}
	*out = o.buf;
	*out_len = o.used;
	return 0;
}
