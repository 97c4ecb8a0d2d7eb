// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net_hostnet.c: hostnet against the real kernel, in a network namespace of
 * its own: taps, bridges, routes, NAT with its dnsmasq, filters, scripts.
 *
 * Every test begins and ends with an empty namespace (checked: what hostnet
 * did, it undid).  Without namespaces the tests are skipped, and say so.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hostnet/hostnet.h"

static struct hostnet *hn;
static char run_dir[] = "/tmp/hostnet-test-XXXXXX";
static int skip_all;
static struct fail why;

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Does the shell command's output contain @want? */
static bool says(const char *command, const char *want)
{
	static char out[65536];
	FILE *p = popen(command, "r");
	size_t n;

	assert_non_null(p);
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = 0;
	pclose(p);
	return strstr(out, want) != NULL;
}

static void sh(const char *command)
{
	assert_int_equal(system(command), 0);
}

static int enter(void)
{
	char map[64];
	uid_t uid = getuid();

	if (uid == 0)
		return unshare(CLONE_NEWNET | CLONE_NEWNS);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	return put("/proc/self/uid_map", map);
}

static int setup(void **state)
{

	(void)state;
	if (skip_all)
		return 0;
	if (hostnet_open(&hn, &why)) {
		print_error("%s\n", why.text);
		return -1;
	}
	hostnet_set_paths(hn, run_dir, "root");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hostnet_close(hn);
	hn = NULL;
	return 0;
}

#define NEED_NAMESPACE()           \
	do {                       \
		if (skip_all)      \
			skip();    \
	} while (0)

