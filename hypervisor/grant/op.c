// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HYPERVISOR_grant_table_op: a command, an array of its elements in guest
 * memory, and how many there are.  Each element is read once, worked on in
 * our memory and written back.
 *
 * When the budget ends, the array's address and the count are moved past what
 * is done and the call restarts with them; nothing is held across that.
 */
#include <grant/grant_priv.h>
#include <hypercall/hypercall.h>
#include <port/guest.h>

struct command {
	grant_command_fn *fn;
	/* Let go of what elements have left in the batch. */
	void (*finish)(struct vcpu *v, struct grant_batch *b);
	uint8_t size; /* of an element */
	uint8_t cost; /* in units of budget */
	bool single; /* the count must be one */
};

union element {
	struct gnttab_map_grant_ref map;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_setup_table setup;
	struct gnttab_dump_table dump;
	struct gnttab_transfer transfer;
	struct gnttab_copy copy;
	struct gnttab_query_size query;
	struct gnttab_unmap_and_replace replace;
	struct gnttab_set_version set_version;
	struct gnttab_get_status_frames status_frames;
	struct gnttab_get_version get_version;
	struct gnttab_swap_grant_ref swap;
	struct gnttab_cache_flush flush;
};

/* For domains whose devices do not see the caches: none on this machine. */
static int cache_flush(struct vcpu *v, void *p, struct grant_batch *b)
{
	(void)v;
	(void)p;
	(void)b;
	return -EOPNOTSUPP;
}

#define SIZE(member) sizeof(((union element *)0)->member)

static const struct command commands[] = {
	[GNTTABOP_map_grant_ref] = { grant_op_map, NULL, SIZE(map), 16, false },
	[GNTTABOP_unmap_grant_ref] = { grant_op_unmap, grant_unmap_finish,
				       SIZE(unmap), 16, false },
	[GNTTABOP_setup_table] = { grant_op_setup, NULL, SIZE(setup), 8, true },
	[GNTTABOP_dump_table] = { grant_op_dump, NULL, SIZE(dump), 8, true },
	[GNTTABOP_transfer] = { grant_op_transfer, NULL, SIZE(transfer), 48,
				false }, /* it flushes */
	[GNTTABOP_copy] = { grant_op_copy, grant_copy_finish, SIZE(copy), 8,
			    false },
	[GNTTABOP_query_size] = { grant_op_query, NULL, SIZE(query), 8, true },
	[GNTTABOP_unmap_and_replace] = { grant_op_replace, grant_unmap_finish,
					 SIZE(replace), 16, false },
	[GNTTABOP_set_version] = { grant_op_set_version, NULL,
				   SIZE(set_version), 8, true },
	[GNTTABOP_get_status_frames] = { grant_op_status_frames, NULL,
					 SIZE(status_frames), 8, true },
	[GNTTABOP_get_version] = { grant_op_get_version, NULL,
				   SIZE(get_version), 8, true },
	[GNTTABOP_swap_grant_ref] = { grant_op_swap, NULL, SIZE(swap), 8,
				      false },
	[GNTTABOP_cache_flush] = { cache_flush, NULL, SIZE(flush), 8, false },
};

static int one(struct vcpu *v, const struct command *c, gva_t at,
	       struct grant_batch *b)
{
	union element e;
	int rc, wrc;

	if (guest_read(v, &e, at, c->size))
		return -EFAULT;
	rc = c->fn(v, &e, b);
	if (rc == -ERESTART)
		return rc;
	wrc = guest_write(v, at, &e, c->size);
	return wrc ? -EFAULT : rc;
}

long hc_grant_table_op(struct vcpu *v, uint64_t arg[6])
{
	struct grant_batch b = { .budget = BUDGET(BUDGET_HYPERCALL) };
	uint32_t cmd = (uint32_t)arg[0], count = (uint32_t)arg[2];
	const struct command *c;
	int rc = 0;

	if ((int32_t)count < 0)
		return -EINVAL;
	if (cmd >= ARRAY_SIZE(commands))
		return -ENOSYS;
	c = &commands[cmd];
	if (c->single && count != 1)
		return -EINVAL;
	while (count && !rc) {
		rc = one(v, c, arg[1], &b);
		if (rc == -ERESTART)
			break;
		arg[1] += c->size;
		count--;
		if (!rc && budget_spend(&b.budget, c->cost) && count)
			rc = -ERESTART;
	}
	if (c->finish)
		c->finish(v, &b);
	arg[2] = count;
	return rc;
}
