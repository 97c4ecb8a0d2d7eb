// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a card: the whole network frontend on a fake kernel, which ends
 * the test on what a real one would not survive (see fake_net.h), with a backend
 * that comes, goes, breaks rules and holds on to pages.
 */
#include "life.h"
#include <abi/io/netif.h>

const struct ethtool_ops fn_ethtool_ops;

/* The backend: its side of each queue and of the control ring. */
static struct {
	struct {
		netif_tx_back_ring_t tx;
		netif_rx_back_ring_t rx;
		evtchn_port_t port;
	} queue[2];
	unsigned int queues;
	xen_netif_ctrl_back_ring_t ctrl;
	unsigned int asked;
} back;

static void prepare(void)
{
	memset(&back, 0, sizeof(back));
	fake_set("be", "feature-sg", "1");
	fake_set("be", "feature-multicast-control", "1");
	fake_set("be", "feature-dynamic-multicast-control", "1");
}

static void *back_map(const char *dir, const char *node)
{
	void *page = life_page(dir, node);

	assert_non_null(page);
	return page;
}

static void back_attach_queue(const char *dir)
{
	unsigned int at = back.queues++;
	netif_tx_sring_t *tx = back_map(dir, "tx-ring-ref");
	netif_rx_sring_t *rx = back_map(dir, "rx-ring-ref");

	BACK_RING_INIT(&back.queue[at].tx, tx, FE_PAGE);
	BACK_RING_INIT(&back.queue[at].rx, rx, FE_PAGE);
	back.queue[at].port = life_port(dir, "event-channel");
}

static void back_attach(void)
{
	xen_netif_ctrl_sring_t *ctrl;

	back.queues = 0;
	if (fake_get("fe", "multi-queue-num-queues")) {
		back_attach_queue("fe/queue-0");
		back_attach_queue("fe/queue-1");
	} else {
		back_attach_queue("fe");
	}
	if (!fake_get("fe", "ctrl-ring-ref"))
		return;
	ctrl = back_map("fe", "ctrl-ring-ref");
	BACK_RING_INIT(&back.ctrl, ctrl, FE_PAGE);
}

static bool back_attached(void)
{
	const char *dir = fake_get("fe", "multi-queue-num-queues") ?
		"fe/queue-0" : "fe";
	void *page = life_page(dir, "rx-ring-ref");

	return page && page == back.queue[0].rx.sring;
}

static void check(bool served)
{
	assert_int_equal(fake_net.dev->carrier, served);
}

const struct life_device life_device = {
	.prepare = prepare,
	.announced = XenbusStateConnected,
	.attach = back_attach,
	.attached = back_attached,
	.check = check,
};

/* Puts a packet that is filled with a byte into the next buffer, and tells of
 * it if that is wanted. */
static void back_sends(unsigned int queue, u8 byte, u16 length)
{
	netif_rx_back_ring_t *rx = &back.queue[queue].rx;
	struct netif_rx_request req;
	struct netif_rx_response *rsp;
	bool notify;

	assert_true(RING_HAS_UNCONSUMED_REQUESTS(rx));
	RING_COPY_REQUEST(rx, rx->req_cons, &req);
	rx->req_cons++;
	memset(fake_page(req.gref), byte, length);
	rsp = RING_GET_RESPONSE(rx, rx->rsp_prod_pvt);
	rx->rsp_prod_pvt++;
	rsp->id = req.id;
	rsp->offset = 0;
	rsp->flags = 0;
	rsp->status = (int16_t)length;
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(rx, notify);
	assert_true(!notify || fake_event(back.queue[queue].port));
}

/* Takes all that was sent by a queue; returns how many, the last in *first. */
static unsigned int back_receives(unsigned int queue, u8 *first)
{
	netif_tx_back_ring_t *tx = &back.queue[queue].tx;
	struct netif_tx_request req;
	struct netif_tx_response *rsp;
	unsigned int count = 0;
	bool notify;

	while (RING_HAS_UNCONSUMED_REQUESTS(tx)) {
		RING_COPY_REQUEST(tx, tx->req_cons, &req);
		tx->req_cons++;
		rsp = RING_GET_RESPONSE(tx, tx->rsp_prod_pvt);
		tx->rsp_prod_pvt++;
		/* An address has its extra information in the next slot. */
		if (req.flags & NETTXF_extra_info) {
			rsp->id = req.id;
			rsp->status = NETIF_RSP_OKAY;
			tx->req_cons++;
			rsp = RING_GET_RESPONSE(tx, tx->rsp_prod_pvt);
			tx->rsp_prod_pvt++;
			rsp->status = NETIF_RSP_NULL;
			continue;
		}
		*first = *fake_page(req.gref);
		rsp->id = req.id;
		rsp->status = NETIF_RSP_OKAY;
		count++;
	}
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(tx, notify);
	assert_true(!notify || fake_event(back.queue[queue].port));
	fake_works();
	return count;
}

