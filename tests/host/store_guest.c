/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_guest.c: tests of guests' consoles from ring to reader: terminal,
 * sockets, log, limits.  The hypervisor is arrays; the store is our own, in
 * this process, behind its real socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "console/daemon.h"
#include "lib/log.h"
#include "lib/xs_client.h"
#include "store/server.h"
#include "store_fakehv.h"

struct bed {
	struct server sv;
	pthread_t thread;
	struct daemon d;
	struct fake f;
	struct xsc *tool;
	char dir[64];
};

static void *serve(void *arg)
{
	server_run(arg);
	return NULL;
}

/* A request that ends the store's thread: seen after its reply is due. */
static void stop_store(struct bed *b)
{
	__atomic_store_n(&b->sv.stop, true, __ATOMIC_SEQ_CST);
	xsc_close(b->tool);	/* wakes it */
	pthread_join(b->thread, NULL);
	sock_close_all(&b->sv);
	sock_close(&b->sv);
	while (b->sv.store.domains)
		store_drop_domain(&b->sv.store, b->sv.store.domains);
	store_free(&b->sv.store);
	ev_free(b->sv.loop);
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	char path[96];

	log_set_level(LOG_L_ERROR);
	strcpy(b->dir, "/tmp/store_guest.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(path, sizeof(path), "%s/socket", b->dir);
	setenv("XENSTORED_PATH", path, 1);
	assert_int_equal(server_init(&b->sv, &null_port), 0);
	assert_int_equal(sock_listen(&b->sv, path), 0);
	assert_int_equal(pthread_create(&b->thread, NULL, serve, &b->sv), 0);

	fake_init(&b->f, 0);
	b->d.hv = &b->f.hv;
	b->d.loop = ev_new();
	b->d.o = (struct daemon_options){ .log_guests = true, .discard = true,
					  .log_dir = b->dir,
					  .socket_dir = b->dir,
					  .guest_style.limit = 1 << 20 };
	assert_int_equal(xsc_open(&b->d.xs), 0);
	assert_int_equal(xsc_open(&b->tool), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	char cmd[96];
	int i;

	for (i = 0; i < FAKE_DOMAINS; i++)
		if (b->d.guests[i])
			guest_free(b->d.guests[i]);
	assert_int_equal(b->f.maps, 0);
	assert_int_equal(b->f.ports, 0);
	xsc_close(b->d.xs);
	ev_free(b->d.loop);
	free(b->d.by_port);
	stop_store(b);
	snprintf(cmd, sizeof(cmd), "rm -r %s", b->dir);
	assert_int_equal(system(cmd), 0);
	free(b);
	return 0;
}

/* What the toolstack writes for a new guest, and the daemon's reaction. */
static struct guest *add(struct bed *b, uint32_t domid)
{
	static const char *const keys[][2] = {
		{ "name", "web/1" },
		{ "console/ring-ref", "77" },
		{ "console/port", "3" },
		{ "console/limit", "16384" },
		{ "console/type", "xenconsoled" },
	};
	char path[64], *where, *token;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/%s", domid,
			 keys[i][0]);
		assert_int_equal(xsc_write(b->tool, 0, path, keys[i][1]), 0);
	}
	b->f.exists[domid] = true;
	guest_add(&b->d, domid);
	while (!b->d.guests[domid]->ring.page) {
		while (xsc_event(b->d.xs, &where, &token) == 1) {
			guest_note_change(b->d.guests[domid], where);
			free(where);
		}
		guest_update_due(&b->d);
	}
	return b->d.guests[domid];
}

/* The guest writes as much as fits: how much. */
static size_t guest_says(struct bed *b, uint32_t domid, const char *data,
			 size_t len)
{
	struct xencons_interface *p = &b->f.page[domid].console;
	size_t i;

	for (i = 0; i < len && p->out_prod - p->out_cons < 2048; i++)
		p->out[p->out_prod++ & 2047] = data[i];
	return i;
}

