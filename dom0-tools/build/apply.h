/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply.h: turning a plan into memory and registers of a new domain.
 */
#ifndef DOM0_BUILD_APPLY_H
#define DOM0_BUILD_APPLY_H

#include "../lib/hv.h"
#include "plan_pv.h"

/* What is put into the domain, and what comes back for its introduction. */
struct pv_build {
	uint32_t domid;
	uint32_t vcpus;
	const struct kernel_image *kernel;
	const uint8_t *ramdisk;		/* NULL for none */
	uint64_t ramdisk_len;
	uint64_t pages;
	const char *cmdline;
	uint32_t store_port, console_port;
	/* Results. */
	uint64_t store_frame, console_frame;
};

/*
 * Gives the empty domain memory and a first vCPU that starts in its kernel
 * when unpaused.  0 or -errno with the reason; the caller destroys the
 * domain then, which undoes everything done here.
 */
int pv_build(struct hv *hv, struct pv_build *b, struct fail *fail);

#endif
