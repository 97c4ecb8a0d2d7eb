// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packing a file has, and the way to its decoder.  No state. */
#include <lib/decompress.h>
#include <lib/str.h>

static const struct {
	enum pack pack;
	uint8_t len;
	uint8_t bytes[6];
} magics[] = {
	{ PACK_NONE, 4, { 0x7f, 'E', 'L', 'F' } },
	{ PACK_GZIP, 2, { 0x1f, 0x8b } },
	{ PACK_XZ, 6, { 0xfd, '7', 'z', 'X', 'Z', 0 } },
	{ PACK_ZSTD, 4, { 0x28, 0xb5, 0x2f, 0xfd } },
	{ PACK_LZ4, 4, { 0x02, 0x21, 0x4c, 0x18 } },
};

static const struct {
	const char *name;
	int (*run)(struct unpack *u);
} decoders[] = {
	[PACK_GZIP] = { "gzip", unpack_gzip },
	[PACK_XZ] = { "XZ", unpack_xz },
	[PACK_ZSTD] = { "zstd", unpack_zstd },
	[PACK_LZ4] = { "LZ4", unpack_lz4 },
};

enum pack pack_identify(const void *in, size_t len)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(magics); i++)
		if (len >= magics[i].len &&
		    memcmp(in, magics[i].bytes, magics[i].len) == 0)
			return magics[i].pack;
	return PACK_UNKNOWN;
}

const char *pack_name(enum pack p)
{
	if (p < ARRAY_SIZE(decoders) && decoders[p].name)
		return decoders[p].name;
	return p == PACK_NONE ? "ELF" : "unknown";
}

void *unpack_alloc(struct unpack_arena *a, size_t size)
{
	void *p;

	if (size > a->size - a->used)
		return NULL;
	p = a->mem + a->used;
	a->used += MIN(ALIGN_UP(size, 64UL), a->size - a->used);
	return p;
}

int unpack_run(enum pack p, struct unpack *u)
{
	u->out_len = 0;
	u->why = "unknown packing";
	if (p >= ARRAY_SIZE(decoders) || !decoders[p].run)
		return -EINVAL;
	return decoders[p].run(u);
}
