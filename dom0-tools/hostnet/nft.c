// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nft.c: masquerading and address filters, one nftables table for each NAT
 * network and for each filtered interface.
 *
 * State: none here.  A table is replaced whole, in one transaction, so it is
 * never half there, and doing it again is harmless.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostnet/inner.h"
#include "lib/strbuf.h"

/* Appends @name so that every name gives another word of letters. */
static void add_word(struct strbuf *sb, const char *name)
{
	for (; *name; name++) {
		if (isalnum((unsigned char)*name))
			strbuf_addc(sb, *name);
		else
			strbuf_printf(sb, "_%02x", (unsigned char)*name);
	}
}

static void add_table(struct strbuf *sb, const char *verb, const char *family,
		      const char *kind, const char *name)
{
	strbuf_printf(sb, "%s table %s parvis_%s_", verb, family, kind);
	add_word(sb, name);
}

/* Begins a table that replaces one of the same name. */
static void open_table(struct strbuf *sb, const char *family,
		       const char *kind, const char *name)
{
	add_table(sb, "add", family, kind, name);
	strbuf_addc(sb, '\n');
	add_table(sb, "delete", family, kind, name);
	strbuf_addc(sb, '\n');
	add_table(sb, "add", family, kind, name);
	strbuf_adds(sb, " {\n");
}

/*
 * A context whose errors and output are kept. NULL without memory, or if the
 * kernel has no nftables: libnftables would not fail but end the process.
 */
static struct nft_ctx *open_nft(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			NETLINK_NETFILTER);
	struct nft_ctx *ctx = NULL;

	if (fd >= 0) {
		close(fd);
		ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	}
	if (ctx) {
		nft_ctx_buffer_error(ctx);
		nft_ctx_buffer_output(ctx);
	}
	return ctx;
}

/* Runs the commands in @sb and frees it. */
static int run(struct strbuf *sb, const char *what, struct fail *fail)
{
	struct nft_ctx *ctx = open_nft();
	const char *said;
	int rc = sb->err;

	if (rc) {
		rc = fail_errno(fail, -ENOMEM, "%s", what);
		goto out;
	}
	if (!ctx) {
		rc = fail_set(fail, -EPROTONOSUPPORT, "%s: this kernel has no nftables (are the modules nfnetlink and nf_tables there?)",
			      what);
		goto out;
	}
	if (nft_run_cmd_from_buffer(ctx, sb->data)) {
		said = nft_ctx_get_error_buffer(ctx);
		rc = fail_set(fail, -EIO, "%s: nftables says: %.600s (are the "
			      "modules nf_tables and nft_limit there?)", what,
			      said ? said : "nothing");
	}
out:
	if (ctx)
		nft_ctx_free(ctx);
	strbuf_free(sb);
	return rc;
}

static void add_masquerade(struct strbuf *sb, const char *bridge,
			   const char *ip_word, const struct hostnet_ip *net)
{
	char text[64];

	hn_ip_text(text, net, true);
	strbuf_printf(sb, "%s saddr %s oifname != \"%s\" masquerade\n",
		      ip_word, text, bridge);
}

int hn_nft_nat(const char *bridge, const struct hostnet_ip *v4,
	       const struct hostnet_ip *v6, struct fail *fail)
{
	struct strbuf sb = { 0 };

	open_table(&sb, "inet", "nat", bridge);
	strbuf_adds(&sb, "chain out { type nat hook postrouting "
			 "priority 100; policy accept;\n");
	add_masquerade(&sb, bridge, "ip", v4);
	add_masquerade(&sb, bridge, "ip6", v6);
	strbuf_adds(&sb, "}\n}\n");
	return run(&sb, "masquerading", fail);
}

static int drop_table(const char *family, const char *kind, const char *name)
{
	struct strbuf sb = { 0 };

	add_table(&sb, "add", family, kind, name);
	strbuf_addc(&sb, '\n');
	add_table(&sb, "delete", family, kind, name);
	strbuf_addc(&sb, '\n');
	return run(&sb, "removing rules", NULL);
}

int hn_nft_nat_del(const char *bridge)
{
	return drop_table("inet", "nat", bridge);
}

