// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_live.c: the device daemon as it is, against the real store and with a
 * backend that serves nothing: a test plays toolstack and frontend.
 *
 *	devd_live XENSTORED PARVIS-DEVD BACKEND
 *
 * Only the hypervisor is missing (devd_ports.c).  Needs root, as the daemon.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/evloop.h"
#include "lib/xs_client.h"

#define WAIT_MS 10000

static const char *store_path, *devd_path, *backend_path, *self_path;
static char dir[64];
static bool own_network;	/* cards can be tried */
static pid_t store_pid, devd_pid;
static struct xsc *xs;
static uint32_t tx = XSC_NO_TX;		/* that put() writes in */

/* ---- processes ---- */

static pid_t run(const char *const *argv, const char *log)
{
	char path[96];
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/%s", dir, log);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void msleep(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void start_store(void)
{
	char pid_file[96], state[96];
	const char *argv[] = { store_path, "--no-xen", "-N", "--pid-file",
			       pid_file, "--dump", state, NULL, NULL, NULL };

	snprintf(pid_file, sizeof(pid_file), "%s/store.pid", dir);
	snprintf(state, sizeof(state), "%s/store.state", dir);
	if (!access(state, R_OK)) {
		argv[7] = "--restore";
		argv[8] = state;
	}
	store_pid = run(argv, "store.log");
	for (int i = 0; i < 500 && xsc_open(&xs); i++)
		msleep(10);
	assert_non_null(xs);
}

static void start_devd(void)
{
	char pid_file[96], run_dir[96], libexec[96];
	const char *argv[] = { devd_path, "-f", "-v", "--pid-file", pid_file,
			       "--run-dir", run_dir, "--libexec", libexec,
			       "--net-queues", "3", NULL };

	snprintf(pid_file, sizeof(pid_file), "%s/devd.pid", dir);
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	snprintf(libexec, sizeof(libexec), "%s/libexec", dir);
	devd_pid = run(argv, "devd.log");
}

/* ---- the store ---- */

static void put(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(const char *value, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	assert_int_equal(xsc_write(xs, tx, path, value), 0);
}

static char *get(const char *path)
{
	static char text[1024];
	char *value;

	text[0] = 0;
	if (xsc_read(xs, XSC_NO_TX, path, &value, NULL))
		return text;
	snprintf(text, sizeof(text), "%s", value);
	free(value);
	return text;
}

static void show_log(void)
{
	char command[128];

	snprintf(command, sizeof(command), "tail -n 30 %s/devd.log >&2", dir);
	if (system(command))
		fprintf(stderr, "no log\n");
}

#define BACK "/local/domain/0/backend/pvbd/%u/%u"
#define FRONT "/local/domain/%u/device/vbd/%u"

static char *back(unsigned int dom, unsigned int dev, const char *node)
{
	static char path[256];

	snprintf(path, sizeof(path), BACK "/%s", dom, dev, node);
	return path;
}

/* Waits until the backend's node has this value. */
static void expect(unsigned int dom, unsigned int dev, const char *node,
		   const char *value)
{
	uint64_t end = ev_now_ms() + WAIT_MS;
	const char *path = back(dom, dev, node);

	while (strcmp(get(path), value) && ev_now_ms() < end)
		msleep(2);
	if (strcmp(get(path), value))
		show_log();
	assert_string_equal(get(path), value);
}

static void expect_text(unsigned int dom, unsigned int dev, const char *node,
			const char *part)
{
	const char *text = get(back(dom, dev, node));

	if (!strstr(text, part)) {
		show_log();
		fail_msg("%s is '%s', without '%s'", node, text, part);
	}
}

/* ---- the toolstack's part ---- */

static char *image(const char *name, long kib)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0 && !ftruncate(fd, kib * 1024));
	close(fd);
	return path;
}

struct want {
	const char *target, *format, *mode, *type, *lock;
};

static void attach_as(unsigned int dom, unsigned int dev,
		      const struct want *w)
{
	char path[128];

	snprintf(path, sizeof(path), BACK, dom, dev);
	put(path, FRONT "/backend", dom, dev);
	put("1", FRONT "/state", dom, dev);
	snprintf(path, sizeof(path), FRONT, dom, dev);
	put(path, BACK "/frontend", dom, dev);
	put("1", BACK "/online", dom, dev);
	put(w->target, BACK "/params", dom, dev);
	put(w->format ? w->format : "raw", BACK "/format", dom, dev);
	put(w->mode ? w->mode : "w", BACK "/mode", dom, dev);
	put(w->type ? w->type : "disk", BACK "/device-type", dom, dev);
	put(w->lock ? w->lock : "exclusive", BACK "/lock", dom, dev);
	put("1", BACK "/state", dom, dev);
}

static void attach(unsigned int dom, unsigned int dev, const char *target)
{
	struct want w = { .target = target };

	attach_as(dom, dev, &w);
}

