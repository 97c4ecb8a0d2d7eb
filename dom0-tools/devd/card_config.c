// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * card_config.c: what a card's folder in the store says it is to be.  No
 * state: everything is read into the caller's structure, which is zero but
 * for what is set, so that two can be compared as they are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devd/card.h"

#define CAP_BURST (512u << 10)	/* more than any backend saves up */
#define CAP_MOST 1e12		/* bytes a second: no limit at all */

_Static_assert(HOSTNET_FILTER_MAC == BP_NET_FILTER_MAC &&
	       HOSTNET_FILTER_IP == BP_NET_FILTER_IP,
	       "the same filters for the backend and for the kernel");

static int read_mac(const char *text, uint8_t mac[6])
{
	unsigned int m[6];
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &m[0], &m[1], &m[2],
		   &m[3], &m[4], &m[5], &end) != 6)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)m[i];
	return 0;
}

/* What the backend may never exceed: well above what it is to keep to, so
 * that the kernel drops nothing of a guest's whose backend does. */
static void set_cap(struct card_config *c)
{
	double a_second = (double)c->rate_bytes * 1e6 / (double)c->rate_usec;
	uint64_t burst = 2 * c->rate_bytes + CAP_BURST;

	if (!c->rate_bytes || a_second > CAP_MOST)
		return;
	c->vif.cap = (uint64_t)(a_second * 1.25) + 1;
	c->vif.cap_burst = burst < INT32_MAX ? (uint32_t)burst : INT32_MAX;
}

static int read_rate(const char *text, struct card_config *c,
		     struct fail *fail)
{
	unsigned long long bytes, usec;
	char end;

	if (!*text)
		return 0;
	if (sscanf(text, "%llu,%llu%c", &bytes, &usec, &end) != 2 || !usec)
		return fail_set(fail, -EINVAL,
				"rate is '%s', not BYTES,MICROSECONDS", text);
	c->rate_bytes = bytes;
	c->rate_usec = usec;
	set_cap(c);
	return 0;
}

static int read_addresses(struct dev *dev, struct card_config *c,
			  struct fail *fail)
{
	char text[64];
	int n, rc;

	rc = dev_config_text(dev, "ip", c->ip_text, sizeof(c->ip_text));
	if (rc)
		return fail_errno(fail, rc, "the card's addresses");
	n = hostnet_parse_ips(c->ip_text, c->vif.ip, fail);
	if (n < 0)
		return n;
	c->vif.nr_ips = (unsigned int)n;
	rc = dev_config_text(dev, "filter", text, sizeof(text));
	if (strstr(text, "mac"))
		c->vif.filters |= HOSTNET_FILTER_MAC;
	if (strstr(text, "ip"))
		c->vif.filters |= HOSTNET_FILTER_IP;
	if (!rc && c->vif.filters & HOSTNET_FILTER_IP && !n)
		return fail_set(fail, -EINVAL,
				"filter=ip needs ip= to say which addresses are right");
	return rc ? fail_errno(fail, rc, "the card's filter") : 0;
}

static int read_place(struct dev *dev, struct card_config *c,
		      struct fail *fail)
{
	char text[64];
	uint32_t mtu;
	int rc;

	rc = dev_config_text(dev, "vifname", text, sizeof(text));
	if (!rc)
		rc = hostnet_vif_name(c->vif.name, dev->domid, dev->devid,
				      text, fail);
	if (!rc)
		rc = dev_config_text(dev, "mode", text, sizeof(text));
	if (!rc)
		rc = hostnet_parse_mode(text, &c->vif.mode, fail);
	if (!rc)
		rc = dev_config_text(dev, "bridge", c->bridge,
				     sizeof(c->bridge));
	if (!rc)
		rc = dev_config_text(dev, "gatewaydev", c->gatewaydev,
				     sizeof(c->gatewaydev));
	if (!rc)
		rc = dev_config_text(dev, "script", c->script,
				     sizeof(c->script));
	if (!rc && !dev_config_text(dev, "mtu", text, sizeof(text)) &&
	    text[0] && !xs_parse_u32(text, 65535, &mtu))
		c->vif.mtu = mtu;
	return rc ? fail_errno(fail, rc, "the card's settings") : 0;
}

int card_read_config(struct dev *dev, struct card_config *c,
		     struct fail *fail)
{
	char text[64];
	int rc;

	memset(c, 0, sizeof(*c));
	rc = read_place(dev, c, fail);
	if (!rc)
		rc = dev_config_text(dev, "mac", text, sizeof(text));
	if (!rc && read_mac(text, c->vif.mac))
		rc = fail_set(fail, -EINVAL, "mac is '%s'", text);
	if (!rc)
		rc = dev_config_text(dev, "rate", text, sizeof(text));
	if (!rc)
		rc = read_rate(text, c, fail);
	return rc ? fail_errno(fail, rc, "the card's settings") :
		    read_addresses(dev, c, fail);
}

void card_read_hostname(struct dev *dev, char *buf, size_t size)
{
	char *name;

	buf[0] = 0;
	if (xsc_readf(dev->devd->xs, XSC_NO_TX, &name, "/local/domain/%u/name",
		      dev->domid))
		return;
	if (strlen(name) < size)
		strcpy(buf, name);
	free(name);
}

/* A folder that cannot be read now says nothing; one that is wrong is not
 * what the card was made of. */
bool card_same(struct dev *dev)
{
	struct card_config now;
	struct fail why = { 0 };
	int rc = card_read_config(dev, &now, &why);

	if (rc)
		return rc != -EINVAL && rc != -E2BIG;
	return !memcmp(&now, &dev->card.config, sizeof(now));
}
