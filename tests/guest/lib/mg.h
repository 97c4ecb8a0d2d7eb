/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library of the micro-guests: small PV kernels, each a folder of tests
 * that exercise one room's hypercalls, its refusals, and the attacks of the
 * past.  They run as control domain or as guest, on Parvis or on Xen.
 *
 * A test is a TEST(name) function that returns after CHECKs; a failing CHECK
 * is printed and ends the test.  SKIP says why a test cannot run here.
 */
#ifndef MG_H
#define MG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/core.h>
#include <abi/event.h>
#include <abi/grant.h>
#include <abi/memory.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <abi/x86/pv.h>
#include <lib/errno.h>

#define PAGE 4096UL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

extern struct start_info *start;
extern struct shared_info *shared;
extern bool is_dom0;

/* --- results --- */

enum { T_PASS, T_FAIL, T_SKIP };
struct test {
	const char *name;
	void (*fn)(void);
};
#define TEST(n)                                                            \
	static void test_##n(void);                                        \
	static const struct test entry_##n                                 \
		__attribute__((used, section(".test_table"))) = { #n, test_##n }; \
	static void test_##n(void)

void mg_fail(const char *file, int line, const char *what);
void mg_fail_eq(const char *file, int line, const char *what, long a, long b);
void mg_skip(const char *why);

#define CHECK(e)                                            \
	do {                                                \
		if (!(e)) {                                 \
			mg_fail(__FILE__, __LINE__, #e);    \
			return;                             \
		}                                           \
	} while (0)
#define CHECK_EQ(a, b)                                                      \
	do {                                                                \
		long a_ = (long)(a), b_ = (long)(b);                        \
		if (a_ != b_) {                                             \
			mg_fail_eq(__FILE__, __LINE__, #a " == " #b, a_, b_); \
			return;                                             \
		}                                                           \
	} while (0)
#define SKIP(why)              \
	do {                   \
		mg_skip(why);  \
		return;        \
	} while (0)

void mg_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- hypercalls --- */

long hc(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
	unsigned long a4, unsigned long a5);
#define HC0(name) hc(__HYPERVISOR_##name, 0, 0, 0, 0, 0)
#define HC1(name, a) hc(__HYPERVISOR_##name, (unsigned long)(a), 0, 0, 0, 0)
#define HC2(name, a, b) \
	hc(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), 0, 0, 0)
#define HC3(name, a, b, c)                                             \
	hc(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), \
	   (unsigned long)(c), 0, 0)
#define HC4(name, a, b, c, d)                                          \
	hc(__HYPERVISOR_##name, (unsigned long)(a), (unsigned long)(b), \
	   (unsigned long)(c), (unsigned long)(d), 0)

/* --- traps --- */

struct frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx,
		rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};
#define V_SOFT 32
#define V_EVENT 256
#define V_FAILSAFE 257
#define V_SYSCALL 258

/* What the last trap was; vector -1 before any. */
extern volatile long last_vector;
extern volatile uint64_t last_error, last_cr2;
/* A test's own handler: true if it dealt with the trap. */
extern bool (*trap_hook)(struct frame *f);
extern volatile unsigned long event_count;

/* Vector that reading, writing or calling @a raises, or -1: none. */
int probe_read(const volatile void *a, uint64_t *val);
int probe_write(volatile void *a, uint64_t val);
int probe_exec(const void *a);
/* Run @fn; the first trap in it ends it. Returns the vector, or -1. */
int probe_call(void (*fn)(void *), void *arg);

extern const uint8_t trap_stubs[], trap_stub_soft[], event_stub[],
	failsafe_stub[], syscall_stub[];
#define TRAP_STUB_SIZE 16

/* --- memory --- */

#define PAGES 64
extern uint8_t pages[PAGES][4096]; /* for tests: zero, mapped read-write */

uint64_t virt_to_pfn(const volatile void *p);
uint64_t pfn_to_mfn(uint64_t pfn);
uint64_t virt_to_mfn(const volatile void *p);
/* Of the running tables: the entry of @level (1..4) that maps @va, or NULL. */
uint64_t *pte_of(const volatile void *va, int level);
uint64_t pte_machine(const volatile void *va, int level);

#define PTE_P 1UL
#define PTE_RW 2UL
#define PTE_US 4UL
#define PTE_PWT 8UL
#define PTE_PCD 16UL
#define PTE_A 32UL
#define PTE_D 64UL
#define PTE_PSE 128UL
#define PTE_G 256UL
#define PTE_NX (1UL << 63)
#define PTE_TABLE (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

long map_va(const volatile void *va, uint64_t pte, unsigned long flags);
long make_readonly(const volatile void *p);
long make_writable(const volatile void *p);

static inline void clear_page(void *p)
{
	__builtin_memset(p, 0, PAGE);
}

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);

static inline uint64_t rdtsc(void)
{
	uint32_t a, d;

	__asm__ volatile("lfence; rdtsc" : "=a"(a), "=d"(d) : : "memory");
	return (uint64_t)d << 32 | a;
}

/* system time, in ns, from vcpu_info */
uint64_t now(void);

/* This domain's number. */
domid_t mg_self(void);

#endif
