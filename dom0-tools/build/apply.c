// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply.c: carries out a struct pv_plan through hv_ops.
 *
 * State: one struct build per call: the plan, the frame list, and nothing
 * that outlives the call.  Invariants: no mapping of the guest's memory is
 * left when a function returns (a page table cannot be pinned while it is
 * mapped writable here); foreign mappings are made in large batches.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <abi/core.h>
#include <abi/grant.h>
#include <abi/memory.h>
#include <abi/x86/pv.h>

#include "../lib/hv_domain.h"
#include "apply.h"

#define PAGE HV_PAGE_SIZE

/* Memory is taken in 2 MiB extents while the hypervisor has such. */
#define BIG_ORDER 9
#define BIG_PAGES (1ul << BIG_ORDER)

/* Extents per populate call, and pages per foreign mapping. */
#define EXTENTS_MAX 8192ul
#define WINDOW_PAGES 8192ul

/* Pages per request to clear some. */
#define CLEAR_BATCH 512ul

struct build {
	struct hv *hv;
	struct pv_build *b;
	struct fail *fail;
	struct pv_plan plan;
	uint64_t *p2m;
	bool zeroed;		/* its memory came so */
};

/* ---- memory ---- */

/*
 * Asks for @count extents of 2^@order pages at @pfn and records them.
 * How many extents were given, or -errno.
 */
static long populate(struct build *x, xen_pfn_t *extents, uint64_t pfn,
		     size_t count, unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = count,
		.extent_order = order,
		.domid = (domid_t)x->b->domid,
	};
	long done;

	for (size_t i = 0; i < count; i++)
		extents[i] = pfn + (i << order);
	r.extent_start.p = extents;
	done = hv_memory_op(x->hv, XENMEM_populate_physmap, &r, sizeof(r));
	for (long i = 0; i < done; i++) {
		uint64_t *to = x->p2m + pfn + ((uint64_t)i << order);

		for (uint64_t j = 0; j < 1ul << order; j++)
			to[j] = extents[i] + j;
	}
	return done;
}

static int populate_all(struct build *x, xen_pfn_t *extents)
{
	uint64_t pfn = 0, pages = x->plan.pages;
	bool big = true;

	while (pfn < pages) {
		uint64_t left = pages - pfn;
		unsigned int order = big && left >= BIG_PAGES ? BIG_ORDER : 0;
		uint64_t want = left >> order;
		long done;

		if (want > EXTENTS_MAX)
			want = EXTENTS_MAX;
		done = populate(x, extents, pfn, want, order);
		if (done < 0 && done != -ENOMEM)
			return fail_errno(x->fail, (int)done,
					  "the hypervisor refused memory");
		if (done > 0)
			pfn += (uint64_t)done << order;
		if (done == (long)want)
			continue;
		if (!order)
			return fail_set(x->fail, -ENOMEM,
					"memory ran out after %" PRIu64 " of %" PRIu64 " MiB: free some (xl mem-set on another guest, or the control domain's dom0_mem=) or ask for less",
					pfn >> 8, pages >> 8);
		big = false;
	}
	return 0;
}

/* Rather says so at once than takes all that there is, to give it back. */
static int check_free(struct build *x)
{
	struct xen_sysctl_physinfo info;

	if (hv_physinfo(x->hv, &info) || info.free_pages >= x->plan.pages)
		return 0;
	return fail_set(x->fail, -ENOMEM,
			"%" PRIu64 " MiB of memory are free and %" PRIu64 " are needed: free some (xl mem-set on another guest, or the control domain's dom0_mem=) or ask for less",
			(uint64_t)info.free_pages >> 8, x->plan.pages >> 8);
}

static int give_memory(struct build *x)
{
	size_t bytes = EXTENTS_MAX * sizeof(xen_pfn_t);
	xen_pfn_t *extents;
	int rc;

	x->p2m = malloc(x->plan.pages * sizeof(*x->p2m));
	extents = hv_buf_alloc(x->hv, bytes);
	if (!x->p2m || !extents)
		rc = fail_set(x->fail, -ENOMEM,
			      "no memory for the guest's frame list in the control domain");
	else
		rc = populate_all(x, extents);
	hv_buf_free(x->hv, extents, bytes);
	return rc;
}

/* ---- writing into the guest ---- */

typedef long long wide __attribute__((vector_size(16), aligned(1)));

/*
 * memcpy for what is far larger than a cache.  Whole vectors: the byte-wise
 * string instructions that libc prefers for long copies are slow on an
 * emulated processor, and no faster than this on a real one.
 */
