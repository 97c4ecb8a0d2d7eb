/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_ops.c: tests of the operations, through messages.
 *
 * Beside the ordinary course: the classes of defects that store daemons have
 * had (the XSA numbers in the comments), each as a test that would notice it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

static int setup(void **state)
{
	struct fx *fx = malloc(sizeof(*fx));

	fx_init(fx);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	fx_end(*state);
	free(*state);
	return 0;
}

/* Domain 5 with its usual directory, which it may write below "data". */
static struct client *guest(struct fx *fx, struct client *tool, uint32_t id)
{
	struct client *g = fx_domain(fx, id);
	char path[64], perms[32];

	snprintf(path, sizeof(path), "/local/domain/%u", id);
	snprintf(perms, sizeof(perms), "n0 r%u", id);
	assert_int_equal(fx_mkdir(tool, 0, path), 0);
	assert_int_equal(fx_chmod(tool, 0, path, perms), 0);
	strcat(path, "/data");
	snprintf(perms, sizeof(perms), "n%u", id);
	assert_int_equal(fx_mkdir(tool, 0, path), 0);
	assert_int_equal(fx_chmod(tool, 0, path, perms), 0);
	return g;
}

#define HOME "/local/domain/5"
#define DATA HOME "/data"

/* ---- nodes ---- */

static void test_read_write(void **state)
{
	struct client *c = fx_socket(*state);
	struct fx_reply r;

	assert_int_equal(fx_read(c, 0, "/tool/xenstored", ""), 0);
	assert_int_equal(fx_read(c, 0, "/nope", ""), -ENOENT);
	assert_int_equal(fx_write(c, 0, "/a/b/c", "v"), 0);
	assert_int_equal(fx_read(c, 0, "/a/b/c", "v"), 0);
	assert_int_equal(fx_read(c, 0, "/a/b", ""), 0);
	fx_request(c, XS_WRITE, 0, "/a\0\0\1\0", 6, &r);
	assert_int_equal(r.err, 0);
	fx_request(c, XS_READ, 0, "/a", 3, &r);
	assert_int_equal(r.len, 3);
	assert_memory_equal(r.body, "\0\1\0", 3);
	/* Relative paths of local programs are the control domain's. */
	assert_int_equal(fx_write(c, 0, "x", "1"), 0);
	assert_int_equal(fx_read(c, 0, "/local/domain/0/x", "1"), 0);
	assert_int_equal(fx_dir(c, 0, "/", &r), 0);
	assert_memory_equal(r.body, "a\0local\0tool\0", 13);
	assert_int_equal(r.len, 13);
}

static void test_rm(void **state)
{
	struct client *c = fx_socket(*state);

	assert_int_equal(fx_rm(c, 0, "/a/b"), -ENOENT);
	assert_int_equal(fx_rm(c, 0, "/a"), 0);
	fx_write(c, 0, "/a/b/c", "v");
	assert_int_equal(fx_rm(c, 0, "/a"), 0);
	assert_int_equal(fx_read(c, 0, "/a/b/c", ""), -ENOENT);
	assert_int_equal(fx_rm(c, 0, "/"), -EINVAL);
}

static void test_bad_requests(void **state)
{
	static const char *const bad[] = { "", "//", "/a/", "/a//b", "/a:",
					   "@x", "/\xff" };
	struct client *c = fx_socket(*state);
	struct fx_reply r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fx_read(c, 0, bad[i], ""), -EINVAL);
		assert_int_equal(fx_write(c, 0, bad[i], ""), -EINVAL);
		assert_int_equal(fx_rm(c, 0, bad[i]), -EINVAL);
	}
	/* Without the terminator, without arguments, with too many. */
	assert_int_equal(fx_call(c, XS_READ, 0, "/a", 2), -EINVAL);
	assert_int_equal(fx_call(c, XS_WRITE, 0, "/a", 2), -EINVAL);
	assert_int_equal(fx_call(c, XS_READ, 0, "", 0), -EINVAL);
	assert_int_equal(fx_call(c, XS_READ, 0, "/a\0/b", 6), -EINVAL);
	/* Operations that do not exist (20 was XS_RESTRICT). */
	assert_int_equal(fx_call(c, 20, 0, "5", 2), -ENOSYS);
	assert_int_equal(fx_call(c, XS_ERROR, 0, "x", 2), -ENOSYS);
	assert_int_equal(fx_call(c, XS_WATCH_EVENT, 0, "x", 2), -ENOSYS);
	assert_int_equal(fx_call(c, 0x80000000u, 0, "x", 2), -ENOSYS);
	fx_request(c, XS_READ, 99, "/tool", 6, &r);
	assert_int_equal(r.err, -ENOENT);
}

