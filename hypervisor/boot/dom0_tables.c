// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * First page tables of the control domain.  Tables are taken in order from the
 * frames planned for them; the page-type code checks the result like any other
 * guest's when the domain's base is loaded, so an error here cannot harm.
 */
#include <boot/dom0_tables.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <port/frame.h>

#define PTE_PRESENT BIT(0)
#define PTE_RW BIT(1)
#define PTE_USER BIT(2)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY BIT(6)
#define LEAF (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define TABLE LEAF

struct tables {
	struct dom0_mem *m;
	uint64_t next, end; /* pfns still to be used for tables */
	uint64_t *l4, *l3, *l2, *l1; /* where the last mapping went */
	uint64_t virt; /* the page mapped last */
};

static uint64_t *new_table(struct tables *t, uint64_t *slot)
{
	mfn_t f;
	uint64_t *table;

	ASSERT(t->next < t->end);
	f = dom0_mem_mfn(t->m, t->next++);
	table = frame_map(f);
	memset(table, 0, PAGE_SIZE);
	if (slot)
		*slot = mfn_to_paddr(f) | TABLE;
	return table;
}

static uint64_t *slot_of(uint64_t *table, uint64_t virt, unsigned int shift)
{
	return &table[virt >> shift & 511];
}

/* Map the page at @virt. Pages of one range come in rising order. */
static void map_page(struct tables *t, uint64_t virt, mfn_t f, bool writable)
{
	if (!t->l3 || virt >> 39 != t->virt >> 39) {
		t->l3 = new_table(t, slot_of(t->l4, virt, 39));
		t->l2 = NULL;
	}
	if (!t->l2 || virt >> 30 != t->virt >> 30) {
		t->l2 = new_table(t, slot_of(t->l3, virt, 30));
		t->l1 = NULL;
	}
	if (!t->l1 || virt >> 21 != t->virt >> 21)
		t->l1 = new_table(t, slot_of(t->l2, virt, 21));
	*slot_of(t->l1, virt, 12) = mfn_to_paddr(f) |
				    (writable ? LEAF : LEAF & ~PTE_RW);
	t->virt = virt;
}

static void map_area(struct tables *t, const struct dom0_plan *p)
{
	uint64_t tables_end = p->tables_virt + p->table_count * PAGE_SIZE;

	for (uint64_t v = p->virt_base; v < p->virt_end; v += PAGE_SIZE)
		map_page(t, v, dom0_mem_mfn(t->m, dom0_plan_pfn(p, v)),
			 v < p->tables_virt || v >= tables_end);
}

/* The list's own tables are mapped nowhere. */
static void map_p2m(struct tables *t, const struct dom0_plan *p)
{
	t->l3 = NULL;
	t->next = p->p2m_tables.first;
	t->end = t->next + p->p2m_tables.count;
	for (uint64_t i = 0; i < p->p2m.count; i++)
		map_page(t, p->p2m_virt + i * PAGE_SIZE,
			 dom0_mem_mfn(t->m, p->p2m.first + i), true);
}

mfn_t dom0_tables_build(struct dom0_mem *m, const struct dom0_plan *p)
{
	struct tables t = { .m = m };

	t.next = dom0_plan_pfn(p, p->tables_virt);
	t.end = t.next + p->table_count;
	t.l4 = new_table(&t, NULL);
	map_area(&t, p);
	/* Planned but not needed: frames that Linux takes for tables too. */
	while (t.next < t.end)
		new_table(&t, NULL);
	if (p->p2m_apart)
		map_p2m(&t, p);
	return frame_of(t.l4);
}
