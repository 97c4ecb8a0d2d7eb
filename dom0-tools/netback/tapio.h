/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tapio.h: writes many packets to a tap with one call, and reads many.
 *
 * One call for each packet would let the packet's receiver on the host run
 * after each of them, and cost the way into the kernel each time.  Where the
 * kernel has no io_uring, or refuses it, packets go one by one.
 */
#ifndef DOM0_NETBACK_TAPIO_H
#define DOM0_NETBACK_TAPIO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <liburing.h>

#define TAPIO_MOST 64u

struct tapio_done {
	uint32_t at;		/* which of the call's packets */
	int32_t len;		/* or -errno */
};

struct tapio {
	struct io_uring ring;
	bool on;		/* the ring is there */
	unsigned int count;	/* of done[], in the order of their ends */
	struct tapio_done done[TAPIO_MOST];
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

/*
 * Reads up to @n <= TAPIO_MOST packets from the non-blocking @fd, each into
 * @room bytes of its own, @stride apart from @base on.  How many there were:
 * t->done[] says where they are and how long, in the tap's order.  With
 * @at_once it is one call, which is dear if there are much fewer than @n.
 */
unsigned int tapio_read(struct tapio *t, int fd, uint8_t *base, size_t stride,
			size_t room, unsigned int n, bool at_once);

#endif
