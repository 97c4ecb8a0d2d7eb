// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * addr.c: addresses, routes and neighbour proxies by netlink.
 *
 * State: none here; the kernel's tables are asked anew each time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>

#include "hostnet/inner.h"

static int af_of(const struct hostnet_ip *ip)
{
	return ip->family == 6 ? AF_INET6 : AF_INET;
}

static size_t bytes_of(const struct hostnet_ip *ip)
{
	return ip->family == 6 ? 16 : 4;
}

static struct nl_addr *nl_of(const struct hostnet_ip *ip, int prefix)
{
	struct nl_addr *a = nl_addr_build(af_of(ip), ip->addr, bytes_of(ip));

	if (a)
		nl_addr_set_prefixlen(a, prefix);
	return a;
}

static int host_bits(const struct hostnet_ip *ip)
{
	return ip->family == 6 ? 128 : 32;
}

void hn_ip_text(char out[64], const struct hostnet_ip *ip, bool prefix)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(af_of(ip), ip->addr, text, sizeof(text));
	if (prefix)
		snprintf(out, 64, "%s/%u", text, ip->prefix);
	else
		snprintf(out, 64, "%s", text);
}

/* The route to @ip alone, out of interface @index; NULL: no memory. */
static struct rtnl_route *host_route(int index, const struct hostnet_ip *ip)
{
	struct nl_addr *dst = nl_of(ip, host_bits(ip));
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *nh = rtnl_route_nh_alloc();

	if (!dst || !route || !nh) {
		if (nh)
			rtnl_route_nh_free(nh);
		if (route)
			rtnl_route_put(route);
		nl_addr_put(dst);
		return NULL;
	}
	rtnl_route_set_dst(route, dst);
	nl_addr_put(dst);
	rtnl_route_set_scope(route, ip->family == 6 ? RT_SCOPE_UNIVERSE
						    : RT_SCOPE_LINK);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_nh_set_ifindex(nh, index);
	rtnl_route_add_nexthop(route, nh);
	return route;
}

int hn_route_add(struct hostnet *hn, const char *name,
		 const struct hostnet_ip *ip, struct fail *fail)
{
	int index = hn_ifindex(hn, name), rc = -ENOMEM;
	struct rtnl_route *route;
	char text[64];

	if (index < 0)
		return fail_set(fail, index, "there is no interface %s", name);
	route = host_route(index, ip);
	if (route) {
		rc = hn_nlerr(rtnl_route_add(hn->nl, route, NLM_F_EXCL));
		rtnl_route_put(route);
	}
	if (!rc || rc == -EEXIST)
		return 0;
	hn_ip_text(text, ip, false);
	return fail_errno(fail, rc, "routing %s to %s", text, name);
}

int hn_route_del(struct hostnet *hn, const char *name,
		 const struct hostnet_ip *ip)
{
	int index = hn_ifindex(hn, name), rc;
	struct rtnl_route *route;

	if (index < 0)
		return 0;
	route = host_route(index, ip);
	if (!route)
		return -ENOMEM;
	rc = hn_nlerr(rtnl_route_delete(hn->nl, route, 0));
	rtnl_route_put(route);
	return rc;
}

int hn_addr_add(struct hostnet *hn, const char *name,
		const struct hostnet_ip *ip, struct fail *fail)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_addr *local = nl_of(ip, ip->prefix);
	int index = hn_ifindex(hn, name), rc = -ENOMEM;
	char text[64];

	if (addr && local && index > 0) {
		rtnl_addr_set_ifindex(addr, index);
		rtnl_addr_set_local(addr, local);
		if (ip->family == 6)	/* ours alone: no need to ask around */
			rtnl_addr_set_flags(addr, IFA_F_NODAD);
		rc = hn_nlerr(rtnl_addr_add(hn->nl, addr, 0));
	}
	if (addr)
		rtnl_addr_put(addr);
	nl_addr_put(local);
	if (!rc || rc == -EEXIST)
		return 0;
	hn_ip_text(text, ip, true);
	return fail_errno(fail, rc, "giving %s the address %s", name, text);
}

