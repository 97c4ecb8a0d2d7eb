/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h: the store in a file, so that a restart of the daemon loses
 * nothing that domains rely on.
 *
 * Kept: all nodes, the special permissions, the domains known and connected,
 * their watches, bytes half received or half sent.  Not kept: connections of
 * local programs, and open transactions (which answer ENOENT afterwards).
 * The format is described in docs/store.md.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

struct store;

/* Writes the file beside its name and renames it, so that there is always a
 * whole one.  0 or -errno. */
int state_save(struct store *s, const char *path);
/*
 * Fills a fresh store.  -ENOENT if there is no file, -EBADMSG if it is not a
 * whole state, -errno.  A domain that cannot be connected any more is left
 * out, with a line in the log.
 */
int state_load(struct store *s, const char *path);

#endif
