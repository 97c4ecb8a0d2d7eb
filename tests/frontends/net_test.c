// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The card's rings: what is put on them, what is made of honest answers, and
 * of those that no honest backend gives.
 */
#include "test.h"
#include "net_fixture.h"

static int setup(void **unused)
{
	(void)unused;
	net_fixture();
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	net_fixture_end();
	return 0;
}

/* ---- transmit ---- */

static struct netif_tx_request tx_slot(unsigned int at)
{
	return *RING_GET_REQUEST(&net.tx_back, at);
}

static int put(uint32_t length, uint16_t gso)
{
	struct net_tx_packet packet = {
		.length = length, .gso_size = gso,
		.gso_type = gso ? XEN_NETIF_GSO_TYPE_TCPV4 : 0,
		.flags = gso ? NETTXF_csum_blank : 0,
	};
	uint16_t buffers[NET_TX_MOST];

	return net_tx_put(&net.tx, &packet, buffers);
}

static void test_tx_small(void **unused)
{
	struct net_tx_done done;

	(void)unused;
	assert_int_equal(put(60, 0), 1);
	assert_int_equal(net.tx_back.sring->req_prod, 0);
	assert_true(net_tx_push(&net.tx));
	assert_int_equal(net.tx_back.sring->req_prod, 1);
	assert_int_equal(tx_slot(0).size, 60);
	assert_int_equal(tx_slot(0).flags, 0);
	assert_int_equal(tx_slot(0).gref, TX_GREF + tx_slot(0).id);
	net_back_tx_answer(tx_slot(0).id, NETIF_RSP_OKAY);
	assert_int_equal(net_tx_reap(&net.tx, &done), 0);
	assert_int_equal(done.packets, 1);
	assert_int_equal(done.bytes, 60);
	assert_int_equal(net_tx_room(&net.tx), NET_TX_SLOTS);
}

