// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper.c: the process above the worker: holds what must outlive it and
 * starts another when it ends.
 *
 * State: the records, newest first, found by a hash of their key; the worker's
 * pid and socket.  It understands nothing of a record but its key, and reads
 * no store and no device, so there is little that could end it.  Before a new
 * worker runs, all that the old one had started is dead (they become this
 * process's children and are killed): nobody else serves a ring any more.
 */
#include "devd/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/daemonize.h"
#include "lib/log.h"

#define BUCKETS 1024u
#define RUNS_WELL_S 5		/* a worker that lived so long was no failure */
#define FAILURES_FREE 4	/* in a row, that are answered at once */
#define PAUSE_MS 100		/* then so long, and twice as long each time */
#define PAUSE_MAX_MS 2000
#define ORPHANS_MAX 16384
#define ORPHAN_POLL_MS 2
#define SERVER_END_MS 5000

struct kept {
	struct kept *next;
	struct keep_rec rec;
	int fd[KEEP_MAX_FDS];
	int nfds;
};

static struct kept *table[BUCKETS];

static struct {
	pid_t pid;
	int sock, sigfd, ready_fd;
	bool stopping, renew;
	time_t started;
	unsigned int failures;
	uint32_t uid_base;
} worker = { .sock = -1, .ready_fd = -1 };

/* ---- records ---- */

static struct kept **find(const struct keep_key *key)
{
	uint32_t h = (key->domid * 31 + key->devid) * 2 + key->kind;
	struct kept **at = &table[h % BUCKETS];

	while (*at && memcmp(&(*at)->rec.key, key, sizeof(*key)))
		at = &(*at)->next;
	return at;
}

static void free_record(struct kept *k)
{
	while (k->nfds)
		close(k->fd[--k->nfds]);
	free(k);
}

static void drop(const struct keep_key *key)
{
	struct kept **at = find(key), *k = *at;

	if (!k)
		return;
	*at = k->next;
	free_record(k);
}

/* A worker that is gone needs no answer. */
static void say_dropped(const struct keep_key *key)
{
	struct keep_dropped done = { { KEEP_DROPPED, sizeof(done) }, *key };

	bp_send(worker.sock, &done.head, NULL, 0);
}

/* False at the end of the worker's socket. */
static bool take_message(void)
{
	struct kept *k = calloc(1, sizeof(*k)), **at;
	int n;

	if (!k)
		return true;
	n = bp_recv(worker.sock, &k->rec, sizeof(k->rec), k->fd, KEEP_MAX_FDS,
		    &k->nfds);
	if (n != (int)sizeof(k->rec)) {
		free_record(k);
		return n == -EAGAIN || n == -EINTR;
	}
	drop(&k->rec.key);
	if (k->rec.head.type != KEEP_PUT) {
		say_dropped(&k->rec.key);
		free_record(k);
		return true;
	}
	at = find(&k->rec.key);
	k->next = *at;
	*at = k;
	return true;
}

static void send_all(int sock)
{
	struct keep_end end = { { KEEP_END, sizeof(end) }, KEEP_VERSION };

	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct kept *k = table[i]; k; k = k->next)
			bp_send(sock, &k->rec.head, k->fd, k->nfds);
	bp_send(sock, &end.head, NULL, 0);
}

/* ---- the worker ---- */

static void start_worker(char **argv)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		log_err("no socket: %s", strerror(errno));
		exit(1);
	}
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fds[1], KEEP_SOCKET);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawn(&worker.pid, argv[0], &fa, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	close(fds[1]);
	if (rc) {
		log_err("cannot start %s: %s", argv[0], strerror(rc));
		exit(1);
	}
	worker.sock = fds[0];
	worker.started = time(NULL);
	send_all(worker.sock);
}

static ssize_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[48];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n;
}

/* By its uid: one that was taken over has its command line in its hands. */
static bool has_device_uid(pid_t pid)
{
	char text[2048], *line;
	unsigned int uid;

	if (read_proc(pid, "status", text, sizeof(text)) <= 0)
		return false;
	line = strstr(text, "\nUid:");
	return line && sscanf(line, "\nUid: %u", &uid) == 1 &&
	       uid >= worker.uid_base;
}

/* Whether it was about to become one when the worker ended. */
static bool has_device_words(pid_t pid)
{
	static const char *const words[] = { "--uid", "--confine",
					     "--connect" };
	char line[512];
	const char *second;
	ssize_t n = read_proc(pid, "cmdline", line, sizeof(line));

	if (n <= 0)
		return false;
	second = line + strlen(line) + 1;
	if (second >= line + n)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(second, words[i]))
			return true;
	return false;
}

/*
 * The server of an image, which has in memory what it has not written yet.  By
 * the program that it runs: what it is called is its own to change, and who
 * only claims to be one is not to hold up the next worker.
 */
