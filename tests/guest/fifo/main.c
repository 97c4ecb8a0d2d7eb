// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FIFO layout of event channels.  Set-up cannot be undone but by a reset,
 * so these tests are a guest of their own and run in the order of the source.
 *
 * Attacks covered: arrays before a control block (XSA-107), control blocks
 * across a page, unaligned, twice, or in a frame that may not be written, words
 * that the guest scribbles on (links to nowhere and to itself, LINKED and BUSY
 * set by hand), ports raised before their words exist, reset while events are
 * queued (XSA-343, 344 class).
 */
#include "../lib/calls.h"

#define P_BIT (1U << EVTCHN_FIFO_PENDING)
#define M_BIT (1U << EVTCHN_FIFO_MASKED)
#define L_BIT (1U << EVTCHN_FIFO_LINKED)
#define B_BIT (1U << EVTCHN_FIFO_BUSY)

static volatile struct evtchn_fifo_control_block *control =
	(void *)(pages[50] + 64);
static volatile uint32_t *words = (void *)pages[51];

static long init_control(const void *page, uint32_t offset, uint32_t vcpu)
{
	struct evtchn_init_control c = {
		.control_gfn = virt_to_mfn(page), .offset = offset,
		.vcpu = vcpu,
	};

	return evop(EVTCHNOP_init_control, &c);
}

static long expand(const void *page)
{
	struct evtchn_expand_array e = { virt_to_mfn(page) };

	return evop(EVTCHNOP_expand_array, &e);
}

static unsigned int ipi(void)
{
	struct evtchn_bind_ipi i = { .vcpu = 0 };

	return evop(EVTCHNOP_bind_ipi, &i) ? 0 : i.port;
}

/* As a guest does: take the first port off a queue; 0: empty. */
static unsigned int take_first(unsigned int queue)
{
	unsigned int port = control->head[queue];
	uint32_t w;

	control->ready &= ~(1U << queue);
	if (!port)
		return 0;
	w = __atomic_fetch_and(&words[port],
			       ~(L_BIT | EVTCHN_FIFO_LINK_MASK | P_BIT),
			       __ATOMIC_SEQ_CST);
	control->head[queue] = w & EVTCHN_FIFO_LINK_MASK;
	shared->vcpu_info[0].evtchn_upcall_pending = 0;
	return port;
}

/* Whether others send to it, whenever they like. */
static bool is_of_daemons(unsigned int port)
{
	return port && !is_dom0 &&
	       (port == start->store_evtchn ||
		port == start->console.domU.evtchn);
}

/* The first of this guest's own ports; 0: none. */
static unsigned int consume(unsigned int queue)
{
	unsigned int port;

	do {
		port = take_first(queue);
	} while (is_of_daemons(port));
	return port;
}

static unsigned int early;

TEST(array_before_control_is_refused)
{
	shared->vcpu_info[0].evtchn_upcall_mask = 1;
	CHECK(expand(pages[51]) < 0);
	early = ipi();
	CHECK(early != 0);
	CHECK_EQ(send(early), 0);
}

TEST(control_block_placement)
{
	CHECK_EQ(init_control(pages[50], 4096 - 64, 0), -EINVAL);
	CHECK_EQ(init_control(pages[50], 4095, 0), -EINVAL);
	CHECK_EQ(init_control(pages[50], 0xfffffff8, 0), -EINVAL);
	CHECK_EQ(init_control(pages[50], 4, 0), -EINVAL);
	CHECK_EQ(init_control(pages[50], 64, 5000), -ENOENT);
	CHECK(init_control((void *)start->pt_base, 64, 0) < 0);
}

TEST(init_twice)
{
	CHECK_EQ(init_control(pages[50], 64, 0), 0);
	CHECK(init_control(pages[52], 64, 0) < 0);
}

TEST(array_placement)
{
	CHECK(expand((void *)start->pt_base) < 0);
	CHECK_EQ(expand(pages[51]), 0);
	/* It is the hypervisor's to write: it cannot become a table. */
	CHECK_EQ(make_readonly(pages[51]), 0);
	CHECK(HC4(mmuext_op, (&(struct mmuext_op){
			.cmd = MMUEXT_PIN_L1_TABLE,
			.arg1.mfn = virt_to_mfn(pages[51]) }), 1, 0,
		  DOMID_SELF) < 0);
	CHECK_EQ(make_writable(pages[51]), 0);
}

