/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fe.h: what a frontend announces in its folder, checked.
 *
 * Everything here was written by the guest.  Numbers are decimal and nothing
 * else, within limits that the caller offered; a value that breaks them is a
 * reason not to connect (-EINVAL, with the node's name), never to guess.
 * Pure: nodes are read through a function of the caller.
 */
#ifndef DEVD_FE_H
#define DEVD_FE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/proto.h"
#include "lib/fail.h"

#define FE_VALUE 64	/* no value that is understood is longer */

struct fe_src {
	/*
	 * Reads node @name of the folder into @buf as a string. 0; -ENOENT;
	 * -EINVAL if it does not fit or has a NUL inside.
	 */
	int (*read)(void *arg, const char *name, char buf[FE_VALUE]);
	void *arg;
};

struct fe_blk_limits {
	uint32_t max_queues, max_ring_order, max_pool;
	bool persistent;		/* was offered */
};

/* `queue[].port` are the frontend's. */
int fe_read_blk(const struct fe_src *src, const struct fe_blk_limits *lim,
		struct bp_connect_blk *out, struct fail *fail);

struct fe_net_limits {
	uint32_t max_queues;
	uint32_t features;		/* BP_NETF_* that were offered */
};

/* `queue[].tx_port`, `rx_port` and `ctrl_port` are the frontend's. */
int fe_read_net(const struct fe_src *src, const struct fe_net_limits *lim,
		struct bp_connect_net *out, struct fail *fail);

#endif
