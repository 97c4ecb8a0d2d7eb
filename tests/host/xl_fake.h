/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl_fake.h: a hypervisor and a store that exist only for a test, and count.
 *
 * Both count every operation that could fail; operation number `fail_at`
 * (from 1; 0 for none) does.  The two counts are one sequence.
 */
#ifndef HOST_XL_FAKE_H
#define HOST_XL_FAKE_H

#include <stdint.h>

#include "lib/hv.h"
#include "lib/xs_client.h"

#define FAKE_FRAMES 32768u

/* How the device daemon of the fake store behaves. */
enum fake_devd {
	DEVD_WORKS,
	DEVD_REFUSES,			/* with a reason */
	DEVD_SILENT,			/* as if there were none */
	DEVD_KEEPS,			/* brings up, but does not let go */
	DEVD_HASTY,			/* its guests close at once */
};

struct fake_counts {
	unsigned int ops;		/* that could have failed */
	unsigned int fail_at;
	unsigned int domains, frames, maps, buffers, ports;	/* now */
	unsigned int nodes, introduced, released;	/* in the store */
	unsigned int running;		/* domains not paused */
	unsigned int pinned, vcpus_set;
	unsigned int zeroes;		/* as ours, it gives memory zeroed */
	unsigned int cleared;		/* pages, by hypercall */
	unsigned int undying;		/* no domain can be destroyed */
	enum fake_devd devd;
	unsigned int devices;		/* that it has set up and not let go */
	unsigned int let_go;		/* that it was told to, in all */
	unsigned int watches;
	unsigned int reads_consoles;	/* a console daemon is there */
};

/* Shared by both fakes; one test at a time. */
extern struct fake_counts *fake;

/* Counts one operation; true if it is the one to fail. */
int fake_fails(void);

struct hv *fake_hv_open(void);
/* What the domain's frame holds; frame numbers are machine frames. */
const void *fake_frame(uint64_t frame);
/* The registers that the domain was given, or NULL. */
const struct vcpu_guest_context *fake_vcpu(void);
/* Ends the domain: it has shut down for @reason. */
void fake_shutdown(uint32_t domid, unsigned int reason);
/* The domain of this number is another one from now on. */
void fake_replace(uint32_t domid);

/* A client of a store, and a device daemon, that a child process serves. */
struct xsc *fake_store_open(void);
void fake_store_close(struct xsc *xs);

#endif
