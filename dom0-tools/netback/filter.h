/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h: may a guest send this frame?  Only from its own MAC and its own
 * addresses, where the configuration asks for it.
 */
#ifndef DOM0_NETBACK_FILTER_H
#define DOM0_NETBACK_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/proto.h"
#include "netback/packet.h"

struct filter {
	uint32_t flags;		/* BP_NET_FILTER_* */
	uint8_t mac[6];
	struct bp_ip ip[BP_NET_MAX_IPS];
};

/*
 * @head is the frame's beginning, of @have bytes, parsed into @p.  A frame
 * whose headers are not whole within @have is refused by the IP filter.
 */
bool filter_pass(const struct filter *f, const uint8_t *head, uint32_t have,
		 const struct pkt *p);

#endif
