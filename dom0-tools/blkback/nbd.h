/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nbd.h: a disk behind an NBD server, by libnbd, over a connected socket.
 */
#ifndef DOM0_BLKBACK_NBD_H
#define DOM0_BLKBACK_NBD_H

#include "backend/sandbox.h"
#include "blkback/loop.h"

#define NBD_MOST_CALLS 16

/*
 * Takes over @fd and agrees with the server on @export.  When the server goes
 * away later, @gone is called and no I/O in flight is completed: whoever
 * starts this process again finds it in the journal.
 */
int nbd_store_open(struct loop *l, int fd, const char *export, bool discard,
		   void (*gone)(void *, const char *), void *arg,
		   struct blk_store **out, const char **why);

/* The system calls that it takes, besides a disk's: how many. */
size_t nbd_calls(struct sandbox_call out[NBD_MOST_CALLS]);

#endif
