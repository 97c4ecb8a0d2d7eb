/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quota.c: limits by name, and accounts by owner.
 *
 * The accounts are fields of struct domain; they change only in quota_apply()
 * (nodes and their bytes) and where a watch or transaction is made and
 * unmade.  A domain's record goes with the domain, so no count survives the
 * reuse of its id.
 */
#include "store/quota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strbuf.h"
#include "store/store.h"

struct limit {
	const char *name;
	size_t offset;
	uint32_t preset;
	const char *text;
};

#define LIMIT(n, field, preset, text) \
	{ n, offsetof(struct quota, field), preset, text }

static const struct limit limits[] = {
	LIMIT("nodes", nodes, 1000, "Nodes per domain"),
	LIMIT("watches", watches, 128, "Watches per domain"),
	LIMIT("transactions", transactions, 10, "Transactions per domain"),
	LIMIT("outstanding", outstanding, 20,
	      "Outstanding requests per domain"),
	LIMIT("transaction-nodes", txn_nodes, 1024,
	      "Max. number of accessed nodes per transaction"),
	LIMIT("memory", memory, 2560 * 1024,
	      "Total Xenstore memory per domain (error level)"),
	LIMIT("node-size", node_size, 2048, "Max. size of a node"),
	LIMIT("path-max", path_max, XENSTORE_REL_PATH_MAX,
	      "Max. length of a node path"),
	LIMIT("permissions", perms, 5, "Max. number of permissions per node"),
};

static const struct limit soft_limits[] = {
	LIMIT("memory", memory_soft, 2048 * 1024,
	      "Total Xenstore memory per domain (warning level)"),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t *field(struct quota *q, const struct limit *l)
{
	return (uint32_t *)((char *)q + l->offset);
}

void quota_defaults(struct quota *q)
{
	size_t i;

	for (i = 0; i < COUNT(limits); i++)
		*field(q, &limits[i]) = limits[i].preset;
	for (i = 0; i < COUNT(soft_limits); i++)
		*field(q, &soft_limits[i]) = soft_limits[i].preset;
}

static int set(struct quota *q, const struct limit *l, size_t n,
	       const char *name, uint32_t value)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(l[i].name, name)) {
			*field(q, &l[i]) = value;
			return 0;
		}
	return -EINVAL;
}

int quota_set(struct quota *q, const char *name, uint32_t value)
{
	if (!strcmp(name, "path-max") && value > XENSTORE_ABS_PATH_MAX)
		return -EINVAL;
	return set(q, limits, COUNT(limits), name, value);
}

int quota_set_soft(struct quota *q, const char *name, uint32_t value)
{
	return set(q, soft_limits, COUNT(soft_limits), name, value);
}

static void list(const struct quota *q, const struct limit *l, size_t n,
		 struct strbuf *out)
{
	struct quota copy = *q;
	size_t i;

	for (i = 0; i < n; i++)
		strbuf_printf(out, "%-17s: %8u %s\n", l[i].name,
			      *field(&copy, &l[i]), l[i].text);
}

void quota_list(const struct quota *q, struct strbuf *out)
{
	list(q, limits, COUNT(limits), out);
}

void quota_list_soft(const struct quota *q, struct strbuf *out)
{
	list(q, soft_limits, COUNT(soft_limits), out);
}

int charges_reserve(struct charges *c, size_t n)
{
	size_t need = c->count + n;
	struct charge *v;

	if (need <= c->cap)
		return 0;
	v = realloc(c->v, need * 2 * sizeof(*v));
	if (!v)
		return -ENOMEM;
	c->v = v;
	c->cap = need * 2;
	return 0;
}

void charges_add(struct charges *c, uint32_t domid, int32_t nodes,
		 int64_t bytes)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->v[i].domid == domid)
			break;
	if (i == c->count)
		c->v[c->count++] = (struct charge){ .domid = domid };
	c->v[i].nodes += nodes;
	c->v[i].bytes += bytes;
}

struct charge charges_get(const struct charges *c, uint32_t domid)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->v[i].domid == domid)
			return c->v[i];
	return (struct charge){ .domid = domid };
}

void charges_free(struct charges *c)
{
	free(c->v);
	*c = (struct charges){ 0 };
}

/* Tells once when an account passes the soft limit, and when it is back. */
static void watch_soft_limit(struct store *s, struct domain *d)
{
	bool over = d->bytes > (int64_t)s->quota.memory_soft;

	if (d->domid == 0 || over == d->over_soft)
		return;
	d->over_soft = over;
	store_warn(s, d, "is %s its soft memory quota",
		   over ? "above" : "again below");
}

void quota_apply(struct store *s, const struct charges *c)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		struct domain *d = store_domain(s, c->v[i].domid);

		if (!d)
			continue;
		d->nodes += c->v[i].nodes;
		d->bytes += c->v[i].bytes;
		watch_soft_limit(s, d);
	}
}