static void add_mac_rules(struct strbuf *sb, const uint8_t m[6])
{
	strbuf_printf(sb, "ether saddr != %02x:%02x:%02x:%02x:%02x:%02x drop\n",
		      m[0], m[1], m[2], m[3], m[4], m[5]);
	strbuf_printf(sb, "arp saddr ether != "
		      "%02x:%02x:%02x:%02x:%02x:%02x drop\n",
		      m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* "{ A, B }" of the card's addresses of one family, after @always. */
static void add_set(struct strbuf *sb, const struct hostnet_vif *vif,
		    int family, const char *always)
{
	const char *comma = *always ? ", " : "";
	char text[64];

	strbuf_printf(sb, "{ %s", always);
	for (unsigned int i = 0; i < vif->nr_ips; i++) {
		if (vif->ip[i].family != family)
			continue;
		hn_ip_text(text, &vif->ip[i], vif->ip[i].prefix <
			   (family == 6 ? 128 : 32));
		strbuf_printf(sb, "%s%s", comma, text);
		comma = ", ";
	}
	strbuf_adds(sb, " }");
}

/* The address that a neighbour advertisement is about begins like @ip. */
static void add_target(struct strbuf *sb, const struct hostnet_ip *ip)
{
	unsigned int bytes = (ip->prefix + 7u) / 8, shift = bytes * 8 -
							    ip->prefix;
	uint8_t high = 0;

	if (!ip->prefix) {
		strbuf_adds(sb, "return\n");
		return;
	}
	strbuf_printf(sb, "@th,64,%u 0x", ip->prefix);
	for (unsigned int i = 0; i < bytes; i++) {
		strbuf_printf(sb, "%02x", (uint8_t)(ip->addr[i] >> shift |
						    high << (8 - shift)));
		high = ip->addr[i];
	}
	strbuf_adds(sb, " return\n");
}

/* Comes back from what a neighbour advertisement may say. */
static void add_advert_chain(struct strbuf *sb, const struct hostnet_vif *vif)
{
	static const struct hostnet_ip local = {
		.family = 6, .prefix = 10, .addr = { 0xfe, 0x80 },
	};

	strbuf_adds(sb, "chain advert {\n");
	add_target(sb, &local);
	for (unsigned int i = 0; i < vif->nr_ips; i++)
		if (vif->ip[i].family == 6)
			add_target(sb, &vif->ip[i]);
	strbuf_adds(sb, "drop\n}\n");
}

/*
 * Only configured addresses, what DHCP needs before one has any, and IPv6's
 * own link-local ones; no other protocol, so none can smuggle.
 */
static void add_ip_rules(struct strbuf *sb, const struct hostnet_vif *vif)
{
	strbuf_adds(sb, "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept\n");
	strbuf_adds(sb, "ip saddr ");
	add_set(sb, vif, 4, "255.255.255.255");
	strbuf_adds(sb, " accept\narp saddr ip ");
	add_set(sb, vif, 4, "0.0.0.0");
	/* Nor may it say that it has another's address. */
	strbuf_adds(sb, " accept\nicmpv6 type nd-neighbor-advert "
			"jump advert\nip6 saddr ");
	add_set(sb, vif, 6, "::, fe80::/10");
	strbuf_adds(sb, " accept\ndrop\n");
}

int hn_nft_filter(const struct hostnet_vif *vif, struct fail *fail)
{
	struct strbuf sb = { 0 };

	open_table(&sb, "netdev", "vif", vif->name);
	if (vif->filters & HOSTNET_FILTER_IP)
		add_advert_chain(&sb, vif);
	strbuf_printf(&sb, "chain from { type filter hook ingress device "
		      "\"%s\" priority 0; policy accept;\n", vif->name);
	if (vif->cap)
		strbuf_printf(&sb, "limit rate over %llu bytes/second "
			      "burst %u bytes drop\n",
			      (unsigned long long)vif->cap, vif->cap_burst);
	if (vif->filters & HOSTNET_FILTER_MAC)
		add_mac_rules(&sb, vif->mac);
	if (vif->filters & HOSTNET_FILTER_IP)
		add_ip_rules(&sb, vif);
	strbuf_adds(&sb, "}\n}\n");
	return run(&sb, "filtering addresses", fail);
}

int hn_nft_filter_del(const char *vif)
{
	return drop_table("netdev", "vif", vif);
}

/* ---- what is left of interfaces that went without us ---- */

/* The name behind a word of add_word()'s; false if it is none. */
static bool name_of(const char *word, size_t len, char out[HOSTNET_NAME])
{
	unsigned int c;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n == HOSTNET_NAME - 1)
			return false;
		if (word[i] != '_') {
			out[n++] = word[i];
			continue;
		}
		if (i + 2 >= len || sscanf(word + i + 1, "%2x", &c) != 1)
			return false;
		out[n++] = (char)c;
		i += 2;
	}
	out[n] = 0;
	return hn_good_name(out);
}

static void sweep_tables(struct hostnet *hn, const char *list)
{
	static const char begin[] = "table netdev parvis_vif_";
	char name[HOSTNET_NAME];
	size_t len;

	for (; (list = strstr(list, begin)); list += len) {
		list += sizeof(begin) - 1;
		len = strcspn(list, " \n");
		if (name_of(list, len, name) && !hostnet_link_exists(hn, name))
			hn_nft_filter_del(name);
	}
}

void hn_nft_sweep(struct hostnet *hn)
{
	struct nft_ctx *ctx = open_nft();

	if (!ctx)
		return;
	if (!nft_run_cmd_from_buffer(ctx, "list tables netdev"))
		sweep_tables(hn, nft_ctx_get_output_buffer(ctx));
	nft_ctx_free(ctx);
}
