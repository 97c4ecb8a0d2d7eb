// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our decoders against the libraries' packers: every setting of LZMA2, both
 * checks, the x86 filter, several blocks; then the same data damaged and cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <lib/decompress.h>

#define PLAIN_MAX (600 << 10)

static uint8_t plain[PLAIN_MAX];
static uint8_t *packed, *out;
static size_t plain_len, packed_len;
static uint8_t arena[UNPACK_ARENA_SIZE] __attribute__((aligned(64)));

uint32_t x86_crc32(const void *p, size_t len);

/* Text-like, code-like, noise, or long runs. */
static void make_plain(unsigned int kind, size_t len)
{
	plain_len = len;
	for (size_t i = 0; i < len; i++) {
		uint8_t b = (uint8_t)rand();

		if (kind == 0)
			b = "etaoin shrdlu\n"[b % 14];
		else if (kind == 1 && i % 7 == 0)
			b = 0xe8 | (b & 1);
		else if (kind == 1)
			b = b % 3 ? 0 : 0xff;
		else if (kind == 3)
			b = (uint8_t)(i >> 12);
		if (kind < 2 && i > 300 && rand() % 40 == 0) {
			size_t back = 1 + (size_t)rand() % 300;
			size_t n = MIN((size_t)rand() % 300, len - i);

			for (size_t k = 0; k < n; k++)
				plain[i + k] = plain[i + k - back];
			i += n;
			if (i >= len)
				break;
		}
		plain[i] = b;
	}
}

static int unpack(enum pack p, const uint8_t *in, size_t len, size_t cap)
{
	struct unpack u = { .in = in, .in_len = len, .out = out,
			    .out_cap = cap,
			    .arena = { arena, sizeof(arena), 0 } };
	int rc = unpack_run(p, &u);

	assert_true(u.out_len <= cap);
	if (rc)
		assert_true(u.why && *u.why);
	else
		assert_int_equal(u.out_len, plain_len);
	return rc;
}

static void expect_plain(enum pack p)
{
	uint8_t *exact = malloc(packed_len);

	memcpy(exact, packed, packed_len);
	out = malloc(plain_len + 1);
	assert_int_equal(pack_identify(exact, packed_len), p);
	assert_int_equal(unpack(p, exact, packed_len, plain_len), 0);
	assert_memory_equal(out, plain, plain_len);
	free(out);
	free(exact);
}

static void pack_xz(lzma_options_lzma *opt, bool x86, lzma_check check)
{
	lzma_filter f[3] = { { LZMA_FILTER_X86, NULL },
			     { LZMA_FILTER_LZMA2, opt },
			     { LZMA_VLI_UNKNOWN, NULL } };
	size_t cap = plain_len + plain_len / 2 + 4096;

	free(packed);
	packed = malloc(cap);
	packed_len = 0;
	assert_int_equal(lzma_stream_buffer_encode(x86 ? f : f + 1, check,
						   NULL, plain, plain_len,
						   packed, &packed_len, cap),
			 LZMA_OK);
}

static void xz_of_every_kind(void **state)
{
	lzma_options_lzma opt;

	(void)state;
	for (unsigned int n = 0; n < 60; n++) {
		assert_false(lzma_lzma_preset(&opt, n % 10));
		opt.lc = n % 5;
		opt.lp = n % 3 > 4 - opt.lc ? 4 - opt.lc : n % 3;
		opt.pb = n % 5;
		opt.dict_size = 4096u << (n % 8);
		make_plain(n % 4, 1 + (size_t)rand() % PLAIN_MAX);
		pack_xz(&opt, n & 1, n % 3 == 0 ? LZMA_CHECK_NONE :
			n % 3 == 1 ? LZMA_CHECK_CRC32 : LZMA_CHECK_CRC64);
		expect_plain(PACK_XZ);
	}
}

static void xz_small_and_of_blocks(void **state)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma opt;

	(void)state;
	lzma_lzma_preset(&opt, 6);
	for (size_t len = 0; len < 40; len++) {
		make_plain(0, len);
		pack_xz(&opt, false, LZMA_CHECK_NONE);
		expect_plain(PACK_XZ);
	}
	make_plain(1, PLAIN_MAX);
	packed = realloc(packed, 2 * PLAIN_MAX);
	assert_int_equal(lzma_easy_encoder(&s, 3, LZMA_CHECK_CRC32), LZMA_OK);
	s.next_out = packed;
	s.avail_out = 2 * PLAIN_MAX;
	for (size_t at = 0; at < PLAIN_MAX; at += PLAIN_MAX / 4) {
		s.next_in = plain + at;
		s.avail_in = PLAIN_MAX / 4;
		while (lzma_code(&s, LZMA_FULL_FLUSH) != LZMA_STREAM_END)
			;
	}
	assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	packed_len = s.total_out;
	lzma_end(&s);
	expect_plain(PACK_XZ);
}

/* Runs of every short period and length, up to the very end of the buffer. */
static void xz_of_runs(void **state)
{
	lzma_options_lzma opt;

	(void)state;
	lzma_lzma_preset(&opt, 6);
	for (size_t period = 1; period <= 16; period++) {
		plain_len = 0;
		for (size_t len = 1; len < 40; len++) {
			for (size_t i = 0; i < period; i++)
				plain[plain_len++] = (uint8_t)rand();
			for (size_t i = 0; i < len; i++, plain_len++)
				plain[plain_len] = plain[plain_len - period];
			pack_xz(&opt, false, LZMA_CHECK_NONE);
			expect_plain(PACK_XZ);
		}
	}
}