static void copy_wide(uint8_t *to, const uint8_t *from, size_t len)
{
	for (; len >= 64; len -= 64, to += 64, from += 64) {
		wide a = ((const wide *)from)[0], b = ((const wide *)from)[1];
		wide c = ((const wide *)from)[2], d = ((const wide *)from)[3];

		((wide *)to)[0] = a;
		((wide *)to)[1] = b;
		((wide *)to)[2] = c;
		((wide *)to)[3] = d;
		/* Keeps the compiler from turning the loop into memcpy. */
		__asm__ volatile("" : : : "memory");
	}
	memcpy(to, from, len);
}

static void zero_wide(uint8_t *to, size_t len)
{
	const wide zero = { 0 };

	for (; len >= 64; len -= 64, to += 64) {
		for (int i = 0; i < 4; i++)
			((wide *)to)[i] = zero;
		__asm__ volatile("" : : : "memory");
	}
	memset(to, 0, len);
}

/* Where bytes that go into the guest come from: @len given, then zeros. */
struct bytes {
	const uint8_t *from;
	uint64_t len, total;
};

/* Fills @room bytes at @to with what begins @done into @src. */
static void fill(uint8_t *to, const struct bytes *src, uint64_t done,
		 uint64_t room)
{
	uint64_t copy = 0;

	if (done < src->len) {
		copy = src->len - done;
		if (copy > room)
			copy = room;
		copy_wide(to, src->from + done, copy);
	}
	zero_wide(to + copy, room - copy);
}

/* Writes @src at guest-physical @at, window by window. */
static int put(struct build *x, uint64_t at, const struct bytes *src)
{
	uint64_t done = 0;

	while (done < src->total) {
		uint64_t pfn = (at + done) / PAGE, offset = (at + done) % PAGE;
		uint64_t room = src->total - done;
		uint64_t pages;
		void *va;
		int rc;

		if (room > WINDOW_PAGES * PAGE - offset)
			room = WINDOW_PAGES * PAGE - offset;
		pages = (offset + room + PAGE - 1) / PAGE;
		rc = hv_foreign_map(x->hv, x->b->domid,
				    HV_PROT_READ | HV_PROT_WRITE,
				    x->p2m + pfn, NULL, pages, &va);
		if (rc)
			return fail_errno(x->fail, rc,
					  "cannot map the guest's memory");
		fill((uint8_t *)va + offset, src, done, room);
		rc = hv_foreign_unmap(x->hv, va, pages);
		if (rc)
			return fail_errno(x->fail, rc,
					  "cannot unmap the guest's memory");
		done += room;
	}
	return 0;
}

/*
 * Clears pages through the hypervisor, which is cheaper than mapping them.
 * How many it did; a hypervisor that refuses leaves the rest to the caller.
 */
static uint64_t clear_pages(struct build *x, uint64_t pfn, uint64_t count)
{
	size_t bytes = CLEAR_BATCH * sizeof(struct mmuext_op);
	struct mmuext_op *ops = hv_buf_alloc(x->hv, bytes);
	uint64_t done = 0;

	while (ops && done < count) {
		uint64_t n = count - done < CLEAR_BATCH ? count - done :
							  CLEAR_BATCH;

		for (uint64_t i = 0; i < n; i++) {
			ops[i].cmd = MMUEXT_CLEAR_PAGE;
			ops[i].arg1.mfn = x->p2m[pfn + done + i];
		}
		if (hv_call(x->hv, __HYPERVISOR_mmuext_op, (uintptr_t)ops, n,
			    0, x->b->domid, 0))
			break;
		done += n;
	}
	hv_buf_free(x->hv, ops, bytes);
	return done;
}

/* Writes @src at @at; whole pages of zeros at its end are cleared. */
static int put_and_clear(struct build *x, uint64_t at, const struct bytes *src)
{
	uint64_t first = (at + src->len + PAGE - 1) / PAGE;
	uint64_t last = (at + src->total) / PAGE;
	struct bytes head = *src, tail = { 0 };
	uint64_t cleared = 0;
	int rc;

	if (last > first)
		cleared = x->zeroed ? last - first :
				      clear_pages(x, first, last - first);
	if (!cleared)
		return put(x, at, src);
	/* What lies before the cleared pages, and behind. */
	head.total = first * PAGE - at;
	tail.total = at + src->total - (first + cleared) * PAGE;
	rc = put(x, at, &head);
	return rc ? rc : put(x, (first + cleared) * PAGE, &tail);
}

static int put_page(struct build *x, uint64_t pfn, const void *data,
		    size_t len)
{
	const struct bytes src = { data, len, PAGE };

	return put(x, pfn * PAGE, &src);
}

