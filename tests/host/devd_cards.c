// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_cards.c: cards and the networks behind them.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "devd_bed.h"

/* A DHCP server that takes its time, and one that does not start: neither
 * holds up another device. */
static void test_slow_network(void **state)
{
	uint64_t began;

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("sleep 3");
	began = ev_now_ms();
	attach_card(44, "nat", "");
	attach(44, 1, image("a.img", 1024));
	connect_front(44, 1);
	assert_in_range(ev_now_ms() - began, 0, 2500);
	assert_string_equal(get(card(44, "state")), "1");
	await(card(44, "state"), "2");
	assert_true(ev_now_ms() - began >= 3000);
	assert_string_equal(get(card(44, "multi-queue-max-queues")), "3");
	await_link("parvisnat0", true);
	/* Taken away while the next is being made: each in its turn. */
	remove_card(44);
	set_dnsmasq("echo the port is taken >&2; exit 2");
	attach_card(45, "nat", "");
	await(card(45, "state"), "6");
	if (!strstr(get(card(45, "hotplug-error")), "the port is taken"))
		fail_msg("hotplug-error is '%s'",
			 get(card(45, "hotplug-error")));
	remove_card(45);
	await_link("parvisnat0", false);
	remove_folder(44, 1);
}

/* What its backend is told to filter is also filtered without it, for as long
 * as the card is there. */
static void test_kernel_filter(void **state)
{
	static const char list[] = "nft list table netdev parvis_vif_vif56_2e0 "
				   "2>/dev/null | grep -q '%s'";
	char none[] = "nft list tables | grep -q parvis_vif";

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	put("mac,ip", CARD "/filter", 56u);
	put("10.77.0.9", CARD "/ip", 56u);
	put("1250000,50000", CARD "/rate", 56u);
	attach_card(56, "nat", "");
	await(card(56, "state"), "2");
	expect_log("filters=3", 1);
	assert_int_equal(shell(list, "ether saddr != 00:16:3e:00:00:01 drop"),
			 0);
	assert_int_equal(shell(list, "10.77.0.9"), 0);
	assert_int_equal(shell(list, "limit rate over"), 0);
	remove_card(56);
	for (int i = 0; i < 500 && !system(none); i++)
		msleep(10);
	assert_int_not_equal(system(none), 0);
}

/* Away before it was there; and its name again at once. */
static void test_network_given_up(void **state)
{
	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("sleep 1");
	attach_card(46, "nat", "");
	await_link("parvisnat0", true);
	remove_card(46);
	attach_card(46, "bridge", "nowhere");
	await(card(46, "state"), "6");
	assert_non_null(strstr(get(card(46, "hotplug-error")),
			       "there is no bridge nowhere"));
	remove_card(46);
	await_link("parvisnat0", false);
	/* The plugger is killed while it works; the next card has another. */
	set_dnsmasq("kill -9 $PPID");
	attach_card(47, "nat", "");
	await(card(47, "state"), "6");
	assert_non_null(strstr(get(card(47, "hotplug-error")),
			       "was killed by signal 9"));
	set_dnsmasq("exit 0");
	remove_card(47);
	await_link("parvisnat0", false);
	attach_card(48, "nat", "");
	await(card(48, "state"), "2");
	remove_card(48);
	await_link("parvisnat0", false);
}

/* Nor does a network stay of a card that went while nobody looked. */
static void test_card_gone_meanwhile(void **state)
{
	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	attach_card(55, "nat", "");
	await(card(55, "state"), "2");
	await_link("parvisnat0", true);
	while_away(remove_card, 55);
	await_link("vif55.0", false);
	await_link("parvisnat0", false);
}

/* ---- the same card again ---- */

/* Another card is made at the place of one in the same transaction: its name
 * is free when the last process has let go of it. */
static void test_card_again_at_once(void **state)
{
	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	attach_card(57, "nat", "");
	await(card(57, "state"), "2");
	for (unsigned int i = 0; i < 5; i++) {
		begin_tx();
		remove_card(57);
		attach_card(57, "nat", "");
		end_tx();
		await(card(57, "state"), "2");
	}
	remove_card(57);
	await_link("parvisnat0", false);
}

static pid_t plugger_pid(void)
{
	/* Not the shell that looks for it. */
	return atoi(first_line("pgrep -f '[-]-plug %s/run'", dir));
}

/* Kills somebody, or nobody, at some moment of a card's life. */
static void disturb(unsigned int i)
{
	pid_t plugger;

	msleep(i * 7 % 13);
	if (i % 13 == 1)
		kill_backend(worker_pid());
	plugger = i % 7 == 2 ? plugger_pid() : 0;
	if (plugger > 0)
		kill(plugger, SIGKILL);
}

