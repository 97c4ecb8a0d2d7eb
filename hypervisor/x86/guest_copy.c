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

bool guest_range_ok(gva_t a, size_t len)
{
	gva_t last = a + len - 1;

	if (!len)
		return true;
	if (last < a)
		return false;
	/* Below the hole, or above it and the hypervisor. */
	return last < 0x800000000000UL || a >= HV_VIRT_END;
}

int guest_read(struct vcpu *v, void *dst, gva_t src, size_t len)
{
	(void)v;
	if (!guest_range_ok(src, len))
		return -EFAULT;
	return copy_user(dst, (const void *)src, len) ? -EFAULT : 0;
}

int guest_write(struct vcpu *v, gva_t dst, const void *src, size_t len)
{
	(void)v;
	if (!guest_range_ok(dst, len))
		return -EFAULT;
	return copy_user((void *)dst, src, len) ? -EFAULT : 0;
}

int guest_clear(struct vcpu *v, gva_t dst, size_t len)
{
	(void)v;
	if (!guest_range_ok(dst, len))
		return -EFAULT;
	return clear_user((void *)dst, len) ? -EFAULT : 0;
}
