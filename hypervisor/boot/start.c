// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the host comes up, from the first C code with a stack to a control
 * domain that is ready to run: one table, read from top to bottom.
 */
#include <boot/boot.h>
#include <boot/cmdline.h>
#include <boot/memmap.h>
#include <boot/rooms.h>
#include <control/platform.h>
#include <domain/domain.h>
#include <irq/irq.h>
#include <lib/assert.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/log.h>
#include <sched/sched.h>

static int say_hello(void)
{
	log_info("Parvis, a thin Xen-compatible hypervisor (interface 4.17)\n");
	log_info("loader: %s\n", bootinfo.loader);
	log_info("options: %s\n", bootinfo.cmdline);
	boot_cmdline_report();
	return 0;
}

/* mem= */
static int limit_memory(void)
{
	if (!boot_options.mem_limit)
		return 0;
	return memmap_clip_ram(&bootinfo, boot_options.mem_limit);
}

static int report_memory(void)
{
	log_info("memory: %lu MiB free of %lu MiB\n",
		 buddy_free_count() >> (20 - PAGE_SHIFT),
		 buddy_total() >> (20 - PAGE_SHIFT));
	return 0;
}

static int start_scheduler(void)
{
	return sched_cpu_init(0);
}

static int make_special_domains(void)
{
	dom_io = domain_create_special(DOMID_IO);
	dom_xen = domain_create_special(DOMID_XEN);
	if (!dom_io || !dom_xen)
		return -ENOMEM;
	frame_publish_m2p();
	return 0;
}

static int release_boot_memory(void)
{
	x86_boot_memory_release();
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(void);
} steps[] = {
	{ "log ring", conring_init },
	{ "console", x86_early_console },
	{ "greeting", say_hello },
	{ "memory limit", limit_memory },
	{ "memory", x86_memory_init },
	{ "memory report", report_memory },
	{ "log ring size", conring_resize },
	{ "CPU features", x86_cpu_features_init },
	{ "traps", x86_traps_init },
	{ "ACPI", acpi_init },
	{ "EFI", platform_efi_init },
	{ "interrupt controllers", x86_interrupts_init },
	{ "clock", x86_clock_init },
	{ "scheduler", start_scheduler },
	{ "rooms", rooms_init },
	{ "special domains", make_special_domains },
	{ "processors", x86_smp_init },
	{ "control domain", dom0_build },
	{ "boot memory", release_boot_memory },
};

void boot_start(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		int rc = steps[i].fn();

		if (rc)
			panic("boot step `%s' failed: error %d",
			      steps[i].name, -rc);
	}
	log_info("starting the control domain\n");
}
