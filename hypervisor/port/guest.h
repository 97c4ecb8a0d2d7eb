/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of the running guest, by its own virtual addresses.  @v is the vCPU
 * that made the hypercall and runs on this CPU.  Addresses inside the
 * hypervisor's range, non-canonical ones, wrapping ranges and unmapped pages
 * give -EFAULT; what was copied before the fault stays copied.  A guest can
 * change its memory at any time: read a field once, then check the copy.
 */
#ifndef PORT_GUEST_H
#define PORT_GUEST_H

#include <lib/types.h>

struct vcpu;

int must_check guest_read(struct vcpu *v, void *dst, gva_t src, size_t len);
int must_check guest_write(struct vcpu *v, gva_t dst, const void *src,
			   size_t len);
int must_check guest_clear(struct vcpu *v, gva_t dst, size_t len);

/* True if no byte of [@a, @a + @len) is non-canonical or the hypervisor's. */
bool guest_range_ok(gva_t a, size_t len);

#endif
