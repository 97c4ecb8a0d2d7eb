// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device_spec.c: tests of the descriptions of disks and network cards: what
 * Xen's own tools accept is read as they read it, what is wrong is named, and
 * every form leads back to the same device.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "device/disk.h"
#include "device/entries.h"
#include "device/nic.h"
#include "device/vdev.h"

static struct fail why;

/* ---- numbers ---- */

static void numbers_of_names(void **state)
{
	static const struct {
		const char *name;
		uint32_t number;
	} good[] = {
		{ "xvda", 51712 },	   { "xvda1", 51713 },
		{ "xvdb", 51728 },	   { "xvdp15", 51967 },
		{ "xvdq", 1u << 28 | 16 << 8 },
		{ "xvda16", 1u << 28 | 16 },
		{ "xvdtq37", 1u << 28 | 536 << 8 | 37 },
		{ "d0", 51712 },	   { "d0p0", 51712 },
		{ "d1p2", 51730 },	   { "d536p37", 1u << 28 | 536 << 8 | 37 },
		{ "sda", 2048 },	   { "sdb3", 2067 },
		{ "hda", 768 },		   { "hdb1", 833 },
		{ "hdc", 5632 },	   { "hdd2", 5698 },
		{ "51712", 51712 },	   { "0xca00", 51712 },
		{ "0145000", 51712 },
	};
	static const char *const bad[] = {
		"", "xvd", "xvda256", "xvdA", "hde", "hda64", "sdq", "sda16",
		"d", "dp1", "d1048576", "d0p256", "xvda-1", "xvda1x", "foo",
		"536870912", "xvdaaaaaaa", "0x", "-1", " xvda",
		"d99999999999999999999",
	};
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(vdev_parse(good[i].name, &n), 0);
		assert_int_equal(n, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!vdev_parse(bad[i], &n))
			fail_msg("\"%s\" was taken for %u", bad[i], n);
	}
}

static void names_of_numbers(void **state)
{
	static const char *const names[] = {
		"xvda", "xvda1", "xvdp15", "xvdq", "xvdz", "xvdaa", "xvdtq37",
		"xvdzz255", "sda", "sdp15", "hda", "hdb63", "hdc", "hdd1",
	};
	char name[VDEV_NAME_MAX];
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(vdev_parse(names[i], &n), 0);
		vdev_name(n, name);
		assert_string_equal(name, names[i]);
	}
	vdev_name(5, name);
	assert_string_equal(name, "5");
}

/* ---- disks ---- */

#define R 1u	/* read only */
#define C 2u	/* CD-ROM */
#define P 4u	/* by the kernel */
#define N 8u	/* no discard */
#define B 16u	/* through the page cache */
#define S 32u	/* lock=shared */
#define U 64u	/* untrusted */
#define M 128u	/* removable, no CD-ROM */

static unsigned int flags_of(const struct disk *d)
{
	return (d->readonly ? R : 0) | (d->cdrom ? C : 0) |
	       (d->server == DISK_KERNEL ? P : 0) | (d->discard ? 0 : N) |
	       (d->direct_io ? 0 : B) | (d->shared ? S : 0) |
	       (d->trusted ? 0 : U) | (d->removable && !d->cdrom ? M : 0);
}

