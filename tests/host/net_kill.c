// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net_kill.c: the real network backend, sandboxed, killed under traffic.
 *
 *	net_kill PROGRAM KILLS
 *
 * The test is the daemon, the frontend and the host at once.  Numbered frames
 * go both ways without a pause while the backend is killed again and again (and
 * every eighth time replaced in order).  A frame may be lost with its backend;
 * none may come damaged or from nowhere, every transmit slot is answered once
 * and in order, every receive answer stands in its own slot, and in the end
 * traffic flows.
 */
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
#include "net_front.h"

#define FEATURES (BP_NETF_SG | BP_NETF_GSO4 | BP_NETF_GSO6 | BP_NETF_CSUM4 | \
		  BP_NETF_CSUM6 | BP_NETF_RX_COPY | BP_NETF_SPLIT |          \
		  BP_NETF_CTRL)
#define FINAL 2000	/* frames that must pass when nobody kills any more */

static struct front f;
static struct {
	unsigned long sent, came, posted, given;
	uint32_t next_id;	/* of the next answer to a transmit slot */
} n;
static uint8_t frame[70000], got[70000];
static pid_t child;
static int sock = -1;

static void die(const char *what)
{
	fprintf(stderr, "net_kill: %s (errno: %s)\n", what, strerror(errno));
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

/* ---- the daemon's part ---- */

static void expect(uint32_t type)
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
		fprintf(stderr, "net_kill: %s\n", m.failed.text);
	die("the backend gives a wrong answer");
}

static void start(const char *program, bool resume)
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
	if (sock >= 0)
		close(sock);
	sock = pair[0];
	expect(BP_HELLO);
	if (bp_send(sock, &f.start.head, f.fds, BP_FD_NET_TAP + 1))
		die("start");
	expect(BP_READY_NET);
	f.conn.resume = resume;
	if (bp_send(sock, &f.conn.head, NULL, 0))
		die("connect");
	expect(BP_CONNECTED);
}

static void reap(void)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
		fprintf(stderr, "net_kill: signal %d\n", WTERMSIG(status));
		die("the backend died by itself");
	}
}

static void replace(const char *program, bool in_order)
{
	struct bp_head quiesce = { BP_QUIESCE, sizeof(quiesce) };

	if (in_order) {
		if (bp_send(sock, &quiesce, NULL, 0))
			die("quiesce");
		expect(BP_QUIESCED);
	} else {
		kill(child, SIGKILL);
	}
	reap();
	start(program, true);
}

/* ---- the frontend's and the host's part ---- */

static void event(uint32_t port)
{
	if (write(f.evtchn, &port, sizeof(port)) < 0 && errno != EAGAIN)
		die("event");
}

/* Frame number @k: its length and every byte follow from the number. */
static uint32_t make(unsigned long k)
{
	uint32_t payload = 8 + (uint32_t)(k * 2654435761u >> 7) %
				   (k % 16 ? 1400 : 30000);
	uint32_t len = front_frame(frame, 4, 17, payload);

	memcpy(frame + 42, &k, sizeof(k));
	return len;
}

/* Is it one of the frames below @limit, whole? */
static void check(const uint8_t *data, int len, unsigned long limit)
{
	unsigned long k;

	if (len < 50)
		die("a frame is too short");
	memcpy(&k, data + 42, sizeof(k));
	if (k >= limit)
		die("a frame from nowhere");
	if (make(k) != (uint32_t)len || memcmp(frame, data, (size_t)len))
		die("a frame is damaged");
}

static void transmit(void)
{
	uint32_t len, chunk;
	bool sent = false;

	for (int i = 0; i < 8; i++) {
		len = make(n.sent);
		chunk = len > 4096 ? 4096 : n.sent % 3 ? 4096 : 500;
		if (!front_send(&f, 0, frame, len, chunk, 0, NULL))
			break;
		n.sent++;
		sent = true;
	}
	if (sent)
		event(FRONT_PORT);
}

static void take_answers(void)
{
	struct front_queue *q = &f.q[0];
	struct netif_tx_response r;

	if (XEN_RING_NR_UNCONSUMED_RESPONSES(&q->tx) > 256)
		die("answers that nobody asked for");
	while (RING_HAS_UNCONSUMED_RESPONSES(&q->tx)) {
		RING_COPY_RESPONSE(&q->tx, q->tx.rsp_cons, &r);
		if (r.id != q->tx.rsp_cons % 256)
			die("an answer to the wrong slot");
		if (r.status != NETIF_RSP_OKAY)
			die("an error for a good frame");
		q->tx.rsp_cons++;
	}
}

static void host_take(void)
{
	struct virtio_net_hdr vh;
	int len;

	while ((len = front_host_recv(&f, 0, &vh, got)) >= 0) {
		check(got, len, n.sent);
		n.came++;
	}
}

static void host_give(void)
{
	for (int i = 0; i < 8; i++) {
		uint32_t len = make(n.given);

		if (front_host_send(&f, 0, NULL, frame, len))
			return;
		n.given++;
	}
}

static void receive(void)
{
	uint16_t flags;
	int len;

	if (XEN_RING_NR_UNCONSUMED_RESPONSES(&f.q[0].rx) > 256)
		die("packets that nobody had buffers for");
	while ((len = front_rx(&f, 0, got, &flags, NULL))) {
		if (len < 0)
			die("an error for a good buffer");
		check(got, len, n.given);
		n.posted++;
	}
	front_post(&f, 0, 256);
	event(FRONT_PORT + 1);
}

static void turn(void)
{
	uint32_t port;

	transmit();
	take_answers();
	host_take();
	host_give();
	receive();
	while (read(f.evtchn, &port, sizeof(port)) > 0)
		;
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	unsigned long kills = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	long until;

	if (!kills)
		die("usage: net_kill PROGRAM KILLS");
	signal(SIGPIPE, SIG_IGN);
	front_init(&f, 1, FEATURES);
	start(argv[1], false);
	front_post(&f, 0, 256);
	for (unsigned long i = 0; i < kills; i++) {
		until = now_us() + 200 + (long)(i * 7919 % 3000);
		while (now_us() < until)
			turn();
		replace(argv[1], i % 8 == 7);
	}
	n.came = n.posted = 0;
	until = now_us() + 20000000;
	while (n.came < FINAL || n.posted < FINAL) {
		if (now_us() > until)
			die("traffic does not flow after the last kill");
		turn();
	}
	kill(child, SIGKILL);
	reap();
	printf("%lu backends died, %lu frames were sent and %lu given\n",
	       kills, n.sent, n.given);
	printf("summary: 1 passed, 0 failed, 0 skipped\n");
	return 0;
}
