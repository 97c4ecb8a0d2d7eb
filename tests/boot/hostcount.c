// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostcount: what a host has in use, exactly, for tests of leaks.
 *
 * Runs in the control domain and prints one line of NAME=VALUE words: the free
 * pages of the host, the control domain's open event channels, its grant table
 * frames, its pages, and the number of domains.  Asks the hypervisor directly, so that it
 * does not depend on the tools under test.  Structures are those of libxen-dev:
 * a second opinion on the layout of what we answer.  Keeps no state.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/sysctl.h>
#include <xen/domctl.h>

struct privcmd_call {
	uint64_t op;
	uint64_t arg[5];
};

#define PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_call))
#define PORTS_MAX 131072
#define PORTS_CLOSED_END 4096

static int privcmd;

static long hypercall(uint64_t op, uint64_t a, uint64_t b, uint64_t c)
{
	struct privcmd_call call = { .op = op, .arg = { a, b, c } };
	int rc = ioctl(privcmd, PRIVCMD_HYPERCALL, &call);

	return rc < 0 ? -errno : rc;
}

static int count_pages(void)
{
	static struct xen_sysctl op;

	op.cmd = XEN_SYSCTL_physinfo;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	if (hypercall(__HYPERVISOR_sysctl, (uintptr_t)&op, 0, 0) < 0) {
		perror("sysctl physinfo");
		return -1;
	}
	printf("pages=%llu claims=%llu scrub=%llu",
	       (unsigned long long)op.u.physinfo.free_pages,
	       (unsigned long long)op.u.physinfo.outstanding_pages,
	       (unsigned long long)op.u.physinfo.scrub_pages);
	return 0;
}

/* Ports past the end of the table answer an error: many of them end it. */
static void count_ports(void)
{
	static struct evtchn_status st;
	int open = 0, unused = 0;
	uint32_t port;

	for (port = 1; port < PORTS_MAX && unused < PORTS_CLOSED_END; port++) {
		st.dom = DOMID_SELF;
		st.port = port;
		if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_status,
			      (uintptr_t)&st, 0) < 0)
			break;
		if (st.status == EVTCHNSTAT_closed) {
			unused++;
			continue;
		}
		unused = 0;
		open++;
	}
	printf(" ports=%d", open);
}

static int count_grant_frames(void)
{
	static struct gnttab_query_size q;

	q.dom = DOMID_SELF;
	if (hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size,
		      (uintptr_t)&q, 1) < 0) {
		perror("grant table size");
		return -1;
	}
	printf(" grant_frames=%u", q.nr_frames);
	return 0;
}

static int count_domains(void)
{
	static struct xen_sysctl op;
	static struct xen_domctl_getdomaininfo info[1024];

	op.cmd = XEN_SYSCTL_getdomaininfolist;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	op.u.getdomaininfolist.max_domains = 1024;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, info);
	if (hypercall(__HYPERVISOR_sysctl, (uintptr_t)&op, 0, 0) < 0) {
		perror("sysctl getdomaininfolist");
		return -1;
	}
	printf(" domains=%u dom0_pages=%llu",
	       op.u.getdomaininfolist.num_domains,
	       (unsigned long long)info[0].tot_pages);
	return 0;
}

int main(void)
{
	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0) {
		perror("/dev/xen/privcmd");
		return 1;
	}
	/* The hypervisor reads our memory directly: it must be present. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE)) {
		perror("mlockall");
		return 1;
	}
	if (count_pages())
		return 1;
	count_ports();
	if (count_grant_frames() || count_domains())
		return 1;
	printf("\n");
	return 0;
}
