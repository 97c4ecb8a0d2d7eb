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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_parent.h"

#define FEATURES (BP_NETF_SG | BP_NETF_CSUM4 | BP_NETF_RX_COPY | BP_NETF_SPLIT)

static const char *program;

static void start(void)
{
	backend_start(program, false);
	close(front.fds[BP_FD_NET_TAP]);	/* as the daemon does not keep it */
	front.fds[BP_FD_NET_TAP] = -1;
}

/* Ends the scene; what the process has used. */
static struct rusage finish(void)
{
	struct rusage used = backend_kill();

	front_free(&front);
	return used;
}

static void ask_stats(void)
{
	backend_tell(BP_STATS);
	backend_expect(BP_STATS);
}

static void event(uint32_t port)
{
	backend_events_seen();
	backend_event(port);
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

	front_init(&front, 1, FEATURES);
	close(front.q[0].tap);
	close(front.fds[BP_FD_NET_TAP]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, pair))
		die("socketpair");
	front.q[0].tap = pair[0];
	front.fds[BP_FD_NET_TAP] = pair[1];
	start();
	front_post(&front, 0, 64);
	event(FRONT_PORT + 1);
	ask_stats();
	shutdown(front.q[0].tap, SHUT_RDWR);
	usleep(300000);
	ask_stats();
	used = finish();
	if (used_much(&used, 200000))
		die("it turns in a circle when the tap is gone");
}

/* ---- events with nothing behind them ---- */

static void scene_events(void)
{
	long until = now_us() + 1000000;
	struct rusage used;

	front_init(&front, 1, FEATURES);
	start();
	ask_stats();
	while (now_us() < until)
		event(FRONT_PORT);
	ask_stats();
	used = finish();
	/* Of the processor; without pauses it is all of that second. */
	if (used_much(&used, 500000))
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