static void remove_folder(unsigned int dom, unsigned int dev)
{
	char path[128];

	snprintf(path, sizeof(path), BACK, dom, dev);
	assert_int_equal(xsc_rm(xs, tx, path), 0);
	snprintf(path, sizeof(path), FRONT, dom, dev);
	assert_int_equal(xsc_rm(xs, tx, path), 0);
}

static void detach(unsigned int dom, unsigned int dev)
{
	put("0", BACK "/online", dom, dev);
	put("5", BACK "/state", dom, dev);
}

/* ---- the frontend's part ---- */

static void announce(unsigned int dom, unsigned int dev)
{
	put("8", FRONT "/ring-ref", dom, dev);
	put("9", FRONT "/event-channel", dom, dev);
	put("x86_64-abi", FRONT "/protocol", dom, dev);
	put("1", FRONT "/feature-persistent", dom, dev);
	put("3", FRONT "/state", dom, dev);
}

static void connect_front(unsigned int dom, unsigned int dev)
{
	expect(dom, dev, "state", "2");
	announce(dom, dev);
	expect(dom, dev, "state", "4");
	put("4", FRONT "/state", dom, dev);
}

/* ---- the fake backend ---- */

static void set_mode(const char *mode)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/libexec/mode", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && write(fd, mode, strlen(mode)) >= 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/libexec/log", dir);
	unlink(path);
}

static const char *backend_log(void)
{
	static char text[65536];
	char path[96];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/libexec/log", dir);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
	return text;
}

static unsigned int log_count(const char *what)
{
	const char *at = backend_log();
	unsigned int n = 0;

	while ((at = strstr(at, what))) {
		at++;
		n++;
	}
	return n;
}

static void expect_log(const char *what, unsigned int count)
{
	uint64_t end = ev_now_ms() + WAIT_MS;

	while (log_count(what) < count && ev_now_ms() < end)
		msleep(2);
	if (log_count(what) < count) {
		show_log();
		fail_msg("no '%s' for the %u. time in:\n%s", what, count,
			 backend_log());
	}
}

static pid_t backend_pid(void)
{
	const char *at = backend_log(), *last = NULL;

	while ((at = strstr(at, "pid=")))
		last = at += 4;
	return last ? (pid_t)atoi(last) : 0;
}

static bool is_worker(pid_t pid)
{
	char path[64], text[1024];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text));
		close(fd);
	}
	return n > 0 && memmem(text, (size_t)n, "--worker", 8);
}

/* Among the keeper's children, which may be what earlier workers left. */
static pid_t worker_pid(void)
{
	char path[96], text[256], *at, *save;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", devd_pid,
		 devd_pid);
	/* The keeper may first give image servers 5 s to end. */
	for (int i = 0; i < WAIT_MS / 10; i++) {
		int fd = open(path, O_RDONLY);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = 0;
		for (at = strtok_r(text, " ", &save); at;
		     at = strtok_r(NULL, " ", &save))
			if (is_worker(atoi(at)))
				return atoi(at);
		msleep(10);
	}
	return 0;
}

static void kill_backend(pid_t pid)
{
	assert_true(pid > 0);
	kill(pid, SIGKILL);
}

/* ---- tests ---- */

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
	assert_in_range(log_count("connect") - before, 0, 12);
	set_mode("good");
	expect_log("connect resume=1", 1);
	put("stats", BACK "/request", 43u, 1u);
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

static void test_media(void **state)
{
	struct want w = { .target = "", .type = "cdrom", .mode = "r" };
	char *cd;

	(void)state;
	set_mode("good");
	attach_as(7, 51712, &w);
	connect_front(7, 51712);
	assert_string_equal(get(back(7, 51712, "info")), "7");
	cd = image("cd.iso", 64);
	put(cd, BACK "/params", 7u, 51712u);
	put("media", BACK "/request", 7u, 51712u);
	expect(7, 51712, "reply", "media ok");
	assert_string_equal(get(back(7, 51712, "sectors")), "128");
	/* It stays in the drive when the daemon is started again. */
	kill_backend(worker_pid());
	expect_log("connect resume=1", 1);
	expect_log("sectors=128", 2);
	put("/no/such.iso", BACK "/params", 7u, 51712u);
	put("media", BACK "/request", 7u, 51712u);
	expect(7, 51712, "request", "");
	expect_text(7, 51712, "reply", "media error /no/such.iso does not exist");
	put("", BACK "/params", 7u, 51712u);
	put("media", BACK "/request", 7u, 51712u);
	expect(7, 51712, "reply", "media ok");
	assert_string_equal(get(back(7, 51712, "sectors")), "0");
	remove_folder(7, 51712);
}

/* Asks for @cd in the drive and hears of the failure. */
static void insert_fails(unsigned int dev, const char *cd, const char *why)
{
	put(cd, BACK "/params", 40u, dev);
	put("media", BACK "/request", 40u, dev);
	expect(40, dev, "request", "");
	expect_text(40, dev, "reply", why);
}

