// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two vCPUs of one guest that use the same frames and grants at once.  While
 * they do, any answer is right; what must hold is said by each test, and at the
 * end no frame may still be held: it can be given back and counts as free.
 *
 * Attacks covered: types that change under the other vCPU (XSA-401, 299),
 * translations that outlive a change of type or owner (XSA-286, 402, 408),
 * frames given back twice or while being mapped (XSA-214, 217, 287), grants
 * mapped, unmapped and copied at once (XSA-218, 228, 230, 236), versions
 * switched meanwhile (XSA-379, 384), areas in pages that went away.
 */
#include "../lib/calls.h"
#include "../lib/second.h"

#define NEED_TWO()                                                \
	do {                                                      \
		if (!second_start())                              \
			SKIP("this guest has one vCPU only");     \
	} while (0)

#define SECRET 0x5ec7e70000000000UL

/* Nothing but its one mapping holds @page: giving it back frees it. */
static bool is_free(void *page)
{
	xen_pfn_t f = virt_to_mfn(page);
	long before = frames_now();

	if (map_va(page, 0, UVMF_INVLPG | UVMF_ALL) ||
	    reserve_one(XENMEM_decrease_reservation, &f) != 1 ||
	    frames_now() != before - 1)
		return false;
	return take_frame(page);
}

/* --- page tables --- */

static void play_tables(void)
{
	static const unsigned int pin[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
		MMUEXT_PIN_L4_TABLE,
	};
	unsigned int level = (unsigned int)below(4);
	void *page = pages[below(4)], *to = pages[below(6)];

	ext(pin[level], virt_to_mfn(pages[level]));
	update(machine(page) + below(4) * 8,
	       machine(to) | PTE_P | PTE_US | (below(2) ? PTE_RW : 0));
	update(machine(page) + below(4) * 8, 0);
	if (below(2))
		make_writable(page);
	else
		make_readonly(page);
	ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[below(4)]));
	if (below(8) == 0)
		ext(MMUEXT_NEW_USER_BASEPTR,
		    below(2) ? virt_to_mfn(pages[3]) : 0);
}

static void forget_user_base(void)
{
	ext(MMUEXT_NEW_USER_BASEPTR, 0);
}

static bool all_free(unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		if (!is_free(pages[i])) {
			mg_print("MG   page %u is still held\n", i);
			return false;
		}
	return true;
}

TEST(page_tables_of_both)
{
	NEED_TWO();
	for (unsigned int i = 1; i < 4; i++)
		((uint64_t *)pages[i])[0] = machine(pages[i - 1]) | PTE_TABLE;
	CHECK(race(play_tables, play_tables, 2500));
	second_begin(forget_user_base);
	forget_user_base();
	second_wait();
	for (unsigned int round = 0; round < 4; round++)
		for (unsigned int i = 0; i < 4; i++)
			ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[i]));
	for (unsigned int i = 0; i < 6; i++) {
		CHECK_EQ(make_writable(pages[i]), 0);
		clear_page(pages[i]);
	}
	CHECK(all_free(0, 6));
}

static void map_one_entry(void)
{
	static const uint64_t flags[] = { 0, PTE_P | PTE_US, PTE_TABLE };
	uint64_t f = flags[below(3)];
	void *to = pages[8 + below(2)];

	map_va(pages[7], f ? machine(to) | f : 0,
	       below(2) ? UVMF_INVLPG : UVMF_TLB_FLUSH | UVMF_ALL);
}

TEST(one_entry_of_both)
{
	uint64_t f;

	NEED_TWO();
	f = machine(pages[7]);
	CHECK(race(map_one_entry, map_one_entry, 4000));
	CHECK_EQ(map_va(pages[7], f | PTE_TABLE, UVMF_INVLPG | UVMF_ALL), 0);
	CHECK(all_free(7, 10));
}

static void play_descriptors(void)
{
	uint64_t f = virt_to_mfn(pages[10]);
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

	switch (below(6)) {
	case 0:
		HC2(set_gdt, &f, 512);
		break;
	case 1:
		op.arg1.linear_addr = (uint64_t)pages[10];
		op.arg2.nr_ents = 512;
		HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
		__asm__ volatile("mov $7, %%eax; lar %%ax, %%eax"
				 : : : "rax", "cc");
		break;
	case 2:
		make_writable(pages[10]);
		break;
	case 3:
		make_readonly(pages[10]);
		break;
	case 4:
		if (ext(MMUEXT_PIN_L1_TABLE, f) == 0)
			ext(MMUEXT_UNPIN_TABLE, f);
		break;
	default:
		HC2(update_descriptor, (f << 12) + 8 * below(512),
		    0x00cff3000000ffffUL);
	}
}

