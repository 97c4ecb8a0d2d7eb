/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keep.h: between the device daemon and its keeper.
 *
 * The keeper is the process that was started; the daemon that does the work is
 * its child.  The keeper holds a copy of each device's descriptors and of the
 * little that must be known to go on with it, so that the worker may end at
 * any time, by a crash or to be replaced, and another takes its place.
 *
 * One SEQPACKET socket: the worker sends KEEP_PUT (a whole record, replacing
 * the one with that key) and KEEP_DROP; the keeper sends all records to a new
 * worker and then KEEP_END, and answers each KEEP_DROP with KEEP_DROPPED when
 * it has closed what it had: an image that is said to be released is open
 * nowhere, so its file system may be unmounted.
 */
#ifndef DEVD_KEEP_H
#define DEVD_KEEP_H

#include <stdint.h>

#include "devd/devd.h"

#define KEEP_SOCKET 3
/* Of what follows.  A keeper outlives the installation of another program: a
 * worker that does not know its records must not begin to serve. */
#define KEEP_VERSION 2u
#define KEEP_MAX_FDS (2 + BP_NET_MAX_QUEUES)

enum keep_type { KEEP_PUT = 100, KEEP_DROP, KEEP_END, KEEP_DROPPED };

struct keep_key {
	uint32_t kind, domid, devid;
};

struct keep_end {
	struct bp_head head;
	uint32_t version;
};

struct keep_dropped {
	struct bp_head head;
	struct keep_key key;
};

struct keep_rec {
	struct bp_head head;
	struct keep_key key;
	uint32_t slot, own, linked, established, nr_ports;
	uint32_t port[DEV_MAX_PORTS];
	uint32_t nr_fds;	/* evtchn, journal, then data or taps; or the
				 * pidfd of a disk's script that runs */
	union dev_conn conn;
	union {
		struct {
			uint32_t way, backing, direct, readonly, removable,
				cdrom, discard, shared;
			uint64_t id_dev, id_ino;
			char target[512], format[16], script[256];
			uint32_t script_phase;
			int32_t script_pid;	/* in SCRIPT_RUNS */
			struct bp_ready_blk ready;
		} disk;
		struct {
			uint32_t plugged, script_due;
			struct bp_ready_net ready;
			struct card_config config;
		} card;
	};
};

/*
 * The keeper's whole life: exit code. @argv is the worker's; processes of
 * devices have uids from @uid_base on.
 */
int keeper_main(char **argv, int ready_fd, uint32_t uid_base);

#endif
