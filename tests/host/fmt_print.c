// SPDX-License-Identifier: GPL-2.0-or-later
/* Formatting against the C library's, for all that it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <lib/str.h>

#define SAME(...)                                                        \
	do {                                                             \
		char x_[100], y_[100];                                   \
		int n_ = snprintf(x_, sizeof(x_), __VA_ARGS__);          \
		assert_int_equal(fmt_snprintf(y_, sizeof(y_),            \
					      __VA_ARGS__), n_);         \
		assert_string_equal(x_, y_);                             \
	} while (0)

static void test_integers(void **state)
{
	const long v[] = { 0, 1, -1, 9, 10, 255, -4096, 2147483647,
			   -2147483647 - 1, 0x7fffffffffffffff,
			   -0x7fffffffffffffff - 1 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		SAME("%d|%5d|%-5d|%05d", (int)v[i], (int)v[i], (int)v[i],
		     (int)v[i]);
		SAME("%u %x %X %08x", (unsigned int)v[i], (unsigned int)v[i],
		     (unsigned int)v[i], (unsigned int)v[i]);
		SAME("%ld %lu %lx %016lx", v[i], (unsigned long)v[i],
		     (unsigned long)v[i], (unsigned long)v[i]);
		SAME("%lld %llx %zu", (long long)v[i],
		     (unsigned long long)v[i], (size_t)v[i]);
		SAME("%hu %hhx", (unsigned short)v[i], (unsigned char)v[i]);
	}
}

static void test_text(void **state)
{
	(void)state;
	SAME("%s|%8s|%-8s|%.2s|%c|%%", "abc", "abc", "abc", "abc", 'z');
	SAME("%s", "");
	SAME("plain");
}

static void test_bounds(void **state)
{
	char buf[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(fmt_snprintf(buf, 4, "%d", 123456), 6);
	assert_string_equal(buf, "123");
	assert_int_equal(buf[4], 'x');
	assert_int_equal(fmt_snprintf(buf, 1, "%s", "abc"), 3);
	assert_string_equal(buf, "");
	assert_int_equal(str_copy(buf, "longer than that", sizeof(buf)), 16);
	assert_string_equal(buf, "longer ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
