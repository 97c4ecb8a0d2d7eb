// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_live.c: the life of disks under the living device daemon (devd_bed.h);
 * and the program with all groups of such tests.
 *
 *	devd_live XENSTORED PARVIS-DEVD BACKEND
 *
 * Only the hypervisor is missing (devd_ports.c).  Needs root, as the daemon.
 */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "devd_bed.h"

static void test_connects(void **state)
{
	(void)state;
	set_mode("good");
	attach(1, 51712, image("a.img", 1024));
	expect(1, 51712, "state", "2");
	assert_string_equal(get(back(1, 51712, "hotplug-status")),
			    "connected");
	assert_string_equal(get(back(1, 51712, "sectors")), "2048");
	assert_string_equal(get(back(1, 51712, "feature-flush-cache")), "1");
	assert_string_equal(get(back(1, 51712, "info")), "0");
	connect_front(1, 51712);
	expect_log("connect resume=0 queues=1 pages=1 ref=8", 1);
	detach(1, 51712);
	put("5", FRONT "/state", 1u, 51712u);
	put("6", FRONT "/state", 1u, 51712u);
	expect_log("disconnect", 1);
	expect(1, 51712, "state", "6");
	remove_folder(1, 51712);
}

/* A disk that is in use in its guest is served until its last user is gone. */
static void test_detached_in_use(void **state)
{
	static const char *const fe_states[] = { "4", "5" };

	(void)state;
	set_mode("good");
	for (unsigned int i = 0; i < 2; i++) {
		attach(3, 51712, image("a.img", 1024));
		connect_front(3, 51712);
		detach(3, 51712);
		put(fe_states[i], FRONT "/state", 3u, 51712u);
		msleep(50);
		assert_int_equal(log_count("disconnect"), i);
		/* Also by the next process, if this one dies, and if the
		 * daemon does. */
		kill_backend(backend_pid());
		expect_log("connect resume=1", 2 * i + 1);
		kill_backend(worker_pid());
		expect_log("connect resume=1", 2 * i + 2);
		msleep(50);
		assert_string_equal(get(back(3, 51712, "state")), "5");
		put("6", FRONT "/state", 3u, 51712u);
		expect_log("disconnect", i + 1);
		expect(3, 51712, "state", "6");
		remove_folder(3, 51712);
	}
}

/* The daemon may have written its own state over the toolstack's Closing. */
static void test_detached_in_a_race(void **state)
{
	(void)state;
	set_mode("good");
	attach(3, 51712, image("a.img", 1024));
	connect_front(3, 51712);
	put("0", BACK "/online", 3u, 51712u);
	expect(3, 51712, "state", "5");
	put("6", FRONT "/state", 3u, 51712u);
	expect(3, 51712, "state", "6");
	remove_folder(3, 51712);
}

/* A state of 6 that only says that the guest has closed is not taken for the
 * device's end; nor does one that has ended leave the toolstack waiting. */
static void test_detached_when_closed(void **state)
{
	(void)state;
	set_mode("good");
	attach(56, 1, image("a.img", 1024));
	put("6", FRONT "/state", 56u, 1u);
	expect(56, 1, "state", "6");
	assert_string_equal(get(back(56, 1, "hotplug-status")), "connected");
	unplug(56, 1);
	attach(56, 2, "/no/such");
	expect(56, 2, "hotplug-status", "error");
	unplug(56, 2);
}

static void test_reconnects(void **state)
{
	(void)state;
	set_mode("good");
	attach(2, 51712, image("a.img", 1024));
	connect_front(2, 51712);
	put("5", FRONT "/state", 2u, 51712u);
	expect(2, 51712, "state", "5");
	put("6", FRONT "/state", 2u, 51712u);
	expect(2, 51712, "state", "6");
	put("1", FRONT "/state", 2u, 51712u);
	connect_front(2, 51712);
	expect_log("connect resume=0", 2);
	assert_int_equal(log_count("start"), 1);
	remove_folder(2, 51712);
}

static void test_survives_kills(void **state)
{
	(void)state;
	set_mode("good");
	attach(3, 51712, image("a.img", 1024));
	connect_front(3, 51712);
	for (unsigned int i = 1; i <= 50; i++) {
		kill_backend(backend_pid());
		expect_log("connect resume=1", i);
	}
	assert_string_equal(get(back(3, 51712, "state")), "4");
	put("stats", BACK "/request", 3u, 51712u);
	expect(3, 51712, "request", "");
	expect_text(3, 51712, "reply", "stats ok rd_req=42");
	remove_folder(3, 51712);
}

