// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host interrupts and vectors.
 *
 * State: for each irq its vector, CPU and kind; for each vector its irq.  A
 * vector means the same on all CPUs, so moving an irq only changes where it
 * is sent.  Written under irq_lock (RANK_HW); irq_dispatch() reads without
 * it: an entry it finds is valid or one that was valid when the interrupt was
 * sent.
 *
 * A level interrupt is masked at its pin before the local APIC is told, and
 * opened again when the guest is done with it; an edge is acknowledged at
 * once.  MSIs have no mask here: one that is masked is remembered instead.
 */
#include <boot/boot.h>
#include <lib/assert.h>
#include <port/irq_hw.h>
#include <port/lock.h>
#include <port/log.h>
#include <x86/insn.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/lapic.h>
#include <x86/percpu.h>

enum irq_kind { IRQ_FREE, IRQ_GSI, IRQ_MSI };

static struct irq {
	uint8_t kind, vector;
	uint8_t cpu;
	bool level, masked, missed;
	void (*own)(void); /* the hypervisor's own handler */
} irqs[IRQ_MAX];

static uint16_t vector_irq[256]; /* irq + 1; 0: none */
static struct lock irq_lock = LOCK_INIT(RANK_HW);
static uint64_t spurious;

unsigned int irq_hw_gsi_count(void)
{
	return ioapic_gsi_count();
}

/* --- vectors --- */

static bool vector_usable(unsigned int v)
{
	return v != VEC_FAST_TRAP && v != VEC_HYPERCALL && !vector_irq[v];
}

/* From the middle out would be no better: spread by counting up. */
static unsigned int find_vector(void)
{
	static unsigned int last = VEC_FIRST_IRQ - 1;

	for (unsigned int n = VEC_LAST_IRQ - VEC_FIRST_IRQ + 1; n; n--) {
		last = last >= VEC_LAST_IRQ ? VEC_FIRST_IRQ : last + 1;
		if (vector_usable(last))
			return last;
	}
	return 0;
}

static int assign(unsigned int irq, enum irq_kind kind, unsigned int cpu)
{
	struct irq *i = &irqs[irq];

	if (i->kind == IRQ_FREE) {
		unsigned int v = find_vector();

		if (!v)
			return -ENOSPC;
		i->vector = (uint8_t)v;
		vector_irq[v] = (uint16_t)(irq + 1);
	}
	i->kind = (uint8_t)kind;
	i->cpu = (uint8_t)cpu;
	i->masked = kind == IRQ_GSI;
	i->missed = false;
	return 0;
}

static uint32_t target(const struct irq *i)
{
	return percpu_of(i->cpu)->apic_id;
}

/* --- set-up --- */

static int setup_gsi(unsigned int irq, bool level, bool low, unsigned int cpu,
		     void (*own)(void))
{
	struct irq *i = &irqs[irq];
	int rc;

	if (i->own)
		return -EBUSY;
	rc = assign(irq, IRQ_GSI, cpu);
	if (rc)
		return rc;
	i->level = level;
	i->own = own;
	ioapic_route(irq, i->vector, target(i), level, low);
	return 0;
}

int irq_hw_setup_gsi(unsigned int irq, bool level, bool low, unsigned int cpu)
{
	int rc;

	if (irq >= IRQ_MAX || !ioapic_has(irq) || cpu >= cpu_count())
		return -EINVAL;
	lock_acquire(&irq_lock);
	rc = setup_gsi(irq, level, low, cpu, NULL);
	lock_release(&irq_lock);
	return rc;
}

int irq_claim(unsigned int irq, bool level, bool low, void (*fn)(void))
{
	int rc;

	if (irq >= IRQ_MAX || !ioapic_has(irq))
		return -EINVAL;
	lock_acquire(&irq_lock);
	rc = setup_gsi(irq, level, low, cpu_id(), fn);
	lock_release(&irq_lock);
	if (!rc)
		irq_hw_unmask(irq);
	return rc;
}

int irq_hw_alloc_msi(unsigned int cpu)
{
	int rc = -ENOSPC;

	if (cpu >= cpu_count())
		return -EINVAL;
	lock_acquire(&irq_lock);
	for (unsigned int i = ioapic_gsi_count(); i < IRQ_MAX; i++) {
		if (irqs[i].kind != IRQ_FREE)
			continue;
		rc = assign(i, IRQ_MSI, cpu);
		rc = rc ? rc : (int)i;
		break;
	}
	lock_release(&irq_lock);
	return rc;
}

void irq_hw_free(unsigned int irq)
{
	struct irq *i = &irqs[irq];

	if (irq >= IRQ_MAX || i->kind == IRQ_FREE || i->own)
		return;
	lock_acquire(&irq_lock);
	if (i->kind == IRQ_GSI)
		ioapic_mask(irq, true);
	vector_irq[i->vector] = 0;
	*i = (struct irq){ .kind = IRQ_FREE };
	lock_release(&irq_lock);
}

