// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c: interfaces by netlink: look up, change, plug into bridges.
 *
 * State: the netlink socket of struct hostnet; every function is one question
 * or one change, asked of the kernel anew, because others change interfaces
 * too.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/route/link/bridge.h>
#include <stdlib.h>
#include <string.h>

#include "hostnet/inner.h"

#define DEFAULT_RUN_DIR "/run/parvis"
#define DEFAULT_DNSMASQ_USER "dnsmasq"

int hn_nlerr(int nlrc)
{
	static const struct {
		int nl, err;
	} map[] = {
		{ NLE_NOMEM, ENOMEM },	{ NLE_EXIST, EEXIST },
		{ NLE_NOADDR, ENOENT }, { NLE_OBJ_NOTFOUND, ENODEV },
		{ NLE_NODEV, ENODEV },	{ NLE_PERM, EPERM },
		{ NLE_NOACCESS, EACCES }, { NLE_BUSY, EBUSY },
		{ NLE_OPNOTSUPP, EOPNOTSUPP }, { NLE_RANGE, ERANGE },
	};

	if (nlrc >= 0)
		return 0;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].nl == -nlrc)
			return -map[i].err;
	return -EINVAL;
}

int hostnet_open(struct hostnet **out, struct fail *fail)
{
	struct hostnet *hn = calloc(1, sizeof(*hn));
	int rc;

	if (!hn)
		return fail_errno(fail, -ENOMEM, "opening netlink");
	hn->run_dir = DEFAULT_RUN_DIR;
	hn->dnsmasq_user = DEFAULT_DNSMASQ_USER;
	hn->nl = nl_socket_alloc();
	rc = hn->nl ? hn_nlerr(nl_connect(hn->nl, NETLINK_ROUTE)) : -ENOMEM;
	if (rc) {
		hostnet_close(hn);
		return fail_errno(fail, rc, "opening netlink");
	}
	*out = hn;
	return 0;
}

void hostnet_close(struct hostnet *hn)
{
	if (!hn)
		return;
	if (hn->nl)
		nl_socket_free(hn->nl);
	free(hn);
}

void hostnet_set_paths(struct hostnet *hn, const char *run_dir,
		       const char *dnsmasq_user)
{
	if (run_dir)
		hn->run_dir = run_dir;
	if (dnsmasq_user)
		hn->dnsmasq_user = dnsmasq_user;
}

struct rtnl_link *hn_link_get(struct hostnet *hn, const char *name)
{
	struct rtnl_link *link = NULL;

	if (rtnl_link_get_kernel(hn->nl, 0, name, &link) < 0)
		return NULL;
	return link;
}

int hn_ifindex(struct hostnet *hn, const char *name)
{
	struct rtnl_link *link = hn_link_get(hn, name);
	int index;

	if (!link)
		return -ENODEV;
	index = rtnl_link_get_ifindex(link);
	rtnl_link_put(link);
	return index;
}

bool hostnet_link_exists(struct hostnet *hn, const char *name)
{
	return hn_ifindex(hn, name) > 0;
}

int hn_link_mtu(struct hostnet *hn, const char *name)
{
	struct rtnl_link *link = hn_link_get(hn, name);
	int mtu;

	if (!link)
		return -ENODEV;
	mtu = (int)rtnl_link_get_mtu(link);
	rtnl_link_put(link);
	return mtu;
}

/* Sends @change for the interface @name, and gives @change up. */
static int apply(struct hostnet *hn, const char *name,
		 struct rtnl_link *change)
{
	struct rtnl_link *link = hn_link_get(hn, name);
	int rc;

	if (!link) {
		rtnl_link_put(change);
		return -ENODEV;
	}
	rc = hn_nlerr(rtnl_link_change(hn->nl, link, change, 0));
	rtnl_link_put(link);
	rtnl_link_put(change);
	return rc;
}

