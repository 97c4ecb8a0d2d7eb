// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mcast.c: the multicast addresses that a frontend wants.
 *
 * State: the list in the journal, at most NBJ_MCAST long; its length is
 * checked on every use, because a predecessor wrote it.
 */
#include <errno.h>
#include <string.h>

#include "netback/card.h"

static int find(const struct nb_journal *j, const uint8_t mac[6])
{
	uint32_t n = j->nr_mcast < NBJ_MCAST ? j->nr_mcast : NBJ_MCAST;

	for (uint32_t i = 0; i < n; i++)
		if (!memcmp(j->mcast[i], mac, 6))
			return (int)i;
	return -1;
}

int mcast_add(struct nb_journal *j, const uint8_t mac[6])
{
	if (!(mac[0] & 1))
		return -EINVAL;
	if (find(j, mac) >= 0)
		return 0;
	if (j->nr_mcast >= NBJ_MCAST)
		return -ENOSPC;
	memcpy(j->mcast[j->nr_mcast], mac, 6);
	j->nr_mcast++;
	return 0;
}

int mcast_del(struct nb_journal *j, const uint8_t mac[6])
{
	int at = find(j, mac);

	if (at >= 0)
		memcpy(j->mcast[at], j->mcast[--j->nr_mcast], 6);
	return 0;
}

bool mcast_pass(const struct nb_journal *j, const uint8_t mac[6])
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };

	return !(mac[0] & 1) || !memcmp(mac, all, 6) || find(j, mac) >= 0;
}
