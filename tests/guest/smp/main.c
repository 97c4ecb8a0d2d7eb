// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two vCPUs of one guest: how the second comes up, what one may do to the
 * other, and event channels used by both at once.
 *
 * Attacks covered: contexts that are not what they should be (XSA-296 class),
 * registers of an earlier user in a new vCPU (XSA-165, 220 class), wake-ups
 * lost between a check and a sleep, ports closed and bound while others send
 * (XSA-188, 343), the FIFO's array set up while it is taken away (XSA-107, 505).
 */
#include "../lib/calls.h"
#include "../lib/second.h"

#define NEED_TWO()                                                \
	do {                                                      \
		if (!second_start())                              \
			SKIP("this guest has one vCPU only");     \
	} while (0)

/* A port that interrupts @vcpu; 0: refused. */
static unsigned int ipi_port(unsigned int vcpu)
{
	struct evtchn_bind_ipi i = { .vcpu = vcpu };

	return evop(EVTCHNOP_bind_ipi, &i) ? 0 : i.port;
}

static void load_xmm(uint64_t v)
{
	__asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15;"
			 "punpcklqdq %%xmm7, %%xmm7" : : "r"(v));
}

static bool xmm_is(uint64_t v)
{
	uint64_t a, b, c, d;

	__asm__ volatile("movq %%xmm0, %0; movq %%xmm7, %1;"
			 "psrldq $8, %%xmm7; movq %%xmm7, %2; movq %%xmm15, %3"
			 : "=r"(a), "=r"(b), "=r"(c), "=r"(d));
	return a == v && b == v && c == v && d == v;
}

/* --- coming up --- */

TEST(there_is_at_least_one)
{
	CHECK_EQ(vop(VCPUOP_is_up, 0, NULL), 1);
	CHECK(vop(VCPUOP_up, 4000, NULL) < 0);
}

static const struct {
	const char *what;
	size_t at;
	uint64_t value;
} spoilt[] = {
#define FIELD(f) #f, offsetof(struct vcpu_guest_context, f)
	{ FIELD(ctrlreg[3]), 0 },
	{ FIELD(ctrlreg[3]), 1UL << 51 },
	{ FIELD(ctrlreg[3]), ~0UL },
	{ FIELD(ctrlreg[1]), 1UL << 51 },
	{ FIELD(gdt_ents), 8193 },
	{ FIELD(gdt_ents), ~0UL },
	{ FIELD(gdt_ents), 8 },
	{ FIELD(ldt_ents), 8193 },
	{ FIELD(ldt_ents), ~0UL },
	{ FIELD(ldt_base), 0xdead000000000000UL },
	{ FIELD(event_callback_eip), 0xdead000000000000UL },
	{ FIELD(failsafe_callback_eip), 0xdead000000000000UL },
	{ FIELD(syscall_callback_eip), 0xdead000000000000UL },
	{ FIELD(user_regs.rip), 0xdead000000000000UL },
	{ FIELD(fs_base), 0xdead000000000000UL },
	{ FIELD(gs_base_user), 0xdead000000000000UL },
};

TEST(bad_contexts_are_refused)
{
	if (vop(VCPUOP_is_up, 1, NULL) != 0)
		SKIP("this guest has one vCPU only");
	CHECK_EQ(vop(VCPUOP_up, 1, NULL), -EINVAL);
	CHECK_EQ(vop(VCPUOP_initialise, 1,
		     (void *)(HYPERVISOR_VIRT_START + 0x1000)), -EFAULT);
	for (unsigned int i = 0; i < ARRAY_SIZE(spoilt); i++) {
		struct vcpu_guest_context *c = second_context();
		long rc;

		*(uint64_t *)((char *)c + spoilt[i].at) = spoilt[i].value;
		if (spoilt[i].at == offsetof(struct vcpu_guest_context,
					     ldt_base))
			c->ldt_ents = 1;
		rc = vop(VCPUOP_initialise, 1, c);
		if (rc >= 0)
			mg_print("MG   %s = %lx was taken\n", spoilt[i].what,
				 spoilt[i].value);
		CHECK(rc < 0);
	}
}

TEST(starts_with_clean_registers)
{
	load_xmm(0x5ec4e75ec4e75ec4UL);
	NEED_TWO();
	CHECK_EQ(*(uint16_t *)second_fpu, 0x37f);
	CHECK_EQ(*(uint32_t *)(second_fpu + 24), 0x1f80);
	for (unsigned int i = 32; i < 416; i++)
		CHECK_EQ(second_fpu[i], 0);
}

