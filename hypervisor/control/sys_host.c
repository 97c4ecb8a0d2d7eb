/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctls about the machine: CPUs, memory, topology, the log.  One node, and
 * all CPUs are on line.  No state.
 */
#include <boot/boot.h>
#include <control/control.h>
#include <domain/cpupolicy.h>
#include <irq/irq.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/guest.h>
#include <port/hooks.h>
#include <port/time.h>
#include <sched/sched.h>
#include <x86/x86.h>

#define LOG_CHUNK 512U
#define KEYS_MAX 32U

/* Copy the console ring out through a small buffer. */
long sys_readconsole(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *r = &op->u.readconsole;
	uint32_t done = 0, index = r->incremental ? r->index : 0;
	char buf[LOG_CHUNK];

	while (done < r->count) {
		uint32_t n = 0;
		int rc = console_read_log(buf, MIN(r->count - done, LOG_CHUNK),
					  false, &index, &n);

		if (rc)
			return rc;
		if (n == 0)
			break;
		if (guest_write(v, r->buffer.addr + done, buf, n))
			return -EFAULT;
		done += n;
		index += n;
	}
	if (r->clear) {
		uint32_t n = 0, end = index;

		(void)console_read_log(buf, 0, true, &end, &n);
	}
	r->index = index;
	r->count = done;
	return 0;
}

static void count_topology(uint32_t *threads, uint32_t *cores)
{
	const struct cpu_ident *first = cpu_ident(0);
	uint32_t in_core = 0, in_socket = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		const struct cpu_ident *c = cpu_ident(cpu);

		if (c->socket_id != first->socket_id)
			continue;
		in_socket++;
		in_core += c->core_id == first->core_id;
	}
	*threads = MAX(in_core, 1U);
	*cores = MAX(in_socket / *threads, 1U);
}

static int fill_hw_cap(uint32_t cap[8])
{
	struct cpu_policy *p = heap_alloc(sizeof(*p));
	uint32_t words[CPU_FEATURE_WORDS];

	if (!p)
		return -ENOMEM;
	cpu_policy_system(CPU_POLICY_HOST, p);
	cpu_policy_features(p, words);
	heap_free(p);
	for (unsigned int k = 0; k < 8; k++)
		cap[k] = words[k];
	return 0;
}

long sys_physinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;

	(void)v;
	memset(p, 0, sizeof(*p));
	count_topology(&p->threads_per_core, &p->cores_per_socket);
	p->nr_cpus = cpu_count();
	p->max_cpu_id = cpu_count() - 1;
	p->nr_nodes = 1;
	p->cpu_khz = (uint32_t)time_scale()->khz;
	p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 |
			  XEN_SYSCTL_PHYSCAP_gnttab_v2;
	p->total_pages = buddy_total();
	p->free_pages = buddy_free_count();
	p->outstanding_pages = buddy_claimed();
	p->max_mfn = frame_limit() - 1;
	return fill_hw_cap(p->hw_cap);
}

long sys_cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
	uint32_t n = MIN(t->num_cpus, cpu_count());

	if (!t->cputopo.addr) {
		t->num_cpus = cpu_count();
		return 0;
	}
	for (uint32_t cpu = 0; cpu < n; cpu++) {
		const struct cpu_ident *c = cpu_ident(cpu);
		struct xen_sysctl_cputopo out = {
			.core = c->core_id, .socket = c->socket_id,
		};

		if (guest_write(v, t->cputopo.addr + cpu * sizeof(out), &out,
				sizeof(out)))
			return -EFAULT;
	}
	t->num_cpus = n;
	return 0;
}

long sys_numainfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	struct xen_sysctl_meminfo mem = {
		.memsize = buddy_total() << PAGE_SHIFT,
		.memfree = buddy_free_count() << PAGE_SHIFT,
	};
	uint32_t near = 10, room = n->num_nodes;

	n->num_nodes = 1;
	if (!n->meminfo.addr && !n->distance.addr)
		return 0;
	if (room == 0)
		return -ENOBUFS;
	if (n->meminfo.addr &&
	    guest_write(v, n->meminfo.addr, &mem, sizeof(mem)))
		return -EFAULT;
	if (n->distance.addr &&
	    guest_write(v, n->distance.addr, &near, sizeof(near)))
		return -EFAULT;
	return 0;
}

/* Nodes of PCI devices: there is one node, so only their number is checked. */
long sys_pcitopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;

	if (!t->devs.addr || !t->nodes.addr)
		return -EINVAL;
	if (t->num_devs > 65536)
		return -E2BIG;
	return guest_clear(v, t->nodes.addr, t->num_devs * sizeof(uint32_t));
}

long sys_getcpuinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
	uint32_t n = MIN(g->max_cpus, cpu_count());

	for (uint32_t cpu = 0; cpu < n; cpu++) {
		struct xen_sysctl_cpuinfo c = { sched_idle_time(cpu) };

		if (guest_write(v, g->info.addr + cpu * sizeof(c), &c,
				sizeof(c)))
			return -EFAULT;
	}
	g->nr_cpus = n;
	return 0;
}

long sys_availheap(struct vcpu *v, struct xen_sysctl *op)
{
	(void)v;
	if (op->u.availheap.node > 0)
		return -EINVAL;
	op->u.availheap.avail_bytes = buddy_free_count() << PAGE_SHIFT;
	return 0;
}

/* Counters are read in another way; this build has none in Xen's form. */
long sys_perfc_op(struct vcpu *v, struct xen_sysctl *op)
{
	(void)v, (void)op;
	return -ENOSYS;
}

long sys_debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
	char buf[KEYS_MAX];
	uint32_t n = MIN(op->u.debug_keys.nr_keys, KEYS_MAX);

	if (guest_read(v, buf, op->u.debug_keys.keys.addr, n))
		return -EFAULT;
	for (uint32_t k = 0; k < n; k++)
		debug_key(buf[k]);
	return 0;
}