/* An insertion that fails leaves what is in the drive, and its lock. */
static void test_failed_insert(void **state)
{
	struct want w = { .type = "cdrom", .mode = "r" };
	struct want in, bad;

	(void)state;
	set_mode("no-media");
	w.target = in.target = strdup(image("in.iso", 64));
	bad.target = strdup(image("bad.iso", 1));
	attach_as(40, 1, &w);
	connect_front(40, 1);
	insert_fails(1, bad.target, "media error the disc is scratched");
	expect_log("media sectors=128", 1);
	expect(40, 1, "sectors", "128");
	/* A writer shows who has what. */
	attach(41, 1, bad.target);
	expect(41, 1, "state", "2");
	attach(41, 2, in.target);
	expect(41, 2, "state", "6");
	expect_text(41, 2, "hotplug-error", "in use by domain 40");
	remove_folder(41, 2);
	insert_fails(1, bad.target, "in use by domain 41");
	remove_folder(41, 1);
	/* Its process dies of it: the next has the old one again. */
	set_mode("die-media");
	attach_as(40, 2, &w);
	connect_front(40, 2);
	insert_fails(2, bad.target, "media error its backend ended with 7");
	expect_log("sectors=128", 2);
	expect_log("connect resume=1", 1);
	attach(41, 1, bad.target);
	expect(41, 1, "state", "2");
	remove_folder(41, 1);
	remove_folder(40, 1);
	remove_folder(40, 2);
	free((char *)(uintptr_t)in.target);
	free((char *)(uintptr_t)bad.target);
	set_mode("good");
}

static void refused(unsigned int dev, const struct want *w, const char *why)
{
	attach_as(8, dev, w);
	expect(8, dev, "state", "6");
	assert_string_equal(get(back(8, dev, "hotplug-status")), "error");
	expect_text(8, dev, "hotplug-error", why);
	remove_folder(8, dev);
}

static void test_bad_images(void **state)
{
	(void)state;
	set_mode("good");
	refused(1, &(struct want){ .target = "/no/such" }, "does not exist");
	refused(2, &(struct want){ .target = dir }, "is a folder");
	refused(3, &(struct want){ .target = image("empty.img", 0) }, "is empty");
	refused(4, &(struct want){ .target = "/dev/null" }, "neither a file nor a block");
	refused(5, &(struct want){ .target = "x", .format = "floppy" }, "format 'floppy' is not known");
	refused(6, &(struct want){ .target = "" }, "has no target");
	refused(7, &(struct want){ .target = "nbd:nowhere" }, "no NBD address");
	refused(8, &(struct want){ .target = "nbd+unix:///?socket=/no/socket" },
		"cannot connect to /no/socket");
	refused(9, &(struct want){ .target = image("a.img", 1024), .format = "qcow2" },
		"not in qcow2 format");
}

/* A real image in each format, if there is something that makes them. */
static void test_formats(void **state)
{
	static const char *const formats[] = { "qcow2", "vpc", "vhdx", "vmdk" };
	char command[256], path[96];
	struct want w = { 0 };

	(void)state;
	if (access("/usr/bin/qemu-img", X_OK) ||
	    access("/usr/bin/qemu-storage-daemon", X_OK))
		skip();
	set_mode("good");
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/image,%u", dir, i);
		snprintf(command, sizeof(command),
			 "qemu-img create -q -f %s %s 16M >/dev/null",
			 formats[i], path);
		assert_int_equal(system(command), 0);
		w.target = path;
		w.format = i == 1 ? "vhd" : formats[i];
		attach_as(20, i, &w);
		expect(20, i, "state", "2");
		refused(1, &w, "in use by domain 20");
		remove_folder(20, i);
	}
}

static int has_tools(void)
{
	return !access("/usr/bin/qemu-img", X_OK) &&
	       !access("/usr/bin/qemu-io", X_OK) &&
	       !access("/usr/bin/qemu-storage-daemon", X_OK);
}

static int shell(const char *fmt, const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), fmt, path);
	return system(command);
}

/* A write that was answered, and not flushed, is in the image afterwards,
 * however the image was let go of. */
static void test_server_ends_cleanly(void **state)
{
	struct want w = { .format = "qcow2" };

	(void)state;
	if (!has_tools())
		skip();
	for (unsigned int way = 0; way < 3; way++) {
		w.target = image("written.img", 64);
		shell("qemu-img create -q -f qcow2 %s 16M", w.target);
		set_mode("nbd-write");
		attach_as(39, way, &w);
		connect_front(39, way);
		set_mode("good");
		if (way == 2) {
			kill_backend(worker_pid());
			expect_log("connect resume=1", 1);
		} else if (way == 1) {
			detach(39, way);
			put("6", FRONT "/state", 39u, way);
			expect(39, way, "state", "6");
		}
		remove_folder(39, way);
		/* Free again: its server has ended. */
		attach_as(39, 7, &w);
		expect(39, 7, "state", "2");
		remove_folder(39, 7);
		msleep(300);
		assert_int_equal(shell("qemu-io -r -U -f qcow2 -c 'read -P 0xaa 0 64k' %s | "
				       "grep -q '^read 65536'", w.target), 0);
		assert_int_equal(shell("! qemu-io -r -U -f qcow2 -c 'read -P 0xaa 0 64k' %s | "
				       "grep -q failed", w.target), 0);
	}
}

