// SPDX-License-Identifier: GPL-2.0-or-later
/* Multiboot data of both kinds, as QEMU and GRUB make it, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <boot/memmap.h>
#include "boot_fake.h"

#define MB1 0x2badb002u
#define MB2 0x36d76289u

static struct bootinfo b;
static const char *why;
static struct phys_writer w;

static int parse(uint32_t magic, paddr_t info)
{
	return bootinfo_parse(magic, info, phys_at, &b, &why);
}

static int start(void **state)
{
	(void)state;
	memset(phys_mem, 0, sizeof(phys_mem));
	w.at = PHYS_BASE + 0x1000;
	return 0;
}

static uint32_t put_string(const char *s)
{
	uint32_t at = (uint32_t)phys_put(&w, s, strlen(s) + 1);

	phys_align(&w, 8);
	return at;
}

static uint32_t put_words(const uint32_t *v, size_t n)
{
	return (uint32_t)phys_put(&w, v, n * 4);
}

/* --- multiboot 1 --- */

static void put_range(uint64_t at, uint64_t len, uint32_t type)
{
	uint32_t r[] = { 20, (uint32_t)at, (uint32_t)(at >> 32), (uint32_t)len,
			 (uint32_t)(len >> 32), type };

	put_words(r, 6);
}

/* Words of the information structure that a test may change first. */
static uint32_t mb1[29];

static void make_mb1(const char *loader)
{
	uint32_t k = put_string("vmlinuz console=hvc0  quiet");
	uint32_t i = put_string("initrd");
	uint32_t mods[] = { 0x400000, 0x500000, k, 0,
			    0x500000, 0x600000, i, 0 };

	memset(mb1, 0, sizeof(mb1));
	mb1[0] = 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9;
	mb1[4] = put_string("  build/parvis dom0_mem=1G com1=115200");
	mb1[5] = 2;
	mb1[6] = put_words(mods, 8);
	mb1[12] = (uint32_t)w.at;
	put_range(0, 0x9f000, 1);
	put_range(0x100000, 0x7ff00000, 1);
	put_range(0x7ffe0000, 0x20000, 2);
	mb1[11] = (uint32_t)w.at - mb1[12];
	mb1[16] = put_string(loader);
}

static int parse_mb1(void)
{
	phys_align(&w, 8);
	return parse(MB1, phys_put(&w, mb1, 116));
}

static void qemu_puts_names_first(void **state)
{
	(void)state;
	make_mb1("qemu");
	assert_int_equal(parse_mb1(), 0);
	assert_string_equal(b.cmdline, "dom0_mem=1G com1=115200");
	assert_int_equal(b.module_count, 2);
	assert_string_equal(b.modules[0].cmdline, "console=hvc0  quiet");
	assert_string_equal(b.modules[1].cmdline, "");
	assert_int_equal(b.modules[1].start, 0x500000);
	assert_int_equal(b.modules[1].end, 0x600000);
	assert_int_equal(memmap_ram_end(&b), 0x7ffe0000);
	assert_int_equal(memmap_type_at(&b, 0x7ffe0000), 2);
}

static void grub2_leaves_names_out(void **state)
{
	(void)state;
	make_mb1("GRUB 2.06-13");
	assert_int_equal(parse_mb1(), 0);
	assert_string_equal(b.cmdline, "build/parvis dom0_mem=1G com1=115200");
	assert_string_equal(b.modules[1].cmdline, "initrd");
	start(NULL);
	make_mb1("GRUB 0.97");
	assert_int_equal(parse_mb1(), 0);
	assert_string_equal(b.cmdline, "dom0_mem=1G com1=115200");
}

static void two_numbers_instead_of_a_map(void **state)
{
	(void)state;
	make_mb1("old");
	mb1[0] = 1;
	mb1[1] = 640;
	mb1[2] = 64 << 10;
	assert_int_equal(parse_mb1(), 0);
	assert_int_equal(memmap_ram_bytes(&b), (640 << 10) + (64 << 20));
	assert_int_equal(b.module_count, 0);
}

static void bad_mb1(unsigned int word, uint32_t value, const char *reason)
{
	start(NULL);
	make_mb1("qemu");
	mb1[word] = value;
	assert_int_equal(parse_mb1(), -EINVAL);
	assert_string_equal(why, reason);
}

static void refuses_bad_mb1(void **state)
{
	(void)state;
	bad_mb1(4, 0x50000000, "bad command line address");
	bad_mb1(6, PHYS_BASE + PHYS_SIZE - 4, "bad module list");
	bad_mb1(12, 0xfffffff0, "bad memory map address");
	bad_mb1(11, 0, "the loader reports no RAM");
	bad_mb1(0, 0, "the loader gives no memory map");
	assert_int_equal(parse(MB1, 0x1000), -EINVAL);
	assert_int_equal(parse(0x12345678, PHYS_BASE), -EINVAL);
}

static void too_many_modules(void **state)
{
	uint32_t mods[4 * 9] = { 0 };

	(void)state;
	make_mb1("qemu");
	mb1[5] = 9;
	mb1[6] = put_words(mods, 36);
	assert_int_equal(parse_mb1(), -EINVAL);
	assert_string_equal(why, "too many modules");
	start(NULL);
	make_mb1("qemu");
	mods[0] = 5;
	mb1[5] = 1;
	mb1[6] = put_words(mods, 4);
	assert_int_equal(parse_mb1(), -EINVAL);
	assert_string_equal(why, "a module ends before it starts");
}

/* --- multiboot 2 --- */

static paddr_t mb2_start;

static void tag(uint32_t type, const void *data, uint32_t len)
{
	uint32_t head[2] = { type, len + 8 };

	phys_put(&w, head, 8);
	phys_put(&w, data, len);
	phys_align(&w, 8);
}

