/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of grant/ only.
 *
 * A grant in use is counted twice: a pin on the granter's entry (which shows
 * as GTF_reading and GTF_writing to the granter), and a reference on the frame,
 * writable or not, which is what keeps memory safe.  Whoever has pinned also
 * remembers the frame, so what the granter writes into its table afterwards
 * changes nothing.  Every mapping and every copy in progress holds one of both
 * and a reference on the granter.
 *
 * Locks: each table has one, for its structure, its entries' pins and its own
 * domain's handles.  No two tables are ever locked at once, and no frame
 * reference, page-table change or guest access happens under one.
 */
#ifndef GRANT_GRANT_PRIV_H
#define GRANT_GRANT_PRIV_H

#include <abi/grant.h>
#include <grant/grant.h>
#include <mm/frame.h>

#define GRANT_FRAMES_LIMIT 4096 /* of one table: what is done at one go */
#define GRANT_FRAMES_USUAL 64
#define MAPTRACK_FRAMES_LIMIT 32768
#define MAPTRACK_FRAMES_USUAL 1024
#define HANDLES_PER_XEN_FRAME 256 /* what max_maptrack_frames counts in */

#define V1_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define V2_PER_FRAME (PAGE_SIZE / sizeof(union grant_entry_v2))
#define STATUS_PER_FRAME (PAGE_SIZE / sizeof(grant_status_t))

/* How often one entry is in use; of all its users, wherever they are. */
struct pin_count {
	uint32_t readers, writers;
};

/* What a domain has mapped: one handle. */
struct mapping {
	struct domain *granter; /* referenced */
	mfn_t m; /* referenced, as writable unless MAPPING_RO */
	uint32_t ref;
	uint8_t flags; /* MAPPING_*; no part: empty, being ended or free */
	uint8_t ending; /* parts that are being unmapped just now */
	uint32_t next_free;
};

#define MAPPING_HOST 1U
#define MAPPING_DEV 2U
#define MAPPING_PARTS (MAPPING_HOST | MAPPING_DEV)
#define MAPPING_RO 4U
#define MAPPING_PTE 8U /* host_addr was the address of an entry */

#define HANDLES_PER_PAGE (PAGE_SIZE / sizeof(struct mapping))
#define HANDLE_NONE (~0U)

struct grant_table {
	struct lock lock; /* RANK_GRANT */
	uint32_t version, version_max;

	/* frames grows only; what is below it stays until the domain goes. */
	uint32_t frames, max_frames;
	void **shared; /* guest-writable: read once */
	struct pin_count **pins; /* V1_PER_FRAME for each frame */
	uint32_t status_frames;
	grant_status_t **status; /* guest-writable; version 2 */
	uint32_t active; /* entries in use */
	uint32_t pinned; /* of them, those that are not reserved */
	bool unshared; /* teardown has taken the frames from the guest */

	struct mapping **handles;
	uint32_t handle_pages, max_handle_pages;
	uint32_t max_maptrack; /* as configured */
	uint32_t free_handle;
	uint32_t used_handles;
	uint32_t release_next; /* teardown goes on here */
};

/* --- table.c --- */

/* Bring @d's table to @want frames. -ENOSPC, -ENOMEM, -ERESTART. */
int grant_grow(struct domain *d, uint32_t want, struct budget *b);
/* Under the lock: status frames for @frames of entries. -ENOMEM. */
int grant_make_status(struct domain *d, uint32_t frames);

static inline uint32_t grant_frames(const struct grant_table *gt)
{
	return __atomic_load_n(&gt->frames, __ATOMIC_ACQUIRE);
}

/* Under the lock. */
static inline uint32_t grant_entries(const struct grant_table *gt)
{
	return gt->frames *
	       (uint32_t)(gt->version == 1 ? V1_PER_FRAME : V2_PER_FRAME);
}

static inline struct grant_entry_v1 *entry_v1(const struct grant_table *gt,
					      uint32_t ref)
{
	struct grant_entry_v1 *e = gt->shared[ref / V1_PER_FRAME];

	return &e[ref % V1_PER_FRAME];
}

static inline union grant_entry_v2 *entry_v2(const struct grant_table *gt,
					     uint32_t ref)
{
	union grant_entry_v2 *e = gt->shared[ref / V2_PER_FRAME];

	return &e[ref % V2_PER_FRAME];
}

