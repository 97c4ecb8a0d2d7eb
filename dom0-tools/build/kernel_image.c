// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_image.c: from an ELF's notes and segments to a paravirtual kernel's
 * place in its address space.  Pure: no state, no allocation.
 *
 * Invariant on success: start <= entry < end, all in the part of the address
 * space that a guest owns, and at most KERNEL_SPAN_MAX above virt_base, so
 * that later arithmetic on them cannot wrap.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <abi/core.h>
#include <abi/elfnote.h>
#include <lib/elf.h>

#include "kernel_image.h"

/* No kernel needs its first mappings to reach further than this. */
#define KERNEL_SPAN_MAX (1ull << 30)

#define GUEST_LOW_END 0x0000800000000000ull

/* True if [@va, @va + @len) belongs to the guest and is canonical. */
static bool guest_owns(uint64_t va, uint64_t len)
{
	uint64_t last = va + len - 1;

	if (!len || last < va)
		return false;
	return last < GUEST_LOW_END || va >= __HYPERVISOR_VIRT_END;
}

/* What a kernel may call indispensable. */
static const char *const offered[] = {
	"writable_page_tables", "writable_descriptor_tables",
	"pae_pgdir_above_4gb", "hvm_callback_vector", "dom0",
};

static bool is_offered(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(offered); i++) {
		if (strlen(offered[i]) == len && !memcmp(offered[i], name, len))
			return true;
	}
	return false;
}

/* "a|!b|c": names separated by bars, '!' before what is required. */
static int check_features(const struct elf_xen_notes *n, struct fail *fail)
{
	const char *p = n->features;

	if (strlen(p) == sizeof(n->features) - 1)
		return fail_set(fail, -ENOEXEC,
				"the kernel's list of features is too long");
	while (*p) {
		size_t len = strcspn(p, "|");

		if (*p == '!' && len > 1 && !is_offered(p + 1, len - 1))
			return fail_set(fail, -ENOEXEC,
					"the kernel requires the feature \"%.*s\", which paravirtual guests do not get",
					(int)len - 1, p + 1);
		p += len + (p[len] == '|');
	}
	return 0;
}

static int check_notes(const struct elf_xen_notes *n, struct fail *fail)
{
	if (!n->present)
		return fail_set(fail, -ENOEXEC,
				"the kernel has no Xen notes: it was built without paravirtual guest support (CONFIG_XEN_PV)");
	if (elf_has_note(n, XEN_ELFNOTE_XEN_VERSION) &&
	    strcmp(n->xen_version, "xen-3.0"))
		return fail_set(fail, -ENOEXEC,
				"the kernel wants the interface \"%s\"; only \"xen-3.0\" is offered",
				n->xen_version);
	if (elf_has_note(n, XEN_ELFNOTE_LOADER) &&
	    strcmp(n->loader, "generic"))
		return fail_set(fail, -ENOEXEC,
				"the kernel wants the loader \"%s\"; only \"generic\" is offered",
				n->loader);
	return check_features(n, fail);
}

/* The hypervisor's reader of ELF files has its own words. */
static int read_elf(struct kernel_image *k, struct elf_xen_notes *notes,
		    struct fail *fail)
{
	struct elf_image elf;
	const char *why = "";
	int rc;

	if (k->len > EI_CLASS && !memcmp(k->data, ELFMAG, SELFMAG) &&
	    k->data[EI_CLASS] == ELFCLASS32)
		return fail_set(fail, -ENOEXEC,
				"a 32-bit kernel: 32-bit paravirtual guests are not supported; use the amd64 kernel");
	rc = elf_open(&elf, k->data, k->len, &why);
	if (!rc)
		rc = elf_xen_notes(&elf, notes, &why);
	if (rc)
		return fail_set(fail, rc, "%s", why);
	k->entry = elf.entry;
	k->segments_count = elf.seg_count;
	for (unsigned int i = 0; i < elf.seg_count; i++) {
		const struct elf_segment *s = &elf.segs[i];

		k->segments[i] = (struct kernel_segment){
			s->paddr, s->offset, s->filesz, s->memsz };
	}
	return 0;
}

