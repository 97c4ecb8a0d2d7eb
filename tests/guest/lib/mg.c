// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Start-up, output, traps and the list of tests of a micro-guest.
 *
 * Output goes to the hypervisor's console (control domain) or to the PV
 * console ring (guest).  Lines that scripts read begin with "MG ".
 */
#include <stdarg.h>

#include <abi/io/console.h>

#include "mg.h"

struct start_info *start;
struct shared_info *shared;
bool is_dom0;
volatile long last_vector = -1;
volatile uint64_t last_error, last_cr2;
bool (*trap_hook)(struct frame *f);
volatile unsigned long event_count;
uint64_t probe_exec_at, probe_exec_to;
uint8_t pages[PAGES][4096] __attribute__((aligned(4096)));

static uint8_t shared_page[4096] __attribute__((aligned(4096)));
static struct xencons_interface *console;
static int result;
static unsigned int passed, failed, skipped;

extern const struct test test_start[], test_end[];
struct fixup {
	uint64_t at, to;
};
extern const struct fixup fixup_start[], fixup_end[];
extern uint8_t hypercall_page[];

void *memset(void *p, int c, size_t n)
{
	void *d = p;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return p;
}

void *memcpy(void *p, const void *s, size_t n)
{
	void *d = p;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	return p;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

long hc(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
	unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long rc;

	__asm__ volatile("call *%[page]"
			 : "=a"(rc), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10),
			   "+r"(r8)
			 : [page] "r"(hypercall_page + nr * 32)
			 : "memory", "rcx", "r11", "r9");
	return rc;
}

/* --- output --- */

static void ring_write(const char *s, size_t n)
{
	uint32_t p = console->out_prod;

	while (n) {
		while (p - *(volatile uint32_t *)&console->out_cons >=
		       sizeof(console->out))
			HC2(sched_op, SCHEDOP_yield, 0);
		console->out[p++ & (sizeof(console->out) - 1)] = *s++;
		n--;
	}
	__asm__ volatile("mfence" : : : "memory");
	console->out_prod = p;
	HC2(event_channel_op, EVTCHNOP_send,
	    &(struct evtchn_send){ start->console.domU.evtchn });
}

static void write_text(const char *s, size_t n)
{
	if (is_dom0)
		HC3(console_io, CONSOLEIO_write, n, s);
	else if (console)
		ring_write(s, n);
}

static size_t put_number(char *out, uint64_t v, unsigned int base)
{
	char tmp[24];
	size_t n = 0, i;

	do
		tmp[n++] = "0123456789abcdef"[v % base];
	while (v /= base);
	for (i = 0; i < n; i++)
		out[i] = tmp[n - 1 - i];
	return n;
}

/* %s %d %u %x %ld %lu %lx %c only: what the tests print. */
void mg_print(const char *fmt, ...)
{
	char line[300];
	size_t n = 0;
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt && n < sizeof(line) - 30; fmt++) {
		bool wide = false;
		int64_t v;

		if (*fmt != '%') {
			line[n++] = *fmt;
			continue;
		}
		if (*++fmt == 'l') {
			wide = true;
			fmt++;
		}
		switch (*fmt) {
		case 's':
			for (const char *s = va_arg(ap, const char *);
			     *s && n < sizeof(line) - 30; s++)
				line[n++] = *s;
			break;
		case 'c':
			line[n++] = (char)va_arg(ap, int);
			break;
		case 'd':
			v = wide ? va_arg(ap, long) : va_arg(ap, int);
			if (v < 0)
				line[n++] = '-';
			n += put_number(line + n,
					v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
			break;
		default:
			n += put_number(line + n,
					wide ? va_arg(ap, unsigned long) :
					       va_arg(ap, unsigned int),
					*fmt == 'x' ? 16 : 10);
		}
	}
	va_end(ap);
	write_text(line, n);
}

void mg_fail(const char *file, int line, const char *what)
{
	result = T_FAIL;
	mg_print("MG   %s:%d: %s\n", file, line, what);
}