static void ask_to_grow(const char *bytes, const char *reply)
{
	put(bytes, BACK "/grow-to", 52u, 1u);
	put("grow", BACK "/request", 52u, 1u);
	expect(52, 1, "request", "");
	expect_text(52, 1, "reply", reply);
}

static void test_grow(void **state)
{
	struct want w = { .format = "qcow2" };

	(void)state;
	if (!has_tools())
		skip();
	set_mode("nbd-size");
	w.target = image("grow,me.qcow2", 64);
	shell("qemu-img create -q -f qcow2 %s 16M", w.target);
	attach_as(52, 1, &w);
	connect_front(52, 1);
	expect(52, 1, "sectors", "32768");
	ask_to_grow("33554432", "grow ok 65536");
	expect_log("connect resume=1", 1);
	expect(52, 1, "sectors", "65536");
	expect(52, 1, "state", "4");
	ask_to_grow("16777216", "not made smaller");
	ask_to_grow("much", "is no size");
	/* One that qemu-img does not make; the disk goes on. */
	ask_to_grow("9223372036854775296", "grow error");
	expect_log("connect resume=1", 2);
	expect(52, 1, "sectors", "65536");
	/* Before the guest has connected. */
	put("6", FRONT "/state", 52u, 1u);
	expect(52, 1, "state", "6");
	put("1", FRONT "/state", 52u, 1u);
	expect(52, 1, "state", "2");
	ask_to_grow("67108864", "grow ok 131072");
	remove_folder(52, 1);
	set_mode("good");
}

/* What the backend of an image says makes nobody else wait. */
static void test_complaints(void **state)
{
	char command[256];
	struct want w = { .format = "qcow2" };
	unsigned int late = 0;

	(void)state;
	if (access("/usr/bin/qemu-img", X_OK) ||
	    access("/usr/bin/qemu-storage-daemon", X_OK))
		skip();
	set_mode("good");
	attach(38, 1, image("a.img", 1024));
	expect(38, 1, "state", "2");
	set_mode("complain");
	w.target = image("hurt.img", 64);
	snprintf(command, sizeof(command),
		 "qemu-img create -q -f qcow2 %s 16M >/dev/null", w.target);
	assert_int_equal(system(command), 0);
	attach_as(38, 2, &w);
	expect(38, 2, "state", "2");
	announce(38, 2);
	/* Until it is given up, after ten processes. */
	while (strcmp(get(back(38, 2, "state")), "6")) {
		uint64_t began = ev_now_ms();

		put("stats", BACK "/request", 38u, 1u);
		expect(38, 1, "request", "");
		late += ev_now_ms() - began > 200;
	}
	assert_in_range(late, 0, 4);
	remove_folder(38, 2);
	remove_folder(38, 1);
	set_mode("good");
}

/* ---- what the server of an image may do ---- */

