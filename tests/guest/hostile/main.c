// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long streams of hypercalls from a fixed seed, half of them nearly right: the
 * hypervisor has to survive them and still keep its promises at the end.  Only
 * what would end this guest itself (its own stack, code and tables, shutting
 * down, moving its traps) is left out.  Then two vCPUs do it at once.
 */
#include "../lib/mg.h"
#include "../lib/second.h"

#include <abi/physdev.h>
#include <abi/version.h>

#define ROUNDS 20000
#define PLAY 24 /* pages[0 .. PLAY) are tables, data, anything */

static uint64_t seed[2]; /* of each vCPU */

static uint64_t rnd(void)
{
	uint64_t *s = &seed[this_vcpu()];

	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static uint64_t pick(uint64_t n)
{
	return rnd() % n;
}

static void *play_page(void)
{
	return pages[pick(PLAY)];
}

/* Numbers that tend to matter. */
static uint64_t odd_number(void)
{
	static const uint64_t edge[] = {
		0, 1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 511, 512, 1023, 4095,
		4096, 0x7fff, 0x7ff0, 0x7ff1, 0x7ff2, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		0x00007fffffffffff, 0x0000800000000000, 0xffff800000000000,
		0xffff87ffffffffff, 0xffff880000000000, 0x7fffffffffffffff,
		0x8000000000000000, 0xfffffffffffffff8, 0xffffffffffffffff,
	};

	switch (pick(4)) {
	case 0:
		return rnd();
	case 1:
		return pick(64);
	default:
		return edge[pick(ARRAY_SIZE(edge))];
	}
}

static uint64_t some_frame(void)
{
	switch (pick(6)) {
	case 0:
		return odd_number();
	case 1:
		return start->shared_info >> 12;
	case 2:
		return virt_to_mfn((void *)start->pt_base);
	case 3:
		return pick(0x20000);
	default:
		return virt_to_mfn(play_page());
	}
}

static uint64_t some_entry(void)
{
	uint64_t flags = pick(3) ? PTE_TABLE : rnd() & 0x80000000000001ffUL;

	return (some_frame() << 12 & 0x000ffffffffff000UL) | flags;
}

/* Entries of the play pages as mapped, or inside the play pages themselves. */
static uint64_t some_entry_place(void)
{
	if (pick(2))
		return pte_machine(play_page(), 1);
	return virt_to_mfn(play_page()) << 12 | pick(512) * 8;
}

static void play_va_mapping(void)
{
	void *p = play_page();
	unsigned long flush = pick(8);

	if (pick(4))
		HC3(update_va_mapping, p, some_entry(), flush & 3);
	else if (pick(2))
		make_readonly(p);
	else
		make_writable(p);
}

static void play_mmu_update(void)
{
	static struct mmu_update requests[2][8];
	struct mmu_update *u = requests[this_vcpu()];
	unsigned int n = 1 + (unsigned int)pick(8), done;

	for (unsigned int i = 0; i < n; i++) {
		u[i].ptr = some_entry_place() | (pick(4) ? 0 : pick(8));
		u[i].val = some_entry();
		/* Not the M2P: the library itself goes by it. */
		if ((u[i].ptr & 7) == MMU_MACHPHYS_UPDATE)
			u[i].ptr ^= 1;
	}
	HC4(mmu_update, u, n, pick(2) ? &done : NULL,
	    pick(8) ? DOMID_SELF : odd_number());
}

static void play_mmuext(void)
{
	static const uint8_t cmd[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
		MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE, MMUEXT_UNPIN_TABLE,
		MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_INVLPG_LOCAL,
		MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL, MMUEXT_FLUSH_CACHE,
		MMUEXT_SET_LDT, MMUEXT_NEW_USER_BASEPTR, MMUEXT_CLEAR_PAGE,
		MMUEXT_COPY_PAGE, MMUEXT_MARK_SUPER, MMUEXT_UNMARK_SUPER,
	};
	struct mmuext_op op = { .cmd = cmd[pick(ARRAY_SIZE(cmd))] };

	op.arg1.mfn = some_frame();
	op.arg2.src_mfn = some_frame();
	/* Whatever these two write to must be a play page. */
	if (op.cmd == MMUEXT_CLEAR_PAGE || op.cmd == MMUEXT_COPY_PAGE)
		op.arg1.mfn = virt_to_mfn(play_page());
	if (op.cmd == MMUEXT_SET_LDT) {
		op.arg1.linear_addr = pick(2) ? (uint64_t)play_page() :
						 odd_number();
		op.arg2.nr_ents = (unsigned int)odd_number();
	}
	HC4(mmuext_op, &op, 1, NULL, pick(8) ? DOMID_SELF : odd_number());
}

static void random_bytes(void *p, size_t n)
{
	uint8_t *b = p;

	while (n--)
		*b++ = (uint8_t)rnd();
}

static void play_events(void)
{
	static uint64_t arg[8]; /* of both: the other changes it meanwhile */
	unsigned int cmd = (unsigned int)pick(14);

	for (unsigned int i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = pick(3) ? pick(40) | pick(40) << 32 : odd_number();
	if (pick(3) == 0)
		memcpy(arg, &(domid_t){ DOMID_SELF }, sizeof(domid_t));
	if (cmd == EVTCHNOP_init_control) {
		arg[0] = virt_to_mfn(pages[30]);
		if (pick(2))
			arg[0] = virt_to_mfn(play_page());
	}
	if (cmd == EVTCHNOP_expand_array)
		arg[0] = virt_to_mfn(pages[31]);
	shared->vcpu_info[0].evtchn_upcall_mask = 1;
	HC2(event_channel_op, cmd, arg);
}

static void play_grants(void)
{
	static uint8_t args[2][16 * 48];
	uint8_t *arg = args[this_vcpu()];
	unsigned int cmd = (unsigned int)pick(14);
	unsigned int n = 1 + (unsigned int)pick(8);

	random_bytes(arg, sizeof(args[0]));
	for (unsigned int i = 0; i < n; i++) {
		struct gnttab_map_grant_ref *m = (void *)(arg + i * 32);

		if (cmd != GNTTABOP_map_grant_ref)
			break;
		m->host_addr = pick(2) ? (uint64_t)play_page() : odd_number();
		m->flags &= 0x1f;
		m->ref = (uint32_t)pick(600);
		m->dom = is_dom0 ? 0 : DOMID_SELF;
	}
	if (cmd == GNTTABOP_setup_table || cmd == GNTTABOP_get_status_frames) {
		struct gnttab_setup_table *s = (void *)arg;

		s->dom = DOMID_SELF;
		s->nr_frames = (uint32_t)pick(40);
		s->frame_list.p = (void *)pages[32];
		n = 1;
	}
	/* Copies go where they please: only between play pages. */
	for (unsigned int i = 0; i < n && cmd == GNTTABOP_copy; i++) {
		struct gnttab_copy *c = (void *)(arg + i * sizeof(*c));

		c->flags = 0;
		c->source.u.gmfn = some_frame();
		c->dest.u.gmfn = virt_to_mfn(play_page());
		c->source.domid = c->dest.domid = DOMID_SELF;
	}
	HC3(grant_table_op, cmd, pick(16) ? (void *)arg :
					      (void *)odd_number(), n);
}

static void play_memory(void)
{
	static const uint8_t cmd[] = {
		XENMEM_maximum_ram_page, XENMEM_current_reservation,
		XENMEM_maximum_reservation, XENMEM_machphys_mfn_list,
		XENMEM_memory_map, XENMEM_machphys_mapping,
		XENMEM_add_to_physmap, XENMEM_remove_from_physmap,
		XENMEM_claim_pages, XENMEM_get_pod_target,
	};
	static uint64_t args[2][8];
	uint64_t *arg = args[this_vcpu()];

	for (unsigned int i = 0; i < ARRAY_SIZE(args[0]); i++)
		arg[i] = odd_number();
	arg[1] = (uint64_t)pages[33];
	HC2(memory_op, cmd[pick(ARRAY_SIZE(cmd))], arg);
}

/* Frames come and go under everything else. */
static void play_reservation(void)
{
	uint8_t *p = play_page();
	xen_pfn_t f = virt_to_mfn(p);
	struct xen_memory_reservation r = {
		.nr_extents = 1, .extent_order = (unsigned int)pick(2) * 40,
		.domid = DOMID_SELF,
	};

	r.extent_start.p = &f;
	if (HC2(memory_op, XENMEM_decrease_reservation, &r) != 1)
		return;
	map_va(p, 0, UVMF_INVLPG);
	f = virt_to_pfn(p);
	r.extent_order = 0;
	if (HC2(memory_op, XENMEM_populate_physmap, &r) == 1)
		((uint64_t *)start->mfn_list)[virt_to_pfn(p)] = f;
	make_writable(p);
}

static void play_vcpu(void)
{
	static const uint8_t cmd[] = {
		VCPUOP_initialise, VCPUOP_is_up, VCPUOP_get_runstate_info,
		VCPUOP_set_periodic_timer, VCPUOP_stop_periodic_timer,
		VCPUOP_set_singleshot_timer, VCPUOP_stop_singleshot_timer,
		VCPUOP_get_physid,
	};
	static uint8_t arg[5200];

	random_bytes(arg, 64);
	HC3(vcpu_op, cmd[pick(ARRAY_SIZE(cmd))], odd_number(), arg);
}

static void play_descriptors(void)
{
	xen_pfn_t f[4];

	for (unsigned int i = 0; i < 4; i++)
		f[i] = some_frame();
	switch (pick(4)) {
	case 0:
		HC2(set_gdt, f, pick(2) ? pick(2048) : odd_number());
		HC2(set_gdt, NULL, 0);
		break;
	case 1:
		HC2(update_descriptor, virt_to_mfn(play_page()) << 12 |
					       pick(4096), rnd());
		break;
	case 2:
		HC2(set_debugreg, pick(10), odd_number());
		HC2(set_debugreg, 7, 0x400);
		break;
	default:
		HC2(set_segment_base, pick(3) == 0 ? SEGBASE_GS_USER :
						      SEGBASE_FS, odd_number());
	}
}

/* Calls whose every argument is odd, and that cannot end this guest. */
static void play_anything(void)
{
	static const uint8_t nr[] = {
		__HYPERVISOR_set_debugreg, __HYPERVISOR_get_debugreg,
		__HYPERVISOR_xen_version, __HYPERVISOR_vm_assist,
		__HYPERVISOR_event_channel_op, __HYPERVISOR_physdev_op,
		__HYPERVISOR_sysctl, __HYPERVISOR_domctl,
		__HYPERVISOR_update_descriptor, __HYPERVISOR_hvm_op,
		__HYPERVISOR_xsm_op, __HYPERVISOR_nmi_op, 43, 60, 127,
	};
	unsigned int n = nr[pick(ARRAY_SIZE(nr))];
	uint64_t buf = pick(2) ? (uint64_t)pages[34] : odd_number();

	if (pick(2))
		random_bytes(pages[34], 256);
	if (n == __HYPERVISOR_xen_version || n == __HYPERVISOR_physdev_op)
		hc(n, pick(40), (uint64_t)pages[34], 0, 0, 0);
	else if (n == __HYPERVISOR_nmi_op)
		hc(n, 2 + pick(100), buf, 0, 0, 0);
	else
		hc(n, pick(2) ? buf : odd_number(), buf, odd_number(),
		   odd_number(), odd_number());
	HC2(set_debugreg, 7, 0x400);
}

static void (*const play[])(void) = {
	play_va_mapping, play_mmu_update, play_mmu_update, play_mmuext,
	play_mmuext, play_events, play_grants, play_memory, play_reservation,
	play_vcpu, play_descriptors, play_anything,
};

/* What two may do at once, each with the same pages, ports and grants. */
static void play_together(void)
{
	static void (*const any[])(void) = {
		play_va_mapping, play_mmu_update, play_mmu_update, play_mmuext,
		play_mmuext, play_events, play_grants, play_memory,
		play_reservation,
	};

	any[pick(ARRAY_SIZE(any))]();
}

/* Undo what play may have done to the pages it played with. */
static unsigned int stuck_pages(void)
{
	unsigned int stuck = 0;
	struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR };

	HC4(mmuext_op, &op, 1, NULL, DOMID_SELF);
	op = (struct mmuext_op){ .cmd = MMUEXT_SET_LDT };
	HC4(mmuext_op, &op, 1, NULL, DOMID_SELF);
	for (unsigned int round = 0; round < 4; round++) {
		stuck = 0;
		for (unsigned int i = 0; i < PLAY; i++) {
			op = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE };
			op.arg1.mfn = virt_to_mfn(pages[i]);
			HC4(mmuext_op, &op, 1, NULL, DOMID_SELF);
			stuck += make_writable(pages[i]) != 0;
		}
	}
	return stuck;
}

