// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_bed.c: see devd_bed.h.  State: the processes and the folder of one
 * group of tests, and the connection to its store.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "devd_bed.h"

const char *store_path, *devd_path, *backend_path, *self_path;
char dir[64];
bool own_network;
pid_t devd_pid;
struct xsc *xs;
uint32_t tx = XSC_NO_TX;
static pid_t store_pid;

/* ---- processes ---- */

pid_t run(const char *const *argv, const char *log)
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

void msleep(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

void start_store(void)
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

void start_devd(void)
{
	char pid_file[96], run_dir[96], libexec[96];
	const char *argv[] = { devd_path, "-f", "-v", "--pid-file", pid_file,
			       "--run-dir", run_dir, "--libexec", libexec,
			       "--net-queues", "3", "--script-wait", "3",
			       NULL };

	snprintf(pid_file, sizeof(pid_file), "%s/devd.pid", dir);
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	snprintf(libexec, sizeof(libexec), "%s/libexec", dir);
	devd_pid = run(argv, "devd.log");
}

/* ---- the store ---- */

void put(const char *value, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	assert_int_equal(xsc_write(xs, tx, path, value), 0);
}

void begin_tx(void)
{
	assert_int_equal(xsc_tx_start(xs, &tx), 0);
}

void end_tx(void)
{
	assert_int_equal(xsc_tx_end(xs, tx, true), 0);
	tx = XSC_NO_TX;
}

char *get(const char *path)
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

void show_log(void)
{
	char command[128];

	snprintf(command, sizeof(command), "tail -n 30 %s/devd.log >&2", dir);
	if (system(command))
		fprintf(stderr, "no log\n");
}

char *back(unsigned int dom, unsigned int dev, const char *node)
{
	static char path[256];

	snprintf(path, sizeof(path), BACK "/%s", dom, dev, node);
	return path;
}

/* Waits until the backend's node has this value. */
void expect(unsigned int dom, unsigned int dev, const char *node,
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

void expect_text(unsigned int dom, unsigned int dev, const char *node,
			const char *part)
{
	const char *text = get(back(dom, dev, node));

	if (!strstr(text, part)) {
		show_log();
		fail_msg("%s is '%s', without '%s'", node, text, part);
	}
}

void await(const char *path, const char *value)
{
	uint64_t end = ev_now_ms() + WAIT_MS;

	while (strcmp(get(path), value) && ev_now_ms() < end)
		msleep(2);
	if (strcmp(get(path), value))
		show_log();
	assert_string_equal(get(path), value);
}

/* ---- the toolstack's part ---- */

char *image(const char *name, long kib)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0 && !ftruncate(fd, kib * 1024));
	close(fd);
	return path;
}

void attach_as(unsigned int dom, unsigned int dev,
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

void attach(unsigned int dom, unsigned int dev, const char *target)
{
	struct want w = { .target = target };

	attach_as(dom, dev, &w);
}

void remove_folder(unsigned int dom, unsigned int dev)
{
	char path[128];

	snprintf(path, sizeof(path), BACK, dom, dev);
	assert_int_equal(xsc_rm(xs, tx, path), 0);
	snprintf(path, sizeof(path), FRONT, dom, dev);
	assert_int_equal(xsc_rm(xs, tx, path), 0);
}

void tell_to_end(const char *folder)
{
	int rc;

	/* The daemon may be writing there. */
	do {
		begin_tx();
		put("0", "%s/online", folder);
		put("5", "%s/state", folder);
		rc = xsc_tx_end(xs, tx, true);
		tx = XSC_NO_TX;
	} while (rc == -EAGAIN);
	assert_int_equal(rc, 0);
}

void detach(unsigned int dom, unsigned int dev)
{
	char path[128];

	snprintf(path, sizeof(path), BACK, dom, dev);
	tell_to_end(path);
}

void refused(unsigned int dev, const struct want *w, const char *why)
{
	attach_as(8, dev, w);
	expect(8, dev, "state", "6");
	assert_string_equal(get(back(8, dev, "hotplug-status")), "error");
	expect_text(8, dev, "hotplug-error", why);
	remove_folder(8, dev);
}

void give_back(unsigned int dom, unsigned int dev)
{
	detach(dom, dev);
	put("6", FRONT "/state", dom, dev);
}

void unplug(unsigned int dom, unsigned int dev)
{
	give_back(dom, dev);
	expect(dom, dev, "state", "6");
	remove_folder(dom, dev);
}

void remove_first(unsigned int dom)
{
	remove_folder(dom, 1);
}

/* ---- the frontend's part ---- */

void announce(unsigned int dom, unsigned int dev)
{
	put("8", FRONT "/ring-ref", dom, dev);
	put("9", FRONT "/event-channel", dom, dev);
	put("x86_64-abi", FRONT "/protocol", dom, dev);
	put("1", FRONT "/feature-persistent", dom, dev);
	put("3", FRONT "/state", dom, dev);
}

void connect_front(unsigned int dom, unsigned int dev)
{
	expect(dom, dev, "state", "2");
	announce(dom, dev);
	expect(dom, dev, "state", "4");
	put("4", FRONT "/state", dom, dev);
}

/* ---- the fake backend ---- */

void set_mode(const char *mode)
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

const char *backend_log(void)
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

unsigned int log_count(const char *what)
{
	const char *at = backend_log();
	unsigned int n = 0;

	while ((at = strstr(at, what))) {
		at++;
		n++;
	}
	return n;
}

void expect_log(const char *what, unsigned int count)
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

pid_t backend_pid(void)
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
pid_t worker_pid(void)
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

void kill_backend(pid_t pid)
{
	assert_true(pid > 0);
	kill(pid, SIGKILL);
}

/* Removes by @fn while no worker runs. */
void while_away(void (*fn)(unsigned int dom), unsigned int dom)
{
	pid_t worker = worker_pid();

	assert_int_equal(kill(devd_pid, SIGSTOP), 0);
	kill_backend(worker);
	msleep(50);
	fn(dom);
	kill(devd_pid, SIGCONT);
}

void end_store(int signal)
{
	xsc_close(xs);
	xs = NULL;
	kill(store_pid, signal);
	waitpid(store_pid, NULL, 0);
}

int shell(const char *fmt, const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), fmt, path);
	return system(command);
}

const char *first_line(const char *fmt, ...)
{
	static char line[256];
	char command[512];
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	pclose(f);
	line[strcspn(line, "\n")] = 0;
	return line;
}

void await_text(const char *file, const char *text)
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

/* ---- cards ---- */

char *card(unsigned int dom, const char *node)
{
	static char path[128];

	snprintf(path, sizeof(path), CARD "/%s", dom, node);
	return path;
}

void attach_card(unsigned int dom, const char *mode, const char *bridge)
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

void remove_card(unsigned int dom)
{
	char path[128];

	snprintf(path, sizeof(path), CARD, dom);
	assert_int_equal(xsc_rm(xs, tx, path), 0);
	snprintf(path, sizeof(path), CARD_FRONT, dom);
	assert_int_equal(xsc_rm(xs, tx, path), 0);
}

void await_link(const char *name, bool there)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s", name);
	for (int i = 0; i < 1000 && access(path, F_OK) != (there ? 0 : -1); i++)
		msleep(10);
	assert_int_equal(access(path, F_OK), there ? 0 : -1);
}

/* The "dnsmasq" that is found first. */
void set_dnsmasq(const char *text)
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

/* ---- set-up ---- */

int set_up(void **state)
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

int tear_down(void **state)
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
