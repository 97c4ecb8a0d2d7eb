// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_common.c: unit tests of what the backends share: messages, kept grants,
 * rings, and the sandbox, tried from the inside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/gcache.h"
#include "backend/proto.h"
#include "backend/ring.h"
#include "backend/sandbox.h"
#include "blk_fake.h"

/* ---- messages ---- */

static int pair(void **state)
{
	int *fds = malloc(2 * sizeof(int));

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds))
		return -1;
	*state = fds;
	return 0;
}

static int unpair(void **state)
{
	int *fds = *state;

	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	free(fds);
	return 0;
}

static void test_message(void **state)
{
	int *s = *state, got[BP_MAX_FDS], n;
	struct bp_failed f = { .rc = -5, .text = "why" }, in;
	int fds[2] = { open("/dev/null", O_RDONLY), open("/", O_RDONLY) };

	f.head = (struct bp_head){ BP_FAILED, sizeof(f) };
	assert_int_equal(bp_recv(s[1], &in, sizeof(in), got, 2, &n), -EAGAIN);
	assert_int_equal(bp_send(s[0], &f.head, fds, 2), 0);
	assert_int_equal(bp_recv(s[1], &in, sizeof(in), got, BP_MAX_FDS, &n),
			 sizeof(in));
	assert_int_equal(n, 2);
	assert_string_equal(in.text, "why");
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	close(got[0]);
	close(got[1]);
	/* Only as many as asked for; the rest is closed. */
	assert_int_equal(bp_send(s[0], &f.head, fds, 2), 0);
	assert_int_equal(bp_recv(s[1], &in, sizeof(in), got, 1, &n),
			 sizeof(in));
	assert_int_equal(n, 1);
	close(got[0]);
	assert_int_equal(fcntl(got[0] + 1, F_GETFD), -1);
	close(fds[0]);
	close(fds[1]);
}

static void test_bad_messages(void **state)
{
	int *s = *state, got[2], n, fd = open("/dev/null", O_RDONLY);
	struct bp_failed f = { .rc = -5 }, in;
	struct bp_head lie = { BP_HELLO, 100 };

	f.head = (struct bp_head){ BP_FAILED, sizeof(f) };
	/* Longer than the room, with a descriptor that must not stay open. */
	assert_int_equal(bp_send(s[0], &f.head, &fd, 1), 0);
	assert_int_equal(bp_recv(s[1], &in, 16, got, 2, &n), -EPROTO);
	assert_int_equal(n, 0);
	assert_int_equal(fcntl(fd + 1, F_GETFD), -1);
	/* Shorter than a head; a length that is not the datagram's. */
	assert_int_equal(send(s[0], &lie, 4, 0), 4);
	assert_int_equal(bp_recv(s[1], &in, sizeof(in), got, 2, &n), -EPROTO);
	assert_int_equal(send(s[0], &lie, sizeof(lie), 0), sizeof(lie));
	assert_int_equal(bp_recv(s[1], &in, sizeof(in), got, 2, &n), -EPROTO);
	assert_int_equal(bp_size(0), 0);
	assert_int_equal(bp_size(BP_FAILED + 1), 0);
	assert_int_equal(bp_size(UINT32_MAX), 0);
	close(s[1]);
	s[1] = -1;
	assert_int_equal(bp_send(s[0], &f.head, NULL, 0), -EPIPE);
	assert_int_equal(bp_recv(s[0], &in, sizeof(in), got, 2, &n), 0);
	close(fd);
}

/* ---- kept grants ---- */

struct memory {
	struct gmap g;
	uint8_t *mem;
};

static int memory(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));
	int fd = memfd_create("guest", 0);

	if (ftruncate(fd, (off_t)FAKE_PAGES * GMAP_PAGE) ||
	    gmap_open(&m->g, fd, -1, 1))
		return -1;
	m->mem = m->g.scratch;
	memset(m->mem, FAKE_GRANT_RW, FAKE_PAGES);
	*state = m;
	return 0;
}

static int no_memory(void **state)
{
	struct memory *m = *state;

	gmap_close(&m->g);
	assert_int_equal(fake_mapped, 0);
	free(m);
	return 0;
}

