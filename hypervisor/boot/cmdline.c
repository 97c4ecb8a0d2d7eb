// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line: one table of options, each with its kind and the field of
 * boot_options that it sets.  Names and syntax are Xen's, so that an existing
 * boot entry keeps its meaning; options of Xen's that have none here are known
 * and passed over, others are warned about.  Nothing here is fatal.
 *
 * Owns boot_options.  Runs once, before the console and the allocator, so
 * complaints are kept until boot_cmdline_report().
 */
#include <boot/boot.h>
#include <boot/cmdline.h>
#include <boot/memmap.h>
#include <lib/str.h>
#include <port/log.h>

struct boot_options boot_options = {
	.loglvl = LOG_INFO,
	.guest_loglvl = LOG_WARN,
	.console_com = { true },
	.console_vga = true,
	.gnttab_max_frames = 64,
	.gnttab_max_maptrack = 1024,
	.conring_size = 32 << 10,
};

/* What boot_cmdline_report() prints: option words that we did not like. */
#define COMPLAINTS_MAX 16
static struct {
	char word[48];
	const char *what;
	enum log_level lvl;
} complaints[COMPLAINTS_MAX];
static unsigned int complaint_count;

static void complain(enum log_level lvl, const char *word, const char *what)
{
	if (complaint_count == COMPLAINTS_MAX)
		return;
	str_copy(complaints[complaint_count].word, word,
		 sizeof(complaints[0].word));
	complaints[complaint_count].what = what;
	complaints[complaint_count++].lvl = lvl;
}

void boot_cmdline_report(void)
{
	for (unsigned int i = 0; i < complaint_count; i++)
		log_at(complaints[i].lvl, "command line: `%s': %s\n",
		       complaints[i].word, complaints[i].what);
}

bool cmdline_number(const char **s, uint64_t *out)
{
	const char *p = *s;
	unsigned int base = 10, digit, n = 0;
	uint64_t v = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	for (;; p++, n++) {
		if (*p >= '0' && *p <= '9')
			digit = *p - '0';
		else if ((*p | 32) >= 'a' && (*p | 32) <= 'f')
			digit = (*p | 32) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		if (v > (~0UL - digit) / base)
			return false;
		v = v * base + digit;
	}
	*s = p;
	*out = v;
	return n > 0;
}

/* Shift for a unit letter, or -1. */
static int unit_shift(char c)
{
	switch (c | 32) {
	case 't':
		return 40;
	case 'g':
		return 30;
	case 'm':
		return 20;
	case 'k':
		return 10;
	case 'b':
		return 0;
	default:
		return -1;
	}
}

bool cmdline_size(const char **s, uint64_t *out)
{
	int shift;

	if (!cmdline_number(s, out))
		return false;
	shift = unit_shift(**s);
	if (shift >= 0)
		(*s)++;
	else
		shift = 10; /* without a unit: KiB, as in Xen */
	if (*out > ~0UL >> shift)
		return false;
	*out <<= shift;
	return true;
}

/* "on", "off" and their like; -1: neither. */
int cmdline_bool(const char *s)
{
	static const char *const yes[] = { "", "on", "yes", "true", "1",
					   "enable" };
	static const char *const no[] = { "off", "no", "false", "0",
					  "disable" };

	for (unsigned int i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcmp(s, yes[i]) == 0)
			return 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(no); i++)
		if (strcmp(s, no[i]) == 0)
			return 0;
	return -1;
}

static bool at_end(const char *s)
{
	return *s == '\0' || *s == ',';
}

/* The length of the part of @s up to a comma. */
static size_t part_len(const char *s)
{
	size_t n = 0;

	while (!at_end(s + n))
		n++;
	return n;
}

static bool part_is(const char *s, const char *word)
{
	size_t n = part_len(s);

	return strlen(word) == n && strncmp(s, word, n) == 0;
}

static const char *next_part(const char *s)
{
	s += part_len(s);
	return *s == ',' ? s + 1 : NULL;
}

