// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_scripts.c: the user's own scripts: each is run once, hears of the end
 * whoever sees to it, and holds up nobody for ever (3 s here).
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "devd_bed.h"

/* A script that does @text; it may write to script.log where it is. */
static const char *script_of(const char *text)
{
	static char path[96];
	static unsigned int count;
	FILE *f;

	snprintf(path, sizeof(path), "%s/script.log", dir);
	unlink(path);
	/* The last one may be at work still. */
	snprintf(path, sizeof(path), "%s/script-%u", dir, count++);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncd %s\n%s\n", dir, text);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

/* A disk by that script, which is taken to make the image a.img. */
static void attach_scripted(unsigned int dom, const char *script)
{
	put(script, BACK "/script", dom, 1u);
	put(image("a.img", 1024), BACK "/physical-device-path", dom, 1u);
	attach(dom, 1, "x:y");
}

/* The user's own script hears of the end, whoever sees to it. */
static void test_block_script(void **state)
{
	const char *script;

	(void)state;
	set_mode("good");
	for (unsigned int i = 0; i < 2; i++) {
		script = script_of("echo $1 $XENBUS_PATH >>script.log");
		attach_scripted(53, script);
		connect_front(53, 1);
		if (i == 0) {
			kill_backend(worker_pid());
			expect_log("connect resume=1", 1);
			remove_folder(53, 1);
		} else {
			while_away(remove_first, 53);
		}
		await_text("script.log", "add backend/pvbd/53/1\n"
					 "remove backend/pvbd/53/1\n");
	}
	attach(54, 1, image("a.img", 1024));
	expect(54, 1, "state", "2");
	remove_folder(54, 1);
}

/* Taken away while its script is at work: what that has done is undone. */
static void test_script_cut_short(void **state)
{
	const char *script = script_of("echo $1 >>script.log\n"
				       "[ $1 != add ] || sleep 100");

	(void)state;
	set_mode("good");
	attach_scripted(61, script);
	await_text("script.log", "add\n");
	remove_folder(61, 1);
	await_text("script.log", "add\nremove\n");
	/* Also if no worker was there to see it. */
	script_of("echo $1 >>script.log; [ $1 != add ] || sleep 100");
	attach_scripted(61, script);
	await_text("script.log", "add\n");
	while_away(remove_first, 61);
	await_text("script.log", "add\nremove\n");
}

/* The worker dies while a script is at work: the next waits for the same. */
static void test_script_outlives_worker(void **state)
{
	const char *script = script_of("echo $1 >>script.log; sleep 0.5; "
				       "echo $1 done >>script.log");

	(void)state;
	set_mode("good");
	attach_scripted(62, script);
	await_text("script.log", "add\n");
	kill_backend(worker_pid());
	/* And the next one's as well. */
	kill_backend(worker_pid());
	connect_front(62, 1);
	await_text("script.log", "add\nadd done\n");
	remove_folder(62, 1);
	await_text("script.log", "add\nadd done\nremove\nremove done\n");
	/* It fails while nobody waits for it: the next hears of it. */
	script_of("sleep 0.5; exit 1");
	put(script, BACK "/script", 62u, 1u);
	attach(62, 1, "x:y");
	msleep(100);
	kill_backend(worker_pid());
	expect(62, 1, "state", "6");
	expect_text(62, 1, "hotplug-error", "wrote no physical-device");
	remove_folder(62, 1);
}

/* The folder is there for as long as a script may read in it. */
static void test_script_before_closed(void **state)
{
	const char *script;

	(void)state;
	set_mode("good");
	for (unsigned int i = 0; i < 2; i++) {
		script = script_of("[ $1 = add ] || sleep 0.5; "
				   "echo $1 >>script.log");
		attach_scripted(63, script);
		connect_front(63, 1);
		give_back(63, 1);
		expect_log("disconnect", i + 1);
		msleep(200);
		assert_string_equal(get(back(63, 1, "state")), "5");
		if (i)		/* also if nobody is left who began it */
			kill_backend(worker_pid());
		expect(63, 1, "state", "6");
		if (!i)
			await_text("script.log", "add\nremove\n");
		remove_folder(63, 1);
	}
	await_text("script.log", "add\nremove\n");
}

/* Its image is still held by the last owner of its place: it waits, and the
 * script is not run again and again meanwhile. */
static void test_script_waits_for_image(void **state)
{
	const char *script = script_of("echo $1 >>script.log");
	pid_t old;

	(void)state;
	set_mode("good");
	attach_scripted(64, script);
	connect_front(64, 1);
	old = backend_pid();
	if (ptrace(PTRACE_SEIZE, old, NULL, NULL))
		skip();
	remove_folder(64, 1);
	attach_scripted(65, script);
	await_text("script.log", "add\nadd\n");
	msleep(300);
	assert_int_equal(waitpid(old, NULL, __WALL), old);
	expect(65, 1, "state", "2");
	await_text("script.log", "add\nadd\nremove\n");
	remove_folder(65, 1);
	await_text("script.log", "add\nadd\nremove\nremove\n");
}

/* Nobody waits for one that hangs. */
static void test_script_hangs(void **state)
{
	const char *script = script_of("echo $1 >>script.log; "
				       "[ $1 != add -a $1 != online ] || sleep 100");
	uint64_t began = ev_now_ms();

	(void)state;
	set_mode("good");
	attach_scripted(66, script);
	expect(66, 1, "state", "6");
	assert_true(ev_now_ms() - began >= 2900);
	expect_text(66, 1, "hotplug-error", "was killed by signal 9");
	await_text("script.log", "add\nremove\n");
	remove_folder(66, 1);
	if (!own_network)
		return;
	script_of("echo $1 >>script.log; [ $1 != online ] || sleep 100");
	put(script, CARD "/script", 67u);
	attach_card(67, "bridge", "");
	await(card(67, "state"), "6");
	assert_non_null(strstr(get(card(67, "hotplug-error")),
			       "takes longer than 3 s"));
	await_text("script.log", "online\noffline\n");
	remove_card(67);
}

int run_scripts(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_script),
		cmocka_unit_test(test_script_cut_short),
		cmocka_unit_test(test_script_outlives_worker),
		cmocka_unit_test(test_script_before_closed),
		cmocka_unit_test(test_script_waits_for_image),
		cmocka_unit_test(test_script_hangs),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
