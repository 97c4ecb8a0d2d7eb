/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of platform_op that have a file of their own. */
#ifndef CONTROL_PLATFORM_H
#define CONTROL_PLATFORM_H

#include <abi/platform.h>
#include <domain/domain.h>

/* Boot: keep what EFI firmware and the loader say. Never fails. */
int platform_efi_init(void);

/* XEN_FW_EFI_INFO number @index. -ENOSYS: the machine did not boot by EFI. */
long platform_efi_info(struct vcpu *v, uint32_t index,
		       union xenpf_efi_info *i);

#endif