static bool can_open(const char *path, int how)
{
	int fd = open(path, how);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool refuses(long rc, int error)
{
	return rc < 0 && errno == error;
}

static bool has_own_network(const char *theirs)
{
	char own[64] = "";

	return readlink("/proc/self/ns/net", own, sizeof(own) - 1) > 0 &&
	       strcmp(own, theirs);
}

/*
 * This program again, in the place of the server: tries what it must not do.
 * Its exit code is the number of the first thing that is wrong.
 *
 *	devd_live --probe OWN OTHER NEW OUR-NETWORK
 */
static int probe(char **arg)
{
	struct rlimit core;
	bool ok[] = {
		getuid() == 2000000077 && getgid() == 2000000077,
		can_open(arg[0], O_WRONLY),
		!can_open(arg[1], O_WRONLY) && can_open(arg[1], O_RDONLY),
		mkdir(arg[2], 0700) && unlink(arg[1]),
		refuses(socket(AF_INET, SOCK_STREAM, 0), EPERM) &&
			refuses(socket(AF_UNIX, SOCK_STREAM, 0), EPERM),
		has_own_network(arg[3]),
		refuses(syscall(SYS_unshare, 0x10000000), EPERM),
		refuses(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM),
		refuses(mount("none", "/mnt", "tmpfs", 0, NULL), EPERM),
		refuses(fork(), EPERM),
		refuses(kill(getppid(), 0), EPERM),
		refuses(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS),
		refuses((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EPERM),
		!getrlimit(RLIMIT_CORE, &core) && !core.rlim_max,
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
	};

	for (size_t i = 0; i < sizeof(ok) / sizeof(ok[0]); i++)
		if (!ok[i])
			return 10 + (int)i;
	execl("/bin/true", "true", NULL);
	return 9;	/* it lives */
}

static int run_probe(const char *writable)
{
	char own[96], other[96], new[96], net[64] = "";
	const char *argv[] = { devd_path, "--confine", "2000000077", writable,
			       self_path, "--probe", own, other, new, net,
			       NULL };
	int status;
	pid_t pid;

	snprintf(own, sizeof(own), "%s/own.img", dir);
	snprintf(other, sizeof(other), "%s/other.img", dir);
	snprintf(new, sizeof(new), "%s/new", dir);
	assert_true(readlink("/proc/self/ns/net", net, sizeof(net) - 1) > 0);
	pid = run(argv, "probe.log");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) < 9)
		shell("cat %s/probe.log >&2", dir);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* The server of an image writes to that image, and nowhere else; and the one
 * thing that it might do with the host, starting a program, ends it. */
static void test_confined(void **state)
{
	char own[96];

	(void)state;
	image("other.img", 64);
	snprintf(own, sizeof(own), "%s", image("own.img", 64));
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		skip();
	assert_int_equal(run_probe(own), -SIGSYS);
	assert_int_equal(run_probe(""), 11);
}

static void test_locks(void **state)
{
	struct want ro = { .mode = "r" }, shared = { .lock = "shared" };

	(void)state;
	set_mode("good");
	put("web", "/local/domain/9/name");
	attach(9, 1, image("lock.img", 1024));
	expect(9, 1, "state", "2");
	refused(1, &(struct want){ .target = image("lock.img", 1024) },
		"in use by guest web (domain 9)");
	ro.target = image("lock.img", 1024);
	refused(2, &ro, "in use by guest web");
	/* Free as soon as the folder is gone. */
	remove_folder(9, 1);
	ro.target = image("lock.img", 1024);
	attach_as(10, 1, &ro);
	expect(10, 1, "state", "2");
	assert_string_equal(get(back(10, 1, "info")), "4");
	attach_as(11, 1, &ro);
	expect(11, 1, "state", "2");
	remove_folder(10, 1);
	remove_folder(11, 1);
	shared.target = image("lock.img", 1024);
	attach_as(10, 1, &shared);
	expect(10, 1, "state", "2");
	attach_as(11, 1, &shared);
	expect(11, 1, "state", "2");
	refused(1, &(struct want){ .target = image("lock.img", 1024) }, "in use");
	remove_folder(10, 1);
	remove_folder(11, 1);
}

/* Whether @pid has the file at @path open. */
static bool has_open(pid_t pid, const char *path)
{
	char folder[64], name[352], target[256];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	d = opendir(folder);
	assert_non_null(d);
	while (!found && (e = readdir(d))) {
		ssize_t n;

		snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		n = readlink(name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		found = !strcmp(target, path);
	}
	closedir(d);
	return found;
}

/* What is said to be closed may be unmounted: also the keeper has let go of
 * it, however late it was. */
static void test_closed_is_closed(void **state)
{
	const char *path = image("mounted.img", 1024);

	(void)state;
	set_mode("good");
	attach(9, 3, path);
	connect_front(9, 3);
	assert_true(has_open(devd_pid, path));
	assert_int_equal(kill(devd_pid, SIGSTOP), 0);
	detach(9, 3);
	put("6", FRONT "/state", 9u, 3u);
	for (int i = 0; i < 20 && strcmp(get(back(9, 3, "state")), "6"); i++)
		msleep(10);
	assert_string_not_equal(get(back(9, 3, "state")), "6");
	assert_int_equal(kill(devd_pid, SIGCONT), 0);
	expect(9, 3, "state", "6");
	assert_false(has_open(devd_pid, path));
	assert_false(has_open(worker_pid(), path));
	remove_folder(9, 3);
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
	kill(devd_pid, SIGSTOP);
	kill_backend(worker_pid());
	msleep(50);
	remove_folder(14, 1);
	kill(devd_pid, SIGCONT);
	expect_log("connect resume=1", 1);
	attach(15, 1, image("a.img", 1024));
	expect(15, 1, "state", "2");
	remove_folder(15, 1);
	remove_folder(14, 2);
}

/* ---- cards ---- */

#define CARD "/local/domain/0/backend/pvif/%u/0"
#define CARD_FRONT "/local/domain/%u/device/vif/0"

static char *card(unsigned int dom, const char *node)
{
	static char path[128];

	snprintf(path, sizeof(path), CARD "/%s", dom, node);
	return path;
}

static void attach_card(unsigned int dom, const char *mode, const char *bridge)
{
	char path[128];

	snprintf(path, sizeof(path), CARD_FRONT, dom);
	put("1", CARD_FRONT "/state", dom);
	put(path, CARD "/frontend", dom);
	put("00:16:3e:00:00:01", CARD "/mac", dom);
	put(mode, CARD "/mode", dom);
	put(bridge, CARD "/bridge", dom);
	put("1", CARD "/online", dom);
	put("1", CARD "/state", dom);
}

static void remove_card(unsigned int dom)
{
	char path[128];

	snprintf(path, sizeof(path), CARD, dom);
	assert_int_equal(xsc_rm(xs, XSC_NO_TX, path), 0);
	snprintf(path, sizeof(path), CARD_FRONT, dom);
	assert_int_equal(xsc_rm(xs, XSC_NO_TX, path), 0);
}

static void await(const char *path, const char *value)
{
	uint64_t end = ev_now_ms() + WAIT_MS;

	while (strcmp(get(path), value) && ev_now_ms() < end)
		msleep(2);
	if (strcmp(get(path), value))
		show_log();
	assert_string_equal(get(path), value);
}

static void await_link(const char *name, bool there)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s", name);
	for (int i = 0; i < 1000 && access(path, F_OK) != (there ? 0 : -1); i++)
		msleep(10);
	assert_int_equal(access(path, F_OK), there ? 0 : -1);
}

/* The "dnsmasq" that is found first. */
static void set_dnsmasq(const char *text)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/bin/dnsmasq", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", text);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

