// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which host interrupts domains have, and what happens when one arrives.
 *
 * State: for each domain the map from its pirqs to host irqs, under
 * irq_maps_lock; for each host irq the domain and port that it raises, under
 * the line's own lock, which is all that an arriving interrupt takes.
 *
 * A line belongs to one domain.  A level interrupt stays masked at its pin
 * from its arrival until the domain says EOI, so a domain that never does
 * silences its own device and nothing else.
 */
#include <abi/physdev.h>
#include <boot/boot.h>
#include <irq/irq_priv.h>
#include <lib/bitmap.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/hooks.h>

struct line {
	struct lock lock;
	struct domain *d; /* mapped to; NULL: nobody's */
	uint32_t pirq;
	uint32_t port; /* 0: mapped, not bound */
	bool is_msi;
	bool configured; /* a GSI with its trigger set */
	bool in_flight; /* level: raised, and no EOI yet */
};

static struct line lines[IRQ_MAX];
struct lock irq_maps_lock = LOCK_INIT(RANK_IRQ);

static void line_lock(struct line *l)
{
	l->lock.rank = RANK_IRQ_LINE;
	lock_acquire(&l->lock);
}

static void line_unlock(struct line *l)
{
	lock_release(&l->lock);
}

int irq_domain_init(struct domain *d)
{
	d->irq = heap_alloc(sizeof(*d->irq));
	if (!d->irq)
		return -ENOMEM;
	d->irq->eoi_frame = MFN_NONE;
	return 0;
}

/* --- the map; all under irq_maps_lock --- */

static int map_make(struct irq_domain *i)
{
	if (!i) /* torn down since the caller looked */
		return -ESRCH;
	if (!i->line)
		i->line = heap_calloc(PIRQ_MAX, sizeof(*i->line));
	return i->line ? 0 : -ENOMEM;
}

/* The host irq of @pirq, or -1. */
static int irq_of(const struct domain *d, uint32_t pirq)
{
	const struct irq_domain *i = d->irq;

	if (!i || !i->line || pirq >= PIRQ_MAX ||
	    i->line[pirq] == LINE_FREE || i->line[pirq] == LINE_RESERVED)
		return -1;
	return i->line[pirq] - 1;
}

/* GSIs keep their numbers, so others are chosen from the top down. */
static int free_pirq(const struct irq_domain *i)
{
	for (unsigned int n = PIRQ_MAX; n-- > irq_hw_gsi_count();)
		if (i->line[n] == LINE_FREE)
			return (int)n;
	return -ENOSPC;
}

/* The number to map under: the one asked for, or any. */
static int choose_pirq(struct irq_domain *i, int pirq)
{
	int rc = map_make(i);

	if (rc)
		return rc;
	if (pirq < 0)
		return free_pirq(i);
	if (pirq >= PIRQ_MAX)
		return -EINVAL;
	if (i->line[pirq] != LINE_FREE && i->line[pirq] != LINE_RESERVED)
		return -EEXIST;
	return pirq;
}

static void line_take(unsigned int irq, struct domain *d, uint32_t pirq,
		      bool msi)
{
	struct line *l = &lines[irq];

	line_lock(l);
	l->d = d;
	l->pirq = pirq;
	l->port = 0;
	l->is_msi = msi;
	l->in_flight = false;
	line_unlock(l);
	d->irq->line[pirq] = (uint16_t)(irq + 1);
}

static int map_gsi(struct domain *d, unsigned int gsi, int pirq)
{
	int n;

	if (lines[gsi].d == d && (pirq < 0 || (uint32_t)pirq == lines[gsi].pirq))
		return (int)lines[gsi].pirq;
	if (lines[gsi].d)
		return -EBUSY;
	n = choose_pirq(d->irq, pirq);
	if (n >= 0)
		line_take(gsi, d, (uint32_t)n, false);
	return n;
}

int pirq_map_gsi(struct domain *d, int gsi, int pirq)
{
	int rc;

	if (gsi < 0 || (unsigned int)gsi >= MIN(irq_hw_gsi_count(), IRQ_MAX))
		return -EINVAL;
	if (!hooks.irq_allowed(d, (uint32_t)gsi))
		return -EPERM;
	lock_acquire(&irq_maps_lock);
	rc = map_gsi(d, (unsigned int)gsi, pirq);
	lock_release(&irq_maps_lock);
	return rc;
}

