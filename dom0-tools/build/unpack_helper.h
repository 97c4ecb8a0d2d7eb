/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack_helper.h: unpacking a kernel in a process of its own.
 *
 * A packed kernel is hostile input and takes seconds to unpack, so neither
 * belongs into a daemon that others wait for and that may do anything.  The
 * helper is a fork that gives up every right but to write into the files that
 * it was given; what it leaves there is as little to be trusted as the kernel.
 */
#ifndef DOM0_BUILD_UNPACK_HELPER_H
#define DOM0_BUILD_UNPACK_HELPER_H

#include <sys/types.h>

#include "unpack.h"

#define UNPACK_FILES 2

struct unpack_helper {
	pid_t pid;
	int pidfd;	/* readable once the helper has ended */
	int result;	/* what it has to say */
};

/* What the helper says about the kernel that it wrote. */
struct unpacked {
	uint32_t file;	/* which of the files has it */
	uint64_t len;
	uint64_t sum;	/* kernel_checksum() */
};

/*
 * Starts one for @in, which may be packed several times over.  It writes the
 * kernel at @offset of the first of @files (-1: none) that takes it, without
 * what is zeros.  0 or -errno with the reason.
 */
int unpack_helper_start(struct unpack_helper *h, const struct packed *in,
			const int files[UNPACK_FILES], size_t offset,
			struct fail *fail);
/*
 * Waits for the helper's end and takes its result: 0, or -errno with the
 * reason, be it the kernel's or the helper's.  @out is checked to name one of
 * the files and at most UNPACK_MAX bytes, no more.
 */
int unpack_helper_finish(struct unpack_helper *h, struct unpacked *out,
			 struct fail *fail);

#endif
