// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fe.c: reads a frontend's announcement, node by node.  No state, no I/O of
 * its own.  Each node is read once, and at most so many as the offered queues
 * and ring pages allow.
 */
#include "devd/fe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/xs_proto.h"

#define MAX_PORT ((1u << 17) - 1)	/* of FIFO event channels */
#define PROTOCOL "x86_64-abi"
#define POOL_REFS 1024u			/* entries of a directory page */

/* A number that must be there. */
static int need(const struct fe_src *src, const char *name, uint32_t min,
		uint32_t max, uint32_t *out, struct fail *fail)
{
	char text[FE_VALUE];
	int rc = src->read(src->arg, name, text);

	if (rc)
		return fail_errno(fail, rc, "reading the frontend's %s", name);
	if (xs_parse_u32(text, max, out) || *out < min)
		return fail_set(fail, -EINVAL,
				"the frontend's %s is '%s', not a number from %u to %u",
				name, text, min, max);
	return 0;
}

/* A number that may be missing: then it is @fallback. */
static int may(const struct fe_src *src, const char *name, uint32_t min,
	       uint32_t max, uint32_t fallback, uint32_t *out,
	       struct fail *fail)
{
	struct fail own = { 0 };
	int rc = need(src, name, min, max, out, &own);

	if (rc == -ENOENT) {
		*out = fallback;
		return 0;
	}
	return rc ? fail_set(fail, rc, "%s", own.text) : 0;
}

/* The name of @leaf in queue @q's folder, or in the device's if there is one
 * queue. */
static const char *in_queue(char buf[FE_VALUE], uint32_t nr, uint32_t q,
			    const char *leaf)
{
	if (nr < 2)
		snprintf(buf, FE_VALUE, "%s", leaf);
	else
		snprintf(buf, FE_VALUE, "queue-%u/%s", q, leaf);
	return buf;
}

/*
 * How many queues.  A frontend that names a number, be it 1, uses the
 * queue-N folders only for more than one; some write queue-0 for one too.
 */
static int queue_count(const struct fe_src *src, uint32_t max, uint32_t *nr,
		       struct fail *fail)
{
	return may(src, "multi-queue-num-queues", 1, max, 1, nr, fail);
}

/* ---- block ---- */

static int blk_ring_pages(const struct fe_src *src,
			  const struct fe_blk_limits *lim, uint32_t *pages,
			  bool *indexed, struct fail *fail)
{
	uint32_t order, num, most = 1u << lim->max_ring_order;
	int rc = may(src, "ring-page-order", 0, lim->max_ring_order,
		     UINT32_MAX, &order, fail);

	if (!rc)
		rc = may(src, "num-ring-pages", 1, most, 0, &num, fail);
	if (rc)
		return rc;
	if (num & (num - 1))
		return fail_set(fail, -EINVAL,
				"the frontend's num-ring-pages %u is no power of two",
				num);
	*indexed = order != UINT32_MAX || num;
	*pages = order != UINT32_MAX ? 1u << order : num ? num : 1;
	return 0;
}

/* The references of one queue's ring: ring-ref, or ring-ref0 and on. */
static int blk_ring(const struct fe_src *src, uint32_t nr, uint32_t q,
		    uint32_t pages, bool indexed, uint32_t *ref,
		    struct fail *fail)
{
	char leaf[FE_VALUE / 2], name[FE_VALUE];
	uint32_t i, none;
	int rc;