static void test_tx_gso(void **unused)
{
	struct netif_extra_info extra;
	struct netif_tx_request slot;
	unsigned int i;

	(void)unused;
	assert_int_equal(put(65000, 1448), 16);
	assert_int_equal(tx_slot(0).size, 65000);
	assert_int_equal(tx_slot(0).flags, NETTXF_csum_blank |
			 NETTXF_more_data | NETTXF_extra_info);
	slot = tx_slot(1);
	memcpy(&extra, &slot, sizeof(extra));
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(extra.flags, 0);
	assert_int_equal(extra.u.gso.size, 1448);
	assert_int_equal(extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
	for (i = 2; i < 16; i++) {
		assert_int_equal(tx_slot(i).size, FE_PAGE);
		assert_int_equal(tx_slot(i).flags, NETTXF_more_data);
	}
	assert_int_equal(tx_slot(16).size, 65000 - 15 * FE_PAGE);
	assert_int_equal(tx_slot(16).flags, 0);
}

static void test_tx_limits(void **unused)
{
	int count = 0;

	(void)unused;
	assert_int_equal(put(0, 0), -EINVAL);
	assert_int_equal(put(65536, 0), -EINVAL);
	while (net_tx_room(&net.tx) >= NET_TX_MOST) {
		assert_true(put(65535, 1000) > 0);
		count++;
	}
	assert_int_equal(count, NET_TX_SLOTS / NET_TX_MOST);
	while (net_tx_room(&net.tx))
		assert_int_equal(put(1, 0), 1);
	assert_int_equal(put(1, 0), -EBUSY);
}

static void test_tx_null_answers(void **unused)
{
	struct net_tx_done done;

	(void)unused;
	assert_int_equal(put(100, 50), 1);
	net_tx_push(&net.tx);
	net_back_tx_answer(tx_slot(0).id, NETIF_RSP_OKAY);
	net_back_tx_answer(0xffff, NETIF_RSP_NULL);
	assert_int_equal(net_tx_reap(&net.tx, &done), 0);
	assert_int_equal(done.packets, 1);
	assert_int_equal(net.tx.extras, 0);
}

/* An answer to extra information where there was none. */
static void test_tx_null_too_many(void **unused)
{
	struct net_tx_done done;

	(void)unused;
	assert_int_equal(put(100, 0), 1);
	net_back_tx_answer(0, NETIF_RSP_NULL);
	assert_int_equal(net_tx_reap(&net.tx, &done), -EPROTO);
}

static void test_tx_multicast(void **unused)
{
	static const uint8_t addr[6] = { 0x33, 0x33, 1, 2, 3, 4 };
	struct netif_extra_info extra;
	struct netif_tx_request slot;
	struct net_tx_done done;

	(void)unused;
	assert_int_equal(net_tx_put_multicast(&net.tx, addr, true), 0);
	assert_int_equal(tx_slot(0).flags, NETTXF_extra_info);
	slot = tx_slot(1);
	memcpy(&extra, &slot, sizeof(extra));
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_memory_equal(extra.u.mcast.addr, addr, 6);
	net_back_tx_answer(tx_slot(0).id, NETIF_RSP_ERROR);
	net_back_tx_answer(0, NETIF_RSP_NULL);
	assert_int_equal(net_tx_reap(&net.tx, &done), 0);
	assert_int_equal(done.refused, 1);
	assert_int_equal(done.errors, 0);
	assert_int_equal(done.packets, 0);
}

static void test_tx_error(void **unused)
{
	struct net_tx_done done;

	(void)unused;
	assert_int_equal(put(100, 0), 1);
	net_back_tx_answer(tx_slot(0).id, NETIF_RSP_DROPPED);
	assert_int_equal(net_tx_reap(&net.tx, &done), 0);
	assert_int_equal(done.errors, 1);
}

static void test_tx_bad_ids(void **unused)
{
	static const uint16_t id[] = { 1, 255, 256, 0xffff };
	struct net_tx_done done;
	unsigned int i;

	(void)unused;
	for (i = 0; i < sizeof(id) / sizeof(id[0]); i++) {
		net_fixture_end();
		net_fixture();
		assert_int_equal(put(100, 0), 1);
		assert_int_equal(tx_slot(0).id, 0);
		net_back_tx_answer(id[i], NETIF_RSP_OKAY);
		assert_int_equal(net_tx_reap(&net.tx, &done), -EPROTO);
	}
}

static void test_tx_index_jumps(void **unused)
{
	struct net_tx_done done;

	(void)unused;
	assert_int_equal(put(100, 0), 1);
	net.tx_back.sring->rsp_prod = 2;
	assert_int_equal(net_tx_reap(&net.tx, &done), -EPROTO);
	net.tx_back.sring->rsp_prod = 0xffffffff;
	assert_int_equal(net_tx_reap(&net.tx, &done), -EPROTO);
}

static void test_tx_events(void **unused)
{
	struct net_tx_done done;
	unsigned int i;

	(void)unused;
	for (i = 0; i < 8; i++)
		assert_int_equal(put(100, 0), 1);
	assert_false(net_tx_rearm(&net.tx));
	assert_int_equal(net.tx_back.sring->rsp_event, 5);
	for (i = 0; i < 5; i++)
		net_back_tx_answer(tx_slot(i).id, NETIF_RSP_OKAY);
	assert_true(net_tx_rearm(&net.tx));
	assert_int_equal(net_tx_reap(&net.tx, &done), 0);
	assert_false(net_tx_rearm(&net.tx));
	assert_int_equal(net.tx_back.sring->rsp_event, 7);
}

/* ---- receive ---- */

static struct net_rx_packet packet;

static int next(void)
{
	return net_rx_next(&net.rx, &packet);
}

static void test_rx_lends_all(void **unused)
{
	unsigned int i;

	(void)unused;
	assert_int_equal(net.rx_back.sring->req_prod, NET_RX_SLOTS);
	for (i = 0; i < NET_RX_SLOTS; i++) {
		struct netif_rx_request *req =
			RING_GET_REQUEST(&net.rx_back, i);

		assert_int_equal(req->id, i);
		assert_int_equal(req->gref, RX_GREF + i);
	}
	assert_int_equal(next(), 0);
}

static void test_rx_small(void **unused)
{
	(void)unused;
	net_back_rx_part(16, NETRXF_data_validated, 60);
	assert_int_equal(next(), 1);
	assert_int_equal(packet.parts, 1);
	assert_int_equal(packet.slots, 1);
	assert_int_equal(packet.length, 60);
	assert_int_equal(packet.part[0].buffer, 0);
	assert_int_equal(packet.part[0].offset, 16);
	assert_int_equal(packet.flags, NETRXF_data_validated);
	net_rx_release(&net.rx, &packet);
	assert_int_equal(next(), 0);
	net_rx_push(&net.rx);
	assert_int_equal(net.rx_back.sring->req_prod, NET_RX_SLOTS + 1);
}

static void test_rx_gso(void **unused)
{
	unsigned int i;

	(void)unused;
	net_back_rx_part(0, NETRXF_csum_blank | NETRXF_more_data |
			 NETRXF_extra_info, 4096);
	/* Half of it: nothing is taken yet. */
	assert_int_equal(next(), 0);
	net_back_rx_extra(XEN_NETIF_EXTRA_TYPE_HASH,
			  XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	assert_int_equal(next(), 0);
	net_back_rx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1440,
			  XEN_NETIF_GSO_TYPE_TCPV6);
	for (i = 0; i < 14; i++)
		net_back_rx_part(0, NETRXF_more_data, 4096);
	assert_int_equal(next(), 0);
	net_back_rx_part(0, 0, 100);
	assert_int_equal(next(), 1);
	assert_int_equal(packet.slots, 18);
	assert_int_equal(packet.parts, 16);
	assert_int_equal(packet.length, 15 * 4096 + 100);
	assert_int_equal(packet.gso_size, 1440);
	assert_int_equal(packet.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(packet.part[1].buffer, 3);
}

static void test_rx_failed(void **unused)
{
	(void)unused;
	net_back_rx_part(0, NETRXF_more_data, 100);
	net_back_rx_part(0, 0, NETIF_RSP_ERROR);
	net_back_rx_part(0, 0, 64);
	assert_int_equal(next(), 1);
	assert_int_equal(packet.parts, 0);
	assert_int_equal(packet.slots, 2);
	net_rx_release(&net.rx, &packet);
	assert_int_equal(next(), 1);
	assert_int_equal(packet.length, 64);
}

static void test_rx_bad_extents(void **unused)
{
	static const struct { uint16_t offset; int16_t status; } bad[] = {
		{ 0, 4097 }, { 1, 4096 }, { 4096, 0 }, { 4095, 2 },
		{ 0xffff, 1 }, { 0, 0x7fff },
	};
	unsigned int i;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		net_fixture_end();
		net_fixture();
		net_back_rx_part(bad[i].offset, 0, bad[i].status);
		assert_int_equal(next(), -EPROTO);
	}
}

static void test_rx_wrong_slot(void **unused)
{
	(void)unused;
	net_back_rx_answer(1, 0, 0, 64);
	assert_int_equal(next(), -EPROTO);
}

static void test_rx_endless_packet(void **unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < NET_RX_PARTS + 1; i++)
		net_back_rx_part(0, NETRXF_more_data, 100);
	assert_int_equal(next(), -EPROTO);
}

