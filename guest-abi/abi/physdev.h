/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op: interrupts, I/O privilege and PCI devices, as a
 * domain that drives hardware sees them.  No state.
 */
#ifndef ABI_PHYSDEV_H
#define ABI_PHYSDEV_H

#include <abi/base.h>

#define PHYSDEVOP_IRQ_UNMASK_NOTIFY	4
#define PHYSDEVOP_irq_status_query	5
#define PHYSDEVOP_set_iopl		6
#define PHYSDEVOP_set_iobitmap		7
#define PHYSDEVOP_apic_read		8
#define PHYSDEVOP_apic_write		9
#define PHYSDEVOP_alloc_irq_vector	10
#define PHYSDEVOP_free_irq_vector	11
#define PHYSDEVOP_eoi			12
#define PHYSDEVOP_map_pirq		13
#define PHYSDEVOP_unmap_pirq		14
#define PHYSDEVOP_manage_pci_add	15
#define PHYSDEVOP_manage_pci_remove	16
#define PHYSDEVOP_pirq_eoi_gmfn_v1	17
#define PHYSDEVOP_restore_msi		19
#define PHYSDEVOP_manage_pci_add_ext	20
#define PHYSDEVOP_setup_gsi		21
#define PHYSDEVOP_get_free_pirq		23
#define PHYSDEVOP_pci_mmcfg_reserved	24
#define PHYSDEVOP_pci_device_add	25
#define PHYSDEVOP_pci_device_remove	26
#define PHYSDEVOP_restore_msi_ext	27
#define PHYSDEVOP_pirq_eoi_gmfn_v2	28
#define PHYSDEVOP_pirq_eoi_gmfn		PHYSDEVOP_pirq_eoi_gmfn_v2
#define PHYSDEVOP_dbgp_op		29
#define PHYSDEVOP_prepare_msix		30
#define PHYSDEVOP_release_msix		31

/* ---- interrupts ---- */

struct physdev_eoi {
	uint32_t irq;
};
typedef struct physdev_eoi physdev_eoi_t;
ABI_SIZE(struct physdev_eoi, 4);
ABI_OFFSET(struct physdev_eoi, irq, 0);

/*
 * A page in which bit n says that pirq n needs PHYSDEVOP_eoi.  With v1
 * PHYSDEVOP_eoi also unmasks the pirq's event channel; with v2 not.
 */
struct physdev_pirq_eoi_gmfn {
	xen_pfn_t gmfn;
};
typedef struct physdev_pirq_eoi_gmfn physdev_pirq_eoi_gmfn_t;
ABI_SIZE(struct physdev_pirq_eoi_gmfn, 8);
ABI_OFFSET(struct physdev_pirq_eoi_gmfn, gmfn, 0);

#define _XENIRQSTAT_needs_eoi	0
#define XENIRQSTAT_needs_eoi	(1U << _XENIRQSTAT_needs_eoi)
#define _XENIRQSTAT_shared	1
#define XENIRQSTAT_shared	(1U << _XENIRQSTAT_shared)

struct physdev_irq_status_query {
	uint32_t irq;
	uint32_t flags;			/* OUT: XENIRQSTAT_* */
};
typedef struct physdev_irq_status_query physdev_irq_status_query_t;
ABI_SIZE(struct physdev_irq_status_query, 8);
ABI_OFFSET(struct physdev_irq_status_query, irq, 0);
ABI_OFFSET(struct physdev_irq_status_query, flags, 4);

struct physdev_apic {
	unsigned long apic_physbase;	/* which IO-APIC */
	uint32_t reg;
	uint32_t value;
};
typedef struct physdev_apic physdev_apic_t;
ABI_SIZE(struct physdev_apic, 16);
ABI_OFFSET(struct physdev_apic, apic_physbase, 0);
ABI_OFFSET(struct physdev_apic, reg, 8);
ABI_OFFSET(struct physdev_apic, value, 12);

struct physdev_irq {
	uint32_t irq;
	uint32_t vector;		/* OUT */
};
typedef struct physdev_irq physdev_irq_t;
ABI_SIZE(struct physdev_irq, 8);
ABI_OFFSET(struct physdev_irq, irq, 0);
ABI_OFFSET(struct physdev_irq, vector, 4);

#define MAP_PIRQ_TYPE_MSI		0x0
#define MAP_PIRQ_TYPE_GSI		0x1
#define MAP_PIRQ_TYPE_UNKNOWN		0x2
#define MAP_PIRQ_TYPE_MSI_SEG		0x3	/* segment in bus bits 31:16 */
#define MAP_PIRQ_TYPE_MULTI_MSI		0x4

