// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_core.c: the device daemon's pure parts: every combination of facts
 * through the state machine, announcements of frontends, URIs, prefixes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devd/disk_open.h"
#include "devd/fe.h"
#include "devd/sm.h"

/* ---- the state machine ---- */

/* What an action does when all goes well. */
static void apply(struct sm_facts *f, enum sm_action a)
{
	static const struct {
		enum sm_phase phase;
		enum xb_state own;
	} after[] = {
		[SM_OPEN] = { PH_IDLE, XB_INITWAIT },
		[SM_INITWAIT] = { PH_IDLE, XB_INITWAIT },
		[SM_CONNECT] = { PH_CONNECTED, XB_CONNECTED },
		[SM_DISCONNECT] = { PH_IDLE, XB_STATES },
		[SM_CLOSING] = { PH_PHASES, XB_CLOSING },
		[SM_CLOSED] = { PH_IDLE, XB_CLOSED },
		[SM_END] = { PH_ENDED, XB_CLOSED },
	};

	if (after[a].phase != PH_PHASES)
		f->phase = after[a].phase;
	if (after[a].own != XB_STATES)
		f->own = after[a].own;
}

/* Acts until nothing is due. Fails if that does not come to an end. */
static void settle(struct sm_facts *f)
{
	enum sm_action a;
	int left = 8;

	while ((a = sm_decide(f)) != SM_NONE) {
		if (a == SM_CONNECT) {
			assert_true(f->phase == PH_IDLE && f->online);
			assert_true(f->own != XB_CLOSING &&
				    f->own != XB_CLOSED);
			assert_true(f->fe == XB_INITIALISED ||
				    f->fe == XB_CONNECTED);
		}
		apply(f, a);
		assert_true(left--);
	}
}

static void check_settled(const struct sm_facts *f)
{
	bool live = f->fe == XB_INITIALISED || f->fe == XB_CONNECTED;

	/* Rings are served only while the frontend has them; one that is
	 * unplugged may have them until it is closed. */
	if (f->phase == PH_CONNECTED)
		assert_true(live || (f->fe == XB_CLOSING && !f->online &&
				     f->own >= XB_CLOSING));
	/* Nothing is kept for a frontend that does not exist. */
	if (f->fe == XB_GONE)
		assert_true(f->phase == PH_ENDED || f->phase == PH_FAILED ||
			    (f->phase == PH_NEW && f->online));
	if (!f->online && f->fe == XB_CLOSED)
		assert_true(f->phase == PH_ENDED || f->phase == PH_FAILED);
	if (f->online && f->phase == PH_IDLE && f->fe == XB_INITIALISING)
		assert_int_equal(f->own, XB_INITWAIT);
	/* Who is to go is told so, whatever was written over it. */
	if (!f->online && f->fe != XB_GONE &&
	    (f->phase == PH_IDLE || f->phase == PH_CONNECTED))
		assert_true(f->own >= XB_CLOSING);
}

static void test_every_state(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (int i = 0; i < PH_PHASES * XB_STATES * (XB_STATES + 1) * 2; i++) {
		struct sm_facts f = {
			.online = i & 1,
			.phase = (enum sm_phase)(i / 2 % PH_PHASES),
			.own = (enum xb_state)(i / 2 / PH_PHASES % XB_STATES),
			.fe = (enum xb_state)(i / 2 / PH_PHASES / XB_STATES),
		};

		if (f.phase >= PH_DECIDES || f.fe == XB_STATES) {
			assert_int_equal(sm_decide(&f), SM_NONE);
			continue;
		}
		settle(&f);
		check_settled(&f);
		n++;
	}
	printf("%u states settle\n", n);
}