/*
 * A damaged stream is refused, or the damage was in a place that says nothing
 * about the data; it never writes outside (ASan looks).
 */
static void damage(enum pack p, unsigned int rounds)
{
	out = malloc(plain_len + 1);
	for (unsigned int n = 0; n < rounds; n++) {
		size_t len = n % 4 ? packed_len : (size_t)rand() % packed_len;
		uint8_t *copy = malloc(len + 1);
		struct unpack u = { .in = copy, .in_len = len, .out = out,
				    .out_cap = plain_len,
				    .arena = { arena, sizeof(arena), 0 } };

		memcpy(copy, packed, len);
		for (unsigned int k = 0; n % 4 && len && k < 1 + n % 3; k++)
			copy[(size_t)rand() % len] ^= (uint8_t)(1 + rand() % 255);
		(void)unpack_run(p, &u);
		free(copy);
	}
	free(out);
}

static void damaged_xz(void **state)
{
	lzma_options_lzma opt;

	(void)state;
	lzma_lzma_preset(&opt, 6);
	for (unsigned int kind = 0; kind < 4; kind++) {
		make_plain(kind, 20000);
		pack_xz(&opt, kind & 1, LZMA_CHECK_NONE);
		damage(PACK_XZ, 1500);
	}
}

static void larger_than_announced(void **state)
{
	lzma_options_lzma opt;

	(void)state;
	lzma_lzma_preset(&opt, 6);
	make_plain(0, 50000);
	pack_xz(&opt, false, LZMA_CHECK_CRC32);
	out = malloc(40000);
	assert_int_equal(unpack(PACK_XZ, packed, packed_len, 40000), -ENOSPC);
	free(out);
}

static void gzip(void **state)
{
	z_stream z = { .zalloc = Z_NULL };

	(void)state;
	for (unsigned int kind = 0; kind < 4; kind++) {
		make_plain(kind, 1 + (size_t)rand() % PLAIN_MAX);
		packed = realloc(packed, 2 * PLAIN_MAX);
		memset(&z, 0, sizeof(z));
		assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8,
					      Z_DEFAULT_STRATEGY), Z_OK);
		z.next_in = plain;
		z.avail_in = (uInt)plain_len;
		z.next_out = packed;
		z.avail_out = 2 * PLAIN_MAX;
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		packed_len = z.total_out;
		deflateEnd(&z);
		expect_plain(PACK_GZIP);
	}
	damage(PACK_GZIP, 500);
}

/* With the size that Linux appends, which is no frame. */
static void zstd(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 4; kind++) {
		make_plain(kind, 1 + (size_t)rand() % PLAIN_MAX);
		packed = realloc(packed, 2 * PLAIN_MAX);
		packed_len = ZSTD_compress(packed, 2 * PLAIN_MAX - 4, plain,
					   plain_len, kind * 6);
		assert_false(ZSTD_isError(packed_len));
		memcpy(packed + packed_len, &(uint32_t){ (uint32_t)plain_len },
		       4);
		packed_len += 4;
		assert_int_equal(unpack_size_hint(PACK_ZSTD, packed,
						  packed_len), plain_len);
		expect_plain(PACK_ZSTD);
	}
	damage(PACK_ZSTD, 500);
}

/* The block format by hand: literals, overlapping copies, long lengths. */
static void lz4(void **state)
{
	static const uint8_t block[] = {
		0x4f, 'a', 'b', 'c', 'd', 4, 0, 255, 10, /* copy 15+255+10+4 */
		0x20, 'x', 'y', 1, 0, /* two literals, copy 4 of 'y' */
		0xf0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	};
	uint32_t head[2] = { 0x184c2102, sizeof(block) };

	(void)state;
	for (plain_len = 0; plain_len < 288; plain_len++)
		plain[plain_len] = "abcd"[plain_len % 4];
	memcpy(plain + plain_len, "xyyyyy", 6);
	plain_len += 6;
	for (uint8_t i = 1; i <= 16; i++)
		plain[plain_len++] = i;
	packed = realloc(packed, 100);
	memcpy(packed, head, 8);
	memcpy(packed + 8, block, sizeof(block));
	packed_len = 8 + sizeof(block);
	expect_plain(PACK_LZ4);
	damage(PACK_LZ4, 4000);
}

static void crcs(void **state)
{
	(void)state;
	assert_int_equal(crc32_of("123456789", 9), 0xcbf43926);
	assert_true(crc64_of("123456789", 9) == 0x995dc9bbdf1939faUL);
	make_plain(2, 4096);
	for (size_t at = 0; at < 64; at++)
		for (size_t len = 0; len < 700; len += 13)
			assert_int_equal(x86_crc32(plain + at, len),
					 crc32_of(plain + at, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xz_of_every_kind),
		cmocka_unit_test(xz_small_and_of_blocks),
		cmocka_unit_test(xz_of_runs),
		cmocka_unit_test(damaged_xz),
		cmocka_unit_test(larger_than_announced),
		cmocka_unit_test(gzip),
		cmocka_unit_test(zstd),
		cmocka_unit_test(lz4),
		cmocka_unit_test(crcs),
	};
	int rc;

	srand(1);
	rc = cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
	free(packed);
	return rc;
}