/* A DHCP server that takes its time, and one that does not start: neither
 * holds up another device. */
static void test_slow_network(void **state)
{
	uint64_t began;

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("sleep 3");
	began = ev_now_ms();
	attach_card(44, "nat", "");
	attach(44, 1, image("a.img", 1024));
	connect_front(44, 1);
	assert_in_range(ev_now_ms() - began, 0, 2500);
	assert_string_equal(get(card(44, "state")), "1");
	await(card(44, "state"), "2");
	assert_true(ev_now_ms() - began >= 3000);
	assert_string_equal(get(card(44, "multi-queue-max-queues")), "3");
	await_link("parvisnat0", true);
	/* Taken away while the next is being made: each in its turn. */
	remove_card(44);
	set_dnsmasq("echo the port is taken >&2; exit 2");
	attach_card(45, "nat", "");
	await(card(45, "state"), "6");
	if (!strstr(get(card(45, "hotplug-error")), "the port is taken"))
		fail_msg("hotplug-error is '%s'",
			 get(card(45, "hotplug-error")));
	remove_card(45);
	await_link("parvisnat0", false);
	remove_folder(44, 1);
}

/* What its backend is told to filter is also filtered without it, for as long
 * as the card is there. */
static void test_kernel_filter(void **state)
{
	static const char list[] = "nft list table netdev parvis_vif_vif56_2e0 "
				   "2>/dev/null | grep -q '%s'";
	char none[] = "nft list tables | grep -q parvis_vif";

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	put("mac,ip", CARD "/filter", 56u);
	put("10.77.0.9", CARD "/ip", 56u);
	put("1250000,50000", CARD "/rate", 56u);
	attach_card(56, "nat", "");
	await(card(56, "state"), "2");
	expect_log("filters=3", 1);
	assert_int_equal(shell(list, "ether saddr != 00:16:3e:00:00:01 drop"),
			 0);
	assert_int_equal(shell(list, "10.77.0.9"), 0);
	assert_int_equal(shell(list, "limit rate over"), 0);
	remove_card(56);
	for (int i = 0; i < 500 && !system(none); i++)
		msleep(10);
	assert_int_not_equal(system(none), 0);
}

/* Away before it was there; and its name again at once. */
static void test_network_given_up(void **state)
{
	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("sleep 1");
	attach_card(46, "nat", "");
	await_link("parvisnat0", true);
	remove_card(46);
	attach_card(46, "bridge", "nowhere");
	await(card(46, "state"), "6");
	assert_non_null(strstr(get(card(46, "hotplug-error")),
			       "there is no bridge nowhere"));
	remove_card(46);
	await_link("parvisnat0", false);
	/* The plugger is killed while it works; the next card has another. */
	set_dnsmasq("kill -9 $PPID");
	attach_card(47, "nat", "");
	await(card(47, "state"), "6");
	assert_non_null(strstr(get(card(47, "hotplug-error")),
			       "was killed by signal 9"));
	set_dnsmasq("exit 0");
	remove_card(47);
	attach_card(48, "nat", "");
	await(card(48, "state"), "2");
	remove_card(48);
	await_link("parvisnat0", false);
}

/* Removes by @fn while no worker runs. */
static void while_away(void (*fn)(unsigned int dom), unsigned int dom)
{
	pid_t worker = worker_pid();

	kill(devd_pid, SIGSTOP);
	kill_backend(worker);
	msleep(50);
	fn(dom);
	kill(devd_pid, SIGCONT);
}

static void remove_first(unsigned int dom)
{
	remove_folder(dom, 1);
}

