/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.h: Toeplitz hashes of flows, as a frontend may ask for them, and the
 * table that leads from a hash to a queue.
 */
#ifndef DOM0_NETBACK_HASH_H
#define DOM0_NETBACK_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "netback/packet.h"

#define HASH_KEY 40
#define HASH_MAP 128
#define HASH_TYPES 15u		/* all four of XEN_NETIF_CTRL_HASH_TYPE_* */

/* Plain data: it is kept in the journal as it is. */
struct hash_state {
	uint32_t algorithm;	/* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
	uint32_t types;		/* XEN_NETIF_CTRL_HASH_TYPE_* wanted */
	uint32_t map_size;	/* 0: queue = hash modulo queues */
	uint8_t key[HASH_KEY];
	uint32_t map[HASH_MAP];
};

struct hash_value {
	uint32_t value;
	uint8_t type;		/* _XEN_NETIF_CTRL_HASH_TYPE_* */
	bool valid;
};

uint32_t hash_toeplitz(const uint8_t key[HASH_KEY], const uint8_t *data,
		       uint32_t len);

/* The hash of a packet; not valid if its kind is not one that is wanted. */
struct hash_value hash_packet(const struct hash_state *h, const uint8_t *head,
			      const struct pkt *p);

/* The queue, always below @queues, for a valid hash. */
unsigned int hash_queue(const struct hash_state *h, uint32_t value,
			unsigned int queues);

#endif