/* Killed again and again before it can serve: that is not its fault. */
static void test_killed_at_start(void **state)
{
	pid_t last;

	(void)state;
	set_mode("good");
	attach(19, 51712, image("a.img", 1024));
	connect_front(19, 51712);
	set_mode("mute");
	put("replace", BACK "/request", 19u, 51712u);
	for (unsigned int i = 1; i <= 30; i++) {
		expect_log("start", i);
		kill_backend(backend_pid());
	}
	expect_log("start", 31);
	last = backend_pid();
	set_mode("good");
	kill_backend(last);
	expect_log("connect resume=1", 1);
	assert_string_equal(get(back(19, 51712, "state")), "4");
	remove_folder(19, 51712);
}

/* It kills itself as soon as it serves: for ever, but not at full speed. */
static void test_suicides(void **state)
{
	unsigned int before;

	(void)state;
	set_mode("suicide");
	attach(43, 1, image("a.img", 1024));
	expect(43, 1, "state", "2");
	announce(43, 1);
	expect_log("connect", 64);
	msleep(1500);
	before = log_count("connect");
	msleep(1500);
	/* At full speed it would be hundreds; what each lives is credited. */
	assert_in_range(log_count("connect") - before, 0, 40);
	set_mode("good");
	/* One may have read the old mode before it connects. */
	for (int tries = 0; tries < 3; tries++) {
		expect_log("connect resume=1", 1);
		put("stats", BACK "/request", 43u, 1u);
		expect(43, 1, "request", "");
		if (!strstr(get(back(43, 1, "reply")), "was killed by signal"))
			break;
	}
	expect(43, 1, "reply", "stats ok rd_req=42 wr_req=0 fl_req=0 ds_req=0 "
	       "rd_sect=0 wr_sect=0 rx_packets=0 tx_packets=0 rx_bytes=0 "
	       "tx_bytes=0 rx_drop=0 tx_drop=0 errors=0");
	expect(43, 1, "state", "4");
	remove_folder(43, 1);
}

static void test_gives_up(void **state)
{
	(void)state;
	set_mode("good");
	attach(4, 51712, image("a.img", 1024));
	connect_front(4, 51712);
	set_mode("die-start");
	/* The log is new: any running process will do. */
	put("replace", BACK "/request", 4u, 51712u);
	expect(4, 51712, "state", "6");
	expect_text(4, 51712, "error", "ended with 7");
	expect_text(4, 51712, "reply", "replace error");
	remove_folder(4, 51712);
}

static void test_replace(void **state)
{
	(void)state;
	set_mode("good");
	attach(5, 51712, image("a.img", 1024));
	connect_front(5, 51712);
	put("replace", BACK "/request", 5u, 51712u);
	expect(5, 51712, "reply", "replace ok");
	expect_log("quiesce", 1);
	expect_log("connect resume=1", 1);
	put("dance", BACK "/request", 5u, 51712u);
	expect(5, 51712, "request", "");
	expect_text(5, 51712, "reply", "dance error no such request");
	remove_folder(5, 51712);
}

static void test_resize(void **state)
{
	(void)state;
	set_mode("good");
	attach(6, 51712, image("grow.img", 1024));
	connect_front(6, 51712);
	image("grow.img", 2048);
	put("resize", BACK "/request", 6u, 51712u);
	expect(6, 51712, "reply", "resize ok 4096");
	assert_string_equal(get(back(6, 51712, "sectors")), "4096");
	remove_folder(6, 51712);
}

static void test_bad_backends(void **state)
{
	(void)state;
	set_mode("fail-start");
	refused(1, &(struct want){ .target = image("a.img", 1024) },
		"the moon is in the wrong phase");
	set_mode("die-start");
	refused(1, &(struct want){ .target = image("a.img", 1024) }, "ended with 7");
	set_mode("short");
	refused(1, &(struct want){ .target = image("a.img", 1024) }, "sent message 4 of 8");
	set_mode("unknown");
	refused(1, &(struct want){ .target = image("a.img", 1024) }, "sent message 999");
	set_mode("early");
	refused(1, &(struct want){ .target = image("a.img", 1024) },
		"sent message 8 of 8 bytes while starting");
	set_mode("babble");
	attach(12, 1, image("a.img", 1024));
	expect(12, 1, "state", "2");
	announce(12, 1);
	expect(12, 1, "state", "6");
	expect_text(12, 1, "error", "again without being asked");
	assert_string_equal(get(back(12, 1, "sectors")), "2048");
	remove_folder(12, 1);
	set_mode("fail-connect");
	attach(12, 1, image("a.img", 1024));
	expect(12, 1, "state", "2");
	announce(12, 1);
	expect(12, 1, "state", "5");
	expect_text(12, 1, "error", "the ring is square");
	remove_folder(12, 1);
	set_mode("good");
}

