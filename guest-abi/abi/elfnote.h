/* SPDX-License-Identifier: MIT */
/*
 * ELF note types of the owner "Xen": how a kernel image tells a builder what
 * it needs.  Numbers only.
 */
#ifndef ABI_ELFNOTE_H
#define ABI_ELFNOTE_H

#define XEN_ELFNOTE_INFO		0	/* free text */
#define XEN_ELFNOTE_ENTRY		1	/* first instruction (virtual) */
#define XEN_ELFNOTE_HYPERCALL_PAGE	2	/* page to fill with call stubs */
#define XEN_ELFNOTE_VIRT_BASE		3	/* where the image is mapped */
#define XEN_ELFNOTE_PADDR_OFFSET	4	/* bias of the ELF p_paddr fields */
#define XEN_ELFNOTE_XEN_VERSION		5	/* "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS		6
#define XEN_ELFNOTE_GUEST_VERSION	7
#define XEN_ELFNOTE_LOADER		8
#define XEN_ELFNOTE_PAE_MODE		9
#define XEN_ELFNOTE_FEATURES		10	/* names, '!' means required */
#define XEN_ELFNOTE_BSD_SYMTAB		11
#define XEN_ELFNOTE_HV_START_LOW	12
#define XEN_ELFNOTE_L1_MFN_VALID	13	/* pairs of mask, value */
#define XEN_ELFNOTE_SUSPEND_CANCEL	14
#define XEN_ELFNOTE_INIT_P2M		15	/* where to map the first p2m */
#define XEN_ELFNOTE_MOD_START_PFN	16	/* an unmapped initrd is welcome */
#define XEN_ELFNOTE_SUPPORTED_FEATURES	17	/* bit map of XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY	18	/* PVH entry point (physical) */
#define XEN_ELFNOTE_MAX			XEN_ELFNOTE_PHYS32_ENTRY

/* In crash and core dumps. */
#define XEN_ELFNOTE_CRASH_INFO			0x1000001
#define XEN_ELFNOTE_CRASH_REGS			0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE		0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER		0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION	0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION	0x2000003

#endif /* ABI_ELFNOTE_H */