/* A card comes and goes fifty times, and is told to go in every way, while
 * those who serve it are killed; each time it is there, and then nothing is. */
static void test_fifty_attachments(void **state)
{
	static const char none[] = "nft list tables | grep -q parvis";
	unsigned int failed = 0;

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	for (unsigned int i = 0; i < 50; i++) {
		uint64_t end = ev_now_ms() + WAIT_MS;
		const char *now;

		begin_tx();
		put("mac", CARD "/filter", 68u);
		attach_card(68, "nat", "");
		end_tx();
		/* A guest says to the old card what the new one hears. */
		if (i % 3 == 0)
			put("6", CARD_FRONT "/state", 68u);
		disturb(i);
		do {
			msleep(2);
			now = get(card(68, "state"));
		} while (*now == '1' && ev_now_ms() < end);
		assert_true(*now == '2' || *now == '6');
		/* A plugger that is killed is a reason to fail. */
		failed += !strcmp(get(card(68, "hotplug-status")), "error");
		if (i % 4) {
			tell_to_end("/local/domain/0/backend/pvif/68/0");
			disturb(i + 3);
			await(card(68, "state"), "6");
		}
		remove_card(68);
	}
	assert_in_range(failed, 0, 15);
	await_link("vif68.0", false);
	await_link("parvisnat0", false);
	for (int i = 0; i < 500 && !system(none); i++)
		msleep(10);
	assert_int_not_equal(system(none), 0);
}

static int open_tap(const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	assert_true(fd >= 0 && !ioctl(fd, TUNSETIFF, &req));
	return fd;
}

/* A name that somebody has a moment longer, and one that is somebody's. */
static void test_name_taken(void **state)
{
	int fd;

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	fd = open_tap("vif58.0");
	attach_card(58, "nat", "");
	msleep(100);
	close(fd);
	await(card(58, "state"), "2");
	remove_card(58);
	fd = open_tap("vif59.0");
	attach_card(59, "nat", "");
	await(card(59, "state"), "6");
	assert_non_null(strstr(get(card(59, "hotplug-error")),
			       "vif59.0 exists already"));
	close(fd);
	remove_card(59);
	await_link("parvisnat0", false);
}

/* dnsmasq is not root when it reads which lease is whose. */
static void test_others_may_read_leases(void **state)
{
	static const struct {
		const char *path;
		mode_t others;
	} want[] = {
		{ "run", 1 },
		{ "run/nat-parvisnat0", 5 },
		{ "run/nat-parvisnat0/hosts", 5 },
		{ "run/nat-parvisnat0/hosts/vif70.0", 4 },
	};
	struct stat st;
	char path[128];

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	attach_card(70, "nat", "");
	await(card(70, "state"), "2");
	for (unsigned int i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, want[i].path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 7, want[i].others);
	}
	remove_card(70);
	await_link("parvisnat0", false);
}

static void other_card(unsigned int dom)
{
	begin_tx();
	remove_card(dom);
	put("mac", CARD "/filter", dom);
	attach_card(dom, "nat", "");
	put("00:16:3e:00:00:77", CARD "/mac", dom);
	end_tx();
}

/* Another card at the place of one while no worker runs: it is not left in
 * the other's network, nor behind the other's filters. */
static void test_other_card_meanwhile(void **state)
{
	static const char list[] = "nft list table netdev parvis_vif_vif60_2e0 "
				   "2>/dev/null | grep -q '%s'";

	(void)state;
	if (!own_network)
		skip();
	set_mode("good");
	set_dnsmasq("exit 0");
	put("mac", CARD "/filter", 60u);
	attach_card(60, "nat", "");
	await(card(60, "state"), "2");
	expect_log("start", 1);
	assert_int_equal(shell(list, "ether saddr != 00:16:3e:00:00:01"), 0);
	while_away(other_card, 60);
	await(card(60, "state"), "2");
	assert_int_equal(shell(list, "ether saddr != 00:16:3e:00:00:77"), 0);
	remove_card(60);
	await_link("parvisnat0", false);
}

int run_cards(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_network),
		cmocka_unit_test(test_kernel_filter),
		cmocka_unit_test(test_network_given_up),
		cmocka_unit_test(test_card_gone_meanwhile),
		cmocka_unit_test(test_card_again_at_once),
		cmocka_unit_test(test_fifty_attachments),
		cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_others_may_read_leases),
		cmocka_unit_test(test_other_card_meanwhile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
