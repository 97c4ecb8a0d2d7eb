// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netload: load for a network, both ends, with what arrives checked.
 *
 *	netload serve PORT			answers the others, for ever
 *	netload send HOST PORT MIB [raw]	TCP to the server, checked there
 *	netload recv HOST PORT MIB [raw]	TCP from the server, checked here
 *	netload round HOST PORT COUNT		UDP there and back, one at a time
 *	netload packets HOST PORT SIZE COUNT	UDP to the server, as fast as can be
 *
 * A TCP stream is words that follow from their position, compared at the far
 * end, so lost, doubled or changed bytes show, which no checksum offload hides;
 * with "raw" only their number is, which costs the processor less.
 * A connection begins with a struct order.  UDP datagrams of 8 bytes or more
 * are answered if their first word is ECHO, else only counted; the number is
 * asked for over TCP.  Hosts are numeric addresses of either family; names
 * would need more than a static program has.  State: one counter.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ECHO 0x6563686f6563686full
#define CHUNK (256u << 10)
#define MIB (1ull << 20)

enum verb { SINK = 1, SOURCE, COUNT, RAW = 8 };

struct order {
	uint64_t verb, bytes;
};

static _Atomic uint64_t counted;

static void die(const char *what)
{
	printf("netload: FAILED: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static socklen_t address(struct sockaddr_storage *to, const char *host,
			 const char *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	char name[64];
	char *scope;

	memset(to, 0, sizeof(*to));
	snprintf(name, sizeof(name), "%s", host);
	scope = strchr(name, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, name, &v6->sin6_addr) != 1) {
		errno = EINVAL;
		die(host);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)atoi(port));
	v6->sin6_scope_id = scope ? if_nametoindex(scope) : 0;
	return sizeof(*v6);
}

static int joined(const char *host, const char *port, int type)
{
	struct sockaddr_storage to;
	socklen_t len = address(&to, host, port);
	int s = socket(to.ss_family, type | SOCK_CLOEXEC, 0);

	if (s < 0 || connect(s, (struct sockaddr *)&to, len))
		die(host);
	return s;
}

/* The words of a stream from byte @at on, which is a multiple of 8. */
static void make_words(uint64_t *p, uint64_t at, size_t len)
{
	for (size_t i = 0; i < len / 8; i++)
		p[i] = (at / 8 + i) * 0x9e3779b97f4a7c15ull;
}

/* 0, or -1 when the connection ends or breaks early. */
static int send_words(int s, uint64_t bytes, bool raw)
{
	uint64_t *p = malloc(CHUNK);

	for (uint64_t at = 0; p && at < bytes; at += CHUNK) {
		if (!at || !raw)
			make_words(p, at, CHUNK);
		for (size_t off = 0; off < CHUNK;) {
			ssize_t n = send(s, (char *)p + off, CHUNK - off,
					 MSG_NOSIGNAL);

			if (n <= 0) {
				free(p);
				return -1;
			}
			off += (size_t)n;
		}
	}
	free(p);
	return 0;
}

/* The number of bytes that came right, up to the first that did not. */
static uint64_t take_words(int s, uint64_t bytes, bool raw)
{
	uint64_t *p = malloc(CHUNK), *want = malloc(CHUNK);
	uint64_t at = 0;

	while (p && want && at < bytes) {
		ssize_t n = recv(s, p, CHUNK, MSG_WAITALL);

		if (!raw)
			make_words(want, at, CHUNK);
		if (n != CHUNK || (!raw && memcmp(p, want, CHUNK)))
			break;
		at += CHUNK;
	}
	free(p);
	free(want);
	return at;
}

static void *serve_one(void *arg)
{
	int s = (int)(intptr_t)arg;
	struct order o;
	uint64_t answer;

	if (recv(s, &o, sizeof(o), MSG_WAITALL) == sizeof(o)) {
		bool raw = o.verb & RAW;

		o.verb &= ~(uint64_t)RAW;
		if (o.verb == SOURCE) {
			send_words(s, o.bytes, raw);
		} else {
			answer = o.verb == SINK ? take_words(s, o.bytes, raw) :
				 atomic_exchange(&counted, 0);
			send(s, &answer, sizeof(answer), MSG_NOSIGNAL);
		}
	}
	close(s);
	return NULL;
}

static void *serve_udp(void *arg)
{
	int s = (int)(intptr_t)arg;
	static char room[32][2048];
	static struct mmsghdr m[32];
	static struct iovec v[32];
	static struct sockaddr_storage from[32];

	for (;;) {
		int n;

		for (int i = 0; i < 32; i++) {
			v[i] = (struct iovec){ room[i], sizeof(room[i]) };
			m[i].msg_hdr = (struct msghdr){
				.msg_name = &from[i],
				.msg_namelen = sizeof(from[i]),
				.msg_iov = &v[i], .msg_iovlen = 1,
			};
		}
		n = recvmmsg(s, m, 32, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) {
			uint64_t first = 0;

			memcpy(&first, room[i], sizeof(first));
			if (first == ECHO)
				sendto(s, room[i], m[i].msg_len, 0,
				       m[i].msg_hdr.msg_name,
				       m[i].msg_hdr.msg_namelen);
		}
		if (n > 0)
			atomic_fetch_add(&counted, (uint64_t)n);
	}
	return NULL;
}