static bool same_network(const struct hostnet_ip *ip,
			 const struct nl_addr *other)
{
	unsigned int bits = nl_addr_get_prefixlen(other);
	const uint8_t *a = ip->addr, *b = nl_addr_get_binary_addr(other);

	if (nl_addr_get_family(other) != af_of(ip))
		return false;
	if (bits > ip->prefix)
		bits = ip->prefix;
	if (memcmp(a, b, bits / 8))
		return false;
	if (!(bits % 8))
		return true;
	return !((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8));
}

bool hn_addr_overlaps(struct hostnet *hn, const struct hostnet_ip *ip)
{
	struct nl_cache *cache;
	bool yes = false;

	if (rtnl_addr_alloc_cache(hn->nl, &cache) < 0)
		return false;
	for (struct nl_object *o = nl_cache_get_first(cache); o && !yes;
	     o = nl_cache_get_next(o)) {
		struct nl_addr *local =
			rtnl_addr_get_local((struct rtnl_addr *)o);

		yes = local && same_network(ip, local);
	}
	nl_cache_free(cache);
	return yes;
}

int hn_addr_main(struct hostnet *hn, const char *name, struct hostnet_ip *out)
{
	int index = hn_ifindex(hn, name), rc = -ENOENT;
	struct nl_cache *cache;

	if (index < 0)
		return index;
	if (rtnl_addr_alloc_cache(hn->nl, &cache) < 0)
		return -ENOMEM;
	for (struct nl_object *o = nl_cache_get_first(cache); o && rc;
	     o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;

		if (rtnl_addr_get_ifindex(a) != index ||
		    rtnl_addr_get_family(a) != AF_INET)
			continue;
		memset(out, 0, sizeof(*out));
		out->family = 4;
		out->prefix = 32;
		memcpy(out->addr,
		       nl_addr_get_binary_addr(rtnl_addr_get_local(a)), 4);
		rc = 0;
	}
	nl_cache_free(cache);
	return rc;
}

/* The interface number that @route goes out of, if it goes everywhere. */
static int default_out(struct rtnl_route *route)
{
	struct nl_addr *dst = rtnl_route_get_dst(route);
	struct rtnl_nexthop *nh = rtnl_route_nexthop_n(route, 0);

	if (rtnl_route_get_table(route) != RT_TABLE_MAIN || !nh ||
	    !dst || nl_addr_get_prefixlen(dst))
		return 0;
	return rtnl_route_nh_get_ifindex(nh);
}

int hn_default_dev(struct hostnet *hn, char out[HOSTNET_NAME])
{
	struct nl_cache *cache;
	int index = 0;

	if (rtnl_route_alloc_cache(hn->nl, AF_INET, 0, &cache) < 0)
		return -ENOMEM;
	for (struct nl_object *o = nl_cache_get_first(cache); o && !index;
	     o = nl_cache_get_next(o))
		index = default_out((struct rtnl_route *)o);
	nl_cache_free(cache);
	return index && if_indextoname((unsigned int)index, out) ? 0 : -ENOENT;
}

int hn_ndproxy(struct hostnet *hn, const char *dev,
	       const struct hostnet_ip *ip, bool add, struct fail *fail)
{
	struct nl_addr *dst = nl_of(ip, 128);
	struct rtnl_neigh *neigh = rtnl_neigh_alloc();
	int index = hn_ifindex(hn, dev), rc = -ENOMEM;

	if (dst && neigh && index > 0) {
		rtnl_neigh_set_ifindex(neigh, index);
		rtnl_neigh_set_dst(neigh, dst);
		rtnl_neigh_set_flags(neigh, NTF_PROXY);
		rc = hn_nlerr(add ? rtnl_neigh_add(hn->nl, neigh, NLM_F_CREATE)
				  : rtnl_neigh_delete(hn->nl, neigh, 0));
	}
	if (neigh)
		rtnl_neigh_put(neigh);
	nl_addr_put(dst);
	if (!rc || rc == -EEXIST || !add)
		return 0;
	return fail_errno(fail, rc, "answering for a guest's address on %s",
			  dev);
}
