// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zstd and gzip through the libraries of the build host, linked in statically.
 * They get all their memory from the arena and decode in one call from buffer
 * to buffer, so they need nothing of an operating system.  As they are compiled
 * for user space (SSE, a thread block at %fs), calls lie between the caller's
 * foreign_begin and foreign_end.  No state.
 */
#include <lib/decompress.h>
#include <lib/str.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (15 + 16) /* 32 KiB, with a gzip header */

/* Frames follow one another; what is no frame (Linux's size) ends them. */
static int zstd_frames(struct unpack *u, ZSTD_DCtx *ctx)
{
	size_t at = 0;

	while (u->in_len - at > 8 &&
	       pack_identify(u->in + at, u->in_len - at) == PACK_ZSTD) {
		size_t len = ZSTD_findFrameCompressedSize(u->in + at,
							  u->in_len - at);
		size_t n;

		if (ZSTD_isError(len))
			return unpack_fail(u, -EINVAL, "zstd data cut off");
		n = ZSTD_decompressDCtx(ctx, u->out + u->out_len,
					u->out_cap - u->out_len, u->in + at,
					len);
		if (ZSTD_isError(n))
			return unpack_fail(u, -EINVAL, "corrupt zstd data");
		u->out_len += n;
		at += len;
	}
	return 0;
}

int unpack_zstd(struct unpack *u)
{
	size_t size;
	void *mem;
	ZSTD_DCtx *ctx;
	int rc;

	unpack_foreign(u->foreign_begin);
	size = ZSTD_estimateDCtxSize();
	mem = unpack_alloc(&u->arena, size);
	ctx = mem ? ZSTD_initStaticDCtx(mem, size) : NULL;
	rc = ctx ? zstd_frames(u, ctx) :
		   unpack_fail(u, -ENOMEM, "no working memory");
	unpack_foreign(u->foreign_end);
	return rc;
}

static void *arena_alloc(void *arena, unsigned int n, unsigned int size)
{
	return unpack_alloc(arena, (size_t)n * size);
}

static void arena_free(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

/* zlib counts in 32 bits: input and output are handed over in steps. */
static int gzip_stream(struct unpack *u, z_stream *z)
{
	const size_t step = 1UL << 30;
	size_t in = 0;
	int rc = Z_OK;

	while (rc == Z_OK) {
		uInt room = (uInt)MIN(u->out_cap - u->out_len, step);
		uInt left = (uInt)MIN(u->in_len - in, step);

		z->next_in = (Bytef *)u->in + in;
		z->avail_in = left;
		z->next_out = u->out + u->out_len;
		z->avail_out = room;
		rc = inflate(z, Z_NO_FLUSH);
		in += left - z->avail_in;
		u->out_len += room - z->avail_out;
	}
	if (rc == Z_BUF_ERROR && u->out_len == u->out_cap)
		return unpack_fail(u, -ENOSPC, "gzip data larger than announced");
	if (rc != Z_STREAM_END)
		return unpack_fail(u, -EINVAL, "corrupt gzip data");
	return 0;
}

int unpack_gzip(struct unpack *u)
{
	z_stream z = { .zalloc = arena_alloc, .zfree = arena_free,
		       .opaque = &u->arena };
	int rc;

	unpack_foreign(u->foreign_begin);
	rc = inflateInit2(&z, GZIP_WINDOW) == Z_OK ?
		     gzip_stream(u, &z) :
		     unpack_fail(u, -ENOMEM, "no working memory");
	unpack_foreign(u->foreign_end);
	return rc;
}
