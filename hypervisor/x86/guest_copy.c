// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies from and to the running guest's memory, through the address space
 * that the CPU has loaded (the guest's own).  A fault ends the copy through
 * the exception table.  No state.
 */
#include <lib/str.h>
#include <port/guest.h>
#include <x86/copy.h>
#include <x86/layout.h>

#define LOW_END 0x800000000000UL

/* Below the hole, or above the hypervisor and without a wrap. */
static inline bool range_ok(gva_t a, size_t len)
{
	gva_t end = a + len;

	if (likely(a < LOW_END))
		return len <= LOW_END - a;
	return a >= HV_VIRT_END && (end >= a || !end);
}

bool guest_range_ok(gva_t a, size_t len)
{
	return range_ok(a, len);
}

int guest_read(struct vcpu *v, void *dst, gva_t src, size_t len)
{
	(void)v;
	if (unlikely(!range_ok(src, len)))
		return -EFAULT;
	return copy_user(dst, (const void *)src, len);
}

int guest_write(struct vcpu *v, gva_t dst, const void *src, size_t len)
{
	(void)v;
	if (unlikely(!range_ok(dst, len)))
		return -EFAULT;
	return copy_user((void *)dst, src, len);
}

int guest_clear(struct vcpu *v, gva_t dst, size_t len)
{
	(void)v;
	if (unlikely(!range_ok(dst, len)))
		return -EFAULT;
	return clear_user((void *)dst, len);
}