static void turns(struct bed *b)
{
	int i;

	for (i = 0; i < 5; i++)
		ev_run_once(b->d.loop, 1);
}

static int view(struct bed *b, uint32_t domid)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%u.sock", b->dir,
		 domid);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	turns(b);
	return fd;
}

/* All that can be read now. */
static size_t get(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t got;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0)
		n += (size_t)got;
	buf[n] = 0;
	return n;
}

static void test_readers(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	char buf[4096], *tty;
	int v1, v2, fd;

	guest_says(b, 2, "early\n", 6);
	guest_run(g);
	assert_int_equal(xsc_read(b->tool, 0, "/local/domain/2/console/tty",
				  &tty, NULL),
			 0);
	fd = open(tty, O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	free(tty);
	v1 = view(b, 2);
	v2 = view(b, 2);
	guest_says(b, 2, "late\n", 5);
	guest_run(g);
	turns(b);
	assert_int_equal(get(v1, buf, sizeof(buf)), 11);
	assert_string_equal(buf, "early\nlate\n");
	assert_int_equal(get(v2, buf, sizeof(buf)), 11);
	assert_int_equal(get(fd, buf, sizeof(buf)), 11);
	/* Input from all three. */
	assert_int_equal(write(v1, "ab", 2), 2);
	turns(b);
	assert_int_equal(write(fd, "cd", 2), 2);
	turns(b);
	assert_int_equal(write(v2, "ef", 2), 2);
	turns(b);
	assert_memory_equal(b->f.page[2].console.in, "abcdef", 6);
	assert_int_equal(b->f.page[2].console.in_prod, 6);
	close(v1);
	turns(b);
	guest_says(b, 2, "x", 1);
	guest_run(g);
	assert_int_equal(get(v2, buf, sizeof(buf)), 1);
	/* The end of the guest is the end of the stream. */
	guest_free(g);
	fcntl(v2, F_SETFL, 0);
	assert_int_equal(read(v2, buf, 1), 0);
	close(v2);
	close(fd);
}

/* Who connected before the guest's end gets its last words, if only then. */
static void test_last_words(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[64];

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/2.sock", b->dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	guest_says(b, 2, "panic\n", 6);
	guest_free(g);
	assert_int_equal(get(fd, buf, sizeof(buf)), 6);
	assert_string_equal(buf, "panic\n");
	fcntl(fd, F_SETFL, 0);
	assert_int_equal(read(fd, buf, 1), 0);
	close(fd);
}

/* A guest whose input is full keeps what was typed for later. */
static void test_input_waits(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	struct xencons_interface *p = &b->f.page[2].console;
	char text[3000];
	int v = view(b, 2), round;

	memset(text, 'i', sizeof(text));
	assert_int_equal(write(v, text, sizeof(text)), sizeof(text));
	for (round = 0; round < 10; round++)
		turns(b);
	assert_int_equal(p->in_prod - p->in_cons, 1024);
	for (round = 0; round < 4; round++) {
		p->in_cons = p->in_prod;
		guest_run(g);
		turns(b);
	}
	assert_int_equal(p->in_prod, 3000);
	close(v);
}

/* Output goes on with nobody reading, the log has it, within its bounds. */
static void test_nobody_reads(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	char line[100], path[128], buf[20000];
	struct stat st;
	size_t total = 0, n;
	int i, v;

	memset(line, 'o', sizeof(line));
	for (i = 0; i < 1000; i++) {
		n = guest_says(b, 2, line, sizeof(line));
		assert_int_equal(n, sizeof(line));
		total += n;
		guest_run(g);
	}
	snprintf(path, sizeof(path), "%s/guest-web_1.log", b->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, total);
	v = view(b, 2);
	assert_int_equal(get(v, buf, sizeof(buf)), 16384);
	close(v);
}

/* One that never stops rests; when the rest is over it goes on. */
static void test_chatty_rests(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	char block[2048];
	size_t total = 0;
	uint64_t end;

	memset(block, 'c', sizeof(block));
	while (!g->resting) {
		assert_true(total < 1 << 20);
		total += guest_says(b, 2, block, sizeof(block));
		guest_run(g);
	}
	assert_int_equal(guest_says(b, 2, block, sizeof(block)), 2048);
	guest_run(g);
	assert_int_equal(guest_says(b, 2, block, 1), 0);
	end = ev_now_ms() + 5000;
	while (g->resting && ev_now_ms() < end)
		ev_run_once(b->d.loop, 50);
	assert_false(g->resting);
	assert_int_equal(guest_says(b, 2, block, 1), 1);
}

/* One that signals without end, and says nothing, is left waiting too. */
static void test_idle_signals_rest(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	unsigned int signals;

	for (signals = 0; !g->resting; signals++) {
		assert_true(signals < 10000);
		guest_signalled(g);
	}
	assert_int_equal(guest_says(b, 2, "x", 1), 1);
	guest_signalled(g);
	assert_int_not_equal(b->f.page[2].console.out_cons,
			     b->f.page[2].console.out_prod);
	for (signals = 0; g->resting && signals < 100; signals++)
		ev_run_once(b->d.loop, 50);
	assert_int_equal(b->f.page[2].console.out_cons,
			 b->f.page[2].console.out_prod);
}

/* A log that somebody took away is begun again at the limit. */
static void test_log_comes_back(void **state)
{
	static const struct logfile_style style = { .limit = 64 };
	struct bed *b = *state;
	struct logfile l = { .fd = -1 };
	char line[64];

	memset(line, 'l', sizeof(line));
	assert_int_equal(logfile_open(&l, b->dir, "x", "y"), 0);
	assert_int_equal(unlink(l.path), 0);
	logfile_write(&l, &style, line, sizeof(line));
	assert_int_equal(l.bytes, 0);
	assert_int_equal(access(l.path, F_OK), 0);
	logfile_close(&l);
}

static void test_keep(void **state)
{
	struct bed *b = *state;
	struct guest *g;
	char block[2048], buf[65536], *tty;
	size_t said = 0, heard = 0;
	int fd, i;

	b->d.o.discard = false;
	g = add(b, 2);
	assert_int_equal(xsc_read(b->tool, 0, "/local/domain/2/console/tty",
				  &tty, NULL),
			 0);
	fd = open(tty, O_RDWR | O_NOCTTY);
	free(tty);
	memset(block, 'k', sizeof(block));
	for (i = 0; i < 20 && !g->keep_waiting; i++) {
		said += guest_says(b, 2, block, sizeof(block));
		guest_run(g);
	}
	assert_true(g->keep_waiting);
	for (i = 0; i < 50; i++) {
		heard += get(fd, buf, sizeof(buf));
		turns(b);
	}
	assert_int_equal(heard, said);
	assert_false(g->keep_waiting);
	close(fd);
}

/* A new ring for the same domain. */
static void test_moved(void **state)
{
	struct bed *b = *state;
	struct guest *g = add(b, 2);
	uint32_t port = g->port;

	xsc_write(b->tool, 0, "/local/domain/2/console/port", "4");
	guest_note_change(g, "/local/domain/2/console/limit");
	guest_update_due(&b->d);
	assert_int_equal(g->port, port);
	guest_note_change(g, "/local/domain/2/console/port");
	guest_update_due(&b->d);
	assert_int_equal(g->remote_port, 4);
	assert_int_equal(b->f.maps, 1);
	assert_int_equal(b->f.ports, 1);
	guest_says(b, 2, "x", 1);
	guest_run(g);
	assert_int_equal(b->f.page[2].console.out_cons, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_readers),      T(test_input_waits),
		T(test_nobody_reads), T(test_chatty_rests),
		T(test_keep),	      T(test_moved),
		T(test_idle_signals_rest), T(test_log_comes_back),
		T(test_last_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