/* The span that all segments cover. */
static int place_segments(struct kernel_image *k, struct fail *fail)
{
	k->start = UINT64_MAX;
	k->end = 0;
	for (unsigned int i = 0; i < k->segments_count; i++) {
		const struct kernel_segment *seg = &k->segments[i];
		uint64_t from, offset = seg->paddr - k->paddr_offset;

		if (seg->paddr < k->paddr_offset || offset > KERNEL_SPAN_MAX ||
		    seg->mem_size > KERNEL_SPAN_MAX - offset)
			return fail_set(fail, -ENOEXEC,
					"an ELF segment at %#" PRIx64 " lies outside the first GiB of the guest",
					seg->paddr);
		from = k->virt_base + offset;
		if (from < k->start)
			k->start = from;
		if (from + seg->mem_size > k->end)
			k->end = from + seg->mem_size;
	}
	return 0;
}

/* True if [@va, @va + @len) lies within the loaded kernel. */
static bool within(const struct kernel_image *k, uint64_t va, uint64_t len)
{
	return va >= k->start && va < k->end && len <= k->end - va;
}

int kernel_image_read(struct kernel_image *k, const uint8_t *data, size_t len,
		      struct fail *fail)
{
	struct elf_xen_notes notes, *n = &notes;
	int rc;

	memset(k, 0, sizeof(*k));
	k->data = data;
	k->len = len;
	rc = read_elf(k, n, fail);
	if (!rc)
		rc = check_notes(n, fail);
	if (rc)
		return rc;
	k->virt_base = n->virt_base;
	k->paddr_offset = n->paddr_offset;
	if (elf_has_note(n, XEN_ELFNOTE_ENTRY))
		k->entry = n->entry;
	k->has_init_p2m = elf_has_note(n, XEN_ELFNOTE_INIT_P2M);
	k->init_p2m = n->init_p2m;
	k->unmapped_ramdisk = n->mod_start_pfn != 0;
	k->has_hypercall_page =
		elf_has_note(n, XEN_ELFNOTE_HYPERCALL_PAGE);
	k->hypercall_page = n->hypercall_page;
	if (k->virt_base % 4096 || k->paddr_offset % 4096 ||
	    !guest_owns(k->virt_base, KERNEL_SPAN_MAX))
		return fail_set(fail, -ENOEXEC,
				"the kernel wants to be mapped at %#" PRIx64 ", which a guest cannot have",
				k->virt_base);
	rc = place_segments(k, fail);
	if (rc)
		return rc;
	if (!within(k, k->entry, 1))
		return fail_set(fail, -ENOEXEC,
				"the kernel's entry point %#" PRIx64 " lies outside its segments",
				k->entry);
	if (k->has_hypercall_page &&
	    (k->hypercall_page % 4096 || !within(k, k->hypercall_page, 4096)))
		return fail_set(fail, -ENOEXEC,
				"the kernel's hypercall page %#" PRIx64 " lies outside its segments",
				k->hypercall_page);
	if (k->has_init_p2m &&
	    (k->init_p2m % 4096 || !guest_owns(k->init_p2m, 1ull << 36)))
		return fail_set(fail, -ENOEXEC,
				"the kernel wants its frame list at %#" PRIx64 ", which a guest cannot have",
				k->init_p2m);
	return 0;
}

/* How many of @len bytes are left when zeros at the end are cut. */
static uint64_t without_zeros(const uint8_t *data, uint64_t len)
{
	static const uint8_t zeros[4096];
	uint64_t word;

	/* By large blocks first: this is most of a kernel's last segment. */
	while (len >= sizeof(zeros) &&
	       !memcmp(data + len - sizeof(zeros), zeros, sizeof(zeros)))
		len -= sizeof(zeros);
	while (len >= sizeof(word)) {
		memcpy(&word, data + len - sizeof(word), sizeof(word));
		if (word)
			break;
		len -= sizeof(word);
	}
	return len;
}

void kernel_image_trim(struct kernel_image *k)
{
	for (unsigned int i = 0; i < k->segments_count; i++) {
		struct kernel_segment *seg = &k->segments[i];

		seg->file_size = without_zeros(k->data + seg->offset,
					       seg->file_size);
	}
}