/* The LDT's page may just not be there: a fault of LAR, of either kind. */
static bool skip_lar(struct frame *f)
{
	const uint8_t *at = (void *)f->rip;

	if ((f->vector != 13 && f->vector != 14) || at[0] != 0x0f || at[1] != 0x02)
		return false;
	f->rip += 3;
	return true;
}

static void forget_descriptors(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

	HC2(set_gdt, NULL, 0);
	HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

TEST(descriptor_tables_of_both)
{
	NEED_TWO();
	trap_hook = skip_lar;
	CHECK(race(play_descriptors, play_descriptors, 3000));
	second_begin(forget_descriptors);
	forget_descriptors();
	second_wait();
	ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[10]));
	CHECK_EQ(make_writable(pages[10]), 0);
	clear_page(pages[10]);
	CHECK(all_free(10, 11));
}

/* --- stale translations --- */

/* Never present as an entry, so any of it may become a table. */
static void write_junk(void)
{
	probe_write(pages[11], 0x1230);
}

static unsigned long pinned, changed;

static void pin_under_writer(void)
{
	volatile uint64_t *e = (void *)pages[11];

	/*
	 * The other may go on writing until the type changes, not longer.
	 * Level 2: writes to it are never emulated.
	 */
	make_readonly(pages[11]);
	if (ext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(pages[11])) == 0) {
		pinned++;
		update(machine(pages[11]), 0x5550);
		for (unsigned int i = 0; i < 300; i++)
			changed += *e != 0x5550;
		ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[11]));
	}
	make_writable(pages[11]);
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("pause");
}

TEST(no_writes_to_a_table_from_elsewhere)
{
	NEED_TWO();
	CHECK(race(pin_under_writer, write_junk, 1000));
	CHECK(pinned > 0);
	CHECK_EQ(changed, 0);
	clear_page(pages[11]);
	CHECK(all_free(11, 12));
}

static volatile uint64_t seen;
static volatile unsigned long leaked;

static void read_old_page(void)
{
	uint64_t v;

	if (probe_read(pages[12], &v) != -1)
		return;
	seen = v;
	leaked += v >= SECRET;
}

/* Give back pages[12] without a flush, and use the memory at pages[13]. */
static bool hand_over(unsigned int round, unsigned int *reused)
{
	volatile uint64_t *old = (void *)pages[12], *new = (void *)pages[13];
	xen_pfn_t f = virt_to_mfn(pages[12]);
	uint64_t end = now() + 2000000000UL;

	*old = round + 1;
	while (seen != round + 1 && now() < end)
		__asm__ volatile("pause");
	if (map_va(pages[12], 0, UVMF_NONE) ||
	    reserve_one(XENMEM_decrease_reservation, &f) != 1 ||
	    !take_frame(pages[13]))
		return false;
	*new = SECRET + round;
	*reused += virt_to_mfn(pages[13]) == f;
	for (unsigned int i = 0; i < 500; i++)
		__asm__ volatile("pause");
	/* A frame may come back to its owner as it was. */
	*new = 0;
	f = virt_to_mfn(pages[13]);
	return map_va(pages[13], 0, UVMF_INVLPG) == 0 &&
	       map_va(pages[12], 0, UVMF_INVLPG | UVMF_ALL) == 0 &&
	       reserve_one(XENMEM_decrease_reservation, &f) == 1 &&
	       take_frame(pages[12]);
}

TEST(no_reads_of_memory_given_back)
{
	xen_pfn_t f = virt_to_mfn(pages[13]);
	unsigned int reused = 0;
	bool done = true;

	NEED_TWO();
	CHECK_EQ(map_va(pages[13], 0, UVMF_INVLPG | UVMF_ALL), 0);
	CHECK_EQ(reserve_one(XENMEM_decrease_reservation, &f), 1);
	second_run(read_old_page);
	for (unsigned int i = 0; i < 50 && done; i++)
		done = hand_over(i, &reused);
	second_stop();
	CHECK(done);
	CHECK_EQ(leaked, 0);
	CHECK(take_frame(pages[13]));
	CHECK(all_free(12, 14));
	mg_print("MG   the same frame came back %u times of 50\n", reused);
}

/* An address that three tables of this test lead to. */
#define FAR ((void *)(0xffff000000000000UL | 300UL << 39))

static void read_far(void)
{
	uint64_t v;

	for (unsigned int i = 0; i < 4; i++)
		if (probe_read((char *)FAR + i * PAGE, &v) == -1)
			leaked += v >= SECRET;
}