/* Values that a frontend must not write: refused, and it may try again. */
static void test_hostile_frontend(void **state)
{
	static const struct {
		const char *node, *value;
	} bad[] = {
		{ "ring-ref", "-1" }, { "ring-ref", "8 " },
		{ "ring-ref", "99999999999" }, { "ring-ref", "" },
		{ "event-channel", "0" }, { "event-channel", "131072" },
		{ "event-channel", "666" }, { "protocol", "x86_32-abi" },
		{ "ring-page-order", "5" }, { "num-ring-pages", "3" },
		{ "multi-queue-num-queues", "0" },
		{ "multi-queue-num-queues", "5" },
		{ "multi-queue-num-queues", "2" },
		{ "feature-persistent", "2" },
	};

	(void)state;
	set_mode("good");
	attach(13, 1, image("a.img", 1024));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char path[128];

		expect(13, 1, "state", "2");
		put("8", FRONT "/ring-ref", 13u, 1u);
		put("9", FRONT "/event-channel", 13u, 1u);
		put("x86_64-abi", FRONT "/protocol", 13u, 1u);
		put(bad[i].value, FRONT "/%s", 13u, 1u, bad[i].node);
		put("3", FRONT "/state", 13u, 1u);
		expect(13, 1, "state", "5");
		assert_true(get(back(13, 1, "error"))[0]);
		put("6", FRONT "/state", 13u, 1u);
		expect(13, 1, "state", "6");
		snprintf(path, sizeof(path), FRONT "/%s", 13u, 1u, bad[i].node);
		xsc_rm(xs, XSC_NO_TX, path);
		put("/local/domain/0/backend/pvbd/1/1", FRONT "/backend", 13u,
		    1u);
		put("1", FRONT "/state", 13u, 1u);
	}
	expect(13, 1, "state", "2");
	assert_string_equal(get(back(13, 1, "error")), "");
	connect_front(13, 1);
	/* States that do not exist change nothing. */
	put("7", FRONT "/state", 13u, 1u);
	put("44", FRONT "/state", 13u, 1u);
	put("", FRONT "/state", 13u, 1u);
	msleep(100);
	assert_string_equal(get(back(13, 1, "state")), "4");
	remove_folder(13, 1);
}

