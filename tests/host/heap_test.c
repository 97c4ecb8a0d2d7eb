// SPDX-License-Identifier: GPL-2.0-or-later
/* Small objects: aligned, zero, apart from each other, and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <lib/str.h>
#include "mmu_machine.h"

#define OBJECTS 400

struct object {
	uint8_t *p;
	size_t size;
	uint8_t val;
};

static int setup(void **state)
{
	(void)state;
	mach_reset(MACH_FRAMES);
	return 0;
}

static bool holds(const struct object *o, uint8_t val)
{
	for (size_t i = 0; i < o->size; i++)
		if (o->p[i] != val)
			return false;
	return true;
}

static void make(struct object *o)
{
	o->size = (size_t)rand() % (rand() % 8 ? 600 : 9000);
	o->p = heap_alloc(o->size);
	o->val = (uint8_t)(rand() | 1);
	assert_non_null(o->p);
	assert_true(IS_ALIGNED((uintptr_t)o->p, 16));
	if (o->size >= 64)
		assert_true(IS_ALIGNED((uintptr_t)o->p, 64));
	assert_true(holds(o, 0));
	memset(o->p, o->val, o->size);
}

static void objects_keep_their_contents(void **state)
{
	struct object o[OBJECTS];
	unsigned int n = 0;

	(void)state;
	srand(3);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int k = n ? (unsigned int)rand() % n : 0;

		if (n < OBJECTS && (rand() & 1)) {
			make(&o[n++]);
		} else if (n) {
			assert_true(holds(&o[k], o[k].val));
			heap_free(o[k].p);
			o[k] = o[--n];
		}
	}
	while (n--)
		heap_free(o[n].p);
	assert_null(mach_check_empty());
}

static void sizes_do_not_overflow(void **state)
{
	(void)state;
	assert_null(heap_calloc(~0UL / 2, 3));
	assert_null(heap_alloc(~0UL));
	assert_null(heap_alloc(8UL << 30));
	heap_free(NULL);
	heap_free(heap_calloc(0, 8));
	assert_null(mach_check_empty());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(objects_keep_their_contents, setup),
		cmocka_unit_test_setup(sizes_do_not_overflow, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