int hn_link_set_mtu(struct hostnet *hn, const char *name, uint32_t mtu,
		    struct fail *fail)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int rc = -ENOMEM;

	if (change) {
		rtnl_link_set_mtu(change, mtu);
		rc = apply(hn, name, change);
	}
	return rc ? fail_errno(fail, rc, "setting the MTU of %s to %u", name,
			       mtu) : 0;
}

int hn_link_set_up(struct hostnet *hn, const char *name, bool up,
		   struct fail *fail)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int rc = -ENOMEM;

	if (change) {
		if (up)
			rtnl_link_set_flags(change, IFF_UP);
		else
			rtnl_link_unset_flags(change, IFF_UP);
		rc = apply(hn, name, change);
	}
	return rc ? fail_errno(fail, rc, "setting %s %s", name,
			       up ? "up" : "down") : 0;
}

int hn_link_set_mac(struct hostnet *hn, const char *name,
		    const uint8_t mac[6], struct fail *fail)
{
	struct nl_addr *addr = nl_addr_build(AF_LLC, mac, 6);
	struct rtnl_link *change = rtnl_link_alloc();
	int rc = -ENOMEM;

	if (addr && change) {
		rtnl_link_set_addr(change, addr);
		rc = apply(hn, name, change);
		change = NULL;
	}
	if (change)
		rtnl_link_put(change);
	nl_addr_put(addr);
	return rc ? fail_errno(fail, rc, "setting the address of %s", name) : 0;
}

bool hn_link_is_bridge(struct hostnet *hn, const char *name)
{
	struct rtnl_link *link = hn_link_get(hn, name);
	const char *type = link ? rtnl_link_get_type(link) : NULL;
	bool yes = type && !strcmp(type, "bridge");

	if (link)
		rtnl_link_put(link);
	return yes;
}

int hn_link_set_master(struct hostnet *hn, const char *name,
		       const char *bridge, struct fail *fail)
{
	int index = hn_ifindex(hn, name), master = 0, rc;

	if (index < 0)
		return fail_set(fail, index, "there is no interface %s", name);
	if (bridge)
		master = hn_ifindex(hn, bridge);
	if (master < 0)
		return fail_set(fail, master, "there is no bridge %s", bridge);
	rc = hn_nlerr(master ? rtnl_link_enslave_ifindex(hn->nl, master, index)
			     : rtnl_link_release_ifindex(hn->nl, index));
	return rc ? fail_errno(fail, rc, "plugging %s into %s", name,
			       bridge ? bridge : "no bridge") : 0;
}

int hn_bridge_add(struct hostnet *hn, const char *name, struct fail *fail)
{
	int rc = hn_nlerr(rtnl_link_bridge_add(hn->nl, name));

	return rc ? fail_errno(fail, rc, "creating bridge %s", name) : 0;
}

int hn_link_delete(struct hostnet *hn, const char *name, struct fail *fail)
{
	struct rtnl_link *link = hn_link_get(hn, name);
	int rc;

	if (!link)
		return 0;
	rc = hn_nlerr(rtnl_link_delete(hn->nl, link));
	rtnl_link_put(link);
	if (!rc || rc == -ENODEV)
		return 0;
	return fail_errno(fail, rc, "deleting interface %s", name);
}

int hn_bridge_ports(struct hostnet *hn, const char *bridge,
		    const char *except)
{
	int master = hn_ifindex(hn, bridge), count = 0;
	struct nl_cache *cache;

	if (master < 0)
		return 0;
	if (rtnl_link_alloc_cache(hn->nl, AF_UNSPEC, &cache) < 0)
		return -ENOMEM;
	for (struct nl_object *o = nl_cache_get_first(cache); o;
	     o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;
		const char *name = rtnl_link_get_name(link);

		if (rtnl_link_get_master(link) == master &&
		    (!name || !except || strcmp(name, except)))
			count++;
	}
	nl_cache_free(cache);
	return count;
}
