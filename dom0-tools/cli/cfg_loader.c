// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cfg_loader.c: bootloader= and firmware=, which say that the guest's kernel
 * is to be found on the guest's own disk.
 *
 * Xen's tools run pygrub for that: a program of the control domain that reads
 * the guest's file system.  Here every such setting means PV GRUB, a kernel
 * that the guest starts with and that loads the next one from inside: nothing
 * that the guest wrote is parsed in the control domain.  Keeps no state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfg_loader.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_pvgrub64(const char *name)
{
	static const char *const known[] = {
		"pygrub", "pvgrub", "pvgrub64", "grub-x86_64-xen.bin",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(base_name(name), known[i]))
			return true;
	}
	return false;
}

static bool is_given(const char *text)
{
	return text && text[0] && strcmp(text, "none");
}

static int check_names(const struct guest_config *cfg, struct cfg_file *file)
{
	if (is_given(cfg->bootloader) && !is_pvgrub64(cfg->bootloader))
		return cfg_complain(file, 0,
				    "bootloader: \"%s\" is not built; \"pygrub\" starts PV GRUB, which reads the guest's grub.cfg inside the guest",
				    cfg->bootloader);
	if (is_given(cfg->firmware) && strcmp(cfg->firmware, "pvgrub64"))
		return cfg_complain(file, 0,
				    "firmware: \"%s\" is not built; a paravirtual guest may have \"pvgrub64\"",
				    cfg->firmware);
	return 0;
}

int cfg_use_loader(struct guest_config *cfg, struct cfg_file *file)
{
	bool wanted = is_given(cfg->bootloader) || is_given(cfg->firmware);
	int rc = check_names(cfg, file);

	if (rc || !wanted)
		return rc;
	if (cfg->kernel || cfg->ramdisk)
		return cfg_complain(file, 0,
				    "kernel and ramdisk are the loader's to find: remove them, or %s",
				    is_given(cfg->bootloader) ? "bootloader" :
				    "firmware");
	if (!cfg->disks.count)
		return cfg_complain(file, 0,
				    "%s needs a disk to load the kernel from",
				    is_given(cfg->bootloader) ? "bootloader" :
				    "firmware");
	cfg->kernel = strdup(CFG_PVGRUB64);
	return cfg->kernel ? 0 : cfg_complain(file, 0, "out of memory");
}