static void test_directory_part(void **state)
{
	struct client *c = fx_socket(*state);
	char path[32], body[64];
	struct fx_reply r;
	size_t off = 0, head;
	int i, n = 0, rounds = 0;
	bool end = false;

	for (i = 0; i < 1500; i++) {
		snprintf(path, sizeof(path), "/many/%d", i);
		assert_int_equal(fx_write(c, 0, path, ""), 0);
	}
	/* XSA-72: more than a reply can carry is an error, not an overrun. */
	assert_int_equal(fx_dir(c, 0, "/many", &r), -E2BIG);
	while (!end) {
		i = snprintf(body, sizeof(body), "/many%c%zu", 0, off) + 1;
		fx_request(c, XS_DIRECTORY_PART, 0, body, (size_t)i, &r);
		assert_int_equal(r.err, 0);
		head = strlen(r.body) + 1;
		end = r.body[r.len - 1] == 0 && r.body[r.len - 2] == 0;
		for (size_t k = head; k < r.len - end; k++)
			n += !r.body[k];
		off += r.len - head;
		rounds++;
	}
	assert_int_equal(n, 1500);
	assert_true(rounds > 1);
	i = snprintf(body, sizeof(body), "/many%c%d", 0, 1) + 1;
	fx_request(c, XS_DIRECTORY_PART, 0, body, (size_t)i, &r);
	assert_int_equal(r.err, -EINVAL);
}

/* ---- permissions ---- */

static void test_permissions(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);
	struct client *h = guest(*state, tool, 6);
	struct fx_reply r;

	assert_int_equal(fx_write(g, 0, DATA "/x", "1"), 0);
	assert_int_equal(fx_write(g, 0, "data/y", "2"), 0);
	assert_int_equal(fx_read(tool, 0, DATA "/y", "2"), 0);
	fx_request(tool, XS_GET_PERMS, 0, DATA "/x", sizeof(DATA "/x"), &r);
	assert_string_equal(r.body, "n5");
	assert_int_equal(fx_write(g, 0, HOME "/other", "1"), -EACCES);
	assert_int_equal(fx_write(g, 0, "/new", "1"), -EACCES);
	assert_int_equal(fx_read(h, 0, DATA "/x", "1"), -EACCES);
	assert_int_equal(fx_chmod(h, 0, DATA "/x", "n6"), -EACCES);
	assert_int_equal(fx_chmod(g, 0, DATA "/x", "n5 r6"), 0);
	assert_int_equal(fx_read(h, 0, DATA "/x", "1"), 0);
	assert_int_equal(fx_write(h, 0, DATA "/x", "1"), -EACCES);
	assert_int_equal(fx_chmod(g, 0, DATA "/x", "n5 b6"), 0);
	assert_int_equal(fx_write(h, 0, DATA "/x", "3"), 0);
	/* Whoever may write there owns what it makes there. */
	assert_int_equal(fx_write(h, 0, DATA "/x/z", "3"), 0);
	fx_request(tool, XS_GET_PERMS, 0, DATA "/x/z", sizeof(DATA "/x/z"),
		   &r);
	assert_memory_equal(r.body, "n6\0b6\0", 6);
	/* XSA-352: a node is not given to another's account. */
	assert_int_equal(fx_chmod(g, 0, DATA "/x", "n6"), -EPERM);
	assert_int_equal(fx_chmod(tool, 0, DATA "/x", "n6"), 0);
}

