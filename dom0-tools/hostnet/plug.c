// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plug.c: what makes an interface carry a guest's traffic, by mode.
 *
 * State: none here.  Each mode is a pair of functions; what `up` does, `down`
 * undoes, and `down` is also what cleans up after an `up` that failed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hostnet/inner.h"

#define SYS4 "/proc/sys/net/ipv4/conf/%s/"
#define SYS6 "/proc/sys/net/ipv6/conf/%s/"

/* The host's interfaces behind a bridge have an address that is never used. */
static const uint8_t port_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

static const char *bridge_of(const struct hostnet_vif *vif)
{
	if (vif->bridge && *vif->bridge)
		return vif->bridge;
	return vif->mode == HOSTNET_MODE_NAT ? HOSTNET_NAT_BRIDGE
					     : HOSTNET_BRIDGE;
}

static int check_bridge(struct hostnet *hn, const char *bridge,
			struct fail *fail)
{
	if (!hostnet_link_exists(hn, bridge))
		return fail_set(fail, -ENODEV, "there is no bridge %s; create "
				"it (ip link add %s type bridge; ip link set "
				"%s up), name another with bridge=, or use "
				"mode=nat", bridge, bridge, bridge);
	if (!hn_link_is_bridge(hn, bridge))
		return fail_set(fail, -ENODEV, "%s is an interface but no "
				"bridge; name a bridge with bridge=", bridge);
	return 0;
}

/*
 * The host itself says nothing on a port of a bridge; without IPv6 there it
 * also does not show up in the guest's network.
 */
static int into_bridge(struct hostnet *hn, const char *name,
		       const char *bridge, struct fail *fail)
{
	int rc = hn_link_set_mac(hn, name, port_mac, fail);

	hn_sysctl(NULL, "1", SYS6 "disable_ipv6", name);
	if (!rc)
		rc = hn_link_set_master(hn, name, bridge, fail);
	return rc;
}

static int bridge_up(struct hostnet *hn, const struct hostnet_vif *vif,
		     struct fail *fail)
{
	return into_bridge(hn, vif->name, bridge_of(vif), fail);
}

static void bridge_down(struct hostnet *hn, const struct hostnet_vif *vif)
{
	if (hostnet_link_exists(hn, vif->name))
		hn_link_set_master(hn, vif->name, NULL, NULL);
}

/* The interface to the world, for a routed card. */
static int gateway(struct hostnet *hn, const struct hostnet_vif *vif,
		   char out[HOSTNET_NAME], struct fail *fail)
{
	if (vif->gatewaydev && *vif->gatewaydev) {
		snprintf(out, HOSTNET_NAME, "%s", vif->gatewaydev);
		if (hostnet_link_exists(hn, out))
			return 0;
		return fail_set(fail, -ENODEV, "there is no interface "
				"gatewaydev=%s", out);
	}
	if (!hn_default_dev(hn, out))
		return 0;
	return fail_set(fail, -ENODEV, "this host has no default route; name "
			"the interface to the world with gatewaydev=");
}

static int route_one(struct hostnet *hn, const char *name, const char *gw,
		     const struct hostnet_ip *ip, struct fail *fail)
{
	int rc = hn_forwarding(ip->family, fail);

	if (!rc)
		rc = hn_route_add(hn, name, ip, fail);
	if (!rc && ip->family == 6)
		rc = hn_ndproxy(hn, gw, ip, true, fail);
	return rc;
}

/*
 * The guest asks for its gateway by ARP or reaches it as fe80::1; the host
 * answers, and answers on the other side for the guest.
 */
static int route_settings(struct hostnet *hn, const char *name,
			  const char *gw, struct fail *fail)
{
	static const struct hostnet_ip router = {
		.family = 6, .prefix = 64, .addr = { 0xfe, 0x80, [15] = 1 },
	};
	struct hostnet_ip own;
	int rc = hn_sysctl(fail, "1", SYS4 "proxy_arp", name);

	if (!rc)
		rc = hn_sysctl(fail, "1", SYS4 "proxy_arp", gw);
	if (!rc && !hn_addr_main(hn, gw, &own))
		rc = hn_addr_add(hn, name, &own, fail);
	if (hn_sysctl(NULL, "1", SYS6 "proxy_ndp", gw))
		return rc;	/* a host without IPv6 */
	return rc ? rc : hn_addr_add(hn, name, &router, fail);
}

static int route_up(struct hostnet *hn, const struct hostnet_vif *vif,
		    struct fail *fail)
{
	char gw[HOSTNET_NAME];
	int rc = gateway(hn, vif, gw, fail);