static void sends(unsigned int queue, u8 byte)
{
	u8 packet[100], got = 0;

	memset(packet, byte, sizeof(packet));
	assert_true(fake_send(queue, packet, sizeof(packet)));
	assert_int_equal(back_receives(queue, &got), 1);
	assert_int_equal(got, byte);
	assert_int_equal(fake_net.dev->txq[queue].queued, 0);
}

static void receives(unsigned int queue, u8 byte, u16 length)
{
	int before = fake_net.received;

	back_sends(queue, byte, length);
	fake_works();
	assert_int_equal(fake_net.received, before + 1);
	assert_int_equal(fake_net.last_len, length);
	assert_int_equal(fake_net.last[length - 1], byte);
}

static void test_data(void **unused)
{
	int i;

	(void)unused;
	life_connects();
	fake_up(true);
	for (i = 0; i < 600; i++) {
		sends(0, (u8)i);
		receives(0, (u8)i, (u16)(20 + i * 6));
	}
}

static void test_two_queues(void **unused)
{
	(void)unused;
	fake_set("be", "multi-queue-max-queues", "2");
	life_connects();
	assert_int_equal(fake_net.dev->real_queues, 2);
	fake_up(true);
	sends(1, 7);
	receives(1, 8, 100);
	life_restarts();
	sends(1, 9);
	receives(1, 10, 4000);
}

/* Packets in flight are lost, and the queues' accounts begin anew. */
static void test_restart_in_flight(void **unused)
{
	u8 packet[100] = { 0 };

	(void)unused;
	life_connects();
	fake_up(true);
	assert_true(fake_send(0, packet, sizeof(packet)));
	life_restarts();
	assert_int_equal(fake_net.dev->txq[0].queued, 0);
	sends(0, 1);
	receives(0, 2, 1000);
}

/* Polls are on exactly while the interface is up and connected. */
static void test_up_and_down(void **unused)
{
	(void)unused;
	life_connects();
	back_sends(0, 1, 100);		/* nobody listens yet */
	assert_int_equal(fake_net.received, 0);
	fake_up(true);
	fake_works();
	assert_int_equal(fake_net.received, 1);
	fake_up(false);
	back_sends(0, 2, 100);
	life_restarts();
	life_backend_is(XenbusStateClosing);
	fake_up(true);
	fake_up(false);
	fake_up(true);
	life_backend_is(XenbusStateClosed);
	life_connects();
	sends(0, 3);
	receives(0, 4, 60);
}

/* The interrupt was taken, and the poll never ran. */
static void test_down_with_interrupt(void **unused)
{
	(void)unused;
	life_connects();
	fake_up(true);
	fake_works();
	back_sends(0, 1, 100);
	fake_up(false);
	fake_up(true);
	fake_works();
	assert_int_equal(fake_net.received, 1);
	back_sends(0, 1, 100);
	life_backend_is(XenbusStateClosing);
	assert_int_equal(fake_net.received, 1);
}

/* A ring without room stops the stack, and answers start it again. */
static void test_full(void **unused)
{
	u8 packet[100] = { 0 }, got;
	unsigned int count = 0;

	(void)unused;
	life_connects();
	fake_up(true);
	fake_works();
	while (fake_send(0, packet, sizeof(packet)))
		assert_in_range(++count, 1, 256);
	assert_int_equal(back_receives(0, &got), count);
	assert_false(fake_net.dev->txq[0].stopped);
	while (fake_send(0, packet, sizeof(packet)))
		;
	life_restarts();
	sends(0, 5);
}

/* A packet for a queue that this backend's card does not have. */
static void test_fewer_queues(void **unused)
{
	u8 packet[100] = { 0 };

	(void)unused;
	fake_set("be", "multi-queue-max-queues", "2");
	life_connects();
	fake_up(true);
	fake_set("be", "multi-queue-max-queues", "1");
	life_restarts();
	fake_net.dev->txq[1].stopped = false;
	assert_true(fake_send(1, packet, sizeof(packet)));
	sends(0, 5);
}

/* A name that is taken: no card, and nothing is left of it. */
static void test_not_registered(void **unused)
{
	(void)unused;
	life_backend_is(XenbusStateInitWait);
	back_attach();
	fake.fail_at = fake.could_fail + 1;
	life_backend_is(XenbusStateConnected);
	fake_works();
	assert_int_equal(fake_net.dev->reg_state, NETREG_UNINITIALIZED);
	assert_int_equal(fake.bus.state, XenbusStateClosed);
}

/* A card does not wait for its users. */
static void test_unplugged(void **unused)
{
	(void)unused;
	life_connects();
	fake_up(true);
	fake_set("be", "online", "0");
	life_backend_is(XenbusStateClosing);
	assert_int_equal(fake.bus.state, XenbusStateClosed);
	assert_false(fake_net.dev->carrier);
}