/* Planned (SIGHUP) and unplanned ends of the daemon itself. */
static void test_daemon_restarts(void **state)
{
	pid_t first;
	int status;

	(void)state;
	set_mode("good");
	attach(14, 1, image("a.img", 1024));
	attach(14, 2, image("b.img", 1024));
	connect_front(14, 1);
	expect(14, 2, "state", "2");
	kill(devd_pid, SIGHUP);
	expect_log("connect resume=1", 1);
	/* There can be only one. */
	first = devd_pid;
	start_devd();
	assert_int_equal(waitpid(devd_pid, &status, 0), devd_pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	devd_pid = first;
	kill_backend(worker_pid());
	expect_log("connect resume=1", 2);
	assert_string_equal(get(back(14, 1, "state")), "4");
	/* The lock was never let go of. */
	refused(3, &(struct want){ .target = image("a.img", 1024) }, "in use");
	connect_front(14, 2);
	/* A worker ends while a backend is being connected. */
	set_mode("mute-connect");
	attach(14, 4, image("c.img", 1024));
	expect(14, 4, "state", "2");
	announce(14, 4);
	expect_log("connect resume=0", 1);
	set_mode("stale");
	kill_backend(worker_pid());
	expect(14, 4, "state", "4");
	assert_int_equal(log_count("connect resume=0"), 1);
	remove_folder(14, 4);
	set_mode("good");
	kill_backend(worker_pid());
	expect_log("connect resume=1", 2);
	set_mode("good");
	/* One is removed while nobody looks. */
	while_away(remove_first, 14);
	expect_log("connect resume=1", 1);
	attach(15, 1, image("a.img", 1024));
	expect(15, 1, "state", "2");
	remove_folder(15, 1);
	remove_folder(14, 2);
}

/*
 * A device's place is taken again while its backend still ends, as it looks
 * when that is traced: what the new one has is kept over a restart.
 */
static void test_place_taken_again(void **state)
{
	pid_t old;

	(void)state;
	set_mode("good");
	attach(31, 1, image("a.img", 1024));
	connect_front(31, 1);
	old = backend_pid();
	if (ptrace(PTRACE_SEIZE, old, NULL, NULL))
		skip();
	remove_folder(31, 1);
	attach(31, 1, image("b.img", 1024));
	connect_front(31, 1);
	assert_int_equal(waitpid(old, NULL, __WALL), old);
	/* The daemon has seen its end once it has answered this. */
	msleep(200);
	put("stats", BACK "/request", 31u, 1u);
	expect(31, 1, "request", "");
	kill_backend(worker_pid());
	expect_log("connect resume=1", 1);
	assert_string_equal(get(back(31, 1, "state")), "4");
	remove_folder(31, 1);
}

/* One is removed and another made at its place, in one transaction. */
static void test_other_disk_at_once(void **state)
{
	static const char *const images[] = { "b.img", "c.img", "a.img" };

	(void)state;
	set_mode("good");
	attach(50, 1, image("a.img", 1024));
	connect_front(50, 1);
	for (unsigned int i = 0; i < 3; i++) {
		begin_tx();
		remove_folder(50, 1);
		attach(50, 1, image(images[i], 256 + 128 * (long)i));
		end_tx();
		connect_front(50, 1);
		expect_log(i == 0 ? "sectors=512" :
			   i == 1 ? "sectors=768" : "sectors=1024", 1);
	}
	assert_int_equal(log_count("resume=1"), 0);
	/* Also before the first was ready. */
	set_mode("mute");
	attach(51, 2, image("d.img", 64));
	expect_log("sectors=128", 1);
	set_mode("good");
	begin_tx();
	remove_folder(51, 2);
	attach(51, 2, image("e.img", 32));
	end_tx();
	expect(51, 2, "state", "2");
	assert_string_equal(get(back(51, 2, "sectors")), "64");
	remove_folder(51, 2);
	attach(51, 1, image("b.img", 256));
	expect(51, 1, "state", "2");
	remove_folder(50, 1);
	remove_folder(51, 1);
}

/* Another takes the place just when the first says that it is ready. */
static void test_other_disk_hidden(void **state)
{
	pid_t worker;

	(void)state;
	set_mode("slow");
	attach(55, 1, image("d.img", 64));
	expect_log("sectors=128", 1);
	set_mode("good");
	worker = worker_pid();
	kill(worker, SIGSTOP);
	msleep(700);
	begin_tx();
	remove_folder(55, 1);
	attach(55, 1, image("e.img", 32));
	end_tx();
	kill(worker, SIGCONT);
	expect_log("sectors=64", 1);
	expect(55, 1, "sectors", "64");
	connect_front(55, 1);
	remove_folder(55, 1);
}

static void other_disk(unsigned int dom)
{
	remove_folder(dom, 1);
	attach(dom, 1, image("other.img", 512));
}

/* Another disk at the place of one that was removed while nobody looked. */
static void test_other_disk_meanwhile(void **state)
{
	(void)state;
	set_mode("good");
	attach(34, 1, image("a.img", 1024));
	connect_front(34, 1);
	while_away(other_disk, 34);
	expect(34, 1, "state", "2");
	assert_string_equal(get(back(34, 1, "sectors")), "1024");
	attach(35, 1, image("a.img", 1024));
	expect(35, 1, "state", "2");
	connect_front(34, 1);
	remove_folder(34, 1);
	remove_folder(35, 1);
}

/* Greets like a server of NBD, once for each connection. */
static pid_t start_nbd(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 4), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			if (write(accept(fd, NULL, NULL), "NBDMAGIC", 8) != 8)
				_exit(1);
	}
	close(fd);
	return pid;
}

