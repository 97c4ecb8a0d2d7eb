// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_cfg.c: tests of xl.cfg: grammar, keys, messages, and the way to JSON and
 * back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/cfg.h"

static struct cfg_file file;
static struct fail why;
static struct guest_config cfg;
static int warnings;

static int parse(const char *text)
{
	memset(&why, 0, sizeof(why));
	cfg_file_init(&file, "test.cfg", &why);
	return cfg_parse_text(&file, text, strlen(text));
}

static void count_warning(void *ctx, const char *line)
{
	(void)ctx;
	assert_non_null(strstr(line, "no effect"));
	warnings++;
}

/* Parses and applies; the caller calls done(). */
static int apply(const char *text)
{
	int rc = parse(text);

	warnings = 0;
	memset(&cfg, 0, sizeof(cfg));
	return rc ? rc : cfg_apply(&cfg, &file, count_warning, NULL);
}

static void done(void)
{
	guest_config_free(&cfg);
	cfg_file_free(&file);
}

#define BASE "name='g'\nkernel=\"/k\"\n"

static const char *text_of(const char *key)
{
	const struct cfg_value *v = cfg_find(&file, key);

	return v && v->text ? v->text : "(none)";
}

static void grammar(void **state)
{
	const struct cfg_value *v;

	(void)state;
	assert_int_equal(parse("# comment\n"
			       "a = \"x\" ; b='y'; c = 12 # more\n"
			       "d = 0x1F\n\n"
			       "e = [ 'p', \"q\",\n\n  [ 1, 2 ], # inside\n 3,\n ]\n"
			       "f = []\n"
			       "g = \"a\\\"b\\n\\x41\\101\\\\\"\n"
			       "h = \\\n 5\n"
			       "a += \"z\"\n"
			       "e += [ 'r' ]\n"
			       "last='no newline'"), 0);
	assert_string_equal(text_of("a"), "xz");
	assert_string_equal(text_of("b"), "y");
	assert_string_equal(text_of("c"), "12");
	assert_string_equal(text_of("d"), "0x1F");
	assert_string_equal(text_of("g"), "a\"b\nAA\\");
	assert_string_equal(text_of("h"), "5");
	assert_string_equal(text_of("last"), "no newline");
	assert_null(cfg_find(&file, "f")->first);
	v = cfg_find(&file, "e")->first;
	assert_string_equal(v->text, "p");
	v = v->next->next;
	assert_int_equal(v->kind, CFG_LIST);
	assert_string_equal(v->first->next->text, "2");
	assert_string_equal(v->next->next->text, "r");
	cfg_file_free(&file);
}

/* Text that must be refused, at which line, and a word of the reason. */
static void grammar_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "a = \n", "test.cfg:1:" },
		{ "a = 'x\nb=1\n", "test.cfg:1: this string does not end" },
		{ "\n\na = x\n", "test.cfg:3:" },
		{ "a = 'x' b = 'y'\n", "test.cfg:1:" },
		{ "a = [ 'x' 'y' ]\n", "test.cfg:1:" },
		{ "a = [ 'x'\n", "test.cfg:" },
		{ "a = 'x'\na += [ 1 ]\n", "test.cfg:2: a +=" },
		{ "a = 'x\\q'\n", "backslash" },
		{ "= 5\n", "test.cfg:1:" },
		{ "a = @\n", "'@' has no meaning" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(parse(bad[i].text), 0);
		if (!strstr(why.text, bad[i].message))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text,
				 why.text, bad[i].message);
		cfg_file_free(&file);
	}
}

static void applies_values(void **state)
{
	(void)state;
	assert_int_equal(apply(BASE "memory = 512\nmaxmem=\"1024\"\nvcpus=2\n"
			       "maxvcpus=4\ncpus='0-2,^1'\ncpu_weight=512\n"
			       "root='/dev/xvda'\nextra='ro quiet'\n"
			       "on_crash='rename-restart'\n"
			       "uuid='6c64b1f2-27a3-4f0f-9c2e-3f6e8d1a9b55'\n"),
			 0);
	assert_int_equal(cfg.memory, 512);
	assert_int_equal(cfg.maxmem, 1024);
	assert_int_equal(cfg.maxvcpus, 4);
	assert_int_equal(cfg.cpus.rest.bits[0], 5);
	assert_int_equal(cfg.cpu_weight, 512);
	assert_string_equal(cfg.full_cmdline, "root=/dev/xvda ro quiet");
	assert_int_equal(cfg.on_crash, ACTION_RENAME_RESTART);
	assert_int_equal(cfg.on_reboot, ACTION_RESTART);
	assert_int_equal(cfg.on_poweroff, ACTION_DESTROY);
	assert_true(cfg.has_uuid);
	assert_int_equal(cfg.uuid[0], 0x6c);
	assert_int_equal(warnings, 0);
	done();
}

