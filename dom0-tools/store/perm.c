/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perm.c: the rules of access.  Owns no state.
 *
 * A domain's record carries `born`, the generation at which the store first
 * heard of it.  An entry whose `gen` is smaller was made for an earlier domain
 * of the same id (or for none) and gives nothing.
 */
#include "store/perm.h"

#include <errno.h>

#include "lib/strbuf.h"
#include "store/client.h"
#include "store/store.h"

bool client_is_privileged(const struct client *c)
{
	return c->domid == 0;
}

/* Whether @p was given to the domain that now has the id @domid. */
static bool entry_names(const struct store *s, const struct perm *p,
			uint32_t domid)
{
	const struct domain *d;

	if (p->domid != domid)
		return false;
	d = store_domain((struct store *)s, domid);
	return d && p->gen >= d->born;
}

bool perm_owner_lives(const struct store *s, const struct perms *perms)
{
	return entry_names(s, &perms->p[0], perms->p[0].domid);
}

static bool entry_is_for(const struct client *c, const struct perm *p)
{
	return entry_names(c->store, p, c->domid) ||
	       (c->target && entry_names(c->store, p, c->target));
}

uint32_t perm_for(const struct client *c, const struct perms *perms)
{
	uint32_t i;

	if (client_is_privileged(c) || entry_is_for(c, &perms->p[0]))
		return PERM_ALL;
	for (i = 1; i < perms->count; i++)
		if (entry_is_for(c, &perms->p[i]))
			return perms->p[i].bits;
	return perms->p[0].bits;
}

int perm_parse(struct store *s, const char *const *text, uint32_t count,
	       struct perms **out)
{
	struct perms *perms;
	struct perm p[64];
	struct xs_perm xp;
	uint32_t i;

	if (!count || count > 64)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (xs_perm_parse(text[i], &xp))
			return -EINVAL;
		p[i] = (struct perm){ .domid = xp.domid, .bits = xp.bits };
		/* Known from now on, if it exists: the right is its own. */
		if (!store_know_domain(s, xp.domid) && i == 0)
			return -ENOENT;
	}
	for (i = 0; i < count; i++)
		p[i].gen = s->gen;
	perms = perms_new(p, count);
	if (!perms)
		return -ENOMEM;
	*out = perms;
	return 0;
}

void perm_format(const struct perms *perms, struct strbuf *out)
{
	char text[XS_PERM_TEXT];
	uint32_t i;

	for (i = 0; i < perms->count; i++) {
		struct xs_perm p = { perms->p[i].domid, perms->p[i].bits };

		xs_perm_format(&p, text);
		strbuf_addz(out, text);
	}
}

struct perms *perm_inherit(const struct client *c, struct perms *parent)
{
	struct perms *perms;

	if (client_is_privileged(c) || entry_names(c->store, &parent->p[0],
						   c->domid))
		return perms_get(parent);
	perms = perms_new(parent->p, parent->count);
	if (!perms)
		return NULL;
	perms->p[0].domid = c->domid;
	perms->p[0].gen = c->store->gen;
	return perms;
}