static int put_kernel(struct build *x)
{
	const struct kernel_image *k = x->b->kernel;

	for (unsigned int i = 0; i < k->segments_count; i++) {
		const struct kernel_segment *seg = &k->segments[i];
		const struct bytes src = { k->data + seg->offset,
					   seg->file_size, seg->mem_size };
		int rc = put_and_clear(x, seg->paddr - k->paddr_offset,
				       &src);

		if (rc)
			return rc;
	}
	return 0;
}

static int put_ramdisk(struct build *x)
{
	const struct bytes src = { x->b->ramdisk, x->b->ramdisk_len,
				   x->plan.ramdisk.pages * PAGE };

	return put(x, x->plan.ramdisk.pfn * PAGE, &src);
}

static int put_p2m(struct build *x)
{
	uint64_t len = x->plan.pages * sizeof(*x->p2m);
	const struct bytes src = { (const uint8_t *)x->p2m, len,
				   (len + PAGE - 1) / PAGE * PAGE };

	return put(x, x->plan.p2m.pfn * PAGE, &src);
}

/* All page tables at once: they are few, and mapped in one batch. */
static int put_tables(struct build *x)
{
	uint64_t count = pv_plan_tables_count(&x->plan);
	uint64_t *frames = malloc(count * sizeof(*frames));
	void *va;
	int rc;

	if (!frames)
		return fail_set(x->fail, -ENOMEM, "no memory for page tables");
	for (uint64_t i = 0; i < count; i++)
		frames[i] = x->p2m[pv_plan_table_pfn(&x->plan, i)];
	rc = hv_foreign_map(x->hv, x->b->domid, HV_PROT_READ | HV_PROT_WRITE,
			    frames, NULL, count, &va);
	free(frames);
	if (rc)
		return fail_errno(x->fail, rc, "cannot map page tables");
	for (uint64_t i = 0; i < count; i++)
		pv_plan_fill_table(&x->plan, x->p2m, i,
				   (uint64_t *)((uint8_t *)va + i * PAGE));
	rc = hv_foreign_unmap(x->hv, va, count);
	return rc ? fail_errno(x->fail, rc, "cannot unmap page tables") : 0;
}

/* ---- the pages that the hypervisor looks at ---- */

/* Every vCPU starts with events off, the absent ones too. */
static int init_shared_info(struct build *x, uint64_t frame)
{
	struct shared_info *si;
	void *va;
	int rc = hv_foreign_map(x->hv, x->b->domid,
				HV_PROT_READ | HV_PROT_WRITE, &frame, NULL, 1,
				&va);

	if (rc)
		return fail_errno(x->fail, rc, "cannot map shared_info");
	si = va;
	memset(va, 0, PAGE);
	for (size_t i = 0; i < sizeof(si->vcpu_info) / sizeof(si->vcpu_info[0]);
	     i++)
		si->vcpu_info[i].evtchn_upcall_mask = 1;
	return hv_foreign_unmap(x->hv, va, 1);
}

static int put_start_info(struct build *x, uint64_t shared_info_frame)
{
	uint8_t page[PAGE] = { 0 };
	const struct pv_start start = {
		.cmdline = x->b->cmdline,
		.shared_info_frame = shared_info_frame,
		.store_port = x->b->store_port,
		.console_port = x->b->console_port,
	};

	_Static_assert(sizeof(struct start_info) <= PAGE, "one page");
	pv_plan_start_info(&x->plan, x->p2m, &start,
			   (struct start_info *)page);
	return put_page(x, x->plan.start_info.pfn, page, sizeof(page));
}

static int put_small_pages(struct build *x, uint64_t shared_info_frame)
{
	int rc = put_page(x, x->plan.store.pfn, NULL, 0);

	if (!rc)
		rc = put_page(x, x->plan.console.pfn, NULL, 0);
	if (!rc)
		rc = put_page(x, x->plan.stack.pfn, NULL, 0);
	if (!rc)
		rc = put_start_info(x, shared_info_frame);
	return rc;
}

/*
 * The two grants that every guest begins with: its console and store rings,
 * for the control domain's daemons.
 */