struct physdev_map_pirq {
	domid_t domid;
	int type;			/* MAP_PIRQ_TYPE_* */
	int index;			/* GSI, or -1 for MSI */
	int pirq;			/* negative: choose one.  OUT */
	int bus;
	int devfn;
	int entry_nr;
	uint64_t table_base;		/* MSI-X table, 0 for MSI */
};
typedef struct physdev_map_pirq physdev_map_pirq_t;
ABI_SIZE(struct physdev_map_pirq, 40);
ABI_OFFSET(struct physdev_map_pirq, domid, 0);
ABI_OFFSET(struct physdev_map_pirq, type, 4);
ABI_OFFSET(struct physdev_map_pirq, index, 8);
ABI_OFFSET(struct physdev_map_pirq, pirq, 12);
ABI_OFFSET(struct physdev_map_pirq, bus, 16);
ABI_OFFSET(struct physdev_map_pirq, devfn, 20);
ABI_OFFSET(struct physdev_map_pirq, entry_nr, 24);
ABI_OFFSET(struct physdev_map_pirq, table_base, 32);

struct physdev_unmap_pirq {
	domid_t domid;
	int pirq;
};
typedef struct physdev_unmap_pirq physdev_unmap_pirq_t;
ABI_SIZE(struct physdev_unmap_pirq, 8);
ABI_OFFSET(struct physdev_unmap_pirq, domid, 0);
ABI_OFFSET(struct physdev_unmap_pirq, pirq, 4);

struct physdev_setup_gsi {
	int gsi;
	uint8_t triggering;		/* 0 edge, 1 level */
	uint8_t polarity;		/* 0 high, 1 low */
};
typedef struct physdev_setup_gsi physdev_setup_gsi_t;
ABI_SIZE(struct physdev_setup_gsi, 8);
ABI_OFFSET(struct physdev_setup_gsi, gsi, 0);
ABI_OFFSET(struct physdev_setup_gsi, triggering, 4);
ABI_OFFSET(struct physdev_setup_gsi, polarity, 5);

struct physdev_get_free_pirq {
	int type;
	uint32_t pirq;			/* OUT */
};
typedef struct physdev_get_free_pirq physdev_get_free_pirq_t;
ABI_SIZE(struct physdev_get_free_pirq, 8);
ABI_OFFSET(struct physdev_get_free_pirq, type, 0);
ABI_OFFSET(struct physdev_get_free_pirq, pirq, 4);

/* ---- I/O privilege ---- */

struct physdev_set_iopl {
	uint32_t iopl;
};
typedef struct physdev_set_iopl physdev_set_iopl_t;
ABI_SIZE(struct physdev_set_iopl, 4);
ABI_OFFSET(struct physdev_set_iopl, iopl, 0);

struct physdev_set_iobitmap {
	GUEST_HANDLE(uint8_t) bitmap;	/* set bit: port forbidden */
	uint32_t nr_ports;
};
typedef struct physdev_set_iobitmap physdev_set_iobitmap_t;
ABI_SIZE(struct physdev_set_iobitmap, 16);
ABI_OFFSET(struct physdev_set_iobitmap, bitmap, 0);
ABI_OFFSET(struct physdev_set_iobitmap, nr_ports, 8);

/* ---- PCI ---- */

struct physdev_manage_pci {
	uint8_t bus;
	uint8_t devfn;
};
typedef struct physdev_manage_pci physdev_manage_pci_t;
ABI_SIZE(struct physdev_manage_pci, 2);
ABI_OFFSET(struct physdev_manage_pci, bus, 0);
ABI_OFFSET(struct physdev_manage_pci, devfn, 1);

struct physdev_restore_msi {
	uint8_t bus;
	uint8_t devfn;
};
typedef struct physdev_restore_msi physdev_restore_msi_t;
ABI_SIZE(struct physdev_restore_msi, 2);
ABI_OFFSET(struct physdev_restore_msi, bus, 0);
ABI_OFFSET(struct physdev_restore_msi, devfn, 1);

struct physdev_manage_pci_ext {
	uint8_t bus;
	uint8_t devfn;
	uint32_t is_extfn;
	uint32_t is_virtfn;
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
};
typedef struct physdev_manage_pci_ext physdev_manage_pci_ext_t;
ABI_SIZE(struct physdev_manage_pci_ext, 16);
ABI_OFFSET(struct physdev_manage_pci_ext, bus, 0);
ABI_OFFSET(struct physdev_manage_pci_ext, devfn, 1);
ABI_OFFSET(struct physdev_manage_pci_ext, is_extfn, 4);
ABI_OFFSET(struct physdev_manage_pci_ext, is_virtfn, 8);
ABI_OFFSET(struct physdev_manage_pci_ext, physfn, 12);
ABI_OFFSET(struct physdev_manage_pci_ext, physfn.bus, 12);
ABI_OFFSET(struct physdev_manage_pci_ext, physfn.devfn, 13);