void mg_fail_eq(const char *file, int line, const char *what, long a, long b)
{
	result = T_FAIL;
	mg_print("MG   %s:%d: %s: %ld (%lx) is not %ld (%lx)\n", file, line,
		 what, a, (unsigned long)a, b, (unsigned long)b);
}

void mg_skip(const char *why)
{
	result = T_SKIP;
	mg_print("MG   skipped: %s\n", why);
}

/* --- traps --- */

static uint64_t call_resume_rip, call_resume_rsp;

int probe_call(void (*fn)(void *), void *arg)
{
	long v;

	last_vector = -1;
	__asm__ volatile("lea 1f(%%rip), %%rax\n\t"
			 "mov %%rax, %[rip]\n\t"
			 "mov %%rsp, %[rsp]\n\t"
			 "mov %%rsp, %%rbx\n\t"
			 "and $-16, %%rsp\n\t"
			 "call *%[fn]\n\t"
			 "1: mov %%rbx, %%rsp\n\t"
			 "movq $0, %[rip]\n\t"
			 : [rip] "+m"(call_resume_rip),
			   [rsp] "+m"(call_resume_rsp), "+D"(arg)
			 : [fn] "r"(fn)
			 : "memory", "rax", "rbx", "rcx", "rdx", "rsi", "r8",
			   "r9", "r10", "r11", "r12", "r13", "r14", "r15");
	v = last_vector;
	return (int)v;
}

static bool fix_up(struct frame *f)
{
	if (probe_exec_at && (f->rip == probe_exec_at || f->vector == 14)) {
		f->rip = probe_exec_to;
		f->rax = (uint32_t)f->vector;
		return true;
	}
	for (const struct fixup *x = fixup_start; x < fixup_end; x++)
		if (x->at == f->rip) {
			f->rip = x->to;
			f->rax = (uint32_t)f->vector;
			return true;
		}
	if (call_resume_rip) {
		f->rip = call_resume_rip;
		f->rsp = call_resume_rsp;
		f->rbx = call_resume_rsp;
		return true;
	}
	return false;
}

static void stop(unsigned int reason) __attribute__((noreturn));
static void stop(unsigned int reason)
{
	struct sched_shutdown s = { reason };

	for (;;)
		HC2(sched_op, SCHEDOP_shutdown, &s);
}

void trap_handler(struct frame *f);
void trap_handler(struct frame *f)
{
	if (f->vector == V_EVENT) {
		event_count++;
		shared->vcpu_info[0].evtchn_upcall_pending = 0;
		if (trap_hook)
			trap_hook(f);
		return;
	}
	last_vector = (long)f->vector;
	last_error = f->error;
	last_cr2 = shared->vcpu_info[0].arch.cr2;
	if (trap_hook && trap_hook(f))
		return;
	if (fix_up(f))
		return;
	mg_print("MG   unexpected trap %lu, error %lx, rip %lx, cr2 %lx\n",
		 f->vector, f->error, f->rip, last_cr2);
	mg_print("MG DONE %u passed, %u failed, %u skipped\n", passed,
		 failed + 1, skipped);
	stop(SHUTDOWN_crash);
}

static void set_traps(void)
{
	static struct trap_info t[35];
	unsigned int i;

	for (i = 0; i < 32; i++)
		t[i] = (struct trap_info){
			.vector = (uint8_t)i,
			.flags = i == 3 || i == 4 ? 3 : 0,
			.cs = FLAT_KERNEL_CS,
			.address = (unsigned long)trap_stubs +
				   i * TRAP_STUB_SIZE,
		};
	t[32] = (struct trap_info){
		.vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS,
		.address = (unsigned long)trap_stub_soft,
	};
	HC1(set_trap_table, t);
	HC3(set_callbacks, event_stub, failsafe_stub, syscall_stub);
}

/* --- memory --- */

uint64_t virt_to_pfn(const volatile void *p)
{
	return ((uint64_t)p - 0xffffffff80000000UL) >> 12;
}

uint64_t pfn_to_mfn(uint64_t pfn)
{
	return ((uint64_t *)start->mfn_list)[pfn];
}

uint64_t virt_to_mfn(const volatile void *p)
{
	return pfn_to_mfn(virt_to_pfn(p));
}

