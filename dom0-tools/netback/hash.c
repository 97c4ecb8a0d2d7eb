// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hash.c: Toeplitz.  No state of its own.
 */
#include "netback/hash.h"

#include <abi/io/netif.h>
#include <netinet/in.h>
#include <string.h>

uint32_t hash_toeplitz(const uint8_t key[HASH_KEY], const uint8_t *data,
		       uint32_t len)
{
	uint32_t window = (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 |
			  (uint32_t)key[2] << 8 | key[3];
	uint32_t result = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t next = i + 4 < HASH_KEY ? key[i + 4] : 0;

		for (int bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				result ^= window;
			window = window << 1 | (next >> bit & 1);
		}
	}
	return result;
}

struct hash_value hash_packet(const struct hash_state *h, const uint8_t *head,
			      const struct pkt *p)
{
	struct hash_value v = { 0 };
	uint32_t addrs = p->ip == 6 ? 32 : 8;
	uint32_t from = p->l3 + (p->ip == 6 ? 8u : 12u);
	bool tcp = p->proto == IPPROTO_TCP && p->l4;
	uint8_t buf[36];

	if (h->algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ || !p->ip)
		return v;
	v.type = p->ip == 6 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV6
			    : _XEN_NETIF_CTRL_HASH_TYPE_IPV4;
	tcp = tcp && (h->types & 1u << (v.type + 1));
	if (tcp)
		v.type++;
	if (!(h->types & 1u << v.type))
		return v;
	memcpy(buf, head + from, addrs);
	if (tcp)
		memcpy(buf + addrs, head + p->l4, 4);
	v.value = hash_toeplitz(h->key, buf, addrs + (tcp ? 4 : 0));
	v.valid = true;
	return v;
}

unsigned int hash_queue(const struct hash_state *h, uint32_t value,
			unsigned int queues)
{
	if (!h->map_size || h->map_size > HASH_MAP)
		return value % queues;
	return h->map[value % h->map_size] % queues;
}
