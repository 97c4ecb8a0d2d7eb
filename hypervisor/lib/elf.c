// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading ELF64 kernels: headers, segments, notes.  No state. */
#include <abi/elfnote.h>
#include <lib/elf.h>
#include <lib/str.h>

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_shdr {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t align, entsize;
};

_Static_assert(sizeof(struct elf_header) == 64, "System V ABI");
_Static_assert(sizeof(struct elf_phdr) == 56, "System V ABI");
_Static_assert(sizeof(struct elf_shdr) == 64, "System V ABI");

enum { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62 };
enum { PT_LOAD = 1, PT_NOTE = 4, SHT_NOTE = 7 };

static int bad(const char **why, const char *text)
{
	*why = text;
	return -ENOEXEC;
}

static bool inside(const struct elf_image *img, uint64_t off, uint64_t len)
{
	return off <= img->len && len <= img->len - off;
}

static bool fetch(const struct elf_image *img, void *dst, uint64_t off,
		  size_t len)
{
	if (!inside(img, off, len))
		return false;
	memcpy(dst, img->data + off, len);
	return true;
}

static int check_header(const struct elf_header *h, const char **why)
{
	static const uint8_t ident[6] = { 0x7f, 'E', 'L', 'F', 2, 1 };

	if (memcmp(h->ident, "\x7f" "ELF", 4))
		return bad(why, "not an ELF file");
	if (memcmp(h->ident, ident, sizeof(ident)) || h->machine != EM_X86_64)
		return bad(why, "not a 64-bit x86 ELF file");
	if (h->type != ET_EXEC && h->type != ET_DYN)
		return bad(why, "not an executable ELF file");
	if (h->phentsize != sizeof(struct elf_phdr))
		return bad(why, "ELF program headers of a wrong size");
	return 0;
}

static int add_segment(struct elf_image *img, const struct elf_phdr *p,
		       const char **why)
{
	struct elf_segment *s;

	if (p->memsz == 0)
		return 0;
	if (p->filesz > p->memsz || !inside(img, p->offset, p->filesz))
		return bad(why, "an ELF segment lies outside the file");
	if (p->paddr + p->memsz < p->paddr || p->vaddr + p->memsz < p->vaddr)
		return bad(why, "an ELF segment wraps around");
	if (img->seg_count == ELF_SEGMENTS_MAX)
		return bad(why, "too many ELF segments");
	s = &img->segs[img->seg_count++];
	*s = (struct elf_segment){ p->offset, p->vaddr, p->paddr, p->filesz,
				   p->memsz };
	return 0;
}

static int read_header(const struct elf_image *img, struct elf_header *h,
		       const char **why)
{
	if (!fetch(img, h, 0, sizeof(*h)))
		return bad(why, "too short for an ELF file");
	return check_header(h, why);
}

int elf_open(struct elf_image *img, const void *data, size_t len,
	     const char **why)
{
	struct elf_header h;
	struct elf_phdr p;
	int rc;

	*img = (struct elf_image){ .data = data, .len = len };
	rc = read_header(img, &h, why);
	img->entry = rc ? 0 : h.entry;
	for (unsigned int i = 0; rc == 0 && i < h.phnum; i++) {
		if (!inside(img, h.phoff, (uint64_t)h.phnum * sizeof(p)) ||
		    !fetch(img, &p, h.phoff + i * sizeof(p), sizeof(p)))
			return bad(why, "ELF program headers lie outside");
		if (p.type == PT_LOAD)
			rc = add_segment(img, &p, why);
	}
	if (rc == 0 && img->seg_count == 0)
		return bad(why, "an ELF file with nothing to load");
	return rc;
}

struct note_head {
	uint32_t namesz, descsz, type;
};

/* Where a note's number goes; 0: nowhere. */
static const struct {
	uint8_t type;
	uint16_t offset;
} numbers[] = {
#define N(t, f) { XEN_ELFNOTE_##t, offsetof(struct elf_xen_notes, f) }
	N(ENTRY, entry),
	N(HYPERCALL_PAGE, hypercall_page),
	N(VIRT_BASE, virt_base),
	N(PADDR_OFFSET, paddr_offset),
	N(INIT_P2M, init_p2m),
	N(MOD_START_PFN, mod_start_pfn),
	N(HV_START_LOW, hv_start_low),
	N(SUPPORTED_FEATURES, supported_features),
#undef N
};

static const struct {
	uint8_t type;
	uint16_t offset, size;
} texts[] = {
#define T(t, f)                                                      \
	{ XEN_ELFNOTE_##t, offsetof(struct elf_xen_notes, f),        \
	  sizeof(((struct elf_xen_notes *)0)->f) }
	T(GUEST_OS, guest_os),
	T(LOADER, loader),
	T(XEN_VERSION, xen_version),
	T(FEATURES, features),
#undef T
};

