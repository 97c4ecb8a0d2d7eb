/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.c: the life of a store and of the domains it knows.
 *
 * Owns store.domains and by_id: a record exists from when the store first
 * hears of a domain until the domain is gone, and both name the same records.
 * Forgetting a domain takes everything of it: connection, watches, accounts,
 * nodes.  A later domain of the same id begins with a new record and a newer
 * `born`, so rights given to the earlier one are void.
 */
#include "store/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/log.h"
#include "store/client.h"
#include "store/edit.h"
#include "store/perm.h"
#include "store/view.h"
#include "store/watch.h"

#define LOG_BURST 5
#define LOG_EVERY_MS 10000

uint64_t store_next_gen(struct store *s)
{
	return ++s->gen;
}

struct domain *store_domain(struct store *s, uint32_t domid)
{
	return domid <= STORE_DOMID_MAX ? s->by_id[domid] : NULL;
}

static struct domain *new_domain(struct store *s, uint32_t domid)
{
	struct domain *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->domid = domid;
	/* The control domain was there before everything. */
	d->born = domid ? store_next_gen(s) : 0;
	d->next = s->domains;
	d->pprev = &s->domains;
	if (d->next)
		d->next->pprev = &d->next;
	s->domains = d;
	s->by_id[domid] = d;
	return d;
}

struct domain *store_recall_domain(struct store *s, uint32_t domid,
				   uint64_t born)
{
	struct domain *d;

	if (domid > STORE_DOMID_MAX)
		return NULL;
	d = s->by_id[domid] ? s->by_id[domid] : new_domain(s, domid);
	if (d)
		d->born = born;
	return d;
}

static void free_domain(struct store *s, struct domain *d)
{
	*d->pprev = d->next;
	if (d->next)
		d->next->pprev = d->pprev;
	s->by_id[d->domid] = NULL;
	free(d);
}

struct domain *store_know_domain(struct store *s, uint32_t domid)
{
	struct domain *d = store_domain(s, domid);

	if (d || domid > STORE_DOMID_MAX)
		return d;
	if (!s->port->domain_exists(s->port_arg, domid))
		return NULL;
	return new_domain(s, domid);
}

void store_drop_domain(struct store *s, struct domain *d)
{
	free_domain(s, d);
}

static int first_nodes(struct store *s, struct perms *perms)
{
	static const char *const paths[] = { "/tool", "/tool/xenstored" };
	struct charges c = { 0 };
	struct edit e = { &s->tree, &c, store_next_gen(s) };
	size_t i;
	int rc;

	rc = charges_reserve(&c, 1);
	if (!rc)
		rc = tree_init(&s->tree, perms, e.gen);
	if (rc)
		return rc;
	charges_add(&c, 0, 1, (int64_t)tree_node_bytes(s->tree.root));
	for (i = 0; !rc && i < 2; i++)
		rc = edit_create(&e, paths[i], strlen(paths[i]), perms, NULL);
	quota_apply(s, &c);
	charges_free(&c);
	return rc;
}

int store_init(struct store *s, const struct store_port *port, void *arg)
{
	static const struct perm owner = { 0, 0, 0 };
	int rc = -ENOMEM;

	memset(s, 0, sizeof(*s));
	s->port = port;
	s->port_arg = arg;
	quota_defaults(&s->quota);
	if (getrandom(&s->hash_seed, sizeof(s->hash_seed), 0) < 0)
		s->hash_seed = (uintptr_t)s;
	s->introduce_perms = perms_new(&owner, 1);
	s->release_perms = perms_new(&owner, 1);
	if (s->introduce_perms && s->release_perms && new_domain(s, 0))
		rc = first_nodes(s, s->introduce_perms);
	if (rc)
		store_free(s);
	return rc;
}

void store_free(struct store *s)
{
	while (s->domains)
		free_domain(s, s->domains);
	if (s->tree.root)
		tree_free(&s->tree);
	perms_put(s->introduce_perms);
	perms_put(s->release_perms);
	s->introduce_perms = NULL;
	s->release_perms = NULL;
}

int store_introduce(struct store *s, uint32_t domid, uint64_t frame,
		    uint32_t port)
{
	struct domain *d = store_know_domain(s, domid);
	bool was;
	int rc;

	if (!d)
		return -EINVAL;
	was = d->introduced;
	rc = s->port->connect(s->port_arg, d, frame, port);
	if (rc)
		return rc;
	d->introduced = true;
	d->port = port;
	d->frame = frame;
	if (!was)
		watch_fire_special(s, STORE_INTRODUCE);
	return 0;
}

/* ---- what a domain leaves behind ---- */

struct orphans {
	struct store *s;
	const struct domain *d;
	char path[XENSTORE_ABS_PATH_MAX];
	size_t len;
};

/* Finds one node of the dead domain. */
static int find_orphan(const struct node *n, const char *path, size_t len,
		       void *arg)
{
	struct orphans *o = arg;

	if (n->perms->p[0].domid != o->d->domid || len == 1)
		return 0;
	memcpy(o->path, path, len + 1);
	o->len = len;
	return 1;
}

