/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blk_fake.h: a frontend's memory and events without a hypervisor.
 *
 * "gntdev" is a memfd that the frontend and the backend map: grant reference
 * r is its page r, and page 0 says, one byte for each reference, what is
 * granted.  "evtchn" is one end of a pair of datagram sockets; a datagram is
 * the number of a port.  A frontend that sets FAKE_MASKS in the page of events
 * has them told as /dev/xen/evtchn does at its worst: one port a call, and no
 * port again until it is unmasked; meanwhile the frontend notes what it would
 * send (FAKE_RAISED), and sends it later.  blk_fake_gmap.c has gmap_open() for it, to be linked
 * in the place of gmap_linux.c.
 */
#ifndef TESTS_BLK_FAKE_H
#define TESTS_BLK_FAKE_H

#include <stdint.h>

enum { FAKE_NO_GRANT, FAKE_GRANT_RW, FAKE_GRANT_RO };

#define FAKE_PAGES 4096u	/* references below this may be granted */

/* The page of events: a byte for each port, and one for all. */
#define FAKE_EVENTS (FAKE_PAGES - 1)
#define FAKE_PORTS 4095u
#define FAKE_MASKS FAKE_PORTS

enum { FAKE_MASKED = 1, FAKE_RAISED = 2 };

/* Mappings that gmap_map() made and nobody has undone. */
extern long fake_mapped;

/* Called in each gmap_copy(), where a frontend's processor would run on. */
extern void (*fake_strike)(void);

#endif