static bool skip_debug_traps(struct frame *f)
{
	return f->vector == 1;
}

static void survived(void)
{
	CHECK_EQ(HC2(xen_version, XENVER_version, 0), 4 << 16 | 17);
	for (unsigned int i = 40; i < 50; i++) {
		CHECK_EQ(make_readonly(pages[i]), 0);
		CHECK_EQ(make_writable(pages[i]), 0);
	}
	mg_print("MG   %u of %u pages still held by something\n",
		 stuck_pages(), PLAY);
}

static void run(uint64_t from)
{
	seed[0] = from;
	trap_hook = skip_debug_traps;
	for (unsigned int i = 0; i < ROUNDS; i++)
		play[pick(ARRAY_SIZE(play))]();
	trap_hook = NULL;
	survived();
}

TEST(stream_1)
{
	run(0x9e3779b97f4a7c15UL);
}

TEST(stream_2)
{
	run(0x0123456789abcdefUL);
}

TEST(stream_3)
{
	run(0xfeedfacecafebeefUL);
}

/* Its tables, descriptors and ports are the other's too. */
static void let_go(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR };

	HC4(mmuext_op, &op, 1, NULL, DOMID_SELF);
	op = (struct mmuext_op){ .cmd = MMUEXT_SET_LDT };
	HC4(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

TEST(streams_of_both)
{
	if (!second_start())
		SKIP("this guest has one vCPU only");
	for (unsigned int i = 0; i < 4; i++) {
		seed[0] = 0x1357 + i;
		seed[1] = 0x2468 + i;
		CHECK(race(play_together, play_together, 20000));
		second_begin(let_go);
		let_go();
		second_wait();
		survived();
	}
}