static void test_cache_bound(void **state)
{
	struct memory *m = *state;
	struct gcache c;
	struct gpage *held, *p[8];
	uint32_t refs[8] = { 10, 11, 12, 13 }, one = 10, more[4];

	assert_int_equal(gcache_init(&c, &m->g, 8), 0);
	assert_int_equal(gcache_get(&c, &one, 1, &held), 0);
	for (uint32_t i = 0; i < 100; i++) {
		for (uint32_t k = 0; k < 4; k++)
			more[k] = 100 + 4 * i + k;
		assert_int_equal(gcache_get(&c, more, 4, p), 0);
		assert_int_equal(*(uint8_t *)p[3]->addr, 0);
		gcache_put(&c, p, 4);
		assert_true(c.used <= 8 && fake_mapped <= 8);
	}
	/* What is pinned stayed, and what was used last. */
	assert_ptr_equal(held->addr, c.pages[c.by_ref[10] - 1].addr);
	assert_int_not_equal(c.by_ref[more[0]], 0);
	assert_int_equal(c.by_ref[100], 0);
	/* Part of it is known already, and one comes twice. */
	refs[3] = 11;
	assert_int_equal(gcache_get(&c, refs, 4, p), 0);
	assert_ptr_equal(p[0], held);
	assert_ptr_equal(p[1], p[3]);
	gcache_put(&c, p, 4);
	gcache_put(&c, &held, 1);
	gcache_free(&c);
}

/* Room is made among what may go; what is in use is not even looked at. */
static void test_cache_order(void **state)
{
	struct memory *m = *state;
	struct gpage *held[6], *p;
	struct gcache c;
	uint32_t ref;

	assert_int_equal(gcache_init(&c, &m->g, 8), 0);
	for (ref = 0; ref < 6; ref++)
		assert_int_equal(gcache_get(&c, &(uint32_t){ 10 + ref }, 1,
					    &held[ref]), 0);
	assert_null(c.oldest);
	for (ref = 20; ref < 30; ref++) {
		assert_int_equal(gcache_get(&c, &ref, 1, &p), 0);
		gcache_put(&c, &p, 1);
		assert_int_equal(c.used, ref == 20 ? 7 : 8);
	}
	/* Used again and twice at once, it goes last; the other one goes. */
	ref = 28;
	assert_int_equal(gcache_get(&c, &ref, 1, &p), 0);
	assert_int_equal(gcache_get(&c, &ref, 1, &p), 0);
	gcache_put(&c, &p, 1);
	assert_ptr_equal(c.oldest, c.newest);
	gcache_put(&c, &p, 1);
	ref = 30;
	assert_int_equal(gcache_get(&c, &ref, 1, &p), 0);
	assert_int_equal(c.by_ref[29], 0);
	assert_int_not_equal(c.by_ref[28], 0);
	gcache_put(&c, &p, 1);
	gcache_put(&c, held, 6);
	assert_int_equal(c.used, 8);
	/* With something in use, as when a process gives up. */
	assert_int_equal(gcache_get(&c, &ref, 1, &p), 0);
	gcache_free(&c);
}

static void test_cache_refusals(void **state)
{
	struct memory *m = *state;
	struct gcache c;
	struct gpage *p[8], *q[8];
	uint32_t refs[8] = { 10, 11, 12, 13, 14, 15, 16, 17 };
	uint32_t huge = UINT32_MAX;

	assert_int_equal(gcache_init(&c, &m->g, 6), 0);
	assert_int_equal(gcache_get(&c, refs, 8, p), -E2BIG);
	assert_int_equal(gcache_get(&c, &huge, 1, p), -ERANGE);
	m->mem[12] = FAKE_NO_GRANT;
	assert_int_equal(gcache_get(&c, refs, 3, p), -EINVAL);
	assert_int_equal(c.used, 0);
	m->mem[12] = FAKE_GRANT_RW;
	assert_int_equal(gcache_get(&c, refs, 4, p), 0);
	assert_int_equal(gcache_get(&c, refs + 4, 4, q), -ENOSPC);
	gcache_put(&c, p, 4);
	assert_int_equal(gcache_get(&c, refs + 4, 4, q), 0);
	gcache_put(&c, q, 4);
	gcache_clear(&c);
	assert_int_equal(c.used, 0);
	refs[5] = 10;
	assert_int_equal(gcache_pool(&c, refs, 6), -EEXIST);
	refs[5] = 15;
	assert_int_equal(gcache_pool(&c, refs, 6), 0);
	/* The pool stays, whoever wants room. */
	assert_int_equal(gcache_get(&c, refs + 6, 1, q), -ENOSPC);
	assert_int_equal(gcache_get(&c, refs, 6, p), 0);
	assert_ptr_equal((uint8_t *)p[0]->addr + GMAP_PAGE, p[1]->addr);
	gcache_put(&c, p, 6);
	gcache_free(&c);
}