static const struct {
	const char *text, *target;
	enum disk_format format;
	const char *vdev;
	unsigned int flags;
	const char *script, *backend;
} disks[] = {
	/* As Debian's libxlutil reads them. */
	{ "/dev/vg/v,,hda", "/dev/vg/v", DISK_RAW, "hda", 0, NULL, NULL },
	{ "/dev/vg/v,raw,hda,rw", "/dev/vg/v", DISK_RAW, "hda", 0, NULL, NULL },
	{ "format=raw, vdev=hda, access=rw, target=/dev/vg/v", "/dev/vg/v",
	  DISK_RAW, "hda", 0, NULL, NULL },
	{ "raw:/dev/vg/v,hda,w", "/dev/vg/v", DISK_RAW, "hda", 0, NULL, NULL },
	{ "/i.iso,,hdc,cdrom", "/i.iso", DISK_RAW, "hdc", R | C, NULL, NULL },
	{ "/i.iso,,hdc,,cdrom", "/i.iso", DISK_RAW, "hdc", R | C, NULL, NULL },
	{ "/i.iso,raw,hdc,devtype=cdrom", "/i.iso", DISK_RAW, "hdc", R | C,
	  NULL, NULL },
	{ "/i.iso,,hdc,cdrom,rw", "/i.iso", DISK_RAW, "hdc", R | C, NULL, NULL },
	{ "raw:/i.iso,hdc:cdrom,ro", "/i.iso", DISK_RAW, "hdc", R | C, NULL,
	  NULL },
	{ "file:/i.iso,hdc:cdrom,r", "/i.iso", DISK_RAW, "hdc", R | C, NULL,
	  NULL },
	{ ",hdc:cdrom,r", NULL, DISK_RAW, "hdc", R | C, NULL, NULL },
	{ ",empty,xvda,r", NULL, DISK_RAW, "xvda", R | M, NULL, NULL },
	{ "tap:aio:/x,xvda,w", "/x", DISK_RAW, "xvda", 0, NULL, NULL },
	{ "tap2:tapdisk:aio:/x,xvda", "/x", DISK_RAW, "xvda", 0, NULL, NULL },
	{ "tap:qcow2:/x,xvda,w", "/x", DISK_QCOW2, "xvda", 0, NULL, NULL },
	{ "phy:/dev/x,xvda,w", "/dev/x", DISK_RAW, "xvda", 0, NULL, NULL },
	{ "phy:/dev/x,xvda1,w,backendtype=phy", "/dev/x", DISK_RAW, "xvda1", P,
	  NULL, NULL },
	{ "nbd:x,xvda,w", "x", DISK_RAW, "xvda", 0, "block-nbd", NULL },
	{ "drbd:r0,xvda,w", "r0", DISK_RAW, "xvda", 0, "block-drbd", NULL },
	{ "/x,vhd,sda,", "/x", DISK_VHD, "sda", 0, NULL, NULL },
	{ "/x,qed,d0p0", "/x", DISK_QED, "d0p0", 0, NULL, NULL },
	{ "vdev=xvda,target=/a,b=c ", "/a,b=c ", DISK_RAW, "xvda", 0, NULL,
	  NULL },
	{ ",,xvda,target=/q", "/q", DISK_RAW, "xvda", 0, NULL, NULL },
	{ "/x,,xvda,r,backend=drv,script=foo,direct-io-safe,no-discard", "/x",
	  DISK_RAW, "xvda", R | N, "foo", "drv" },
	{ "raw:/x,hdc:cdrom,devtype=disk,w", "/x", DISK_RAW, "hdc", 0, NULL,
	  NULL },
	{ "phy:/x,,vdev=hda,access=", "/x", DISK_RAW, "hda", 0, NULL, NULL },
	{ "/x,,xvda,untrusted", "/x", DISK_RAW, "xvda", U, NULL, NULL },
	{ "/x,,xvda,trusted,discard,devtype=", "/x", DISK_RAW, "xvda", 0, NULL,
	  NULL },
	{ "/x,qcow,xvda,backendtype=tap,no-discard", "/x", DISK_QCOW, "xvda", N,
	  NULL, NULL },
	{ "iscsi:x,xvda,r", "x", DISK_RAW, "xvda", R, "block-iscsi", NULL },
	{ "enbd:x,xvda,w", "x", DISK_RAW, "xvda", 0, "block-enbd", NULL },
	{ "ioemu:vhd:/x,xvda", "/x", DISK_VHD, "xvda", 0, NULL, NULL },
	{ "/x,,xvda,specification=xen,backendtype=qdisk", "/x", DISK_RAW,
	  "xvda", 0, NULL, NULL },
	/* Ours besides. */
	{ "/x,vhdx,xvda,w,lock=shared,direct-io=0", "/x", DISK_VHDX, "xvda",
	  B | S, NULL, NULL },
	{ "/x,vmdk,xvda,removable=1", "/x", DISK_VMDK, "xvda", M, NULL, NULL },
	{ "nbd://host:10809/export,raw,xvda", "nbd://host:10809/export",
	  DISK_RAW, "xvda", 0, NULL, NULL },
	{ "nbd+unix:///e?socket=/run/s,raw,xvda", "nbd+unix:///e?socket=/run/s",
	  DISK_RAW, "xvda", 0, NULL, NULL },
};