/* Any frontend, however it jumps about, can come back in the right order. */
static void test_every_walk(void **state)
{
	(void)state;
	for (int walk = 0; walk < 7 * 7 * 7 * 7 * 7; walk++) {
		struct sm_facts f = { PH_NEW, XB_INITIALISING, XB_INITIALISING,
				      true };
		int w = walk;

		for (int i = 0; i < 5; i++, w /= 7) {
			f.fe = (enum xb_state)(w % 7);
			settle(&f);
			check_settled(&f);
		}
		if (f.phase == PH_ENDED)
			continue;	/* its folder was gone in between */
		f.fe = XB_CLOSED;
		settle(&f);
		f.fe = XB_INITIALISING;
		settle(&f);
		assert_int_equal(f.own, XB_INITWAIT);
		f.fe = XB_INITIALISED;
		settle(&f);
		assert_int_equal(f.phase, PH_CONNECTED);
		f.online = false;
		f.own = XB_CLOSING;
		f.fe = XB_CLOSING;
		settle(&f);
		assert_int_equal(f.own, XB_CLOSING);
		/* It may still be in use there. */
		assert_int_equal(f.phase, PH_CONNECTED);
		f.fe = XB_CLOSED;
		settle(&f);
		assert_int_equal(f.phase, PH_ENDED);
	}
}

static void test_state_text(void **state)
{
	(void)state;
	assert_int_equal(sm_parse_state("1"), XB_INITIALISING);
	assert_int_equal(sm_parse_state("6"), XB_CLOSED);
	assert_int_equal(sm_parse_state("0"), XB_STATES);
	assert_int_equal(sm_parse_state("7"), XB_STATES);
	assert_int_equal(sm_parse_state(""), XB_STATES);
	assert_int_equal(sm_parse_state("44"), XB_STATES);
	assert_int_equal(sm_parse_state("4 "), XB_STATES);
}

/* ---- announcements ---- */

struct folder {
	const char *const *pairs;	/* name, value, ..., NULL */
	unsigned int reads;
};

static int read_folder(void *arg, const char *name, char buf[FE_VALUE])
{
	struct folder *f = arg;

	f->reads++;
	for (const char *const *p = f->pairs; *p; p += 2)
		if (!strcmp(*p, name)) {
			snprintf(buf, FE_VALUE, "%s", p[1]);
			return 0;
		}
	return -ENOENT;
}

static const struct fe_blk_limits blk_limits = { 4, 4, 2048, true };
static struct bp_connect_blk blk;
static struct fail why;

static int parse_blk(const char *const *pairs)
{
	struct folder f = { pairs, 0 };
	const struct fe_src src = { read_folder, &f };
	int rc;

	why = (struct fail){ 0 };
	rc = fe_read_blk(&src, &blk_limits, &blk, &why);
	assert_int_equal(!!rc, !!why.text[0]);
	assert_true(f.reads < 200);
	return rc;
}

#define BLK(...) parse_blk((const char *const[]){ __VA_ARGS__, NULL })

static void test_blk_good(void **state)
{
	(void)state;
	assert_int_equal(BLK("ring-ref", "8", "event-channel", "17"), 0);
	assert_int_equal(blk.nr_queues, 1);
	assert_int_equal(blk.ring_pages, 1);
	assert_int_equal(blk.queue[0].ref[0], 8);
	assert_int_equal(blk.queue[0].port, 17);
	assert_int_equal(blk.persistent, 0);
	assert_int_equal(BLK("ring-page-order", "1", "num-ring-pages", "2",
			     "ring-ref0", "5", "ring-ref1", "0",
			     "event-channel", "1", "feature-persistent", "1",
			     "protocol", "x86_64-abi"), 0);
	assert_int_equal(blk.ring_pages, 2);
	assert_int_equal(blk.queue[0].ref[1], 0);
	assert_int_equal(blk.persistent, 1);
	/* One page, in the way of several. */
	assert_int_equal(BLK("ring-page-order", "0", "ring-ref0", "5",
			     "event-channel", "1"), 0);
	assert_int_equal(blk.queue[0].ref[0], 5);
	assert_int_equal(BLK("multi-queue-num-queues", "2",
			     "queue-0/ring-ref", "1", "queue-1/ring-ref", "2",
			     "queue-0/event-channel", "3",
			     "queue-1/event-channel", "4"), 0);
	assert_int_equal(blk.queue[1].ref[0], 2);
	assert_int_equal(blk.queue[1].port, 4);
}