/* ---- rings ---- */

static void test_ring_indices(void **state)
{
	static uint8_t page[4096] __attribute__((aligned(4096)));
	struct bring_shared *s = (void *)page;
	struct bring r;

	(void)state;
	/* A ring that was in use before; its indices wrap. */
	s->rsp_prod = 0xfffffff0;
	s->req_prod = 0xfffffff4;
	assert_int_equal(bring_attach_new(&r, page, 4096, 112), 0);
	assert_int_equal(r.size, 32);
	assert_int_equal(bring_pending(&r), 4);
	s->req_prod = r.rsp_pub + 33;
	assert_int_equal(bring_attach_new(&r, page, 4096, 112), -EIO);
	s->req_prod = r.rsp_pub + 32;
	assert_int_equal(bring_attach_new(&r, page, 4096, 112), 0);
	assert_int_equal(bring_pending(&r), 32);
	r.req_cons += 32;
	assert_int_equal(bring_pending(&r), 0);
	assert_false(r.broken);
	/* Backwards, behind what was taken. */
	s->req_prod = r.rsp_pub + 31;
	assert_int_equal(bring_pending(&r), 0);
	assert_true(r.broken);
}

/* ---- the sandbox ---- */

static const struct sandbox_call one_more[] = { SANDBOX_IOCTL(FIONREAD) };

/* In a child: locks itself in and does @what; the child's wait status. */
static int inside(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct sandbox s = {
			.uid = getuid() ? -1 : 54321,
			.calls = one_more, .nr_calls = 1, .threads = 1,
		};
		const char *step = "";

		if (open("/", O_RDONLY) < 0)
			_exit(99);
		if (sandbox_enter(&s, &step)) {
			dprintf(2, "cannot %s\n", step);
			_exit(98);
		}
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int do_nothing(void)
{
	/* The caller's own addition, and nothing that was open before. */
	int n;

	if (ioctl(0, FIONREAD, &n) && errno == ENOSYS)
		return 1;
	for (int fd = 4; fd < 64; fd++)
		if (fstat(fd, &(struct stat){ 0 }) != -1)
			return 2;
	return 0;
}

/* Neither kind of memory, in no number of pieces. */
static int take_memory(void)
{
	const size_t piece = 64u << 20;
	unsigned int n = 0;

	while (mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_ANONYMOUS |
		    (n & 1 ? MAP_SHARED : MAP_PRIVATE), -1, 0) != MAP_FAILED)
		if (++n == 64)
			return 1;
	return n < 4;	/* some there must be */
}

static int do_open(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int do_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int do_fork(void)
{
	return fork() >= 0;
}

static int do_other_ioctl(void)
{
	return !ioctl(0, TIOCSTI, "x");
}

static int do_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
}

static int do_setuid(void)
{
	return !setuid(0);
}

static int do_ring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static void test_sandbox(void **state)
{
	int (*const deadly[])(void) = {
		do_open, do_exec_memory, do_fork, do_other_ioctl, do_socket,
		do_setuid, do_ring,
	};

	(void)state;
	assert_int_equal(inside(do_nothing), 0);
	assert_int_equal(inside(take_memory), 0);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		int status = inside(deadly[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_message, pair, unpair),
		cmocka_unit_test_setup_teardown(test_bad_messages, pair,
						unpair),
		cmocka_unit_test_setup_teardown(test_cache_bound, memory,
						no_memory),
		cmocka_unit_test_setup_teardown(test_cache_order, memory,
						no_memory),
		cmocka_unit_test_setup_teardown(test_cache_refusals, memory,
						no_memory),
		cmocka_unit_test(test_ring_indices),
		cmocka_unit_test(test_sandbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