/* Errors count as slots: they end it as well. */
static void test_rx_endless_errors(void **unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < NET_RX_MOST + 1; i++)
		net_back_rx_part(0, NETRXF_more_data, NETIF_RSP_ERROR);
	assert_int_equal(next(), -EPROTO);
}

static void test_rx_endless_extras(void **unused)
{
	unsigned int i;

	(void)unused;
	net_back_rx_part(0, NETRXF_extra_info, 100);
	for (i = 0; i < NET_RX_EXTRAS + 1; i++)
		net_back_rx_extra(XEN_NETIF_EXTRA_TYPE_HASH,
				  XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	assert_int_equal(next(), -EPROTO);
}

static void test_rx_bad_extras(void **unused)
{
	static const struct { uint8_t type, gso; uint16_t size; } bad[] = {
		{ XEN_NETIF_EXTRA_TYPE_NONE, 0, 0 },
		{ XEN_NETIF_EXTRA_TYPE_MAX, 0, 0 },
		{ 255, 0, 0 },
		{ XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV4, 0 },
		{ XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_NONE, 1000 },
		{ XEN_NETIF_EXTRA_TYPE_GSO, 3, 1000 },
	};
	unsigned int i;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		net_fixture_end();
		net_fixture();
		net_back_rx_part(0, NETRXF_extra_info, 100);
		net_back_rx_extra(bad[i].type, 0, bad[i].size, bad[i].gso);
		assert_int_equal(next(), -EPROTO);
	}
}

static void test_rx_index_jumps(void **unused)
{
	(void)unused;
	net.rx_back.sring->rsp_prod = NET_RX_SLOTS + 1;
	assert_int_equal(next(), -EPROTO);
	net.rx_back.sring->rsp_prod = 0x80000000;
	assert_int_equal(next(), -EPROTO);
}

static void test_rx_events(void **unused)
{
	(void)unused;
	assert_int_equal(next(), 0);
	assert_false(net_rx_idle(&net.rx));
	assert_int_equal(net.rx_back.sring->rsp_event, 1);
	net_back_rx_part(0, NETRXF_more_data, 100);
	/* Something came since the last look, */
	assert_true(net_rx_idle(&net.rx));
	assert_int_equal(next(), 0);
	/* and half a packet is no reason to look for ever. */
	assert_false(net_rx_idle(&net.rx));
	assert_int_equal(net.rx_back.sring->rsp_event, 2);
	net_back_rx_part(0, 0, 100);
	assert_true(net_rx_idle(&net.rx));
	assert_int_equal(next(), 1);
}

