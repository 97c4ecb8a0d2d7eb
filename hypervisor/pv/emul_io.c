/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port I/O of guests.  IOPL and the I/O bitmap decide whether an instruction
 * is allowed; the domain's rights decide what it does: ports that it holds are
 * accessed, a few are mediated for the control domain, all others read as
 * ones and swallow what is written.
 *
 * State: pci_cf8 and cmos_index of struct pv_domain, racy only among vCPUs of
 * a domain that does not serialise its own configuration cycles.
 */
#include <lib/str.h>
#include <port/guest.h>
#include <port/irq_hw.h>
#include <pv/emulate.h>

#define PORT_PIT_CH2 0x42
#define PORT_PIT_MODE 0x43
#define PORT_SPEAKER 0x61
#define PORT_CMOS 0x70
#define PORT_PCI_ADDR 0xcf8
#define PORT_PCI_DATA 0xcfc

#define PCI_ENABLE BIT(31)
#define STRING_CHUNK 512 /* bytes moved for one look at guest memory */

bool emul_iopl_ok(const struct vcpu *v)
{
	unsigned int cpl = 3;

	if (v->pv.kernel_mode)
		cpl = pv_architectural_iopl(v->domain) ? 0 : 1;
	return cpl <= v->pv.iopl;
}

/* The bitmap is the kernel's: a guest's user mode does not map it. */
static int read_bitmap(struct vcpu *v, uint8_t *to, gva_t from, size_t n)
{
	bool user = !v->pv.kernel_mode;
	int rc;

	if (user)
		pv_enter_kernel_mode(v);
	rc = guest_read(v, to, from, n);
	if (user)
		pv_enter_user_mode(v);
	return rc;
}

/* It has one bit a port, clear if its use is allowed. */
static bool bitmap_allows(struct vcpu *v, uint16_t port, unsigned int width)
{
	unsigned int last = port + width - 1U;
	uint8_t byte[2] = { 0xff, 0xff };
	size_t n = last / 8 - port / 8 + 1;
	unsigned int bits;

	if (!v->pv.iobmp_used || last >= v->pv.iobmp_limit)
		return false;
	if (read_bitmap(v, byte, v->pv.iobmp + port / 8, n))
		return false;
	bits = (byte[0] | byte[1] << 8) >> (port % 8);
	return (bits & ((1U << width) - 1)) == 0;
}

static bool io_allowed(struct vcpu *v, uint16_t port, unsigned int width)
{
	return emul_iopl_ok(v) || bitmap_allows(v, port, width);
}

static uint32_t width_mask(unsigned int width)
{
	return width == 4 ? ~0U : (1U << 8 * width) - 1;
}

/* --- ports of the control domain that are mediated --- */

/* Does the address register name a place that @width bytes fit behind? */
static bool pci_selected(const struct domain *d, uint16_t port,
			 unsigned int width)
{
	return (d->pv.pci_cf8 & PCI_ENABLE) && (port & 3) + width <= 4;
}

/* Bits 24 to 27 extend the register number on AMD machines. */
static uint16_t pci_reg(uint32_t cf8, uint16_t port)
{
	return (uint16_t)((cf8 & 0xfc) | (cf8 >> 16 & 0xf00) | (port & 3));
}

static uint32_t pci_data_read(struct domain *d, uint16_t port,
			      unsigned int width)
{
	uint32_t cf8 = READ_ONCE(d->pv.pci_cf8);

	if (!pci_selected(d, port, width))
		return ~0U;
	return pci_hw_read(0, (uint8_t)(cf8 >> 16), (uint8_t)(cf8 >> 8),
			   pci_reg(cf8, port), width);
}

static void pci_data_write(struct domain *d, uint16_t port,
			   unsigned int width, uint32_t val)
{
	uint32_t cf8 = READ_ONCE(d->pv.pci_cf8);

	if (pci_selected(d, port, width))
		pci_hw_write(0, (uint8_t)(cf8 >> 16), (uint8_t)(cf8 >> 8),
			     pci_reg(cf8, port), width, val);
}

static bool is_pci_data(uint16_t port)
{
	return (port & ~3) == PORT_PCI_DATA;
}

static uint32_t mediated_read(struct domain *d, uint16_t port,
			      unsigned int width)
{
	if (port == PORT_PCI_ADDR && width == 4)
		return d->pv.pci_cf8;
	if (is_pci_data(port))
		return pci_data_read(d, port, width);
	if (width != 1)
		return ~0U;
	switch (port) {
	case PORT_PIT_CH2:
	case PORT_SPEAKER:
		return io_port_read(port, 1);
	case PORT_CMOS:
		return d->pv.cmos_index;
	case PORT_CMOS + 1: /* others' index must not be in between */
		io_port_write(PORT_CMOS, 1, d->pv.cmos_index);
		return io_port_read(PORT_CMOS + 1, 1);
	}
	return ~0U;
}