static unsigned long linked;

/* A table that is no table any more, with entries as an attacker wants them. */
static void free_table_under_reader(void)
{
	uint64_t *e = (void *)pages[0];

	update(machine(pages[0]), machine(pages[4]) | PTE_P | PTE_US);
	linked += update(machine(pages[1]), machine(pages[0]) | PTE_TABLE) == 0;
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("pause");
	update(machine(pages[1]), 0);
	if (make_writable(pages[0]))
		return;
	for (unsigned int i = 1; i < 4; i++)
		e[i] = machine(pages[5]) | PTE_TABLE;
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("pause");
	clear_page(e);
	make_readonly(pages[0]);
}

TEST(no_walks_through_a_former_table)
{
	uint64_t l4 = machine((void *)start->pt_base) + 300 * 8;

	NEED_TWO();
	leaked = 0;
	((uint64_t *)pages[2])[0] = machine(pages[1]) | PTE_TABLE;
	*(uint64_t *)pages[5] = SECRET;
	for (unsigned int i = 0; i < 3; i++)
		CHECK_EQ(make_readonly(pages[i]), 0);
	CHECK_EQ(update(l4, machine(pages[2]) | PTE_TABLE), 0);
	CHECK(race(free_table_under_reader, read_far, 1000));
	CHECK_EQ(update(l4, 0), 0);
	CHECK(linked > 0);
	CHECK_EQ(leaked, 0);
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_EQ(make_writable(pages[i]), 0);
		clear_page(pages[i]);
	}
	CHECK(all_free(0, 6));
}

/* --- memory --- */

static xen_pfn_t victim;

static void give_victim(void)
{
	xen_pfn_t f = victim;

	reserve_one(XENMEM_decrease_reservation, &f);
}

static void map_victim(void)
{
	map_va(pages[15], victim << 12 | PTE_TABLE, UVMF_INVLPG);
	ext(MMUEXT_PIN_L1_TABLE, victim);
}

/* Both give the same frame back, or one while the other maps and pins it. */
static bool given_once(void (*theirs)(void))
{
	long before = frames_now();

	victim = virt_to_mfn(pages[14]);
	if (map_va(pages[14], 0, UVMF_INVLPG | UVMF_ALL))
		return false;
	second_begin(theirs);
	give_victim();
	second_wait();
	ext(MMUEXT_UNPIN_TABLE, victim);
	map_va(pages[15], 0, UVMF_INVLPG | UVMF_ALL);
	give_victim();
	return frames_now() == before - 1 && take_frame(pages[14]);
}

TEST(given_back_by_both)
{
	xen_pfn_t f = virt_to_mfn(pages[15]);
	bool once = true;

	NEED_TWO();
	for (unsigned int i = 0; i < 100 && once; i++)
		once = given_once(i % 2 ? give_victim : map_victim);
	CHECK(once);
	CHECK_EQ(map_va(pages[15], f << 12 | PTE_TABLE, UVMF_INVLPG), 0);
	CHECK(all_free(14, 16));
}

static volatile struct vcpu_runstate_info *const area = (void *)pages[16];

/* Where the hypervisor writes at each change of state comes and goes. */
static void use_area(void)
{
	struct vcpu_register_runstate_memory_area a = {
		.addr.p = (uint64_t)area
	};
	struct vcpu_register_time_memory_area t = {
		.addr.p = (uint64_t)area + 256
	};
	struct sched_poll p = { .timeout = now() + 20000 };

	HC3(vcpu_op, VCPUOP_register_runstate_memory_area, this_vcpu(), &a);
	HC3(vcpu_op, VCPUOP_register_vcpu_time_memory_area, this_vcpu(), &t);
	HC2(sched_op, SCHEDOP_poll, &p);
	HC2(sched_op, SCHEDOP_yield, 0);
}

static void move_area(void)
{
	make_readonly(pages[16]);
	is_free(pages[16]);
}

static void put_area_elsewhere(void)
{
	static struct vcpu_runstate_info good[2];
	struct vcpu_register_runstate_memory_area a = {
		.addr.p = (uint64_t)&good[this_vcpu()]
	};

	HC3(vcpu_op, VCPUOP_register_runstate_memory_area, this_vcpu(), &a);
}

TEST(areas_that_go_away)
{
	NEED_TWO();
	CHECK(race(move_area, use_area, 500));
	second_begin(put_area_elsewhere);
	second_wait();
	CHECK(all_free(16, 17));
}

/* --- grants --- */

#define REF 20
static struct grant_entry_v1 *table;
static volatile grant_handle_t handle[2];
static unsigned long mapped[2], copied[2];