static inline grant_status_t *entry_status(const struct grant_table *gt,
					   uint32_t ref)
{
	return &gt->status[ref / STATUS_PER_FRAME][ref % STATUS_PER_FRAME];
}

static inline struct pin_count *entry_pins(const struct grant_table *gt,
					   uint32_t ref)
{
	return &gt->pins[ref / V1_PER_FRAME][ref % V1_PER_FRAME];
}

/* May @v's domain act on @d's table? */
static inline bool may_manage(const struct vcpu *v, const struct domain *d)
{
	return v->domain == d || v->domain->privileged;
}

/* --- entry.c --- */

#define PIN_WRITE 1U
#define PIN_PART 2U /* part of a frame will do */
#define PIN_CHAIN 4U /* so will an entry that names another domain's */

/* An entry as it was when it was pinned. */
struct grant_view {
	bool chain; /* next_*: go on there; nothing else is set */
	uint16_t next_domid;
	uint32_t next_ref;
	mfn_t m;
	uint32_t start, len; /* the bytes of the frame that are granted */
};

/*
 * Use entry @ref of @granter for domain @user: checks it, counts and shows it.
 * GNTST_okay, or another and nothing has happened.
 */
int16_t must_check grant_pin(struct domain *granter, uint32_t ref,
			     uint16_t user, unsigned int how,
			     struct grant_view *out);
void grant_unpin(struct domain *granter, uint32_t ref, bool write);

/* Under the lock: show in the entry that is @ref now how it is in use. */
void grant_show_pins(struct grant_table *gt, uint32_t ref);

/* --- maptrack.c; all take the lock themselves --- */

/* An empty used handle of @d. -ENOSPC. */
int handle_alloc(struct domain *d, uint32_t *handle);
void handle_free(struct domain *d, uint32_t handle);
/* Fill an empty handle: from now on it may be unmapped. */
void handle_set(struct domain *d, uint32_t handle, const struct mapping *m);

/*
 * Take those of @parts that @handle has out of it, to be unmapped; *@out is
 * what it was. False: no such handle, or nothing is left of it.
 */
bool handle_take(struct domain *d, uint32_t handle, unsigned int parts,
		 struct mapping *out);
/* They could not be unmapped. */
void handle_give_back(struct domain *d, uint32_t handle, unsigned int parts);
/* They are unmapped. True if these were the last: *@out is to be released,
 * and the handle is free. */
bool handle_done(struct domain *d, uint32_t handle, struct mapping *out);

/* Teardown: release all that @d has mapped. -ERESTART. */
int grant_release_handles(struct domain *d, struct budget *b);

/* --- map.c --- */

/* Drop what a mapping holds: pin, frame, granter. */
void grant_release(const struct mapping *m);

/* --- commands: each works on one element in hypervisor memory --- */

#define UNMAP_BATCH 64

struct unmapped {
	uint32_t handle;
	bool host; /* its entry was cleared: a flush is due */
};

struct grant_use {
	struct domain *d; /* referenced; NULL: nothing in use */
	struct domain *chain; /* referenced: who granted it on, or NULL */
	uint32_t ref, chain_ref;
	bool is_ref, write;
	uint16_t domid; /* as the guest named it, with ref or gmfn: */
	uint64_t name;
	mfn_t m;
	uint32_t start, len;
};

/* What one hypercall keeps between its elements. */
struct grant_batch {
	struct budget budget;
	struct grant_use source, dest; /* copy */
	uint32_t count; /* unmap: parts that wait for the flush */
	struct unmapped waiting[UNMAP_BATCH];
};

/* 0, or -errno that ends the hypercall. */
typedef int grant_command_fn(struct vcpu *v, void *op, struct grant_batch *b);

grant_command_fn grant_op_map; /* map.c */
grant_command_fn grant_op_unmap;
grant_command_fn grant_op_replace;
void grant_unmap_finish(struct vcpu *v, struct grant_batch *b);

grant_command_fn grant_op_copy; /* copy.c */
void grant_copy_finish(struct vcpu *v, struct grant_batch *b);

grant_command_fn grant_op_transfer; /* transfer.c */

grant_command_fn grant_op_setup; /* setup.c */
grant_command_fn grant_op_query;
grant_command_fn grant_op_status_frames;
grant_command_fn grant_op_dump;

grant_command_fn grant_op_set_version; /* version.c */
grant_command_fn grant_op_get_version;
grant_command_fn grant_op_swap;

#endif
