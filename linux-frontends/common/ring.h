/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both frontends check about any ring before they believe the backend.
 * The private indices belong to the caller, under the caller's lock.
 */
#ifndef FRONTEND_RING_H
#define FRONTEND_RING_H

#include <abi/io/ring.h>
#include "port.h"

/**
 * fe_ring_pending() - responses that the backend has published and that were
 * not taken yet.
 * @rsp_prod: the backend's index in the shared page, read once
 * @req_prod: what this side has published
 * @rsp_cons: what this side has taken
 *
 * Returns the number, or -EPROTO for more answers than there are questions.
 */
static inline int fe_ring_pending(const RING_IDX *rsp_prod, RING_IDX req_prod,
				  RING_IDX rsp_cons)
{
	RING_IDX count = ring_peer_index(rsp_prod) - rsp_cons;

	return count > req_prod - rsp_cons ? -EPROTO : (int)count;
}

#endif