static void test_blk_bad(void **state)
{
	(void)state;
	assert_true(BLK("event-channel", "1") < 0);
	assert_true(BLK("ring-ref", "1") < 0);
	assert_true(BLK("ring-ref", "4294967296", "event-channel", "1") < 0);
	assert_true(BLK("ring-ref", "4294967295", "event-channel", "1") < 0);
	assert_true(BLK("ring-ref", "0x8", "event-channel", "1") < 0);
	assert_true(BLK("ring-ref", "+8", "event-channel", "1") < 0);
	assert_true(BLK("ring-ref", "8", "event-channel", "131072") < 0);
	assert_true(BLK("ring-ref", "8", "event-channel", "0") < 0);
	assert_true(BLK("ring-ref", "8", "event-channel", "1", "protocol",
			"x86_32-abi") < 0);
	assert_non_null(strstr(why.text, "x86_32-abi"));
	assert_true(BLK("ring-page-order", "5", "ring-ref0", "1",
			"event-channel", "1") < 0);
	assert_true(BLK("ring-page-order", "2", "ring-ref0", "1",
			"event-channel", "1") < 0);
	assert_true(BLK("num-ring-pages", "3", "ring-ref0", "1",
			"event-channel", "1") < 0);
	assert_true(BLK("multi-queue-num-queues", "5") < 0);
	assert_true(BLK("multi-queue-num-queues", "0") < 0);
	assert_true(BLK("multi-queue-num-queues", "2", "ring-ref", "1",
			"event-channel", "1") < 0);
}

/* A pool is an offer: what is wrong with it costs only the pool. */
static void test_blk_pool(void **state)
{
	(void)state;
	assert_int_equal(BLK("ring-ref", "8", "event-channel", "1",
			     "parvis-pool-pages", "1025", "parvis-pool-ref0",
			     "7", "parvis-pool-ref1", "9"), 0);
	assert_int_equal(blk.pool_pages, 1025);
	assert_int_equal(blk.pool_dir[1], 9);
	assert_int_equal(BLK("ring-ref", "8", "event-channel", "1",
			     "parvis-pool-pages", "1025", "parvis-pool-ref0",
			     "7"), 0);
	assert_int_equal(blk.pool_pages, 0);
	assert_int_equal(BLK("ring-ref", "8", "event-channel", "1",
			     "parvis-pool-pages", "2049"), 0);
	assert_int_equal(blk.pool_pages, 0);
}

static struct bp_connect_net net;

static int parse_net(const char *const *pairs, uint32_t offered)
{
	struct folder f = { pairs, 0 };
	const struct fe_src src = { read_folder, &f };
	const struct fe_net_limits lim = { 4, offered };

	why = (struct fail){ 0 };
	return fe_read_net(&src, &lim, &net, &why);
}

#define NET(offered, ...) \
	parse_net((const char *const[]){ __VA_ARGS__, NULL }, offered)
#define RINGS "request-rx-copy", "1", "tx-ring-ref", "1", "rx-ring-ref", "2"

static void test_net(void **state)
{
	(void)state;
	assert_int_equal(NET(~0u, RINGS, "event-channel", "3"), 0);
	assert_int_equal(net.queue[0].tx_port, 3);
	assert_int_equal(net.queue[0].rx_port, 3);
	assert_int_equal(net.features, BP_NETF_RX_COPY | BP_NETF_CSUM4);
	assert_int_equal(NET(~0u, RINGS, "event-channel-tx", "3",
			     "event-channel-rx", "4", "feature-sg", "1",
			     "feature-gso-tcpv4", "1", "feature-gso-tcpv6",
			     "1"), 0);
	assert_int_equal(net.queue[0].rx_port, 4);
	/* Large IPv6 packets without IPv6 checksums cannot be. */
	assert_int_equal(net.features,
			 BP_NETF_RX_COPY | BP_NETF_CSUM4 | BP_NETF_SPLIT |
				 BP_NETF_SG | BP_NETF_GSO4);
	/* What was not offered is not taken. */
	assert_int_equal(NET(BP_NETF_RX_COPY, RINGS, "event-channel", "3",
			     "feature-sg", "1", "ctrl-ring-ref", "x"), 0);
	assert_int_equal(net.features, BP_NETF_RX_COPY);
	assert_int_equal(NET(~0u, RINGS, "event-channel", "3",
			     "ctrl-ring-ref", "9", "event-channel-ctrl", "8"),
			 0);
	assert_true(net.features & BP_NETF_CTRL);
	assert_int_equal(net.ctrl_ref, 9);
	assert_int_equal(net.ctrl_port, 8);
}

