// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_ports.c: the device daemon's ports without a hypervisor: numbers that
 * count up.  A frontend's port 666 cannot be bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devd/ports.h"

static int next_port = 100;

static int fake_open(uint32_t domid)
{
	(void)domid;
	return memfd_create("evtchn", MFD_CLOEXEC);
}

static int fake_bind(int fd, uint32_t domid, uint32_t remote)
{
	(void)fd;
	(void)domid;
	return remote == 666 ? -EINVAL : next_port++;
}

static int fake_unbind(int fd, uint32_t port)
{
	(void)fd;
	(void)port;
	return 0;
}

static int fake_open_grants(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

const struct port_ops ports_linux = {
	.open = fake_open,
	.bind = fake_bind,
	.unbind = fake_unbind,
	.open_grants = fake_open_grants,
};