/* XSA-353: the root and the special names have permissions too. */
static void test_root_and_special(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);
	struct fx_reply r;

	assert_int_equal(fx_dir(g, 0, "/", &r), -EACCES);
	assert_int_equal(fx_chmod(g, 0, "/", "n5"), -EACCES);
	assert_int_equal(fx_rm(g, 0, "/"), -EACCES);
	assert_int_equal(fx_chmod(g, 0, "@releaseDomain", "n0 r5"), -EACCES);
	assert_int_equal(fx_call(g, XS_GET_PERMS, 0, "@releaseDomain", 15),
			 -EACCES);
	assert_int_equal(fx_chmod(tool, 0, "@nothing", "n0"), -EINVAL);
}

/* XSA-330, 418: what is absent is hidden like what is there. */
static void test_existence_is_hidden(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);

	fx_write(tool, 0, "/secret/a", "1");
	assert_int_equal(fx_read(g, 0, "/secret/a", ""), -EACCES);
	assert_int_equal(fx_read(g, 0, "/secret/b", ""), -EACCES);
	assert_int_equal(fx_read(g, 0, "/secret/b/c", ""), -EACCES);
	assert_int_equal(fx_rm(g, 0, "/secret/b"), -EACCES);
	assert_int_equal(fx_read(g, 0, DATA "/nope", ""), -ENOENT);
}

/* XSA-322: rights end with the domain, even if the id is used again. */
static void test_rights_end_with_domain(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);

	fx_write(tool, 0, "/shared", "1");
	assert_int_equal(fx_chmod(tool, 0, "/shared", "n0 b5"), 0);
	fx_write(tool, 0, "/owned", "1");
	assert_int_equal(fx_chmod(tool, 0, "/owned", "n5"), 0);
	fx_write(tool, 0, "/owned/below", "1");
	assert_int_equal(fx_write(g, 0, "/shared", "2"), 0);
	fx_kill(fx, 5);
	assert_int_equal(fx_read(tool, 0, DATA, ""), -ENOENT);
	assert_int_equal(fx_read(tool, 0, "/owned", ""), -ENOENT);
	g = fx_domain(fx, 5);
	assert_int_equal(fx_read(g, 0, "/shared", ""), -EACCES);
	assert_int_equal(fx_write(g, 0, "/shared", "3"), -EACCES);
	/* A right given before the domain exists is nobody's. */
	assert_int_equal(fx_chmod(tool, 0, "/shared", "n0 r7"), 0);
	g = fx_domain(fx, 7);
	assert_int_equal(fx_read(g, 0, "/shared", ""), -EACCES);
	/* And a domain that does not exist cannot own. */
	assert_int_equal(fx_chmod(tool, 0, "/shared", "n9"), -ENOENT);
}

static void test_keep_orphans(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	struct fx_reply r;

	fx->s.keep_orphans = true;
	fx_write(g, 0, DATA "/x", "1");
	fx_kill(fx, 5);
	assert_int_equal(fx_read(tool, 0, DATA "/x", "1"), 0);
	fx_request(tool, XS_GET_PERMS, 0, DATA "/x", sizeof(DATA "/x"), &r);
	assert_string_equal(r.body, "n0");
}

/* Even the root may be a domain's; it stays when the domain goes. */
static void test_root_orphaned(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct fx_reply r;

	guest(fx, tool, 5);
	assert_int_equal(fx_chmod(tool, 0, "/", "n5"), 0);
	fx_kill(fx, 5);
	fx_request(tool, XS_GET_PERMS, 0, "/", 2, &r);
	assert_string_equal(r.body, "n0");
}

static void test_target(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);
	struct client *dm = guest(*state, tool, 6);

	fx_write(g, 0, DATA "/x", "1");
	assert_int_equal(fx_call(g, XS_SET_TARGET, 0, "6\0" "5", 4), -EACCES);
	assert_int_equal(fx_read(dm, 0, DATA "/x", "1"), -EACCES);
	assert_int_equal(fx_call(tool, XS_SET_TARGET, 0, "6\0" "5", 4), 0);
	assert_int_equal(fx_read(dm, 0, DATA "/x", "1"), 0);
	assert_int_equal(fx_call(tool, XS_SET_TARGET, 0, "6\0" "9", 4),
			 -ENOENT);
}

