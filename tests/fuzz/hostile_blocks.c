// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hypercalls' arguments that are nearly right: a function for each call makes
 * the block that its command expects, of frames, ports, references and
 * addresses that some guest has, or had.  No state.
 */
#include <abi/callback.h>
#include <abi/memory.h>
#include <abi/physdev.h>
#include <hypercall/hypercall.h>
#include <irq/irq_priv.h>
#include <pv/pt.h>
#include "hostile.h"
#include "irq_fake.h"

#define LIST_LEN 24

static void *block(void)
{
	return fake_buf;
}

static void *list(void)
{
	return fake_buf + LIST_AT;
}

/* A number of something there are few of, or what to take as none. */
static int few_or_none(uint32_t n)
{
	return rnd(4) ? (int)rnd(n) : -1;
}

static uint16_t self_or_some(void)
{
	return rnd(4) ? DOMID_SELF : some_domid();
}

/* --- events and grants --- */

/* One that is mapped, if chance finds it. */
static uint32_t some_pirq(struct domain *d)
{
	for (unsigned int i = 0; i < 64; i++) {
		uint32_t n = rnd(40);

		if (d->irq && d->irq->line && pirq_line(d, n) >= 0)
			return n;
	}
	return rnd(40);
}

static void event_block(const struct vcpu *v, uint64_t cmd)
{
	uint32_t *w = (uint32_t *)(void *)fake_buf;
	uint16_t *h = (uint16_t *)(void *)fake_buf;
	struct evtchn_init_control *c = (void *)fake_buf;

	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		h[0] = DOMID_SELF;
		h[1] = some_domid();
		break;
	case EVTCHNOP_bind_interdomain:
		h[0] = some_domid();
		w[1] = rnd(6);
		break;
	case EVTCHNOP_init_control:
		*c = (struct evtchn_init_control){
			.control_gfn = own_data(v).v, .vcpu = rnd(2),
			.offset = rnd(32) * 8,
		};
		break;
	case EVTCHNOP_expand_array:
		*(uint64_t *)(void *)fake_buf = own_data(v).v;
		break;
	case EVTCHNOP_status:
	case EVTCHNOP_reset:
		h[0] = DOMID_SELF;
		w[1] = rnd(6);
		break;
	case EVTCHNOP_bind_pirq:
		w[0] = some_pirq(v->domain);
		w[1] = rnd(2);
		break;
	case EVTCHNOP_bind_virq:
		w[0] = rnd(24);
		w[1] = rnd(2);
		break;
	default:
		w[0] = rnd(6);
		w[1] = rnd(2);
	}
}

static void map_block(void)
{
	struct gnttab_map_grant_ref *m = (void *)fake_buf;

	for (unsigned int i = 0; i < 40; i++)
		m[i] = (struct gnttab_map_grant_ref){
			.host_addr = (rnd(40) + 1) * PAGE_SIZE,
			.flags = 1 + rnd(8), .ref = rnd(16),
			.dom = some_domid(),
		};
}

static void unmap_block(bool replace)
{
	struct gnttab_unmap_grant_ref *m = (void *)fake_buf;

	for (unsigned int i = 0; i < 40; i++)
		m[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = (rnd(40) + 1) * PAGE_SIZE,
			.dev_bus_addr = replace ? rnd(40) * PAGE_SIZE :
				rnd(4) ? 0 : mfn_to_paddr(some_frame()),
			.handle = rnd(12),
		};
}

static struct gnttab_copy_ptr copy_end(const struct vcpu *v, bool is_ref)
{
	struct gnttab_copy_ptr p = { .domid = is_ref ? some_domid() :
						       DOMID_SELF,
				     .offset = (uint16_t)rnd(4200) };

	p.u.gmfn = is_ref ? rnd(16) : own_data(v).v;
	return p;
}

static void copy_block(const struct vcpu *v)
{
	struct gnttab_copy *c = (void *)fake_buf;

	for (unsigned int i = 0; i < 40; i++) {
		c[i].flags = (uint16_t)rnd(4);
		c[i].len = (uint16_t)(rnd(4) ? rnd(200) : rnd(5000));
		c[i].source = copy_end(v, c[i].flags & GNTCOPY_source_gref);
		c[i].dest = copy_end(v, c[i].flags & GNTCOPY_dest_gref);
	}
}

