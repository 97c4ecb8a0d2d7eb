// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parse.c: names, modes and addresses out of a card's configuration.
 *
 * State: none.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostnet/inner.h"

bool hn_good_name(const char *name)
{
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strlen(name) >= HOSTNET_NAME)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-+@", *name))
			return false;
	return true;
}

int hostnet_vif_name(char out[HOSTNET_NAME], uint32_t domid, uint32_t devid,
		     const char *vifname, struct fail *fail)
{
	char name[32];

	snprintf(name, sizeof(name), "vif%u.%u", domid, devid);
	if (vifname && *vifname && !hn_good_name(vifname))
		return fail_set(fail, -EINVAL, "'%.40s' cannot be an "
				"interface's name: at most %d letters, digits "
				"and ._-+@", vifname, HOSTNET_NAME - 1);
	if (!vifname || !*vifname)
		vifname = name;
	if (strlen(vifname) >= HOSTNET_NAME)
		return fail_set(fail, -EINVAL, "the name %s is too long; set "
				"vifname", vifname);
	strcpy(out, vifname);
	return 0;
}

int hostnet_parse_mode(const char *text, enum hostnet_mode *mode,
		       struct fail *fail)
{
	static const char *const names[] = { "bridge", "route", "nat" };

	if (!text || !*text)
		text = names[0];
	for (unsigned int i = 0; i < 3; i++) {
		if (!strcmp(text, names[i])) {
			*mode = (enum hostnet_mode)i;
			return 0;
		}
	}
	return fail_set(fail, -EINVAL, "mode '%.40s' is none of bridge, route, "
			"nat", text);
}

static int parse_one(char *word, struct hostnet_ip *ip)
{
	char *slash = strchr(word, '/'), *end;
	unsigned long bits;

	memset(ip, 0, sizeof(*ip));
	if (slash)
		*slash++ = 0;
	if (inet_pton(AF_INET, word, ip->addr) == 1)
		ip->family = 4;
	else if (inet_pton(AF_INET6, word, ip->addr) == 1)
		ip->family = 6;
	else
		return -EINVAL;
	ip->prefix = ip->family == 6 ? 128 : 32;
	if (!slash)
		return 0;
	bits = strtoul(slash, &end, 10);
	if (!isdigit((unsigned char)*slash) || *end || bits > ip->prefix)
		return -EINVAL;
	ip->prefix = (uint8_t)bits;
	return 0;
}

int hostnet_parse_ips(const char *text, struct hostnet_ip ip[HOSTNET_MAX_IPS],
		      struct fail *fail)
{
	static const char blanks[] = " ,\t\n";
	char word[64];
	int count = 0;
	size_t len;

	for (text += strspn(text, blanks); *text;
	     text += len, text += strspn(text, blanks)) {
		len = strcspn(text, blanks);
		if (count == HOSTNET_MAX_IPS)
			return fail_set(fail, -EINVAL, "more than %d addresses "
					"for one card", HOSTNET_MAX_IPS);
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (len >= sizeof(word) || parse_one(word, &ip[count]))
			return fail_set(fail, -EINVAL, "'%.*s' is no IPv4 or "
					"IPv6 address", (int)(len > 60 ? 60 :
					len), text);
		count++;
	}
	return count;
}
