// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xen_version and vm_assist: what the hypervisor says of itself, and the few
 * habits that a guest may choose.  The version is that of the interface kept.
 */
#include <abi/core.h>
#include <abi/version.h>
#include <boot/boot.h>
#include <hypercall/hypercall.h>
#include <lib/str.h>
#include <port/guest.h>

#define INTERFACE_MAJOR 4
#define INTERFACE_MINOR 17

static long give(struct vcpu *v, gva_t to, const void *p, size_t n)
{
	return guest_write(v, to, p, n);
}

static long give_text(struct vcpu *v, gva_t to, const char *s, size_t room)
{
	size_t n = strlen(s) + 1;

	return guest_write(v, to, s, MIN(n, room));
}

static long ver_version(struct vcpu *v, gva_t to)
{
	(void)v, (void)to;
	return INTERFACE_MAJOR << 16 | INTERFACE_MINOR;
}

static long ver_extraversion(struct vcpu *v, gva_t to)
{
	return give_text(v, to, ".7-parvis", XEN_EXTRAVERSION_LEN);
}

static long ver_compile_info(struct vcpu *v, gva_t to)
{
	struct xen_compile_info i;

	memset(&i, 0, sizeof(i));
	str_copy(i.compiler, "gcc " __VERSION__, sizeof(i.compiler));
	str_copy(i.compile_by, "parvis", sizeof(i.compile_by));
	str_copy(i.compile_domain, "parvis", sizeof(i.compile_domain));
	str_copy(i.compile_date, "unknown", sizeof(i.compile_date));
	return give(v, to, &i, sizeof(i));
}

static long ver_capabilities(struct vcpu *v, gva_t to)
{
	return give_text(v, to, "xen-3.0-x86_64", XEN_CAPABILITIES_INFO_LEN);
}

static long ver_changeset(struct vcpu *v, gva_t to)
{
	return give_text(v, to, "parvis", XEN_CHANGESET_INFO_LEN);
}

static long ver_platform(struct vcpu *v, gva_t to)
{
	struct xen_platform_parameters p = {
		.virt_start = HYPERVISOR_VIRT_START,
	};

	return give(v, to, &p, sizeof(p));
}

static uint32_t features(const struct domain *d)
{
	uint32_t f = 1U << XENFEAT_mmu_pt_update_preserve_ad |
		     1U << XENFEAT_highmem_assist |
		     1U << XENFEAT_gnttab_map_avail_bits |
		     1U << XENFEAT_not_direct_mapped;

	if (d->vm_assist & BIT(VMASST_TYPE_pae_extended_cr3))
		f |= 1U << XENFEAT_pae_pgdir_above_4gb;
	if (d->privileged)
		f |= 1U << XENFEAT_dom0;
	return f;
}

static long ver_features(struct vcpu *v, gva_t to)
{
	struct xen_feature_info i;

	if (guest_read(v, &i, to, sizeof(i)))
		return -EFAULT;
	if (i.submap_idx >= XENFEAT_NR_SUBMAPS)
		i.submap = 0;
	else
		i.submap = features(v->domain);
	return give(v, to, &i, sizeof(i));
}

static long ver_pagesize(struct vcpu *v, gva_t to)
{
	(void)v, (void)to;
	return PAGE_SIZE;
}

static long ver_guest_handle(struct vcpu *v, gva_t to)
{
	return give(v, to, v->domain->handle, sizeof(v->domain->handle));
}

/* Only the control domain learns how the host was started. */
static long ver_commandline(struct vcpu *v, gva_t to)
{
	const char *s = v->domain->privileged ? bootinfo.cmdline : "<denied>";

	return give_text(v, to, s, sizeof(xen_commandline_t));
}

static long ver_build_id(struct vcpu *v, gva_t to)
{
	(void)v, (void)to;
	return -ENODATA;
}

static long (*const commands[])(struct vcpu *v, gva_t to) = {
	[XENVER_version] = ver_version,
	[XENVER_extraversion] = ver_extraversion,
	[XENVER_compile_info] = ver_compile_info,
	[XENVER_capabilities] = ver_capabilities,
	[XENVER_changeset] = ver_changeset,
	[XENVER_platform_parameters] = ver_platform,
	[XENVER_get_features] = ver_features,
	[XENVER_pagesize] = ver_pagesize,
	[XENVER_guest_handle] = ver_guest_handle,
	[XENVER_commandline] = ver_commandline,
	[XENVER_build_id] = ver_build_id,
};

long hc_xen_version(struct vcpu *v, uint64_t arg[6])
{
	uint32_t cmd = (uint32_t)arg[0];

	if (cmd >= ARRAY_SIZE(commands))
		return -ENOSYS;
	return commands[cmd](v, arg[1]);
}

/* What a 64-bit guest may switch on or off. */
#define ASSIST_ALLOWED                                                    \
	(BIT(VMASST_TYPE_4gb_segments) |                                  \
	 BIT(VMASST_TYPE_4gb_segments_notify) |                           \
	 BIT(VMASST_TYPE_writable_pagetables) |                           \
	 BIT(VMASST_TYPE_pae_extended_cr3) |                              \
	 BIT(VMASST_TYPE_architectural_iopl) |                            \
	 BIT(VMASST_TYPE_runstate_update_flag) |                          \
	 BIT(VMASST_TYPE_m2p_strict))

long hc_vm_assist(struct vcpu *v, uint64_t arg[6])
{
	uint32_t type = (uint32_t)arg[1];

	if (type >= 64 || !(ASSIST_ALLOWED & BIT(type)))
		return -EINVAL;
	switch ((uint32_t)arg[0]) {
	case VMASST_CMD_enable:
		__atomic_fetch_or(&v->domain->vm_assist, BIT(type),
				  __ATOMIC_SEQ_CST);
		return 0;
	case VMASST_CMD_disable:
		__atomic_fetch_and(&v->domain->vm_assist, ~BIT(type),
				   __ATOMIC_SEQ_CST);
		return 0;
	default:
		return -ENOSYS;
	}
}