static void await_text(const char *file, const char *text)
{
	char path[96], now[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	for (int i = 0; i < 1000 && strcmp(now, text); i++) {
		size_t n = 0;

		msleep(10);
		f = fopen(path, "r");
		if (f)
			n = fread(now, 1, sizeof(now) - 1, f);
		now[n] = 0;
		if (f)
			fclose(f);
	}
	assert_string_equal(now, text);
}

/* The user's own script hears of the end, whoever sees to it. */
static void test_block_script(void **state)
{
	char script[96];
	FILE *f;

	(void)state;
	set_mode("good");
	snprintf(script, sizeof(script), "%s/block-mine", dir);
	f = fopen(script, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho $1 $XENBUS_PATH >>%s/script.log\n", dir);
	fclose(f);
	assert_int_equal(chmod(script, 0755), 0);
	for (unsigned int i = 0; i < 2; i++) {
		put(script, BACK "/script", 53u, 1u);
		put(image("a.img", 1024), BACK "/physical-device-path", 53u, 1u);
		attach(53, 1, "x:y");
		connect_front(53, 1);
		if (i == 0) {
			kill_backend(worker_pid());
			expect_log("connect resume=1", 1);
			remove_folder(53, 1);
		} else {
			while_away(remove_first, 53);
		}
		await_text("script.log", i == 0 ?
			"add backend/pvbd/53/1\nremove backend/pvbd/53/1\n" :
			"add backend/pvbd/53/1\nremove backend/pvbd/53/1\n"
			"add backend/pvbd/53/1\nremove backend/pvbd/53/1\n");
	}
	attach(54, 1, image("a.img", 1024));
	expect(54, 1, "state", "2");
	remove_folder(54, 1);
}

/* Nor does a network stay of a card that went while nobody looked. */
static void test_card_gone_meanwhile(void **state)
{
	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	attach_card(55, "nat", "");
	await(card(55, "state"), "2");
	await_link("parvisnat0", true);
	while_away(remove_card, 55);
	await_link("vif55.0", false);
	await_link("parvisnat0", false);
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

#define KERNEL "/local/domain/0/backend/vbd/22/1"

/* Whether a loop device with this number has a file. */
static int loop_in_use(const char *device)
{
	unsigned int major, minor;
	char path[64];

	assert_int_equal(sscanf(device, "%x:%x", &major, &minor), 2);
	snprintf(path, sizeof(path), "/sys/block/loop%u/loop/backing_file",
		 minor);
	return !access(path, F_OK);
}

/* A disk for the kernel's backend: here nobody else has the loop device. */
static void test_kernel_disk(void **state)
{
	char device[32];

	(void)state;
	if (access("/dev/loop-control", W_OK) || access("/sys/block", R_OK))
		skip();
	put("/local/domain/22/device/vbd/1", KERNEL "/frontend");
	put(image("loop.img", 1024), KERNEL "/params");
	put("w", KERNEL "/mode");
	put("1", KERNEL "/online");
	put("1", KERNEL "/state");
	await(KERNEL "/hotplug-status", "connected");
	snprintf(device, sizeof(device), "%s",
		 get(KERNEL "/physical-device"));
	assert_true(loop_in_use(device));
	refused(1, &(struct want){ .target = image("loop.img", 1024) },
		"in use by domain 22");
	put("0", KERNEL "/online");
	put("6", KERNEL "/state");
	for (int i = 0; i < 500 && loop_in_use(device); i++)
		msleep(10);
	assert_false(loop_in_use(device));
	assert_int_equal(xsc_rm(xs, XSC_NO_TX, KERNEL), 0);
	attach(8, 1, image("loop.img", 1024));
	expect(8, 1, "state", "2");
	remove_folder(8, 1);
}

/* A loop device over @file; "" if there is none to be had. */
static char *loop_over(const char *file)
{
	static char device[64];
	char command[192];
	FILE *f;

	snprintf(command, sizeof(command), "losetup --show -f %s", file);
	f = popen(command, "r");
	if (!f || !fgets(device, sizeof(device), f))
		device[0] = 0;
	if (f)
		pclose(f);
	device[strcspn(device, "\n")] = 0;
	return device;
}

/* One image under two names. */
static void test_aliases(void **state)
{
	char file[128], loop[64], alias[96];
	struct want ro = { .mode = "r" };
	struct stat st;

	(void)state;
	set_mode("good");
	snprintf(file, sizeof(file), "%s", image("alias.img", 1024));
	snprintf(loop, sizeof(loop), "%s", loop_over(file));
	if (!loop[0] || stat(loop, &st))
		skip();
	attach(42, 1, loop);
	expect(42, 1, "state", "2");
	refused(1, &(struct want){ .target = file }, "in use by domain 42");
	/* Another node of the same device, for reading. */
	snprintf(alias, sizeof(alias), "%s/alias", dir);
	assert_int_equal(mknod(alias, S_IFBLK | 0600, st.st_rdev), 0);
	ro.target = alias;
	refused(2, &ro, "in use by domain 42");
	remove_folder(42, 1);
	attach(42, 2, file);
	expect(42, 2, "state", "2");
	refused(3, &(struct want){ .target = loop }, "in use by domain 42");
	remove_folder(42, 2);
	attach(42, 3, alias);
	expect(42, 3, "state", "2");
	remove_folder(42, 3);
	shell("losetup -d %s", loop);
}

static void end_store(int signal)
{
	xsc_close(xs);
	xs = NULL;
	kill(store_pid, signal);
	waitpid(store_pid, NULL, 0);
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
	char command[96];
	unsigned int n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls /proc/%d/fd /proc/%d/fd | wc -l",
		 worker_pid(), devd_pid);
	f = popen(command, "r");
	if (!f || fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f)
		pclose(f);
	return n;
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
		assert_int_equal(xsc_tx_start(xs, &tx), 0);
		remove_folder(50, 1);
		attach(50, 1, image(images[i], 256 + 128 * (long)i));
		assert_int_equal(xsc_tx_end(xs, tx, true), 0);
		tx = XSC_NO_TX;
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
	assert_int_equal(xsc_tx_start(xs, &tx), 0);
	remove_folder(51, 2);
	attach(51, 2, image("e.img", 32));
	assert_int_equal(xsc_tx_end(xs, tx, true), 0);
	tx = XSC_NO_TX;
	expect(51, 2, "state", "2");
	assert_string_equal(get(back(51, 2, "sectors")), "64");
	remove_folder(51, 2);
	attach(51, 1, image("b.img", 256));
	expect(51, 1, "state", "2");
	remove_folder(50, 1);
	remove_folder(51, 1);
}

/* Another disk at the place of one that was removed while nobody looked. */
static void test_other_disk_meanwhile(void **state)
{
	pid_t worker;

	(void)state;
	set_mode("good");
	attach(34, 1, image("a.img", 1024));
	connect_front(34, 1);
	worker = worker_pid();
	assert_true(worker > 0);
	kill(devd_pid, SIGSTOP);
	kill(worker, SIGKILL);
	msleep(50);
	remove_folder(34, 1);
	attach(34, 1, image("other.img", 512));
	kill(devd_pid, SIGCONT);
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
	detach(36, 1);
	put("6", FRONT "/state", 36u, 1u);
	expect(36, 1, "state", "6");
	remove_folder(36, 1);
}

/* A backend that has made itself unknown does not outlive its worker. */
static void test_hidden_backend(void **state)
{
	pid_t hidden;

	(void)state;
	set_mode("hidden");
	attach(37, 1, image("a.img", 1024));
	connect_front(37, 1);
	hidden = backend_pid();
	set_mode("good");
	kill_backend(worker_pid());
	expect_log("connect resume=1", 1);
	assert_int_equal(kill(hidden, 0), -1);
	remove_folder(37, 1);
}

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
			detach(30, i);
			put("6", FRONT "/state", 30u, i);
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

/* ---- set-up ---- */

static int set_up(void **state)
{
	char path[160];

	(void)state;
	strcpy(dir, "/tmp/devd_live.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	setenv("XENSTORED_RUNDIR", dir, 1);
	snprintf(path, sizeof(path), "%s/libexec", dir);
	mkdir(path, 0755);
	/* A backend may be another user. */
	chmod(dir, 0755);
	chmod(path, 0777);
	snprintf(path, sizeof(path), "cp %s %s/libexec/parvis-blkback",
		 backend_path, dir);
	if (system(path))
		return -1;
	snprintf(path, sizeof(path), "cp %s %s/libexec/parvis-blkback-nbd",
		 backend_path, dir);
	if (system(path))
		return -1;
	snprintf(path, sizeof(path), "cp %s %s/libexec/parvis-netback",
		 backend_path, dir);
	if (system(path))
		return -1;
	snprintf(path, sizeof(path), "%s/bin", dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/bin:/usr/local/bin:/usr/bin:/bin:"
		 "/usr/sbin:/sbin", dir);
	setenv("PATH", path, 1);
	start_store();
	start_devd();
	return 0;
}

static int tear_down(void **state)
{
	char command[160];

	(void)state;
	kill(devd_pid, SIGTERM);
	waitpid(devd_pid, NULL, 0);
	/* A worker that the sanitizers ended was replaced without a sound. */
	snprintf(command, sizeof(command),
		 "! grep -A 30 -E 'Sanitizer|runtime error' %s/devd.log", dir);
	if (system(command))
		return -1;
	kill(store_pid, SIGTERM);
	waitpid(store_pid, NULL, 0);
	xsc_close(xs);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connects),
		cmocka_unit_test(test_detached_in_use),
		cmocka_unit_test(test_detached_in_a_race),
		cmocka_unit_test(test_reconnects),
		cmocka_unit_test(test_survives_kills),
		cmocka_unit_test(test_killed_at_start),
		cmocka_unit_test(test_suicides),
		cmocka_unit_test(test_gives_up),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_failed_insert),
		cmocka_unit_test(test_bad_images),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_server_ends_cleanly),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_closed_is_closed),
		cmocka_unit_test(test_bad_backends),
		cmocka_unit_test(test_hostile_frontend),
		cmocka_unit_test(test_daemon_restarts),
		cmocka_unit_test(test_place_taken_again),
		cmocka_unit_test(test_other_disk_at_once),
		cmocka_unit_test(test_other_disk_meanwhile),
		cmocka_unit_test(test_ends_without_server),
		cmocka_unit_test(test_hidden_backend),
		cmocka_unit_test(test_block_script),
		cmocka_unit_test(test_card_gone_meanwhile),
		cmocka_unit_test(test_worker_dies_often),
		cmocka_unit_test(test_slow_network),
		cmocka_unit_test(test_kernel_filter),
		cmocka_unit_test(test_network_given_up),
		cmocka_unit_test(test_flood_holds_up_nobody),
		cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_kernel_disk),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_store_away),
		cmocka_unit_test(test_store_restarts),
	};

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
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
