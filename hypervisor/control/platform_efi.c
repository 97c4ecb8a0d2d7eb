/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control domain is told of EFI firmware: where its tables are, its
 * maker, its memory map.  Its run-time services are not called on anybody's
 * behalf.
 *
 * State: copies made at boot, while the loader's memory is still there;
 * constant afterwards.
 */
#include <boot/boot.h>
#include <control/platform.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/guest.h>
#include <port/irq_hw.h>

#define VENDOR_MAX 100U /* UCS-2 characters, the last one 0 */
#define MEM_DESC_MIN 40U

/* EFI's system table, as far as it is used here (UEFI specification 4.3). */
struct efi_header {
	uint64_t signature;
	uint32_t revision, size, crc, reserved;
};

struct efi_system_table {
	struct efi_header hdr;
	uint64_t fw_vendor;
	uint32_t fw_revision, pad;
	uint64_t con_in_handle, con_in, con_out_handle, con_out;
	uint64_t std_err_handle, std_err;
	uint64_t runtime, boottime;
	uint64_t table_count, tables;
};
_Static_assert(offsetof(struct efi_system_table, tables) == 112,
	       "layout of the EFI system table");

/* UEFI specification 7.2 */
struct efi_memory_descriptor {
	uint32_t type, pad;
	uint64_t start, virt, pages, attributes;
};
_Static_assert(sizeof(struct efi_memory_descriptor) == MEM_DESC_MIN,
	       "layout of an EFI memory descriptor");

/* Copy from firmware memory; false if it cannot be mapped. */
static bool read_phys(paddr_t p, void *to, size_t len)
{
	const void *from = acpi_map(p, len);

	if (!from)
		return false;
	memcpy(to, from, len);
	acpi_unmap(from);
	return true;
}

static struct efi_system_table systab; /* hdr.signature 0: none */
static uint32_t runtime_revision;
static uint16_t vendor_name[VENDOR_MAX];
static struct efi_memory_descriptor *map;
static uint32_t map_count;

static void keep_map(void)
{
	uint32_t step = bootinfo.efi_desc_size;
	uint32_t n = step < MEM_DESC_MIN ? 0 : bootinfo.efi_mmap_size / step;

	map = heap_calloc(n, sizeof(*map));
	for (uint32_t k = 0; map && k < n; k++)
		if (read_phys(bootinfo.efi_mmap + (paddr_t)k * step,
			      &map[map_count], sizeof(*map)))
			map_count++;
}

int platform_efi_init(void)
{
	struct efi_header h;

	if (!bootinfo.efi || !bootinfo.efi_systab ||
	    !read_phys(bootinfo.efi_systab, &systab, sizeof(systab)))
		return 0;
	if (read_phys(systab.runtime, &h, sizeof(h)))
		runtime_revision = h.revision;
	if (!read_phys(systab.fw_vendor, vendor_name, sizeof(vendor_name)))
		vendor_name[0] = 0;
	vendor_name[VENDOR_MAX - 1] = 0;
	keep_map();
	return 0;
}

static long vendor(struct vcpu *v, union xenpf_efi_info *i)
{
	size_t n = 0;

	i->vendor.revision = systab.fw_revision;
	if (!i->vendor.name.addr)
		return 0;
	while (vendor_name[n])
		n++;
	n = (n + 1) * sizeof(vendor_name[0]);
	if (i->vendor.bufsz < n)
		return -ENOBUFS;
	return guest_write(v, i->vendor.name.addr, vendor_name, n);
}

/* The region that holds address mem.addr. */
static long memory(union xenpf_efi_info *i)
{
	for (uint32_t k = 0; k < map_count; k++) {
		const struct efi_memory_descriptor *d = &map[k];
		uint64_t end = d->start + (d->pages << PAGE_SHIFT);

		if (i->mem.addr < d->start || i->mem.addr >= end)
			continue;
		i->mem.type = d->type;
		i->mem.attr = d->attributes;
		i->mem.size = MIN(i->mem.size, end - i->mem.addr);
		return 0;
	}
	return -ESRCH;
}

long platform_efi_info(struct vcpu *v, uint32_t index,
		       union xenpf_efi_info *i)
{
	if (!systab.hdr.signature)
		return -ENOSYS;
	switch (index) {
	case XEN_FW_EFI_VERSION:
		i->version = systab.hdr.revision;
		return 0;
	case XEN_FW_EFI_RT_VERSION:
		i->version = runtime_revision;
		return 0;
	case XEN_FW_EFI_CONFIG_TABLE:
		i->cfg.addr = systab.tables;
		i->cfg.nent = (uint32_t)systab.table_count;
		return 0;
	case XEN_FW_EFI_VENDOR:
		return vendor(v, i);
	case XEN_FW_EFI_MEM_INFO:
		return memory(i);
	case XEN_FW_EFI_PCI_ROM:
	case XEN_FW_EFI_APPLE_PROPERTIES:
		return -ENODEV;
	}
	return -EINVAL;
}
