/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * platform_op: what the control domain's kernel asks of the machine.  Only the
 * control domain gets here (dispatch checks that).
 *
 * State: none of its own; the wall clock is sched/clock.c's.
 */
#include <abi/platform.h>
#include <boot/boot.h>
#include <control/bitmap_copy.h>
#include <control/platform.h>
#include <hypercall/hypercall.h>
#include <lib/str.h>
#include <port/guest.h>
#include <port/log.h>
#include <port/time.h>
#include <sched/clock.h>
#include <sched/sched.h>
#include <x86/x86.h>

typedef long platform_fn(struct vcpu *v, struct xen_platform_op *op);

static long set_clock(uint64_t sec, uint32_t nsec, uint64_t at)
{
	struct domain *d;
	uint16_t from = 0;

	if (nsec >= 1000000000U || sec > (1UL << 33))
		return -EINVAL;
	wallclock_set(sec, nsec, at);
	while ((d = domain_get_next(from)) != NULL) {
		from = d->id + 1;
		domain_wallclock_publish(d);
		domain_put(d);
	}
	return 0;
}

static long pf_settime32(struct vcpu *v, struct xen_platform_op *op)
{
	(void)v;
	return set_clock(op->u.settime32.secs, op->u.settime32.nsecs,
			 op->u.settime32.system_time);
}

static long pf_settime64(struct vcpu *v, struct xen_platform_op *op)
{
	(void)v;
	if (op->u.settime64.mbz)
		return -EINVAL;
	return set_clock(op->u.settime64.secs, op->u.settime64.nsecs,
			 op->u.settime64.system_time);
}

/* What a BIOS knew of disks and screens was not kept. */
static long pf_firmware_info(struct vcpu *v, struct xen_platform_op *op)
{
	switch (op->u.firmware_info.type) {
	case XEN_FW_KBD_SHIFT_FLAGS:
		op->u.firmware_info.u.kbd_shift_flags = 0;
		return 0;
	case XEN_FW_DISK_INFO:
	case XEN_FW_DISK_MBR_SIGNATURE:
		return -ENOENT;
	case XEN_FW_VBEDDC_INFO:
		return -ESRCH;
	case XEN_FW_EFI_INFO:
		return platform_efi_info(v, op->u.firmware_info.index,
					 &op->u.firmware_info.u.efi_info);
	}
	return -EINVAL;
}

/* The kernel read the DSDT; we write the values it names. Only S5 is done. */
static long pf_enter_acpi_sleep(struct vcpu *v, struct xen_platform_op *op)
{
	const struct xenpf_enter_acpi_sleep *s = &op->u.enter_acpi_sleep;

	(void)v;
	if (s->sleep_state != 5)
		return -EOPNOTSUPP;
	log_info("control domain switches the power off\n");
	machine_power_off_s5(s->val_a, s->val_b);
	return -EIO;
}

static long pf_getidletime(struct vcpu *v, struct xen_platform_op *op)
{
	struct xenpf_getidletime *g = &op->u.getidletime;
	struct xenctl_bitmap map = { .nr_bits = g->cpumap_nr_cpus };
	cpumask_t cpus;
	int rc;

	map.bitmap.addr = g->cpumap_bitmap.addr;
	rc = bitmap_read(v, &map, &cpus);
	if (rc)
		return rc;
	cpus &= cpu_online();
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		uint64_t idle = sched_idle_time(cpu);

		if (!(cpus >> cpu & 1))
			continue;
		if (guest_write(v, g->idletime.addr + cpu * sizeof(idle),
				&idle, sizeof(idle)))
			return -EFAULT;
	}
	g->now = time_now();
	return bitmap_write(v, &map, cpus);
}

/* Frequencies and sleep states of CPUs stay as the firmware left them. */
static long pf_set_pminfo(struct vcpu *v, struct xen_platform_op *op)
{
	(void)v;
	return op->u.set_pminfo.type <= XEN_PM_PDC ? 0 : -EINVAL;
}

