/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.h: the rights that a block backend keeps.
 */
#ifndef DOM0_BLKBACK_CONFINE_H
#define DOM0_BLKBACK_CONFINE_H

/*
 * Gives up all others; @ring is the io_uring's descriptor.  0, or -errno, and
 * the reason is in the log.
 */
int blk_confine(long uid, int ring);

#endif
