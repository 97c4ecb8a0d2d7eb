/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perm.h: who may do what to a node.
 *
 * The first entry names the owner, and what everybody not named may do.
 * Clients in the control domain may do everything, and so may the owner, and
 * a domain whose target is the owner.  Each entry remembers the generation at
 * which it was given: it is void for a domain younger than that, so rights
 * end with the domain they were given to, even if its id is used again.
 */
#ifndef STORE_PERM_H
#define STORE_PERM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/xs_proto.h"
#include "store/tree.h"

struct client;
struct store;
struct strbuf;

#define PERM_ALL (XS_PERM_R | XS_PERM_W | XS_PERM_O)

bool client_is_privileged(const struct client *c);

/* What @c may do: bits of XS_PERM_*. */
uint32_t perm_for(const struct client *c, const struct perms *perms);

/* Whether the owner named is the domain that now has this id. */
bool perm_owner_lives(const struct store *s, const struct perms *perms);

/*
 * Makes permissions from their text form.  -ENOENT if the owner is a domain
 * that does not exist, -EINVAL, -ENOMEM.
 */
int perm_parse(struct store *s, const char *const *text, uint32_t count,
	       struct perms **out);
/* The NUL-terminated text forms, one behind the other. */
void perm_format(const struct perms *perms, struct strbuf *out);

/* The permissions of a node that @c creates below one with @parent's.  A
 * reference of the caller's; NULL without memory. */
struct perms *perm_inherit(const struct client *c, struct perms *parent);

#endif