static void string_tag(uint32_t type, const char *s)
{
	tag(type, s, (uint32_t)strlen(s) + 1);
}

static void module_tag(uint32_t from, uint32_t to, const char *s)
{
	uint8_t t[256];

	memcpy(t, &from, 4);
	memcpy(t + 4, &to, 4);
	memcpy(t + 8, s, strlen(s) + 1);
	tag(3, t, 9 + (uint32_t)strlen(s));
}

static void begin_mb2(void)
{
	uint32_t head[2] = { 0, 0 };

	mb2_start = phys_put(&w, head, 8);
}

static int parse_mb2(void)
{
	uint32_t size;

	tag(0, "", 0);
	size = (uint32_t)(w.at - mb2_start);
	memcpy(phys_mem + (mb2_start - PHYS_BASE), &size, 4);
	return parse(MB2, mb2_start);
}

static void mmap_tag(void)
{
	struct {
		uint32_t size, version;
		struct {
			uint64_t at, len;
			uint32_t type, zero;
		} e[2];
	} m = { 24, 0, { { 0, 0x9f000, 1, 0 }, { 0x100000, 0x1000000, 1, 0 } } };

	tag(6, &m, sizeof(m));
}

static void grub_multiboot2(void **state)
{
	uint8_t rsdp1[20] = "RSD PTR ", rsdp2[36] = "RSD PTR ";
	uint64_t systab = 0x7f000000;

	(void)state;
	rsdp2[15] = 2;
	begin_mb2();
	string_tag(2, "GRUB 2.06");
	string_tag(1, "com1=115200 --");
	module_tag(0x1000000, 0x1800000, "root=/dev/sda1 ro");
	module_tag(0x1800000, 0x1900000, "");
	mmap_tag();
	tag(14, rsdp1, sizeof(rsdp1));
	tag(15, rsdp2, sizeof(rsdp2));
	tag(14, rsdp1, sizeof(rsdp1));
	tag(12, &systab, 8);
	tag(99, "what is this", 12);
	assert_int_equal(parse_mb2(), 0);
	assert_string_equal(b.cmdline, "com1=115200 --");
	assert_int_equal(b.module_count, 2);
	assert_string_equal(b.modules[0].cmdline, "root=/dev/sda1 ro");
	assert_string_equal(b.modules[1].cmdline, "");
	assert_int_equal(b.map_count, 2);
	assert_int_equal(b.rsdp_copy[15], 2);
	assert_true(b.efi);
	assert_int_equal(b.efi_systab, systab);
}

static void efi_map_if_no_other(void **state)
{
	struct {
		uint32_t desc_size, version;
		struct {
			uint32_t type, pad;
			uint64_t at, virt, pages, attr, more;
		} d[2];
	} m = { 48, 1, { { 7, 0, 0x100000, 0, 0x1000, 0xf, 0 },
			 { 6, 0, 0x1100000, 0, 0x10, 0xf, 0 } } };

	(void)state;
	begin_mb2();
	tag(17, &m, sizeof(m));
	assert_int_equal(parse_mb2(), 0);
	assert_int_equal(memmap_ram_bytes(&b), 0x1000000);
	assert_int_equal(memmap_type_at(&b, 0x1100000), 2);
	start(NULL);
	begin_mb2();
	tag(17, &m, sizeof(m));
	mmap_tag();
	assert_int_equal(parse_mb2(), 0);
	assert_int_equal(memmap_type_at(&b, 0x1100000), 0);
}

static void refuses_bad_mb2(void **state)
{
	uint32_t entry[2] = { 8, 0 };

	(void)state;
	begin_mb2();
	tag(3, "x", 1);
	assert_int_equal(parse_mb2(), -EINVAL);
	assert_string_equal(why, "a multiboot2 tag is too short");
	start(NULL);
	begin_mb2();
	tag(6, entry, 8);
	assert_int_equal(parse_mb2(), -EINVAL);
	assert_string_equal(why, "bad memory map entry size");
	start(NULL);
	begin_mb2();
	tag(17, entry, 8);
	assert_int_equal(parse_mb2(), -EINVAL);
	assert_string_equal(why, "bad EFI memory descriptor size");
	start(NULL);
	begin_mb2();
	mmap_tag();
	phys_mem[mb2_start - PHYS_BASE + 8 + 6] = 0xff; /* the tag's size */
	assert_int_equal(parse_mb2(), -EINVAL);
	assert_string_equal(why, "bad multiboot2 tag size");
	assert_int_equal(parse(MB2, PHYS_BASE + PHYS_SIZE - 4), -EINVAL);
}

/* Whatever byte is wrong, the answer is a map or a reason. */
static void survives_any_byte(void **state)
{
	size_t len;

	(void)state;
	begin_mb2();
	string_tag(2, "GRUB 2.06");
	string_tag(1, "x=y");
	module_tag(0x1000000, 0x1800000, "a b");
	mmap_tag();
	assert_int_equal(parse_mb2(), 0);
	len = w.at - mb2_start;
	for (size_t i = 0; i < len; i++)
		for (unsigned int v = 0; v < 256; v += 5) {
			uint8_t *p = phys_mem + (mb2_start - PHYS_BASE) + i;
			uint8_t old = *p;

			*p = (uint8_t)v;
			if (parse(MB2, mb2_start))
				assert_true(*why != '\0');
			*p = old;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, start)
		T(qemu_puts_names_first), T(grub2_leaves_names_out),
		T(two_numbers_instead_of_a_map), T(refuses_bad_mb1),
		T(too_many_modules), T(grub_multiboot2),
		T(efi_map_if_no_other), T(refuses_bad_mb2),
		T(survives_any_byte),
#undef T
	};

	return cmocka_run_group_tests_name("bootinfo", tests, NULL, NULL);
}