/* ---- watches ---- */

static void test_watch(void **state)
{
	struct client *a = fx_socket(*state), *b = fx_socket(*state);

	assert_int_equal(fx_watch(a, "/w", "tok"), 0);
	assert_true(fx_event(a, "/w", "tok"));
	assert_int_equal(fx_watch(a, "/w", "tok"), -EEXIST);
	assert_int_equal(fx_watch(a, "/w", "other"), 0);
	assert_true(fx_event(a, "/w", "other"));
	assert_int_equal(fx_call(a, XS_UNWATCH, 0, "/w\0other", 9), 0);
	assert_int_equal(fx_call(a, XS_UNWATCH, 0, "/w\0other", 9), -ENOENT);
	fx_write(b, 0, "/w/x/y", "1");
	assert_true(fx_event(a, "/w/x/y", "tok"));
	fx_write(b, 0, "/ww", "1");
	assert_true(fx_no_event(a));
	/* A removal tells once above, and exactly below. */
	fx_watch(a, "/w/x/y", "deep");
	fx_drain(a);
	fx_rm(b, 0, "/w");
	assert_true(fx_event(a, "/w/x/y", "deep"));
	assert_true(fx_event(a, "/w", "tok"));
	assert_true(fx_no_event(a));
	/* Relative watches are told relative paths. */
	fx_watch(a, "rel", "r");
	assert_true(fx_event(a, "rel", "r"));
	fx_write(b, 0, "/local/domain/0/rel/z", "1");
	assert_true(fx_event(a, "rel/z", "r"));
	/* The root sees everything. */
	fx_watch(b, "/", "root");
	assert_true(fx_event(b, "/", "root"));
	fx_write(a, 0, "/q", "1");
	assert_true(fx_event(b, "/q", "root"));
}

/* XSA-115: events do not tell of nodes that one may not read. */
static void test_watch_permissions(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);

	fx_watch(g, "/", "all");
	fx_watch(g, "/secret", "s");
	fx_drain(g);
	fx_write(tool, 0, "/secret", "1");
	fx_write(tool, 0, "/secret/x", "1");
	fx_rm(tool, 0, "/secret");
	assert_true(fx_no_event(g));
	fx_write(tool, 0, HOME "/new", "1");
	assert_true(fx_event(g, HOME "/new", "all"));
	/* Losing the right is the last thing told. */
	fx_write(tool, 0, "/p", "1");
	fx_chmod(tool, 0, "/p", "n0 r5");
	assert_true(fx_event(g, "/p", "all"));
	fx_chmod(tool, 0, "/p", "n0");
	assert_true(fx_event(g, "/p", "all"));
	fx_write(tool, 0, "/p", "2");
	assert_true(fx_no_event(g));
}

static void test_special_watches(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);

	fx_watch(tool, "@introduceDomain", "i");
	fx_watch(tool, "@releaseDomain", "r");
	fx_watch(g, "@releaseDomain", "r");
	fx_drain(tool);
	fx_drain(g);
	fx_domain(fx, 6);
	assert_true(fx_event(tool, "@introduceDomain", "i"));
	fx_kill(fx, 6);
	assert_true(fx_event(tool, "@releaseDomain", "r"));
	assert_true(fx_no_event(g));
	/* Unless it was given the right. */
	assert_int_equal(fx_chmod(tool, 0, "@releaseDomain", "n0 r5"), 0);
	store_announce_release(&fx->s);
	assert_true(fx_event(g, "@releaseDomain", "r"));
}

/* XSA-324: an event that no message can carry is left out. */
static void test_watch_too_long(void **state)
{
	struct client *c = fx_socket(*state);
	char token[3000], path[2000], body[XENSTORE_PAYLOAD_MAX];

	memset(token, 't', sizeof(token) - 1);
	token[sizeof(token) - 1] = 0;
	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	memcpy(body, "/", 2);
	memcpy(body + 2, token, sizeof(token));
	assert_int_equal(fx_call(c, XS_WATCH, 0, body, 2 + sizeof(token)), 0);
	fx_drain(c);
	assert_int_equal(fx_write(c, 0, path, "1"), 0);
	assert_true(fx_no_event(c));
	assert_int_equal(c->broken, 0);
}

