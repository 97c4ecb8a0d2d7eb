/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small kernel in ELF with Xen notes, for tests to load or to damage. */
#ifndef ELF_MAKER_H
#define ELF_MAKER_H

#include <string.h>
#include <abi/core.h>
#include <lib/types.h>

#define ELF_MADE_SIZE 0x3000
#define ELF_BASE 0xffffffff80000000UL
#define ELF_TEXT 0x100000UL /* physical, 4 KiB in the file at 0x1000 */
#define ELF_DATA 0x102000UL /* 0x800 bytes in the file, 0x2800 in memory */
#define ELF_P2M 0x8000000000UL

struct elf_maker {
	uint8_t file[ELF_MADE_SIZE];
	uint32_t notes; /* end of the notes */
};

static inline void elf_set(struct elf_maker *m, uint32_t off, const void *v,
			   size_t len)
{
	memcpy(m->file + off, v, len);
}

static inline void elf_set64(struct elf_maker *m, uint32_t off, uint64_t v)
{
	elf_set(m, off, &v, 8);
}

static inline void elf_note(struct elf_maker *m, uint32_t type, const void *v,
			    uint32_t len)
{
	uint32_t head[3] = { 4, len, type };

	elf_set(m, m->notes, head, 12);
	elf_set(m, m->notes + 12, "Xen", 4);
	elf_set(m, m->notes + 16, v, len);
	m->notes += 16 + (len + 3) / 4 * 4;
	elf_set64(m, 64 + 2 * 56 + 32, m->notes - 0x2800); /* filesz */
}

static inline void elf_note64(struct elf_maker *m, uint32_t type, uint64_t v)
{
	elf_note(m, type, &v, 8);
}

static inline void elf_phdr(struct elf_maker *m, unsigned int n, uint32_t type,
			    uint64_t off, uint64_t paddr, uint64_t filesz,
			    uint64_t memsz)
{
	uint32_t at = 64 + n * 56;
	uint64_t v[] = { off, ELF_BASE + paddr, paddr, filesz, memsz, 4096 };

	elf_set(m, at, &type, 4);
	elf_set(m, at + 8, v, sizeof(v));
}

/* Without notes but for the two that every kernel has. */
static inline void elf_make(struct elf_maker *m)
{
	static const uint8_t ident[16] = "\x7f" "ELF\2\1\1";
	uint16_t half[] = { 2, 62 }, sizes[] = { 64, 56, 3, 64, 0, 0 };

	memset(m, 0, sizeof(*m));
	elf_set(m, 0, ident, 16);
	elf_set(m, 16, half, 4);
	elf_set64(m, 24, ELF_BASE + ELF_TEXT);
	elf_set64(m, 32, 64);
	elf_set(m, 52, sizes, sizeof(sizes));
	elf_phdr(m, 0, 1, 0x1000, ELF_TEXT, 0x1000, 0x1000);
	elf_phdr(m, 1, 1, 0x2000, ELF_DATA, 0x800, 0x2800);
	elf_phdr(m, 2, 4, 0x2800, 0, 0, 0);
	memset(m->file + 0x1000, 0x90, 0x1000);
	memset(m->file + 0x2000, 0xda, 0x800);
	m->notes = 0x2800;
	elf_note64(m, XEN_ELFNOTE_VIRT_BASE, ELF_BASE);
	elf_note64(m, XEN_ELFNOTE_ENTRY, ELF_BASE + ELF_TEXT + 0x40);
}

/* And those of a Linux of today. */
static inline void elf_make_linux(struct elf_maker *m)
{
	uint32_t one = 1, features = BIT(XENFEAT_dom0) | 1;

	elf_make(m);
	elf_note64(m, XEN_ELFNOTE_HYPERCALL_PAGE, ELF_BASE + ELF_DATA);
	elf_note64(m, XEN_ELFNOTE_INIT_P2M, ELF_P2M);
	elf_note64(m, XEN_ELFNOTE_PADDR_OFFSET, 0);
	elf_note(m, XEN_ELFNOTE_MOD_START_PFN, &one, 4);
	elf_note(m, XEN_ELFNOTE_SUPPORTED_FEATURES, &features, 4);
	elf_note(m, XEN_ELFNOTE_GUEST_OS, "linux", 6);
	elf_note(m, XEN_ELFNOTE_LOADER, "generic", 8);
}

#endif
