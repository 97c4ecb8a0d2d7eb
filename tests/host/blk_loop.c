// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_loop.c: the block backend's io_uring where the kernel takes nothing more
 * for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "blkback/loop.h"

static bool refusing;		/* as a kernel without memory */
static unsigned int came;

/* In the place of the library's. */
int io_uring_submit(struct io_uring *ring)
{
	int (*real)(struct io_uring *ring);
	void *at = dlsym(RTLD_NEXT, "io_uring_submit");

	memcpy(&real, &at, sizeof(real));
	return refusing ? -EAGAIN : real(ring);
}

void file_done(struct loop *l, struct blk_io *io, int res)
{
	(void)l;
	(void)io;
	(void)res;
}

static void ready(struct loop_poll *p, unsigned int events)
{
	char c;

	assert_true(events & POLLIN);
	assert_int_equal(read(p->fd, &c, 1), 1);
	came++;
}

/* What could not be watched at once is watched as soon as it can be. */
static void test_full(void **state)
{
	struct loop_poll once = { .ready = ready }, always = { .ready = ready };
	struct io_uring_sqe *e;
	struct loop l;
	int a[2], b[2], n = 0;

	(void)state;
	if (loop_init(&l))
		skip();		/* a kernel without io_uring */
	assert_int_equal(pipe(a) | pipe(b), 0);
	once.fd = a[0];
	once.events = POLLIN;
	always.fd = b[0];
	refusing = true;
	while ((e = loop_io(&l))) {
		io_uring_prep_fsync(e, a[0], 0);
		e->user_data = 0;	/* nobody waits for it */
		assert_true(++n <= (int)LOOP_DEPTH);
	}
	loop_poll_once(&l, &once);
	loop_poll(&l, &always);
	refusing = false;
	assert_int_equal(loop_turn(&l, false), 0);
	for (unsigned int i = 1; i <= 3; i++) {
		assert_int_equal(write(i == 1 ? a[1] : b[1], "x", 1), 1);
		alarm(10);	/* the end, if nothing comes */
		while (came < i)
			assert_int_equal(loop_turn(&l, true), 0);
		alarm(0);
	}
	loop_free(&l);
	for (n = 0; n < 2; n++) {
		close(a[n]);
		close(b[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
