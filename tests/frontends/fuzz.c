// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Backends that do anything at any moment: each byte of the input is a step of
 * the frontend, of a fair backend or of one that scribbles over shared memory.
 * The sanitizers watch; besides, what the frontend believes must stay
 * consistent, and no call may take more than the ring holds.
 *
 * State owned: a cursor over the input.
 */
#include <stdlib.h>
#include "block_fixture.h"
#include "net_fixture.h"

static const uint8_t *at, *end;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t take(unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | (at < end ? *at++ : 0);
	return value;
}

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* ---- block ---- */

/* Busy slots are those that were submitted and not reported as over. */
static uint8_t model_busy[DEPTH];

static void block_submit(void)
{
	static const uint8_t ops[] = {
		BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
		BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_DISCARD,
	};
	struct blk_slot want = {
		.op = ops[take(1) % 5], .sector = take(3),
		.length = take(2) % 300 * 512,
	};
	uint16_t tag = take(1) % (DEPTH + 1);

	want.flush_after = want.op == BLKIF_OP_WRITE && take(1) % 2;
	if (want.op == BLKIF_OP_FLUSH_DISKCACHE)
		want.length = 0;
	if (!blk_ring_submit(&blk.front, tag, &want)) {
		must(tag < DEPTH && !model_busy[tag]);
		model_busy[tag] = 1;
	}
}

/* Returns false if the ring is broken. */
static bool block_poll(void)
{
	struct blk_done done;
	unsigned int count = 0;
	int rc;

	while ((rc = blk_ring_next(&blk.front, &done)) > 0) {
		must(done.tag < DEPTH && model_busy[done.tag]);
		model_busy[done.tag] = 0;
		must(++count <= DEPTH);
	}
	blk_ring_push(&blk.front);
	blk_ring_idle(&blk.front);
	return rc == 0;
}

static void block_fair_backend(void)
{
	struct blkif_request req;

	if (blk_back_take(&req))
		blk_back_answer(req.id, take(1) % 8 ? 0 : -1);
}

static void block_invariants(void)
{
	unsigned int tag, busy = 0;

	for (tag = 0; tag < DEPTH; tag++) {
		must(blk.slot[tag].busy == model_busy[tag]);
		busy += model_busy[tag];
	}
	must(blk.front.ring.req_prod_pvt - blk.front.ring.rsp_cons == busy);
}

static void fuzz_block(void)
{
	bool good = true;

	memset(model_busy, 0, sizeof(model_busy));
	blk_fixture(1 + take(1) % 2, take(1) % 64);
	while (at < end && good) {
		switch (take(1) % 6) {
		case 0:
			block_submit();
			blk_ring_push(&blk.front);
			break;
		case 1:
			good = block_poll();
			break;
		case 2:
			block_fair_backend();
			break;
		case 3:
			blk_back_answer(take(1), take(2));
			break;
		case 4:
			blk.back.sring->rsp_prod += take(1);
			break;
		case 5:
			blk.shared[take(2) % blk.shared_bytes] = take(1);
			break;
		}
		if (good)
			block_invariants();
	}
	blk_fixture_end();
}

/* ---- network ---- */

static void net_send(void)
{
	struct net_tx_packet packet = {
		.length = take(3) % 70000, .gso_size = take(1),
	};
	uint16_t buffers[NET_TX_MOST];
	int i, count = net_tx_put(&net.tx, &packet, buffers);

	for (i = 0; i < count; i++)
		must(buffers[i] < NET_TX_SLOTS && net.tx.in_use[buffers[i]]);
	net_tx_push(&net.tx);
}

static bool net_reap(void)
{
	struct net_tx_done done;

	if (net_tx_reap(&net.tx, &done))
		return false;
	net_tx_rearm(&net.tx);
	must(done.packets <= NET_TX_SLOTS);
	must(net.tx.ring.req_prod_pvt - net.tx.ring.rsp_cons ==
	     NET_TX_SLOTS - net.tx.buffers.free + net.tx.extras);
	return true;
}

static bool net_receive(void)
{
	struct net_rx_packet packet;
	unsigned int count = 0, i;
	int rc;

	while ((rc = net_rx_next(&net.rx, &packet)) > 0) {
		must(packet.slots >= 1 && packet.slots <=
		     NET_RX_MOST + NET_RX_EXTRAS);
		must(packet.parts <= NET_RX_PARTS);
		for (i = 0; i < packet.parts; i++)
			must(packet.part[i].buffer < NET_RX_SLOTS &&
			     packet.part[i].offset + packet.part[i].length <=
			     FE_PAGE);
		net_rx_release(&net.rx, &packet);
		must(++count <= NET_RX_SLOTS);
	}
	net_rx_push(&net.rx);
	net_rx_idle(&net.rx);
	return rc == 0;
}

static void fuzz_net(void)
{
	static const uint8_t addr[6];
	bool good = true;

	net_fixture();
	while (at < end && good) {
		switch (take(1) % 12) {
		case 0:
			net_send();
			break;
		case 1:
			good = net_reap();
			break;
		case 2:
			good = net_receive();
			break;
		case 3:
			net_back_tx_answer(take(1), take(1) % 4 - 2);
			break;
		case 4:
			net_back_rx_part(take(1), take(1), take(2) % 5000);
			break;
		case 5:
			net_back_rx_extra(take(1) % 6, take(1), take(1),
					  take(1) % 4);
			break;
		case 6:
			net.tx_page[take(2) % FE_PAGE] = take(1);
			break;
		case 7:
			net.rx_page[take(2) % FE_PAGE] = take(1);
			break;
		case 8:
			net_tx_put_multicast(&net.tx, addr, take(1) % 2);
			break;
		case 9:
			net_ctrl_send(&net.ctrl, take(1), 0, 0, 0);
			break;
		case 10:
			net_back_ctrl_answer(take(1), take(1), take(1), 1);
			break;
		case 11:
			good = net_ctrl_take(&net.ctrl) >= 0;
			break;
		}
	}
	net_fixture_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	at = data;
	end = data + size;
	if (take(1) % 2)
		fuzz_block();
	else
		fuzz_net();
	return 0;
}
