/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfg_cpus.h: sets of CPUs as a configuration names them.
 */
#ifndef DOM0_CLI_CFG_CPUS_H
#define DOM0_CLI_CFG_CPUS_H

#include "../lib/strbuf.h"
#include "cfg_keys.h"

/* The CPUs that can be named. */
#define CFG_CPUS_MAX 256

struct cfg_mask {
	uint8_t bits[CFG_CPUS_MAX / 8];
};

/* The CPUs that each vCPU may use; vCPUs beyond the list use @rest. */
struct cfg_cpus {
	bool given;
	struct cfg_mask rest;
	unsigned int listed;
	struct cfg_mask *list;
};

/*
 * Reads "0-3,5,^2" or "all" into a mask of @max CPUs.  0, -EINVAL or -ENOMEM.
 */
int cfg_parse_cpus(const char *text, uint8_t *mask, unsigned int max);
/* Appends the same for @mask: "all", ranges, or "none". */
void cfg_cpus_text(const uint8_t *mask, unsigned int max, struct strbuf *out);

/* Takes a string for all vCPUs, or a list with a string for each. */
cfg_taker cfg_take_cpus;
void cfg_cpus_free(struct cfg_cpus *c);

/* The mask of vCPU @n. */
const struct cfg_mask *cfg_cpus_of(const struct cfg_cpus *c, unsigned int n);
/* Takes away what is not in @other, too; whether any CPU is left. */
bool cfg_mask_and(struct cfg_mask *mask, const struct cfg_mask *other);

#endif
