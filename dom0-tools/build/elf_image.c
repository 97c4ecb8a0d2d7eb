// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf_image.c: bounds-checked ELF64 reader with the "Xen" notes.
 *
 * State: none beyond the caller's struct.  Invariant: every access to the
 * file goes through span(), which refuses what is not wholly inside it, and
 * copies out before use, so alignment does not matter.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include <abi/core.h>
#include <abi/elfnote.h>

#include "elf_image.h"

/* The @size bytes at @offset, or NULL if the file does not have them. */
static const uint8_t *span(const struct elf_image *elf, uint64_t offset,
			   uint64_t size)
{
	if (offset > elf->len || size > elf->len - offset)
		return NULL;
	return elf->data + offset;
}

static bool copy_out(const struct elf_image *elf, uint64_t offset, void *to,
		     size_t size)
{
	const uint8_t *from = span(elf, offset, size);

	if (from)
		memcpy(to, from, size);
	return from != NULL;
}

/* The names of features in the notes' textual form, by bit. */
static const char *const feature_names[] = {
	[XENFEAT_writable_page_tables] = "writable_page_tables",
	[XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
	[XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
	[XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
	[XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
	[XENFEAT_hvm_callback_vector] = "hvm_callback_vector",
	[XENFEAT_dom0] = "dom0",
};

#define FEATURES_COUNT (sizeof(feature_names) / sizeof(feature_names[0]))

static int feature_bit(const char *name, size_t len)
{
	for (size_t i = 0; i < FEATURES_COUNT; i++) {
		const char *known = feature_names[i];

		if (known && strlen(known) == len &&
		    !memcmp(known, name, len))
			return (int)i;
	}
	return -1;
}

static void one_feature(struct elf_xen_notes *notes, const char *name,
			size_t len)
{
	bool required = len && name[0] == '!';
	int bit;

	if (required) {
		name++;
		len--;
	}
	bit = feature_bit(name, len);
	if (bit >= 0) {
		notes->features |= 1ull << bit;
		if (required)
			notes->required |= 1ull << bit;
	} else if (required && len) {
		if (len >= sizeof(notes->bad_feature))
			len = sizeof(notes->bad_feature) - 1;
		memcpy(notes->bad_feature, name, len);
		notes->bad_feature[len] = '\0';
	}
}

/* "a|!b|c": names separated by bars, '!' before what is required. */
static void parse_features(struct elf_xen_notes *notes, const uint8_t *desc,
			   size_t size)
{
	const char *p = (const char *)desc;
	const char *end = p + strnlen(p, size);

	while (p < end) {
		const char *bar = memchr(p, '|', (size_t)(end - p));

		if (!bar)
			bar = end;
		one_feature(notes, p, (size_t)(bar - p));
		p = bar + 1;
	}
}

/* A note's number: 1, 2, 4 or 8 bytes; other sizes read as 0. */
static uint64_t note_number(const uint8_t *desc, size_t size)
{
	uint64_t value = 0;

	if (size == 1 || size == 2 || size == 4 || size == 8)
		memcpy(&value, desc, size);
	return value;
}

static void note_text(char *to, size_t room, const uint8_t *desc, size_t size)
{
	size_t n = strnlen((const char *)desc, size);

	if (n >= room)
		n = room - 1;
	memcpy(to, desc, n);
	to[n] = '\0';
}

enum note_kind { NOTE_NUMBER = 1, NOTE_TEXT };

/* Where each note that we use goes. */
static const struct note_rule {
	enum note_kind kind;
	size_t at, room;
} note_rules[] = {
#define NUMBER(n, f) [n] = { NOTE_NUMBER, offsetof(struct elf_xen_notes, f), 8 }
#define TEXT(n, f) [n] = { NOTE_TEXT, offsetof(struct elf_xen_notes, f), \
			   sizeof(((struct elf_xen_notes *)0)->f) }
	NUMBER(XEN_ELFNOTE_ENTRY, entry),
	NUMBER(XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page),
	NUMBER(XEN_ELFNOTE_VIRT_BASE, virt_base),
	NUMBER(XEN_ELFNOTE_PADDR_OFFSET, paddr_offset),
	NUMBER(XEN_ELFNOTE_HV_START_LOW, hv_start_low),
	NUMBER(XEN_ELFNOTE_INIT_P2M, init_p2m),
	NUMBER(XEN_ELFNOTE_MOD_START_PFN, mod_start_pfn),
	TEXT(XEN_ELFNOTE_GUEST_OS, guest_os),
	TEXT(XEN_ELFNOTE_XEN_VERSION, xen_version),
	TEXT(XEN_ELFNOTE_LOADER, loader),
};

static void take_note(struct elf_xen_notes *notes, uint32_t type,
		      const uint8_t *desc, size_t size)
{
	const struct note_rule *rule;
	uint64_t number;

	if (type < 32)
		notes->present |= 1u << type;
	if (type == XEN_ELFNOTE_FEATURES)
		parse_features(notes, desc, size);
	if (type == XEN_ELFNOTE_SUPPORTED_FEATURES)
		notes->features |= note_number(desc, size);
	if (type >= sizeof(note_rules) / sizeof(note_rules[0]))
		return;
	rule = &note_rules[type];
	if (rule->kind == NOTE_NUMBER) {
		number = note_number(desc, size);
		memcpy((char *)notes + rule->at, &number, sizeof(number));
	} else if (rule->kind == NOTE_TEXT) {
		note_text((char *)notes + rule->at, rule->room, desc, size);
	}
}

static uint64_t round4(uint64_t n)
{
	return (n + 3) & ~3ull;
}

/* Walks one run of notes; a malformed one ends the walk. */
static void read_notes(struct elf_image *elf, uint64_t offset, uint64_t size)
{
	if (!span(elf, offset, size))
		return;
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		uint64_t name_room, desc_room;
		const uint8_t *body;

		copy_out(elf, offset, &head, sizeof(head));
		name_room = round4(head.n_namesz);
		desc_room = round4(head.n_descsz);
		offset += sizeof(head);
		size -= sizeof(head);
		/* The last note's padding may be missing. */
		if (name_room > size || head.n_descsz > size - name_room)
			return;
		body = span(elf, offset, name_room + head.n_descsz);
		if (head.n_namesz == 4 && !memcmp(body, "Xen", 4))
			take_note(&elf->notes, head.n_type, body + name_room,
				  head.n_descsz);
		if (desc_room > size - name_room)
			return;
		offset += name_room + desc_room;
		size -= name_room + desc_room;
	}
}

/* Notes in sections, for kernels linked without a note segment. */
static void read_section_notes(struct elf_image *elf, const Elf64_Ehdr *head)
{
	Elf64_Shdr section;

	if (head->e_shentsize != sizeof(section))
		return;
	for (unsigned int i = 0; i < head->e_shnum; i++) {
		uint64_t at = (uint64_t)i * sizeof(section);

		if (head->e_shoff > elf->len ||
		    !copy_out(elf, head->e_shoff + at, &section,
			      sizeof(section)))
			return;
		if (section.sh_type == SHT_NOTE)
			read_notes(elf, section.sh_offset, section.sh_size);
	}
}

static int check_header(const struct elf_image *elf, const Elf64_Ehdr *head,
			struct fail *fail)
{
	if (memcmp(head->e_ident, ELFMAG, SELFMAG))
		return fail_set(fail, -ENOEXEC, "not an ELF file");
	if (head->e_ident[EI_CLASS] == ELFCLASS32)
		return fail_set(fail, -ENOEXEC,
				"a 32-bit kernel: 32-bit paravirtual guests are not supported; use the amd64 kernel");
	if (head->e_ident[EI_CLASS] != ELFCLASS64 ||
	    head->e_ident[EI_DATA] != ELFDATA2LSB ||
	    head->e_machine != EM_X86_64)
		return fail_set(fail, -ENOEXEC, "not an x86-64 ELF kernel");
	if (head->e_phentsize != sizeof(Elf64_Phdr) || !head->e_phnum)
		return fail_set(fail, -ENOEXEC,
				"the ELF file has no program headers");
	if (head->e_phoff > elf->len)
		return fail_set(fail, -ENOEXEC,
				"the ELF program headers lie outside the file");
	return 0;
}

static int add_segment(struct elf_image *elf, const Elf64_Phdr *ph,
		       struct fail *fail)
{
	struct elf_segment *seg = &elf->segments[elf->segments_count];

	if (!ph->p_memsz)
		return 0;
	if (elf->segments_count == ELF_MAX_SEGMENTS)
		return fail_set(fail, -ENOEXEC,
				"the ELF file has more than %u segments",
				ELF_MAX_SEGMENTS);
	if (ph->p_filesz > ph->p_memsz || !span(elf, ph->p_offset, ph->p_filesz))
		return fail_set(fail, -ENOEXEC,
				"an ELF segment lies outside the file: is it cut short?");
	if (ph->p_paddr + ph->p_memsz < ph->p_paddr)
		return fail_set(fail, -ENOEXEC,
				"an ELF segment wraps round the address space");
	seg->paddr = ph->p_paddr;
	seg->offset = ph->p_offset;
	seg->file_size = ph->p_filesz;
	seg->mem_size = ph->p_memsz;
	elf->segments_count++;
	return 0;
}

int elf_image_read(struct elf_image *elf, const uint8_t *data, size_t len,
		   struct fail *fail)
{
	Elf64_Ehdr head;
	Elf64_Phdr ph;
	int rc;

	memset(elf, 0, sizeof(*elf));
	elf->data = data;
	elf->len = len;
	if (!copy_out(elf, 0, &head, sizeof(head)))
		return fail_set(fail, -ENOEXEC, "too short for an ELF file");
	rc = check_header(elf, &head, fail);
	if (rc)
		return rc;
	elf->entry = head.e_entry;
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		if (!copy_out(elf, head.e_phoff + (uint64_t)i * sizeof(ph),
			      &ph, sizeof(ph)))
			return fail_set(fail, -ENOEXEC,
					"the ELF program headers lie outside the file");
		if (ph.p_type == PT_NOTE)
			read_notes(elf, ph.p_offset, ph.p_filesz);
		else if (ph.p_type == PT_LOAD)
			rc = add_segment(elf, &ph, fail);
		if (rc)
			return rc;
	}
	if (!elf->notes.present)
		read_section_notes(elf, &head);
	if (!elf->segments_count)
		return fail_set(fail, -ENOEXEC,
				"the ELF file has nothing to load");
	return 0;
}
