// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Multiboot 2 (GRUB's "multiboot2" command, BIOS and UEFI): a sequence of
 * tags.  Each tag is bounded by the total size, each field by its tag.  The
 * firmware's own (E820) map is preferred; UEFI's serves where there is none.
 * No state.
 */
#include <boot/bootinfo_priv.h>
#include <boot/memmap.h>
#include <lib/str.h>

enum {
	MB2_END = 0,
	MB2_CMDLINE = 1,
	MB2_LOADER = 2,
	MB2_MODULE = 3,
	MB2_MMAP = 6,
	MB2_FRAMEBUFFER = 8,
	MB2_EFI64 = 12,
	MB2_ACPI1 = 14,
	MB2_ACPI2 = 15,
	MB2_EFI_MMAP = 17,
	MB2_COUNT,
};

#define MB2_TOTAL_MAX (16u << 20)

struct mb2_tag {
	uint32_t type, size;
};

/* One tag being read: its address, and its size, header included. */
struct tag {
	const struct loader_data *l;
	paddr_t at;
	uint32_t size;
};

static int tag_read(const struct tag *t, void *dst, uint32_t off, uint32_t len)
{
	if (off > t->size || len > t->size - off)
		return loader_bad(t->l, "a multiboot2 tag is too short");
	return loader_read(t->l, dst, t->at + off, len,
			   "a multiboot2 tag cannot be reached");
}

/* The string from @off to the tag's end, cut to @size. */
static int tag_string(const struct tag *t, uint32_t off, char *dst, size_t size)
{
	uint32_t n;

	if (off > t->size)
		return loader_bad(t->l, "a multiboot2 tag is too short");
	n = MIN(t->size - off, (uint32_t)size - 1);
	dst[n] = '\0';
	return n ? tag_read(t, dst, off, n) : 0;
}

static int take_cmdline(const struct tag *t)
{
	return tag_string(t, 8, t->l->out->cmdline,
			  sizeof(t->l->out->cmdline));
}

static int take_loader(const struct tag *t)
{
	return tag_string(t, 8, t->l->out->loader, sizeof(t->l->out->loader));
}

static int take_module(const struct tag *t)
{
	static char text[BOOT_CMDLINE_MAX];
	uint32_t range[2];

	if (tag_read(t, range, 8, sizeof(range)) ||
	    tag_string(t, 16, text, sizeof(text)))
		return -EINVAL;
	return loader_module(t->l, range[0], range[1], text);
}

struct mb2_range {
	uint64_t start, len;
	uint32_t type, zero;
};

static int take_mmap(const struct tag *t)
{
	struct mb2_range r;
	uint32_t entry;

	if (tag_read(t, &entry, 8, sizeof(entry)))
		return -EINVAL;
	if (entry < sizeof(r))
		return loader_bad(t->l, "bad memory map entry size");
	for (uint64_t off = 16; off + sizeof(r) <= t->size; off += entry) {
		if (tag_read(t, &r, (uint32_t)off, sizeof(r)))
			return -EINVAL;
		if (memmap_add(t->l->out, r.start, r.len, r.type))
			return loader_bad(t->l, "too many memory map entries");
	}
	return 0;
}

struct mb2_fb {
	uint64_t addr;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
	uint16_t reserved;
	uint8_t colour[6];
} __attribute__((packed));

static int take_framebuffer(const struct tag *t)
{
	struct bootinfo *b = t->l->out;
	struct mb2_fb fb = { .addr = 0 };
	uint32_t len = MIN(t->size - 8, (uint32_t)sizeof(fb));

	if (len < offsetof(struct mb2_fb, reserved))
		return 0;
	if (tag_read(t, &fb, 8, len))
		return -EINVAL;
	if (fb.type != 1 && fb.type != 2)
		return 0;
	b->fb.type = fb.type;
	b->fb.base = fb.addr;
	b->fb.width = fb.width;
	b->fb.height = fb.height;
	b->fb.pitch = fb.pitch;
	b->fb.bpp = fb.bpp;
	memcpy(b->fb.colour, fb.colour, sizeof(b->fb.colour));
	return 0;
}