/* A size, or "N%", "N%+size" of RAM; and a minus: all but that much. */
static bool dom0_size(const char *s, uint64_t *out)
{
	bool minus = *s == '-';
	uint64_t ram = memmap_ram_bytes(&bootinfo), v, extra = 0;
	const char *p = s + minus;

	if (!cmdline_number(&p, &v))
		return false;
	if (*p == '%') {
		p++;
		if (v > 100 || (*p == '+' && (p++, !cmdline_size(&p, &extra))))
			return false;
		v = ram / 100 * v + extra;
	} else {
		p = s + minus;
		if (!cmdline_size(&p, &v))
			return false;
	}
	if (!at_end(p))
		return false;
	*out = minus ? (ram > v ? ram - v : 0) : v;
	return true;
}

/* dom0_mem=[min:SIZE,][max:SIZE,][SIZE] */
static bool opt_dom0_mem(const char *s)
{
	struct boot_options *o = &boot_options;

	for (; s; s = next_part(s)) {
		uint64_t *field = &o->dom0_mem;

		if (strncmp(s, "min:", 4) == 0) {
			field = &o->dom0_mem_min;
			s += 4;
		} else if (strncmp(s, "max:", 4) == 0) {
			field = &o->dom0_mem_max;
			s += 4;
		}
		if (!dom0_size(s, field))
			return false;
	}
	return true;
}

/* dom0_max_vcpus=N, or MIN-MAX: the upper limit counts. */
static bool opt_dom0_vcpus(const char *s)
{
	uint64_t lo = 0, hi;

	if (*s != '-' && !cmdline_number(&s, &lo))
		return false;
	hi = lo;
	if (*s == '-') {
		s++;
		hi = ~0U;
		if (*s != '\0' && !cmdline_number(&s, &hi))
			return false;
	}
	if (*s != '\0' || hi < lo)
		return false;
	boot_options.dom0_max_vcpus = (uint32_t)MIN(hi, (uint64_t)~0U);
	return true;
}

/* comN=BAUD[/HZ][,DPS][,IO-BASE[,IRQ[,...]]], BAUD may be "auto" */
static bool opt_com(unsigned int n, const char *s)
{
	struct boot_options *o = &boot_options;
	uint64_t v;

	o->com_baud[n] = 115200;
	if (part_is(s, "auto"))
		s += 4;
	else if (!cmdline_number(&s, &v) || v == 0 || v > 4000000)
		return false;
	else
		o->com_baud[n] = (uint32_t)v;
	s = next_part(s); /* past a clock rate too */
	if (s && part_len(s) == 3 && s[0] >= '5' && s[0] <= '8') {
		memcpy(o->com_format[n], s, 3);
		s = next_part(s);
	}
	if (s && !at_end(s)) {
		if (!cmdline_number(&s, &v) || v == 0 || v > 0xfff8)
			return false; /* includes "pci" and "amt" */
		o->com_io[n] = (uint16_t)v;
	}
	s = s ? next_part(s) : NULL;
	if (s && !at_end(s)) {
		if (!cmdline_number(&s, &v) || v > 255)
			return false;
		o->com_irq[n] = (uint8_t)v;
	}
	return true;
}

static bool opt_com1(const char *s)
{
	return opt_com(0, s);
}

static bool opt_com2(const char *s)
{
	return opt_com(1, s);
}

static bool opt_console(const char *s)
{
	struct boot_options *o = &boot_options;
	bool fine = true;

	o->console_com[0] = o->console_com[1] = o->console_vga = false;
	o->console_none = false;
	for (; s; s = next_part(s)) {
		if (strncmp(s, "com1", 4) == 0)
			o->console_com[0] = true;
		else if (strncmp(s, "com2", 4) == 0)
			o->console_com[1] = true;
		else if (strncmp(s, "vga", 3) == 0)
			o->console_vga = true;
		else if (part_is(s, "none"))
			o->console_none = true;
		else
			fine = false;
	}
	return fine;
}