static void test_broken(void **unused)
{
	u8 packet[100] = { 0 };

	(void)unused;
	life_connects();
	fake_up(true);
	back.queue[0].rx.sring->rsp_prod = 1000;
	fake_event(back.queue[0].port);
	fake_works();
	assert_false(fake_net.dev->carrier);
	assert_int_equal(fake.bus.state, XenbusStateClosed);
	fake_net.dev->txq[0].stopped = false;
	assert_true(fake_send(0, packet, sizeof(packet)));
	life_backend_is(XenbusStateInitWait);
	assert_int_equal(fake.bus.state, XenbusStateClosed);
	fake_up(false);
	fake_up(true);
}

static void test_broken_tx(void **unused)
{
	(void)unused;
	life_connects();
	fake_up(true);
	back.queue[0].tx.sring->rsp_prod = 1;
	fake_event(back.queue[0].port);
	fake_works();
	assert_int_equal(fake.bus.state, XenbusStateClosed);
}

static void test_empty_events(void **unused)
{
	int i;

	(void)unused;
	life_connects();
	fake_up(true);
	fake_works();
	for (i = 0; i < 10; i++) {
		fake_event(back.queue[0].port);
		fake_works();
	}
	assert_int_equal(fake.spurious, 10);
	receives(0, 1, 100);
	assert_int_equal(fake.spurious, 10);
}

static void test_suspend(void **unused)
{
	(void)unused;
	life_connects();
	fake_up(true);
	assert_int_equal(life_resume(), 0);
	life_connects();
	sends(0, 1);
	receives(0, 2, 100);
}

static void test_pages_held(void **unused)
{
	int pages;

	(void)unused;
	fake.hold_grants = true;
	life_connects();
	fake_up(true);
	pages = fake.pages;
	life_restarts();
	assert_int_equal(fake.pages, 2 * pages);
	sends(0, 1);
	fake_let_go();
	assert_int_equal(fake.pages, pages);
}

/* Rings that are announced again are a change that the backend sees. */
static void test_states(void **unused)
{
	(void)unused;
	life_connects();
	life_expect_states("4");
	life_connects();
	life_expect_states("14");
	life_restarts();
	life_expect_states("614");
	fake.driver->remove(&fake.bus);
	life_expect_states("56");
}

/* ---- the control ring ---- */

static bool back_answers(void)
{
	struct xen_netif_ctrl_request req;
	struct xen_netif_ctrl_response *rsp;

	if (!RING_HAS_UNCONSUMED_REQUESTS(&back.ctrl))
		return false;
	RING_COPY_REQUEST(&back.ctrl, back.ctrl.req_cons, &req);
	back.ctrl.req_cons++;
	rsp = RING_GET_RESPONSE(&back.ctrl, back.ctrl.rsp_prod_pvt);
	back.ctrl.rsp_prod_pvt++;
	rsp->id = req.id;
	rsp->type = req.type;
	rsp->status = XEN_NETIF_CTRL_STATUS_SUCCESS;
	rsp->data = 512;
	RING_PUSH_RESPONSES(&back.ctrl);
	back.asked++;
	return fake_event(life_port("fe", "event-channel-ctrl"));
}

static void test_staging(void **unused)
{
	int i;

	(void)unused;
	fake_set("be", "feature-ctrl-ring", "1");
	fake_net.waited = back_answers;
	life_connects();
	assert_int_equal(back.asked, 2);
	assert_int_equal(fake.spurious, 0);
	/* A new backend behind the same rings: removed, then added. */
	life_backend_is(XenbusStateConnected);
	fake_works();
	assert_int_equal(back.asked, 5);
	for (i = 0; i < 10; i++)
		fake_event(life_port("fe", "event-channel-ctrl"));
	assert_int_equal(fake.spurious, 10);
	life_restarts();
	assert_int_equal(back.asked, 7);
}

static bool back_lies(void)
{
	back.ctrl.sring->rsp_prod = 9;
	return true;
}

static void test_staging_broken(void **unused)
{
	(void)unused;
	fake_set("be", "feature-ctrl-ring", "1");
	fake_net.waited = back_lies;
	life_backend_is(XenbusStateInitWait);
	back_attach();
	life_backend_is(XenbusStateConnected);
	fake_works();
	assert_int_equal(fake.bus.state, XenbusStateClosed);
}

/* ---- multicast ---- */

static const char *filter_switch(void)
{
	fake_works();
	return fake_get("fe", "request-multicast-control");
}

