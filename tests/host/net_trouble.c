// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net_trouble.c: the real network backend, sandboxed, where its surroundings
 * are against it.
 *
 *	net_trouble PROGRAM [SCENE]
 *
 * The test is the daemon, the frontend and the host.  Each scene has a process
 * of its own.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/proto.h"
#include "net_front.h"

#define FEATURES (BP_NETF_SG | BP_NETF_CSUM4 | BP_NETF_RX_COPY | BP_NETF_SPLIT)

static const char *program;
static struct front f;
static pid_t child;
static int sock;

static void die(const char *what)
{
	fprintf(stderr, "net_trouble: %s (errno: %s)\n", what, strerror(errno));
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- the daemon's part ---- */

static void expect(uint32_t type)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	union {
		struct bp_head head;
		uint8_t room[4096];
	} m;
	int fds[1], nfds;

	if (poll(&p, 1, 20000) != 1)
		die("the backend says nothing");
	if (bp_recv(sock, &m, sizeof(m), fds, 1, &nfds) <= 0 ||
	    m.head.type != type)
		die("the backend gives a wrong answer");
}

static void start(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	child = fork();
	if (!child) {
		dup2(pair[1], BP_SOCKET);
		execl(program, program, NULL);
		_exit(1);
	}
	close(pair[1]);
	sock = pair[0];
	expect(BP_HELLO);
	if (bp_send(sock, &f.start.head, f.fds, BP_FD_NET_TAP + 1))
		die("start");
	expect(BP_READY_NET);
	if (bp_send(sock, &f.conn.head, NULL, 0))
		die("connect");
	expect(BP_CONNECTED);
	close(f.fds[BP_FD_NET_TAP]);	/* as the daemon does not keep it */
	f.fds[BP_FD_NET_TAP] = -1;
}

/* Ends the scene; how often the process has slept, and what it has used. */
static struct rusage finish(void)
{
	struct rusage used;
	int status;

	kill(child, SIGKILL);
	if (wait4(child, &status, 0, &used) != child || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL)
		die("the backend died by itself");
	child = 0;
	close(sock);
	front_free(&f);
	return used;
}

static void ask_stats(void)
{
	struct bp_head h = { BP_STATS, sizeof(h) };

	if (bp_send(sock, &h, NULL, 0))
		die("stats");
	expect(BP_STATS);
}

static void event(uint32_t port)
{
	uint32_t other;

	while (read(f.evtchn, &other, sizeof(other)) > 0)
		;
	if (write(f.evtchn, &port, sizeof(port)) < 0 && errno != EAGAIN)
		die("event");
}

static bool used_much(const struct rusage *used, long us)
{
	return (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000 +
	       used->ru_utime.tv_usec + used->ru_stime.tv_usec > us;
}

/* ---- a tap that is deleted ---- */

/* The backend finds it out, goes on without it, and sleeps. */
static void scene_tap_gone(void)
{
	struct rusage used;
	int pair[2];

	front_init(&f, 1, FEATURES);
	close(f.q[0].tap);
	close(f.fds[BP_FD_NET_TAP]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, pair))
		die("socketpair");
	f.q[0].tap = pair[0];
	f.fds[BP_FD_NET_TAP] = pair[1];
	start();
	front_post(&f, 0, 64);
	event(FRONT_PORT + 1);
	ask_stats();
	shutdown(f.q[0].tap, SHUT_RDWR);
	usleep(300000);
	ask_stats();
	used = finish();
	if (used_much(&used, 100000))
		die("it turns in a circle when the tap is gone");
}

/* ---- events with nothing behind them ---- */

static void scene_events(void)
{
	long until = now_us() + 1000000;
	struct rusage used;

	front_init(&f, 1, FEATURES);
	start();
	ask_stats();
	while (now_us() < until)
		event(FRONT_PORT);
	ask_stats();
	used = finish();
	if (used_much(&used, 80000))
		die("events keep it busy that bring no work");
}

int main(int argc, char **argv)
{
	static void (*const scenes[])(void) = {
		scene_tap_gone, scene_events,
	};
	int n = sizeof(scenes) / sizeof(scenes[0]);
	int only = argc == 3 ? atoi(argv[2]) : 0;

	if (argc < 2 || argc > 3 || only < 0 || only > n)
		die("usage: net_trouble PROGRAM [SCENE]");
	program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < n; i++)
		if (!only || i == only - 1)
			scenes[i]();
	printf("summary: %d passed, 0 failed, 0 skipped\n", only ? 1 : n);
	return 0;
}
