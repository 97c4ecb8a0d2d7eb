// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_images.c: images, drives and their media, what holds an image, and what
 * its server may do.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "devd_bed.h"

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
			give_back(39, way);
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

/* The process @pid's open file @path, kept open here as well; or -1. */
static int keep_open(pid_t pid, const char *path)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), kept = -1;
	char link[64], name[256];

	for (int fd = 0; fd < 64 && kept < 0; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(link, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = 0;
		if (!strcmp(name, path))
			kept = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	}
	close(process);
	return kept;
}

/*
 * The kernel keeps a killed process's file until its last write has ended: no
 * other process writes before that. Who shares the image is not held up.
 */
static void test_waits_for_the_last_write(void **state)
{
	struct want w = { .target = image("slow.img", 1024), .lock = "shared" };
	int kept;

	(void)state;
	for (unsigned int dev = 1; dev <= 2; dev++) {
		w.lock = dev == 1 ? NULL : "shared";
		set_mode("good");
		attach_as(61, dev, &w);
		connect_front(61, dev);
		kept = keep_open(backend_pid(), w.target);
		assert_true(kept >= 0);
		kill_backend(backend_pid());
		msleep(300);
		assert_int_equal(log_count("start"), 1);
		if (dev == 2) {
			attach_as(61, 3, &w);
			expect(61, 3, "state", "2");
			remove_folder(61, 3);
		}
		close(kept);
		expect_log("connect resume=1", 1);
		remove_folder(61, dev);
	}
}

static int server_of(const char *image)
{
	int pid = atoi(first_line(
		"pgrep -f '^qemu-storage-daemon .*file.filename=%s'", image));

	assert_true(pid > 0);
	return pid;
}

/* Nor does what the image's server was told by a process that was killed come
 * after the next one's requests. */
static void test_server_is_not_kept(void **state)
{
	struct want w = { .format = "qcow2" };
	int server;

	(void)state;
	if (!has_tools())
		skip();
	w.target = image("fenced.img", 64);
	shell("qemu-img create -q -f qcow2 %s 16M", w.target);
	set_mode("good");
	attach_as(62, 1, &w);
	connect_front(62, 1);
	server = server_of(w.target);
	kill_backend(backend_pid());
	expect_log("connect resume=1", 1);
	assert_int_not_equal(server_of(w.target), server);
	/* One that has finished leaves nothing. */
	server = server_of(w.target);
	put("replace", BACK "/request", 62u, 1u);
	expect(62, 1, "request", "");
	expect_log("connect resume=1", 2);
	assert_int_equal(server_of(w.target), server);
	remove_folder(62, 1);
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
int probe(char **arg)
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
	give_back(9, 3);
	for (int i = 0; i < 20 && strcmp(get(back(9, 3, "state")), "6"); i++)
		msleep(10);
	assert_string_not_equal(get(back(9, 3, "state")), "6");
	assert_int_equal(kill(devd_pid, SIGCONT), 0);
	expect(9, 3, "state", "6");
	assert_false(has_open(devd_pid, path));
	assert_false(has_open(worker_pid(), path));
	remove_folder(9, 3);
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

/* One image under two names. */
static void test_aliases(void **state)
{
	char file[128], loop[64], alias[96];
	struct want ro = { .mode = "r" };
	struct stat st;

	(void)state;
	set_mode("good");
	snprintf(file, sizeof(file), "%s", image("alias.img", 1024));
	snprintf(loop, sizeof(loop), "%s",
		 first_line("losetup --show -f %s", file));
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

int run_images(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_failed_insert),
		cmocka_unit_test(test_bad_images),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_server_ends_cleanly),
		cmocka_unit_test(test_waits_for_the_last_write),
		cmocka_unit_test(test_server_is_not_kept),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_closed_is_closed),
		cmocka_unit_test(test_kernel_disk),
		cmocka_unit_test(test_aliases),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