static void test_net_bad(void **state)
{
	(void)state;
	assert_true(NET(~0u, "tx-ring-ref", "1", "rx-ring-ref", "2",
			"event-channel", "3") < 0);
	assert_non_null(strstr(why.text, "request-rx-copy"));
	assert_true(NET(~0u, RINGS) < 0);
	assert_true(NET(~0u, RINGS, "event-channel-tx", "3") < 0);
	assert_true(NET(~0u, RINGS, "event-channel", "3", "feature-sg",
			"yes") < 0);
	assert_true(NET(~0u, RINGS, "event-channel", "3", "ctrl-ring-ref",
			"9") < 0);
	assert_true(NET(~0u, RINGS, "event-channel", "3",
			"multi-queue-num-queues", "9") < 0);
}

/* ---- targets ---- */

static void test_targets(void **state)
{
	const char *format = "none";

	(void)state;
	assert_string_equal(disk_target("/a", &format), "/a");
	assert_string_equal(format, "none");
	assert_string_equal(disk_target("tap:aio:/a", &format), "/a");
	assert_string_equal(format, "none");
	assert_string_equal(disk_target("tap2:qcow2:/a", &format), "/a");
	assert_string_equal(format, "qcow2");
	assert_string_equal(disk_target("phy:/dev/sda", &format), "/dev/sda");
	assert_string_equal(format, "raw");
}

static void bad_uri(const char *uri)
{
	struct disk_uri u;
	struct fail fail = { 0 };

	assert_true(disk_parse_uri(uri, &u, &fail) < 0);
	assert_true(fail.text[0]);
}

static void test_uris(void **state)
{
	struct disk_uri u;

	(void)state;
	assert_int_equal(disk_parse_uri("nbd://host", &u, NULL), 0);
	assert_string_equal(u.host, "host");
	assert_string_equal(u.port, "10809");
	assert_string_equal(u.export, "");
	assert_int_equal(disk_parse_uri("nbd://[::1]:99/a%20b", &u, NULL), 0);
	assert_string_equal(u.host, "::1");
	assert_string_equal(u.port, "99");
	assert_string_equal(u.export, "a b");
	assert_int_equal(disk_parse_uri("nbd+unix:///x?socket=/run/s", &u,
					NULL), 0);
	assert_true(u.is_unix);
	assert_string_equal(u.host, "/run/s");
	assert_string_equal(u.export, "x");
	bad_uri("nbd:host");
	bad_uri("nbd://");
	bad_uri("nbd://:10809/");
	bad_uri("nbd://h:port/");
	bad_uri("nbd://h:123456/");
	bad_uri("nbd://user@h/");
	bad_uri("nbd://h/%0");
	bad_uri("nbd://h/%00");
	bad_uri("nbd://[::1/");
	bad_uri("nbd+unix:///x");
	bad_uri("nbd+unix:///x?socket=");
	bad_uri("nbds://h/");
	bad_uri("http://h/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state),
		cmocka_unit_test(test_every_walk),
		cmocka_unit_test(test_state_text),
		cmocka_unit_test(test_blk_good),
		cmocka_unit_test(test_blk_bad),
		cmocka_unit_test(test_blk_pool),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_net_bad),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
