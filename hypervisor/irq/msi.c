// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programming devices' MSI and MSI-X messages.  The control domain enables the
 * capability itself; addresses and data are ours.  Several messages of plain
 * MSI would need adjacent vectors: one is given, as the interface allows.
 *
 * State: for each host irq the device and entry that send it, under
 * irq_maps_lock.
 */
#include <irq/irq_priv.h>

/* In configuration space, from the capability on. */
#define MSI_CONTROL 2
#define MSI_ADDR_LOW 4
#define MSI_ADDR_HIGH 8
#define MSI_DATA_32 8
#define MSI_DATA_64 12
#define MSI_MASK_32 12
#define MSI_MASK_64 16
#define MSI_COUNT_MASK (7U << 4)
#define MSI_IS_64 BIT(7)
#define MSI_HAS_MASK BIT(8)
#define MSIX_TABLE 4
#define MSIX_SIZE_MASK 0x7ffU

/* Words of an entry of the MSI-X table. */
#define ENTRY_WORDS 4
enum { ENTRY_ADDR_LOW, ENTRY_ADDR_HIGH, ENTRY_DATA, ENTRY_CONTROL };

#define PCI_COMMAND 0x04
#define COMMAND_MEMORY BIT(1)
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR0 0x10
#define BAR_IO BIT(0)
#define BAR_IS_64 BIT(2)

static struct msi_source {
	struct pci_dev *dev; /* NULL: not an MSI */
	bool msix;
	uint16_t entry;
} sources[IRQ_MAX];

static uint32_t get(const struct pci_dev *d, unsigned int reg,
		    unsigned int width)
{
	return pci_hw_read(d->seg, d->bus, d->devfn, (uint16_t)reg, width);
}

static void put(const struct pci_dev *d, unsigned int reg, unsigned int width,
		uint32_t val)
{
	pci_hw_write(d->seg, d->bus, d->devfn, (uint16_t)reg, width, val);
}

static void write_msi(const struct pci_dev *d, unsigned int irq)
{
	unsigned int cap = d->msi_cap;
	uint32_t control = get(d, cap + MSI_CONTROL, 2), data;
	bool wide = control & MSI_IS_64;
	uint64_t addr;

	irq_hw_msi_message(irq, &addr, &data);
	put(d, cap + MSI_CONTROL, 2, control & ~MSI_COUNT_MASK);
	put(d, cap + MSI_ADDR_LOW, 4, (uint32_t)addr);
	if (wide)
		put(d, cap + MSI_ADDR_HIGH, 4, (uint32_t)(addr >> 32));
	put(d, cap + (wide ? MSI_DATA_64 : MSI_DATA_32), 2, data);
	if (control & MSI_HAS_MASK)
		put(d, cap + (wide ? MSI_MASK_64 : MSI_MASK_32), 4, 0);
}

/* The entry is masked while its words do not belong together. */
static void write_msix(const struct pci_dev *d, unsigned int irq,
		       unsigned int entry)
{
	volatile uint32_t *e = d->msix + entry * ENTRY_WORDS;
	uint64_t addr;
	uint32_t data;

	irq_hw_msi_message(irq, &addr, &data);
	e[ENTRY_CONTROL] = 1;
	e[ENTRY_ADDR_LOW] = (uint32_t)addr;
	e[ENTRY_ADDR_HIGH] = (uint32_t)(addr >> 32);
	e[ENTRY_DATA] = data;
	e[ENTRY_CONTROL] = 0;
}

static void write_source(unsigned int irq)
{
	const struct msi_source *s = &sources[irq];

	if (s->dev && s->msix)
		write_msix(s->dev, irq, s->entry);
	else if (s->dev)
		write_msi(s->dev, irq);
}

/* The address in a base address register; 0 if it holds none. */
static paddr_t bar_address(const struct pci_dev *d, unsigned int n)
{
	unsigned int bars = get(d, PCI_HEADER_TYPE, 1) & 0x7f ? 2 : 6;
	uint32_t low;
	paddr_t p;

	if (n >= bars)
		return 0;
	low = get(d, PCI_BAR0 + 4 * n, 4);
	if (low & BAR_IO)
		return 0;
	p = low & ~0xfU;
	if ((low & BAR_IS_64) && n + 1 < bars)
		p |= (paddr_t)get(d, PCI_BAR0 + 4 * n + 4, 4) << 32;
	return p;
}

/* Entries that are in use go on at the old place if there is no new one. */
static int remap(struct pci_dev *d, paddr_t base)
{
	uint32_t n = (get(d, d->msix_cap + MSI_CONTROL, 2) & MSIX_SIZE_MASK) + 1;
	volatile uint32_t *table = mmio_map(base, n * ENTRY_WORDS * 4UL);

	if (!table)
		return -ENOMEM;
	d->msix = table;
	d->msix_entries = (uint16_t)n;
	d->msix_table = base;
	return 0;
}

/*
 * Map the table. A virtual function has no base registers of its own: then
 * the control domain's word for it counts. The mapping is kept until the
 * device moves.
 */
static int map_table(struct pci_dev *d, paddr_t table_base)
{
	uint32_t where = get(d, d->msix_cap + MSIX_TABLE, 4);
	paddr_t base = bar_address(d, where & 7);

	if (!(get(d, PCI_COMMAND, 2) & COMMAND_MEMORY) && base)
		return -ENXIO;
	if (!base)
		base = table_base;
	if (!base)
		return -ENXIO;
	base += where & ~7U;
	if (d->msix && d->msix_table == base)
		return 0;
	return remap(d, base);
}

static bool in_use(const struct pci_dev *dev, bool msix, unsigned int entry)
{
	for (unsigned int i = 0; i < IRQ_MAX; i++)
		if (sources[i].dev == dev && sources[i].msix == msix &&
		    sources[i].entry == entry)
			return true;
	return false;
}

int msi_setup(struct pci_dev *dev, unsigned int irq, bool msix,
	      unsigned int entry, paddr_t table_base)
{
	int rc = 0;

	if (!(msix ? dev->msix_cap : dev->msi_cap))
		return -ENODEV;
	if (msix)
		rc = map_table(dev, table_base);
	if (rc)
		return rc;
	if (entry >= (msix ? dev->msix_entries : 1U))
		return -EINVAL;
	if (in_use(dev, msix, entry))
		return -EEXIST;
	sources[irq] = (struct msi_source){ dev, msix, (uint16_t)entry };
	write_source(irq);
	return 0;
}

void msi_teardown(unsigned int irq)
{
	struct msi_source *s = &sources[irq];

	if (s->dev && s->msix &&
	    (get(s->dev, PCI_COMMAND, 2) & COMMAND_MEMORY))
		s->dev->msix[s->entry * ENTRY_WORDS + ENTRY_CONTROL] = 1;
	*s = (struct msi_source){ .dev = NULL };
}

void msi_retarget(unsigned int irq)
{
	write_source(irq);
}

void msi_restore(struct pci_dev *dev)
{
	for (unsigned int i = 0; i < IRQ_MAX; i++)
		if (sources[i].dev == dev)
			write_source(i);
}

void msi_forget(struct pci_dev *dev)
{
	for (unsigned int i = 0; i < IRQ_MAX; i++)
		if (sources[i].dev == dev)
			sources[i] = (struct msi_source){ .dev = NULL };
}
