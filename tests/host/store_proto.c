/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_proto.c: tests of the wire codec, buffers and log limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strbuf.h"
#include "lib/xs_proto.h"

static void feed(struct xs_reader *r, const void *data, size_t len)
{
	char *at;
	size_t room = xs_reader_room(r, &at);

	assert_true(len <= room);
	memcpy(at, data, len);
	xs_reader_filled(r, len);
}

static void test_reader_byte_by_byte(void **state)
{
	static struct xs_reader r;
	struct xsd_sockmsg hdr = { XS_READ, 5, 6, 3 };
	char raw[sizeof(hdr) + 3];
	struct xs_msg m;
	size_t i;

	(void)state;
	memcpy(raw, &hdr, sizeof(hdr));
	memcpy(raw + sizeof(hdr), "/a", 3);
	for (i = 0; i < sizeof(raw); i++) {
		assert_int_equal(xs_reader_next(&r, &m), 0);
		feed(&r, raw + i, 1);
	}
	assert_int_equal(xs_reader_next(&r, &m), 1);
	assert_int_equal(m.hdr.req_id, 5);
	assert_string_equal(m.body, "/a");
	assert_int_equal(xs_reader_next(&r, &m), 0);
}

static void test_reader_many_at_once(void **state)
{
	static struct xs_reader r;
	struct xsd_sockmsg hdr = { XS_READ, 0, 0, 1 };
	struct xs_msg m;
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		hdr.req_id = i;
		feed(&r, &hdr, sizeof(hdr));
		feed(&r, "", 1);
	}
	for (i = 0; i < 100; i++) {
		assert_int_equal(xs_reader_next(&r, &m), 1);
		assert_int_equal(m.hdr.req_id, i);
	}
	assert_int_equal(xs_reader_next(&r, &m), 0);
}

static void test_reader_limits(void **state)
{
	static struct xs_reader r;
	struct xsd_sockmsg hdr = { XS_WRITE, 0, 0, XENSTORE_PAYLOAD_MAX };
	static char body[XENSTORE_PAYLOAD_MAX];
	struct xs_msg m;

	(void)state;
	feed(&r, &hdr, sizeof(hdr));
	feed(&r, body, sizeof(body));
	assert_int_equal(xs_reader_next(&r, &m), 1);
	assert_int_equal(m.hdr.len, XENSTORE_PAYLOAD_MAX);
	hdr.len++;
	feed(&r, &hdr, sizeof(hdr));
	assert_int_equal(xs_reader_next(&r, &m), -EPROTO);
}

static void test_split(void **state)
{
	const char *s[3];

	(void)state;
	assert_int_equal(xs_split("a\0bc\0", 5, s, 3), 2);
	assert_string_equal(s[0], "a");
	assert_string_equal(s[1], "bc");
	assert_int_equal(xs_split("a\0bc", 4, s, 3), -EINVAL);
	assert_int_equal(xs_split("", 0, s, 3), 0);
	assert_int_equal(xs_split("\0\0\0\0", 4, s, 3), 4);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "x",
					   "65536", "99999999999999999999" };
	uint32_t v = 9;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(xs_parse_u32(bad[i], 65535, &v), -EINVAL);
	assert_int_equal(xs_parse_u32("65535", 65535, &v), 0);
	assert_int_equal(v, 65535);
}

static void test_perms(void **state)
{
	static const char *const good[] = { "n0", "r1", "w22", "b65535" };
	static const char *const bad[] = { "", "n", "x1", "n-1", "r65536",
					   "rw1", "n1x" };
	char text[XS_PERM_TEXT];
	struct xs_perm p;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(xs_perm_parse(good[i], &p), 0);
		xs_perm_format(&p, text);
		assert_string_equal(text, good[i]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(xs_perm_parse(bad[i], &p), -EINVAL);
}

static bool valid(const char *path)
{
	return xs_path_valid(path, strlen(path), XENSTORE_REL_PATH_MAX);
}

static void test_paths(void **state)
{
	static const char *const good[] = { "/", "/a", "/a/b", "/A-_@9/x" };
	static const char *const bad[] = { "", "a", "/a/", "//", "/a//b",
					   "/a b", "/a:b", "/a\x80", "/a.b" };
	char path[XENSTORE_ABS_PATH_MAX + 8];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(valid(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(valid(bad[i]));
	/* The length counts from behind the domain's own directory. */
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	assert_true(xs_path_valid(path, 2048, 2048));
	assert_false(xs_path_valid(path, 2049, 2048));
	memcpy(path, "/local/domain/12/", 17);
	assert_true(xs_path_valid(path, 2048 + 17, 2048));
	assert_false(xs_path_valid(path, 2048 + 18, 2048));
	assert_false(xs_path_valid(path, XENSTORE_ABS_PATH_MAX, 4000));
}

static void test_errors(void **state)
{
	(void)state;
	assert_string_equal(xs_error_name(EAGAIN), "EAGAIN");
	assert_string_equal(xs_error_name(ERANGE), "EINVAL");
	assert_int_equal(xs_error_number("ENOENT", 7), ENOENT);
	assert_int_equal(xs_error_number("ENOENT", 6), ENOENT);
	assert_int_equal(xs_error_number("ENOENTX", 7), EINVAL);
}

static void test_strbuf(void **state)
{
	struct strbuf sb = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		strbuf_printf(&sb, "%d,", i);
	assert_int_equal(sb.err, 0);
	assert_int_equal(strlen(sb.data), sb.len);
	strbuf_consume(&sb, 2);
	assert_memory_equal(sb.data, "1,2,", 4);
	strbuf_reserve(&sb, SIZE_MAX / 2);
	assert_int_equal(sb.err, -ENOMEM);
	strbuf_adds(&sb, "ignored");
	assert_int_equal(sb.err, -ENOMEM);
	strbuf_free(&sb);
}

static void test_log_limit(void **state)
{
	struct log_limit l = { 0 };
	unsigned int missed = 0, allowed = 0, i;

	(void)state;
	for (i = 0; i < 100; i++)
		allowed += log_limited(&l, 5, 1000, 0, &missed);
	assert_int_equal(allowed, 5);
	assert_true(log_limited(&l, 5, 1000, 1000, &missed));
	assert_int_equal(missed, 95);
	assert_false(log_limited(&l, 5, 1000, 1500, &missed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_byte_by_byte),
		cmocka_unit_test(test_reader_many_at_once),
		cmocka_unit_test(test_reader_limits),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_perms),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_log_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
