// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_load.c: many devices, floods, what stays behind; and the store going
 * and coming back.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "devd_bed.h"

/* A guest that does nothing but write its state. */
static pid_t start_flood(unsigned int dom, unsigned int dev)
{
	struct xsc *own;
	char path[96];
	struct xsc_part part[2] = { { path, 0 }, { "1", 1 } };
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), FRONT "/state", dom, dev);
	if (xsc_open(&own))
		_exit(1);
	part[0].len = strlen(path) + 1;
	for (;;) {
		for (int i = 0; i < 64; i++)
			xsc_post(own, XS_WRITE, XSC_NO_TX, part, 2);
		xsc_settle(own);
	}
}

#define FLOODS 8

static void test_flood_holds_up_nobody(void **state)
{
	pid_t flood[FLOODS];

	(void)state;
	set_mode("good");
	attach(32, 1, image("a.img", 1024));
	expect(32, 1, "state", "2");
	for (int i = 0; i < FLOODS; i++)
		flood[i] = start_flood(32, 1);
	msleep(100);
	attach(33, 1, image("b.img", 1024));
	connect_front(33, 1);
	for (int i = 0; i < FLOODS; i++) {
		kill(flood[i], SIGKILL);
		waitpid(flood[i], NULL, 0);
	}
	remove_folder(32, 1);
	remove_folder(33, 1);
}

/* The cost of one device must not depend on how many others there are. */
static uint64_t cpu_us(void)
{
	char path[64], line[512];
	unsigned long ut = 0, st = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", worker_pid());
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f))
		sscanf(strrchr(line, ')') + 1,
		       " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		       &ut, &st);
	if (f)
		fclose(f);
	return (ut + st) * 10000;
}

static unsigned int open_files(void)
{
	return (unsigned int)atoi(first_line(
		"ls /proc/%d/fd /proc/%d/fd | wc -l", worker_pid(), devd_pid));
}

/* When what was removed before has been let go of. */
static unsigned int settled_files(void)
{
	unsigned int now = open_files(), was = 0;

	for (int same = 0, i = 0; same < 10 && i < 200; i++) {
		msleep(50);
		was = now;
		now = open_files();
		same = now == was ? same + 1 : 0;
	}
	return now;
}

/* Devices come and go in every way; nothing of them stays. */
static void test_nothing_left(void **state)
{
	unsigned int before = 0, after = 0;

	(void)state;
	set_mode("good");
	for (unsigned int i = 0; i < 120; i++) {
		if (i == 20)
			before = settled_files();
		attach(30, i, image("left.img", 64));
		if (i % 4 == 0) {
			expect(30, i, "state", "2");
		} else if (i % 4 == 1) {
			connect_front(30, i);
			kill_backend(backend_pid());
		} else if (i % 4 == 2) {
			connect_front(30, i);
			give_back(30, i);
			expect(30, i, "state", "6");
		}
		remove_folder(30, i);
	}
	for (int i = 0; i < 500 && (after = open_files()) > before; i++)
		msleep(10);
	assert_int_equal(after, before);
}

#define MANY 200u
#define ROUNDS 300u

static uint64_t cost_of_rounds(void)
{
	uint64_t before;

	attach(500, 1, image("cost.img", 1024));
	connect_front(500, 1);
	before = cpu_us();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		put("stats", BACK "/request", 500u, 1u);
		expect(500, 1, "request", "");
	}
	before = cpu_us() - before;
	remove_folder(500, 1);
	return before;
}

static void test_many(void **state)
{
	uint64_t few, many;
	char name[32];

	(void)state;
	set_mode("good");
	few = cost_of_rounds();
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%u.img", i);
		attach(100 + i % 50, i, image(name, 64));
	}
	for (unsigned int i = 0; i < MANY; i++)
		expect(100 + i % 50, i, "state", "2");
	many = cost_of_rounds();
	printf("cost of %u requests: alone %llu us, beside %u devices %llu us\n",
	       ROUNDS, (unsigned long long)few, MANY,
	       (unsigned long long)many);
	/* The clock's ticks are coarse; a scan of all would cost far more. */
	assert_true(many <= few * 2 + 60000);
	for (unsigned int i = 0; i < MANY; i++)
		remove_folder(100 + i % 50, i);
}

/* The store goes and comes back with what it knew; a backend dies and
 * something is written meanwhile. */
static void test_store_away(void **state)
{
	pid_t last;

	(void)state;
	set_mode("good");
	attach(21, 1, image("a.img", 1024));
	connect_front(21, 1);
	set_mode("mute");
	attach(21, 2, image("b.img", 1024));
	expect_log("start", 1);
	last = backend_pid();
	set_mode("good");
	end_store(SIGTERM);
	msleep(50);
	/* Its answer to START comes while nobody can be told. */
	kill_backend(last);
	msleep(300);
	start_store();
	expect(21, 2, "state", "2");
	put("stats", BACK "/request", 21u, 1u);
	expect(21, 1, "request", "");
	expect_text(21, 1, "reply", "stats ok");
	put("0", BACK "/online", 21u, 1u);
	put("5", BACK "/state", 21u, 1u);
	put("6", FRONT "/state", 21u, 1u);
	expect(21, 1, "state", "6");
	remove_folder(21, 1);
	remove_folder(21, 2);
}

static void test_store_restarts(void **state)
{
	char dump[96];

	(void)state;
	set_mode("good");
	attach(16, 1, image("a.img", 1024));
	connect_front(16, 1);
	end_store(SIGKILL);
	snprintf(dump, sizeof(dump), "%s/store.state", dir);
	unlink(dump);
	msleep(300);
	start_store();
	snprintf(dump, sizeof(dump), "%s", get(back(16, 1, "state")));
	/* A store without its contents is a host without guests. */
	assert_string_equal(dump, "");
	attach(17, 1, image("b.img", 1024));
	connect_front(17, 1);
	attach(18, 1, image("a.img", 1024));
	expect(18, 1, "state", "2");
	remove_folder(17, 1);
	remove_folder(18, 1);
}

int run_load(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood_holds_up_nobody),
		cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_store_away),
		cmocka_unit_test(test_store_restarts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