static bool take_number(struct elf_xen_notes *n, uint32_t type,
			const uint8_t *desc, uint32_t len)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i].type != type)
			continue;
		if (len != 1 && len != 2 && len != 4 && len != 8)
			return false;
		memcpy(&v, desc, len);
		memcpy((char *)n + numbers[i].offset, &v, sizeof(v));
	}
	return true;
}

static void take_text(struct elf_xen_notes *n, uint32_t type,
		      const uint8_t *desc, uint32_t len)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		char *dst = (char *)n + texts[i].offset;
		size_t size = MIN((size_t)len, texts[i].size - 1UL);

		if (texts[i].type != type)
			continue;
		memcpy(dst, desc, size);
		dst[size] = '\0';
	}
}

static bool take_note(struct elf_xen_notes *n, uint32_t type,
		      const uint8_t *desc, uint32_t len)
{
	if (type > XEN_ELFNOTE_MAX)
		return true; /* not for us */
	if (!take_number(n, type, desc, len))
		return false;
	take_text(n, type, desc, len);
	if (type == XEN_ELFNOTE_L1_MFN_VALID && len >= 16) {
		memcpy(&n->l1_mfn_mask, desc, 8);
		memcpy(&n->l1_mfn_value, desc + 8, 8);
	}
	n->present |= 1u << type;
	return true;
}

/* All notes of one note segment or section. */
static int read_notes(const struct elf_image *img, uint64_t off, uint64_t len,
		      struct elf_xen_notes *n, const char **why)
{
	uint64_t end = off + len;
	struct note_head h;

	if (!inside(img, off, len))
		return bad(why, "ELF notes lie outside the file");
	while (end - off >= sizeof(h)) {
		uint64_t name, desc;

		fetch(img, &h, off, sizeof(h));
		name = off + sizeof(h);
		desc = name + ALIGN_UP((uint64_t)h.namesz, 4UL);
		off = desc + ALIGN_UP((uint64_t)h.descsz, 4UL);
		if (desc + h.descsz > end)
			return bad(why, "an ELF note is cut off");
		if (h.namesz == 4 && memcmp(img->data + name, "Xen", 4) == 0 &&
		    !take_note(n, h.type, img->data + desc, h.descsz))
			return bad(why, "a Xen note has a wrong size");
		if (off >= end)
			break;
	}
	return 0;
}

static int notes_of_segments(const struct elf_image *img,
			     const struct elf_header *h,
			     struct elf_xen_notes *n, const char **why)
{
	struct elf_phdr p;
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < h->phnum; i++) {
		if (!fetch(img, &p, h->phoff + i * sizeof(p), sizeof(p)))
			return bad(why, "ELF program headers lie outside");
		if (p.type == PT_NOTE)
			rc = read_notes(img, p.offset, p.filesz, n, why);
	}
	return rc;
}

/* Some linkers leave the notes in sections only. */
static int notes_of_sections(const struct elf_image *img,
			     const struct elf_header *h,
			     struct elf_xen_notes *n, const char **why)
{
	struct elf_shdr s;
	int rc = 0;

	if (h->shentsize != sizeof(s) ||
	    !inside(img, h->shoff, (uint64_t)h->shnum * sizeof(s)))
		return 0;
	for (unsigned int i = 0; rc == 0 && i < h->shnum; i++) {
		fetch(img, &s, h->shoff + i * sizeof(s), sizeof(s));
		if (s.type == SHT_NOTE)
			rc = read_notes(img, s.offset, s.size, n, why);
	}
	return rc;
}

int elf_xen_notes(const struct elf_image *img, struct elf_xen_notes *n,
		  const char **why)
{
	struct elf_header h;
	int rc = read_header(img, &h, why);

	memset(n, 0, sizeof(*n));
	if (rc == 0)
		rc = notes_of_segments(img, &h, n, why);
	if (rc == 0 && n->present == 0)
		rc = notes_of_sections(img, &h, n, why);
	return rc;
}

int elf_extent(const struct elf_image *img, uint64_t *start, uint64_t *end,
	       const char **why)
{
	*start = ~0UL;
	*end = 0;
	for (unsigned int i = 0; i < img->seg_count; i++) {
		const struct elf_segment *a = &img->segs[i];

		for (unsigned int j = 0; j < i; j++) {
			const struct elf_segment *b = &img->segs[j];

			if (a->paddr < b->paddr + b->memsz &&
			    b->paddr < a->paddr + a->memsz)
				return bad(why, "ELF segments overlap");
		}
		*start = MIN(*start, a->paddr);
		*end = MAX(*end, a->paddr + a->memsz);
	}
	return *start < *end ? 0 : bad(why, "an ELF file of no size");
}
