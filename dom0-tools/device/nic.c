// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nic.c: the grammar of a network card's description.
 *
 * State: one struct parse per description.  Everything is key=value or a
 * flag; a key given twice is an error, except ip, of which there may be
 * several.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../lib/nearest.h"
#include "nic.h"
#include "spec.h"

struct parse {
	struct spec s;
	struct nic *n;
	unsigned int given;
};

static const char *const mode_names[] = {
	[NIC_BRIDGE] = "bridge",
	[NIC_ROUTE] = "route",
	[NIC_NAT] = "nat",
};

const char *nic_mode_name(enum nic_mode mode)
{
	return mode_names[mode];
}

/* ---- addresses ---- */

void nic_mac_text(const uint8_t mac[6], char to[NIC_MAC_TEXT])
{
	snprintf(to, NIC_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int nic_mac_parse(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++, text += 3) {
		if (hex(text[0]) < 0 || hex(text[1]) < 0)
			return -EINVAL;
		if (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != '\0')
			return -EINVAL;
		mac[i] = (uint8_t)(hex(text[0]) << 4 | hex(text[1]));
	}
	return 0;
}

int nic_make_mac(struct nic *n, struct fail *fail)
{
	static const uint8_t xen[3] = { 0x00, 0x16, 0x3e };

	if (n->has_mac)
		return 0;
	memcpy(n->mac, xen, sizeof(xen));
	if (getrandom(n->mac + 3, 3, 0) != 3)
		return fail_errno(fail, -errno, "vif: no random numbers");
	n->mac[3] &= 0x7f;
	n->has_mac = true;
	return 0;
}

/* One address, perhaps with a prefix's length behind it. */
static bool ip_is_good(char *text)
{
	char *slash = strchr(text, '/'), *end;
	uint8_t raw[16];
	unsigned long bits = 0;
	bool v6 = strchr(text, ':'), good;

	if (slash) {
		*slash = '\0';
		bits = strtoul(slash + 1, &end, 10);
		if (!isdigit((unsigned char)slash[1]) || *end ||
		    bits > (v6 ? 128u : 32u))
			return false;
	}
	good = inet_pton(v6 ? AF_INET6 : AF_INET, text, raw) == 1;
	if (slash)
		*slash = '/';
	return good;
}

/* ---- values ---- */

static int take_mac(struct parse *p, const char *value)
{
	if (!*value)
		return 0;
	if (nic_mac_parse(value, p->n->mac))
		return spec_complain(&p->s,
				     "mac: \"%.100s\" is no address such as 00:16:3e:12:34:56",
				     value);
	if (p->n->mac[0] & 1)
		return spec_complain(&p->s,
				     "mac: %s is a multicast address: the first byte must be even",
				     value);
	p->n->has_mac = true;
	return 0;
}

/* The name of a network device of the host. */
static int take_device(struct parse *p, const char *key, char **to,
		       const char *value)
{
	if (strlen(value) > 15 || strpbrk(value, "/ :") ||
	    !strcmp(value, ".") || !strcmp(value, ".."))
		return spec_complain(&p->s,
				     "%s: \"%.100s\" cannot be a network device's name: at most 15 characters, no / or :",
				     key, value);
	return spec_keep(&p->s, to, value);
}

static int take_bridge(struct parse *p, const char *value)
{
	return take_device(p, "bridge", &p->n->bridge, value);
}

static int take_gatewaydev(struct parse *p, const char *value)
{
	return take_device(p, "gatewaydev", &p->n->gatewaydev, value);
}

static int take_vifname(struct parse *p, const char *value)
{
	return take_device(p, "vifname", &p->n->vifname, value);
}

static int take_type(struct parse *p, const char *value)
{
	if (!strcmp(value, "ioemu"))
		return spec_complain(&p->s,
				     "type: emulated cards are for HVM guests: leave it out, or use vif");
	if (*value && strcmp(value, "vif"))
		return spec_complain(&p->s, "type: \"%.100s\" is unknown: use vif",
				     value);
	return 0;
}

static int take_model(struct parse *p, const char *value)
{
	return spec_keep(&p->s, &p->n->model, value);
}

/* What Xen's scripts of these names do is built in. */
static int take_script(struct parse *p, const char *value)
{
	const char *slash = strrchr(value, '/');
	const char *name = slash ? slash + 1 : value;

	if (slash && strncmp(value, "/etc/xen/scripts/",
			     strlen("/etc/xen/scripts/")))
		return spec_keep(&p->s, &p->n->script, value);
	for (size_t i = 0; i < 3; i++) {
		if (strncmp(name, "vif-", 4) || strcmp(name + 4, mode_names[i]))
			continue;
		p->n->mode = (enum nic_mode)i;
		return 0;
	}
	return spec_keep(&p->s, &p->n->script, value);
}

static int take_one_ip(struct parse *p, char *text, unsigned int *count)
{
	struct strbuf all = { 0 };
	int rc;

	if (!ip_is_good(text))
		return spec_complain(&p->s,
				     "ip: \"%.100s\" is no IPv4 or IPv6 address",
				     text);
	if (++*count > NIC_IPS_MAX)
		return spec_complain(&p->s, "ip: more than %d addresses",
				     NIC_IPS_MAX);
	strbuf_printf(&all, "%s%s%s", p->n->ip ? p->n->ip : "",
		      p->n->ip ? " " : "", text);
	rc = all.err ? all.err : spec_keep(&p->s, &p->n->ip, all.data);
	strbuf_free(&all);
	return rc;
}

static unsigned int words_in(const char *text)
{
	unsigned int n = text != NULL;

	for (; text && *text; text++)
		n += *text == ' ';
	return n;
}

static int take_ip(struct parse *p, const char *value)
{
	char *copy = strdup(value), *rest = copy, *word;
	unsigned int count = words_in(p->n->ip);
	int rc = copy ? 0 : -ENOMEM;

	while (!rc && (word = strsep(&rest, " "))) {
		if (*word)
			rc = take_one_ip(p, word, &count);
	}
	free(copy);
	return rc;
}

static int take_backend(struct parse *p, const char *value)
{
	return spec_keep(&p->s, &p->n->backend, value);
}

static int take_backendtype(struct parse *p, const char *value)
{
	if (!strcmp(value, "vif"))
		p->n->server = NIC_KERNEL;
	else if (*value && strcmp(value, "parvis"))
		return spec_complain(&p->s,
				     "backendtype: \"%.100s\" is unknown: \"vif\" is the kernel's own, \"parvis\" the default",
				     value);
	return 0;
}

/* A decimal number up to @max at *@at, which moves on. */
static bool number_at(const char **at, uint64_t max, uint64_t *to)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++) {
		n = n * 10 + (uint64_t)(**at - '0');
		if (n > max)
			return false;
	}
	*to = n;
	return true;
}