static void cpus_of_each(void **state)
{
	struct strbuf text = { 0 };

	(void)state;
	assert_int_equal(apply(BASE "vcpus=3\ncpus=[\"2\", '3-8,^5']\n"), 0);
	assert_int_equal(cfg_cpus_of(&cfg.cpus, 0)->bits[0], 4);
	cfg_cpus_text(cfg_cpus_of(&cfg.cpus, 1)->bits, CFG_CPUS_MAX, &text);
	strbuf_adds(&text, " ");
	cfg_cpus_text(cfg_cpus_of(&cfg.cpus, 2)->bits, CFG_CPUS_MAX, &text);
	assert_string_equal(text.data, "3-4,6-8 all");
	strbuf_free(&text);
	assert_false(cfg.cpus_soft.given);
	done();
	assert_int_not_equal(apply(BASE "cpus=[1,'nodes:0']\n"), 0);
	assert_non_null(strstr(why.text, "NUMA nodes are not built"));
	done();
	assert_int_not_equal(apply(BASE "cpus='1,^1'\n"), 0);
	assert_non_null(strstr(why.text, "at least one CPU"));
	done();
	assert_int_not_equal(apply(BASE "cpus=[[1]]\n"), 0);
	assert_non_null(strstr(why.text, "not of lists"));
	done();
}

static void defaults_and_aliases(void **state)
{
	(void)state;
	assert_int_equal(apply(BASE "cpu_cap=50\ncpu='1'\nvnc=1\nacpi=1\n"
			       "disk=[]\nvif=[]\nbootargs=''\n"), 0);
	assert_int_equal(cfg.memory, 128);
	assert_int_equal(cfg.maxmem, 128);
	assert_int_equal(cfg.vcpus, 1);
	assert_int_equal(cfg.cap, 50);
	assert_int_equal(cfg.cpus.rest.bits[0], 2);
	assert_int_equal(warnings, 3);
	done();
	assert_int_equal(apply(BASE "cmdline='whole'\nextra='not'\n"), 0);
	assert_string_equal(cfg.full_cmdline, "whole");
	assert_int_equal(warnings, 1);
	done();
}

static void value_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ BASE "memroy = 5\n", "test.cfg:3: unknown key \"memroy\": did you mean \"memory\"" },
		{ BASE "xyzzy = 5\n", "unknown key \"xyzzy\": see xl.cfg(5)" },
		{ BASE "memory = 'lots'\n", "test.cfg:3: memory: this must be a number" },
		{ BASE "memory = 0\n", "memory: this must be a number from 1" },
		{ BASE "memory = [ 5 ]\n", "memory: this must be a number" },
		{ BASE "vcpus = 4\nmaxvcpus = 2\n", "maxvcpus (2) is less" },
		{ BASE "memory = 4\nmaxmem = 2\n", "maxmem (2) is less" },
		{ BASE "on_crash = 'explode'\n", "one of destroy, restart" },
		{ BASE "on_crash = 'coredump-restart'\n", "core dumps are not built: use \"restart\"" },
		{ BASE "uuid = 'abc'\n", "uuid: this must be a UUID" },
		{ BASE "cpus = '5-2'\n", "cpus: this must be CPUs" },
		{ BASE "cpus = '0-999999999999'\n", "cpus: this must be CPUs" },
		{ BASE "bootloader = 'pygrub'\n", "the loader's to find: remove them, or bootloader" },
		{ "name='g'\nbootloader = 'pygrub'\n", "bootloader needs a disk" },
		{ "name='g'\nbootloader = '/bin/lilo'\n", "bootloader: \"/bin/lilo\" is not built" },
		{ "name='g'\nfirmware = 'bios'\n", "firmware: \"bios\" is not built" },
		{ BASE "pci = ['01:00.0']\n", "pci: PCI passthrough" },
		{ BASE "disk = [\n'/dev/x,,xvda',\n'/dev/y,,xvda']\n", "test.cfg:5: disk \"/dev/y,,xvda\": vdev: there is a disk xvda already" },
		{ BASE "disk = ['/dev/x,,xvda,x']\n", "test.cfg:3: disk \"/dev/x,,xvda,x\": at 14: access: \"x\"" },
		{ BASE "vif = ['devid=1', 'devid=1']\n", "two cards 1" },
		{ BASE "vif = ['brigde=x']\n", "did you mean \"bridge\"" },
		{ BASE "disk = 'phy'\n", "disk: this must be a list" },
		{ BASE "vif = [['a']]\n", "vif: this must be a list of strings" },
		{ BASE "type = 'hvm'\n", "hvm guests are not built" },
		{ "kernel='/k'\n", "name is missing" },
		{ "name='g'\n", "kernel is missing" },
		{ "name='12'\nkernel='/k'\n", "name: \"12\" will not do" },
		{ "name='a/b'\nkernel='/k'\n", "will not do" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(apply(bad[i].text), 0);
		if (!strstr(why.text, bad[i].message))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text,
				 why.text, bad[i].message);
		done();
	}
}

