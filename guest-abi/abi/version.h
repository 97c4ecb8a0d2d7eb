/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version: what the hypervisor says about itself, and the
 * feature bits a guest reads there.  Every XENVER_* command fills the buffer
 * that it names here; XENVER_version and XENVER_pagesize answer in the
 * return value.  No state.
 */
#ifndef ABI_VERSION_H
#define ABI_VERSION_H

#include <abi/base.h>

#define XENVER_version			0	/* returns major << 16 | minor */
#define XENVER_extraversion		1
#define XENVER_compile_info		2
#define XENVER_capabilities		3
#define XENVER_changeset		4
#define XENVER_platform_parameters	5
#define XENVER_get_features		6
#define XENVER_pagesize			7
#define XENVER_guest_handle		8	/* the caller's own UUID */
#define XENVER_commandline		9
#define XENVER_build_id			10

typedef char xen_extraversion_t[16];
typedef char xen_capabilities_info_t[1024];
typedef char xen_changeset_info_t[64];
typedef char xen_commandline_t[1024];

#define XEN_EXTRAVERSION_LEN		(sizeof(xen_extraversion_t))
#define XEN_CAPABILITIES_INFO_LEN	(sizeof(xen_capabilities_info_t))
#define XEN_CHANGESET_INFO_LEN		(sizeof(xen_changeset_info_t))

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};
typedef struct xen_compile_info xen_compile_info_t;
ABI_SIZE(struct xen_compile_info, 144);
ABI_OFFSET(struct xen_compile_info, compiler, 0);
ABI_OFFSET(struct xen_compile_info, compile_by, 64);
ABI_OFFSET(struct xen_compile_info, compile_domain, 80);
ABI_OFFSET(struct xen_compile_info, compile_date, 112);

struct xen_platform_parameters {
	xen_ulong_t virt_start;		/* lowest address that is not the guest's */
};
typedef struct xen_platform_parameters xen_platform_parameters_t;
ABI_SIZE(struct xen_platform_parameters, 8);
ABI_OFFSET(struct xen_platform_parameters, virt_start, 0);

struct xen_feature_info {
	unsigned int submap_idx;	/* IN: which 32 bits */
	uint32_t submap;		/* OUT: those bits, XENFEAT_* */
};
typedef struct xen_feature_info xen_feature_info_t;
ABI_SIZE(struct xen_feature_info, 8);
ABI_OFFSET(struct xen_feature_info, submap_idx, 0);
ABI_OFFSET(struct xen_feature_info, submap, 4);

/* A null handle asks for the length alone, as the return value. */
struct xen_build_id {
	uint32_t len;			/* IN: room in buf */
	unsigned char buf[];
};
typedef struct xen_build_id xen_build_id_t;
ABI_SIZE(struct xen_build_id, 4);
ABI_OFFSET(struct xen_build_id, len, 0);
ABI_OFFSET(struct xen_build_id, buf, 4);

/* Bit numbers in the feature map. */
#define XENFEAT_writable_page_tables		0
#define XENFEAT_writable_descriptor_tables	1
#define XENFEAT_auto_translated_physmap		2
#define XENFEAT_supervisor_mode_kernel		3
#define XENFEAT_pae_pgdir_above_4gb		4
#define XENFEAT_mmu_pt_update_preserve_ad	5
#define XENFEAT_highmem_assist			6
#define XENFEAT_gnttab_map_avail_bits		7
#define XENFEAT_hvm_callback_vector		8
#define XENFEAT_hvm_safe_pvclock		9
#define XENFEAT_hvm_pirqs			10
#define XENFEAT_dom0				11
#define XENFEAT_memory_op_vnode_supported	13
#define XENFEAT_ARM_SMCCC_supported		14
#define XENFEAT_linux_rsdp_unrestricted		15
#define XENFEAT_not_direct_mapped		16
#define XENFEAT_direct_mapped			17

#define XENFEAT_NR_SUBMAPS			1

#endif /* ABI_VERSION_H */