TEST(raised_before_its_word_existed)
{
	CHECK(words[early] & P_BIT);
	CHECK_EQ(consume(EVTCHN_FIFO_PRIORITY_DEFAULT), early);
	CHECK_EQ(words[early] & (P_BIT | L_BIT), 0);
	CHECK_EQ(send(early), 0);
	CHECK(words[early] & P_BIT);
	CHECK_EQ(consume(EVTCHN_FIFO_PRIORITY_DEFAULT), early);
	CHECK_EQ(close_port(early), 0);
}

TEST(order_is_kept)
{
	unsigned int port[20];

	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
		CHECK((port[i] = ipi()) != 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
		CHECK_EQ(send(port[i]), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
		CHECK_EQ(consume(EVTCHN_FIFO_PRIORITY_DEFAULT), port[i]);
	CHECK_EQ(consume(EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
		CHECK_EQ(close_port(port[i]), 0);
}

TEST(priorities)
{
	unsigned int port = ipi();
	struct evtchn_set_priority p = { port, 3 };

	CHECK_EQ(evop(EVTCHNOP_set_priority, &p), 0);
	CHECK_EQ(send(port), 0);
	CHECK(control->ready & (1U << 3));
	CHECK_EQ(consume(3), port);
	p.priority = 16;
	CHECK_EQ(evop(EVTCHNOP_set_priority, &p), -EINVAL);
	CHECK_EQ(close_port(port), 0);
}

TEST(masked_until_unmasked)
{
	unsigned int port = ipi();
	struct evtchn_unmask u = { port };

	__atomic_fetch_or(&words[port], M_BIT, __ATOMIC_SEQ_CST);
	CHECK_EQ(send(port), 0);
	CHECK((words[port] & (P_BIT | L_BIT)) == P_BIT);
	CHECK_EQ(evop(EVTCHNOP_unmask, &u), 0);
	CHECK(words[port] & L_BIT);
	CHECK_EQ(consume(EVTCHN_FIFO_PRIORITY_DEFAULT), port);
	CHECK_EQ(close_port(port), 0);
}

TEST(guest_scribbles_on_words)
{
	static const uint32_t junk[] = {
		~0U, 0, L_BIT, B_BIT, L_BIT | B_BIT, P_BIT | 0x1ffff,
		L_BIT | 0x1ffff, M_BIT | B_BIT | 7,
	};
	unsigned int a = ipi(), b = ipi();

	CHECK(a && b);
	for (unsigned int i = 0; i < ARRAY_SIZE(junk); i++) {
		for (unsigned int k = 0; k < 1024; k++)
			words[k] = junk[i];
		for (unsigned int q = 0; q < 16; q++)
			control->head[q] = junk[i];
		CHECK_EQ(send(a), 0);
		CHECK_EQ(send(b), 0);
		CHECK_EQ(send(a), 0);
	}
	for (unsigned int k = 0; k < 1024; k++)
		words[k] = 0;
	for (unsigned int q = 0; q < 16; q++)
		control->head[q] = 0;
	control->ready = 0;
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(b), 0);
}

TEST(more_ports_than_two_levels_have)
{
	static unsigned int port[1500];
	unsigned int n = 0;

	for (unsigned int page = 52; page < 56; page++)
		CHECK_EQ(expand(pages[page]), 0);
	while (n < ARRAY_SIZE(port) && (port[n] = ipi()) != 0)
		n++;
	CHECK_EQ(n, ARRAY_SIZE(port));
	while (n)
		CHECK_EQ(close_port(port[--n]), 0);
}

TEST(reset_goes_back)
{
	struct evtchn_reset r = { DOMID_SELF };
	unsigned int port = ipi();

	CHECK_EQ(send(port), 0);
	CHECK_EQ(evop(EVTCHNOP_reset, &r), 0);
	CHECK(send(port) < 0);
	/* 2-level again: pending shows in shared_info. */
	port = ipi();
	CHECK(port != 0);
	CHECK_EQ(send(port), 0);
	CHECK(((volatile uint64_t *)shared->evtchn_pending)[port / 64] >>
		      (port % 64) & 1);
	/* The pages are free for any use. */
	CHECK_EQ(make_readonly(pages[51]), 0);
	CHECK_EQ(make_writable(pages[51]), 0);
}