static int map_msi(struct domain *d, int pirq, const struct msi_request *r)
{
	struct pci_dev *dev = pci_find(r->seg, r->bus, r->devfn);
	int irq, rc, n;

	if (!dev)
		return -ENODEV;
	n = choose_pirq(d->irq, pirq);
	if (n < 0)
		return n;
	irq = irq_hw_alloc_msi(0);
	if (irq < 0)
		return irq;
	irq_hw_mask((unsigned int)irq);
	rc = msi_setup(dev, (unsigned int)irq, r->msix, r->entry,
		       r->table_base);
	if (rc) {
		irq_hw_free((unsigned int)irq);
		return rc;
	}
	line_take((unsigned int)irq, d, (uint32_t)n, true);
	return n;
}

int pirq_map_msi(struct domain *d, int pirq, const struct msi_request *r)
{
	int rc;

	lock_acquire(&irq_maps_lock);
	rc = map_msi(d, pirq, r);
	lock_release(&irq_maps_lock);
	return rc;
}

int pirq_reserve(struct domain *d)
{
	int rc;

	lock_acquire(&irq_maps_lock);
	rc = choose_pirq(d->irq, -1);
	if (rc >= 0)
		d->irq->line[rc] = LINE_RESERVED;
	lock_release(&irq_maps_lock);
	return rc;
}

int pirq_line(struct domain *d, uint32_t pirq)
{
	int irq;

	lock_acquire(&irq_maps_lock);
	irq = irq_of(d, pirq);
	lock_release(&irq_maps_lock);
	return irq;
}

/* --- triggers --- */

/* What a GSI is if nobody said: ISA's by the overrides, else PCI's. */
static void default_trigger(unsigned int gsi, bool *level, bool *low)
{
	*level = *low = gsi >= 16;
	for (unsigned int i = 0; i < acpi_info.override_count; i++) {
		uint16_t flags = acpi_info.overrides[i].flags;

		if (acpi_info.overrides[i].gsi != gsi)
			continue;
		*low = (flags & 3) == 3;
		*level = (flags >> 2 & 3) == 3;
	}
}

static int configure_gsi(unsigned int gsi, bool level, bool low)
{
	int rc = irq_hw_setup_gsi(gsi, level, low, 0);

	if (!rc)
		lines[gsi].configured = true;
	return rc;
}

int pirq_setup_gsi(unsigned int gsi, bool level, bool low)
{
	int rc;

	if (gsi >= MIN(irq_hw_gsi_count(), IRQ_MAX))
		return -EINVAL;
	lock_acquire(&irq_maps_lock);
	rc = lines[gsi].configured ? -EEXIST :
				     configure_gsi(gsi, level, low);
	lock_release(&irq_maps_lock);
	return rc == -EBUSY ? -EEXIST : rc; /* it is ours, and set up */
}

/* --- EOI map: a page of the guest's in which bits say what needs an EOI --- */

static void eoi_map_note(struct domain *d, uint32_t pirq, bool needs)
{
	if (!d->irq->eoi_map)
		return;
	if (needs)
		bit_set(d->irq->eoi_map, pirq);
	else
		bit_clear(d->irq->eoi_map, pirq);
}

static void eoi_map_drop(struct irq_domain *i)
{
	if (mfn_eq(i->eoi_frame, MFN_NONE))
		return;
	i->eoi_map = NULL;
	frame_put_writable(i->eoi_frame);
	i->eoi_frame = MFN_NONE;
}

static int eoi_map_take(struct domain *d, mfn_t m)
{
	struct irq_domain *i = d->irq;

	_Static_assert(PIRQ_MAX <= PAGE_SIZE * 8, "the map is one page");
	if (i->eoi_map)
		return -EBUSY;
	if (!frame_get_writable(m, d))
		return -EINVAL;
	i->eoi_frame = m;
	i->eoi_map = frame_map(m);
	for (uint32_t n = 0; n < PAGE_SIZE / 8; n++)
		WRITE_ONCE(i->eoi_map[n], 0);
	for (uint32_t n = 0; n < PIRQ_MAX; n++)
		if (irq_of(d, n) >= 0 && lines[irq_of(d, n)].port)
			eoi_map_note(d, n,
				     irq_hw_is_level((unsigned int)irq_of(d, n)));
	return 0;
}

int pirq_set_eoi_map(struct domain *d, mfn_t m)
{
	int rc;

	lock_acquire(&irq_maps_lock);
	rc = eoi_map_take(d, m);
	lock_release(&irq_maps_lock);
	return rc;
}

bool pirq_needs_eoi(struct domain *d, uint32_t pirq)
{
	int irq = pirq_line(d, pirq);

	return irq >= 0 && irq_hw_is_level((unsigned int)irq);
}

/* --- binding to event ports --- */

