/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfg.h: what a guest's configuration means.
 *
 * The keys are described in cfg.def; cfg_apply() checks a struct cfg_file
 * against it and fills a struct guest_config.  xl does so to tell its user of
 * mistakes, and the daemon again, since it believes no client.
 */
#ifndef DOM0_CLI_CFG_H
#define DOM0_CLI_CFG_H

#include <stdbool.h>
#include <stdint.h>

#include "../device/disk.h"
#include "../device/nic.h"
#include "cfg_ast.h"
#include "cfg_cpus.h"

enum guest_action {
	ACTION_DEFAULT,
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
};

/* As many as the store's quota would bear, and more than anybody has. */
#define CFG_DEVICES_MAX 256

struct cfg_disks {
	struct disk *disk;
	unsigned int count;
};

struct cfg_nics {
	struct nic *nic;
	unsigned int count;
};

struct guest_config {
	char *name, *type, *builder, *kernel, *ramdisk;
	char *cmdline, *root, *extra;
	char *bootloader, *firmware;	/* then kernel is PV GRUB */
	char *full_cmdline;		/* made from the three above */
	uint8_t uuid[16];
	bool has_uuid;
	int64_t memory, maxmem;		/* MiB */
	int64_t vcpus, maxvcpus;
	struct cfg_cpus cpus, cpus_soft;
	int64_t cpu_weight, cap;	/* -1: not given */
	enum guest_action on_poweroff, on_reboot, on_crash, on_watchdog,
		on_soft_reset;
	int64_t max_grant_frames, max_maptrack_frames, max_grant_version,
		max_event_channels;	/* -1: not given */
	struct cfg_disks disks;
	struct cfg_nics vifs;
	bool driver_domain;		/* serves devices to others */
};

/*
 * Fills @cfg from @file and checks it as a whole.  @warn is called with one
 * line for every setting that has no effect; NULL drops them.  0, or -EINVAL
 * with key, line and remedy noted in file->fail.  guest_config_free() is for
 * both outcomes.
 */
int cfg_apply(struct guest_config *cfg, struct cfg_file *file,
	      void (*warn)(void *ctx, const char *line), void *ctx);
void guest_config_free(struct guest_config *cfg);

/* Whether a guest may have this name. */
bool cfg_name_is_good(const char *name);

/* "restart", for messages and JSON. */
const char *cfg_action_name(enum guest_action action);

/* The known key nearest to @key by spelling, or NULL if none is near. */
const char *cfg_nearest_key(const char *key);

#endif
