// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What code compiled for user space finds: SSE registers, a thread block with
 * the stack protector's word at %fs:0x28, and the few C functions that the
 * linked decoders name.  All their memory is given to them, so the allocator's
 * functions refuse.
 *
 * State: the registers to put back; boot CPU only.
 */
#include <lib/assert.h>
#include <port/foreign.h>
#include <x86/insn.h>

static uint64_t thread_block[16];
static uint64_t saved_fs_base, saved_cr0;

void foreign_code_begin(void)
{
	saved_cr0 = read_cr0();
	saved_fs_base = rdmsr(MSR_FS_BASE);
	write_cr0((saved_cr0 | CR0_MP) & ~(CR0_TS | CR0_EM));
	wrmsr(MSR_FS_BASE, (uint64_t)thread_block);
}

void foreign_code_end(void)
{
	wrmsr(MSR_FS_BASE, saved_fs_base);
	write_cr0(saved_cr0);
}

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *p);
void __stack_chk_fail(void) noreturn;
unsigned long long ZSTD_trace_decompress_begin(const void *ctx);
void ZSTD_trace_decompress_end(unsigned long long ctx, const void *trace);

void *malloc(size_t size)
{
	(void)size;
	return NULL;
}

void *calloc(size_t n, size_t size)
{
	(void)n;
	(void)size;
	return NULL;
}

void free(void *p)
{
	(void)p;
}

void __stack_chk_fail(void)
{
	panic("a linked library overran its stack");
}

/* Weak in libzstd, but a missing function cannot be called from so far up. */
unsigned long long ZSTD_trace_decompress_begin(const void *ctx)
{
	(void)ctx;
	return 0; /* nobody traces */
}

void ZSTD_trace_decompress_end(unsigned long long ctx, const void *trace)
{
	(void)ctx;
	(void)trace;
}
