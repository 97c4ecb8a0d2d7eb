// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The price of single hypercalls, for `make bench`: each test times a loop by
 * the TSC and prints "BENCH name ticks-per-operation".  In QEMU's icount mode a
 * tick is an instruction.  As a test it fails only when a call fails; the
 * numbers are judged by scripts/bench, beside those of Debian's Xen.
 */
#include <abi/sysctl.h>
#include "../lib/calls.h"

#define ROUNDS 2000
#define BATCH 64

static void report(const char *name, uint64_t start_tsc, unsigned long count)
{
	mg_print("BENCH %s %lu\n", name, (rdtsc() - start_tsc) / count);
}

/* Our hypervisor says what it has flushed; a real Xen knows no such key. */
static void tell_flushes(const char *name, unsigned long count)
{
	static const char key[] = "p";
	struct xen_sysctl c = {
		.cmd = XEN_SYSCTL_debug_keys,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};

	c.u.debug_keys.keys.p = key;
	c.u.debug_keys.nr_keys = 1;
	mg_print("FLUSHES %s %lu\n", name, count);
	if (HC1(sysctl, &c))
		CHECK(!is_dom0);
}

static uint64_t entry_of(const void *page, bool writable)
{
	return virt_to_mfn(page) << 12 |
	       (writable ? PTE_TABLE : PTE_TABLE & ~PTE_RW);
}

TEST(null_hypercall)
{
	uint64_t t = rdtsc();

	for (int i = 0; i < ROUNDS; i++)
		CHECK(HC2(xen_version, XENVER_version, 0) > 0);
	report("null_hypercall", t, ROUNDS);
}

TEST(update_va_mapping)
{
	uint64_t pte[2] = { entry_of(pages[0], false),
			    entry_of(pages[0], true) };
	uint64_t t;

	tell_flushes("update_va_mapping", 0);
	t = rdtsc();
	for (int i = 0; i < ROUNDS; i++)
		CHECK_EQ(HC3(update_va_mapping, pages[0], pte[i & 1],
			     UVMF_INVLPG),
			 0);
	report("update_va_mapping", t, ROUNDS);
	tell_flushes("update_va_mapping", ROUNDS);
}

TEST(mmu_update_64)
{
	static struct mmu_update u[2][BATCH];
	uint64_t t;

	for (int i = 0; i < BATCH; i++)
		for (int w = 0; w < 2; w++)
			u[w][i] = (struct mmu_update){
				pte_machine(pages[i], 1),
				entry_of(pages[i], w)
			};
	tell_flushes("mmu_update_64", 0);
	t = rdtsc();
	for (int i = 0; i < ROUNDS / 10; i++)
		CHECK_EQ(HC4(mmu_update, u[i & 1], BATCH, 0, DOMID_SELF), 0);
	report("mmu_update_64", t, ROUNDS / 10);
	tell_flushes("mmu_update_64", ROUNDS / 10);
}

/* The call alone: upcalls are masked, nothing is delivered. */
TEST(event_send)
{
	struct evtchn_send s;
	unsigned int to = 0;
	uint64_t t;

	mask_upcalls(true);
	CHECK_EQ(loopback(&s.port, &to), 0);
	t = rdtsc();
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(HC2(event_channel_op, EVTCHNOP_send, &s), 0);
		clear_pending(to);
	}
	report("event_send", t, ROUNDS);
}

/* With its delivery: our handler runs and returns by iret before the call. */
TEST(event_send_and_delivery)
{
	struct evtchn_send s;
	unsigned int to = 0;
	unsigned long before;
	uint64_t t;

	mask_upcalls(true);
	CHECK_EQ(loopback(&s.port, &to), 0);
	clear_pending(to);
	before = event_count;
	t = rdtsc();
	for (int i = 0; i < ROUNDS; i++) {
		mask_upcalls(false);
		CHECK_EQ(HC2(event_channel_op, EVTCHNOP_send, &s), 0);
		mask_upcalls(true);
		clear_pending(to);
	}
	report("event_delivery", t, ROUNDS);
	CHECK_EQ(event_count - before, ROUNDS);
}

#define COPIES 16 /* as Linux's device for user space does in one call */

/* Small packets from grants to pages of our own, each from and to another. */
TEST(grant_copies)
{
	static struct gnttab_copy c[COPIES];
	struct grant_entry_v1 *table;
	uint64_t t;

	CHECK_EQ(grant_set_up(&table), 0);
	for (unsigned int i = 0; i < COPIES; i++) {
		table[20 + i].frame = (uint32_t)virt_to_mfn(pages[i]);
		table[20 + i].domid = mg_self();
		table[20 + i].flags = GTF_permit_access;
		c[i] = (struct gnttab_copy){
			.source = { .u.ref = 20 + i, .domid = DOMID_SELF },
			.dest = { .domid = DOMID_SELF },
			.len = 100, .flags = GNTCOPY_source_gref,
		};
		c[i].dest.u.gmfn = virt_to_mfn(pages[COPIES + i]);
	}
	t = rdtsc();
	for (int i = 0; i < ROUNDS / COPIES; i++)
		CHECK_EQ(gop(GNTTABOP_copy, c, COPIES), 0);
	report("grant_copy", t, ROUNDS / COPIES * COPIES);
	for (unsigned int i = 0; i < COPIES; i++) {
		CHECK_EQ(c[i].status, 0);
		table[20 + i].flags = 0;
	}
}