static void grant_block(const struct vcpu *v, uint64_t cmd)
{
	struct gnttab_transfer *t = (void *)fake_buf;

	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		map_block();
		break;
	case GNTTABOP_unmap_grant_ref:
		unmap_block(false);
		break;
	case GNTTABOP_unmap_and_replace:
		unmap_block(true);
		break;
	case GNTTABOP_copy:
		copy_block(v);
		break;
	case GNTTABOP_set_version:
		*(uint32_t *)(void *)fake_buf = 1 + rnd(2);
		break;
	case GNTTABOP_swap_grant_ref:
		((uint32_t *)(void *)fake_buf)[0] = rnd(16);
		((uint32_t *)(void *)fake_buf)[1] = rnd(16);
		break;
	case GNTTABOP_transfer:
		for (unsigned int i = 0; i < 40; i++) {
			t[i].mfn = own_data(v).v;
			t[i].domid = some_domid();
			t[i].ref = rnd(16);
		}
		break;
	}
}

/* --- page tables and descriptors --- */

/* Entries of its own tables, mostly to its own frames. */
static void mmu_block(const struct vcpu *v, uint64_t cmd)
{
	(void)cmd;
	struct guest *g = guest_of(v);
	uint64_t *w = (uint64_t *)(void *)fake_buf;

	for (unsigned int i = 0; i < 16; i += 2) {
		mfn_t to = rnd(4) ? own_data(v) : g->tables[rnd(2)];

		w[i] = mfn_to_paddr(g->tables[0]) | rnd(40) * 8 |
		       (rnd(8) ? 0 : rnd(3));
		w[i + 1] = rnd(4) ? mfn_to_paddr(to) | PTE_P | PTE_US |
					    (rnd(2) ? PTE_RW : 0) :
				    0;
	}
}

static void mmuext_block(const struct vcpu *v, uint64_t cmd)
{
	struct mmuext_op *op = block();

	(void)cmd;
	for (unsigned int i = 0; i < 8; i++) {
		mfn_t m = rnd(3) ? own_data(v) : guest_of(v)->tables[rnd(2)];

		op[i].cmd = rnd(22);
		op[i].arg1.mfn = m.v;
		op[i].arg2.src_mfn = own_data(v).v;
		if (op[i].cmd == MMUEXT_SET_LDT) {
			op[i].arg1.linear_addr = rnd(40) * PAGE_SIZE;
			op[i].arg2.nr_ents = rnd(700);
		}
		if (op[i].cmd == MMUEXT_TLB_FLUSH_MULTI ||
		    op[i].cmd == MMUEXT_INVLPG_MULTI)
			op[i].arg2.vcpumask.addr = LIST_BUF;
	}
}

static uint64_t some_descriptor(void)
{
	static const uint64_t usual[] = {
		0, 0x00affb000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff,
		0x00af9b000000ffff, 0x0000ec0000080000, 0x0000890000000067,
	};

	return rnd(8) ? usual[rnd(ARRAY_SIZE(usual))] : rnd64();
}

static void gdt_args(const struct vcpu *v, uint64_t arg[6])
{
	uint64_t *frame = list();

	for (unsigned int i = 0; i < 16; i++)
		frame[i] = (rnd(16) ? own_data(v) : some_frame()).v;
	arg[0] = LIST_BUF;
	arg[1] = rnd(2) ? rnd(600) : rnd(8192);
}

static void descriptor_args(const struct vcpu *v, uint64_t arg[6])
{
	mfn_t m = rnd(4) ? own_data(v) : v->pv.gdt_frames[0];

	arg[0] = mfn_to_paddr(m) + rnd(512) * 8;
	arg[1] = some_descriptor();
}

/* --- memory --- */

static struct xen_memory_reservation reservation(const struct vcpu *v,
						 uint64_t at)
{
	uint64_t *frame = list();

	for (unsigned int i = 0; i < LIST_LEN; i++)
		frame[(at - LIST_BUF) / 8 + i] = own_data(v).v;
	return (struct xen_memory_reservation){
		.extent_start.addr = rnd(16) ? at : 0,
		.nr_extents = rnd(LIST_LEN), .extent_order = rnd(8) ? 0 :
							     rnd(4),
		.mem_flags = rnd(8) ? 0 : rnd(64), .domid = self_or_some(),
	};
}