TEST(initialise_only_once)
{
	NEED_TWO();
	CHECK_EQ(vop(VCPUOP_is_up, 1, NULL), 1);
	CHECK_EQ(vop(VCPUOP_initialise, 1, second_context()), -EEXIST);
	CHECK_EQ(vop(VCPUOP_up, 1, NULL), 0);
}

/* --- what one may do to the other --- */

TEST(calls_about_the_other)
{
	struct vcpu_runstate_info i;
	struct vcpu_set_singleshot_timer s = { .timeout_abs_ns = 1 };
	struct vcpu_register_vcpu_info r = { .mfn = virt_to_mfn(pages[0]) };
	uint64_t sum = 0;

	NEED_TWO();
	CHECK_EQ(vop(VCPUOP_get_runstate_info, 1, &i), 0);
	for (unsigned int k = 0; k < 4; k++)
		sum += i.time[k];
	CHECK(sum <= now());
	CHECK_EQ(vop(VCPUOP_set_singleshot_timer, 1, &s), -EINVAL);
	CHECK_EQ(vop(VCPUOP_stop_singleshot_timer, 1, NULL), -EINVAL);
	CHECK_EQ(vop(VCPUOP_register_vcpu_info, 1, &r), -EINVAL);
}

static volatile unsigned long nmis;

static bool count_nmi(struct frame *f)
{
	if (f->vector != 2)
		return false;
	nmis += this_vcpu() == 1;
	return true;
}

TEST(nmi_to_the_other)
{
	uint64_t end;

	NEED_TWO();
	trap_hook = count_nmi;
	nmis = 0;
	CHECK_EQ(vop(VCPUOP_send_nmi, 1, NULL), 0);
	for (end = now() + 5000000000UL; !nmis && now() < end;)
		HC2(sched_op, SCHEDOP_yield, 0);
	CHECK_EQ(nmis, 1);
	trap_hook = NULL;
}

static volatile unsigned long wrong_xmm;

static void keep_xmm(void)
{
	uint64_t v = this_vcpu() ? 0x1111111122222222UL : 0x3333333344444444UL;

	load_xmm(v + second_rounds() * this_vcpu());
	HC2(sched_op, SCHEDOP_yield, 0);
	HC2(xen_version, XENVER_version, 0);
	wrong_xmm += !xmm_is(v + second_rounds() * this_vcpu());
}

static void wait_for_round(uint64_t end)
{
	unsigned long n = second_rounds();

	while (second_rounds() == n && now() < end)
		HC2(sched_op, SCHEDOP_yield, 0);
}

/* Put aside and brought back, perhaps elsewhere, while it computes. */
static void down_and_up(void)
{
	struct vcpu_set_periodic_timer p = { 1000000 };
	struct vcpu_runstate_info i;

	vop(VCPUOP_down, 1, NULL);
	vop(VCPUOP_is_up, 1, NULL);
	vop(VCPUOP_get_runstate_info, 1, &i);
	vop(below(2) ? VCPUOP_set_periodic_timer : VCPUOP_stop_periodic_timer,
	    1, &p);
	vop(VCPUOP_up, 1, NULL);
	load_xmm(~0UL);
	if (below(4) == 0)
		HC2(sched_op, SCHEDOP_yield, 0);
	/* Where others run too, it needs a while to get its turn. */
	if (below(16) == 0)
		wait_for_round(now() + 20000000);
}

TEST(down_and_up_keep_registers)
{
	NEED_TWO();
	wrong_xmm = 0;
	CHECK(race(down_and_up, keep_xmm, 1000));
	CHECK_EQ(wrong_xmm, 0);
	CHECK_EQ(vop(VCPUOP_stop_periodic_timer, 1, NULL), 0);
	CHECK(race(keep_xmm, keep_xmm, 1000));
	CHECK_EQ(wrong_xmm, 0);
}

/* --- events --- */

static volatile unsigned int to_first, to_second;
static volatile unsigned long late;

static bool take(unsigned int port)
{
	uint64_t bit = 1UL << (port % 64);

	return __atomic_fetch_and(&shared->evtchn_pending[port / 64], ~bit,
				  __ATOMIC_SEQ_CST) & bit;
}

/* Sleep until @port is raised; the time limit is there to find lost ones. */
static void await(unsigned int port)
{
	struct sched_poll p = { .nr_ports = 1 };

	p.ports.p = &port;
	p.timeout = now() + 8000000000UL;
	HC2(sched_op, SCHEDOP_poll, &p);
	late += !take(port);
}

static void echo(void)
{
	await(to_second);
	send(to_first);
}