static void same_text(const char *what, const char *got, const char *wanted)
{
	if ((got == NULL) != (wanted == NULL) || (got && strcmp(got, wanted)))
		fail_msg("%s: %s instead of %s", what, got ? got : "nothing",
			 wanted ? wanted : "nothing");
}

static void expect_disk(const struct disk *d, size_t i)
{
	same_text(disks[i].text, d->target, disks[i].target);
	same_text(disks[i].text, d->vdev, disks[i].vdev);
	same_text(disks[i].text, d->script, disks[i].script);
	same_text(disks[i].text, d->backend, disks[i].backend);
	assert_int_equal(d->format, disks[i].format);
	if (flags_of(d) != disks[i].flags)
		fail_msg("%s: flags %u instead of %u", disks[i].text,
			 flags_of(d), disks[i].flags);
}

/* Through both other forms and back. */
static void forms_of_disk(const struct disk *d, size_t i)
{
	struct strbuf text = { 0 }, json = { 0 };
	struct disk again;
	yajl_val v;
	struct jw w;

	disk_text(d, &text);
	assert_int_equal(disk_parse(&again, text.data, &why), 0);
	expect_disk(&again, i);
	disk_free(&again);
	strbuf_free(&text);
	assert_true(jw_open(&w, &json, false));
	disk_to_json(d, &w, NULL);
	jw_close(&w);
	v = yajl_tree_parse(json.data, NULL, 0);
	assert_non_null(v);
	assert_int_equal(disk_from_json(&again, v, &why), 0);
	if (d->target || d->cdrom)
		expect_disk(&again, i);
	disk_free(&again);
	yajl_tree_free(v);
	strbuf_free(&json);
}

static void reads_disks(void **state)
{
	struct disk d;

	(void)state;
	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		memset(&why, 0, sizeof(why));
		if (disk_parse(&d, disks[i].text, &why))
			fail_msg("%s: %s", disks[i].text, why.text);
		expect_disk(&d, i);
		forms_of_disk(&d, i);
		disk_free(&d);
	}
}

static void refuses_disks(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "vdev is missing" },
		{ "/x,,", "vdev is missing" },
		{ "target=/x,format=raw,vdev=xvda", "must come last" },
		{ "/x,xvda,w", "at 4: format: \"xvda\"" },
		{ "/x,,xvda,x", "at 10: access: \"x\"" },
		{ "/x,qcow3,xvda", "did you mean \"qcow" },
		{ "/x,,xvda,acces=r", "at 10: unknown key \"acces\": did you mean \"access\"?" },
		{ "/x,,xvda,zebra=1", "unknown key \"zebra\": see xl-disk-configuration(5)" },
		{ "/x,,xvda,r,more", "\"more\" is one word too many" },
		{ "/x,,xvda,target=/y", "target is given twice" },
		{ "/x,,xvda,vdev=xvdb", "vdev is given twice" },
		{ "/x,,bogus", "\"bogus\" is no virtual disk" },
		{ "md:/x,,xvda", "the prefix of \"md:/x\" is unknown" },
		{ ",,xvda", "target is missing" },
		{ "/x,empty,xvda", "\"empty\" is for a drive without a target" },
		{ "/x,,xvda,backendtype=standalone", "virtio disks only" },
		{ "/x,,xvda,backendtype=phi", "did you mean \"phy\"" },
		{ "/x,qcow2,xvda,backendtype=phy", "serves raw disks only" },
		{ "nbd://x,raw,xvda,backendtype=phy", "files and block devices only" },
		{ "/x,,xvda,specification=virtio", "virtio disks are not built" },
		{ "/x,,xvda,colo", "COLO" },
		{ "/x,,xvda,colo-host=h", "COLO" },
		{ "/x,,xvda,colo-port=1", "COLO" },
		{ "/x,,xvda,colo-export=e", "COLO" },
		{ "/x,,xvda,active-disk=/a", "COLO" },
		{ "/x,,xvda,hidden-disk=/h", "COLO" },
		{ "/x,,xvda,removable=2", "removable: this must be 0 or 1" },
		{ "/x,,xvda,specification=scsi", "specification: \"scsi\"" },
		{ "/x,,xvda,trusted=1", "unknown key \"trusted\"" },
		{ "/x,,xvda,lock=shard", "did you mean \"shared\"" },
		{ "/x,,xvda,direct-io=2", "direct-io: this must be 0" },
		{ "/x,,xvda,devtype=floppy", "devtype: \"floppy\"" },
		{ "/x,\n,xvda", "control character" },
	};
	struct disk d;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&why, 0, sizeof(why));
		assert_int_not_equal(disk_parse(&d, bad[i].text, &why), 0);
		if (!strstr(why.text, bad[i].message))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text,
				 why.text, bad[i].message);
		disk_free(&d);
	}
}