static void exchange_block(const struct vcpu *v)
{
	struct xen_memory_exchange *x = block();
	uint32_t order = rnd(3);

	*x = (struct xen_memory_exchange){
		.in = reservation(v, LIST_BUF),
		.out = reservation(v, LIST_BUF + LIST_LEN * 8),
	};
	if (rnd(8) == 0)
		return;
	x->out.domid = x->in.domid;
	x->out.extent_order = order;
	x->in.extent_order = 0;
	x->in.nr_extents = x->out.nr_extents << order;
}

static void resource_block(void)
{
	struct xen_mem_acquire_resource *r = block();

	*r = (struct xen_mem_acquire_resource){
		.domid = some_domid(), .type = 1, .id = (uint32_t)rnd(3),
		.nr_frames = rnd(6), .frame = rnd(3),
	};
	r->frame_list.addr = rnd(4) ? LIST_BUF : 0;
}

static void memory_map_block(void)
{
	struct xen_foreign_memory_map *m = block();
	struct abi_e820entry *e = list();

	*m = (struct xen_foreign_memory_map){ .domid = self_or_some() };
	m->map.nr_entries = rnd(20);
	m->map.buffer.addr = LIST_BUF;
	for (unsigned int i = 0; i < 20; i++)
		e[i] = (struct abi_e820entry){ i * 4096UL, 4096, rnd(4) };
}

static void memory_block(const struct vcpu *v, uint64_t cmd)
{
	struct xen_memory_reservation *r = block();
	struct xen_memory_map *m = block();

	switch (cmd) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		*r = reservation(v, LIST_BUF);
		break;
	case XENMEM_claim_pages:
		*r = (struct xen_memory_reservation){
			.nr_extents = rnd(64), .domid = self_or_some(),
		};
		break;
	case XENMEM_exchange:
		exchange_block(v);
		break;
	case XENMEM_acquire_resource:
		resource_block();
		break;
	case XENMEM_set_memory_map:
		memory_map_block();
		break;
	case XENMEM_memory_map:
	case XENMEM_machine_memory_map:
		m->nr_entries = rnd(20);
		m->buffer.addr = LIST_BUF;
		break;
	default:
		*(uint16_t *)block() = self_or_some();
		((uint64_t *)block())[1] = own_data(v).v;
	}
}

/* --- vCPUs --- */

/* The start of another vCPU, as Linux makes it, and a little worse. */
static void context_list(const struct vcpu *v)
{
	struct vcpu_guest_context *c = list();

	memset(c, 0, sizeof(*c));
	c->flags = VGCF_in_kernel | rnd(16);
	c->user_regs.rip = rnd(8) ? rnd(1U << 20) : some_value();
	c->user_regs.rsp = FAKE_BUF + FAKE_BUF_SIZE / 2;
	c->user_regs.rflags = rnd(1U << 18);
	c->ctrlreg[3] = mfn_to_paddr(rnd(8) ? guest_of(v)->tables[1] :
					      some_frame());
	if (rnd(4) == 0)
		c->ctrlreg[1] = mfn_to_paddr(some_frame());
	c->gdt_ents = rnd(3) ? rnd(600) : 0;
	c->gdt_frames[0] = own_data(v).v;
	c->gdt_frames[1] = own_data(v).v;
	c->ldt_ents = rnd(4) ? 0 : rnd(9000);
	c->ldt_base = rnd(40) * PAGE_SIZE;
	c->debugreg[7] = rnd(2) ? 0 : some_value();
	c->event_callback_eip = rnd(1U << 20);
	for (unsigned int i = 0; i < 256; i++)
		c->trap_ctxt[i].address = rnd(1U << 20);
	c->trap_ctxt[rnd(256)].address = some_value();
}