/* XSA-326: events that nobody takes do not pile up. */
static void test_watch_flood(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	size_t before;
	char path[64];
	int i;

	fx_watch(g, HOME, "t");
	fx_drain(g);
	fx_write(tool, 0, HOME "/n", "1");
	before = g->out_bytes;
	for (i = 0; i < 10000; i++)
		fx_write(tool, 0, HOME "/n", "1");
	assert_int_equal(g->out_bytes, before);
	for (i = 0; i < 100000 && !g->broken; i++) {
		snprintf(path, sizeof(path), HOME "/n%d", i);
		fx_write(tool, 0, path, "1");
		assert_true(g->out_bytes < 2 << 20);
	}
	assert_int_equal(g->broken, -ENOBUFS);
	assert_int_equal(fx_read(tool, 0, HOME "/n0", "1"), 0);
}

static void test_reset_watches(void **state)
{
	struct client *c = fx_socket(*state);
	uint32_t tx = fx_tx(c);

	fx_watch(c, "/w", "t");
	fx_drain(c);
	assert_int_equal(fx_call(c, XS_RESET_WATCHES, tx, "", 1), 0);
	fx_write(c, 0, "/w", "1");
	assert_true(fx_no_event(c));
	assert_int_equal(fx_commit(c, tx), -ENOENT);
}

/* ---- transactions ---- */

static void test_transaction(void **state)
{
	struct client *a = fx_socket(*state), *b = fx_socket(*state);
	uint32_t tx = fx_tx(a);

	fx_watch(b, "/t", "w");
	fx_drain(b);
	assert_int_equal(fx_write(a, tx, "/t/x", "1"), 0);
	assert_int_equal(fx_read(a, tx, "/t/x", "1"), 0);
	assert_int_equal(fx_read(a, 0, "/t/x", ""), -ENOENT);
	assert_true(fx_no_event(b));
	assert_int_equal(fx_commit(a, tx), 0);
	assert_true(fx_event(b, "/t/x", "w"));
	assert_int_equal(fx_read(b, 0, "/t/x", "1"), 0);
	assert_int_equal(fx_commit(a, tx), -ENOENT);
	/* Within a transaction no other begins; ids are a client's own. */
	tx = fx_tx(a);
	assert_int_equal(fx_call(a, XS_TRANSACTION_START, tx, "", 1), -EBUSY);
	assert_int_equal(fx_write(b, tx, "/t/y", "1"), -ENOENT);
	assert_int_equal(fx_call(a, XS_TRANSACTION_END, tx, "X", 2), -EINVAL);
	assert_int_equal(fx_write(a, tx, "/t/y", "1"), 0);
	assert_int_equal(fx_call(a, XS_TRANSACTION_END, tx, "F", 2), 0);
	assert_int_equal(fx_read(a, 0, "/t/y", ""), -ENOENT);
}

static void test_transaction_conflict(void **state)
{
	struct client *a = fx_socket(*state), *b = fx_socket(*state);
	uint32_t tx;

	fx_write(a, 0, "/t/x", "1");
	tx = fx_tx(a);
	assert_int_equal(fx_read(a, tx, "/t/x", "1"), 0);
	fx_write(b, 0, "/t/x", "2");
	assert_int_equal(fx_read(a, tx, "/t/x", "1"), 0);
	assert_int_equal(fx_commit(a, tx), -EAGAIN);
	/* Two that make different nodes in one directory do not conflict. */
	tx = fx_tx(a);
	assert_int_equal(fx_write(a, tx, "/t/a", "1"), 0);
	fx_write(b, 0, "/t/b", "1");
	assert_int_equal(fx_commit(a, tx), 0);
	/* One that listed the directory does. */
	tx = fx_tx(a);
	assert_int_equal(fx_call(a, XS_DIRECTORY, tx, "/t", 3), 0);
	fx_write(b, 0, "/t/c", "1");
	assert_int_equal(fx_commit(a, tx), -EAGAIN);
}

