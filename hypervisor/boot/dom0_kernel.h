/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control domain's kernel, found in its module and unpacked. */
#ifndef BOOT_DOM0_KERNEL_H
#define BOOT_DOM0_KERNEL_H

#include <boot/boot.h>
#include <lib/elf.h>

struct dom0_kernel {
	struct elf_image elf; /* its bytes: in the module, or in the buffer */
	mfn_t buffer;
	uint64_t buffer_pages; /* 0: it was not packed */
};

/* 0, or -errno with a reason. */
int dom0_kernel_open(struct dom0_kernel *k, const struct boot_module *m,
		     const char **why);
/* Give the buffer back. */
void dom0_kernel_close(struct dom0_kernel *k);

#endif
