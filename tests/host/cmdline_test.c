// SPDX-License-Identifier: GPL-2.0-or-later
/* Options as boot entries of Xen write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <boot/boot.h>
#include <boot/cmdline.h>
#include <port/log.h>
#include "port_fake.h"

static const struct boot_options *const o = &boot_options;
static struct boot_options saved;

static int start(void **state)
{
	(void)state;
	boot_options = saved;
	bootinfo.map_count = 1;
	bootinfo.map[0] = (struct boot_range){ 0, 1UL << 30, 1 };
	return 0;
}

#define PARSE(s) (start(NULL), boot_cmdline_parse(s))

static void sizes(void **state)
{
	(void)state;
	PARSE("dom0_mem=512M");
	assert_int_equal(o->dom0_mem, 512UL << 20);
	PARSE("dom0_mem=min:256m,max:2G,1048576");
	assert_int_equal(o->dom0_mem_min, 256UL << 20);
	assert_int_equal(o->dom0_mem_max, 2UL << 30);
	assert_int_equal(o->dom0_mem, 1UL << 30); /* without a unit: KiB */
	PARSE("dom0_mem=max:0x100K");
	assert_int_equal(o->dom0_mem_max, 0x100 << 10);
	PARSE("dom0_mem=-256M");
	assert_int_equal(o->dom0_mem, (1UL << 30) - (256 << 20));
	PARSE("dom0_mem=25%+64M");
	assert_true(o->dom0_mem > (310UL << 20) && o->dom0_mem < (321UL << 20));
	PARSE("mem=3G conring_size=64k");
	assert_int_equal(o->mem_limit, 3UL << 30);
	assert_int_equal(o->conring_size, 64 << 10);
}

static void consoles(void **state)
{
	(void)state;
	PARSE("com1=115200,8n1 console=com1,vga");
	assert_int_equal(o->com_baud[0], 115200);
	assert_memory_equal(o->com_format[0], "8n1", 3);
	assert_true(o->console_com[0] && o->console_vga && !o->console_com[1]);
	PARSE("com2=57600/1843200,7e2,0x2f8,3 console=com2");
	assert_int_equal(o->com_baud[1], 57600);
	assert_int_equal(o->com_io[1], 0x2f8);
	assert_int_equal(o->com_irq[1], 3);
	assert_true(!o->console_com[0] && o->console_com[1] &&
		    !o->console_vga);
	PARSE("console=none");
	assert_true(o->console_none);
}

static void booleans(void **state)
{
	static const struct {
		const char *line;
		bool noreboot, no_smep;
	} cases[] = {
		{ "noreboot", true, false },
		{ "noreboot=on", true, false },
		{ "noreboot=off", false, false },
		{ "noreboot no-noreboot", false, false },
		{ "noreboot=yes smep=0", true, true },
		{ "no-smep", false, true },
		{ "no-smep=off", false, false },
		{ "smep=true", false, false },
		{ "smep=perhaps", false, false },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		PARSE(cases[i].line);
		assert_int_equal(o->noreboot, cases[i].noreboot);
		assert_int_equal(o->no_smep, cases[i].no_smep);
	}
}

static void levels_and_numbers(void **state)
{
	(void)state;
	PARSE("loglvl=all guest_loglvl=error/warning");
	assert_int_equal(o->loglvl, LOG_DEBUG);
	assert_int_equal(o->guest_loglvl, LOG_WARN);
	PARSE("loglvl=none/none maxcpus=3 dom0_max_vcpus=2-4 sched=credit2");
	assert_int_equal(o->loglvl, -1);
	assert_int_equal(o->maxcpus, 3);
	assert_int_equal(o->dom0_max_vcpus, 4);
	assert_string_equal(o->sched, "credit2");
	PARSE("maxcpus=2 -- maxcpus=7");
	assert_int_equal(o->maxcpus, 2);
}

static void complains_and_goes_on(void **state)
{
	static const char *const bad[] = {
		"dom0_mem=lots", "dom0_mem=12Q", "dom0_mem=99999999999999T",
		"maxcpus=", "maxcpus=2x", "com1=fast", "loglvl=loud",
		"no-maxcpus=3", "sched=a_name_that_is_too_long", "frobnicate=1",
	};
	char line[256];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(line, sizeof(line), "%s noreboot", bad[i]);
		PARSE(line);
		assert_true(o->noreboot);
		boot_cmdline_report();
		snprintf(line, sizeof(line), "`%.*s'",
			 (int)strcspn(bad[i], "="), bad[i]);
		assert_non_null(strstr(fake_log(), line));
	}
}

static void a_long_line_is_cut(void **state)
{
	static char line[3 * BOOT_CMDLINE_MAX];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	for (unsigned int i = 9; i < sizeof(line) - 1; i += 10)
		line[i] = ' ';
	PARSE(line);
	boot_cmdline_report();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, start)
		T(sizes), T(consoles), T(booleans), T(levels_and_numbers),
		T(complains_and_goes_on), T(a_long_line_is_cut),
#undef T
	};

	fake_start(1);
	saved = boot_options;
	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