static int seed_grants(struct build *x)
{
	struct gnttab_setup_table setup = {
		.dom = (domid_t)x->b->domid,
		.nr_frames = 1,
	};
	xen_pfn_t *frame = hv_buf_alloc(x->hv, sizeof(*frame));
	struct grant_entry_v1 *table;
	uint64_t at;
	void *va;
	int rc;

	if (!frame)
		return fail_set(x->fail, -ENOMEM, "no hypercall buffer");
	setup.frame_list.p = frame;
	rc = (int)hv_grant_op(x->hv, GNTTABOP_setup_table, &setup,
			      sizeof(setup), 1);
	at = *frame;
	hv_buf_free(x->hv, frame, sizeof(*frame));
	if (!rc && setup.status)
		rc = -EINVAL;
	if (!rc)
		rc = hv_foreign_map(x->hv, x->b->domid,
				    HV_PROT_READ | HV_PROT_WRITE, &at, NULL, 1,
				    &va);
	if (rc)
		return fail_errno(x->fail, rc,
				  "cannot set up the guest's grant table");
	table = va;
	table[GNTTAB_RESERVED_CONSOLE] = (struct grant_entry_v1){
		.flags = GTF_permit_access,
		.frame = (uint32_t)x->b->console_frame,
	};
	table[GNTTAB_RESERVED_XENSTORE] = (struct grant_entry_v1){
		.flags = GTF_permit_access,
		.frame = (uint32_t)x->b->store_frame,
	};
	return hv_foreign_unmap(x->hv, va, 1);
}

static int write_hypercall_page(struct build *x)
{
	const struct kernel_image *k = x->b->kernel;
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_hypercall_init,
		.domain = (domid_t)x->b->domid,
	};
	int rc;

	if (!k->has_hypercall_page)
		return 0;
	op.u.hypercall_init.gmfn =
		x->p2m[(k->hypercall_page - k->virt_base) / PAGE];
	rc = hv_domctl(x->hv, &op);
	return rc ? fail_errno(x->fail, rc, "cannot fill the hypercall page") :
		    0;
}

/* Makes the L4 a page table for good; from here on all tables are checked. */
static int pin_tables(struct build *x)
{
	struct mmuext_op *op = hv_buf_alloc(x->hv, sizeof(*op));
	int rc;

	if (!op)
		return fail_set(x->fail, -ENOMEM, "no hypercall buffer");
	op->cmd = MMUEXT_PIN_L4_TABLE;
	op->arg1.mfn = x->p2m[x->plan.tables.pfn];
	rc = (int)hv_call(x->hv, __HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0,
			  x->b->domid, 0);
	hv_buf_free(x->hv, op, sizeof(*op));
	return rc ? fail_errno(x->fail, rc,
			       "the hypervisor refused the first page tables") :
		    0;
}

static int start_vcpu(struct build *x)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_setvcpucontext,
		.domain = (domid_t)x->b->domid,
	};
	struct vcpu_guest_context *ctx = hv_buf_alloc(x->hv, sizeof(*ctx));
	int rc;

	if (!ctx)
		return fail_set(x->fail, -ENOMEM, "no hypercall buffer");
	pv_plan_vcpu(&x->plan, x->p2m, ctx);
	op.u.vcpucontext.ctxt.p = (void *)ctx;
	do
		rc = hv_domctl(x->hv, &op);
	while (rc == -EAGAIN);
	hv_buf_free(x->hv, ctx, sizeof(*ctx));
	return rc ? fail_errno(x->fail, rc, "cannot set the first vCPU's registers") :
		    0;
}

static int fill_memory(struct build *x)
{
	struct xen_domctl_getdomaininfo info;
	int rc = hv_domain_info(x->hv, x->b->domid, &info);

	if (rc)
		return fail_errno(x->fail, rc, "the new domain is gone");
	rc = put_kernel(x);
	if (!rc && x->plan.ramdisk_len)
		rc = put_ramdisk(x);
	if (!rc)
		rc = put_p2m(x);
	if (!rc)
		rc = put_small_pages(x, info.shared_info_frame);
	if (!rc)
		rc = init_shared_info(x, info.shared_info_frame);
	if (!rc)
		rc = put_tables(x);
	return rc;
}

int pv_build(struct hv *hv, struct pv_build *b, struct fail *fail)
{
	struct build x = { .hv = hv, .b = b, .fail = fail,
			   .zeroed = hv_memory_is_zero(hv) };
	int rc = pv_plan(&x.plan, b->kernel, b->ramdisk_len, b->pages, fail);

	if (!rc)
		rc = check_free(&x);
	if (!rc)
		rc = give_memory(&x);
	if (!rc) {
		b->store_frame = x.p2m[x.plan.store.pfn];
		b->console_frame = x.p2m[x.plan.console.pfn];
		rc = fill_memory(&x);
	}
	if (!rc)
		rc = write_hypercall_page(&x);
	if (!rc)
		rc = pin_tables(&x);
	if (!rc)
		rc = seed_grants(&x);
	if (!rc)
		rc = start_vcpu(&x);
	free(x.p2m);
	return rc;
}
