// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables under real concurrency: three threads are CPUs that run vCPUs of
 * the same domain and do the same things to the same few frames at the same
 * time.  Nothing can be said in the middle; when they have stopped, all
 * references are recounted, and after teardown nothing may be left.
 *
 *	pt_threads [ROUNDS [SEED]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <abi/core.h>
#include <hypercall/hypercall.h>
#include "../host/mmu_machine.h"

#define POOL 40
#define STEPS 1500
#define THREADS 3

struct actor {
	pthread_t thread;
	struct vcpu v; /* shares the domain; has no base of its own */
	uint64_t rng;
	unsigned int cpu;
};

static struct actor actors[THREADS];

static uint32_t pick(struct actor *a, uint32_t below)
{
	a->rng = a->rng * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(a->rng >> 40) % below;
}

static mfn_t frame(struct actor *a)
{
	return mfn(1 + pick(a, POOL - 1));
}

static uint64_t entry(struct actor *a)
{
	uint64_t e = mfn_to_paddr(frame(a));

	if (pick(a, 6))
		e |= PTE_P | PTE_US;
	return pick(a, 2) ? e | PTE_RW : e;
}

static void update(struct actor *a)
{
	struct mmu_update u[8];
	uint64_t arg[6] = { (uint64_t)u, ARRAY_SIZE(u), 0, DOMID_SELF };

	for (unsigned int i = 0; i < ARRAY_SIZE(u); i++) {
		u[i].ptr = (mfn_to_paddr(frame(a)) + 8 * pick(a, 4)) |
			   (pick(a, 3) ? 0 : MMU_PT_UPDATE_PRESERVE_AD);
		u[i].val = entry(a);
	}
	while (hc_mmu_update(&a->v, arg) == -ERESTART && pick(a, 5))
		;
}

static void pin(struct actor *a)
{
	struct domain *d = a->v.domain;
	struct budget b = BUDGET(pick(a, 3) ? 4096 : 1 + pick(a, 600));
	mfn_t m = frame(a);

	switch (pick(a, 3)) {
	case 0:
		(void)!ptype_pin(m, (enum ptype)(PTYPE_L1 + pick(a, 4)), d, &b);
		break;
	case 1:
		(void)!ptype_unpin(m, d, &b);
		break;
	default:
		(void)!ptype_settle(m, d, &b);
	}
}

static void bases(struct actor *a)
{
	struct budget b = BUDGET(4096);

	(void)!pv_set_user_base(&a->v, pick(a, 2) ? frame(a) : MFN_NONE, &b);
}

static void frames(struct actor *a)
{
	struct domain *d = a->v.domain;
	mfn_t m = frame(a);

	switch (pick(a, 4)) {
	case 0:
		domain_free_frame(d, m);
		break;
	case 1:
		if (!domain_steal_frame(d, m) && domain_assign_frame(d, m))
			buddy_free(m, 0);
		break;
	case 2:
		if (frame_get_writable(m, d))
			frame_put_writable(m);
		break;
	default:
		(void)domain_alloc_frames(d, 0, 0, &m);
	}
}

static void *act(void *arg)
{
	struct actor *a = arg;

	mach_cpu = a->cpu;
	for (unsigned int i = 0; i < STEPS; i++)
		switch (pick(a, 10)) {
		case 0 ... 4:
			update(a);
			break;
		case 5 ... 6:
			pin(a);
			break;
		case 7:
			bases(a);
			break;
		default:
			frames(a);
		}
	return NULL;
}

static void start(uint64_t seed)
{
	struct domain *d = mach_domain(1);
	mfn_t m;

	mach_reset(POOL);
	mach_threaded = true;
	while (!domain_alloc_frames(d, 0, 0, &m))
		;
	for (unsigned int i = 0; i < THREADS; i++) {
		struct actor *a = &actors[i];

		memset(a, 0, sizeof(*a));
		a->v.domain = d;
		a->v.pv.kernel_mode = true;
		a->v.pv.kernel_cr3 = a->v.pv.user_cr3 = MFN_NONE;
		a->cpu = i;
		a->rng = seed * 77 + i;
		if (pthread_create(&a->thread, NULL, act, a))
			abort();
	}
}

static void stop(uint64_t seed)
{
	const char *bad;

	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(actors[i].thread, NULL);
	mach_threaded = false;
	for (unsigned int i = 0; i < THREADS; i++)
		while (pv_set_user_base(&actors[i].v, MFN_NONE, NULL))
			;
	bad = mach_check();
	mach_teardown(1, 100);
	if (!bad)
		bad = mach_check_empty();
	if (bad) {
		fprintf(stderr, "pt_threads: seed %lu: %s\n", seed, bad);
		abort();
	}
}

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	for (uint64_t r = 0; r < rounds; r++) {
		start(seed + r);
		stop(seed + r);
	}
	printf("pt_threads: %lu rounds of %u steps on %u CPUs: all accounted for\n",
	       rounds, STEPS, THREADS);
	return 0;
}