static void params_of_disks(void **state)
{
	static const char *const pairs[][2] = {
		{ "/x,,xvda", "/x" },
		{ "vg/x,,xvda", "/dev/vg/x" },
		{ ",,hdc,cdrom", "" },
		{ "nbd://h/e,,xvda", "nbd://h/e" },
		{ "word,,xvda,script=foo", "word" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct strbuf out = { 0 };
		struct disk d;

		assert_int_equal(disk_parse(&d, pairs[i][0], &why), 0);
		disk_params(&d, &out);
		assert_string_equal(out.data ? out.data : "", pairs[i][1]);
		strbuf_free(&out);
		disk_free(&d);
	}
}

/* ---- cards ---- */

static void reads_cards(void **state)
{
	struct nic n;

	(void)state;
	memset(&why, 0, sizeof(why));
	assert_int_equal(nic_parse(&n, "", &why), 0);
	assert_false(n.has_mac);
	assert_int_equal(n.devid, -1);
	assert_int_equal(n.mode, NIC_BRIDGE);
	assert_true(n.trusted);
	nic_free(&n);
	assert_int_equal(nic_parse(&n, "mac=00:16:3E:74:3d:76, bridge=br0 ,"
				       "vifname=web0,ip=10.0.0.1 fd00::1/64,"
				       "ip=10.0.0.2,rate=1MB/s@20ms,mtu=9000,"
				       "devid=3,model=e1000,type=vif,"
				       "script=/etc/xen/scripts/vif-nat,"
				       "filter=mac+ip,untrusted,backend=drv,"
				       "gatewaydev=eth0", &why), -EINVAL);
	assert_non_null(strstr(why.text, "bridge: \"br0 \""));
	nic_free(&n);
	assert_int_equal(nic_parse(&n, "mac=00:16:3E:74:3d:76, bridge=br0,"
				       "vifname=web0,ip=10.0.0.1 fd00::1/64,"
				       "ip=10.0.0.2,rate=1MB/s@20ms,mtu=9000,"
				       "devid=3,model=e1000,type=vif,"
				       "script=/etc/xen/scripts/vif-nat,"
				       "filter=mac+ip,untrusted,backend=drv,"
				       "netdev=eth0", NULL), 0);
	assert_int_equal(n.mac[3], 0x74);
	assert_string_equal(n.bridge, "br0");
	assert_string_equal(n.ip, "10.0.0.1 fd00::1/64 10.0.0.2");
	assert_int_equal(n.rate_bytes, 20000);
	assert_int_equal(n.rate_usec, 20000);
	assert_int_equal(n.mtu, 9000);
	assert_int_equal(n.devid, 3);
	assert_int_equal(n.mode, NIC_NAT);
	assert_null(n.script);
	assert_int_equal(n.filter, NIC_FILTER_MAC | NIC_FILTER_IP);
	assert_false(n.trusted);
	assert_string_equal(n.gatewaydev, "eth0");
	nic_free(&n);
}

static void reads_rates(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		uint32_t usec;
	} rates[] = {
		{ "10Mb/s", 62500, 50000 },
		{ "250KB/s", 12500, 50000 },
		{ "1MB/s@20ms", 20000, 20000 },
		{ "8b/s@1s", 1, 1000000 },
		{ "10Gb/s@100us", 125000, 100 },
		{ "40GB/s", 2000000000, 50000 },
		{ "1000B/s@1s", 1000, 1000000 },
		{ "1GB/s@1000000", 1000000000, 1000000 },
	};
	char text[64];
	struct nic n;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		snprintf(text, sizeof(text), "rate=%s", rates[i].text);
		assert_int_equal(nic_parse(&n, text, NULL), 0);
		assert_int_equal(n.rate_bytes, rates[i].bytes);
		assert_int_equal(n.rate_usec, rates[i].usec);
		nic_free(&n);
	}
}

