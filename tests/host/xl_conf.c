// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_conf.c: tests of xl.conf: its keys, its messages, and what it makes of a
 * guest's configuration.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/xlconf.h"

static struct xlconf conf;
static struct cfg_file file, guest;
static struct guest_config cfg;
static struct fail why;
static char warned[1024], noted[1024];

static void warn(const char *line)
{
	snprintf(warned + strlen(warned), sizeof(warned) - strlen(warned),
		 "%s\n", line);
}

static void note(const char *line)
{
	snprintf(noted + strlen(noted), sizeof(noted) - strlen(noted), "%s\n",
		 line);
}

static int parse(struct cfg_file *f, const char *name, const char *text)
{
	memset(&why, 0, sizeof(why));
	cfg_file_init(f, name, &why);
	return cfg_parse_text(f, text, strlen(text));
}

/* Reads an xl.conf; the caller frees it. */
static int conf_of(const char *text)
{
	static const struct xlconf_say say = { warn, note };
	int rc = parse(&file, "xl.conf", text);

	warned[0] = noted[0] = '\0';
	memset(&conf, 0, sizeof(conf));
	if (!rc)
		rc = xlconf_read(&conf, &file, &say);
	cfg_file_free(&file);
	return rc;
}

/* What xl does with a guest's file; the caller calls guest_done(). */
static int guest_of(const char *text)
{
	char whole[1024];
	int rc;

	snprintf(whole, sizeof(whole), "name='g'\nkernel='/k'\n%s", text);
	assert_int_equal(parse(&guest, "g.cfg", whole), 0);
	memset(&cfg, 0, sizeof(cfg));
	rc = xlconf_fill(&conf, &guest);
	if (!rc)
		rc = cfg_apply(&cfg, &guest, NULL, NULL);
	if (!rc)
		rc = xlconf_fill_cpus(&conf, &cfg, &guest);
	return rc;
}

static void guest_done(void)
{
	guest_config_free(&cfg);
	cfg_file_free(&guest);
}

/* The same as the daemon sees it. */
static void again(void)
{
	guest_config_free(&cfg);
	assert_int_equal(cfg_apply(&cfg, &guest, NULL, NULL), 0);
}

static const char *item(const char *key, int n)
{
	const struct cfg_value *v = cfg_find(&guest, key);

	if (v && v->kind != CFG_LIST)
		return v->text;
	for (v = v ? v->first : NULL; v && n; n--)
		v = v->next;
	return v ? v->text : "(none)";
}

static void nothing_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(conf_of("# as Debian installs it\n"), 0);
	assert_string_equal(warned, "");
	assert_int_equal(guest_of("vif=['','mac=00:16:3e:00:00:01']\ncpus='1'\n"),
			 0);
	assert_string_equal(item("vif", 0), "");
	assert_string_equal(item("vif", 1), "mac=00:16:3e:00:00:01");
	assert_string_equal(item("cpus", 0), "1");
	assert_null(cfg_find(&guest, "max_grant_frames"));
	guest_done();
	xlconf_free(&conf);
}

static void cards_get_defaults(void **state)
{
	(void)state;
	assert_int_equal(conf_of("vif.default.bridge=\"br9\"\n"
				 "vif.default.backend=0\n"
				 "vif.default.gatewaydev='eth9'\n"), 0);
	assert_int_equal(guest_of("vif=['', 'bridge=br0,backend=drv', "
				  "'script=vif-nat']\n"), 0);
	assert_string_equal(item("vif", 0),
			    "bridge=br9,gatewaydev=eth9,backend=0");
	assert_string_equal(item("vif", 1),
			    "bridge=br0,gatewaydev=eth9,backend=drv");
	assert_string_equal(item("vif", 2),
			    "gatewaydev=eth9,backend=0,script=vif-nat");
	guest_done();
	xlconf_free(&conf);
	/* A script that needs an address, told of a card without one. */
	assert_int_equal(conf_of("vifscript='vif-route'\n"
				 "defaultbridge='br1'\n"), 0);
	assert_int_equal(guest_of("vif=['ip=10.0.0.1',\n'']\n"), -EINVAL);
	assert_non_null(strstr(why.text, "g.cfg:4: vif \"\": ip is missing"));
	assert_string_equal(item("vif", 0), "ip=10.0.0.1,script=vif-route");
	guest_done();
	assert_int_equal(guest_of("vif=['script=vif-bridge']\n"), 0);
	assert_string_equal(item("vif", 0), "bridge=br1");
	guest_done();
	xlconf_free(&conf);
}

static void bad_cards_are_left_to_the_grammar(void **state)
{
	(void)state;
	assert_int_equal(conf_of("vif.default.bridge='br9'\n"), 0);
	assert_int_not_equal(guest_of("vif=['brigde=x']\n"), 0);
	assert_non_null(strstr(why.text, "did you mean \"bridge\""));
	guest_done();
	assert_int_not_equal(guest_of("vif='x'\n"), 0);
	assert_non_null(strstr(why.text, "a list of strings"));
	guest_done();
	assert_int_not_equal(guest_of("vif=[['x']]\n"), 0);
	guest_done();
	xlconf_free(&conf);
}

