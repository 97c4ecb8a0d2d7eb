// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c: struct port_ops over Linux's devices.  No state.
 */
#include "devd/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <abi/core.h>
#include <xen/evtchn.h>

static int call(int fd, unsigned long cmd, void *arg)
{
	int rc = ioctl(fd, cmd, arg);

	return rc < 0 ? -errno : rc;
}

static int linux_open(uint32_t domid)
{
	struct ioctl_evtchn_restrict_domid only = { .domid = (domid_t)domid };
	int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd < 0)
		return -errno;
	/* Not all kernels have it: it is a second line of defence. */
	rc = call(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &only);
	if (rc < 0 && rc != -ENOTTY && rc != -EINVAL) {
		close(fd);
		return rc;
	}
	return fd;
}

static int linux_bind(int fd, uint32_t domid, uint32_t remote)
{
	struct ioctl_evtchn_bind_interdomain bind = {
		.remote_domain = domid,
		.remote_port = remote,
	};

	return call(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

static int linux_unbind(int fd, uint32_t port)
{
	struct ioctl_evtchn_unbind unbind = { .port = port };

	return call(fd, IOCTL_EVTCHN_UNBIND, &unbind);
}

static int linux_open_grants(void)
{
	int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

const struct port_ops ports_linux = {
	.open = linux_open,
	.bind = linux_bind,
	.unbind = linux_unbind,
	.open_grants = linux_open_grants,
};
