// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's part; see net_parent.h.
 *
 * State owned: `front`; `child` and `sock`, of the process that runs.
 */
#include "net_parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/proto.h"

struct front front;

static pid_t child;
static int sock = -1;

void die(const char *what)
{
	fprintf(stderr, "%s: %s (errno: %s)\n", program_invocation_short_name,
		what, strerror(errno));
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void backend_expect(uint32_t type)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	union {
		struct bp_head head;
		struct bp_failed failed;
		uint8_t room[4096];
	} m;
	int fds[1], nfds, rc;

	if (poll(&p, 1, 20000) != 1)
		die("the backend says nothing");
	rc = bp_recv(sock, &m, sizeof(m), fds, 1, &nfds);
	if (rc > 0 && m.head.type == type)
		return;
	if (rc > 0 && m.head.type == BP_FAILED)
		fprintf(stderr, "%s: %s\n", program_invocation_short_name,
			m.failed.text);
	die("the backend gives a wrong answer");
}

static void send_to_backend(const struct bp_head *head, const int *fds,
			    int nfds)
{
	if (bp_send(sock, head, fds, nfds))
		die("the backend cannot be told");
}

void backend_tell(uint32_t type)
{
	struct bp_head head = { type, sizeof(head) };

	send_to_backend(&head, NULL, 0);
}

void backend_start(const char *program, bool resume)
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
	backend_expect(BP_HELLO);
	send_to_backend(&front.start.head, front.fds, BP_FD_NET_TAP + 1);
	backend_expect(BP_READY_NET);
	front.conn.resume = resume;
	send_to_backend(&front.conn.head, NULL, 0);
	backend_expect(BP_CONNECTED);
}

void backend_event(uint32_t port)
{
	if (write(front.evtchn, &port, sizeof(port)) < 0 && errno != EAGAIN)
		die("event");
}

void backend_events_seen(void)
{
	uint32_t port;

	while (read(front.evtchn, &port, sizeof(port)) > 0)
		;
}

/* Waits for its end: how it ended. */
static int reap(struct rusage *used)
{
	int status;

	if (wait4(child, &status, 0, used) != child)
		die("wait4");
	child = 0;
	close(sock);
	return status;
}

struct rusage backend_kill(void)
{
	struct rusage used;
	int status;

	kill(child, SIGKILL);
	status = reap(&used);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		fprintf(stderr, "%s: status %#x\n",
			program_invocation_short_name, (unsigned int)status);
		die("the backend died by itself");
	}
	return used;
}

void backend_end(void)
{
	backend_tell(BP_QUIESCE);
	backend_expect(BP_QUIESCED);
	if (reap(NULL))
		die("the backend ends with an error");
}