/* "10Mb/s", "250KB/s": bytes in a second. */
static bool rate_per_second(const char **at, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *unit;
	uint64_t n;

	if (!number_at(at, 1u << 30, &n))
		return false;
	unit = **at ? strchr(units, **at) : NULL;
	if (unit) {
		for (const char *u = units; u <= unit; u++)
			n *= 1000;
		(*at)++;
	}
	if (**at != 'b' && **at != 'B')
		return false;
	if (*(*at)++ == 'b')
		n /= 8;
	if (strncmp(*at, "/s", 2))
		return false;
	*at += 2;
	*bytes = n;
	return true;
}

#define RATE_DEFAULT_USEC 50000

/* "20ms", "500us", "1s", or microseconds without a unit. */
static bool interval(const char *at, uint64_t *usec)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = { { "", 1 }, { "us", 1 }, { "ms", 1000 },
		      { "s", 1000000 } };

	if (!number_at(&at, 4000000000u, usec))
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (!strcmp(at, units[i].unit)) {
			*usec *= units[i].usec;
			return *usec && *usec <= UINT32_MAX;
		}
	}
	return false;
}

static int take_rate(struct parse *p, const char *value)
{
	uint64_t usec = RATE_DEFAULT_USEC, bytes;
	const char *at = value;

	if (!*value)
		return 0;
	if (!rate_per_second(&at, &bytes) ||
	    (*at && (*at != '@' || !interval(at + 1, &usec))))
		return spec_complain(&p->s,
				     "rate: \"%.100s\" is not as in 10Mb/s, 250KB/s or 1MB/s@20ms",
				     value);
	bytes = (uint64_t)((unsigned __int128)bytes * usec / 1000000);
	if (!bytes)
		return spec_complain(&p->s,
				     "rate: %s is less than a byte in %" PRIu64 " microseconds",
				     value, usec);
	p->n->rate_bytes = bytes;
	p->n->rate_usec = (uint32_t)usec;
	return spec_keep(&p->s, &p->n->rate, value);
}

static int take_number(struct parse *p, const char *key, const char *value,
		       uint64_t low, uint64_t high, uint64_t *to)
{
	const char *at = value;

	if (number_at(&at, high, to) && !*at && *to >= low)
		return 0;
	return spec_complain(&p->s,
			     "%s: \"%.100s\" is no number from %" PRIu64 " to %" PRIu64,
			     key, value, low, high);
}

static int take_devid(struct parse *p, const char *value)
{
	uint64_t n;
	int rc = *value ? take_number(p, "devid", value, 0, 1023, &n) : 0;

	if (!rc && *value)
		p->n->devid = (int)n;
	return rc;
}

static int take_mtu(struct parse *p, const char *value)
{
	uint64_t n;
	int rc = *value ? take_number(p, "mtu", value, 68, 65535, &n) : 0;

	if (!rc && *value)
		p->n->mtu = (uint32_t)n;
	return rc;
}

static int take_filter(struct parse *p, const char *value)
{
	static const struct {
		const char *text;
		unsigned int filter;
	} known[] = {
		{ "none", 0 },
		{ "mac", NIC_FILTER_MAC },
		{ "ip", NIC_FILTER_IP },
		{ "mac+ip", NIC_FILTER_MAC | NIC_FILTER_IP },
		{ "ip+mac", NIC_FILTER_MAC | NIC_FILTER_IP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].text, value))
			continue;
		p->n->filter = known[i].filter;
		return 0;
	}
	return spec_complain(&p->s,
			     "filter: \"%.100s\" is none of none, mac, ip, mac+ip",
			     value);
}