void irq_hw_set_cpu(unsigned int irq, unsigned int cpu)
{
	struct irq *i = &irqs[irq];

	if (irq >= IRQ_MAX || i->kind == IRQ_FREE || cpu >= cpu_count())
		return;
	lock_acquire(&irq_lock);
	i->cpu = (uint8_t)cpu;
	if (i->kind == IRQ_GSI)
		ioapic_retarget(irq, target(i));
	lock_release(&irq_lock);
}

bool irq_hw_is_level(unsigned int irq)
{
	return irq < IRQ_MAX && irqs[irq].level;
}

/*
 * Without interrupt remapping an MSI names a CPU by 8 bits of APIC id; CPUs
 * beyond get theirs through CPU 0.
 */
void irq_hw_msi_message(unsigned int irq, uint64_t *addr, uint32_t *data)
{
	const struct irq *i = &irqs[irq < IRQ_MAX ? irq : 0];
	uint32_t id = target(i) < 255 ? target(i) : percpu_of(0)->apic_id;

	*addr = 0xfee00000UL | (uint64_t)id << 12;
	*data = i->vector;
}

/* A register is selected first: not while another CPU selects one. */
int irq_hw_ioapic_read(uint64_t base, uint32_t reg, uint32_t *val)
{
	int rc;

	lock_acquire(&irq_lock);
	rc = ioapic_read(base, reg, val);
	lock_release(&irq_lock);
	return rc;
}

/* --- masking --- */

void irq_hw_mask(unsigned int irq)
{
	if (irq >= IRQ_MAX || irqs[irq].kind == IRQ_FREE)
		return;
	lock_acquire(&irq_lock);
	irqs[irq].masked = true;
	if (irqs[irq].kind == IRQ_GSI)
		ioapic_mask(irq, true);
	lock_release(&irq_lock);
}

void irq_hw_unmask(unsigned int irq)
{
	struct irq *i = &irqs[irq];
	bool again;

	if (irq >= IRQ_MAX || i->kind == IRQ_FREE)
		return;
	lock_acquire(&irq_lock);
	i->masked = false;
	again = i->missed;
	i->missed = false;
	if (i->kind == IRQ_GSI)
		ioapic_mask(irq, false);
	lock_release(&irq_lock);
	if (again)
		lapic_send(target(i), i->vector);
}

void irq_hw_eoi(unsigned int irq)
{
	if (irq_hw_is_level(irq))
		irq_hw_unmask(irq);
}

/* --- arrival --- */

static void call_ipi(void)
{
	cpu_poll();
}

static void timer_due(void)
{
	cpu_raise(cpu_id(), WORK_TIMER);
}

/* What VEC_WAKE is for happens on the way out. */
static void wake(void)
{
}

/* Masked here but not at its source: raise it again when it is opened. */
static bool hold_back(struct irq *i)
{
	bool held;

	lock_acquire(&irq_lock);
	held = i->kind == IRQ_MSI && i->masked;
	i->missed |= held;
	lock_release(&irq_lock);
	return held;
}

static void device_interrupt(unsigned int vector)
{
	unsigned int irq = READ_ONCE(vector_irq[vector]);
	struct irq *i;

	if (!irq--) {
		spurious++;
		lapic_eoi();
		return;
	}
	i = &irqs[irq];
	if (i->level && !i->own)
		irq_hw_mask(irq);
	if (!(i->level && i->own))
		lapic_eoi();
	if (i->own) {
		i->own();
		if (i->level)
			lapic_eoi();
	} else if (!hold_back(i)) {
		irq_raised(irq);
	}
}

void irq_dispatch(unsigned int vector)
{
	static void (*const system[])(void) = {
		[VEC_TIMER - VEC_TIMER] = timer_due,
		[VEC_CALL - VEC_TIMER] = call_ipi,
		[VEC_WAKE - VEC_TIMER] = wake,
	};

	if (vector == VEC_SPURIOUS)
		return;
	if (vector < VEC_TIMER) {
		device_interrupt(vector);
		return;
	}
	lapic_eoi();
	if (vector - VEC_TIMER < ARRAY_SIZE(system))
		system[vector - VEC_TIMER]();
	else
		log_debug("CPU %u: local APIC reports an error\n", cpu_id());
}

/* --- boot --- */

unsigned int irq_isa_gsi(unsigned int isa, bool *level, bool *low)
{
	*level = *low = false;
	for (unsigned int i = 0; i < acpi_info.override_count; i++) {
		uint16_t flags = acpi_info.overrides[i].flags;

		if (acpi_info.overrides[i].source != isa)
			continue;
		*low = (flags & 3) == 3;
		*level = (flags >> 2 & 3) == 3;
		return acpi_info.overrides[i].gsi;
	}
	return isa;
}

/* The old controllers: move them off the exception vectors, then shut them. */
static void silence_8259(void)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, 0xf0);
	outb(0xa1, 0xf0);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

int x86_interrupts_init(void)
{
	int rc;

	silence_8259();
	rc = lapic_init();
	if (rc)
		return rc;
	percpu_of(0)->apic_id = lapic_id();
	return ioapic_init();
}
