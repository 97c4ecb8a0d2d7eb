/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of irq/. */
#ifndef IRQ_IRQ_PRIV_H
#define IRQ_IRQ_PRIV_H

#include <irq/irq.h>
#include <lib/list.h>
#include <port/irq_hw.h>

/* A domain's interrupts; d->irq. Under irq_maps_lock. */
struct irq_domain {
	uint16_t *line; /* by pirq: host irq + 1, or LINE_*; NULL: none yet */
	mfn_t eoi_frame; /* bitmap of pirqs that need an EOI, or MFN_NONE */
	uint64_t *eoi_map;
	char *out_line; /* console output of a guest, CONSOLE_LINE bytes */
	uint32_t out_len;
};

#define LINE_FREE 0
#define LINE_RESERVED 0xffff /* handed out by PHYSDEVOP_get_free_pirq */

extern struct lock irq_maps_lock;

/* A device known by PHYSDEVOP_pci_device_add. Under irq_maps_lock. */
struct pci_dev {
	struct list link;
	uint16_t seg;
	uint8_t bus, devfn;
	uint8_t msi_cap, msix_cap; /* offsets; 0: none */
	uint16_t msix_entries;
	paddr_t msix_table;
	volatile uint32_t *msix; /* mapped, or NULL */
};

struct pci_dev *pci_find(uint16_t seg, uint8_t bus, uint8_t devfn);
/* 0, -EEXIST is 0 too; -ENOMEM, -ENODEV: nobody answers there. */
int pci_add(uint16_t seg, uint8_t bus, uint8_t devfn);
int pci_remove(uint16_t seg, uint8_t bus, uint8_t devfn);

/*
 * irq/msi.c, all under irq_maps_lock. Make the device send host irq @irq:
 * entry @entry of MSI-X if @msix, else its one MSI.
 */
int msi_setup(struct pci_dev *dev, unsigned int irq, bool msix,
	      unsigned int entry, paddr_t table_base);
void msi_teardown(unsigned int irq);
/* The irq has moved to another CPU: tell the device. */
void msi_retarget(unsigned int irq);
/* The device was reset: write again what it should hold. */
void msi_restore(struct pci_dev *dev);
/* The device is going away. */
void msi_forget(struct pci_dev *dev);

/* irq/pirq.c: map a new MSI. The pirq or -errno. */
struct msi_request {
	uint16_t seg;
	uint8_t bus, devfn;
	bool msix;
	uint32_t entry;
	paddr_t table_base;
};
int pirq_map_msi(struct domain *d, int pirq, const struct msi_request *r);
int pirq_reserve(struct domain *d);
int pirq_set_eoi_map(struct domain *d, mfn_t m);
/* The irq behind a mapped pirq, or -1. */
int pirq_line(struct domain *d, uint32_t pirq);
/* Set a GSI's trigger and polarity, once. -EEXIST: done before. */
int pirq_setup_gsi(unsigned int gsi, bool level, bool low);
bool pirq_needs_eoi(struct domain *d, uint32_t pirq);

#endif
