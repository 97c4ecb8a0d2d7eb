// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nbd_none.c: what stands for nbd.c in the program that does not speak NBD.
 *
 * libnbd brings some twenty libraries; relocating them is most of what it
 * takes to start a process, and most disks are files or devices.  No state.
 */
#include <errno.h>
#include <unistd.h>

#include "blkback/nbd.h"

int nbd_store_open(struct loop *l, int fd, const char *export, bool discard,
		   void (*gone)(void *, const char *), void *arg,
		   struct blk_store **out, const char **why)
{
	(void)l;
	(void)export;
	(void)discard;
	(void)gone;
	(void)arg;
	close(fd);
	*out = NULL;
	*why = "disks behind NBD servers are parvis-blkback-nbd's";
	return -EOPNOTSUPP;
}

size_t nbd_calls(struct sandbox_call out[NBD_MOST_CALLS])
{
	(void)out;
	return 0;
}
