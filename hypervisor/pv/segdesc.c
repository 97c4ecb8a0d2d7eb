/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor tables of guests.  The frames of a GDT, and the frames of an LDT
 * that were needed so far, hold descriptor-table type references, so no guest
 * can write them; every descriptor in such a frame has been checked, and every
 * change to one comes through hc_update_descriptor().
 *
 * State: gdt_frames, gdt_entries, ldt_* of struct pv_vcpu: changed by the vCPU
 * itself, or while it does not run.
 */
#include <hypercall/hypercall.h>
#include <mm/ptype.h>
#include <port/guest.h>
#include <port/vcpu_hw.h>
#include <pv/pv_priv.h>
#include <pv/segdesc.h>

#define VEC_GP 13
#define EC_TI 4 /* the selector is of the LDT */

#define DESC_PER_PAGE (PAGE_SIZE / 8)
#define GDT_ENTRIES_MAX (PV_GDT_FRAMES * DESC_PER_PAGE)
#define LDT_ENTRIES_MAX (PV_LDT_PAGES * DESC_PER_PAGE)

bool segdesc_check(uint64_t *desc)
{
	uint64_t d = *desc;

	/* One that is not present always faults. */
	if (!(d & DESC_P))
		return true;
	/* Type 0 is reserved, so harmless; all other system ones are not. */
	if (!(d & DESC_S))
		return DESC_TYPE(d) == 0;
	*desc = d | DESC_DPL_MASK;
	return true;
}

uint64_t segdesc_base(uint64_t desc)
{
	return (desc >> 16 & 0xffffff) | (desc >> 56 & 0xff) << 24;
}

/* Hook of PTYPE_SEGDESC: the frame has no writable reference any more. */
int pv_segdesc_validate(struct domain *d, mfn_t m)
{
	uint64_t *desc = frame_map(m);

	(void)d;
	for (unsigned int i = 0; i < DESC_PER_PAGE; i++) {
		uint64_t val = desc[i], fixed = val;

		if (!segdesc_check(&fixed))
			return -EINVAL;
		if (fixed != val)
			desc[i] = fixed;
	}
	return 0;
}

static int get_table_frame(struct domain *d, mfn_t m)
{
	int rc;

	if (!frame_get(m, d))
		return -EINVAL;
	rc = ptype_get(m, PTYPE_SEGDESC, NULL);
	if (rc)
		frame_put(m);
	return rc;
}

static void put_table_frame(mfn_t m)
{
	ptype_put_now(m);
	frame_put(m);
}

static void put_table_frames(const mfn_t *frames, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		put_table_frame(frames[i]);
}

static unsigned int gdt_pages(uint32_t entries)
{
	return DIV_ROUND_UP(entries, (uint32_t)DESC_PER_PAGE);
}

int pv_set_gdt(struct vcpu *v, const mfn_t *frames, uint32_t entries)
{
	unsigned int n = gdt_pages(entries);

	if (entries > GDT_ENTRIES_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < n; i++) {
		int rc = get_table_frame(v->domain, frames[i]);

		if (rc) {
			put_table_frames(frames, i);
			return rc;
		}
	}
	pv_drop_gdt(v);
	for (unsigned int i = 0; i < n; i++)
		v->pv.gdt_frames[i] = frames[i];
	v->pv.gdt_entries = entries;
	vcpu_hw_load_gdt(v);
	return 0;
}

/* The CPU's window is emptied before the references go. */
void pv_drop_gdt(struct vcpu *v)
{
	unsigned int n = gdt_pages(v->pv.gdt_entries);
	mfn_t old[PV_GDT_FRAMES];

	if (n == 0)
		return;
	for (unsigned int i = 0; i < PV_GDT_FRAMES; i++) {
		old[i] = v->pv.gdt_frames[i];
		v->pv.gdt_frames[i] = MFN_NONE;
	}
	v->pv.gdt_entries = 0;
	vcpu_hw_load_gdt(v);
	put_table_frames(old, n);
}

long hc_set_gdt(struct vcpu *v, uint64_t arg[6])
{
	uint64_t raw[PV_GDT_FRAMES];
	mfn_t frames[PV_GDT_FRAMES];
	unsigned int n;

	if (arg[1] > GDT_ENTRIES_MAX)
		return -EINVAL;
	n = gdt_pages((uint32_t)arg[1]);
	if (n && guest_read(v, raw, arg[0], n * sizeof(raw[0])))
		return -EFAULT;
	for (unsigned int i = 0; i < n; i++)
		frames[i] = mfn(raw[i]);
	return pv_set_gdt(v, frames, (uint32_t)arg[1]);
}

/* Frames of pages that were mapped, once no window shows them any more. */
static unsigned int take_ldt_frames(struct vcpu *v, mfn_t *old)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < PV_LDT_PAGES; i++) {
		if (mfn_eq(v->pv.ldt_frames[i], MFN_NONE))
			continue;
		old[n++] = v->pv.ldt_frames[i];
		v->pv.ldt_frames[i] = MFN_NONE;
	}
	return n;
}