/* ---- control ---- */

static void test_ctrl(void **unused)
{
	struct xen_netif_ctrl_request *req;

	(void)unused;
	assert_int_equal(net_ctrl_send(&net.ctrl, 9, 1, 2, 3), 1);
	req = RING_GET_REQUEST(&net.ctrl_back, 0);
	assert_int_equal(req->type, 9);
	assert_int_equal(req->data[2], 3);
	assert_int_equal(net_ctrl_send(&net.ctrl, 9, 1, 2, 3), -EBUSY);
	assert_int_equal(net_ctrl_take(&net.ctrl), 0);
	net_back_ctrl_answer(req->id, 9, XEN_NETIF_CTRL_STATUS_SUCCESS, 512);
	assert_int_equal(net_ctrl_take(&net.ctrl), 1);
	assert_int_equal(net.ctrl.data, 512);
	assert_int_equal(net_ctrl_take(&net.ctrl), 0);
	assert_true(net_ctrl_send(&net.ctrl, 10, 0, 0, 0) >= 0);
}

static void test_ctrl_hostile(void **unused)
{
	static const struct { int id, type; } bad[] = {
		{ 2, 8 }, { 0, 8 }, { 1, 9 }, { 0xffff, 8 },
	};
	unsigned int i;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		net_fixture_end();
		net_fixture();
		assert_int_equal(net_ctrl_send(&net.ctrl, 8, 0, 0, 0), 1);
		net_back_ctrl_answer(bad[i].id, bad[i].type, 0, 1);
		assert_int_equal(net_ctrl_take(&net.ctrl), -EPROTO);
	}
}

static void test_ctrl_unasked(void **unused)
{
	(void)unused;
	net_back_ctrl_answer(0, 0, 0, 0);
	assert_int_equal(net_ctrl_take(&net.ctrl), -EPROTO);
}

/* Events are worth an interrupt's time only while an answer is awaited. */
static void test_ctrl_due(void **unused)
{
	(void)unused;
	assert_false(net_ctrl_due(&net.ctrl));
	net.ctrl_back.sring->rsp_prod = 7;
	assert_false(net_ctrl_due(&net.ctrl));
	net.ctrl_back.sring->rsp_prod = 0;
	assert_int_equal(net_ctrl_send(&net.ctrl, 8, 0, 0, 0), 1);
	assert_false(net_ctrl_due(&net.ctrl));
	net_back_ctrl_answer(1, 8, XEN_NETIF_CTRL_STATUS_SUCCESS, 0);
	assert_true(net_ctrl_due(&net.ctrl));
	assert_int_equal(net_ctrl_take(&net.ctrl), 1);
	assert_false(net_ctrl_due(&net.ctrl));
}

static void test_ctrl_list(void **unused)
{
	struct xen_netif_gref list[512];

	(void)unused;
	assert_int_equal(net_ctrl_list(list, 0xffffffff, net.tx_gref,
				       net.rx_gref, NET_TX_SLOTS), 512);
	assert_int_equal(list[0].ref, TX_GREF);
	assert_int_equal(list[0].flags, XEN_NETIF_CTRLF_GREF_readonly);
	assert_int_equal(list[256].ref, RX_GREF);
	assert_int_equal(list[256].flags, 0);
	assert_int_equal(list[511].ref, RX_GREF + 255);
	assert_int_equal(net_ctrl_list(list, 10, net.tx_gref, net.rx_gref,
				       NET_TX_SLOTS), 10);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tx_small), TEST(test_tx_gso), TEST(test_tx_limits),
		TEST(test_tx_null_answers), TEST(test_tx_null_too_many),
		TEST(test_tx_multicast), TEST(test_tx_error),
		TEST(test_tx_bad_ids), TEST(test_tx_index_jumps),
		TEST(test_tx_events),
		TEST(test_rx_lends_all), TEST(test_rx_small),
		TEST(test_rx_gso), TEST(test_rx_failed),
		TEST(test_rx_bad_extents), TEST(test_rx_wrong_slot),
		TEST(test_rx_endless_packet), TEST(test_rx_endless_errors),
		TEST(test_rx_endless_extras), TEST(test_rx_bad_extras),
		TEST(test_rx_index_jumps), TEST(test_rx_events),
		TEST(test_ctrl), TEST(test_ctrl_hostile),
		TEST(test_ctrl_unasked), TEST(test_ctrl_due),
		TEST(test_ctrl_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
