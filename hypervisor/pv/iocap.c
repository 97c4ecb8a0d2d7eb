/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the hardware a domain may touch: I/O ports, frames that are not RAM,
 * and physical interrupts, each as a set of ranges.
 *
 * State: struct iocap of a domain, under its lock (RANK_IOCAP; the heap's is
 * taken inside, since a set may have to grow).  Readers take the lock too:
 * they are on paths that go to a device.
 */
#include <lib/rangeset.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <pv/pv.h>

#define PORT_LAST 0xffffU
#define LAPIC_FRAME 0xfee00UL
#define RANGES_MAX 4096 /* of one kind; a toolstack needs tens */

struct iocap {
	struct lock lock;
	struct rangeset ports, mmio, irqs;
};

/* The legacy devices that the hypervisor keeps to itself. */
static const struct range hidden_ports[] = {
	{ 0x20, 0x21 }, { 0xa0, 0xa1 }, /* 8259 */
	{ 0x4d0, 0x4d1 }, /* their trigger modes */
	{ 0x40, 0x43 }, { 0x61, 0x61 }, /* 8254: see pv/emul_io.c */
	{ 0xcf8, 0xcff }, /* PCI configuration: mediated */
};

/* Make sure that one more operation on @s finds room. */
static int grow(struct rangeset *s)
{
	uint32_t room = s->room ? s->room * 2 : 8;
	struct range *r;

	if (s->count < s->room)
		return 0;
	if (room > RANGES_MAX)
		return -ENOSPC;
	r = heap_calloc(room, sizeof(*r));
	if (!r)
		return -ENOMEM;
	if (s->count)
		memcpy(r, s->r, s->count * sizeof(*r));
	heap_free(s->r);
	s->r = r;
	s->room = room;
	return 0;
}

static int permit(struct iocap *c, struct rangeset *s, uint64_t first,
		  uint64_t last, bool on)
{
	int rc;

	lock_acquire(&c->lock);
	rc = grow(s);
	if (!rc)
		rc = on ? rangeset_add(s, first, last) :
			  rangeset_remove(s, first, last);
	lock_release(&c->lock);
	return rc;
}

static bool permitted(struct iocap *c, const struct rangeset *s,
		      uint64_t first, uint64_t last)
{
	bool ok;

	lock_acquire(&c->lock);
	ok = rangeset_contains(s, first, last);
	lock_release(&c->lock);
	return ok;
}

/* The control domain may use all but what we drive or mediate. */
static int permit_control_domain(struct domain *d)
{
	int rc = iocap_permit_ports(d, 0, PORT_LAST + 1, true);

	for (unsigned int k = 0; !rc && k < ARRAY_SIZE(hidden_ports); k++)
		rc = permit(d->iocap, &d->iocap->ports, hidden_ports[k].first,
			    hidden_ports[k].last, false);
	if (!rc)
		rc = permit(d->iocap, &d->iocap->mmio, 0, (1UL << 40) - 1,
			    true);
	if (!rc)
		rc = permit(d->iocap, &d->iocap->mmio, LAPIC_FRAME,
			    LAPIC_FRAME, false);
	if (!rc)
		rc = permit(d->iocap, &d->iocap->irqs, 0, ~0U, true);
	return rc;
}

int iocap_init(struct domain *d)
{
	int rc = 0;

	d->iocap = heap_alloc(sizeof(*d->iocap));
	if (!d->iocap)
		return -ENOMEM;
	lock_init(&d->iocap->lock, RANK_IOCAP);
	if (d->privileged)
		rc = permit_control_domain(d);
	if (rc)
		iocap_free(d);
	return rc;
}

void iocap_free(struct domain *d)
{
	if (!d->iocap)
		return;
	heap_free(d->iocap->ports.r);
	heap_free(d->iocap->mmio.r);
	heap_free(d->iocap->irqs.r);
	heap_free(d->iocap);
	d->iocap = NULL;
}

int iocap_permit_ports(struct domain *d, uint32_t first, uint32_t n, bool on)
{
	if (n == 0 || first > PORT_LAST || n > PORT_LAST + 1 - first)
		return -EINVAL;
	return permit(d->iocap, &d->iocap->ports, first, first + n - 1, on);
}

int iocap_permit_mmio(struct domain *d, uint64_t first_mfn, uint64_t n,
		      bool on)
{
	if (n == 0 || first_mfn + n < first_mfn)
		return -EINVAL;
	return permit(d->iocap, &d->iocap->mmio, first_mfn,
		      first_mfn + n - 1, on);
}

int iocap_permit_irq(struct domain *d, uint32_t pirq, bool on)
{
	return permit(d->iocap, &d->iocap->irqs, pirq, pirq, on);
}

bool iocap_port_ok(const struct domain *d, uint32_t first, uint32_t n)
{
	return n && permitted(d->iocap, &d->iocap->ports, first,
			      (uint64_t)first + n - 1);
}

/* RAM is never device memory, whatever somebody permitted. */
bool iocap_mmio_ok(const struct domain *d, mfn_t m)
{
	return !frame_is_ram(m) &&
	       permitted(d->iocap, &d->iocap->mmio, mfn_x(m), mfn_x(m));
}

bool iocap_has_devices(const struct domain *d)
{
	return READ_ONCE(d->iocap->mmio.count) ||
	       READ_ONCE(d->iocap->ports.count);
}

bool iocap_mmio_range_ok(const struct domain *d, uint64_t first_mfn,
			 uint64_t n)
{
	return n && first_mfn + n - 1 >= first_mfn &&
	       permitted(d->iocap, &d->iocap->mmio, first_mfn,
			 first_mfn + n - 1);
}

bool iocap_irq_ok(const struct domain *d, uint32_t pirq)
{
	return permitted(d->iocap, &d->iocap->irqs, pirq, pirq);
}
