// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory maps in E820 form: the machine's, and the one that a domain's builder
 * left for it.  State: pv.memory_map of a domain, under its lock; replaced as
 * a whole.
 */
#include <hypercall/memory_op.h>
#include <mm/alloc.h>
#include <port/frame.h>
#include <port/guest.h>
#include <pv/memory_map.h>

#define ENTRIES_MAX 128

/* The structure's own part goes back with the number of entries written. */
static int write_count(struct memop *m, uint32_t n)
{
	return guest_write(m->v,
			   m->arg + offsetof(struct xen_memory_map, nr_entries),
			   &n, sizeof(n));
}

long memop_machine_map(struct memop *m)
{
	struct xen_memory_map map;
	struct abi_e820entry e;
	uint32_t n = 0;

	if (!m->v->domain->privileged)
		return -EPERM;
	if (guest_read(m->v, &map, m->arg, sizeof(map)))
		return -EFAULT;
	for (; machine_range(n, &e); n++) {
		if (!map.buffer.addr)
			continue;
		if (n >= map.nr_entries)
			break;
		if (guest_write(m->v, map.buffer.addr + n * sizeof(e), &e,
				sizeof(e)))
			return -EFAULT;
	}
	return write_count(m, n);
}

long memop_memory_map(struct memop *m)
{
	struct abi_e820entry copy[ENTRIES_MAX];
	struct domain *d = m->v->domain;
	struct xen_memory_map map;
	uint32_t n;

	if (guest_read(m->v, &map, m->arg, sizeof(map)))
		return -EFAULT;
	lock_acquire(&d->lock);
	n = d->pv.memory_map_entries;
	for (uint32_t i = 0; i < n; i++)
		copy[i] = d->pv.memory_map[i];
	lock_release(&d->lock);
	if (!n)
		return -ENOSYS;
	if (map.buffer.addr) {
		n = MIN(n, map.nr_entries);
		if (guest_write(m->v, map.buffer.addr, copy,
				n * sizeof(copy[0])))
			return -EFAULT;
	}
	return write_count(m, n);
}

static void replace(struct domain *d, struct abi_e820entry *map, uint32_t n)
{
	struct abi_e820entry *old;

	lock_acquire(&d->lock);
	old = d->pv.memory_map;
	d->pv.memory_map = map;
	d->pv.memory_map_entries = n;
	lock_release(&d->lock);
	heap_free(old);
}

void memory_map_free(struct domain *d)
{
	replace(d, NULL, 0);
}

long memop_set_map(struct memop *m)
{
	struct xen_foreign_memory_map req;
	struct abi_e820entry *map;
	struct domain *d;
	size_t size;
	long rc;

	if (guest_read(m->v, &req, m->arg, sizeof(req)))
		return -EFAULT;
	if (req.map.nr_entries > ENTRIES_MAX)
		return -E2BIG;
	rc = memop_domain_tool(m->v, req.domid, &d);
	if (rc)
		return rc;
	size = req.map.nr_entries * sizeof(*map);
	map = heap_alloc(size ? size : 1);
	rc = map ? guest_read(m->v, map, req.map.buffer.addr, size) : -ENOMEM;
	if (rc)
		heap_free(map);
	else
		replace(d, map, req.map.nr_entries);
	domain_put(d);
	return rc;
}