TEST(no_wake_up_is_lost)
{
	NEED_TWO();
	to_first = ipi_port(0);
	to_second = ipi_port(1);
	CHECK(to_first && to_second);
	late = 0;
	for (unsigned int i = 0; i < 300 && !late; i++) {
		second_begin(echo);
		for (uint64_t k = below(200); k; k--)
			__asm__ volatile("pause");
		CHECK_EQ(send(to_second), 0);
		await(to_first);
		second_wait();
	}
	CHECK_EQ(late, 0);
	CHECK_EQ(close_port(to_first), 0);
	CHECK_EQ(close_port(to_second), 0);
}

/* Ports 1..32 belong to nobody in particular: whatever is there is used. */
static unsigned int some_port(void)
{
	return 1 + (unsigned int)below(32);
}

static void play_ports(void)
{
	struct evtchn_alloc_unbound u = { DOMID_SELF, DOMID_SELF, 0 };
	struct evtchn_bind_interdomain i = { DOMID_SELF, some_port(), 0 };
	struct evtchn_bind_vcpu v = { some_port(), (unsigned int)below(2) };
	struct evtchn_bind_virq q = { .virq = (unsigned int)below(2) };
	struct evtchn_status s = { .dom = DOMID_SELF, .port = some_port() };
	struct evtchn_unmask m = { some_port() };

	q.vcpu = (unsigned int)below(2);
	ipi_port((unsigned int)below(2));
	evop(EVTCHNOP_alloc_unbound, &u);
	evop(EVTCHNOP_bind_interdomain, &i);
	evop(EVTCHNOP_bind_vcpu, &v);
	evop(EVTCHNOP_bind_virq, &q);
	send(some_port());
	evop(EVTCHNOP_status, &s);
	evop(EVTCHNOP_unmask, &m);
	for (unsigned int k = 0; k < 5; k++)
		close_port(some_port());
}

static void close_all(void)
{
	for (unsigned int port = 1; port < 4096; port++)
		close_port(port);
}

/* How many ports there are to have; each is used once. */
static unsigned int count_ports(void)
{
	unsigned int n = 0;

	while (n < 4000 && ipi_port(0))
		n++;
	close_all();
	return n;
}

TEST(ports_of_both)
{
	unsigned int before, after;

	NEED_TWO();
	if (!is_dom0)
		SKIP("closes the ports of the console");
	before = count_ports();
	CHECK(race(play_ports, play_ports, 2000));
	close_all();
	after = count_ports();
	CHECK_EQ(before, after);
}

/* --- last: the layout changes under both --- */

static volatile uint32_t *const words = (void *)pages[20];

static void play_fifo_set_up(void)
{
	struct evtchn_init_control c = {
		.control_gfn = virt_to_mfn(pages[24 + this_vcpu()]),
		.vcpu = this_vcpu(),
	};
	struct evtchn_expand_array e = {
		virt_to_mfn(pages[20 + below(4)])
	};

	evop(EVTCHNOP_init_control, &c);
	evop(EVTCHNOP_expand_array, &e);
	ipi_port((unsigned int)below(2));
	send(some_port());
	send(some_port());
	words[below(64)] = (uint32_t)below(1UL << 32);
	close_port(some_port());
}

static void play_fifo_reset(void)
{
	struct evtchn_reset r = { DOMID_SELF };

	play_fifo_set_up();
	if (below(3) == 0)
		evop(EVTCHNOP_reset, &r);
}

TEST(fifo_set_up_against_reset)
{
	struct evtchn_reset r = { DOMID_SELF };
	unsigned int port;

	NEED_TWO();
	if (!is_dom0)
		SKIP("resets the ports of the console");
	CHECK(race(play_fifo_reset, play_fifo_set_up, 1000));
	CHECK_EQ(evop(EVTCHNOP_reset, &r), 0);
	/* Nothing holds the pages any more, and the first layout works. */
	for (unsigned int i = 20; i < 26; i++) {
		clear_page(pages[i]);
		CHECK_EQ(make_readonly(pages[i]), 0);
		CHECK_EQ(HC4(mmuext_op, (&(struct mmuext_op){
				.cmd = MMUEXT_PIN_L1_TABLE,
				.arg1.mfn = virt_to_mfn(pages[i]) }), 1, 0,
			     DOMID_SELF), 0);
		CHECK_EQ(HC4(mmuext_op, (&(struct mmuext_op){
				.cmd = MMUEXT_UNPIN_TABLE,
				.arg1.mfn = virt_to_mfn(pages[i]) }), 1, 0,
			     DOMID_SELF), 0);
		CHECK_EQ(make_writable(pages[i]), 0);
	}
	port = ipi_port(1);
	CHECK(port != 0);
	take(port);
	CHECK_EQ(send(port), 0);
	CHECK(take(port));
	CHECK_EQ(close_port(port), 0);
}
