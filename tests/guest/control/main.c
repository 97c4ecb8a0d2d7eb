// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control domain's calls (domctl, sysctl, platform_op, physdev_op,
 * console_io) and the small ones that the other micro-guests do not make:
 * what they answer, and what they refuse to whom.
 */
#include "../lib/mg.h"

#include <abi/callback.h>
#include <abi/domctl.h>
#include <abi/nmi.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sysctl.h>

static long domctl(struct xen_domctl *c)
{
	c->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return HC1(domctl, c);
}

static long sysctl(struct xen_sysctl *c)
{
	c->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return HC1(sysctl, c);
}

TEST(domctl_needs_privilege_and_version)
{
	struct xen_domctl c = { .cmd = XEN_DOMCTL_getdomaininfo };

	if (!is_dom0) {
		CHECK_EQ(domctl(&c), -EPERM);
		return;
	}
	c.interface_version = XEN_DOMCTL_INTERFACE_VERSION + 1;
	CHECK_EQ(HC1(domctl, &c), -EACCES);
	CHECK_EQ(HC1(domctl, HYPERVISOR_VIRT_START + 0x1000), -EFAULT);
}

TEST(domctl_about_ourselves)
{
	struct xen_domctl c = { .cmd = XEN_DOMCTL_getdomaininfo };

	if (!is_dom0)
		SKIP("for the control domain");
	CHECK_EQ(domctl(&c), 0);
	CHECK_EQ(c.u.getdomaininfo.domain, 0);
	CHECK(c.u.getdomaininfo.tot_pages > 0);
	c.cmd = XEN_DOMCTL_pausedomain;
	c.domain = DOMID_SELF;
	CHECK(domctl(&c) < 0);
	c.cmd = XEN_DOMCTL_destroydomain;
	c.domain = 0;
	CHECK(domctl(&c) < 0);
	c.cmd = 10000;
	CHECK(domctl(&c) < 0);
}

TEST(domain_made_and_undone)
{
	struct xen_domctl c = { .cmd = XEN_DOMCTL_createdomain };
	domid_t id;

	if (!is_dom0)
		SKIP("for the control domain");
	c.domain = 0;
	c.u.createdomain.max_vcpus = 0;
	CHECK(domctl(&c) < 0);
	c.u.createdomain.max_vcpus = 2;
	c.u.createdomain.max_evtchn_port = 1023;
	c.u.createdomain.max_grant_frames = 8;
	c.u.createdomain.max_maptrack_frames = 8;
	c.u.createdomain.grant_opts = 1;
	CHECK_EQ(domctl(&c), 0);
	id = c.domain;
	CHECK(id != 0 && id < DOMID_FIRST_RESERVED);
	c = (struct xen_domctl){ .cmd = XEN_DOMCTL_unpausedomain, .domain = id };
	(void)domctl(&c);
	c = (struct xen_domctl){ .cmd = XEN_DOMCTL_destroydomain, .domain = id };
	CHECK_EQ(domctl(&c), 0);
	c = (struct xen_domctl){ .cmd = XEN_DOMCTL_pausedomain, .domain = id };
	CHECK(domctl(&c) < 0);
}

TEST(sysctl_physinfo)
{
	struct xen_sysctl c = { .cmd = XEN_SYSCTL_physinfo };

	if (!is_dom0) {
		CHECK_EQ(sysctl(&c), -EPERM);
		return;
	}
	CHECK_EQ(sysctl(&c), 0);
	CHECK(c.u.physinfo.nr_cpus >= 1);
	CHECK(c.u.physinfo.total_pages > c.u.physinfo.free_pages);
	c.cmd = 10000;
	CHECK(sysctl(&c) < 0);
	c.interface_version = 1;
	CHECK_EQ(HC1(sysctl, &c), -EACCES);
}

TEST(platform_op_refusals)
{
	struct xen_platform_op p = { .cmd = XENPF_getidletime };

	if (!is_dom0) {
		CHECK_EQ(HC1(platform_op, &p), -EPERM);
		return;
	}
	CHECK_EQ(HC1(platform_op, &p), -EACCES);
	p.interface_version = XENPF_INTERFACE_VERSION;
	p.cmd = 10000;
	CHECK_EQ(HC1(platform_op, &p), -ENOSYS);
}

TEST(physdev_refusals)
{
	struct physdev_eoi eoi = { 0xffffffff };
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF, .type = 77, .index = -1, .pirq = -1,
	};
	struct physdev_set_iopl iopl = { 4 };

	CHECK_EQ(HC2(physdev_op, 1000, &eoi), -ENOSYS);
	CHECK_EQ(HC2(physdev_op, PHYSDEVOP_eoi, &eoi), -EINVAL);
	CHECK(HC2(physdev_op, PHYSDEVOP_map_pirq, &map) < 0);
	CHECK_EQ(HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl), -EINVAL);
	iopl.iopl = 1;
	CHECK_EQ(HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl), 0);
}

TEST(console_io_refusals)
{
	CHECK(HC3(console_io, 7, 1, "x") < 0);
	if (is_dom0)
		CHECK_EQ(HC3(console_io, CONSOLEIO_write, 8,
			     HYPERVISOR_VIRT_START + 0x1000), -EFAULT);
}

TEST(callbacks)
{
	struct callback_register r = { .type = CALLBACKTYPE_event };
	struct callback_unregister u = { .type = CALLBACKTYPE_event };

	r.address = (unsigned long)event_stub;
	CHECK_EQ(HC2(callback_op, CALLBACKOP_register, &r), 0);
	CHECK(HC2(callback_op, CALLBACKOP_unregister, &u) < 0);
	r.address = HYPERVISOR_VIRT_START + 0x1000;
	(void)HC2(callback_op, CALLBACKOP_register, &r);
	r.address = (unsigned long)event_stub;
	CHECK_EQ(HC2(callback_op, CALLBACKOP_register, &r), 0);
	r.type = 99;
	CHECK(HC2(callback_op, CALLBACKOP_register, &r) < 0);
	CHECK_EQ(HC2(callback_op, 99, &r), -ENOSYS);
}

TEST(nmi_callback)
{
	struct xennmi_callback n = { .handler_address =
					     (unsigned long)trap_stubs };

	CHECK_EQ(HC2(nmi_op, 99, &n), -ENOSYS);
	CHECK_EQ(HC2(nmi_op, XENNMI_register_callback, &n), 0);
	CHECK_EQ(HC2(nmi_op, XENNMI_unregister_callback, 0), 0);
}

TEST(absent_calls)
{
	static const unsigned int nr[] = {
		__HYPERVISOR_tmem_op, __HYPERVISOR_hvm_op,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
		CHECK(hc(nr[i], 1000, 0, 0, 0, 0) < 0);
}