	if (!rc)	/* routes need an interface that is up */
		rc = hn_link_set_up(hn, vif->name, true, fail);
	if (!rc)
		rc = route_settings(hn, vif->name, gw, fail);
	for (unsigned int i = 0; i < vif->nr_ips && !rc; i++)
		rc = route_one(hn, vif->name, gw, &vif->ip[i], fail);
	return rc;
}

static void route_down(struct hostnet *hn, const struct hostnet_vif *vif)
{
	char gw[HOSTNET_NAME];
	bool have_gw = !gateway(hn, vif, gw, NULL);

	for (unsigned int i = 0; i < vif->nr_ips; i++) {
		hn_route_del(hn, vif->name, &vif->ip[i]);
		if (have_gw && vif->ip[i].family == 6)
			hn_ndproxy(hn, gw, &vif->ip[i], false, NULL);
	}
}

static int nat_up(struct hostnet *hn, const struct hostnet_vif *vif,
		  struct fail *fail)
{
	int rc = hn_nat_join(hn, bridge_of(vif), vif, fail);

	return rc ? rc : into_bridge(hn, vif->name, bridge_of(vif), fail);
}

static void nat_down(struct hostnet *hn, const struct hostnet_vif *vif)
{
	bridge_down(hn, vif);
	hn_nat_leave(hn, bridge_of(vif), vif);
}

static const struct {
	int (*up)(struct hostnet *hn, const struct hostnet_vif *vif,
		  struct fail *fail);
	void (*down)(struct hostnet *hn, const struct hostnet_vif *vif);
} modes[] = {
	[HOSTNET_MODE_BRIDGE] = { bridge_up, bridge_down },
	[HOSTNET_MODE_ROUTE] = { route_up, route_down },
	[HOSTNET_MODE_NAT] = { nat_up, nat_down },
};

int hostnet_vif_mtu(struct hostnet *hn, const struct hostnet_vif *vif,
		    uint32_t *mtu, struct fail *fail)
{
	int found;

	*mtu = vif->mtu ? vif->mtu : 1500;
	if (*mtu < 68 || *mtu > 65521)
		return fail_set(fail, -EINVAL, "mtu=%u: 68 to 65521 are "
				"possible", *mtu);
	if (vif->mtu || vif->mode != HOSTNET_MODE_BRIDGE)
		return 0;
	found = hn_link_mtu(hn, bridge_of(vif));
	if (found >= 68 && found <= 65521)
		*mtu = (uint32_t)found;
	return 0;
}

static int check(struct hostnet *hn, const struct hostnet_vif *vif,
		 struct fail *fail)
{
	if ((unsigned int)vif->mode >= sizeof(modes) / sizeof(modes[0]) ||
	    vif->nr_ips > HOSTNET_MAX_IPS)
		return fail_set(fail, -EINVAL, "malformed description");
	if (!hostnet_link_exists(hn, vif->name))
		return fail_set(fail, -ENODEV, "there is no interface %s",
				vif->name);
	if (vif->mode == HOSTNET_MODE_BRIDGE)
		return check_bridge(hn, bridge_of(vif), fail);
	return 0;
}

int hostnet_vif_up(struct hostnet *hn, const struct hostnet_vif *vif,
		   struct fail *fail)
{
	int rc = check(hn, vif, fail);
	uint32_t mtu;

	if (!rc)
		rc = hostnet_vif_mtu(hn, vif, &mtu, fail);
	if (rc)
		return rc;
	rc = hn_link_set_mtu(hn, vif->name, mtu, fail);
	if (!rc && (vif->filters || vif->cap))
		rc = hn_nft_filter(vif, fail);
	if (!rc)
		rc = modes[vif->mode].up(hn, vif, fail);
	if (!rc)
		rc = hn_link_set_up(hn, vif->name, true, fail);
	if (rc)
		hostnet_vif_down(hn, vif, NULL);
	return rc;
}

int hostnet_vif_down(struct hostnet *hn, const struct hostnet_vif *vif,
		     struct fail *fail)
{
	if ((unsigned int)vif->mode >= sizeof(modes) / sizeof(modes[0]))
		return fail_set(fail, -EINVAL, "malformed description");
	if (hostnet_link_exists(hn, vif->name))
		hn_link_set_up(hn, vif->name, false, NULL);
	modes[vif->mode].down(hn, vif);
	if (vif->filters || vif->cap)
		hn_nft_filter_del(vif->name);
	return 0;
}

void hostnet_sweep(struct hostnet *hn)
{
	hn_nat_sweep(hn);
	hn_nft_sweep(hn);
}