static int take_efi64(const struct tag *t)
{
	uint64_t systab;

	if (tag_read(t, &systab, 8, sizeof(systab)))
		return -EINVAL;
	t->l->out->efi = true;
	t->l->out->efi_systab = systab;
	return 0;
}

/* ACPI 1's RSDP has 20 bytes, ACPI 2's 36; the newer one wins. */
static int take_rsdp(const struct tag *t)
{
	struct bootinfo *b = t->l->out;
	uint32_t len = MIN(t->size - 8, (uint32_t)sizeof(b->rsdp_copy));

	if (len < 20 || b->rsdp_copy[15] >= 2)
		return 0;
	return tag_read(t, b->rsdp_copy, 8, len);
}

static int take_efi_mmap(const struct tag *t)
{
	struct bootinfo *b = t->l->out;
	uint32_t desc[2];

	if (tag_read(t, desc, 8, sizeof(desc)))
		return -EINVAL;
	if (desc[0] < 40)
		return loader_bad(t->l, "bad EFI memory descriptor size");
	b->efi_mmap = t->at + 16;
	b->efi_mmap_size = (t->size - 16) / desc[0] * desc[0];
	b->efi_desc_size = desc[0];
	b->efi_desc_version = desc[1];
	return 0;
}

static int (*const takers[MB2_COUNT])(const struct tag *t) = {
	[MB2_CMDLINE] = take_cmdline,
	[MB2_LOADER] = take_loader,
	[MB2_MODULE] = take_module,
	[MB2_MMAP] = take_mmap,
	[MB2_FRAMEBUFFER] = take_framebuffer,
	[MB2_EFI64] = take_efi64,
	[MB2_ACPI1] = take_rsdp,
	[MB2_ACPI2] = take_rsdp,
	[MB2_EFI_MMAP] = take_efi_mmap,
};

struct efi_descriptor {
	uint32_t type, pad;
	uint64_t start, virt, pages, attribute;
};

static int use_efi_mmap(const struct loader_data *l)
{
	struct bootinfo *b = l->out;
	struct efi_descriptor d;

	for (uint32_t off = 0; off + sizeof(d) <= b->efi_mmap_size;
	     off += b->efi_desc_size) {
		if (loader_read(l, &d, b->efi_mmap + off, sizeof(d),
				"the EFI memory map cannot be reached"))
			return -EINVAL;
		if (d.pages >> 52 ||
		    memmap_add(b, d.start, d.pages << PAGE_SHIFT,
			       memmap_type_of_efi(d.type, d.attribute)))
			return loader_bad(l, "bad EFI memory map");
	}
	return 0;
}

static int read_tags(const struct loader_data *l, paddr_t at, uint32_t total)
{
	uint32_t off = 8;
	struct mb2_tag h;

	while (off <= total - sizeof(h)) {
		struct tag t = { .l = l, .at = at + off };
		int rc = loader_read(l, &h, t.at, sizeof(h),
				     "a multiboot2 tag cannot be reached");

		if (rc || h.type == MB2_END)
			return rc;
		if (h.size < sizeof(h) || h.size > total - off)
			return loader_bad(l, "bad multiboot2 tag size");
		t.size = h.size;
		if (h.type < MB2_COUNT && takers[h.type])
			rc = takers[h.type](&t);
		if (rc)
			return rc;
		if (h.size > total - off - 7) /* the next one would not fit */
			break;
		off += ALIGN_UP(h.size, 8u);
	}
	return 0;
}

int multiboot2_read(const struct loader_data *l, paddr_t info)
{
	uint32_t head[2]; /* total size, reserved */
	int rc = loader_read(l, head, info, sizeof(head),
			     "bad multiboot2 address");

	if (rc == 0 && (head[0] < 16 || head[0] > MB2_TOTAL_MAX))
		rc = loader_bad(l, "bad multiboot2 size");
	if (rc == 0)
		rc = read_tags(l, info, head[0]);
	if (rc == 0 && l->out->map_count == 0 && l->out->efi_mmap)
		rc = use_efi_mmap(l);
	return rc;
}
