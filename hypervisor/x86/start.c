// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The boot CPU's first C, between head.S and the table of boot steps: read
 * what the loader left while the identity map covers it, and make traps
 * visible before anything can go wrong.
 */
#include <boot/boot.h>
#include <lib/assert.h>
#include <x86/desc.h>
#include <x86/features.h>
#include <x86/percpu.h>
#include <x86/start.h>
#include <x86/uart.h>

#define IDENTITY_END 0x100000000UL

static const void *loader_phys(paddr_t p, size_t len)
{
	if (p >= IDENTITY_END || len > IDENTITY_END - p || !p)
		return NULL;
	return (const void *)p;
}

void x86_start(uint32_t magic, uint32_t info)
{
	const char *why = "unknown loader";
	int rc;

	desc_cpu_init(0);
	rc = bootinfo_parse(magic, info, loader_phys, &bootinfo, &why);
	boot_cmdline_parse(bootinfo.cmdline);
	features_detect();
	if (rc) {
		(void)x86_early_console();
		panic("boot information refused: %s", why);
	}
	boot_start();
}