static int take_trusted(struct parse *p, const char *value)
{
	if (*value && !spec_bool(value, &p->n->trusted))
		return spec_complain(&p->s,
				     "trusted: this must be 0 or 1, not \"%.100s\"",
				     value);
	return 0;
}

static int take_accel(struct parse *p, const char *value)
{
	(void)value;
	return spec_complain(&p->s,
			     "replication (COLO) and accelerators are not built: leave their keys out");
}

static const struct key {
	const char *name;
	int (*take)(struct parse *p, const char *value);
} keys[] = {
	{ "mac", take_mac },
	{ "bridge", take_bridge },
	{ "gatewaydev", take_gatewaydev },
	{ "netdev", take_gatewaydev },
	{ "type", take_type },
	{ "model", take_model },
	{ "vifname", take_vifname },
	{ "script", take_script },
	{ "ip", take_ip },
	{ "backend", take_backend },
	{ "backendtype", take_backendtype },
	{ "rate", take_rate },
	{ "devid", take_devid },
	{ "mtu", take_mtu },
	{ "filter", take_filter },
	{ "trusted", take_trusted },
	{ "accel", take_accel },
	{ "forwarddev", take_accel },
};

#define KEYS_COUNT (sizeof(keys) / sizeof(keys[0]))

static int unknown(struct parse *p, const char *name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; i < KEYS_COUNT; i++)
		nearest_offer(&n, keys[i].name);
	if (nearest_word(&n))
		return spec_complain(&p->s,
				     "unknown key \"%.100s\": did you mean \"%s\"?",
				     name, nearest_word(&n));
	return spec_complain(&p->s,
			     "unknown key \"%.100s\": see xl-network-configuration(5)",
			     name);
}

static int take_word(void *ctx, char *word)
{
	struct parse *p = ctx;
	char *value;

	if (!*word)
		return 0;
	if (!strcmp(word, "trusted") || !strcmp(word, "untrusted")) {
		p->n->trusted = word[0] == 't';
		return 0;
	}
	if (!spec_divide(word, &value))
		return spec_complain(&p->s, "\"%.100s\" is not key=value",
				     word);
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		if (strcmp(keys[i].name, word))
			continue;
		if (p->given >> i & 1 && keys[i].take != take_ip)
			return spec_complain(&p->s, "%s is given twice", word);
		p->given |= 1u << i;
		return keys[i].take(p, value);
	}
	/* There are some thirty of them. */
	if (!strncmp(word, "colo_", strlen("colo_")))
		return take_accel(p, value);
	return unknown(p, word);
}

static int check(struct parse *p)
{
	const struct nic *n = p->n;

	if (n->filter & NIC_FILTER_IP && !n->ip)
		return spec_lacks(&p->s,
				  "filter: ip=... must say which addresses may be used");
	if (n->mode == NIC_ROUTE && !n->ip && !n->script)
		return spec_lacks(&p->s,
				  "ip is missing: without it nothing can be routed to the guest");
	return 0;
}

static bool was_given(const struct parse *p,
		      int (*take)(struct parse *p, const char *value))
{
	for (size_t i = 0; i < KEYS_COUNT; i++) {
		if (keys[i].take == take && p->given >> i & 1)
			return true;
	}
	return false;
}

static int take_default(struct parse *p, const char *value,
			int (*take)(struct parse *p, const char *value))
{
	return value && !was_given(p, take) ? take(p, value) : 0;
}

/* What the text does not say; a bridge is only for cards that are bridged. */
static int take_defaults(struct parse *p, const struct nic_defaults *d)
{
	int rc = take_default(p, d->script, take_script);

	if (!rc && p->n->mode == NIC_BRIDGE)
		rc = take_default(p, d->bridge, take_bridge);
	if (!rc)
		rc = take_default(p, d->backend, take_backend);
	return rc ? rc : take_default(p, d->gatewaydev, take_gatewaydev);
}

int nic_parse_defaults(struct nic *n, const char *text,
		       const struct nic_defaults *d, struct fail *fail)
{
	struct parse p = { .n = n };
	int rc;

	*n = (struct nic){ .devid = -1, .trusted = true };
	rc = spec_read(&p.s, "vif", text, fail, take_word, &p);
	if (!rc && d)
		rc = take_defaults(&p, d);
	if (!rc)
		rc = check(&p);
	if (rc)
		nic_free(n);
	return rc;
}

int nic_parse(struct nic *n, const char *text, struct fail *fail)
{
	return nic_parse_defaults(n, text, NULL, fail);
}

void nic_free(struct nic *n)
{
	free(n->bridge);
	free(n->gatewaydev);
	free(n->vifname);
	free(n->model);
	free(n->script);
	free(n->ip);
	free(n->backend);
	free(n->rate);
	memset(n, 0, sizeof(*n));
}