static void grant_page(void)
{
	volatile struct grant_entry_v1 *e = &table[REF];

	e->frame = (uint32_t)virt_to_mfn(pages[17]);
	e->domid = mg_self();
	e->flags = GTF_permit_access;
}

static void *place(unsigned int cpu)
{
	return pages[18 + cpu];
}

static void unmap(unsigned int cpu, grant_handle_t h)
{
	struct gnttab_unmap_grant_ref u = {
		.host_addr = (uint64_t)place(cpu), .handle = h,
	};

	gop(GNTTABOP_unmap_grant_ref, &u, 1);
}

static void map_and_unmap(void)
{
	unsigned int me = this_vcpu();
	struct gnttab_map_grant_ref m = {
		.host_addr = (uint64_t)place(me), .flags = GNTMAP_host_map,
		.ref = REF, .dom = mg_self(),
	};

	if (!(*(volatile uint64_t *)pte_of(place(me), 1) & PTE_P) &&
	    gop(GNTTABOP_map_grant_ref, &m, 1) == 0 && m.status == 0) {
		mapped[me]++;
		handle[me] = m.handle;
	}
	if (below(2))
		unmap(!me, handle[!me]);
	unmap(me, handle[me]);
}

static void copy_from_grant(void)
{
	struct gnttab_copy c = {
		.source.u.ref = REF, .source.domid = mg_self(),
		.dest.u.gmfn = virt_to_mfn(pages[30 + this_vcpu()]),
		.dest.domid = DOMID_SELF,
		.len = PAGE, .flags = GNTCOPY_source_gref,
	};

	copied[this_vcpu()] += gop(GNTTABOP_copy, &c, 1) == 0 && !c.status;
}

static void play_grants(void)
{
	map_and_unmap();
	copy_from_grant();
	if (below(16) == 0)
		table[REF].flags = 0;
	if (below(4) == 0)
		grant_page();
}

/* Handles may have changed places while both used them: try all. */
static void unmap_all(void)
{
	for (unsigned int h = 0; h < 64; h++)
		for (unsigned int cpu = 0; cpu < 2; cpu++)
			unmap(cpu, h);
}

static long prepare_grants(void)
{
	long rc = grant_set_up(&table);

	mapped[0] = mapped[1] = copied[0] = copied[1] = 0;
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		rc |= map_va(place(cpu), 0, UVMF_INVLPG | UVMF_ALL);
	grant_page();
	return rc;
}

static bool end_grants(void)
{
	unmap_all();
	if (set_version(1) || table[REF].flags & (GTF_reading | GTF_writing))
		return false;
	table[REF].flags = 0;
	return make_writable(place(0)) == 0 && make_writable(place(1)) == 0 &&
	       all_free(17, 20);
}

TEST(grants_of_both)
{
	NEED_TWO();
	CHECK_EQ(prepare_grants(), 0);
	CHECK(race(play_grants, play_grants, 2000));
	CHECK(mapped[0] && mapped[1] && copied[0] && copied[1]);
	CHECK(end_grants());
}

static unsigned long switched;

static void switch_versions(void)
{
	struct gnttab_get_status_frames s = { .nr_frames = 1,
					      .dom = DOMID_SELF };
	struct gnttab_setup_table t = { .dom = DOMID_SELF,
					.nr_frames = 1 + below(4) };
	uint64_t frame[4] = { 0 };

	if (set_version(2) == 0) {
		switched++;
		s.frame_list.p = frame;
		if (gop(GNTTABOP_get_status_frames, &s, 1) == 0 && !s.status)
			map_va(pages[33], frame[0] << 12 | PTE_P | PTE_US,
			       UVMF_INVLPG);
		t.frame_list.p = frame;
		gop(GNTTABOP_setup_table, &t, 1);
	}
	if (below(2))
		map_va(pages[33], 0, UVMF_INVLPG | UVMF_ALL);
	set_version(1);
}

static void map_meanwhile(void)
{
	grant_page();
	map_and_unmap();
	copy_from_grant();
}

TEST(versions_switched_meanwhile)
{
	uint64_t f;

	NEED_TWO();
	f = machine(pages[33]);
	CHECK_EQ(prepare_grants(), 0);
	CHECK(race(switch_versions, map_meanwhile, 1500));
	CHECK(switched > 0);
	CHECK_EQ(map_va(pages[33], f | PTE_TABLE, UVMF_INVLPG | UVMF_ALL), 0);
	CHECK(end_grants());
}

TEST(nothing_is_lost_alone)
{
	CHECK(all_free(20, 30));
}