#define XEN_PCI_MMCFG_RESERVED	0x1

struct physdev_pci_mmcfg_reserved {
	uint64_t address;
	uint16_t segment;
	uint8_t start_bus;
	uint8_t end_bus;
	uint32_t flags;			/* XEN_PCI_MMCFG_* */
};
typedef struct physdev_pci_mmcfg_reserved physdev_pci_mmcfg_reserved_t;
ABI_SIZE(struct physdev_pci_mmcfg_reserved, 16);
ABI_OFFSET(struct physdev_pci_mmcfg_reserved, address, 0);
ABI_OFFSET(struct physdev_pci_mmcfg_reserved, segment, 8);
ABI_OFFSET(struct physdev_pci_mmcfg_reserved, start_bus, 10);
ABI_OFFSET(struct physdev_pci_mmcfg_reserved, end_bus, 11);
ABI_OFFSET(struct physdev_pci_mmcfg_reserved, flags, 12);

#define XEN_PCI_DEV_EXTFN	0x1
#define XEN_PCI_DEV_VIRTFN	0x2	/* physfn is valid */
#define XEN_PCI_DEV_PXM		0x4	/* optarr[0] is the ACPI proximity */

struct physdev_pci_device_add {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
	uint32_t flags;			/* XEN_PCI_DEV_* */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
	uint32_t optarr[];
};
typedef struct physdev_pci_device_add physdev_pci_device_add_t;
ABI_SIZE(struct physdev_pci_device_add, 12);
ABI_OFFSET(struct physdev_pci_device_add, seg, 0);
ABI_OFFSET(struct physdev_pci_device_add, bus, 2);
ABI_OFFSET(struct physdev_pci_device_add, devfn, 3);
ABI_OFFSET(struct physdev_pci_device_add, flags, 4);
ABI_OFFSET(struct physdev_pci_device_add, physfn, 8);
ABI_OFFSET(struct physdev_pci_device_add, physfn.bus, 8);
ABI_OFFSET(struct physdev_pci_device_add, physfn.devfn, 9);
ABI_OFFSET(struct physdev_pci_device_add, optarr, 12);

/* For pci_device_remove, restore_msi_ext, prepare_msix and release_msix. */
struct physdev_pci_device {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
};
typedef struct physdev_pci_device physdev_pci_device_t;
ABI_SIZE(struct physdev_pci_device, 4);
ABI_OFFSET(struct physdev_pci_device, seg, 0);
ABI_OFFSET(struct physdev_pci_device, bus, 2);
ABI_OFFSET(struct physdev_pci_device, devfn, 3);

/* ---- USB debug port ---- */

#define PHYSDEVOP_DBGP_RESET_PREPARE	1
#define PHYSDEVOP_DBGP_RESET_DONE	2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN	0
#define PHYSDEVOP_DBGP_BUS_PCI		1

struct physdev_dbgp_op {
	uint8_t op;
	uint8_t bus;
	union {
		physdev_pci_device_t pci;
	} u;
};
typedef struct physdev_dbgp_op physdev_dbgp_op_t;
ABI_SIZE(struct physdev_dbgp_op, 6);
ABI_OFFSET(struct physdev_dbgp_op, op, 0);
ABI_OFFSET(struct physdev_dbgp_op, bus, 1);
ABI_OFFSET(struct physdev_dbgp_op, u, 2);
ABI_OFFSET(struct physdev_dbgp_op, u.pci, 2);

/* The argument of HYPERVISOR_physdev_op_compat. */
struct physdev_op {
	uint32_t cmd;
	union {
		physdev_irq_status_query_t irq_status_query;
		physdev_set_iopl_t set_iopl;
		physdev_set_iobitmap_t set_iobitmap;
		physdev_apic_t apic_op;
		physdev_irq_t irq_op;
	} u;
};
typedef struct physdev_op physdev_op_t;
ABI_SIZE(struct physdev_op, 24);
ABI_OFFSET(struct physdev_op, cmd, 0);
ABI_OFFSET(struct physdev_op, u, 8);
ABI_OFFSET(struct physdev_op, u.irq_status_query, 8);
ABI_OFFSET(struct physdev_op, u.set_iopl, 8);
ABI_OFFSET(struct physdev_op, u.set_iobitmap, 8);
ABI_OFFSET(struct physdev_op, u.apic_op, 8);
ABI_OFFSET(struct physdev_op, u.irq_op, 8);

#endif /* ABI_PHYSDEV_H */
