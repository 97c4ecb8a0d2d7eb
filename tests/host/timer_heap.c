// SPDX-License-Identifier: GPL-2.0-or-later
/* Timers against a plain list of deadlines, on several CPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <lib/types.h>
#include <sched/timer.h>
#include "port_fake.h"

#define TIMERS 200

static struct timer timers[TIMERS];
static uint64_t due[TIMERS]; /* 0: not armed */
static uint64_t last_fired;
static unsigned int fired;

static void fire(void *arg)
{
	unsigned int i = (unsigned int)(uintptr_t)arg;

	assert_true(due[i] && due[i] <= fake_now);
	assert_true(due[i] >= last_fired);
	assert_int_equal(cpu_id(), timers[i].cpu);
	last_fired = due[i];
	due[i] = 0;
	fired++;
}

static unsigned int armed(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < TIMERS; i++)
		n += due[i] != 0;
	return n;
}

static void random_step(void)
{
	unsigned int i = (unsigned int)rand() % TIMERS;

	fake_on((unsigned int)rand() % FAKE_CPUS);
	switch (rand() % 6) {
	case 0:
		timer_stop(&timers[i]);
		due[i] = 0;
		break;
	case 1:
		timer_migrate(&timers[i], (unsigned int)rand() % FAKE_CPUS);
		break;
	default:
		due[i] = fake_now + 1 + (uint64_t)rand() % 5000;
		timer_set(&timers[i], due[i]);
	}
}

static void none_overdue(void)
{
	for (unsigned int i = 0; i < TIMERS; i++)
		assert_true(!due[i] || due[i] > fake_now);
}

/* Many at once do not keep the CPU: the rest waits for the next interrupt. */
static void test_all_at_once(void **state)
{
	unsigned int rounds = 0;

	(void)state;
	fake_on(0);
	last_fired = 0;
	fired = 0;
	for (uintptr_t i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], fire, (void *)i, 0);
		due[i] = fake_now + 5;
		timer_set(&timers[i], due[i]);
	}
	fake_now += 10;
	while (fired < TIMERS) {
		unsigned int before = fired;

		timer_run_due();
		assert_in_range(fired - before, 1, TIMERS / 4);
		rounds++;
	}
	assert_in_range(rounds, 4, TIMERS);
	timer_run_due();
	assert_int_equal(fired, TIMERS);
	none_overdue();
}

static void test_random(void **state)
{
	(void)state;
	srand(1);
	for (uintptr_t i = 0; i < TIMERS; i++)
		timer_init(&timers[i], fire, (void *)i,
			   (unsigned int)i % FAKE_CPUS);
	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int before;

		for (unsigned int k = 0; k < 20; k++)
			random_step();
		before = armed();
		fired = 0;
		last_fired = 0;
		fake_advance((uint64_t)rand() % 300);
		none_overdue();
		assert_int_equal(armed(), before - fired);
	}
	for (unsigned int i = 0; i < TIMERS; i++) {
		timer_stop(&timers[i]);
		due[i] = 0;
	}
	fake_advance(100000);
}

static unsigned int again_count;
static struct timer again;

static void rearm(void *arg)
{
	(void)arg;
	if (++again_count < 5)
		timer_set(&again, fake_now + 10);
}

static void test_rearm_itself(void **state)
{
	(void)state;
	fake_on(0);
	timer_init(&again, rearm, NULL, 0);
	timer_set(&again, fake_now + 10);
	fake_advance(1000);
	assert_int_equal(again_count, 5);
	assert_false(again.armed);
}

static void test_past(void **state)
{
	(void)state;
	again_count = 4;
	timer_set(&again, 1);
	fake_advance(0);
	assert_int_equal(again_count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_rearm_itself),
		cmocka_unit_test(test_past),
	};

	fake_start(FAKE_CPUS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