/* Goes up while the node above is the domain's as well. */
static void climb(struct orphans *o)
{
	const struct node *n;
	size_t len;

	for (;;) {
		len = tree_parent_len(o->path, o->len);
		n = tree_find(&o->s->tree, o->path, len);
		if (len == 1 || n->perms->p[0].domid != o->d->domid)
			return;
		o->len = len;
		o->path[len] = 0;
	}
}

static int keep_orphan(struct orphans *o, const struct node *n)
{
	struct view v = { o->s, NULL, NULL };
	struct perms *perms = perms_new(n->perms->p, n->perms->count);
	int rc;

	if (!perms)
		return -ENOMEM;
	perms->p[0].domid = 0;
	perms->p[0].gen = 0;
	rc = view_set_perms(&v, o->path, o->len, perms);
	perms_put(perms);
	return rc;
}

/*
 * Removes (or gives to the control domain) the nodes that the domain owns at
 * or below @base, until its account says that there are no more.
 */
static void clear_orphans(struct orphans *o, const char *base)
{
	struct view v = { o->s, NULL, NULL };
	char buf[XENSTORE_ABS_PATH_MAX];
	struct node *n;
	size_t len = strlen(base);
	int rc = 0;

	while (!rc && o->d->nodes > 0) {
		n = tree_find(&o->s->tree, base, len);
		memcpy(buf, base, len);
		if (!n || tree_walk(n, buf, len, find_orphan, o) != 1)
			return;
		if (!o->s->keep_orphans)
			climb(o);
		n = tree_find(&o->s->tree, o->path, o->len);
		rc = o->s->keep_orphans ? keep_orphan(o, n) :
					  view_remove(&v, o->path, o->len);
	}
	if (rc)
		log_err("node %s of the late domain %u stays: %s", o->path,
			o->d->domid, strerror(-rc));
}

/* The root cannot go, whoever was given it. */
static void keep_root(struct orphans *o)
{
	if (o->s->tree.root->perms->p[0].domid != o->d->domid)
		return;
	strcpy(o->path, "/");
	o->len = 1;
	if (keep_orphan(o, o->s->tree.root))
		log_err("the root still belongs to the late domain %u",
			o->d->domid);
}

void store_forget_domain(struct store *s, struct domain *d)
{
	struct orphans o = { .s = s, .d = d };
	char home[32];

	if (d->client)
		s->port->disconnect(s->port_arg, d);
	snprintf(home, sizeof(home), "/local/domain/%u", d->domid);
	keep_root(&o);
	clear_orphans(&o, home);
	clear_orphans(&o, "/");
	free_domain(s, d);
}

void store_announce_release(struct store *s)
{
	watch_fire_special(s, STORE_RELEASE);
}

void store_warn(struct store *s, struct domain *d, const char *fmt, ...)
{
	unsigned int missed = 0;
	char text[256];
	va_list ap;

	if (!log_limited(&d->log, LOG_BURST, LOG_EVERY_MS,
			 s->port->now_ms(s->port_arg), &missed))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (missed)
		log_warn("domain %u: %s (%u lines left out)", d->domid, text,
			 missed);
	else
		log_warn("domain %u: %s", d->domid, text);
}

bool store_held(struct store *s, const struct client *c)
{
	if (!s->hold_for || s->hold_for == c)
		return false;
	if (s->port->now_ms(s->port_arg) < s->hold_until_ms)
		return true;
	s->hold_for = NULL;
	return false;
}

/* ---- self-examination ---- */

struct check {
	struct charges seen;
	unsigned int bad;
	int err;
};

static int count_kid(const struct node *kid, void *arg)
{
	uint32_t *sum = arg;

	sum[0]++;
	sum[1] += kid->name_len + 1u;
	return 0;
}

static int check_node(const struct node *n, const char *path, size_t len,
		      void *arg)
{
	struct check *ck = arg;
	uint32_t sum[2] = { 0, 0 };

	(void)len;
	tree_each_kid(n, count_kid, sum);
	if (sum[0] != n->kid_count || sum[1] != n->kid_bytes) {
		log_err("check: %s counts %u children, has %u", path,
			n->kid_count, sum[0]);
		ck->bad++;
	}
	ck->err = charges_reserve(&ck->seen, 1);
	if (!ck->err)
		charges_add(&ck->seen, n->perms->p[0].domid, 1,
			    (int64_t)tree_node_bytes(n));
	return ck->err;
}

unsigned int store_check(struct store *s)
{
	struct check ck = { 0 };
	char buf[XENSTORE_ABS_PATH_MAX] = "/";
	const struct domain *d;

	tree_walk(s->tree.root, buf, 1, check_node, &ck);
	for (d = s->domains; d && !ck.err; d = d->next) {
		struct charge c = charges_get(&ck.seen, d->domid);

		if (c.nodes == d->nodes)
			continue;
		log_err("check: domain %u is charged %d nodes, owns %d",
			d->domid, d->nodes, c.nodes);
		ck.bad++;
	}
	charges_free(&ck.seen);
	return ck.bad;
}
