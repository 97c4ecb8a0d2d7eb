// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of small numbers against a plain array of marks. */
#include "test.h"
#include <common/ring.h>
#include <common/slots.h>

#define SIZE	37

static struct fe_slots slots;
static uint16_t stack[SIZE];
static uint8_t in_use[SIZE];

static void test_order(void **unused)
{
	unsigned int i;

	(void)unused;
	fe_slots_init(&slots, stack, in_use, SIZE);
	for (i = 0; i < SIZE; i++)
		assert_int_equal(fe_slots_get(&slots), i);
	assert_int_equal(fe_slots_get(&slots), -ENOSPC);
	assert_int_equal(fe_slots_put(&slots, 5), 0);
	assert_int_equal(fe_slots_get(&slots), 5);
}

static void test_refused(void **unused)
{
	(void)unused;
	fe_slots_init(&slots, stack, in_use, SIZE);
	assert_int_equal(fe_slots_put(&slots, 0), -EPROTO);
	assert_int_equal(fe_slots_get(&slots), 0);
	assert_int_equal(fe_slots_put(&slots, SIZE), -EPROTO);
	assert_int_equal(fe_slots_put(&slots, 1ULL << 32), -EPROTO);
	assert_int_equal(fe_slots_put(&slots, 0), 0);
	assert_int_equal(fe_slots_put(&slots, 0), -EPROTO);
}

static void test_random(void **unused)
{
	bool have[SIZE] = { false };
	unsigned int i, count = 0;

	(void)unused;
	fe_slots_init(&slots, stack, in_use, SIZE);
	srand(1);
	for (i = 0; i < 100000; i++) {
		int number = rand() % (SIZE + 2);

		if (rand() % 2) {
			bool good = number < SIZE && have[number];

			assert_int_equal(fe_slots_put(&slots, number),
					 good ? 0 : -EPROTO);
			if (good)
				have[number] = false;
			count -= good;
			continue;
		}
		number = fe_slots_get(&slots);
		assert_int_equal(number < 0, count == SIZE);
		if (number < 0)
			continue;
		assert_false(have[number]);
		have[number] = true;
		count++;
	}
}

static void test_pending(void **unused)
{
	RING_IDX index = 5;

	(void)unused;
	assert_int_equal(fe_ring_pending(&index, 5, 5), 0);
	assert_int_equal(fe_ring_pending(&index, 7, 3), 2);
	assert_int_equal(fe_ring_pending(&index, 4, 3), -EPROTO);
	assert_int_equal(fe_ring_pending(&index, 8, 6), -EPROTO);
	assert_int_equal(fe_ring_pending(&index, 5, 0xfffffffd), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
