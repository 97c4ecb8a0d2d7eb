// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap.c: tap interfaces, whose queues are descriptors.
 *
 * State: none here; an interface lives as long as its descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <netlink/route/qdisc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hostnet/inner.h"

#define TUN_DEVICE "/dev/net/tun"
#define TAP_FLAGS (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE)

/* Opens one queue of the tap @name; @extra: more flags for TUNSETIFF. */
static int open_queue(const char *name, int extra)
{
	struct ifreq req = { .ifr_flags = (short)(TAP_FLAGS | extra) };
	int fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	memcpy(req.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (!ioctl(fd, TUNSETIFF, &req))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/*
 * Makes packets go to the tap directly.  It takes or drops each at once, so a
 * queue before it never holds any; but the kernel would make one for each of
 * the 256 queues that a tap may have, 6 MB of memory.  A kernel that refuses
 * does with that.
 */
static void without_queues(struct hostnet *hn, const char *name)
{
	struct rtnl_qdisc *q = rtnl_qdisc_alloc();
	int index = hn_ifindex(hn, name);

	if (q && index > 0) {
		rtnl_tc_set_ifindex(TC_CAST(q), index);
		rtnl_tc_set_parent(TC_CAST(q), TC_H_ROOT);
		rtnl_tc_set_kind(TC_CAST(q), "noqueue");
		rtnl_qdisc_add(hn->nl, q, NLM_F_CREATE | NLM_F_REPLACE);
	}
	rtnl_qdisc_put(q);
}

static int say_open(struct fail *fail, const char *name, int rc)
{
	switch (rc) {
	case -ENOENT:
	case -ENODEV:
		return fail_set(fail, rc, "%s does not work here; load the "
				"kernel's module: modprobe tun", TUN_DEVICE);
	case -EBUSY:
	case -EEXIST:
		return fail_set(fail, -EEXIST, "an interface %s exists already;"
				" remove it or choose another vifname", name);
	default:
		return fail_errno(fail, rc, "creating tap interface %s", name);
	}
}

int hostnet_tap_create(struct hostnet *hn, const char *name,
		       unsigned int queues, int *fds, struct fail *fail)
{
	unsigned int made;
	int rc = 0;

	if (!queues || queues > HOSTNET_MAX_QUEUES)
		return fail_set(fail, -EINVAL, "%u queues for %s: 1 to %d are "
				"possible", queues, name, HOSTNET_MAX_QUEUES);
	if (hostnet_link_exists(hn, name))
		return say_open(fail, name, -EEXIST);
	for (made = 0; made < queues; made++) {
		fds[made] = open_queue(name, 0);
		if (fds[made] < 0) {
			rc = say_open(fail, name, fds[made]);
			break;
		}
	}
	if (!rc)
		rc = hostnet_tap_offload(fds[0], TUN_F_CSUM | TUN_F_TSO4 |
					 TUN_F_TSO6, fail);
	for (unsigned int i = 0; i < made && !rc; i++)
		rc = hostnet_tap_queue(fds[i], false, fail);
	if (!rc) {
		without_queues(hn, name);
		return 0;
	}
	while (made--)
		close(fds[made]);
	return rc;
}

int hostnet_tap_queue(int fd, bool on, struct fail *fail)
{
	struct ifreq req = {
		.ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE,
	};

	/* The kernel's word for "it is so already" is EINVAL. */
	if (!ioctl(fd, TUNSETQUEUE, &req) || errno == EINVAL)
		return 0;
	return fail_errno(fail, -errno, "switching a tap's queue %s",
			  on ? "on" : "off");
}

int hostnet_tap_offload(int fd, unsigned int tun_f, struct fail *fail)
{
	if (!ioctl(fd, TUNSETOFFLOAD, (unsigned long)tun_f))
		return 0;
	return fail_errno(fail, -errno, "setting a tap's offloads to 0x%x",
			  tun_f);
}

int hostnet_tap_delete(struct hostnet *hn, const char *name,
		       struct fail *fail)
{
	struct rtnl_link *link = hn_link_get(hn, name);
	const char *type = link ? rtnl_link_get_type(link) : NULL;
	bool tap = type && !strcmp(type, "tun");

	if (!link)
		return 0;
	rtnl_link_put(link);
	if (!tap)
		return fail_set(fail, -EINVAL, "%s is no tap interface", name);
	return hn_link_delete(hn, name, fail);
}