/* The server of a disk is gone for good; so is the guest. */
static void test_ends_without_server(void **state)
{
	char path[96], uri[160];
	pid_t server;

	(void)state;
	set_mode("good");
	snprintf(path, sizeof(path), "%s/nbd", dir);
	snprintf(uri, sizeof(uri), "nbd+unix:///?socket=%s", path);
	server = start_nbd(path);
	attach(36, 1, uri);
	connect_front(36, 1);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	kill_backend(backend_pid());
	msleep(200);
	assert_string_equal(get(back(36, 1, "state")), "4");
	unplug(36, 1);
}

/* A backend that has made itself unknown does not outlive its worker; nor does
 * one gain time for it that says it has something to write. */
static void test_hidden_backend(void **state)
{
	static const char *const modes[] = { "hidden", "impostor" };
	uint64_t began;
	pid_t hidden;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		set_mode(modes[i]);
		attach(37, i, image("a.img", 1024));
		connect_front(37, i);
		hidden = backend_pid();
		set_mode("good");
		began = ev_now_ms();
		kill_backend(worker_pid());
		expect_log("connect resume=1", 1);
		assert_in_range(ev_now_ms() - began, 0, 4000);
		assert_int_equal(kill(hidden, 0), -1);
		remove_folder(37, i);
	}
}

/* Under the keeper of another version a worker serves nobody, rather than to
 * take all devices for lost. */
static void test_other_version(void **state)
{
	uint32_t end[2] = { 102, sizeof(end) };	/* KEEP_END, of the first */
	char pid_file[96];
	const char *argv[] = { devd_path, "-f", "--pid-file", pid_file,
			       "--worker", NULL };
	int fds[2], status = 0;
	pid_t pid;

	(void)state;
	snprintf(pid_file, sizeof(pid_file), "%s/other.pid", dir);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(write(fds[0], end, sizeof(end)), sizeof(end));
	signal(SIGUSR1, SIG_IGN);	/* "it serves" */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(open("/dev/null", O_WRONLY), 2) < 0 ||
		    dup2(fds[1], 3) < 0)
			_exit(126);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	for (int i = 0; i < 500 && !waitpid(pid, &status, WNOHANG); i++)
		msleep(10);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
		kill(pid, SIGKILL);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(fds[0]);
	close(fds[1]);
}

/* However often the worker ends: the guests keep their devices. */
static void test_worker_dies_often(void **state)
{
	(void)state;
	set_mode("good");
	attach(49, 1, image("a.img", 1024));
	connect_front(49, 1);
	for (unsigned int i = 1; i <= 10; i++) {
		kill_backend(worker_pid());
		expect_log("connect resume=1", i);
	}
	put("stats", BACK "/request", 49u, 1u);
	expect(49, 1, "request", "");
	expect_text(49, 1, "reply", "stats ok");
	remove_folder(49, 1);
}

static int run_life(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connects),
		cmocka_unit_test(test_detached_in_use),
		cmocka_unit_test(test_detached_in_a_race),
		cmocka_unit_test(test_detached_when_closed),
		cmocka_unit_test(test_reconnects),
		cmocka_unit_test(test_survives_kills),
		cmocka_unit_test(test_killed_at_start),
		cmocka_unit_test(test_suicides),
		cmocka_unit_test(test_gives_up),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_bad_backends),
		cmocka_unit_test(test_hostile_frontend),
		cmocka_unit_test(test_daemon_restarts),
		cmocka_unit_test(test_place_taken_again),
		cmocka_unit_test(test_other_disk_at_once),
		cmocka_unit_test(test_other_disk_hidden),
		cmocka_unit_test(test_other_disk_meanwhile),
		cmocka_unit_test(test_ends_without_server),
		cmocka_unit_test(test_hidden_backend),
		cmocka_unit_test(test_other_version),
		cmocka_unit_test(test_worker_dies_often),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "--probe"))
		_exit(probe(argv + 2));	/* no last look for leaks */
	if (argc != 4)
		return 2;
	if (geteuid()) {
		printf("SKIP: the daemon needs root\n");
		return 0;
	}
	own_network = !unshare(CLONE_NEWNET) &&
		      !access("/dev/net/tun", R_OK | W_OK);
	self_path = realpath(argv[0], NULL);
	store_path = realpath(argv[1], NULL);
	devd_path = realpath(argv[2], NULL);
	backend_path = realpath(argv[3], NULL);
	return run_life() + run_images() + run_cards() + run_scripts() +
	       run_load() ? 1 : 0;
}
