// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * confine.c: the system calls of a block backend, and those of its way to an
 * NBD server only where it has one.  No state.
 */
#include "confine.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <seccomp.h>
#include <string.h>

#include <abi/grant.h>
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#include "backend/sandbox.h"
#include "blkback/nbd.h"
#include "lib/log.h"

#define WORKERS 64		/* io_uring's threads */

static const struct sandbox_call calls[] = {
	SANDBOX_ANY(io_uring_enter),
	SANDBOX_ANY(io_uring_register),	/* a ring that is restricted */
	SANDBOX_ANY(pread64),
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL },
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_OFD_SETLK },
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_OFD_GETLK },
	SANDBOX_IOCTL(IOCTL_GNTDEV_MAP_GRANT_REF),
	SANDBOX_IOCTL(IOCTL_GNTDEV_UNMAP_GRANT_REF),
	SANDBOX_IOCTL(IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR),
	SANDBOX_IOCTL(IOCTL_GNTDEV_GRANT_COPY),
	SANDBOX_IOCTL(IOCTL_EVTCHN_NOTIFY),
	SANDBOX_IOCTL(BLKGETSIZE64),
	SANDBOX_IOCTL(BLKSSZGET),
	SANDBOX_IOCTL(BLKPBSZGET),
	SANDBOX_IOCTL(BLKROGET),
	SANDBOX_IOCTL(BLKDISCARD),
	SANDBOX_IOCTL(BLKSECDISCARD),
};

#define NR_CALLS (sizeof(calls) / sizeof(calls[0]))

int blk_confine(long uid, int ring)
{
	struct sandbox_call all[NR_CALLS + NBD_MOST_CALLS];
	struct sandbox s = {
		.uid = uid,
		.keep_fds = &ring,
		.nr_keep = 1,
		.calls = all,
		.nr_calls = NR_CALLS,
		.threads = WORKERS,
	};
	const char *step = "";
	int rc;

	memcpy(all, calls, sizeof(calls));
	s.nr_calls += nbd_calls(all + NR_CALLS);
	rc = sandbox_enter(&s, &step);
	if (rc)
		log_err("cannot %s: %s", step, strerror(-rc));
	return rc;
}