/* An open transaction does not keep old versions for ever. */
static void test_transaction_rebase(void **state)
{
	struct client *a = fx_socket(*state), *b = fx_socket(*state);
	uint32_t tx, lost;
	int i;

	fx_write(a, 0, "/t/x", "1");
	fx_write(a, 0, "/n", "0");
	tx = fx_tx(a);
	lost = fx_tx(a);
	assert_int_equal(fx_write(a, tx, "/t/new/deep", "1"), 0);
	assert_int_equal(fx_rm(a, tx, "/t/x"), 0);
	assert_int_equal(fx_write(a, lost, "/n", "mine"), 0);
	for (i = 0; i < 10000; i++)
		fx_write(b, 0, "/n", "2");
	assert_int_equal(fx_read(a, tx, "/t/new/deep", "1"), 0);
	assert_int_equal(fx_read(a, tx, "/t/x", ""), -ENOENT);
	assert_int_equal(fx_commit(a, tx), 0);
	assert_int_equal(fx_read(a, 0, "/t/new/deep", "1"), 0);
	assert_int_equal(fx_commit(a, lost), -EAGAIN);
	assert_int_equal(fx_read(a, 0, "/n", "2"), 0);
}

/* A node is not given to a domain that went before the commit. */
static void test_transaction_owner_gone(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	uint32_t tx;
	int again;

	for (again = 0; again < 2; again++) {
		fx_domain(fx, 5);
		fx_write(tool, 0, "/x", "1");
		tx = fx_tx(tool);
		assert_int_equal(fx_chmod(tool, tx, "/x", "n5"), 0);
		fx_kill(fx, 5);
		if (again)
			fx_domain(fx, 5);
		assert_int_equal(fx_commit(tool, tx), -EAGAIN);
	}
}

/* XSA-206: a guest that writes all the time does not starve the toolstack. */
static void test_transaction_turn(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	uint32_t tx;
	int i;

	for (i = 0; i < 3; i++) {
		tx = fx_tx(tool);
		fx_write(tool, tx, DATA "/x", "tool");
		assert_true(client_may_run(g));
		fx_write(g, 0, DATA "/x", "guest");
		assert_int_equal(fx_commit(tool, tx), -EAGAIN);
	}
	tx = fx_tx(tool);
	assert_false(client_may_run(g));
	fx_write(tool, tx, DATA "/x", "tool");
	assert_int_equal(fx_commit(tool, tx), 0);
	assert_true(client_may_run(g));
	/* And the turn is not longer than it may be. */
	for (i = 0; i < 3; i++) {
		tx = fx_tx(tool);
		fx_write(tool, tx, DATA "/x", "tool");
		fx_write(g, 0, DATA "/x", "guest");
		fx_commit(tool, tx);
	}
	fx_tx(tool);
	assert_false(client_may_run(g));
	fx->now_ms += 101;
	assert_true(client_may_run(g));
}

/* XSA-421, 484: a client that goes takes its transactions with it. */
static void test_client_goes(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	uint32_t tx = fx_tx(g);

	fx_write(g, tx, DATA "/x", "1");
	fx_watch(g, DATA, "t");
	fx_kill(fx, 5);
	assert_null(fx->s.txns);
	fx_write(tool, 0, DATA "/y", "1");
}

/* ---- limits ---- */

static void test_quota_nodes(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	char path[64];
	uint32_t tx, tx2;
	int i, rc = 0;

	fx->s.quota.nodes = 20;
	for (i = 0; i < 30 && !rc; i++) {
		snprintf(path, sizeof(path), DATA "/n%d", i);
		rc = fx_write(g, 0, path, "1");
	}
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(store_domain(&fx->s, 5)->nodes, 20);
	/* A path that would need several is refused whole. */
	assert_int_equal(fx_rm(g, 0, DATA "/n0"), 0);
	assert_int_equal(fx_write(g, 0, DATA "/a/b/c", "1"), -ENOSPC);
	assert_int_equal(fx_read(g, 0, DATA "/a", ""), -ENOENT);
	/* Two transactions do not both get the last place. */
	tx = fx_tx(g);
	tx2 = fx_tx(g);
	assert_int_equal(fx_write(g, tx, DATA "/t1", "1"), 0);
	assert_int_equal(fx_write(g, tx, DATA "/t2", "1"), -ENOSPC);
	assert_int_equal(fx_write(g, tx2, DATA "/t2", "1"), 0);
	assert_int_equal(fx_commit(g, tx), 0);
	assert_int_equal(fx_commit(g, tx2), -ENOSPC);
	/* XSA-483: the account does not outlive the domain. */
	fx_kill(fx, 5);
	fx_rm(tool, 0, HOME);
	g = guest(fx, tool, 5);
	assert_int_equal(store_domain(&fx->s, 5)->nodes, 1);
	assert_int_equal(fx_write(g, 0, DATA "/x", "1"), 0);
}