static void vcpu_args(const struct vcpu *v, uint64_t arg[6])
{
	struct vcpu_register_vcpu_info *info = block();
	uint64_t *w = block();

	switch (arg[0]) {
	case VCPUOP_initialise:
		context_list(v);
		arg[1] = rnd(8) ? SPARE_VCPU : rnd(3);
		arg[2] = LIST_BUF;
		break;
	case VCPUOP_register_vcpu_info:
		*info = (struct vcpu_register_vcpu_info){
			.mfn = own_data(v).v, .offset = rnd(64) * 64,
		};
		break;
	case VCPUOP_set_periodic_timer:
		w[0] = rnd(4) ? rnd(1U << 30) : some_value();
		break;
	case VCPUOP_set_singleshot_timer:
		w[0] = fake_now + rnd(1U << 25);
		break;
	default:
		w[0] = LIST_BUF + rnd(64) * 8;
	}
}

static void callback_block(const struct vcpu *v, uint64_t cmd)
{
	struct callback_register *r = block();

	(void)v;
	(void)cmd;
	r->type = (uint16_t)rnd(9);
	r->flags = (uint16_t)rnd(2);
	r->address = rnd(8) ? rnd(1U << 20) : some_value();
}

static void trap_table(void)
{
	struct trap_info *t = block();

	for (unsigned int i = 0; i < 40; i++)
		t[i] = (struct trap_info){
			.vector = (uint8_t)rnd(256), .flags = (uint8_t)rnd(8),
			.cs = (uint16_t)(rnd(4) ? 0xe033 : rnd(1U << 16)),
			.address = rnd(32) ? 1 + rnd(1U << 20) : some_value(),
		};
	t[rnd(40)].address = 0;
}

static void sched_block(const struct vcpu *v, uint64_t cmd)
{
	struct sched_poll *p = block();
	uint32_t *port = list(), *w = block();

	(void)v;
	if (cmd != SCHEDOP_poll) {
		w[0] = rnd(8);
		w[1] = rnd(4);
		return;
	}
	for (unsigned int i = 0; i < 8; i++)
		port[i] = rnd(6);
	*p = (struct sched_poll){ .nr_ports = rnd(5),
				  .timeout = fake_now + rnd(1U << 25) };
	p->ports.addr = LIST_BUF;
}

/* --- devices --- */

static void map_pirq(void)
{
	struct physdev_map_pirq *m = block();

	*m = (struct physdev_map_pirq){
		.domid = self_or_some(), .type = (int)rnd(6),
		.index = few_or_none(IRQ_FAKE_GSIS + 1),
		.pirq = few_or_none(40), .bus = rnd(8) ? 0 : (int)rnd(300),
		.devfn = rnd(8) ? IRQ_FAKE_DEVFN : (int)rnd(300),
		.entry_nr = (int)rnd(10),
		.table_base = rnd(2) ? 0 : IRQ_FAKE_TABLE,
	};
}

/* Other commands' first words are a device, or the number of a line. */
static void physdev_block(const struct vcpu *v, uint64_t cmd)
{
	struct physdev_unmap_pirq *u = block();
	struct physdev_setup_gsi *s = block();
	struct physdev_pci_device *d = block();

	switch (cmd) {
	case PHYSDEVOP_map_pirq:
		map_pirq();
		break;
	case PHYSDEVOP_unmap_pirq:
		u->domid = self_or_some();
		u->pirq = few_or_none(40);
		break;
	case PHYSDEVOP_setup_gsi:
		*s = (struct physdev_setup_gsi){
			few_or_none(IRQ_FAKE_GSIS + 1), (uint8_t)rnd(2),
			(uint8_t)rnd(2),
		};
		break;
	case PHYSDEVOP_pirq_eoi_gmfn_v2:
		*(uint64_t *)block() = own_data(v).v;
		break;
	case PHYSDEVOP_eoi:
	case PHYSDEVOP_irq_status_query:
	case PHYSDEVOP_alloc_irq_vector:
		*(uint32_t *)block() = rnd(40);
		break;
	default:
		*d = (struct physdev_pci_device){
			.devfn = (uint8_t)(rnd(8) ? IRQ_FAKE_DEVFN : rnd(256)),
		};
	}
}

