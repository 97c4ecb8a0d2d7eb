/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_console.c: tests of the console daemon's pure parts: the buffer that
 * readers share, and the guest's ring with a guest that lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/conring.h"
#include "console/mux.h"

static void test_mux_two_readers(void **state)
{
	struct mux m;
	uint64_t a = 0, b = 0;
	const char *data;

	(void)state;
	mux_init(&m, 100);
	assert_int_equal(mux_peek(&m, &a, &data), 0);
	mux_write(&m, "hello", 5);
	assert_int_equal(mux_peek(&m, &a, &data), 5);
	assert_memory_equal(data, "hello", 5);
	a += 5;
	mux_write(&m, " you", 4);
	assert_int_equal(mux_peek(&m, &a, &data), 4);
	assert_int_equal(mux_peek(&m, &b, &data), 9);
	assert_int_equal(mux_behind(&m, b), 9);
	mux_free(&m);
}

/* Against a plain record of everything ever written. */
static void test_mux_random(void **state)
{
	static char all[1 << 20];
	size_t total = 0, n, limit = 16384;
	uint64_t pos = 0;
	unsigned int seed = 99;
	const char *data;
	struct mux m;

	(void)state;
	for (n = 0; n < sizeof(all); n++)
		all[n] = (char)rand_r(&seed);
	mux_init(&m, limit);
	while (total < sizeof(all) - 40000) {
		n = (size_t)rand_r(&seed) % (rand_r(&seed) % 50 ? 300 : 40000);
		assert_int_equal(mux_write(&m, all + total, n), 0);
		total += n;
		assert_int_equal(m.head, total);
		assert_true(m.cap <= limit);
		while (rand_r(&seed) % 3 &&
		       (n = mux_peek(&m, &pos, &data))) {
			assert_true(total - pos <= limit);
			assert_memory_equal(data, all + pos, n);
			pos += rand_r(&seed) % (n + 1);
		}
	}
	/* Everything up to the limit is kept. */
	pos = 0;
	mux_peek(&m, &pos, &data);
	assert_int_equal(total - pos, limit);
	mux_free(&m);
}

static void test_mux_bounds(void **state)
{
	struct mux m;

	(void)state;
	mux_init(&m, 0);
	assert_int_equal(m.limit, 4096);
	mux_init(&m, SIZE_MAX / 4);
	assert_int_equal(m.limit, 16 << 20);
	assert_int_equal(m.cap, 0);
}

static void test_ring(void **state)
{
	static struct xencons_interface page;
	struct conring r;
	char buf[4096];
	uint32_t i;

	(void)state;
	/* Indices run freely, over the end of the ring and of 32 bits. */
	page.out_cons = page.out_prod = 0xfffffff0u;
	page.in_cons = page.in_prod = 0xfffffff0u;
	conring_attach(&r, &page);
	for (i = 0; i < 100; i++)
		page.out[(page.out_prod + i) % sizeof(page.out)] = (char)i;
	page.out_prod += 100;
	assert_int_equal(conring_take(&r, buf, 60), 60);
	assert_int_equal(conring_take(&r, buf + 60, 60), 40);
	for (i = 0; i < 100; i++)
		assert_int_equal(buf[i], i);
	assert_int_equal(conring_take(&r, buf, 60), 0);
	assert_int_equal(page.out_cons, page.out_prod);

	assert_int_equal(conring_input_room(&r), 1024);
	conring_give(&r, "0123456789abcdefghij", 20);
	assert_int_equal(conring_input_room(&r), 1004);
	assert_int_equal(page.in[1023], 'f');
	assert_int_equal(page.in[0], 'g');
	page.in_cons = page.in_prod;
	assert_int_equal(conring_input_room(&r), 1024);
}

static void test_ring_lies(void **state)
{
	static struct xencons_interface page;
	struct conring r;
	char buf[sizeof(page.out)];

	(void)state;
	conring_attach(&r, &page);
	page.out_prod = sizeof(page.out) + 1;
	assert_int_equal(conring_take(&r, buf, sizeof(buf)), -EIO);
	/* It starts over from there. */
	page.out_prod++;
	assert_int_equal(conring_take(&r, buf, sizeof(buf)), 1);
	/* What this side wrote is not believed when it comes back. */
	page.out_cons = 12345;
	page.in_prod = 54321;
	page.out_prod++;
	assert_int_equal(conring_take(&r, buf, sizeof(buf)), 1);
	page.in_cons = 1;
	assert_int_equal(conring_input_room(&r), 0);
	page.in_cons = 0;
	assert_int_equal(conring_input_room(&r), 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mux_two_readers),
		cmocka_unit_test(test_mux_random),
		cmocka_unit_test(test_mux_bounds),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