static void test_quota_others(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	char path[64], big[2100], deep[XENSTORE_ABS_PATH_MAX];
	uint32_t tx;
	int i, rc = 0;

	memset(big, 'v', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	assert_int_equal(fx_write(g, 0, DATA "/big", big), -ENOSPC);
	assert_int_equal(fx_write(tool, 0, "/big", big), 0);
	assert_int_equal(fx_chmod(g, 0, DATA, "n5 r1 r2 r3 r4 r6"), -ENOSPC);
	for (i = 0; i < 10; i++)
		fx_tx(g);
	assert_int_equal(fx_call(g, XS_TRANSACTION_START, 0, "", 1), -ENOSPC);
	fx_call(g, XS_RESET_WATCHES, 0, "", 1);
	for (i = 0; i < 128; i++) {
		snprintf(path, sizeof(path), "/x%d", i);
		assert_int_equal(fx_watch(g, path, "t"), 0);
	}
	assert_int_equal(fx_watch(g, "/y", "t"), -E2BIG);
	fx_drain(g);
	fx->s.quota.txn_nodes = 10;
	tx = fx_tx(g);
	for (i = 0; i < 20 && !rc; i++) {
		snprintf(path, sizeof(path), DATA "/t%d", i);
		rc = fx_write(g, tx, path, "1");
	}
	assert_int_equal(rc, -ENOSPC);
	/* XSA-323: the length of a path. */
	memset(deep, 'd', sizeof(deep));
	memcpy(deep, DATA "/", sizeof(DATA));
	deep[2048 + sizeof(HOME) + 1] = 0;
	assert_int_equal(fx_write(g, 0, deep, "1"), -EINVAL);
	/* Memory as a whole. */
	fx->s.quota.memory = 100000;
	for (i = rc = 0; i < 1000 && !rc; i++) {
		snprintf(path, sizeof(path), DATA "/m%d", i);
		rc = fx_write(g, 0, path, "some value of some length");
	}
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(fx_rm(g, 0, DATA "/m0"), 0);
	/* Nothing of this binds the control domain. */
	assert_int_equal(fx_write(tool, 0, "/free", "1"), 0);
}

/* A client that reads no replies is not read from. */
static void test_slow_reader(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);
	struct xsd_sockmsg hdr = { XS_READ, 1, 0, 5 };
	unsigned int i, handled = 0;
	char *at;

	for (i = 0; i < 100; i++) {
		xs_reader_room(&g->in, &at);
		memcpy(at, &hdr, sizeof(hdr));
		memcpy(at + sizeof(hdr), "data", 5);
		xs_reader_filled(&g->in, sizeof(hdr) + 5);
		handled += (unsigned int)client_run(g, 10);
		if (!client_may_run(g))
			break;
	}
	assert_int_equal(handled, 20);
	fx_drain(g);
	assert_true(client_may_run(g));
}

static void test_oversized_message(void **state)
{
	struct fx *fx = *state;
	struct client *c = fx_socket(fx);
	struct xsd_sockmsg hdr = { XS_WRITE, 1, 0, 0xffffffff };
	char *at;

	xs_reader_room(&c->in, &at);
	memcpy(at, &hdr, sizeof(hdr));
	xs_reader_filled(&c->in, sizeof(hdr));
	assert_int_equal(client_run(c, 1), -EPROTO);
	assert_false(client_may_run(c));
}

/* ---- domains and control ---- */

