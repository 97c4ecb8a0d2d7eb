/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nic.h: one network card of a guest, as its configuration describes it
 * (xl-network-configuration(5)).
 */
#ifndef DOM0_DEVICE_NIC_H
#define DOM0_DEVICE_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/fail.h"
#include "../lib/json.h"
#include "../lib/strbuf.h"

/* How the host side is joined to a network. */
enum nic_mode {
	NIC_BRIDGE,
	NIC_ROUTE,
	NIC_NAT,
};

enum nic_server {
	NIC_OWN,		/* parvis-netback */
	NIC_KERNEL,		/* Linux's xen-netback */
};

#define NIC_FILTER_MAC 1u
#define NIC_FILTER_IP 2u

#define NIC_IPS_MAX 16

/* Where the configuration names no bridge. */
#define NIC_BRIDGE_DEFAULT "xenbr0"

struct nic {
	uint8_t mac[6];
	bool has_mac;
	int devid;		/* -1: the lowest that is free */
	char *bridge, *gatewaydev, *vifname;	/* NULL: not given */
	char *model;
	char *script;		/* the user's own, or NULL for mode */
	char *ip;		/* addresses with a space between them */
	char *backend;		/* name or number of a domain; NULL: this one */
	uint32_t backend_domid;	/* found by name by whoever writes entries */
	char *rate;		/* as written */
	enum nic_mode mode;
	enum nic_server server;
	uint64_t rate_bytes;	/* in rate_usec; 0: no limit */
	uint32_t rate_usec;
	uint32_t mtu;		/* 0: the bridge's, or 1500 */
	unsigned int filter;	/* NIC_FILTER_* */
	bool trusted;
};

/* What is meant where a description says nothing; NULL: nothing either. */
struct nic_defaults {
	char *script, *bridge, *backend, *gatewaydev;
};

/* As disk_parse(). */
int nic_parse(struct nic *n, const char *text, struct fail *fail);
/* The same, with the host's own defaults. */
int nic_parse_defaults(struct nic *n, const char *text,
		       const struct nic_defaults *d, struct fail *fail);
void nic_free(struct nic *n);
/* Appends a description that nic_parse() reads as the same card. */
void nic_text(const struct nic *n, struct strbuf *out);
/* As disk_to_json() and disk_from_json(). */
void nic_to_json(const struct nic *n, struct jw *w, const char *key);
int nic_from_json(struct nic *n, yajl_val v, struct fail *fail);

/* "00:16:3e:12:34:56" */
#define NIC_MAC_TEXT 18
void nic_mac_text(const uint8_t mac[6], char to[NIC_MAC_TEXT]);
/* Six groups of two digits with colons (or dashes): 0 or -EINVAL. */
int nic_mac_parse(const char *text, uint8_t mac[6]);
/* Gives the card a random address of Xen's own, unless it has one. */
int nic_make_mac(struct nic *n, struct fail *fail);
/* "bridge", "route", "nat" */
const char *nic_mode_name(enum nic_mode mode);

#endif