/* Each spelling of a loader makes PV GRUB the guest's kernel. */
static void loaders(void **state)
{
	static const char *const spelled[] = {
		"bootloader = 'pygrub'", "bootloader = '/usr/bin/pygrub'",
		"bootloader = \"pvgrub\"", "firmware = 'pvgrub64'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spelled) / sizeof(spelled[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			 "name='g'\ndisk=['/x,raw,xvda,w']\n%s\n", spelled[i]);
		apply(text);
		assert_non_null(cfg.kernel);
		assert_string_equal(cfg.kernel, "/usr/lib/parvis/pvgrub64");
		done();
	}
	assert_int_equal(apply(BASE "bootloader = ''\nfirmware = 'none'\n"), 0);
	assert_string_equal(cfg.kernel, "/k");
	done();
}

static void devices(void **state)
{
	(void)state;
	assert_int_equal(apply(BASE "disk=['/a,,xvda','/b,,xvdb,r']\n"
			       "vif=['', 'devid=0', 'bridge=b']\n"
			       "driver_domain=1\n"), 0);
	assert_int_equal(cfg.disks.count, 2);
	assert_int_equal(cfg.disks.disk[1].number, 51728);
	assert_true(cfg.disks.disk[1].readonly);
	assert_int_equal(cfg.vifs.count, 3);
	assert_int_equal(cfg.vifs.nic[0].devid, 1);
	assert_int_equal(cfg.vifs.nic[1].devid, 0);
	assert_int_equal(cfg.vifs.nic[2].devid, 2);
	assert_true(cfg.driver_domain);
	done();
}

static void json_round_trip(void **state)
{
	struct strbuf one = { 0 }, two = { 0 };

	(void)state;
	assert_int_equal(parse("a='x\"y'\nb=0x10\nc=['p',[1,2],[]]\n"
			       "d=''\ne=007\n"), 0);
	cfg_to_json(&file, &one);
	cfg_file_free(&file);
	assert_string_equal(one.data, "{\"a\":\"x\\\"y\",\"b\":16,"
				      "\"c\":[\"p\",[1,2],[]],\"d\":\"\","
				      "\"e\":7}");
	cfg_file_init(&file, "json", &why);
	assert_int_equal(cfg_parse_json(&file, one.data), 0);
	cfg_to_json(&file, &two);
	cfg_file_free(&file);
	assert_string_equal(one.data, two.data);
	strbuf_free(&one);
	strbuf_free(&two);
}

static void json_errors(void **state)
{
	static const char *const bad[] = {
		"", "[]", "5", "{\"a\":true}", "{\"a\":{}}", "{\"a\":[null]}",
		"{\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&why, 0, sizeof(why));
		cfg_file_init(&file, "json", &why);
		assert_int_not_equal(cfg_parse_json(&file, bad[i]), 0);
		cfg_file_free(&file);
	}
}

static void cpu_masks(void **state)
{
	uint8_t mask[4];

	(void)state;
	assert_int_equal(cfg_parse_cpus("all", mask, 32), 0);
	assert_int_equal(mask[3], 0xff);
	assert_int_equal(cfg_parse_cpus("0-3, 8,^2", mask, 32), 0);
	assert_int_equal(mask[0], 0x0b);
	assert_int_equal(mask[1], 0x01);
	assert_int_not_equal(cfg_parse_cpus("32", mask, 32), 0);
	assert_int_not_equal(cfg_parse_cpus("1-", mask, 32), 0);
	assert_int_not_equal(cfg_parse_cpus("a", mask, 32), 0);
	assert_int_not_equal(cfg_parse_cpus("", mask, 32), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar),
		cmocka_unit_test(grammar_errors),
		cmocka_unit_test(applies_values),
		cmocka_unit_test(cpus_of_each),
		cmocka_unit_test(defaults_and_aliases),
		cmocka_unit_test(value_errors),
		cmocka_unit_test(loaders),
		cmocka_unit_test(devices),
		cmocka_unit_test(json_round_trip),
		cmocka_unit_test(json_errors),
		cmocka_unit_test(cpu_masks),
	};

	return cmocka_run_group_tests_name("xl_cfg", tests, NULL, NULL);
}
