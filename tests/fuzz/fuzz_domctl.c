// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random domctls, sysctls and platform_ops from the control domain on the fake
 * machine: structures of noise with a few fields that make sense, and failing
 * allocations in between.  After each call the machine must be consistent, and
 * at the end, with all domains destroyed, no frame may be missing.
 * Arguments: rounds, seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <abi/domctl.h>
#include <abi/platform.h>
#include <abi/sysctl.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/vcpu_hw.h>
#include "port_fake.h"

#define DOMAINS_MAX 4 /* alive at the same time */
#define CONTEXT_AT 0x8000 /* in fake_buf */

static struct vcpu *caller;
static uint64_t s;

static uint64_t next(void)
{
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

static uint64_t value(void)
{
	static const uint64_t often[] = {
		0, 1, 2, 3, 8, 64, 512, 4096, 0x7ff0, 0xffff, 0xffffffff,
		FAKE_BUF, FAKE_BUF + 0x1000, FAKE_BUF + FAKE_BUF_SIZE - 4,
		~0UL, 1UL << 63, 0xffff830000000000,
	};

	return next() % 4 ? often[next() % ARRAY_SIZE(often)] : next();
}

static void noise(void *p, size_t len)
{
	for (size_t at = 0; at + 4 <= len; at += 4) {
		uint32_t v = (uint32_t)value();

		memcpy((char *)p + at, &v, 4);
	}
	/* Words of 8 bytes in the places where handles are. */
	for (size_t at = 0; at + 8 <= len; at += 8)
		if (next() % 3 == 0) {
			uint64_t v = value();

			memcpy((char *)p + at, &v, 8);
		}
}

static unsigned int domains(void)
{
	unsigned int n = 0;
	struct domain *d;

	for (uint16_t from = 1; (d = domain_get_next(from)); n++) {
		from = d->id + 1;
		domain_put(d);
	}
	return n;
}

static long call(uint64_t nr, const void *arg, size_t len)
{
	const char *wrong;
	long rc;

	memcpy(fake_buf, arg, len);
	rc = fake_hypercall(caller, nr, FAKE_BUF, 0, 0, 0);
	fake_fail_alloc(0);
	fake_settle();
	wrong = fake_check();
	if (wrong) {
		printf("call %lu: %s\n", (unsigned long)nr, wrong);
		abort();
	}
	return rc;
}

static uint16_t some_domain(void)
{
	struct domain *d = domain_get_next((uint16_t)(next() % 0x7ff0));
	uint16_t id;

	if (!d || d->id == 0) {
		if (d)
			domain_put(d);
		d = domain_get_next(1);
	}
	if (!d)
		return (uint16_t)value();
	id = d->id;
	domain_put(d);
	return id;
}

/* A context at FAKE_BUF + CONTEXT_AT that may well be accepted. */
static void make_context(uint16_t id)
{
	struct vcpu_guest_context *c = (void *)(fake_buf + CONTEXT_AT);
	struct domain *d = domain_get(id);
	mfn_t m = MFN_NONE;

	memset(c, 0, sizeof(*c));
	if (!d)
		return;
	if (next() % 8 && d->id && !d->is_special)
		(void)domain_alloc_frames(d, 0, 0, &m);
	c->flags = VGCF_in_kernel | (next() % 16);
	c->user_regs.rip = value();
	c->user_regs.rflags = next();
	c->ctrlreg[3] = mfn_to_paddr(m);
	c->ctrlreg[1] = next() % 4 ? 0 : mfn_to_paddr(m);
	c->ldt_ents = next() % 4 ? 0 : value();
	c->gdt_ents = next() % 4 ? 0 : value();
	c->gdt_frames[0] = mfn_x(m);
	c->debugreg[next() % 8] = value();
	c->trap_ctxt[next() % 256].address = value();
	domain_put(d);
}

/* Without these little else can be done. */
static uint32_t some_command(void)
{
	static const uint8_t often[] = {
		XEN_DOMCTL_createdomain, XEN_DOMCTL_max_vcpus,
		XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext,
		XEN_DOMCTL_unpausedomain, XEN_DOMCTL_resumedomain,
	};

	return next() % 4 ? next() % 90 : often[next() % ARRAY_SIZE(often)];
}

static void domctl(void)
{
	struct xen_domctl op;

	noise(&op, sizeof(op));
	op.cmd = some_command();
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = some_domain();
	if (op.cmd == XEN_DOMCTL_createdomain) {
		if (domains() >= DOMAINS_MAX)
			op.cmd = XEN_DOMCTL_destroydomain;
		else if (next() % 8)
			op.u.createdomain = (struct xen_domctl_createdomain){
				.max_vcpus = 1 + next() % 4,
				.max_evtchn_port = 1023,
				.max_grant_frames = 2,
				.max_maptrack_frames = 2,
				.grant_opts = 1 + next() % 2,
			};
	}
	if (op.cmd == XEN_DOMCTL_max_vcpus && next() % 2)
		op.u.max_vcpus.max = 1 + next() % 4;
	/* vCPU numbers are the first word of many. */
	if (next() % 2)
		*(uint32_t *)&op.u = next() % 3;
	if (op.cmd == XEN_DOMCTL_setvcpucontext && next() % 8) {
		make_context(op.domain);
		op.u.vcpucontext.ctxt.addr = FAKE_BUF + CONTEXT_AT;
	}
	if (op.cmd == XEN_DOMCTL_setvcpuaffinity && next() % 4)
		op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){
			.vcpu = next() % 3, .flags = 1 + next() % 3,
			.cpumap_hard = { { .addr = FAKE_BUF + CONTEXT_AT }, 64 },
			.cpumap_soft = { { .addr = FAKE_BUF + CONTEXT_AT }, 64 },
		};
	if (op.cmd == XEN_DOMCTL_scheduler_op && next() % 4)
		op.u.scheduler_op = (struct xen_domctl_scheduler_op){
			.sched_id = XEN_SCHEDULER_CREDIT2, .cmd = next() % 3,
			.u.credit2 = { .weight = (uint16_t)value() },
		};
	if (next() % 8 == 0)
		fake_fail_alloc(1 + next() % 20);
	call(__HYPERVISOR_domctl, &op, sizeof(op));
}