static void mediated_write(struct domain *d, uint16_t port,
			   unsigned int width, uint32_t val)
{
	if (port == PORT_PCI_ADDR && width == 4) {
		d->pv.pci_cf8 = val;
		return;
	}
	if (is_pci_data(port)) {
		pci_data_write(d, port, width, val);
		return;
	}
	if (width != 1)
		return;
	switch (port) {
	case PORT_PIT_MODE: /* channel 2 drives nothing but the speaker */
		if (val >> 6 != 2)
			return;
		io_port_write(port, 1, val);
		return;
	case PORT_PIT_CH2:
	case PORT_SPEAKER:
		io_port_write(port, 1, val);
		return;
	case PORT_CMOS:
		d->pv.cmos_index = val & 0x7f; /* bit 7 would mask NMIs */
		return;
	case PORT_CMOS + 1:
		io_port_write(PORT_CMOS, 1, d->pv.cmos_index);
		io_port_write(PORT_CMOS + 1, 1, val);
		return;
	}
}

/* The CMOS is never accessed without its index being set by us. */
static bool direct(const struct domain *d, uint16_t port, unsigned int width)
{
	if (port <= PORT_CMOS + 1 && port + width > PORT_CMOS)
		return false;
	return iocap_port_ok(d, port, width);
}

static uint32_t port_read(struct domain *d, uint16_t port, unsigned int width)
{
	uint32_t val = ~0U;

	if (direct(d, port, width))
		val = io_port_read(port, width);
	else if (d->privileged)
		val = mediated_read(d, port, width);
	return val & width_mask(width);
}

static void port_write(struct domain *d, uint16_t port, unsigned int width,
		       uint32_t val)
{
	val &= width_mask(width);
	if (direct(d, port, width))
		io_port_write(port, width, val);
	else if (d->privileged)
		mediated_write(d, port, width, val);
}

/* --- instructions --- */

static unsigned int io_width(const struct insn *i)
{
	return i->opsize == 8 ? 4 : i->opsize;
}

enum emul_result emul_in_out(struct vcpu *v, const struct insn *i)
{
	bool in = !(i->opcode & 2);
	uint16_t port = i->opcode < 0xe8 ? (uint8_t)i->imm : v->regs.dx;
	unsigned int width = io_width(i);

	if (!io_allowed(v, port, width))
		return EMUL_REFUSE;
	if (in)
		insn_set_reg(i, &v->regs, 0, width,
			     port_read(v->domain, port, width));
	else
		port_write(v->domain, port, width, v->regs.eax);
	return EMUL_DONE;
}

/* A run of elements that lie in one page, or one element across two. */
struct run {
	gva_t at; /* of the first element in order of execution */
	gva_t low; /* lowest byte */
	unsigned int count, width;
	bool down;
};

static struct run next_run(const struct cpu_user_regs *r, gva_t at,
			   uint64_t left, unsigned int width)
{
	struct run run = { .at = at, .low = at, .count = 1, .width = width,
			   .down = r->rflags & FLAG_DF };
	uint64_t room = PAGE_SIZE - (at & (PAGE_SIZE - 1));
	uint64_t fit = MIN(room, STRING_CHUNK) / width;

	if (!run.down && fit > 1) /* backwards is rare: one by one */
		run.count = (unsigned int)MIN(fit, left);
	return run;
}

static enum emul_result run_in(struct vcpu *v, uint16_t port,
			       const struct run *run)
{
	size_t len = (size_t)run->count * run->width;
	uint8_t buf[STRING_CHUNK];

	/* What is read from a device cannot be read again: probe first. */
	if (guest_read(v, buf, run->low, len) ||
	    guest_write(v, run->low, buf, len))
		return emul_fault(v, run->low, run->width, true);
	for (unsigned int k = 0; k < run->count; k++) {
		uint32_t val = port_read(v->domain, port, run->width);

		memcpy(buf + k * run->width, &val, run->width);
	}
	if (guest_write(v, run->low, buf, len))
		return emul_fault(v, run->low, run->width, true);
	return EMUL_DONE;
}

static enum emul_result run_out(struct vcpu *v, uint16_t port,
				const struct run *run)
{
	size_t len = (size_t)run->count * run->width;
	uint8_t buf[STRING_CHUNK];

	if (guest_read(v, buf, run->low, len))
		return emul_fault(v, run->low, run->width, false);
	for (unsigned int k = 0; k < run->count; k++) {
		uint32_t val = 0;

		memcpy(&val, buf + k * run->width, run->width);
		port_write(v->domain, port, run->width, val);
	}
	return EMUL_DONE;
}

/* One run for each trap: bounded, and the guest may be interrupted between. */
enum emul_result emul_string_io(struct vcpu *v, const struct insn *i)
{
	struct cpu_user_regs *r = &v->regs;
	bool in = i->opcode < 0x6e;
	unsigned int index = in ? 7 : 6; /* RDI, RSI */
	unsigned int width = io_width(i);
	uint64_t left = i->rep ? insn_get_reg(i, r, 1, i->addrsize) : 1;
	gva_t at = insn_get_reg(i, r, index, i->addrsize);
	enum emul_result res;
	struct run run;
	uint64_t step;

	if (!io_allowed(v, r->dx, width))
		return EMUL_REFUSE;
	if (left == 0)
		return EMUL_DONE;
	run = next_run(r, at, left, width);
	res = in ? run_in(v, r->dx, &run) : run_out(v, r->dx, &run);
	if (res != EMUL_DONE)
		return res;
	step = (uint64_t)run.count * width;
	insn_set_reg(i, r, index, i->addrsize, run.down ? at - step : at + step);
	if (!i->rep)
		return EMUL_DONE;
	insn_set_reg(i, r, 1, i->addrsize, left - run.count);
	return left == run.count ? EMUL_DONE : EMUL_AGAIN;
}
