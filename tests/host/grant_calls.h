/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant operations as a guest makes them, for tests and models. */
#ifndef GRANT_CALLS_H
#define GRANT_CALLS_H

#include <grant/grant_priv.h>
#include <pv/pt.h>
#include "core_test.h"

static inline long grant_call(struct vcpu *v, uint64_t cmd, void *arg,
			      size_t size, uint32_t count)
{
	long rc;

	assert_true(size * count <= FAKE_BUF_SIZE);
	memcpy(fake_buf, arg, size * count);
	rc = fake_hypercall(v, __HYPERVISOR_grant_table_op, cmd, FAKE_BUF,
			    count, 0);
	memcpy(arg, fake_buf, size * count);
	return rc;
}

#define grant_op(v, cmd, arg) grant_call(v, cmd, arg, sizeof(*(arg)), 1)

/* @d grants @m to @to by entry @ref, whatever the version. */
static inline void g_grant(struct domain *d, uint32_t ref, uint16_t to, mfn_t m,
			   bool read_only)
{
	uint16_t flags = (uint16_t)(GTF_permit_access |
				    (read_only ? GTF_readonly : 0));

	if (d->grant->version == 1) {
		*entry_v1(d->grant, ref) = (struct grant_entry_v1){
			.flags = flags, .domid = to, .frame = (uint32_t)m.v
		};
	} else {
		union grant_entry_v2 *e = entry_v2(d->grant, ref);

		memset(e, 0, sizeof(*e));
		e->full_page.frame = m.v;
		e->hdr.domid = to;
		e->hdr.flags = flags;
	}
}

/* GTF_reading and GTF_writing as the granter sees them. */
static inline unsigned int g_use(const struct domain *d, uint32_t ref)
{
	const struct grant_table *gt = d->grant;
	unsigned int w = gt->version == 1 ? entry_v1(gt, ref)->flags :
					    *entry_status(gt, ref);

	return w & (GTF_reading | GTF_writing);
}

/* Map it at @at; the handle, or a negative GNTST. */
static inline int64_t g_map(struct vcpu *v, uint16_t from, uint32_t ref,
			    uint64_t at, uint32_t flags)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = at, .flags = flags, .ref = ref, .dom = from
	};

	assert_int_equal(grant_op(v, GNTTABOP_map_grant_ref, &op), 0);
	return op.status ? op.status : (int64_t)op.handle;
}

static inline int g_unmap(struct vcpu *v, uint32_t handle, uint64_t at,
			  uint64_t bus)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = at, .dev_bus_addr = bus, .handle = handle
	};

	assert_int_equal(grant_op(v, GNTTABOP_unmap_grant_ref, &op), 0);
	return op.status;
}

static inline int g_copy(struct vcpu *v, struct gnttab_copy *op)
{
	assert_int_equal(grant_op(v, GNTTABOP_copy, op), 0);
	return op->status;
}

static inline long g_set_version(struct vcpu *v, uint32_t version)
{
	struct gnttab_set_version op = { .version = version };

	return grant_op(v, GNTTABOP_set_version, &op);
}

static inline uint64_t frame_refs(mfn_t m)
{
	return frame_at(m)->refs & FRAME_COUNT_MASK;
}

#endif
