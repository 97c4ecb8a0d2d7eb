/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h: a disk in a regular file or on a block device, by io_uring.
 */
#ifndef DOM0_BLKBACK_FILE_H
#define DOM0_BLKBACK_FILE_H

#include "blkback/loop.h"

/*
 * Takes over @fd and waits until no other process's I/O on the image is
 * left, as told by a lock at offset @fence (see proto.h).  @give_up is asked
 * now and then while that takes long.  On failure *@why says what failed.
 */
int file_open(struct loop *l, int fd, bool device, bool discard,
	      uint64_t fence, bool (*give_up)(void *), void *arg,
	      struct blk_store **out, const char **why);

#endif
