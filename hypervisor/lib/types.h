/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vocabulary of every room: fixed-width types, the wrappers that keep
 * address spaces apart, and the few macros that C lacks.  No state.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/base.h>
#include <abi/errno.h>
#include <lib/errno.h>

/* A machine frame number: physical address >> 12. */
typedef struct {
	uint64_t v;
} mfn_t;

/* An address in a guest's virtual address space; never dereferenced. */
typedef uint64_t gva_t;

/* A physical address, in bytes. */
typedef uint64_t paddr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define MFN_NONE ((mfn_t){ ~0UL })

static inline mfn_t mfn(uint64_t v)
{
	return (mfn_t){ v };
}

static inline uint64_t mfn_x(mfn_t m)
{
	return m.v;
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.v == b.v;
}

static inline mfn_t mfn_add(mfn_t m, uint64_t n)
{
	return (mfn_t){ m.v + n };
}

static inline paddr_t mfn_to_paddr(mfn_t m)
{
	return m.v << PAGE_SHIFT;
}

static inline mfn_t paddr_to_mfn(paddr_t p)
{
	return (mfn_t){ p >> PAGE_SHIFT };
}

#define must_check __attribute__((warn_unused_result))
#define noreturn __attribute__((noreturn))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ALIGN_UP(x, a) (((x) + ((a) - 1)) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define BIT(n) (1UL << (n))

/* One read or one write that the compiler neither splits nor repeats. */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val) (*(volatile typeof(x) *)&(x) = (val))

/* Memory order: what other CPUs, and a PV guest's other vCPUs, may see. */
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

/*
 * Atomic operations use the compiler's __atomic builtins directly; this one
 * has a shape worth a name: *p == old ? (*p = new, true) : false.
 */
static inline bool cmpxchg64(uint64_t *p, uint64_t old, uint64_t new_val)
{
	return __atomic_compare_exchange_n(p, &old, new_val, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/*
 * -ERESTART: the operation ran out of budget and has left state from which
 * the same call continues.  It never reaches a guest (hypercall/dispatch.c).
 */
#ifndef ERESTART
#define ERESTART 85
#endif

#endif