/* Under irq_maps_lock. */
static int bind(struct domain *d, unsigned int irq, uint32_t port,
		unsigned int cpu)
{
	struct line *l = &lines[irq];
	bool level, low;
	int rc = 0;

	if (l->port)
		return -EBUSY;
	if (!l->is_msi && !l->configured) {
		default_trigger(irq, &level, &low);
		rc = configure_gsi(irq, level, low);
		if (rc)
			return rc;
	}
	irq_hw_set_cpu(irq, cpu);
	if (l->is_msi)
		msi_retarget(irq);
	eoi_map_note(d, l->pirq, irq_hw_is_level(irq));
	line_lock(l);
	l->port = port;
	l->in_flight = false;
	line_unlock(l);
	irq_hw_unmask(irq);
	return 0;
}

int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port, struct vcpu *v,
	      bool will_share)
{
	int irq, rc = -EINVAL;

	(void)will_share; /* with whom? A line belongs to one domain. */
	lock_acquire(&irq_maps_lock);
	irq = irq_of(d, pirq);
	if (irq >= 0)
		rc = bind(d, (unsigned int)irq, port, v ? v->sched.cpu : 0);
	lock_release(&irq_maps_lock);
	return rc;
}

/* Under irq_maps_lock. */
static void unbind(struct domain *d, unsigned int irq)
{
	struct line *l = &lines[irq];

	irq_hw_mask(irq);
	line_lock(l);
	l->port = 0;
	l->in_flight = false;
	line_unlock(l);
	eoi_map_note(d, l->pirq, false);
}

void pirq_unbind(struct domain *d, uint32_t pirq)
{
	int irq;

	lock_acquire(&irq_maps_lock);
	irq = irq_of(d, pirq);
	if (irq >= 0)
		unbind(d, (unsigned int)irq);
	lock_release(&irq_maps_lock);
}

void pirq_set_cpu(struct domain *d, uint32_t pirq, unsigned int cpu)
{
	int irq;

	lock_acquire(&irq_maps_lock);
	irq = irq_of(d, pirq);
	if (irq >= 0) {
		irq_hw_set_cpu((unsigned int)irq, cpu);
		if (lines[irq].is_msi)
			msi_retarget((unsigned int)irq);
	}
	lock_release(&irq_maps_lock);
}

/* Under irq_maps_lock. */
static void unmap(struct domain *d, uint32_t pirq)
{
	int irq = irq_of(d, pirq);
	struct line *l;

	if (irq < 0)
		return;
	l = &lines[irq];
	unbind(d, (unsigned int)irq);
	if (l->is_msi) {
		msi_teardown((unsigned int)irq);
		irq_hw_free((unsigned int)irq);
	}
	line_lock(l);
	l->d = NULL;
	line_unlock(l);
	d->irq->line[pirq] = LINE_FREE;
}

int pirq_unmap(struct domain *d, uint32_t pirq)
{
	int rc = -EINVAL;

	lock_acquire(&irq_maps_lock);
	if (irq_of(d, pirq) >= 0 && lines[irq_of(d, pirq)].port)
		rc = -EBUSY;
	else if (irq_of(d, pirq) >= 0)
		rc = 0;
	else if (d->irq && d->irq->line && pirq < PIRQ_MAX &&
		 d->irq->line[pirq] == LINE_RESERVED)
		d->irq->line[pirq] = rc = LINE_FREE;
	if (rc == 0)
		unmap(d, pirq);
	lock_release(&irq_maps_lock);
	return rc;
}

void irq_domain_free(struct domain *d)
{
	struct irq_domain *i = d->irq;

	if (!i)
		return;
	lock_acquire(&irq_maps_lock);
	for (uint32_t n = 0; i->line && n < PIRQ_MAX; n++)
		unmap(d, n);
	eoi_map_drop(i);
	d->irq = NULL;
	lock_release(&irq_maps_lock);
	heap_free(i->line);
	heap_free(i->out_line);
	heap_free(i);
}

/* --- arrival and end --- */

void irq_raised(unsigned int irq)
{
	struct line *l = &lines[irq];
	struct domain *d = NULL;
	uint32_t port = 0;

	if (irq >= IRQ_MAX)
		return;
	line_lock(l);
	if (l->d && l->port) {
		d = l->d;
		port = l->port;
		l->in_flight = true;
		domain_get_ref(d);
	}
	line_unlock(l);
	if (!d)
		return;
	hooks.pirq_arrived(d, port);
	domain_put(d);
}

void pirq_eoi(struct domain *d, uint32_t pirq)
{
	int irq = pirq_line(d, pirq);
	struct line *l;
	bool open = false;

	if (irq < 0)
		return;
	l = &lines[irq];
	line_lock(l);
	if (l->d == d && l->pirq == pirq && l->in_flight) {
		l->in_flight = false;
		open = l->port != 0;
	}
	line_unlock(l);
	if (open)
		irq_hw_eoi((unsigned int)irq);
}