#define OK(call)                                                          \
	do {                                                              \
		int rc_;                                                  \
		why.rc = 0;                                               \
		rc_ = (call);                                             \
		if (rc_ < 0)                                              \
			fail_msg("%s: %d %s", #call, rc_, why.text);      \
	} while (0)

static struct hostnet_vif vif_named(const char *name)
{
	struct hostnet_vif v = { .mac = { 0x00, 0x16, 0x3e, 1, 2, 3 } };

	snprintf(v.name, sizeof(v.name), "%s", name);
	return v;
}

static void close_all(int *fds, int n)
{
	while (n--)
		close(fds[n]);
}

static void names(void **state)
{
	char name[HOSTNET_NAME];

	(void)state;
	OK(hostnet_vif_name(name, 7, 1, NULL, &why));
	assert_string_equal(name, "vif7.1");
	OK(hostnet_vif_name(name, 7, 1, "web0", &why));
	assert_string_equal(name, "web0");
	assert_int_equal(hostnet_vif_name(name, 7, 1, "a/b", &why), -EINVAL);
	assert_non_null(strstr(why.text, "a/b"));
	assert_int_equal(hostnet_vif_name(name, 7, 1, "sixteen-letters-x",
					  NULL), -EINVAL);
	assert_int_equal(hostnet_vif_name(name, 7, 1, "a\"; drop", NULL),
			 -EINVAL);
	assert_int_equal(hostnet_vif_name(name, 7, 1, "..", NULL), -EINVAL);
	assert_int_equal(hostnet_vif_name(name, 4294967295u, 4294967295u,
					  NULL, NULL), -EINVAL);
}

static void addresses(void **state)
{
	struct hostnet_ip ip[HOSTNET_MAX_IPS];

	(void)state;
	assert_int_equal(hostnet_parse_ips("10.0.0.2 2001:db8::2/64", ip,
					   &why), 2);
	assert_int_equal(ip[0].family, 4);
	assert_int_equal(ip[0].prefix, 32);
	assert_int_equal(ip[1].family, 6);
	assert_int_equal(ip[1].prefix, 64);
	assert_int_equal(hostnet_parse_ips("", ip, NULL), 0);
	assert_int_equal(hostnet_parse_ips("1.2.3.4,", ip, NULL), 1);
	assert_int_equal(hostnet_parse_ips("1.2.3", ip, NULL), -EINVAL);
	assert_int_equal(hostnet_parse_ips("1.2.3.4/33", ip, NULL), -EINVAL);
	assert_int_equal(hostnet_parse_ips("1.2.3.4/", ip, NULL), -EINVAL);
	assert_int_equal(hostnet_parse_ips("1.2.3.4/-1", ip, NULL), -EINVAL);
	assert_int_equal(hostnet_parse_ips("1 1 1 1 1 1 1 1 1", ip, NULL),
			 -EINVAL);
	assert_int_equal(hostnet_parse_ips("1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
		"1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
		"1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1", ip, NULL),
		-EINVAL);
}

static void taps(void **state)
{
	int fds[4], more[4];

	(void)state;
	NEED_NAMESPACE();
	OK(hostnet_tap_create(hn, "vif3.0", 4, fds, &why));
	assert_true(hostnet_link_exists(hn, "vif3.0"));
	assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	/* Queues before a tap would only take memory. */
	sh("ip link set vif3.0 up");
	sh("tc qdisc show dev vif3.0 | grep -q noqueue");
	sh("! tc qdisc show dev vif3.0 | grep -v noqueue");
	assert_int_equal(hostnet_tap_create(hn, "vif3.0", 1, more, &why),
			 -EEXIST);
	assert_non_null(strstr(why.text, "vif3.0"));
	OK(hostnet_tap_queue(fds[3], false, NULL));
	OK(hostnet_tap_queue(fds[3], false, NULL));
	OK(hostnet_tap_queue(fds[3], true, NULL));
	OK(hostnet_tap_offload(fds[0], 0, NULL));
	close_all(fds, 4);
	assert_false(hostnet_link_exists(hn, "vif3.0"));
	assert_int_equal(hostnet_tap_create(hn, "t", 0, fds, NULL), -EINVAL);
	assert_int_equal(hostnet_tap_create(hn, "t", 17, fds, NULL), -EINVAL);

	OK(hostnet_tap_create(hn, "vif3.0", 1, fds, &why));
	OK(hostnet_tap_delete(hn, "vif3.0", NULL));
	assert_false(hostnet_link_exists(hn, "vif3.0"));
	OK(hostnet_tap_delete(hn, "vif3.0", NULL));
	assert_int_equal(hostnet_tap_delete(hn, "lo", NULL), -EINVAL);
	close_all(fds, 1);
}

static void bridges(void **state)
{
	struct hostnet_vif v = vif_named("vif4.0");
	uint32_t mtu;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	OK(hostnet_tap_create(hn, v.name, 1, &fd, &why));
	why.rc = 0;
	assert_int_equal(hostnet_vif_up(hn, &v, &why), -ENODEV);
	assert_non_null(strstr(why.text, "xenbr0"));
	assert_non_null(strstr(why.text, "ip link add"));
	v.bridge = "lo";
	why.rc = 0;
	assert_int_equal(hostnet_vif_up(hn, &v, &why), -ENODEV);
	v.bridge = NULL;
	sh("ip link add xenbr0 type bridge && ip link set xenbr0 mtu 9000 up");
	OK(hostnet_vif_mtu(hn, &v, &mtu, NULL));
	assert_int_equal(mtu, 9000);
	why.rc = 0;
	OK(hostnet_vif_up(hn, &v, &why));
	assert_true(says("ip link show vif4.0", "mtu 9000"));
	assert_true(says("ip link show vif4.0", "master xenbr0"));
	assert_true(says("ip link show vif4.0", ",UP"));
	assert_true(says("ip link show vif4.0", "fe:ff:ff:ff:ff:ff"));
	OK(hostnet_vif_down(hn, &v, NULL));
	assert_false(says("ip link show vif4.0", "master"));
	OK(hostnet_vif_down(hn, &v, NULL));
	v.mtu = 70000;
	assert_int_equal(hostnet_vif_up(hn, &v, NULL), -EINVAL);
	v.mtu = 1400;
	OK(hostnet_vif_up(hn, &v, &why));
	assert_true(says("ip link show vif4.0", "mtu 1400"));
	close(fd);
	OK(hostnet_vif_down(hn, &v, NULL));	/* gone already */
	assert_int_equal(hostnet_vif_up(hn, &v, NULL), -ENODEV);
	sh("ip link del xenbr0");
}

static void routes(void **state)
{
	struct hostnet_vif v = vif_named("vif5.0");
	int fd;

	(void)state;
	NEED_NAMESPACE();
	v.mode = HOSTNET_MODE_ROUTE;
	v.nr_ips = 2;
	assert_int_equal(hostnet_parse_ips("10.9.0.5 2001:db8::5", v.ip, NULL),
			 2);
	OK(hostnet_tap_create(hn, v.name, 1, &fd, &why));
	why.rc = 0;
	assert_int_equal(hostnet_vif_up(hn, &v, &why), -ENODEV);
	assert_non_null(strstr(why.text, "gatewaydev"));
	sh("ip link add up0 type bridge && ip addr add 10.9.0.1/24 dev up0 && "
	   "ip link set up0 up && ip route add default via 10.9.0.254");
	why.rc = 0;
	OK(hostnet_vif_up(hn, &v, &why));
	assert_true(says("ip route show", "10.9.0.5 dev vif5.0"));
	assert_true(says("ip -6 route show", "2001:db8::5 dev vif5.0"));
	assert_true(says("cat /proc/sys/net/ipv4/conf/vif5.0/proxy_arp", "1"));
	assert_true(says("cat /proc/sys/net/ipv4/ip_forward", "1"));
	assert_true(says("ip neigh show proxy", "2001:db8::5"));
	assert_true(says("ip addr show vif5.0", "10.9.0.1"));
	OK(hostnet_vif_up(hn, &v, &why));	/* again: no harm */
	OK(hostnet_vif_down(hn, &v, NULL));
	assert_false(says("ip route show", "10.9.0.5"));
	assert_false(says("ip neigh show proxy", "2001:db8::5"));
	close(fd);
	sh("ip link del up0");
}

static void nat(void **state)
{
	struct hostnet_vif v = vif_named("vif6.0"), w = vif_named("vif6.1");
	char cmd[256];
	int fd[2];

	(void)state;
	NEED_NAMESPACE();
	sh("ip link set lo up");
	sh("ip link add busy type bridge && ip addr add 10.77.0.9/24 dev busy");
	v.mode = w.mode = HOSTNET_MODE_NAT;
	w.mac[5] = 4;
	w.nr_ips = 1;
	w.hostname = "web";
	hostnet_parse_ips("10.77.1.44", w.ip, NULL);
	OK(hostnet_tap_create(hn, v.name, 1, &fd[0], &why));
	OK(hostnet_tap_create(hn, w.name, 1, &fd[1], &why));
	OK(hostnet_vif_up(hn, &v, &why));
	OK(hostnet_vif_up(hn, &w, &why));
	assert_true(says("ip addr show parvisnat0", "10.77.1.1/24"));
	assert_true(says("ip -6 addr show parvisnat0", "inet6 fd"));
	assert_true(says("nft list ruleset", "masquerade"));
	assert_true(says("ip link show vif6.1", "master parvisnat0"));
	snprintf(cmd, sizeof(cmd), "cat %s/nat-parvisnat0/hosts/vif6.1",
		 run_dir);
	assert_true(says(cmd, "00:16:3e:01:02:04,10.77.1.44,web"));
	snprintf(cmd, sizeof(cmd), "cat /proc/$(cat %s/nat-parvisnat0/"
		 "dnsmasq.pid)/cmdline", run_dir);
	assert_true(says(cmd, "dnsmasq"));

	/* A dnsmasq that died is started again with the next card. */
	snprintf(cmd, sizeof(cmd), "kill $(cat %s/nat-parvisnat0/dnsmasq.pid)",
		 run_dir);
	sh(cmd);
	usleep(200000);
	OK(hostnet_vif_down(hn, &v, NULL));
	OK(hostnet_vif_up(hn, &v, &why));
	snprintf(cmd, sizeof(cmd), "cat /proc/$(cat %s/nat-parvisnat0/"
		 "dnsmasq.pid)/cmdline", run_dir);
	assert_true(says(cmd, "dnsmasq"));

	OK(hostnet_vif_down(hn, &v, NULL));
	assert_true(hostnet_link_exists(hn, "parvisnat0"));
	OK(hostnet_vif_down(hn, &w, NULL));
	assert_false(hostnet_link_exists(hn, "parvisnat0"));
	assert_false(says("nft list ruleset", "masquerade"));
	snprintf(cmd, sizeof(cmd), "ls %s", run_dir);
	assert_false(says(cmd, "nat-parvisnat0"));

	/* Somebody else's bridge is not taken. */
	sh("ip link add parvisnat0 type bridge");
	assert_int_equal(hostnet_vif_up(hn, &v, &why), -EEXIST);
	assert_true(hostnet_link_exists(hn, "parvisnat0"));
	sh("ip link del parvisnat0; ip link del busy");
	close_all(fd, 2);
}

/* A network that was half made by one who was killed; and names that would
 * lead elsewhere. */
static void nat_half_made(void **state)
{
	struct hostnet_vif v = vif_named("vif6.2");
	char cmd[256];
	int fd;

	(void)state;
	NEED_NAMESPACE();
	v.mode = HOSTNET_MODE_NAT;
	OK(hostnet_tap_create(hn, v.name, 1, &fd, &why));
	snprintf(cmd, sizeof(cmd), "mkdir -p %s/nat-parvisnat0/hosts && "
		 "touch %s/nat-parvisnat0/hosts/.made && "
		 "ip link add parvisnat0 type bridge", run_dir, run_dir);
	sh(cmd);
	OK(hostnet_vif_up(hn, &v, &why));
	assert_true(says("ip addr show parvisnat0", "10.77."));
	OK(hostnet_vif_down(hn, &v, NULL));
	assert_false(hostnet_link_exists(hn, "parvisnat0"));

	snprintf(cmd, sizeof(cmd), "mkdir -p %s/nat-x %s/other/hosts && "
		 "touch %s/other/hosts/a %s/other/hosts/.made "
		 "%s/other/dnsmasq.conf", run_dir, run_dir, run_dir, run_dir,
		 run_dir);
	sh(cmd);
	v.bridge = "x/../other";
	assert_int_equal(hostnet_vif_up(hn, &v, NULL), -EINVAL);
	snprintf(cmd, sizeof(cmd), "[ -e %s/other/hosts/a ] && "
		 "rm -r %s/other %s/nat-x", run_dir, run_dir, run_dir);
	sh(cmd);
	close(fd);
}

/* What cards have left that nobody plugged out; others' is theirs. */
static void sweep(void **state)
{
	struct hostnet_vif v = vif_named("vif6.3"), w = vif_named("vif6.4");
	int fd[2];

	(void)state;
	NEED_NAMESPACE();
	v.mode = w.mode = HOSTNET_MODE_NAT;
	v.filters = w.filters = HOSTNET_FILTER_MAC;
	w.bridge = "nat9";
	OK(hostnet_tap_create(hn, v.name, 1, &fd[0], &why));
	OK(hostnet_tap_create(hn, w.name, 1, &fd[1], &why));
	OK(hostnet_vif_up(hn, &v, &why));
	OK(hostnet_vif_up(hn, &w, &why));
	close(fd[0]);
	assert_true(hostnet_link_exists(hn, "parvisnat0"));
	hostnet_sweep(hn);
	assert_false(hostnet_link_exists(hn, "parvisnat0"));
	assert_true(hostnet_link_exists(hn, "nat9"));
	assert_false(says("nft list tables", "vif6_2e3"));
	assert_true(says("nft list tables", "vif6_2e4"));
	OK(hostnet_vif_down(hn, &w, NULL));
	close(fd[1]);
	assert_false(hostnet_link_exists(hn, "nat9"));
	assert_false(says("nft list tables", "parvis"));
}

static void filters(void **state)
{
	struct hostnet_vif v = vif_named("vif8.0");
	int fd;

	(void)state;
	NEED_NAMESPACE();
	sh("ip link add xenbr0 type bridge && ip link set xenbr0 up");
	OK(hostnet_tap_create(hn, v.name, 1, &fd, &why));
	v.filters = HOSTNET_FILTER_MAC | HOSTNET_FILTER_IP;
	v.nr_ips = 2;
	hostnet_parse_ips("10.9.0.5 2001:db8::/64", v.ip, NULL);
	OK(hostnet_vif_up(hn, &v, &why));
	assert_true(says("nft list ruleset", "00:16:3e:01:02:03"));
	assert_true(says("nft list ruleset", "10.9.0.5"));
	assert_true(says("nft list ruleset", "2001:db8::/64"));
	OK(hostnet_vif_up(hn, &v, &why));
	OK(hostnet_vif_down(hn, &v, NULL));
	assert_false(says("nft list ruleset", "00:16:3e"));
	close(fd);
	sh("ip link del xenbr0");
}

/* ---- what the kernel lets through, whatever writes to the tap ---- */

#define FRAME 200

/* A UDP packet from @mac and 10.9.0.@last, as a backend writes it. */
static void fill_frame(uint8_t out[10 + FRAME], uint8_t mac, uint8_t last)
{
	static const uint8_t head[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,	/* to */
		0x00, 0x16, 0x3e, 1, 2, 0, 0x08, 0x00,
		0x45, 0, 0, FRAME - 14, 0, 1, 0, 0, 64, 17, 0, 0,
		10, 9, 0, 0, 10, 9, 0, 255, 0, 9, 0, 9,
		0, FRAME - 34, 0, 0,
	};
	uint32_t sum = 0;

	memset(out, 0, 10 + FRAME);
	memcpy(out + 10, head, sizeof(head));
	out[10 + 11] = mac;
	out[10 + 29] = last;
	for (int i = 14; i < 34; i += 2)
		sum += (uint32_t)out[10 + i] << 8 | out[11 + i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	out[10 + 24] = (uint8_t)(sum >> 8);
	out[10 + 25] = (uint8_t)sum;
}

/* A neighbour advertisement for 2001:db8::@last, or of 2001:db9::. */
static void send_advert(int fd, uint8_t net, uint8_t last)
{
	static const uint8_t head[] = {
		0x33, 0x33, 0, 0, 0, 1, 0x00, 0x16, 0x3e, 1, 2, 3, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 24, 58, 255,
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		136, 0, 0, 0, 0x20, 0, 0, 0,
		0x20, 0x01, 0x0d,
	};
	uint8_t frame[10 + 78] = { 0 };

	memcpy(frame + 10, head, sizeof(head));
	frame[10 + 65] = net;
	frame[10 + 77] = last;
	assert_int_equal(write(fd, frame, sizeof(frame)), sizeof(frame));
}

static void send_frames(int fd, uint8_t mac, uint8_t last, int count)
{
	uint8_t frame[10 + FRAME];

	fill_frame(frame, mac, last);
	while (count--)
		assert_int_equal(write(fd, frame, sizeof(frame)),
				 sizeof(frame));
}

/* How many frames came through the bridge to its own interface. */
static long received(const char *bridge)
{
	char path[96];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "ip -s -j link show %s | "
		 "sed 's/.*\"rx\":{[^}]*\"packets\":\\([0-9]*\\).*/\\1/'",
		 bridge);
	f = popen(path, "r");
	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

static void kernel_filters(void **state)
{
	struct hostnet_vif v = vif_named("vif10.0");
	long before, got;
	int fd;

	(void)state;
	NEED_NAMESPACE();
	sh("ip link add xenbr0 type bridge && ip link set xenbr0 up");
	OK(hostnet_tap_create(hn, v.name, 1, &fd, &why));
	OK(hostnet_tap_queue(fd, true, NULL));
	v.filters = HOSTNET_FILTER_MAC | HOSTNET_FILTER_IP;
	v.nr_ips = 3;
	hostnet_parse_ips("10.9.0.5 2001:db8::7 2001:db8:0:2::/63", v.ip,
			  NULL);
	OK(hostnet_vif_up(hn, &v, &why));
	before = received("xenbr0");
	send_frames(fd, 3, 5, 7);
	assert_int_equal(received("xenbr0") - before, 7);
	send_frames(fd, 4, 5, 7);	/* another card's address */
	send_frames(fd, 3, 6, 7);	/* another guest's */
	assert_int_equal(received("xenbr0") - before, 7);
	send_advert(fd, 0xb8, 7);
	assert_int_equal(received("xenbr0") - before, 8);
	send_advert(fd, 0xb8, 8);	/* of an address that is not its own */
	send_advert(fd, 0xb9, 7);
	assert_int_equal(received("xenbr0") - before, 8);
	OK(hostnet_vif_down(hn, &v, NULL));
	v.filters = 0;
	v.cap = 100 * FRAME;
	v.cap_burst = 200 * FRAME;
	OK(hostnet_vif_up(hn, &v, &why));
	before = received("xenbr0");
	send_frames(fd, 3, 5, 5000);
	got = received("xenbr0") - before;
	/* The burst, and what a slow machine's clock adds to it. */
	assert_in_range(got, 190, 1500);
	OK(hostnet_vif_down(hn, &v, NULL));
	assert_false(says("nft list ruleset", "parvis_vif"));
	close(fd);
	sh("ip link del xenbr0");
}

static void make_script(char path[64], const char *text)
{
	FILE *f;

	snprintf(path, 64, "%s/script", run_dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", text);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static int finish(struct hostnet_script *run, struct fail *fail)
{
	struct pollfd p = { .fd = run->pidfd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 10000), 1);
	return hostnet_script_result(run, fail);
}

static void scripts(void **state)
{
	char path[64], out[64], text[400];
	struct hostnet_script_args a = {
		.script = path, .action = "online", .vif = "vif9.0",
		.xenbus_path = "backend/vif/9/0", .bridge = "br-x",
	};
	struct hostnet_script run;

	(void)state;
	snprintf(out, sizeof(out), "%s/out", run_dir);
	snprintf(text, sizeof(text), "echo $1 $vif $XENBUS_PATH $XENBUS_TYPE "
		 "$bridge \"<$gatewaydev>\" > %s", out);
	make_script(path, text);
	OK(hostnet_script_start(&run, &a, &why));
	assert_int_equal(finish(&run, &why), 0);
	snprintf(text, sizeof(text), "cat %s", out);
	assert_true(says(text, "online vif9.0 backend/vif/9/0 vif br-x <>"));

	make_script(path, "echo no such switch >&2; exit 3");
	OK(hostnet_script_start(&run, &a, &why));
	assert_int_equal(finish(&run, &why), -EIO);
	assert_non_null(strstr(why.text, "status 3: no such switch"));

	make_script(path, "sleep 100");
	OK(hostnet_script_start(&run, &a, NULL));
	assert_int_equal(hostnet_script_result(&run, NULL), -EAGAIN);
	hostnet_script_kill(&run);
	assert_int_equal(run.pid, 0);

	why.rc = 0;
	a.script = "no-such-script";
	assert_int_equal(hostnet_script_start(&run, &a, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/etc/xen/scripts/no-such-script"));
}

/* No netlink of nftables for this process from now on. */
static void forget_nftables(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);

	assert_non_null(c);
	OK(seccomp_rule_add(c, SCMP_ACT_ERRNO(EPROTONOSUPPORT),
			    SCMP_SYS(socket), 1,
			    SCMP_A2(SCMP_CMP_EQ, NETLINK_NETFILTER)));
	OK(seccomp_load(c));
	seccomp_release(c);
}

/* A kernel without nftables serves cards that need no rules. */
static void kernel_without_nftables(void **state)
{
	struct hostnet_vif v = vif_named("vif6.0");
	int status, fd;
	pid_t pid;

	(void)state;
	NEED_NAMESPACE();
	v.mode = HOSTNET_MODE_NAT;
	OK(hostnet_tap_create(hn, v.name, 1, &fd, &why));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		forget_nftables();
		hostnet_sweep(hn);
		status = hostnet_vif_up(hn, &v, &why);
		_exit(status != -EPROTONOSUPPORT ||
		      !strstr(why.text, "this kernel has no nftables"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(addresses),
		cmocka_unit_test_setup_teardown(taps, setup, teardown),
		cmocka_unit_test_setup_teardown(bridges, setup, teardown),
		cmocka_unit_test_setup_teardown(routes, setup, teardown),
		cmocka_unit_test_setup_teardown(nat, setup, teardown),
		cmocka_unit_test_setup_teardown(nat_half_made, setup,
						teardown),
		cmocka_unit_test_setup_teardown(sweep, setup, teardown),
		cmocka_unit_test_setup_teardown(filters, setup, teardown),
		cmocka_unit_test_setup_teardown(kernel_filters, setup,
						teardown),
		cmocka_unit_test_setup_teardown(kernel_without_nftables, setup,
						teardown),
		cmocka_unit_test(scripts),
	};
	char cmd[128];
	int rc;

	if (!mkdtemp(run_dir))
		return 1;
	if (enter()) {
		print_error("no namespaces here: %s\n", strerror(errno));
		skip_all = 1;
	}
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", run_dir);
	return system(cmd) ? 1 : rc;
}