void pv_drop_ldt(struct vcpu *v)
{
	mfn_t old[PV_LDT_PAGES];
	unsigned int n = take_ldt_frames(v, old);

	if (n == 0)
		return;
	vcpu_hw_load_ldt(v);
	put_table_frames(old, n);
}

int pv_set_ldt(struct vcpu *v, gva_t base, uint32_t entries)
{
	if (entries > LDT_ENTRIES_MAX || !IS_ALIGNED(base, PAGE_SIZE))
		return -EINVAL;
	if (entries && !guest_range_ok(base, entries * 8UL))
		return -EINVAL;
	if (v->pv.ldt_base == base && v->pv.ldt_entries == entries)
		return 0;
	pv_drop_ldt(v);
	v->pv.ldt_base = entries ? base : 0;
	v->pv.ldt_entries = entries;
	vcpu_hw_load_ldt(v);
	return 0;
}

/* The frame that the guest's kernel tables map at @va, if it is a 4k page. */
static mfn_t walk(struct vcpu *v, gva_t va)
{
	mfn_t m = v->pv.kernel_cr3;

	if (mfn_eq(m, MFN_NONE))
		return MFN_NONE;
	for (int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *table = frame_map(m);
		uint64_t e = READ_ONCE(table[va >> shift & 511]);

		if (!(e & 1) || (shift > 12 && (e & 0x80)))
			return MFN_NONE;
		m = mfn(e >> PAGE_SHIFT & (BIT(40) - 1));
		if (!frame_is_ram(m))
			return MFN_NONE;
	}
	return m;
}

/*
 * The guest's tables may change under us on another CPU; whatever frame the
 * walk arrives at is used only if it is the guest's and all its descriptors
 * are harmless.
 */
bool pv_ldt_fault(struct vcpu *v, uint64_t offset)
{
	unsigned int page = (unsigned int)(offset >> PAGE_SHIFT);
	mfn_t m;

	if (offset >= v->pv.ldt_entries * 8UL || page >= PV_LDT_PAGES)
		return false;
	if (!mfn_eq(v->pv.ldt_frames[page], MFN_NONE))
		return false;
	m = walk(v, v->pv.ldt_base + page * PAGE_SIZE);
	if (mfn_eq(m, MFN_NONE) || get_table_frame(v->domain, m))
		return false;
	v->pv.ldt_frames[page] = m;
	vcpu_hw_map_ldt_page(v, page, m);
	return true;
}

/*
 * What the guest would meet if the hardware used its LDT where that is: nothing
 * is mapped there, or what is may be no descriptor.
 */
void pv_ldt_missing(struct vcpu *v, uint64_t offset, uint32_t ec)
{
	gva_t at = v->pv.ldt_base + offset;

	if (is_canonical(at))
		pv_raise_page_fault(v, at, ec);
	else
		pv_raise(v, VEC_GP, (uint32_t)(offset & 0xfff8) | EC_TI);
}

/* arg: machine address, new descriptor. */
long hc_update_descriptor(struct vcpu *v, uint64_t arg[6])
{
	mfn_t m = paddr_to_mfn(arg[0]);
	uint64_t desc = arg[1];
	enum ptype t;
	long rc;

	if (!IS_ALIGNED(arg[0], 8UL) || !segdesc_check(&desc))
		return -EINVAL;
	if (!frame_get(m, v->domain))
		return -EINVAL;
	t = ptype_of(m) == PTYPE_SEGDESC ? PTYPE_SEGDESC : PTYPE_WRITABLE;
	rc = ptype_get(m, t, NULL);
	if (!rc) {
		uint64_t *table = frame_map(m);

		WRITE_ONCE(table[arg[0] / 8 % DESC_PER_PAGE], desc);
		ptype_put_now(m);
	}
	frame_put(m);
	return rc;
}

/* The flat ones that every guest finds above its own GDT pages. */
static uint64_t flat_descriptor(uint16_t sel)
{
	switch (sel | 3) {
	case FLAT_RING3_CS64:
		return 0x00affb000000ffffUL;
	case FLAT_RING3_CS32:
		return 0x00cffb000000ffffUL;
	case FLAT_RING3_DS32:
		return 0x00cff3000000ffffUL;
	}
	return 0;
}

uint64_t segdesc_lookup(struct vcpu *v, uint16_t sel)
{
	unsigned int index = sel >> 3;
	const uint64_t *table;
	mfn_t m;

	if (sel & 4) {
		if (index >= v->pv.ldt_entries)
			return 0;
		(void)pv_ldt_fault(v, index * 8UL);
		m = v->pv.ldt_frames[index / DESC_PER_PAGE];
	} else {
		if (index >= FIRST_RESERVED_GDT_ENTRY)
			return flat_descriptor(sel);
		if (index == 0 || index >= v->pv.gdt_entries)
			return 0;
		m = v->pv.gdt_frames[index / DESC_PER_PAGE];
	}
	if (mfn_eq(m, MFN_NONE))
		return 0;
	table = frame_map(m);
	return READ_ONCE(table[index % DESC_PER_PAGE]);
}

bool segdesc_is_code64(struct vcpu *v)
{
	if (v->regs.cs == FLAT_RING3_CS64)
		return true;
	return segdesc_lookup(v, v->regs.cs) & DESC_L;
}