	/* One page may be announced in either way. */
	if (pages == 1) {
		rc = may(src, in_queue(name, nr, q, "ring-ref"), 0, UINT32_MAX,
			 UINT32_MAX, &none, fail);
		if (rc)
			return rc;
		if (none != UINT32_MAX || !indexed) {
			*ref = none;
			return none != UINT32_MAX ? 0 :
				fail_set(fail, -EINVAL,
					 "the frontend wrote no %s", name);
		}
	}
	for (i = 0; i < pages; i++) {
		snprintf(leaf, sizeof(leaf), "ring-ref%u", i);
		rc = need(src, in_queue(name, nr, q, leaf), 0, UINT32_MAX - 1,
			  &ref[i], fail);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * The pool is an offer that may be ignored: a bad announcement only means
 * that there is none.
 */
static void blk_pool(const struct fe_src *src, uint32_t max,
		     struct bp_connect_blk *out)
{
	struct fail why = { 0 };
	char name[FE_VALUE];
	uint32_t i, pages, dirs;

	if (!max || may(src, "parvis-pool-pages", 1, max, 0, &pages, &why) ||
	    !pages)
		return;
	dirs = (pages + POOL_REFS - 1) / POOL_REFS;
	if (dirs > BP_BLK_POOL_DIRS)
		return;
	for (i = 0; i < dirs; i++) {
		snprintf(name, sizeof(name), "parvis-pool-ref%u", i);
		if (need(src, name, 0, UINT32_MAX - 1, &out->pool_dir[i], &why))
			return;
	}
	out->pool_pages = pages;
}

static int protocol_known(const struct fe_src *src, struct fail *fail)
{
	char text[FE_VALUE];
	int rc = src->read(src->arg, "protocol", text);

	/* Without the node it is the backend's own, which is the same. */
	if (rc == -ENOENT || (!rc && !strcmp(text, PROTOCOL)))
		return 0;
	return rc ? fail_errno(fail, rc, "reading the frontend's protocol") :
		    fail_set(fail, -EINVAL,
			     "the frontend's protocol is '%s'; only " PROTOCOL
			     " is served", text);
}

int fe_read_blk(const struct fe_src *src, const struct fe_blk_limits *lim,
		struct bp_connect_blk *out, struct fail *fail)
{
	char name[FE_VALUE];
	bool indexed = false;
	uint32_t q;
	int rc;

	*out = (struct bp_connect_blk){ .head = { BP_CONNECT_BLK,
						  sizeof(*out) } };
	rc = protocol_known(src, fail);
	if (!rc)
		rc = queue_count(src, lim->max_queues, &out->nr_queues, fail);
	if (!rc)
		rc = blk_ring_pages(src, lim, &out->ring_pages, &indexed, fail);
	if (!rc)
		rc = may(src, "feature-persistent", 0, 1, 0, &out->persistent,
			 fail);
	for (q = 0; !rc && q < out->nr_queues; q++) {
		struct bp_queue_blk *bq = &out->queue[q];

		rc = blk_ring(src, out->nr_queues, q, out->ring_pages, indexed,
			      bq->ref, fail);
		if (!rc)
			rc = need(src, in_queue(name, out->nr_queues, q,
						"event-channel"), 1, MAX_PORT,
				  &bq->port, fail);
	}
	if (rc)
		return rc;
	out->persistent &= lim->persistent;
	blk_pool(src, lim->max_pool, out);
	return 0;
}

/* ---- network ---- */

static int net_queue(const struct fe_src *src, uint32_t nr, uint32_t q,
		     bool split, struct bp_queue_net *out, struct fail *fail)
{
	char name[FE_VALUE];
	int rc;

	rc = need(src, in_queue(name, nr, q, "tx-ring-ref"), 0, UINT32_MAX - 1,
		  &out->tx_ref, fail);
	if (!rc)
		rc = need(src, in_queue(name, nr, q, "rx-ring-ref"), 0,
			  UINT32_MAX - 1, &out->rx_ref, fail);
	if (rc)
		return rc;
	if (!split) {
		rc = need(src, in_queue(name, nr, q, "event-channel"), 1,
			  MAX_PORT, &out->tx_port, fail);
		out->rx_port = out->tx_port;
		return rc;
	}
	rc = need(src, in_queue(name, nr, q, "event-channel-tx"), 1, MAX_PORT,
		  &out->tx_port, fail);
	return rc ? rc :
		    need(src, in_queue(name, nr, q, "event-channel-rx"), 1,
			 MAX_PORT, &out->rx_port, fail);
}

/* Two channels or one: what the first queue's folder holds decides. */
static int net_is_split(const struct fe_src *src, uint32_t nr, bool offered,
			bool *split, struct fail *fail)
{
	char name[FE_VALUE];
	uint32_t port;
	int rc;

	*split = false;
	if (!offered)
		return 0;
	rc = may(src, in_queue(name, nr, 0, "event-channel-tx"), 1, MAX_PORT,
		 0, &port, fail);
	*split = !rc && port;
	return rc;
}

static const struct {
	const char *node;
	uint32_t feature;
	bool inverted;		/* the node says that it is not wanted */
} net_words[] = {
	{ "request-rx-copy", BP_NETF_RX_COPY, false },
	{ "feature-rx-notify", BP_NETF_RX_NOTIFY, false },
	{ "feature-sg", BP_NETF_SG, false },
	{ "feature-gso-tcpv4", BP_NETF_GSO4, false },
	{ "feature-gso-tcpv6", BP_NETF_GSO6, false },
	{ "feature-no-csum-offload", BP_NETF_CSUM4, true },
	{ "feature-ipv6-csum-offload", BP_NETF_CSUM6, false },
	{ "request-multicast-control", BP_NETF_MCAST, false },
};

static int net_features(const struct fe_src *src, uint32_t offered,
			uint32_t *features, struct fail *fail)
{
	uint32_t i, on;
	int rc;

	for (i = 0; i < sizeof(net_words) / sizeof(net_words[0]); i++) {
		rc = may(src, net_words[i].node, 0, 1, 0, &on, fail);
		if (rc)
			return rc;
		if (on != net_words[i].inverted)
			*features |= net_words[i].feature & offered;
	}
	/* A large packet needs several slots and a checksum to be filled in. */
	if (!(*features & BP_NETF_SG))
		*features &= ~(BP_NETF_GSO4 | BP_NETF_GSO6);
	if (!(*features & BP_NETF_CSUM4))
		*features &= ~BP_NETF_GSO4;
	if (!(*features & BP_NETF_CSUM6))
		*features &= ~BP_NETF_GSO6;
	return 0;
}

/* The control ring; a frontend without one writes neither node. */
static int net_ctrl(const struct fe_src *src, struct bp_connect_net *out,
		    struct fail *fail)
{
	int rc = may(src, "ctrl-ring-ref", 0, UINT32_MAX - 1, UINT32_MAX,
		     &out->ctrl_ref, fail);

	if (rc || out->ctrl_ref == UINT32_MAX) {
		out->ctrl_ref = 0;
		return rc;
	}
	rc = need(src, "event-channel-ctrl", 1, MAX_PORT, &out->ctrl_port,
		  fail);
	if (!rc)
		out->features |= BP_NETF_CTRL;
	return rc;
}

int fe_read_net(const struct fe_src *src, const struct fe_net_limits *lim,
		struct bp_connect_net *out, struct fail *fail)
{
	bool split = false;
	uint32_t q;
	int rc;

	*out = (struct bp_connect_net){ .head = { BP_CONNECT_NET,
						  sizeof(*out) } };
	rc = queue_count(src, lim->max_queues, &out->nr_queues, fail);
	if (!rc)
		rc = net_features(src, lim->features, &out->features, fail);
	if (!rc && !(out->features & BP_NETF_RX_COPY))
		rc = fail_set(fail, -EINVAL,
			      "the frontend did not ask for request-rx-copy, the only way to receive that is served");
	if (!rc && (lim->features & BP_NETF_CTRL))
		rc = net_ctrl(src, out, fail);
	if (!rc)
		rc = net_is_split(src, out->nr_queues,
				  lim->features & BP_NETF_SPLIT, &split, fail);
	if (split)
		out->features |= BP_NETF_SPLIT;
	for (q = 0; !rc && q < out->nr_queues; q++)
		rc = net_queue(src, out->nr_queues, q, split, &out->queue[q],
			       fail);
	return rc;
}