static int level_of(const char *s, size_t n)
{
	static const struct {
		const char *name;
		int level;
	} names[] = {
		{ "none", -1 },		{ "error", LOG_ERR },
		{ "warning", LOG_WARN }, { "info", LOG_INFO },
		{ "debug", LOG_DEBUG },	{ "all", LOG_DEBUG },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == n &&
		    strncmp(names[i].name, s, n) == 0)
			return names[i].level;
	return -2;
}

/* LEVEL, or LEVEL/LEVEL: the second is a limit to rate-limited lines. */
static bool parse_level(const char *s, int *out)
{
	const char *slash = strchr(s, '/');
	int level = level_of(s, slash ? (size_t)(slash - s) : strlen(s));

	if (slash && level >= -1)
		level = MAX(level, level_of(slash + 1, strlen(slash + 1)));
	if (level < -1)
		return false;
	*out = level;
	return true;
}

static bool opt_loglvl(const char *s)
{
	return parse_level(s, &boot_options.loglvl);
}

static bool opt_guest_loglvl(const char *s)
{
	return parse_level(s, &boot_options.guest_loglvl);
}

enum opt_kind { OPT_BOOL, OPT_OFF, OPT_U32, OPT_SIZE, OPT_SIZE32, OPT_STR,
		OPT_FN };

struct option {
	const char *name;
	enum opt_kind kind;
	void *field; /* OPT_OFF: a bool that is set when the option is off */
	bool (*fn)(const char *value);
};

#define F(member) .field = &boot_options.member
static const struct option options[] = {
	{ "dom0_mem", OPT_FN, .fn = opt_dom0_mem },
	{ "dom0_max_vcpus", OPT_FN, .fn = opt_dom0_vcpus },
	{ "com1", OPT_FN, .fn = opt_com1 },
	{ "com2", OPT_FN, .fn = opt_com2 },
	{ "console", OPT_FN, .fn = opt_console },
	{ "loglvl", OPT_FN, .fn = opt_loglvl },
	{ "guest_loglvl", OPT_FN, .fn = opt_guest_loglvl },
	{ "noreboot", OPT_BOOL, F(noreboot) },
	{ "maxcpus", OPT_U32, F(maxcpus) },
	{ "x2apic", OPT_OFF, F(no_x2apic) },
	{ "smep", OPT_OFF, F(no_smep) },
	{ "smap", OPT_OFF, F(no_smap) },
	{ "sched", OPT_STR, F(sched) },
	{ "sync_console", OPT_BOOL, F(sync_console) },
	{ "mem", OPT_SIZE, F(mem_limit) },
	{ "conring_size", OPT_SIZE32, F(conring_size) },
	{ "gnttab_max_frames", OPT_U32, F(gnttab_max_frames) },
	{ "gnttab_max_maptrack_frames", OPT_U32, F(gnttab_max_maptrack) },
};
#undef F

