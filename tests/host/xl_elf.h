/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl_elf.h: makes small paravirtual kernels for the tests of the builder, in
 * memory, right or wrong in a chosen way.
 */
#ifndef HOST_XL_ELF_H
#define HOST_XL_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <abi/elfnote.h>

struct test_elf {
	uint8_t data[32768];
	size_t len;
};

struct test_kernel {
	uint64_t virt_base, paddr, entry_offset, hypercall_offset;
	uint64_t file_size, mem_size;
	uint64_t init_p2m;		/* 0: no such note */
	bool mod_start_pfn, no_notes, no_hypercall_page;
	const char *features, *xen_version, *loader;
};

/* What Linux looks like: high virtual addresses, its own place for the p2m. */
static inline struct test_kernel test_kernel_linux(void)
{
	return (struct test_kernel){
		.virt_base = 0xffffffff80000000,
		.paddr = 0x1000000,
		.hypercall_offset = 0x1000,
		.file_size = 0x3000,
		.mem_size = 0x9000,
		.init_p2m = 0x8000000000,
		.mod_start_pfn = true,
		.features = "!writable_page_tables|pae_pgdir_above_4gb",
		.xen_version = "xen-3.0",
		.loader = "generic",
	};
}

/* The smallest sort: everything mapped from address 0. */
static inline struct test_kernel test_kernel_tiny(void)
{
	return (struct test_kernel){
		.paddr = 0x100000,
		.hypercall_offset = 0x1000,
		.file_size = 0x2010,
		.mem_size = 0x4000,
		.xen_version = "xen-3.0",
		.loader = "generic",
	};
}

static inline void test_note(struct test_elf *e, uint32_t type,
			     const void *desc, size_t size)
{
	Elf64_Nhdr head = { 4, (Elf64_Word)size, type };

	memcpy(e->data + e->len, &head, sizeof(head));
	memcpy(e->data + e->len + sizeof(head), "Xen", 4);
	e->len += sizeof(head) + 4;
	memcpy(e->data + e->len, desc, size);
	e->len += (size + 3) & ~(size_t)3;
}

static inline void test_note_number(struct test_elf *e, uint32_t type,
				    uint64_t n)
{
	test_note(e, type, &n, sizeof(n));
}

static inline void test_note_text(struct test_elf *e, uint32_t type,
				  const char *s)
{
	if (s)
		test_note(e, type, s, strlen(s) + 1);
}

#define TEST_ELF_NOTES 0x200
#define TEST_ELF_CODE 0x1000

/* Writes the ELF file of @k. */
static inline void test_elf_make(struct test_elf *e,
				 const struct test_kernel *k)
{
	uint64_t va = k->virt_base + k->paddr;
	Elf64_Phdr load = { .p_type = PT_LOAD, .p_offset = TEST_ELF_CODE,
			    .p_vaddr = va, .p_paddr = k->paddr,
			    .p_filesz = k->file_size, .p_memsz = k->mem_size };
	Elf64_Phdr note = { .p_type = PT_NOTE, .p_offset = TEST_ELF_NOTES };
	Elf64_Ehdr head = { .e_type = ET_EXEC, .e_machine = EM_X86_64,
			    .e_entry = va,
			    .e_phoff = sizeof(head),
			    .e_phentsize = sizeof(load),
			    .e_phnum = k->no_notes ? 1 : 2 };

	memset(e, 0, sizeof(*e));
	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	e->len = TEST_ELF_NOTES;
	test_note_number(e, XEN_ELFNOTE_VIRT_BASE, k->virt_base);
	test_note_number(e, XEN_ELFNOTE_ENTRY, va + k->entry_offset);
	if (!k->no_hypercall_page)
		test_note_number(e, XEN_ELFNOTE_HYPERCALL_PAGE,
				 va + k->hypercall_offset);
	if (k->init_p2m)
		test_note_number(e, XEN_ELFNOTE_INIT_P2M, k->init_p2m);
	if (k->mod_start_pfn)
		test_note_number(e, XEN_ELFNOTE_MOD_START_PFN, 1);
	test_note_text(e, XEN_ELFNOTE_FEATURES, k->features);
	test_note_text(e, XEN_ELFNOTE_XEN_VERSION, k->xen_version);
	test_note_text(e, XEN_ELFNOTE_LOADER, k->loader);
	note.p_filesz = note.p_memsz = e->len - TEST_ELF_NOTES;
	memcpy(e->data, &head, sizeof(head));
	memcpy(e->data + sizeof(head), &load, sizeof(load));
	memcpy(e->data + sizeof(head) + sizeof(load), &note, sizeof(note));
	for (uint64_t i = 0; i < k->file_size; i++)
		e->data[TEST_ELF_CODE + i] = (uint8_t)(1 + i % 251);
	e->len = TEST_ELF_CODE + k->file_size;
}

#endif
