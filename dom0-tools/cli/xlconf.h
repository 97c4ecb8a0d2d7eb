/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xlconf.h: the host's own settings for xl, of /etc/xen/xl.conf.
 *
 * They are defaults and limits for what xl sends to the daemon, which does
 * not know this file: a guest's configuration says all that it was made with.
 */
#ifndef DOM0_CLI_XLCONF_H
#define DOM0_CLI_XLCONF_H

#include "cfg.h"

struct xlconf {
	struct nic_defaults vif;
	int64_t max_grant_frames, max_maptrack_frames, max_grant_version;
					/* -1: not given */
	struct cfg_cpus cpumask, cpumask_pv;
	const char *no_format, *no_policy;	/* why not as it says */
};

/*
 * Who is told: @warn of what is probably a mistake, @note of what has no
 * effect here.
 */
struct xlconf_say {
	void (*warn)(const char *line);
	void (*note)(const char *line);
};

/*
 * Fills @c from a parsed file, which may be empty.  0, or -errno with key,
 * line and remedy noted in file->fail.  xlconf_free() is for both outcomes.
 */
int xlconf_read(struct xlconf *c, struct cfg_file *file,
		const struct xlconf_say *say);
void xlconf_free(struct xlconf *c);

/*
 * Adds to a guest's configuration what it leaves to the host.  Before
 * cfg_apply(), which then checks the result.  0, or -errno noted there.
 */
int xlconf_fill(const struct xlconf *c, struct cfg_file *guest);
/*
 * Keeps the guest's vCPUs to the CPUs that guests may use.  @cfg is what
 * @guest means.  0, or -errno noted there if one would have none left.
 */
int xlconf_fill_cpus(const struct xlconf *c, const struct guest_config *cfg,
		     struct cfg_file *guest);

/* Appends the card of @text with the defaults in it.  0 or -errno. */
int xlconf_card(const struct xlconf *c, const char *text, struct strbuf *out,
		struct fail *fail);
/* The CPUs that guests may use; whether there is any limit. */
bool xlconf_cpus(const struct xlconf *c, struct cfg_mask *allowed);

#endif