/* Off while everything is wanted; the list is kept, and on again after. */
static void test_filter(void **unused)
{
	u8 got;

	(void)unused;
	life_connects();
	fake_up(true);
	assert_string_equal(filter_switch(), "1");
	fake_net.dev->flags = IFF_PROMISC;
	fake_rx_mode();
	assert_string_equal(filter_switch(), "0");
	fake_net.dev->group[0].wanted = true;
	fake_net.dev->group[0].addr[0] = 1;
	fake_rx_mode();
	assert_true(fake_net.dev->group[0].synced);
	fake_net.dev->flags = 0;
	fake_rx_mode();
	assert_string_equal(filter_switch(), "1");
	back_receives(0, &got);
	life_restarts();
	assert_true(fake_net.dev->group[0].synced);
	assert_string_equal(filter_switch(), "1");
}

/* The backend's list is full: off until there is another backend. */
static void test_filter_refused(void **unused)
{
	struct netif_tx_response *rsp;
	netif_tx_back_ring_t *tx = &back.queue[0].tx;

	(void)unused;
	life_connects();
	fake_up(true);
	fake_net.dev->group[0].wanted = true;
	fake_rx_mode();
	rsp = RING_GET_RESPONSE(tx, 0);
	rsp->id = RING_GET_REQUEST(tx, 0)->id;
	rsp->status = NETIF_RSP_ERROR;
	RING_GET_RESPONSE(tx, 1)->status = NETIF_RSP_NULL;
	tx->rsp_prod_pvt = tx->req_cons = 2;
	RING_PUSH_RESPONSES(tx);
	fake_event(back.queue[0].port);
	assert_string_equal(filter_switch(), "0");
	fake_net.dev->flags = IFF_ALLMULTI;
	fake_rx_mode();
	fake_net.dev->flags = 0;
	fake_rx_mode();
	assert_string_equal(filter_switch(), "0");
	life_restarts();
	assert_string_equal(filter_switch(), "1");
}

/* ---- failures ---- */

static void everything_offered(void)
{
	fake_set("be", "feature-ctrl-ring", "1");
	fake_set("be", "multi-queue-max-queues", "2");
	fake_net.waited = back_answers;
}

static void comes_up(void)
{
	fake_up(true);
}

static void test_failures(void **unused)
{
	/* The buffers' pages and grants are many of one kind. */
	static const struct life_failures scene = {
		.prepare = everything_offered, .use = comes_up,
		.least = 2048, .most = 19999, .stride = 29,
	};

	(void)unused;
	life_failures(&scene);
}

/* ---- anything, in any order ---- */

/* It answers, or lies when there is nothing to answer: a wait must end. */
static bool any_answer(void)
{
	return back_answers() || back_lies();
}

static void any_traffic(void)
{
	unsigned int queue = (unsigned int)rand() % FAKE_TX_QUEUES;
	u8 packet[100] = { 0 };
	netif_rx_back_ring_t *rx = &back.queue[0].rx;

	fake_send(rand() % 2 ? queue : 0, packet, sizeof(packet));
	if (!back_attached() || !RING_HAS_UNCONSUMED_REQUESTS(rx))
		return;
	back_sends(0, 1, (u16)(rand() % 4096));
}

static void any_stack(void)
{
	if (fake_net.dev->reg_state != NETREG_REGISTERED)
		return;
	if (rand() % 2) {
		fake_up(!fake_net.dev->up);
		return;
	}
	fake_net.dev->flags = (unsigned int)rand() % 4;
	fake_net.dev->group[rand() % FAKE_GROUPS].wanted = rand() % 2;
	fake_rx_mode();
}

static void lie(void)
{
	if (!back_attached() || rand() % 4)
		return;
	back.queue[0].rx.sring->rsp_prod += (unsigned int)rand() % 3;
	fake_event(back.queue[0].port);
}

static void any_queues(void)
{
	fake_set("be", "multi-queue-max-queues", rand() % 2 ? "2" : "1");
}

static void any_features(void)
{
	fake_set("be", "feature-ctrl-ring", rand() % 2 ? "1" : "0");
	fake_net.waited = any_answer;
}

static void test_anything(void **unused)
{
	static void (*const step[])(void) = { any_stack, any_traffic, lie };
	static const struct life_anything scene = {
		.seeds = 80, .calls = 6000, .prepare = any_features,
		.unbound = any_queues,
		.step = step, .nr_steps = ARRAY_SIZE(step),
	};

	(void)unused;
	life_anything(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_data), TEST(test_two_queues),
		TEST(test_restart_in_flight), TEST(test_up_and_down),
		TEST(test_down_with_interrupt), TEST(test_full),
		TEST(test_fewer_queues), TEST(test_not_registered),
		TEST(test_unplugged), TEST(test_broken),
		TEST(test_broken_tx), TEST(test_empty_events),
		TEST(test_suspend), TEST(test_pages_held), TEST(test_states),
		TEST(test_staging), TEST(test_staging_broken),
		TEST(test_filter), TEST(test_filter_refused),
		TEST(test_failures), TEST(life_no_io), TEST(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
