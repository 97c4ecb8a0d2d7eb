/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cfg_loader.h: a guest whose kernel is on its own disk. */
#ifndef DOM0_CLI_CFG_LOADER_H
#define DOM0_CLI_CFG_LOADER_H

#include "cfg.h"

/* Where PV GRUB is installed. */
#define CFG_PVGRUB64 "/usr/lib/parvis/pvgrub64"

/*
 * Makes PV GRUB the kernel if bootloader or firmware says so.  0, or -EINVAL
 * with the reason noted: an unknown loader, a kernel beside it, no disk.
 */
int cfg_use_loader(struct guest_config *cfg, struct cfg_file *file);

#endif