static void sysctl(void)
{
	struct xen_sysctl op;

	noise(&op, sizeof(op));
	op.cmd = next() % 32;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	if (op.cmd == XEN_SYSCTL_debug_keys) {
		op.u.debug_keys.nr_keys = 1;
		op.u.debug_keys.keys.addr = FAKE_BUF + CONTEXT_AT;
		fake_buf[CONTEXT_AT] = (uint8_t)(' ' + next() % 95);
		if (fake_buf[CONTEXT_AT] == 'R') /* restarts the host */
			fake_buf[CONTEXT_AT] = 'h';
	}
	call(__HYPERVISOR_sysctl, &op, sizeof(op));
}

static void platform_op(void)
{
	struct xen_platform_op op;

	noise(&op, sizeof(op));
	op.cmd = next() % 70;
	op.interface_version = XENPF_INTERFACE_VERSION;
	call(__HYPERVISOR_platform_op, &op, sizeof(op));
}

static void destroy_all(void)
{
	struct domain *d;

	while ((d = domain_get_next(1)) != NULL) {
		struct xen_domctl op = {
			.cmd = XEN_DOMCTL_destroydomain,
			.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
			.domain = d->id,
		};

		domain_put(d);
		if (d->is_special)
			return;
		if (call(__HYPERVISOR_domctl, &op, sizeof(op)))
			abort();
	}
}

/* The table of ids grows by 512 at a time: let it grow now. */
static void grow_ids(void)
{
	for (uint32_t id = 1; id < DOMAIN_ID_LIMIT; id += 512) {
		struct xen_domctl op = {
			.cmd = XEN_DOMCTL_createdomain,
			.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
			.domain = (domid_t)id,
			.u.createdomain = { .max_vcpus = 1, .grant_opts = 1,
					   .max_grant_frames = 2,
					   .max_maptrack_frames = 2 },
		};

		if (call(__HYPERVISOR_domctl, &op, sizeof(op)))
			abort();
		destroy_all();
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	uint64_t free_before = 0;
	long lost;

	s = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	s = s * 0x9e3779b97f4a7c15UL | 1;
	fake_start(2);
	caller = fake_domain(0, 1)->vcpus[0];
	fake_settle();
	grow_ids();
	for (unsigned long n = 0; n < rounds; n++) {
		/* After a while all tables that grow by need have grown. */
		if (n == rounds / 2) {
			destroy_all();
			free_before = buddy_free_count();
		}
		switch (next() % 8) {
		case 0:
			sysctl();
			break;
		case 1:
			platform_op();
			break;
		default:
			domctl();
		}
	}
	destroy_all();
	lost = (long)(free_before - buddy_free_count());
	printf("fuzz_domctl: %lu rounds, %ld frames lost\n", rounds, lost);
	vcpu_hw_free(caller);
	return lost > 0;
}
