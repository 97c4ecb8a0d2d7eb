// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What kind of kernel a module is.  The x86 boot protocol's header says where
 * a bzImage keeps its payload (protocol 2.08 on).  No state.
 */
#include <lib/kernel_image.h>
#include <lib/str.h>

/* Offsets in a bzImage. */
enum {
	BZ_SETUP_SECTS = 0x1f1,
	BZ_MAGIC = 0x202, /* "HdrS" */
	BZ_VERSION = 0x206,
	BZ_PAYLOAD_OFFSET = 0x248,
	BZ_PAYLOAD_LENGTH = 0x24c,
	BZ_HEADER_END = 0x250,
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static int bad(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

static bool is_bzimage(const uint8_t *m, size_t len)
{
	return len >= BZ_HEADER_END && memcmp(m + BZ_MAGIC, "HdrS", 4) == 0;
}

static int open_bzimage(struct kernel_image *k, const uint8_t *m, size_t len,
			const char **why)
{
	unsigned int version = m[BZ_VERSION] | m[BZ_VERSION + 1] << 8;
	unsigned int sectors = m[BZ_SETUP_SECTS] ? m[BZ_SETUP_SECTS] : 4;
	uint64_t start = (sectors + 1) * 512UL +
			 get32(m + BZ_PAYLOAD_OFFSET);
	uint64_t size = get32(m + BZ_PAYLOAD_LENGTH);

	if (version < 0x208)
		return bad(why, "a bzImage older than boot protocol 2.08");
	if (start > len || size > len - start || size < 16)
		return bad(why, "a bzImage whose payload lies outside");
	k->bzimage = true;
	k->payload = m + start;
	k->payload_len = size;
	return 0;
}

size_t unpack_size_hint(enum pack p, const void *in, size_t len)
{
	/* gzip ends with the size; Linux appends it to the others. */
	if (p == PACK_NONE || p == PACK_UNKNOWN || len < 4)
		return 0;
	return get32((const uint8_t *)in + len - 4);
}

/* A file packed by hand, so without the size at its end: a generous guess. */
static size_t guess_size(size_t packed)
{
	size_t guess = MAX(packed * 12, 96UL << 20);

	return MIN(guess, KERNEL_UNPACKED_MAX);
}

int kernel_image_open(struct kernel_image *k, const void *module, size_t len,
		      const char **why)
{
	size_t hint;
	int rc = 0;

	*k = (struct kernel_image){ .payload = module, .payload_len = len };
	if (is_bzimage(module, len))
		rc = open_bzimage(k, module, len, why);
	if (rc)
		return rc;
	k->pack = pack_identify(k->payload, k->payload_len);
	if (k->pack == PACK_UNKNOWN)
		return bad(why, k->bzimage ?
			   "a bzImage with an unknown kind of compression" :
			   "neither a bzImage nor an ELF file");
	if (k->pack == PACK_NONE)
		return 0;
	hint = unpack_size_hint(k->pack, k->payload, k->payload_len);
	if (!k->bzimage && k->pack != PACK_GZIP)
		hint = guess_size(k->payload_len);
	if (hint == 0 || hint > KERNEL_UNPACKED_MAX)
		return bad(why, "a compressed kernel of an impossible size");
	k->unpacked_size = hint;
	return 0;
}