/* Options of Xen's that boot entries carry and that change nothing here. */
static const char *const passed_over[] = {
	"acpi", "acpi_sleep", "apic", "apic_verbosity", "argo", "ats",
	"availmem", "badpage", "bootscrub", "bti", "cet", "clocksource",
	"cmci-threshold", "conswitch", "console_timestamps",
	"console_to_ring", "core_parking", "cpufreq", "cpuid", "crashkernel",
	"cpuidle", "dbgp", "debug_stack_lines", "dit", "dma_bits", "dom0",
	"dom0-iommu", "dom0_ioports_disable", "dom0_nodes",
	"dom0_vcpus_pin", "domcr_debug", "edd", "edid", "efi", "ept", "ewmc",
	"extra_guest_irqs", "gdb", "gnttab", "gnttab_max_version", "guest_loglvl_timestamps",
	"hap", "hardware_dom", "highmem-start", "hmp-unsafe", "hpet",
	"hvm_debug", "idle_latency_factor", "ioapic_ack", "iommu",
	"irq_ratelimit", "irq_vector_map", "kexec", "lapic", "mce",
	"max_cstate", "max_gsi_irqs", "max_lpi_bits", "mmcfg", "msi",
	"mwait-idle", "nmi", "nmi_watchdog", "nodelay", "no-bootscrub",
	"no-real-mode", "numa", "nr_irqs", "pci", "pci-phantom", "pcid",
	"placeholder", "ple_gap", "ple_window", "psr", "pv", "pv-l1tf",
	"pv-linear-pt", "rcu-idle-timer-period-ms", "reboot", "ro-hpet",
	"rsb_native", "sched-gran", "sched_credit_tslice_ms",
	"sched_ratelimit_us", "serial_tx_buffer", "shim", "smt", "spec-ctrl",
	"suppress-duplicate-symbol-warnings", "tbuf_size", "tboot", "tdp",
	"tevt_mask", "timer_slop", "tsc", "tsx", "ucode", "unrestricted_guest",
	"vcpu_migration_delay", "verbose", "vesa-map", "vesa-mtrr", "vesa-ram",
	"vga", "vm-notify-window", "vpid", "vpmu", "vwfi", "wallclock",
	"watchdog", "watchdog_timeout", "x2apic_phys", "xenheap_megabytes",
	"xpti", "xsave", "xsm",
};

static bool set_number(const struct option *o, const char *value)
{
	uint64_t v;
	bool ok = o->kind == OPT_U32 ? cmdline_number(&value, &v) :
				       cmdline_size(&value, &v);

	if (!ok || *value != '\0' || (o->kind != OPT_SIZE && v >> 32))
		return false;
	if (o->kind == OPT_SIZE)
		*(uint64_t *)o->field = v;
	else
		*(uint32_t *)o->field = (uint32_t)v;
	return true;
}

/* @negated: written as no-NAME. @value is "" when there is no "=". */
static bool set_option(const struct option *o, const char *value, bool negated)
{
	int b;

	switch (o->kind) {
	case OPT_BOOL:
	case OPT_OFF:
		b = cmdline_bool(value);
		if (b < 0)
			return false;
		if ((o->kind == OPT_OFF) != negated)
			b = !b;
		*(bool *)o->field = b;
		return true;
	case OPT_U32:
	case OPT_SIZE:
	case OPT_SIZE32:
		return !negated && set_number(o, value);
	case OPT_STR:
		return !negated && str_copy(o->field, value,
					    sizeof(boot_options.sched)) <
					   sizeof(boot_options.sched);
	case OPT_FN:
		return !negated && o->fn(value);
	}
	return false;
}

static const struct option *find_option(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static bool is_passed_over(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(passed_over); i++)
		if (strcmp(passed_over[i], name) == 0)
			return true;
	return false;
}

static void take_word(char *word)
{
	char *value = strchr(word, '=');
	const char *name = word;
	const struct option *o;
	bool negated = false;

	if (value)
		*value++ = '\0';
	o = find_option(name);
	if (!o && strncmp(name, "no-", 3) == 0) {
		negated = true;
		o = find_option(name += 3);
	}
	if (o) {
		if (!set_option(o, value ? value : "", negated))
			complain(LOG_WARN, word, "bad value, option ignored");
	} else if (is_passed_over(name)) {
		complain(LOG_DEBUG, word, "has no effect here");
	} else {
		complain(LOG_WARN, word, "unknown option");
	}
}

void boot_cmdline_parse(const char *line)
{
	static char buf[BOOT_CMDLINE_MAX];
	char *p = buf, *word;

	complaint_count = 0;
	str_copy(buf, line, sizeof(buf));
	for (;;) {
		while (*p == ' ')
			p++;
		if (*p == '\0')
			return;
		word = p;
		while (*p != ' ' && *p != '\0')
			p++;
		if (*p != '\0')
			*p++ = '\0';
		if (strcmp(word, "--") == 0)
			return; /* the rest is the kernel's */
		take_word(word);
	}
}
