// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_server.c: the toolstack daemon's socket under many clients at once that
 * send their lines in any portions, several at a time, or only in part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/server.h"
#include "lib/strbuf.h"

#define CLIENTS 16
#define ROUNDS 150
#define PING "{\"op\":\"ping\"}\n"
#define PADDING 40000

static char folder[] = "/tmp/xl_server.XXXXXX";
static char path[64];
static struct toolstack ts;

static int set_up(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	ts.loop = ev_new();
	return server_start(&ts, path, &fail);
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	server_stop();
	ev_free(ts.loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* ---- a client, in a process of its own ---- */

static int join_server(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		_exit(2);
	return fd;
}

static void say(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(3);
		text += n;
		len -= (size_t)n;
	}
}

/* Exactly @count answers, each of them good. */
static void hear(int fd, unsigned int count)
{
	static const char good[] = "{\"daemon\":\"parvisd\",\"ok\":true}\n";
	char buf[sizeof(good)];

	while (count--) {
		if (recv(fd, buf, sizeof(good) - 1, MSG_WAITALL) !=
			    (ssize_t)sizeof(good) - 1 ||
		    memcmp(buf, good, sizeof(good) - 1))
			_exit(4);
	}
	if (recv(fd, buf, 1, MSG_DONTWAIT) >= 0)
		_exit(5);
}

/* One line in two portions, cut at each place. */
static void cut_everywhere(void)
{
	size_t len = strlen(PING);
	int fd = join_server();

	for (size_t cut = 0; cut <= len; cut++) {
		say(fd, PING, cut);
		usleep(300);
		say(fd, PING + cut, len - cut);
		hear(fd, 1);
	}
	close(fd);
}

/* A long line in portions of any size; JSON does not mind spaces. */
static void portions(int fd)
{
	static char line[PADDING + sizeof(PING)];
	size_t pad = (size_t)rand() % PADDING, at = 0;
	size_t len = pad + strlen(PING);

	memset(line, ' ', pad);
	strcpy(line + pad, PING);
	while (at < len) {
		size_t n = 1 + (size_t)rand() % (rand() % 2 ? 20000 : 20);

		if (n > len - at)
			n = len - at;
		say(fd, line + at, n);
		at += n;
	}
	hear(fd, 1);
}

static void several_at_once(int fd)
{
	unsigned int count = 1 + (unsigned int)rand() % 50;
	struct strbuf text = { 0 };

	for (unsigned int i = 0; i < count; i++)
		strbuf_adds(&text, PING);
	say(fd, text.data, text.len);
	hear(fd, count);
	strbuf_free(&text);
}

static void client(unsigned int seed)
{
	int fd = join_server();

	srand(seed);
	for (int i = 0; i < ROUNDS; i++) {
		int kind = rand() % 8;

		if (!kind) {
			/* Gone in the middle of a line, or of an answer. */
			say(fd, PING PING, (size_t)rand() % 2 * 14 + 5);
			close(fd);
			fd = join_server();
		} else if (kind < 4) {
			portions(fd);
		} else {
			several_at_once(fd);
		}
	}
	close(fd);
	if (!seed)
		cut_everywhere();
	_exit(0);
}

/* ---- the test ---- */

static void serves_many(void **state)
{
	pid_t child[CLIENTS];
	int left = CLIENTS;

	(void)state;
	for (unsigned int i = 0; i < CLIENTS; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (!child[i])
			client(i);
	}
	while (left) {
		int status;

		assert_int_equal(ev_run_once(ts.loop, 20), 0);
		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), 0);
			left--;
		}
	}
	/* The ends of the last connections. */
	for (left = 0; left < 5; left++)
		ev_run_once(ts.loop, 10);
}

/* What is no request is answered, and the client may go on. */
static void answers_nonsense(void **state)
{
	static const char text[] = "\n[]\n{\"op\":\n{\"op\":\"ping\"}\n";
	char buf[4096];
	size_t have = 0;
	int fd = join_server(), lines = 0;

	(void)state;
	say(fd, text, sizeof(text) - 1);
	while (lines < 4) {
		ssize_t n;

		assert_int_equal(ev_run_once(ts.loop, 1000), 0);
		n = recv(fd, buf + have, sizeof(buf) - 1 - have, MSG_DONTWAIT);
		have += n > 0 ? (size_t)n : 0;
		buf[have] = '\0';
		lines = 0;
		for (size_t i = 0; i < have; i++)
			lines += buf[i] == '\n';
	}
	assert_non_null(strstr(buf, "not a JSON object"));
	assert_non_null(strstr(buf, "\"ok\":true}\n"));
	close(fd);
	ev_run_once(ts.loop, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_many),
		cmocka_unit_test(answers_nonsense),
	};

	return cmocka_run_group_tests_name("xl_server", tests, set_up,
					   tear_down);
}
