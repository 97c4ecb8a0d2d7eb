/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_state.c: tests of saving a store and beginning again with it, and of
 * files that are not what they should be.
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
#include <unistd.h>

#include "lib/strbuf.h"
#include "store/state.h"
#include "store_fixture.h"

static char file[] = "/tmp/store_state.XXXXXX";

static void populate(struct fx *fx)
{
	struct client *tool, *g;
	struct xsd_sockmsg hdr = { XS_READ, 77, 0, 2 };
	char path[64], *at;
	int i;

	fx_init(fx);
	tool = fx_socket(fx);
	g = fx_domain(fx, 5);
	fx_mkdir(tool, 0, "/local/domain/5");
	fx_chmod(tool, 0, "/local/domain/5", "n5");
	fx_chmod(tool, 0, "@releaseDomain", "n0 r5");
	for (i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/d%d/x/y%d", i % 7, i);
		fx_write(tool, 0, path, "some value");
	}
	fx_write(g, 0, "mine", "1");
	fx_watch(g, "mine", "relative");
	fx_watch(g, "@releaseDomain", "gone");
	/* Half a request received, and an event half sent. */
	xs_reader_room(&g->in, &at);
	memcpy(at, &hdr, sizeof(hdr));
	xs_reader_filled(&g->in, sizeof(hdr) - 3);
	client_sent(g, 5);
}

static struct client *begin_again(struct fx *old, struct fx *fx)
{
	assert_int_equal(state_save(&old->s, file), 0);
	fx_init(fx);
	fx->exists[5] = true;
	assert_int_equal(state_load(&fx->s, file), 0);
	return fx_socket(fx);
}

static void test_round_trip(void **state)
{
	static struct fx old, fx;
	struct strbuf before = { 0 }, after = { 0 };
	struct client *tool, *g;
	char path[64];
	int i;

	(void)state;
	populate(&old);
	tool = begin_again(&old, &fx);
	for (i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/d%d/x/y%d", i % 7, i);
		assert_int_equal(fx_read(tool, 0, path, "some value"), 0);
	}
	g = store_domain(&fx.s, 5)->client;
	assert_non_null(g);
	assert_int_equal(g->watch_count, 2);
	assert_int_equal(g->in.len, sizeof(struct xsd_sockmsg) - 3);
	assert_int_equal(store_domain(&fx.s, 5)->nodes,
			 store_domain(&old.s, 5)->nodes);
	assert_int_equal(store_domain(&fx.s, 5)->bytes,
			 store_domain(&old.s, 5)->bytes);
	client_collect_output(store_domain(&old.s, 5)->client, &before);
	client_collect_output(g, &after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	strbuf_free(&before);
	strbuf_free(&after);
	/* It lives: rights, watches and quotas go on. */
	client_reset(g);
	assert_int_equal(fx_watch(g, "mine", "t"), 0);
	fx_drain(g);
	assert_int_equal(fx_write(g, 0, "mine/x", "1"), 0);
	assert_true(fx_event(g, "mine/x", "t"));
	assert_int_equal(fx_read(g, 0, "/d1/x", ""), -EACCES);
	fx_kill(&fx, 5);
	assert_int_equal(fx_read(tool, 0, "/local/domain/5", ""), -ENOENT);
	fx_end(&fx);
	fx_end(&old);
}

static void test_no_file(void **state)
{
	static struct fx fx;

	(void)state;
	fx_init(&fx);
	assert_int_equal(state_load(&fx.s, "/tmp/no/such/file"), -ENOENT);
	fx_end(&fx);
}

/* Cut anywhere, or with any one byte changed, it is an error or a store. */
static void test_damage(void **state)
{
	static struct fx old, fx;
	struct strbuf sb = { 0 };
	char buf[65536];
	size_t len, i;
	FILE *f;
	int rc;

	(void)state;
	fx_init(&old);
	fx_domain(&old, 5);
	fx_write(fx_socket(&old), 0, "/a/b", "v");
	fx_watch(store_domain(&old.s, 5)->client, "/a", "t");
	assert_int_equal(state_save(&old.s, file), 0);
	fx_end(&old);
	f = fopen(file, "r");
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_true(len > 100 && len < sizeof(buf));
	for (i = 0; i < 2 * len; i++) {
		size_t n = i < len ? i : len;

		f = fopen(file, "w");
		if (i >= len)
			buf[i - len] ^= 0x41;
		fwrite(buf, 1, n, f);
		fclose(f);
		if (i >= len)
			buf[i - len] ^= 0x41;
		fx_init(&fx);
		fx.exists[5] = true;
		rc = state_load(&fx.s, file);
		if (i < len)
			assert_int_not_equal(rc, 0);
		while (fx.s.domains) {
			if (fx.s.domains->client)
				fx.s.port->disconnect(&fx, fx.s.domains);
			store_drop_domain(&fx.s, fx.s.domains);
		}
		while (fx.s.clients)
			client_free(fx.s.clients);
		store_free(&fx.s);
	}
	strbuf_free(&sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_damage),
	};
	int fd = mkstemp(file), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	return rc;
}
