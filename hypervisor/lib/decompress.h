/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking of kernels and ramdisks into one flat buffer.  Input is untrusted:
 * nothing outside [in, in + in_len) is read and nothing outside
 * [out, out + out_cap) is written, whatever it says.
 *
 * XZ and LZ4 are decoded by code of ours: a flat output needs no separate
 * dictionary, which makes XZ several times cheaper than a general library.
 * zstd and gzip are the libraries' (decompress_libs.c).
 */
#ifndef LIB_DECOMPRESS_H
#define LIB_DECOMPRESS_H

#include <lib/types.h>

enum pack { PACK_NONE, PACK_GZIP, PACK_XZ, PACK_ZSTD, PACK_LZ4, PACK_UNKNOWN };

/* By the first bytes; PACK_NONE is an ELF file. */
enum pack pack_identify(const void *in, size_t len);
const char *pack_name(enum pack p);

/* How decoders get working memory. Nothing they hold survives the call. */
struct unpack_arena {
	uint8_t *mem; /* 64-byte aligned */
	size_t size, used;
};

/* What a decoder needs at most besides its output. */
#define UNPACK_ARENA_SIZE (1UL << 20)

struct unpack {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_cap;
	size_t out_len; /* result */
	struct unpack_arena arena;
	/* Called around code that was compiled for user space; or NULL. */
	void (*foreign_begin)(void), (*foreign_end)(void);
	/* A faster crc32_of(), to be used between these two; or NULL. */
	uint32_t (*crc32)(const void *p, size_t len);
	const char *why; /* a reason if it fails */
};

/* 0 or -EINVAL (corrupt or not supported) or -ENOSPC (output too large). */
int unpack_run(enum pack p, struct unpack *u);
int unpack_xz(struct unpack *u);
int unpack_lz4(struct unpack *u);
int unpack_zstd(struct unpack *u);
int unpack_gzip(struct unpack *u);

/*
 * The unpacked size as the format's own fields tell it, without unpacking, or
 * 0 if they do not. Not to be believed, only to size a buffer by.
 */
size_t unpack_size_hint(enum pack p, const void *in, size_t len);

void *unpack_alloc(struct unpack_arena *a, size_t size);

/* Call @fn, foreign_begin or foreign_end, if there is one. */
static inline void unpack_foreign(void (*fn)(void))
{
	if (fn)
		fn();
}

static inline int unpack_fail(struct unpack *u, int err, const char *why)
{
	u->why = why;
	return err;
}

/* CRCs as gzip, XZ and Ethernet use them (reflected, inverted). */
uint32_t crc32_of(const void *p, size_t len);
uint32_t crc32_step(uint32_t crc, const void *p, size_t len); /* no inversion */
uint64_t crc64_of(const void *p, size_t len);

/* --- inside XZ --- */

/*
 * One LZMA2 stream (XZ's filter 0x21) from @in to @out, up to its end marker.
 * @out_cap bytes may be written; distances reach back to @out. On success *@used
 * and *@made say how much was read and written. @work: LZMA2_WORK_SIZE bytes.
 */
#define LZMA2_WORK_SIZE (48 << 10)
int lzma2_decode(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_cap,
		 void *work, size_t *used, size_t *made);

/* Undo XZ's x86 branch filter on the whole of a block, in place. */
void bcj_x86_decode(uint8_t *buf, size_t len);

#endif