static int bound(const char *port, int type)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)atoi(port)) };
	int s = socket(AF_INET6, type | SOCK_CLOEXEC, 0), one = 1;
	int room = 4 << 20;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (s < 0 || bind(s, (struct sockaddr *)&any, sizeof(any)))
		die(port);
	return s;
}

static void serve(const char *port)
{
	int tcp = bound(port, SOCK_STREAM), udp = bound(port, SOCK_DGRAM);
	pthread_t t;

	if (listen(tcp, 16) ||
	    pthread_create(&t, NULL, serve_udp, (void *)(intptr_t)udp))
		die("serve");
	puts("netload: serving");
	fflush(stdout);
	for (;;) {
		int s = accept(tcp, NULL, NULL);

		if (s >= 0 && pthread_create(&t, NULL, serve_one,
					     (void *)(intptr_t)s))
			close(s);
		else if (s >= 0)
			pthread_detach(t);
	}
}

static uint64_t ask(int s, uint64_t verb, uint64_t bytes, bool raw)
{
	struct order o = { verb | (raw ? RAW : 0), bytes };
	uint64_t answer;

	if (send(s, &o, sizeof(o), MSG_NOSIGNAL) != sizeof(o))
		die("order");
	if (verb == SINK && send_words(s, bytes, raw))
		die("send");
	if (verb == SOURCE)
		return take_words(s, bytes, raw);
	if (recv(s, &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer))
		die("answer");
	return answer;
}

static void stream(const char *host, const char *port, uint64_t verb,
		   uint64_t bytes, bool raw)
{
	int s = joined(host, port, SOCK_STREAM);
	uint64_t t = now_ns(), got = ask(s, verb, bytes, raw);

	t = now_ns() - t;
	if (got != bytes) {
		printf("netload: FAILED: %llu of %llu bytes came right\n",
		       (unsigned long long)got, (unsigned long long)bytes);
		exit(1);
	}
	printf("netload: %llu bytes in %llu ns, %llu Mb/s\n",
	       (unsigned long long)bytes, (unsigned long long)t,
	       (unsigned long long)(bytes * 8000 / t));
}

static void round_trips(const char *host, const char *port, uint64_t count)
{
	int s = joined(host, port, SOCK_DGRAM);
	struct pollfd p = { .fd = s, .events = POLLIN };
	uint64_t word[2] = { ECHO, 0 }, back[2], lost = 0, t = now_ns();

	for (uint64_t i = 0; i < count; i++) {
		word[1] = i;
		if (send(s, word, sizeof(word), 0) < 0)
			die("send");
		do {
			if (poll(&p, 1, 1000) != 1 ||
			    recv(s, back, sizeof(back), 0) != sizeof(back)) {
				lost++;
				break;
			}
		} while (back[1] != i);
	}
	t = now_ns() - t;
	printf("netload: %llu round trips, %llu lost, %llu ns each\n",
	       (unsigned long long)count, (unsigned long long)lost,
	       (unsigned long long)(t / count));
	if (lost * 20 > count)
		exit(1);
}

/* A full queue is waited for; whatever else fails is an error. */
static void send_batch(int s, struct mmsghdr *m, unsigned int n)
{
	while (n) {
		int sent = sendmmsg(s, m, n, 0);

		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
			die("send");
		if (sent > 0) {
			m += sent;
			n -= (unsigned int)sent;
		}
	}
}

static void packets(const char *host, const char *port, size_t size,
		    uint64_t count)
{
	int s = joined(host, port, SOCK_DGRAM);
	static char data[1500];
	struct iovec v = { data, size < sizeof(data) ? size : sizeof(data) };
	struct mmsghdr m[32];
	uint64_t t, got;

	for (int i = 0; i < 32; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &v, .msg_iovlen = 1 };
	ask(joined(host, port, SOCK_STREAM), COUNT, 0, false);
	t = now_ns();
	for (uint64_t i = 0; i < count; i += 32)
		send_batch(s, m, count - i < 32 ? (unsigned int)(count - i) : 32);
	t = now_ns() - t;
	usleep(300000);		/* what is on its way arrives */
	got = ask(joined(host, port, SOCK_STREAM), COUNT, 0, false);
	printf("netload: sent %llu in %llu ns, %llu/s, arrived %llu\n",
	       (unsigned long long)count, (unsigned long long)t,
	       (unsigned long long)(count * 1000000000 / t),
	       (unsigned long long)got);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (!strcmp(verb, "serve"))
		serve(argv[2]);
	if ((!strcmp(verb, "send") || !strcmp(verb, "recv")) && argc >= 5)
		stream(argv[2], argv[3], verb[0] == 's' ? SINK : SOURCE,
		       strtoull(argv[4], NULL, 10) * MIB, argc > 5);
	else if (!strcmp(verb, "round") && argc == 5)
		round_trips(argv[2], argv[3], strtoull(argv[4], NULL, 10));
	else if (!strcmp(verb, "packets") && argc == 6)
		packets(argv[2], argv[3], strtoull(argv[4], NULL, 10),
			strtoull(argv[5], NULL, 10));
	else
		return 2;
	return 0;
}
