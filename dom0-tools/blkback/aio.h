/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aio.h: transfers by Linux's older asynchronous calls.
 *
 * Some block drivers (brd and others that take whole bios) cannot say that
 * they would have to wait.  io_uring hands every transfer on such a device to
 * a thread of its own, which costs more than the transfer; io_submit() starts
 * it in place.
 */
#ifndef DOM0_BLKBACK_AIO_H
#define DOM0_BLKBACK_AIO_H

#include "blkback/blk.h"

struct loop;
struct aio;

/* Does I/O on @fd need this rather than io_uring? */
bool aio_wanted(int fd, uint32_t unit);

int aio_open(struct loop *l, int fd, struct aio **out);
void aio_close(struct aio *a);

/* Puts a transfer into the next batch; -EAGAIN: full. */
int aio_add(struct aio *a, struct blk_io *io);

/* Submits the batch and hands on what has ended: how many. */
unsigned int aio_turn(struct aio *a);

#endif