/* What iret takes from the stack. */
static void iret_stack(void)
{
	struct iret_context *c = (void *)(fake_buf + FAKE_BUF_SIZE / 2);

	*c = (struct iret_context){
		.rax = some_value(), .r11 = some_value(), .rcx = some_value(),
		.flags = rnd(2) ? 0 : VGCF_in_syscall, .rip = some_value(),
		.cs = rnd(4) ? 0xe033 : rnd(1U << 16), .rflags = rnd(1U << 22),
		.rsp = FAKE_BUF + FAKE_BUF_SIZE / 2,
		.ss = rnd(4) ? 0xe02b : rnd(1U << 16),
	};
}

/* --- which call has what --- */

/* How the arguments of a call are to be understood, first of all. */
enum shape {
	ANY, /* numbers */
	CMD, /* a command below @most, and a block */
	LIST, /* a block, and a count below @most */
};

static const struct {
	uint8_t shape, most;
	void (*block)(const struct vcpu *v, uint64_t cmd);
	void (*args)(const struct vcpu *v, uint64_t arg[6]);
} calls[64] = {
	[__HYPERVISOR_mmu_update] = { LIST, 8, mmu_block, NULL },
	[__HYPERVISOR_mmuext_op] = { LIST, 8, mmuext_block, NULL },
	[__HYPERVISOR_multicall] = { LIST, 8, NULL, NULL },
	[__HYPERVISOR_set_gdt] = { ANY, 0, NULL, gdt_args },
	[__HYPERVISOR_update_descriptor] = { ANY, 0, NULL, descriptor_args },
	[__HYPERVISOR_memory_op] = { CMD, 30, memory_block, NULL },
	[__HYPERVISOR_vcpu_op] = { CMD, 16, NULL, vcpu_args },
	[__HYPERVISOR_sched_op] = { CMD, 10, sched_block, NULL },
	[__HYPERVISOR_xen_version] = { CMD, 13, NULL, NULL },
	[__HYPERVISOR_callback_op] = { CMD, 2, callback_block, NULL },
	[__HYPERVISOR_nmi_op] = { CMD, 2, NULL, NULL },
	[__HYPERVISOR_physdev_op] = { CMD, 32, physdev_block, NULL },
	[__HYPERVISOR_event_channel_op] = { CMD, 15, event_block, NULL },
	[__HYPERVISOR_grant_table_op] = { CMD, 14, grant_block, NULL },
};

static void special_args(uint64_t nr, uint64_t arg[6])
{
	switch (nr) {
	case __HYPERVISOR_grant_table_op:
		arg[2] = rnd(4) ? 1 : rnd(40);
		break;
	case __HYPERVISOR_vcpu_op:
		arg[1] = rnd(3);
		arg[2] = FAKE_BUF;
		break;
	case __HYPERVISOR_console_io:
		arg[0] = rnd(3);
		arg[1] = rnd(600);
		arg[2] = FAKE_BUF;
		break;
	case __HYPERVISOR_set_debugreg:
	case __HYPERVISOR_get_debugreg:
	case __HYPERVISOR_set_segment_base:
		arg[0] = rnd(9);
		break;
	case __HYPERVISOR_set_trap_table:
		trap_table();
		arg[0] = rnd(8) ? FAKE_BUF : 0;
		break;
	case __HYPERVISOR_iret:
		iret_stack();
		break;
	}
}

void shape_args(uint64_t nr, uint64_t arg[6])
{
	unsigned int k = nr % ARRAY_SIZE(calls);

	for (unsigned int i = 0; i < 6; i++)
		arg[i] = some_value();
	if (calls[k].shape == CMD) {
		arg[0] = rnd(calls[k].most);
		arg[1] = FAKE_BUF;
	} else if (calls[k].shape == LIST) {
		arg[0] = FAKE_BUF;
		arg[1] = rnd(calls[k].most);
		arg[2] = rnd(2) ? 0 : FAKE_BUF + 0x1000;
		arg[3] = rnd(2) ? DOMID_SELF : rnd(5);
	}
	special_args(nr, arg);
}

void sensible_block(const struct vcpu *v, uint64_t nr, uint64_t arg[6])
{
	unsigned int k = nr % ARRAY_SIZE(calls);

	if (calls[k].block)
		calls[k].block(v, arg[0]);
	if (calls[k].args)
		calls[k].args(v, arg);
}