static void test_domains(void **state)
{
	struct fx *fx = *state;
	struct client *tool = fx_socket(fx);
	struct client *g = guest(fx, tool, 5);
	struct fx_reply r;

	fx_request(tool, XS_GET_DOMAIN_PATH, 0, "5", 2, &r);
	assert_string_equal(r.body, "/local/domain/5");
	assert_int_equal(r.len, 16);
	fx_request(tool, XS_IS_DOMAIN_INTRODUCED, 0, "5", 2, &r);
	assert_string_equal(r.body, "T");
	fx_request(tool, XS_IS_DOMAIN_INTRODUCED, 0, "9", 2, &r);
	assert_string_equal(r.body, "F");
	assert_int_equal(fx_call(g, XS_INTRODUCE, 0, "9\0" "1\0" "1", 6),
			 -EACCES);
	assert_int_equal(fx_call(tool, XS_INTRODUCE, 0, "9\0" "1\0" "1", 6),
			 -EINVAL);
	fx->exists[9] = true;
	assert_int_equal(fx_call(tool, XS_INTRODUCE, 0, "9\0" "1\0" "0", 6),
			 -EINVAL);
	assert_int_equal(fx_call(tool, XS_INTRODUCE, 0, "9\0" "1\0" "1", 6),
			 0);
	assert_int_equal(fx_call(tool, XS_INTRODUCE, 0, "0\0" "1\0" "1", 6),
			 -EINVAL);
	assert_int_equal(fx_call(tool, XS_RESUME, 0, "9", 2), 0);
	assert_int_equal(fx_call(g, XS_RELEASE, 0, "9", 2), -EACCES);
	assert_int_equal(fx_call(tool, XS_RELEASE, 0, "9", 2), 0);
	assert_int_equal(fx_call(tool, XS_RELEASE, 0, "9", 2), -ENOENT);
	assert_int_equal(fx_call(tool, XS_RESUME, 0, "9", 2), -ENOENT);
}

static void test_control(void **state)
{
	struct client *tool = fx_socket(*state);
	struct client *g = guest(*state, tool, 5);
	struct fx_reply r;

	assert_int_equal(fx_call(g, XS_CONTROL, 0, "check", 6), -EACCES);
	fx_request(tool, XS_CONTROL, 0, "check", 6, &r);
	assert_string_equal(r.body, "OK");
	fx_request(tool, XS_CONTROL, 0, "help", 5, &r);
	assert_non_null(strstr(r.body, "quota"));
	fx_request(tool, XS_CONTROL, 0, "quota\0set\0nodes\0" "7", 18, &r);
	assert_int_equal(r.err, 0);
	fx_request(tool, XS_CONTROL, 0, "quota", 6, &r);
	assert_non_null(strstr(r.body, "nodes            :        7"));
	fx_request(tool, XS_CONTROL, 0, "quota\0" "5", 8, &r);
	assert_non_null(strstr(r.body, "Domain 5"));
	fx_request(tool, XS_CONTROL, 0, "live-update\0-s", 15, &r);
	assert_non_null(strstr(r.body, "not supported"));
	assert_int_equal(fx_call(tool, XS_CONTROL, 0, "nonsense", 9), -EINVAL);
	assert_int_equal(fx_call(tool, XS_CONTROL, 0, "", 0), -EINVAL);
	assert_int_equal(fx_call(tool, XS_CONTROL, 0, "memreport", 10), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_read_write),
		T(test_rm),
		T(test_bad_requests),
		T(test_directory_part),
		T(test_permissions),
		T(test_root_and_special),
		T(test_existence_is_hidden),
		T(test_rights_end_with_domain),
		T(test_keep_orphans),
		T(test_root_orphaned),
		T(test_target),
		T(test_watch),
		T(test_watch_permissions),
		T(test_special_watches),
		T(test_watch_too_long),
		T(test_watch_flood),
		T(test_reset_watches),
		T(test_transaction),
		T(test_transaction_conflict),
		T(test_transaction_rebase),
		T(test_transaction_owner_gone),
		T(test_transaction_turn),
		T(test_client_goes),
		T(test_quota_nodes),
		T(test_quota_others),
		T(test_slow_reader),
		T(test_oversized_message),
		T(test_domains),
		T(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
