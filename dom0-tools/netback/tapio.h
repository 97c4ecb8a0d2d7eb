/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tapio.h: writes many packets to a tap with one call.
 *
 * One call for each packet would let the packet's receiver on the host run
 * after each of them, and cost the way into the kernel each time.  Where the
 * kernel has no io_uring, or refuses it, packets are written one by one.
 */
#ifndef DOM0_NETBACK_TAPIO_H
#define DOM0_NETBACK_TAPIO_H

#include <stdbool.h>
#include <sys/uio.h>

#include <liburing.h>

#define TAPIO_MOST 64u

struct tapio {
	struct io_uring ring;
	bool on;		/* the ring is there */
};

struct tapio_packet {
	const struct iovec *iov;
	unsigned int niov;
	bool sent;		/* out */
};

/* Before the process is locked in.  Never fails: see above. */
void tapio_open(struct tapio *t);
void tapio_close(struct tapio *t);

/*
 * Writes @n <= TAPIO_MOST packets to the non-blocking @fd, in order.  All is
 * done when it returns; what would have had to wait is not sent.
 */
void tapio_write(struct tapio *t, int fd, struct tapio_packet *p,
		 unsigned int n);

#endif
