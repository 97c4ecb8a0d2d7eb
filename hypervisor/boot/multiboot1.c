// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Multiboot 1 (`qemu -kernel`, GRUB's "multiboot" command): a structure of
 * 32-bit words, each valid if its flag is set.  No state.
 */
#include <boot/bootinfo_priv.h>
#include <boot/memmap.h>

enum {
	MB1_MEMORY = 1 << 0,
	MB1_CMDLINE = 1 << 2,
	MB1_MODULES = 1 << 3,
	MB1_MMAP = 1 << 6,
	MB1_LOADER = 1 << 9,
	MB1_FRAMEBUFFER = 1 << 12,
};

struct mb1_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper; /* KiB below 1 MiB; KiB from 1 MiB on */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t loader_name;
	uint32_t apm_table;
	uint32_t vbe[4];
	uint64_t fb_addr;
	uint32_t fb_pitch, fb_width, fb_height;
	uint8_t fb_bpp, fb_type; /* 1: RGB, 2: text */
	uint8_t fb_colour[6];
} __attribute__((packed));

_Static_assert(sizeof(struct mb1_info) == 116, "multiboot 1, section 3.3");

struct mb1_module {
	uint32_t start, end, string, reserved;
};

struct mb1_range {
	uint32_t size; /* of what follows */
	uint64_t start, len;
	uint32_t type;
} __attribute__((packed));

#define MB1_MMAP_MAX 0x10000 /* bytes: far more than BOOT_RANGES_MAX need */

static int read_mmap(const struct loader_data *l, const struct mb1_info *mb)
{
	paddr_t p = mb->mmap_addr;
	paddr_t end = p + MIN(mb->mmap_length, MB1_MMAP_MAX);
	struct mb1_range r;

	while (p + sizeof(r) <= end) {
		if (loader_read(l, &r, p, sizeof(r), "bad memory map address"))
			return -EINVAL;
		if (r.size < sizeof(r) - sizeof(r.size))
			return loader_bad(l, "bad memory map entry size");
		if (memmap_add(l->out, r.start, r.len, r.type))
			return loader_bad(l, "too many memory map entries");
		p += sizeof(r.size) + (uint64_t)r.size;
	}
	return 0;
}

/* Old loaders: two numbers instead of a map. */
static int use_mem_words(const struct loader_data *l,
			 const struct mb1_info *mb)
{
	int rc = memmap_add(l->out, 0, (uint64_t)mb->mem_lower << 10,
			    MEMMAP_RAM);

	if (rc == 0)
		rc = memmap_add(l->out, 1 << 20, (uint64_t)mb->mem_upper << 10,
				MEMMAP_RAM);
	return rc ? loader_bad(l, "too many memory map entries") : 0;
}

static int read_modules(const struct loader_data *l, const struct mb1_info *mb)
{
	static char text[BOOT_CMDLINE_MAX];
	struct mb1_module m;

	for (uint32_t i = 0; i < mb->mods_count; i++) {
		paddr_t p = mb->mods_addr + (paddr_t)i * sizeof(m);

		if (i >= BOOT_MODULES_MAX)
			return loader_bad(l, "too many modules");
		if (loader_read(l, &m, p, sizeof(m), "bad module list"))
			return -EINVAL;
		text[0] = '\0';
		if (m.string &&
		    loader_string(l, text, sizeof(text), m.string,
				  "bad module string"))
			return -EINVAL;
		if (loader_module(l, m.start, m.end, text))
			return -EINVAL;
	}
	return 0;
}

static void note_framebuffer(struct bootinfo *b, const struct mb1_info *mb)
{
	if (mb->fb_type != 1 && mb->fb_type != 2)
		return;
	b->fb.type = mb->fb_type;
	b->fb.base = mb->fb_addr;
	b->fb.width = mb->fb_width;
	b->fb.height = mb->fb_height;
	b->fb.pitch = mb->fb_pitch;
	b->fb.bpp = mb->fb_bpp;
	for (unsigned int i = 0; i < sizeof(b->fb.colour); i++)
		b->fb.colour[i] = mb->fb_colour[i];
}

int multiboot1_read(const struct loader_data *l, paddr_t info)
{
	struct mb1_info mb;
	struct bootinfo *b = l->out;
	int rc = loader_read(l, &mb, info, sizeof(mb), "bad multiboot address");

	if (rc == 0 && (mb.flags & MB1_CMDLINE) && mb.cmdline)
		rc = loader_string(l, b->cmdline, sizeof(b->cmdline),
				   mb.cmdline, "bad command line address");
	if (rc == 0 && (mb.flags & MB1_LOADER) && mb.loader_name)
		rc = loader_string(l, b->loader, sizeof(b->loader),
				   mb.loader_name, "bad loader name address");
	if (rc == 0 && (mb.flags & MB1_MODULES))
		rc = read_modules(l, &mb);
	if (rc)
		return rc;
	if (mb.flags & MB1_FRAMEBUFFER)
		note_framebuffer(b, &mb);
	if (mb.flags & MB1_MMAP)
		return read_mmap(l, &mb);
	if (mb.flags & MB1_MEMORY)
		return use_mem_words(l, &mb);
	return loader_bad(l, "the loader gives no memory map");
}
