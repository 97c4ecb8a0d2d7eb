/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inner.h: what the files of hostnet/ share with each other.
 *
 * Owns the definition of struct hostnet: one netlink socket (blocking, used
 * for one request and its answer at a time) and two strings of the caller.
 */
#ifndef DOM0_HOSTNET_INNER_H
#define DOM0_HOSTNET_INNER_H

#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include "hostnet/hostnet.h"

struct hostnet {
	struct nl_sock *nl;
	const char *run_dir;
	const char *dnsmasq_user;
};

/* ---- link.c ---- */

/* libnl's error as -errno. */
int hn_nlerr(int nlrc);
/* The interface's index; -ENODEV. */
int hn_ifindex(struct hostnet *hn, const char *name);
/* A copy of the kernel's link object, to be put back; NULL: not there. */
struct rtnl_link *hn_link_get(struct hostnet *hn, const char *name);
/* The MTU; -ENODEV. */
int hn_link_mtu(struct hostnet *hn, const char *name);
int hn_link_set_mtu(struct hostnet *hn, const char *name, uint32_t mtu,
		    struct fail *fail);
int hn_link_set_up(struct hostnet *hn, const char *name, bool up,
		   struct fail *fail);
int hn_link_set_mac(struct hostnet *hn, const char *name,
		    const uint8_t mac[6], struct fail *fail);
/* Plugs @name into @bridge, or out of any with bridge NULL. */
int hn_link_set_master(struct hostnet *hn, const char *name,
		       const char *bridge, struct fail *fail);
bool hn_link_is_bridge(struct hostnet *hn, const char *name);
int hn_bridge_add(struct hostnet *hn, const char *name, struct fail *fail);
int hn_link_delete(struct hostnet *hn, const char *name, struct fail *fail);
/* How many interfaces are plugged into @bridge, but not @except. */
int hn_bridge_ports(struct hostnet *hn, const char *bridge,
		    const char *except);

/* ---- addr.c ---- */

/* A route to @ip alone through @name; -EEXIST is success. */
int hn_route_add(struct hostnet *hn, const char *name,
		 const struct hostnet_ip *ip, struct fail *fail);
int hn_route_del(struct hostnet *hn, const char *name,
		 const struct hostnet_ip *ip);
int hn_addr_add(struct hostnet *hn, const char *name,
		const struct hostnet_ip *ip, struct fail *fail);
/* The first global IPv4 address of the interface; -ENOENT. */
int hn_addr_main(struct hostnet *hn, const char *name, struct hostnet_ip *out);
/* Does any address of the host lie in, or contain, the network @ip? */
bool hn_addr_overlaps(struct hostnet *hn, const struct hostnet_ip *ip);
/* The interface of the IPv4 route to everywhere; -ENOENT. */
int hn_default_dev(struct hostnet *hn, char out[HOSTNET_NAME]);
/* Answers neighbour solicitations for the IPv6 @ip on interface @dev. */
int hn_ndproxy(struct hostnet *hn, const char *dev,
	       const struct hostnet_ip *ip, bool add, struct fail *fail);
/* "10.0.0.2/24" or, without @prefix, "10.0.0.2". */
void hn_ip_text(char out[64], const struct hostnet_ip *ip, bool prefix);

/* ---- sysfile.c ---- */

/* Writes @text to the file at the printf-style path. */
int hn_sysctl(struct fail *fail, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Lets the host forward; keeps router advertisements where they were heard. */
int hn_forwarding(int family, struct fail *fail);
/* Creates the file's folder if need be; replaces the file at once. */
int hn_write_file(const char *path, const char *text, struct fail *fail);

/* ---- parse.c ---- */

/* What the kernel, our nftables rules and the names of our files all accept
 * as an interface's name. */
bool hn_good_name(const char *name);

/* ---- nft.c ---- */

/* Masquerades what leaves the networks @v4 and @v6 of @bridge. */
int hn_nft_nat(const char *bridge, const struct hostnet_ip *v4,
	       const struct hostnet_ip *v6, struct fail *fail);
int hn_nft_nat_del(const char *bridge);
/* Filters and caps what comes in from the interface. */
int hn_nft_filter(const struct hostnet_vif *vif, struct fail *fail);
int hn_nft_filter_del(const char *vif);
/* Removes the filters of interfaces that are not there. */
void hn_nft_sweep(struct hostnet *hn);

/* ---- nat.c ---- */

/* Removes the networks that have no card. */
void hn_nat_sweep(struct hostnet *hn);

/* Makes the network if it is not there, and notes the card's lease. */
int hn_nat_join(struct hostnet *hn, const char *bridge,
		const struct hostnet_vif *vif, struct fail *fail);
int hn_nat_leave(struct hostnet *hn, const char *bridge,
		 const struct hostnet_vif *vif);

#endif
