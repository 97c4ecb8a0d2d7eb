// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCI devices, as the control domain reports them: where their MSI and MSI-X
 * capabilities are.  State: the list of devices, under irq_maps_lock.
 */
#include <irq/irq_priv.h>
#include <mm/alloc.h>

#define PCI_VENDOR 0x00
#define PCI_STATUS 0x06
#define PCI_CAP_POINTER 0x34
#define STATUS_CAPS BIT(4)
#define CAP_MSI 0x05
#define CAP_MSIX 0x11
#define CAPS_MAX 48 /* of 4 bytes at least, in 192 bytes: no endless loops */

static struct list devices = LIST_INIT(devices);
static int device_count;

struct pci_dev *pci_find(uint16_t seg, uint8_t bus, uint8_t devfn)
{
	struct pci_dev *p;

	list_for_each(p, &devices, link)
		if (p->seg == seg && p->bus == bus && p->devfn == devfn)
			return p;
	return NULL;
}

static uint32_t read(const struct pci_dev *p, uint16_t reg, unsigned int width)
{
	return pci_hw_read(p->seg, p->bus, p->devfn, reg, width);
}

static uint8_t find_cap(const struct pci_dev *p, uint8_t id)
{
	uint8_t at;

	if (!(read(p, PCI_STATUS, 2) & STATUS_CAPS))
		return 0;
	at = (uint8_t)read(p, PCI_CAP_POINTER, 1);
	for (unsigned int n = 0; n < CAPS_MAX; n++) {
		at &= 0xfc;
		if (at < 0x40)
			return 0;
		if (read(p, at, 1) == id)
			return at;
		at = (uint8_t)read(p, at + 1U, 1);
	}
	return 0;
}

static struct pci_dev *probe(uint16_t seg, uint8_t bus, uint8_t devfn)
{
	struct pci_dev *p = heap_alloc(sizeof(*p));

	if (!p)
		return NULL;
	p->seg = seg;
	p->bus = bus;
	p->devfn = devfn;
	p->msi_cap = find_cap(p, CAP_MSI);
	p->msix_cap = find_cap(p, CAP_MSIX);
	list_add_tail(&devices, &p->link);
	device_count++;
	return p;
}

int pci_add(uint16_t seg, uint8_t bus, uint8_t devfn)
{
	int rc = 0;

	lock_acquire(&irq_maps_lock);
	if (!pci_find(seg, bus, devfn)) {
		if ((pci_hw_read(seg, bus, devfn, PCI_VENDOR, 2) & 0xffff) ==
		    0xffff)
			rc = -ENODEV;
		else if (!probe(seg, bus, devfn))
			rc = -ENOMEM;
	}
	lock_release(&irq_maps_lock);
	return rc;
}

int pci_remove(uint16_t seg, uint8_t bus, uint8_t devfn)
{
	struct pci_dev *p;

	lock_acquire(&irq_maps_lock);
	p = pci_find(seg, bus, devfn);
	if (p) {
		msi_forget(p);
		list_del(&p->link);
		heap_free(p);
		device_count--;
	}
	lock_release(&irq_maps_lock);
	return p ? 0 : -ENODEV;
}

int pci_count(void)
{
	return device_count;
}
