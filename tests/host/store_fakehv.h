/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_fakehv.h: a hypervisor made of arrays, for the daemons' I/O.
 *
 * Each domain has one page, which is its store or console ring; foreign maps
 * want frame 1000 + domid.  Binding remote port 99 fails.
 */
#ifndef TESTS_STORE_FAKEHV_H
#define TESTS_STORE_FAKEHV_H

#include <abi/io/console.h>
#include <abi/io/xs_wire.h>
#include <stdbool.h>

#include "lib/hv.h"

#define FAKE_DOMAINS 8

struct fake {
	struct hv hv;
	bool exists[FAKE_DOMAINS];
	uint32_t flags[FAKE_DOMAINS];
	bool no_grant;
	unsigned int maps, ports;	/* held by the daemon */
	unsigned int notified;
	uint32_t next_port;
	uint32_t port_of[FAKE_DOMAINS];
	uint32_t pending[64];
	unsigned int pending_count;
	uint32_t ref;			/* the grant that is offered */
	union {
		struct xenstore_domain_interface ring;
		struct xencons_interface console;
		char bytes[HV_PAGE_SIZE];
	} page[FAKE_DOMAINS];
};

/* @f is all zero; the grant of this number is what domains offer. */
void fake_init(struct fake *f, uint32_t ref);

#endif
