// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The common shape of mmu_update and mmuext_op: an array of requests in guest
 * memory, done in order up to the first that fails; how many were done is
 * stored where the guest asks.
 *
 * A call that runs out of budget continues with the rest of the array, and
 * with PT_PREEMPTED in the count, which says that the stored number counts
 * what earlier rounds did.  A guest that makes this up confuses only its own
 * number.
 */
#include <port/guest.h>
#include <pv/pt.h>

#define CHUNK 384 /* bytes of requests read at once */

enum { ARG_ARRAY, ARG_COUNT, ARG_DONE };

/* Do requests until one does not return 0; @n counts those done. */
static int run(struct vcpu *v, gva_t array, uint32_t count, unsigned int size,
	       const struct pt_ctx *c, pt_request_fn *fn, struct budget *b,
	       uint32_t *n)
{
	uint64_t buf[CHUNK / sizeof(uint64_t)];
	uint32_t fits = CHUNK / size;

	while (*n < count) {
		uint32_t k = MIN(count - *n, fits);

		if (guest_read(v, buf, array + (uint64_t)*n * size,
			       (size_t)k * size)) {
			/* Those before the one that is not there still count. */
			k = 1;
			if (guest_read(v, buf, array + (uint64_t)*n * size,
				       size))
				return -EFAULT;
		}
		for (uint32_t i = 0; i < k; i++) {
			int rc = fn(c, (const char *)buf + i * size, b);

			if (unlikely(rc))
				return rc;
			++*n;
			if (unlikely(v->pv.undoing.v))
				return -ERESTART;
			if (unlikely(budget_spend(b, 1)) && *n < count)
				return -ERESTART;
		}
	}
	return 0;
}

static uint32_t done_before(struct vcpu *v, gva_t done, bool preempted)
{
	uint32_t n = 0;

	if (!preempted || !done || guest_read(v, &n, done, sizeof(n)))
		return 0;
	return n;
}

long pt_batch(struct vcpu *v, uint64_t arg[6], unsigned int size,
	      const struct pt_ctx *c, pt_request_fn *fn)
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	uint32_t count = (uint32_t)(arg[ARG_COUNT] & ~PT_PREEMPTED);
	bool preempted = arg[ARG_COUNT] & PT_PREEMPTED;
	uint32_t n = 0, before;
	int rc = pt_finish(v, &b);

	if (rc)
		return rc;
	rc = run(v, arg[ARG_ARRAY], count, size, c, fn, &b, &n);
	if (arg[ARG_DONE]) {
		before = done_before(v, arg[ARG_DONE], preempted) + n;
		if (guest_write(v, arg[ARG_DONE], &before, sizeof(before)) &&
		    !rc)
			rc = -EFAULT;
	}
	if (rc == -ERESTART) {
		arg[ARG_ARRAY] += (uint64_t)n * size;
		arg[ARG_COUNT] = (count - n) | PT_PREEMPTED;
	}
	return rc;
}
