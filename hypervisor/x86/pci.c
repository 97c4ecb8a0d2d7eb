// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCI configuration space: the first 256 bytes of segment 0 through ports, the
 * rest through the memory that the MCFG names, mapped bus by bus when first
 * used.  State: those mappings, and the port pair, under pci_lock.
 */
#include <boot/boot.h>
#include <port/irq_hw.h>
#include <port/lock.h>
#include <x86/insn.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define ENABLE BIT(31)
#define BUS_SIZE (1UL << 20)
#define MAPPED_MAX 64

static struct {
	uint16_t seg;
	uint8_t bus;
	volatile uint8_t *at;
} mapped[MAPPED_MAX];
static unsigned int mapped_count;
static struct lock pci_lock = LOCK_INIT(RANK_HW);

static paddr_t ecam_base(uint16_t seg, uint8_t bus)
{
	for (unsigned int i = 0; i < acpi_info.mcfg_count; i++)
		if (acpi_info.mcfg[i].seg == seg &&
		    bus >= acpi_info.mcfg[i].bus_start &&
		    bus <= acpi_info.mcfg[i].bus_end)
			return acpi_info.mcfg[i].base + bus * BUS_SIZE;
	return 0;
}

static volatile uint8_t *map_bus(uint16_t seg, uint8_t bus)
{
	paddr_t base;

	for (unsigned int i = 0; i < mapped_count; i++)
		if (mapped[i].seg == seg && mapped[i].bus == bus)
			return mapped[i].at;
	base = ecam_base(seg, bus);
	if (!base || mapped_count == MAPPED_MAX)
		return NULL;
	mapped[mapped_count].seg = seg;
	mapped[mapped_count].bus = bus;
	mapped[mapped_count].at = mmio_map(base, BUS_SIZE);
	return mapped[mapped_count++].at;
}

/* Where a register is in memory; NULL: use the ports, or there is none. */
static volatile uint8_t *ecam(uint16_t seg, uint8_t bus, uint8_t devfn,
			      uint16_t reg)
{
	volatile uint8_t *at;

	if (reg < 256 && seg == 0)
		return NULL;
	at = map_bus(seg, bus);
	return at ? at + ((uint32_t)devfn << 12) + reg : NULL;
}

static uint16_t select(uint8_t bus, uint8_t devfn, uint16_t reg)
{
	outl(PORT_ADDRESS, (uint32_t)ENABLE | (uint32_t)bus << 16 |
				   (uint32_t)devfn << 8 | (reg & 0xfc));
	return (uint16_t)(PORT_DATA + (reg & 3));
}

static uint32_t mem_read(const volatile uint8_t *p, unsigned int width)
{
	return width == 1 ? *p :
	       width == 2 ? *(const volatile uint16_t *)p :
			    *(const volatile uint32_t *)p;
}

static void mem_write(volatile uint8_t *p, unsigned int width, uint32_t v)
{
	if (width == 1)
		*p = (uint8_t)v;
	else if (width == 2)
		*(volatile uint16_t *)p = (uint16_t)v;
	else
		*(volatile uint32_t *)p = v;
}

static bool valid(uint16_t reg, unsigned int width)
{
	return (width == 1 || width == 2 || width == 4) && reg < 4096 &&
	       IS_ALIGNED(reg, width);
}

uint32_t pci_hw_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		     unsigned int width)
{
	uint32_t v = ~0u >> (32 - 8 * (width & 7));
	volatile uint8_t *p;

	if (!valid(reg, width))
		return ~0u;
	lock_acquire(&pci_lock);
	p = ecam(seg, bus, devfn, reg);
	if (p)
		v = mem_read(p, width);
	else if (seg == 0 && reg < 256)
		v = io_port_read(select(bus, devfn, reg), width);
	lock_release(&pci_lock);
	return v;
}

void pci_hw_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		  unsigned int width, uint32_t val)
{
	volatile uint8_t *p;

	if (!valid(reg, width))
		return;
	lock_acquire(&pci_lock);
	p = ecam(seg, bus, devfn, reg);
	if (p)
		mem_write(p, width, val);
	else if (seg == 0 && reg < 256)
		io_port_write(select(bus, devfn, reg), width, val);
	lock_release(&pci_lock);
}

uint32_t io_port_read(uint16_t port, unsigned int width)
{
	return width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
}

void io_port_write(uint16_t port, unsigned int width, uint32_t val)
{
	if (width == 1)
		outb(port, (uint8_t)val);
	else if (width == 2)
		outw(port, (uint16_t)val);
	else
		outl(port, val);
}
