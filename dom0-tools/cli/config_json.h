/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_json.h: a guest's configuration with libxl's names, which programs
 * that read `xl list -l` and `xl create -n` know.
 */
#ifndef DOM0_CLI_CONFIG_JSON_H
#define DOM0_CLI_CONFIG_JSON_H

#include "../lib/json.h"
#include "cfg.h"

/* What is so now, whatever the configuration said at the start. */
struct config_now {
	const char *type, *name;
	const char *uuid;		/* NULL: none yet */
	uint32_t max_vcpus, online_vcpus;
	int64_t max_kib, target_kib;
};

/* The same of a guest that does not run; the strings are @c's and @uuid. */
struct config_now config_as_written(const struct guest_config *c,
				    const char *uuid);

/*
 * Writes the members c_info, b_info, disks, ... into the object that is open.
 * Without a configuration (@c NULL) only what @now knows is there.
 */
void config_json(struct jw *w, const struct guest_config *c,
		 const struct config_now *now);

#endif
