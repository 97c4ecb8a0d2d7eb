/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader told us, in one form whatever loader it was, and the options
 * of the command line.  Filled by boot/bootinfo.c from multiboot 1 or 2 data
 * (untrusted: bounds-checked), before the allocator exists.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <lib/types.h>

#define BOOT_RANGES_MAX 256
#define BOOT_MODULES_MAX 8
#define BOOT_CMDLINE_MAX 2048

/* Types as in E820: 1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable. */
struct boot_range {
	paddr_t start, end; /* end exclusive */
	uint32_t type;
};

/*
 * A module's frames are not the allocator's until x86_boot_memory_release(),
 * which frees [start, end) of each one here.  The dom0 builder makes the range
 * empty, or smaller, where it has handed frames to dom0 instead.
 */
struct boot_module {
	paddr_t start, end;
	char cmdline[BOOT_CMDLINE_MAX];
};

struct bootinfo {
	char cmdline[BOOT_CMDLINE_MAX];
	char loader[64];
	struct boot_range map[BOOT_RANGES_MAX]; /* sorted, no overlap */
	unsigned int map_count;
	struct boot_module modules[BOOT_MODULES_MAX];
	unsigned int module_count;
	paddr_t rsdp; /* 0: search low memory */
	uint8_t rsdp_copy[36]; /* from multiboot2's ACPI tags */
	bool efi;
	paddr_t efi_systab;
	paddr_t efi_mmap; /* EFI memory map and its descriptors */
	uint32_t efi_mmap_size, efi_desc_size, efi_desc_version;
	/* A VGA text or linear framebuffer console for dom0_vga_console_info. */
	struct {
		uint8_t type; /* 0 none, 1 linear, 2 text */
		paddr_t base;
		uint32_t width, height, pitch, bpp;
		uint8_t colour[6]; /* red, green, blue: position and size */
	} fb;
};

extern struct bootinfo bootinfo;

/*
 * Parse. @magic is what the loader left in EAX, @data maps physical memory
 * (identity: x86/head.S maps the first 4 GiB). 0 or -EINVAL with a reason.
 */
int bootinfo_parse(uint32_t magic, paddr_t info,
		   const void *(*phys)(paddr_t p, size_t len),
		   struct bootinfo *out, const char **why);

/* The options, named as Xen names them; boot/cmdline.c. */
struct boot_options {
	uint64_t dom0_mem, dom0_mem_min, dom0_mem_max; /* bytes, 0 = default */
	uint32_t dom0_max_vcpus; /* 0 = all CPUs */
	uint32_t com_baud[2]; /* 0: not used */
	uint16_t com_io[2];
	char com_format[2][4]; /* "8n1" */
	uint8_t com_irq[2];
	bool console_com[2], console_vga, console_none;
	int loglvl, guest_loglvl; /* enum log_level shown at most */
	bool noreboot;
	uint32_t maxcpus;
	bool no_x2apic, no_smep, no_smap;
	char sched[16];
	bool sync_console;
	uint64_t mem_limit; /* mem= */
	uint32_t conring_size;
	uint32_t gnttab_max_frames, gnttab_max_maptrack;
};
extern struct boot_options boot_options;
/* Unknown options are warned about, never fatal. */
void boot_cmdline_parse(const char *line);

/*
 * C entry on the boot CPU, from x86/head.S through x86/start.c once paging,
 * the stack and the early UART are up; returns when dom0 is ready to run, and
 * the caller goes to the exit path.
 */
void boot_start(void);

/*
 * Hardware steps named in boot/start.c's table, implemented in x86/. Each
 * returns 0 or -errno and prints its own reason.
 */
int x86_early_console(void); /* UART by options; sinks registered */
int x86_memory_init(void); /* direct map, frame table, M2P, buddy_add() */
int x86_traps_init(void); /* IDT, TSS, GDT of this CPU */
int x86_cpu_features_init(void);
int x86_interrupts_init(void); /* LAPIC, IO-APICs from acpi_info */
int x86_clock_init(void);
int x86_smp_init(void); /* starts all APs; they idle in the exit path */
/* Give back boot-only memory (identity map, modules) to the allocator. */
void x86_boot_memory_release(void);

/* ACPI facts; boot/acpi.c fills it from untrusted tables. */
#define ACPI_CPU_MAX 256
#define ACPI_IOAPIC_MAX 16
#define ACPI_OVERRIDE_MAX 16
#define ACPI_MCFG_MAX 8
struct acpi_info {
	struct {
		uint32_t apic_id, acpi_id;
		bool enabled;
	} cpus[ACPI_CPU_MAX];
	unsigned int cpu_count;
	struct {
		uint8_t id;
		paddr_t base;
		uint32_t gsi_base;
	} ioapics[ACPI_IOAPIC_MAX];
	unsigned int ioapic_count;
	struct {
		uint8_t source;
		uint32_t gsi;
		uint16_t flags; /* MPS INTI flags */
	} overrides[ACPI_OVERRIDE_MAX];
	unsigned int override_count;
	struct {
		paddr_t base;
		uint16_t seg;
		uint8_t bus_start, bus_end;
	} mcfg[ACPI_MCFG_MAX];
	unsigned int mcfg_count;
	paddr_t lapic_base;
	paddr_t hpet_base;
	uint32_t pm_timer_port; /* I/O port, 0: none */
	bool pm_timer_32bit;
	uint32_t pm1a_cnt, pm1b_cnt; /* ports, for power-off */
	uint32_t sci_irq;
	paddr_t reset_addr;
	uint8_t reset_space, reset_value; /* space 1: I/O, 0: memory */
	bool reset_supported;
	paddr_t rsdp, facs;
};
extern struct acpi_info acpi_info;
int acpi_init(void);

/* Build and unpause dom0. */
int dom0_build(void);

#endif