static void *mfn_to_virt(uint64_t m)
{
	uint64_t pfn = ((uint64_t *)MACH2PHYS_VIRT_START)[m];

	return (void *)(0xffffffff80000000UL + (pfn << 12));
}

uint64_t *pte_of(const volatile void *va, int level)
{
	uint64_t *table = (uint64_t *)start->pt_base;

	for (int l = 4;; l--) {
		uint64_t *e = &table[((uint64_t)va >> (12 + 9 * (l - 1))) & 511];

		if (l == level)
			return e;
		if (!(*e & PTE_P))
			return NULL;
		table = mfn_to_virt((*e & 0x000ffffffffff000UL) >> 12);
	}
}

uint64_t pte_machine(const volatile void *va, int level)
{
	uint64_t *e = pte_of(va, level);

	return e ? virt_to_mfn(e) << 12 | ((uint64_t)e & 4095) : 0;
}

long map_va(const volatile void *va, uint64_t pte, unsigned long flags)
{
	return HC3(update_va_mapping, va, pte, flags);
}

long make_readonly(const volatile void *p)
{
	return map_va(p, virt_to_mfn(p) << 12 | PTE_P | PTE_US | PTE_A,
		      UVMF_INVLPG);
}

long make_writable(const volatile void *p)
{
	return map_va(p, virt_to_mfn(p) << 12 | PTE_TABLE, UVMF_INVLPG);
}

uint64_t now(void)
{
	volatile struct vcpu_time_info *t = &shared->vcpu_info[0].time;
	uint64_t delta, r;
	uint32_t v;

	do {
		v = t->version & ~1U;
		__asm__ volatile("lfence" : : : "memory");
		delta = rdtsc() - t->tsc_timestamp;
		if (t->tsc_shift < 0)
			delta >>= -t->tsc_shift;
		else
			delta <<= t->tsc_shift;
		r = t->system_time + (uint64_t)((unsigned __int128)delta *
						t->tsc_to_system_mul >> 32);
		__asm__ volatile("lfence" : : : "memory");
	} while (v != t->version);
	return r;
}

/* A port bound to oneself tells one's own number. */
domid_t mg_self(void)
{
	static struct evtchn_alloc_unbound u;
	static struct evtchn_status s;

	if (is_dom0)
		return 0;
	if (!u.port) {
		struct evtchn_bind_interdomain i = { .remote_dom = DOMID_SELF };

		u = (struct evtchn_alloc_unbound){ DOMID_SELF, DOMID_SELF, 0 };
		HC2(event_channel_op, EVTCHNOP_alloc_unbound, &u);
		i.remote_port = u.port;
		HC2(event_channel_op, EVTCHNOP_bind_interdomain, &i);
		s = (struct evtchn_status){ .dom = DOMID_SELF, .port = u.port };
		HC2(event_channel_op, EVTCHNOP_status, &s);
	}
	return s.u.interdomain.dom;
}

/* --- the run --- */

static void run_one(const struct test *t)
{
	static const char *const word[] = { "PASS", "FAIL", "SKIP" };

	result = T_PASS;
	last_vector = -1;
	trap_hook = NULL;
	t->fn();
	mg_print("MG %s %s\n", word[result], t->name);
	if (result == T_PASS)
		passed++;
	else if (result == T_FAIL)
		failed++;
	else
		skipped++;
}

void guest_start(struct start_info *si);
void guest_start(struct start_info *si)
{
	start = si;
	is_dom0 = si->flags & SIF_INITDOMAIN;
	if (map_va(shared_page, si->shared_info | PTE_TABLE, UVMF_INVLPG))
		stop(SHUTDOWN_crash);
	shared = (struct shared_info *)shared_page;
	if (!is_dom0)
		console = mfn_to_virt(si->console.domU.mfn);
	set_traps();
	mg_print("MG START %s\n", is_dom0 ? "as dom0" : "as guest");
	for (const struct test *t = test_start; t < test_end; t++)
		run_one(t);
	mg_print("MG DONE %u passed, %u failed, %u skipped\n", passed, failed,
		 skipped);
	stop(SHUTDOWN_poweroff);
}
