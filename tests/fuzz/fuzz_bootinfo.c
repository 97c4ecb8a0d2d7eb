// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as what a loader left behind (the first byte chooses the format,
 * the rest is all the memory there is), as ACPI tables, and as options.  What
 * is accepted must be a memory map that is sorted, and modules that do not end
 * before they start.
 */
#include <stdlib.h>
#include <string.h>
#include <boot/acpi_tables.h>
#include <boot/memmap.h>
#include <lib/assert.h>
#include <port/log.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 0x1000UL

static const uint8_t *mem;
static size_t mem_size;

static const void *phys(paddr_t p, size_t len)
{
	if (p < BASE || p - BASE > mem_size || len > mem_size - (p - BASE))
		return NULL;
	return mem + (p - BASE);
}

void log_at(enum log_level lvl, const char *fmt, ...)
{
	(void)lvl;
	(void)fmt;
}

static void check(const struct bootinfo *b)
{
	for (unsigned int i = 0; i < b->map_count; i++)
		if (b->map[i].start >= b->map[i].end ||
		    (i && b->map[i].start < b->map[i - 1].end))
			abort();
	for (unsigned int i = 0; i < b->module_count; i++)
		if (b->modules[i].start > b->modules[i].end ||
		    !memchr(b->modules[i].cmdline, 0, BOOT_CMDLINE_MAX))
			abort();
	if (!memchr(b->cmdline, 0, BOOT_CMDLINE_MAX))
		abort();
}

/* The same bytes as the inside of each ACPI table. */
static void read_tables(const uint8_t *data, size_t size)
{
	static struct acpi_info a;
	struct acpi_header *h;

	if (size < sizeof(*h))
		return;
	h = malloc(size);
	memcpy(h, data, size);
	h->length = (uint32_t)size;
	memset(&a, 0, sizeof(a));
	acpi_parse_madt(&a, h);
	acpi_parse_fadt(&a, h);
	acpi_parse_mcfg(&a, h);
	acpi_parse_hpet(&a, h);
	free(h);
}

/* And as the command line. */
static void read_options(const uint8_t *data, size_t size)
{
	static const struct boot_options none;
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	boot_options = none;
	boot_cmdline_parse(line);
	if (!memchr(boot_options.sched, 0, sizeof(boot_options.sched)) ||
	    boot_options.loglvl < -1 || boot_options.loglvl > LOG_DEBUG)
		abort();
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bootinfo b;
	static const uint32_t magics[] = { 0x2badb002, 0x36d76289 };
	const char *why = NULL;

	if (size < 1)
		return 0;
	mem = data + 1;
	mem_size = size - 1;
	if (bootinfo_parse(magics[data[0] & 1], BASE, phys, &b, &why) == 0)
		check(&b);
	else if (!why || !*why)
		abort();
	read_tables(data, size);
	read_options(data, size);
	return 0;
}
