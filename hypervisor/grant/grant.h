/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: frames that a domain lets others map, copy or take over.
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include <domain/domain.h>
#include <lib/budget.h>

int grant_domain_init(struct domain *d, uint32_t max_frames,
		      uint32_t max_maptrack, uint32_t version_max);
/* Release what @d has mapped of others; -ERESTART. */
int grant_release_mappings(struct domain *d, struct budget *b);
void grant_domain_free(struct domain *d);

/* XENMEM_add_to_physmap / setup_table: the frame of grant or status page. */
int grant_frame_mfn(struct domain *d, uint32_t index, bool status, mfn_t *out);

/* Boot and tools: entry @ref (reserved: console, xenstore) grants @m to
 * domain @to; used by the dom0-less parts of the builder. */
int grant_set_entry(struct domain *d, uint32_t ref, uint16_t to, mfn_t m);
/* What is in use just now, exactly. Zeros if @d has no table. */
struct grant_counts {
	uint32_t frames, active, mapped; /* mapped: by it, of others' */
};
void grant_count(const struct domain *d, struct grant_counts *n);

int grant_limits(struct domain *d, uint32_t *frames, uint32_t *maptrack);

#endif