static long pf_get_cpuinfo(struct vcpu *v, struct xen_platform_op *op)
{
	struct xenpf_pcpuinfo *p = &op->u.pcpu_info;

	(void)v;
	p->max_present = cpu_count() - 1;
	if (p->xen_cpuid >= cpu_count()) {
		p->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	p->flags = XEN_PCPU_FLAGS_ONLINE;
	p->apic_id = cpu_ident(p->xen_cpuid)->apic_id;
	p->acpi_id = cpu_ident(p->xen_cpuid)->acpi_id;
	return 0;
}

static long pf_get_cpu_version(struct vcpu *v, struct xen_platform_op *op)
{
	struct xenpf_pcpu_version *p = &op->u.pcpu_version;
	uint32_t out[4];

	(void)v;
	p->max_present = cpu_count() - 1;
	if (p->xen_cpuid >= cpu_count())
		return -EINVAL;
	x86_cpuid(0, 0, out);
	memcpy(p->vendor_id, &out[1], 4);
	memcpy(p->vendor_id + 4, &out[3], 4);
	memcpy(p->vendor_id + 8, &out[2], 4);
	x86_cpuid(1, 0, out);
	p->family = out[0] >> 8 & 0xf;
	p->model = out[0] >> 4 & 0xf;
	if (p->family == 0xf || p->family == 6)
		p->model |= out[0] >> 12 & 0xf0;
	if (p->family == 0xf)
		p->family += out[0] >> 20 & 0xff;
	p->stepping = out[0] & 0xf;
	return 0;
}

static long pf_cpu_online(struct vcpu *v, struct xen_platform_op *op)
{
	(void)v;
	return op->u.cpu_ol.cpuid < cpu_count() ? 0 : -EINVAL;
}

static long pf_unsupported(struct vcpu *v, struct xen_platform_op *op)
{
	(void)v, (void)op;
	return -EOPNOTSUPP;
}

static const struct {
	uint32_t cmd;
	platform_fn *fn;
} ops[] = {
	{ XENPF_settime64, pf_settime64 },
	{ XENPF_settime32, pf_settime32 },
	{ XENPF_firmware_info, pf_firmware_info },
	{ XENPF_enter_acpi_sleep, pf_enter_acpi_sleep },
	{ XENPF_getidletime, pf_getidletime },
	{ XENPF_set_processor_pminfo, pf_set_pminfo },
	{ XENPF_get_cpuinfo, pf_get_cpuinfo },
	{ XENPF_get_cpu_version, pf_get_cpu_version },
	{ XENPF_cpu_online, pf_cpu_online },
	{ XENPF_cpu_offline, pf_unsupported },
	{ XENPF_cpu_hotadd, pf_unsupported },
	{ XENPF_mem_hotadd, pf_unsupported },
	{ XENPF_core_parking, pf_unsupported },
	{ XENPF_add_memtype, pf_unsupported },
	{ XENPF_del_memtype, pf_unsupported },
	{ XENPF_read_memtype, pf_unsupported },
	{ XENPF_microcode_update, pf_unsupported },
	{ XENPF_resource_op, pf_unsupported },
	{ XENPF_get_symbol, pf_unsupported },
	{ XENPF_efi_runtime_call, pf_unsupported },
	{ XENPF_platform_quirk, pf_unsupported },
};

long hc_platform_op(struct vcpu *v, uint64_t arg[6])
{
	struct xen_platform_op op;

	if (guest_read(v, &op, arg[0], sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	for (unsigned int k = 0; k < ARRAY_SIZE(ops); k++) {
		long rc;

		if (ops[k].cmd != op.cmd)
			continue;
		rc = ops[k].fn(v, &op);
		if (!rc && guest_write(v, arg[0], &op, sizeof(op)))
			rc = -EFAULT;
		return rc;
	}
	return -ENOSYS;
}