static bool is_server(pid_t pid)
{
	static const char program[] = "/qemu-storage-daemon";
	char path[48], exe[PATH_MAX], *name;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = 0;
	name = strrchr(exe, '/');
	/* " (deleted)" may follow, after an upgrade. */
	return name && !strncmp(name, program, sizeof(program) - 1);
}

/* Lists the processes of devices: others (a DHCP server) may stay. */
static unsigned int list_orphans(pid_t orphan[ORPHANS_MAX])
{
	static char list[8 * ORPHANS_MAX];
	unsigned int count = 0;
	char path[64], *at;
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* The kernel gives a page at a time. */
	while (len < sizeof(list) - 1 &&
	       (n = read(fd, list + len, sizeof(list) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	list[len] = 0;
	for (at = strtok(list, " "); at && count < ORPHANS_MAX;
	     at = strtok(NULL, " ")) {
		pid_t pid = (pid_t)atoi(at);

		if (has_device_uid(pid) || has_device_words(pid))
			orphan[count++] = pid;
	}
	return count;
}

/* Forgets those that have ended; how many are left. */
static unsigned int forget_ended(pid_t *orphan, unsigned int count)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < count; i++)
		if (!waitpid(orphan[i], NULL, WNOHANG))
			orphan[left++] = orphan[i];
	return left;
}

static void kill_all(const pid_t *orphan, unsigned int count, bool servers_too)
{
	for (unsigned int i = 0; i < count; i++)
		kill(orphan[i], !servers_too && is_server(orphan[i]) ?
					SIGTERM : SIGKILL);
}

/*
 * What the worker had started is now ours: no device's process may go on.
 * All are told first, then waited for; a server of an image may take a while
 * to write what its guest believes to be written.
 */
static void kill_orphans(void)
{
	static pid_t orphan[ORPHANS_MAX];
	unsigned int count;

	while ((count = list_orphans(orphan))) {
		unsigned int polls = SERVER_END_MS / ORPHAN_POLL_MS;

		kill_all(orphan, count, false);
		while ((count = forget_ended(orphan, count))) {
			if (polls && !--polls)
				kill_all(orphan, count, true);
			usleep(ORPHAN_POLL_MS * 1000);
		}
	}
}

/* True if another worker is to be started. */
static bool worker_ended(int status)
{
	char how[80];

	while (take_message())
		;
	close(worker.sock);
	worker.sock = -1;
	worker.pid = 0;
	kill_orphans();
	if (worker.stopping)
		return false;
	if (worker.ready_fd >= 0)
		return false;	/* it never came up, and said why */
	if (!worker.renew) {
		proc_describe(status, how, sizeof(how));
		worker.failures = time(NULL) - worker.started > RUNS_WELL_S ?
					  1 : worker.failures + 1;
		log_err("the worker %s; starting another", how);
	}
	worker.renew = false;
	return true;
}

static bool reap(bool *again)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == worker.pid) {
			ended = true;
			*again = worker_ended(status);
		}
	return ended;
}

static void on_signals(void)
{
	struct signalfd_siginfo si;

	while (read(worker.sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT)
			worker.stopping = true;
		else if (si.ssi_signo == SIGHUP)
			worker.renew = true;
		else if (si.ssi_signo != SIGUSR1)
			continue;
		if (si.ssi_signo == SIGUSR1) {
			daemonize_ready(worker.ready_fd);
			worker.ready_fd = -1;
		} else if (worker.pid) {
			log_reopen();
			kill(worker.pid, SIGTERM);
		}
	}
}

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/*
 * Before another worker, if they keep ending.  There is no last one: only the
 * end of this process would take the devices from running guests.
 */
static void pause_before_next(void)
{
	struct pollfd pfd = { worker.sigfd, POLLIN, 0 };
	unsigned int over = worker.failures > FAILURES_FREE ?
				    worker.failures - FAILURES_FREE : 0;
	int left = over > 5 ? PAUSE_MAX_MS : over ? PAUSE_MS << (over - 1) : 0;

	/* Each signal may shorten it. */
	for (; left > 0 && !worker.stopping; left -= PAUSE_MS) {
		poll(&pfd, 1, PAUSE_MS);
		on_signals();
	}
}

int keeper_main(char **argv, int ready_fd, uint32_t uid_base)
{
	bool again = true;

	worker.ready_fd = ready_fd;
	worker.uid_base = uid_base;
	worker.sigfd = watch_signals();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (worker.sigfd < 0)
		return 1;
	start_worker(argv);
	for (;;) {
		struct pollfd pfd[] = { { worker.sigfd, POLLIN, 0 },
					{ worker.sock, POLLIN, 0 } };

		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (pfd[1].revents & POLLIN)
			take_message();
		else if (pfd[1].revents)
			usleep(1000);	/* its end is about to be reported */
		on_signals();
		if (!reap(&again))
			continue;
		if (!again)
			return worker.stopping ? 0 : 1;
		pause_before_next();
		if (worker.stopping)
			return 0;
		start_worker(argv);
	}
}