static void limits_are_defaults(void **state)
{
	(void)state;
	assert_int_equal(conf_of("max_grant_frames=32\nmax_maptrack_frames=0\n"
				 "max_grant_version=1\n"), 0);
	assert_int_equal(guest_of("max_grant_frames=7\n"), 0);
	assert_int_equal(cfg.max_grant_frames, 7);
	assert_int_equal(cfg.max_maptrack_frames, 0);
	assert_int_equal(cfg.max_grant_version, 1);
	guest_done();
	xlconf_free(&conf);
}

static void cpus_are_kept_within(void **state)
{
	struct cfg_mask allowed;

	(void)state;
	assert_int_equal(conf_of("vm.cpumask=\"0-7\"\nvm.pv.cpumask='2-9,^4'\n"
				 "vm.hvm.cpumask='1'\n"), 0);
	assert_true(xlconf_cpus(&conf, &allowed));
	assert_int_equal(allowed.bits[0], 0xec);
	assert_int_equal(allowed.bits[1], 0);
	assert_int_equal(guest_of("vcpus=2\n"), 0);
	assert_string_equal(item("cpus", 0), "2-3,5-7");
	guest_done();
	/* The other spelling of cpus, read after it. */
	assert_int_equal(guest_of("cpus='3'\ncpu='0-2'\n"), 0);
	again();
	assert_int_equal(cfg.cpus.rest.bits[0], 4);
	guest_done();
	assert_int_equal(guest_of("vcpus=2\nmaxvcpus=3\ncpus=['2','all']\n"),
			 0);
	again();
	assert_string_equal(item("cpus", 0), "2");
	assert_string_equal(item("cpus", 1), "2-3,5-7");
	assert_string_equal(item("cpus", 2), "2-3,5-7");
	guest_done();
	assert_int_equal(guest_of("vcpus=2\ncpus=['2','4']\n"), -EINVAL);
	assert_non_null(strstr(why.text, "cpus: vCPU 1 has no CPU"));
	guest_done();
	xlconf_free(&conf);
	assert_int_equal(conf_of("vm.cpumask='1'\nvm.pv.cpumask='2'\n"), 0);
	assert_int_equal(guest_of(""), -EINVAL);
	assert_non_null(strstr(why.text, "no CPU in common"));
	guest_done();
	xlconf_free(&conf);
}

static void keys_without_effect_are_noted(void **state)
{
	(void)state;
	assert_int_equal(conf_of("autoballoon='off'\nrun_hotplug_scripts=0\n"
				 "lockfile='/l'\nblkdev_start='xvdx'\n"
				 "claim_mode=1\n"
				 "remus.default.netbufscript='/x'\n"
				 "colo.default.proxyscript='/y'\n"
				 "output_format='json'\ndomid_policy='xen'\n"),
			 0);
	assert_string_equal(warned, "");
	assert_non_null(strstr(noted, "xl.conf:1: autoballoon has no effect:"));
	assert_non_null(strstr(noted, "xl.conf:3: lockfile has no effect:"));
	assert_non_null(strstr(noted, "xl.conf:7: colo.default.proxyscript"));
	xlconf_free(&conf);
}

static void mistakes_are_warned_of(void **state)
{
	(void)state;
	assert_int_equal(conf_of("vif.defualt.bridge='x'\nzebra=1\n"
				 "output_format='sxp'\n"
				 "domid_policy='random'\n"), 0);
	assert_non_null(strstr(warned, "xl.conf:1: unknown key \"vif.defualt.bridge\": did you mean \"vif.default.bridge\"?"));
	assert_non_null(strstr(warned, "xl.conf:2: unknown key \"zebra\": see xl.conf(5)"));
	assert_non_null(strstr(warned, "output_format: S-expressions are not built"));
	assert_non_null(strstr(warned, "domid_policy: random numbers are not"));
	assert_null(conf.vif.bridge);
	xlconf_free(&conf);
}

static void bad_values_are_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "vif.default.bridge=\n", "unexpected" },
		{ "vif.default.bridge='a/b'\n",
		  "xl.conf:1: vif.default.bridge: vif " },
		{ "\nvif.default.gatewaydev=['a']\n",
		  "xl.conf:2: vif.default.gatewaydev: this must be a string" },
		{ "vif.default.backend='a,mac=x'\n", "without a comma" },
		{ "vif.default.script='a\\tb'\n", "control character" },
		{ "max_grant_version=3\n", "a number from 1 to 2" },
		{ "max_grant_frames='many'\n", "a number from 1" },
		{ "vm.cpumask='8-1'\n", "vm.cpumask: this must be CPUs" },
		{ "vm.cpumask=['1','2']\n", "one set of CPUs for all" },
		{ "output_format='xml'\n",
		  "output_format: this must be \"json\" or \"sxp\"" },
		{ "domid_policy=[]\n",
		  "domid_policy: this must be \"xen\" or \"random\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(conf_of(bad[i].text), 0);
		if (!strstr(why.text, bad[i].message))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text,
				 why.text, bad[i].message);
		xlconf_free(&conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_changes_nothing),
		cmocka_unit_test(cards_get_defaults),
		cmocka_unit_test(bad_cards_are_left_to_the_grammar),
		cmocka_unit_test(limits_are_defaults),
		cmocka_unit_test(cpus_are_kept_within),
		cmocka_unit_test(keys_without_effect_are_noted),
		cmocka_unit_test(mistakes_are_warned_of),
		cmocka_unit_test(bad_values_are_errors),
	};

	return cmocka_run_group_tests_name("xl_conf", tests, NULL, NULL);
}