static void scripts_of_xen_are_built_in(void **state)
{
	static const struct {
		const char *script;
		enum nic_mode mode;
		bool own;
	} scripts[] = {
		{ "vif-bridge", NIC_BRIDGE, false },
		{ "/etc/xen/scripts/vif-bridge", NIC_BRIDGE, false },
		{ "vif-route", NIC_ROUTE, false },
		{ "vif-nat", NIC_NAT, false },
		{ "vif-openvswitch", NIC_BRIDGE, true },
		{ "/home/me/vif-nat", NIC_BRIDGE, true },
	};
	char text[96];
	struct nic n;

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		snprintf(text, sizeof(text), "ip=10.0.0.1,script=%s",
			 scripts[i].script);
		assert_int_equal(nic_parse(&n, text, NULL), 0);
		assert_int_equal(n.mode, scripts[i].mode);
		assert_int_equal(n.script != NULL, scripts[i].own);
		nic_free(&n);
	}
}

static void refuses_cards(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "mac=1", "mac: \"1\" is no address" },
		{ "mac=01:16:3e:00:00:00", "multicast" },
		{ "mac=00:16:3e:00:00:0g", "is no address" },
		{ "brigde=x", "at 1: unknown key \"brigde\": did you mean \"bridge\"?" },
		{ "bridge=x,bridge=y", "at 10: bridge is given twice" },
		{ "bridge=sixteen-letters-", "bridge: \"sixteen-letters-\" cannot be" },
		{ "bridge=../x", "cannot be" },
		{ "nonsense", "\"nonsense\" is not key=value" },
		{ "type=ioemu", "HVM" },
		{ "rate=fast", "rate: \"fast\"" },
		{ "rate=10Mb", "rate: \"10Mb\"" },
		{ "rate=10Mb/s@", "rate:" },
		{ "rate=10Mb/s@0", "rate:" },
		{ "rate=1b/s@1us", "less than a byte" },
		{ "rate=99999999999999999999B/s", "rate:" },
		{ "ip=10.0.0", "ip: \"10.0.0\" is no" },
		{ "ip=10.0.0.1/33", "is no IPv4" },
		{ "ip=fd00::1/129", "is no IPv4" },
		{ "devid=-1", "devid: \"-1\" is no number" },
		{ "mtu=10", "mtu: \"10\" is no number from 68" },
		{ "filter=all", "filter: \"all\" is none of" },
		{ "filter=ip", "ip=... must say" },
		{ "script=vif-route", "ip is missing" },
		{ "trusted=2", "trusted: this must be 0 or 1" },
		{ "accel=1", "accelerators are not built" },
		{ "forwarddev=eth1", "COLO" },
		{ "colo_sock_mirror_id=m", "COLO" },
		{ "type=virtio", "type: \"virtio\" is unknown" },
		{ "gatewaydev=a/b", "gatewaydev: \"a/b\" cannot be" },
		{ "backendtype=phy", "backendtype: \"phy\" is unknown" },
	};
	struct nic n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&why, 0, sizeof(why));
		assert_int_not_equal(nic_parse(&n, bad[i].text, &why), 0);
		if (!strstr(why.text, bad[i].message))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text,
				 why.text, bad[i].message);
		nic_free(&n);
	}
}

static void forms_of_cards(void **state)
{
	static const char *const texts[] = {
		"", "mac=00:16:3e:01:02:03,bridge=br0,devid=7",
		"ip=10.0.0.1 10.0.0.2,script=vif-route,gatewaydev=eth0",
		"rate=10Mb/s@20ms,mtu=1400,vifname=v,model=e1000",
		"backend=drv,backendtype=vif,filter=mac,untrusted,script=own",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct strbuf one = { 0 }, two = { 0 }, json = { 0 };
		struct nic n, again;
		struct jw w;
		yajl_val v;

		assert_int_equal(nic_parse(&n, texts[i], &why), 0);
		nic_text(&n, &one);
		assert_true(jw_open(&w, &json, false));
		nic_to_json(&n, &w, NULL);
		jw_close(&w);
		v = yajl_tree_parse(json.data, NULL, 0);
		assert_int_equal(nic_from_json(&again, v, &why), 0);
		/* The JSON names the default bridge; the text need not. */
		if (!n.bridge && again.bridge) {
			free(again.bridge);
			again.bridge = NULL;
		}
		nic_text(&again, &two);
		assert_string_equal(one.data ? one.data : "",
				    two.data ? two.data : "");
		nic_free(&n);
		nic_free(&again);
		yajl_tree_free(v);
		strbuf_free(&one);
		strbuf_free(&two);
		strbuf_free(&json);
	}
}

/* What a card gets that says nothing itself. */
static void defaults_of_cards(void **state)
{
	static const struct {
		const char *text, *script, *whole;
	} cards[] = {
		{ "", NULL, "bridge=br9,gatewaydev=eth9,backend=drv" },
		{ "bridge=br0,gatewaydev=eth0,backend=d", NULL,
		  "bridge=br0,gatewaydev=eth0,backend=d" },
		{ "netdev=eth0,bridge=", NULL, "gatewaydev=eth0,backend=drv" },
		{ "ip=10.0.0.1", "vif-route",
		  "gatewaydev=eth9,ip=10.0.0.1,backend=drv,script=vif-route" },
		{ "script=vif-bridge", "vif-nat",
		  "bridge=br9,gatewaydev=eth9,backend=drv" },
		{ "", "vif-own",
		  "bridge=br9,gatewaydev=eth9,backend=drv,script=vif-own" },
		{ "", "vif-route", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		struct nic_defaults d = { (char *)cards[i].script,
					  (char *)"br9", (char *)"drv",
					  (char *)"eth9" };
		struct strbuf out = { 0 };
		struct nic n;
		int rc = nic_parse_defaults(&n, cards[i].text, &d, NULL);

		if (!cards[i].whole) {
			assert_int_equal(rc, -EINVAL);
			continue;
		}
		assert_int_equal(rc, 0);
		nic_text(&n, &out);
		assert_string_equal(out.data, cards[i].whole);
		strbuf_free(&out);
		nic_free(&n);
	}
}

static void makes_addresses(void **state)
{
	uint8_t first[6];
	struct nic n;

	(void)state;
	assert_int_equal(nic_parse(&n, "", NULL), 0);
	assert_int_equal(nic_make_mac(&n, &why), 0);
	memcpy(first, n.mac, 6);
	assert_int_equal(first[0] << 16 | first[1] << 8 | first[2], 0x163e);
	/* Only once. */
	assert_int_equal(nic_make_mac(&n, &why), 0);
	assert_memory_equal(first, n.mac, 6);
	nic_free(&n);
}

/* ---- places in the store ---- */

static void paths(void **state)
{
	static const char *const bad[] = {
		"", "/local/domain/0/backend/vbd/1", "/local/domain/0/backend/vbd/1/2/3",
		"/local/domain/0/backend/vbd/1/02", "/local/domain/0/backend/console/1/0",
		"/local/domain/0/backend/vbd/1/2 ", "/local/domain/-1/backend/vbd/1/2",
		"/local/domain/0/backend/pvbdx/1/2",
	};
	struct device_at at;
	char path[DEVICE_PATH];

	(void)state;
	assert_int_equal(device_from_back_path("/local/domain/3/backend/pvif/7/2",
					       &at), 0);
	assert_true(at.is_nic && !at.by_kernel);
	assert_int_equal(at.back, 3);
	device_front_path(&at, path);
	assert_string_equal(path, "/local/domain/7/device/vif/2");
	device_own_path(&at, path);
	assert_string_equal(path, "/libxl/7/device/vif/2");
	assert_int_equal(device_from_back_path("/local/domain/0/backend/vbd/1/51712",
					       &at), 0);
	assert_true(!at.is_nic && at.by_kernel);
	device_label(&at, path);
	assert_string_equal(path, "disk xvda");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!device_from_back_path(bad[i], &at))
			fail_msg("\"%s\" was taken for a device", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_names),
		cmocka_unit_test(names_of_numbers),
		cmocka_unit_test(reads_disks),
		cmocka_unit_test(refuses_disks),
		cmocka_unit_test(params_of_disks),
		cmocka_unit_test(reads_cards),
		cmocka_unit_test(reads_rates),
		cmocka_unit_test(scripts_of_xen_are_built_in),
		cmocka_unit_test(refuses_cards),
		cmocka_unit_test(forms_of_cards),
		cmocka_unit_test(defaults_of_cards),
		cmocka_unit_test(makes_addresses),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests_name("device_spec", tests, NULL, NULL);
}
