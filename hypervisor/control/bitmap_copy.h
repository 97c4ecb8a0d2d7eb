/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU sets as bitmaps in a caller's memory. control/bitmap_copy.c */
#ifndef CONTROL_BITMAP_COPY_H
#define CONTROL_BITMAP_COPY_H

#include <abi/base.h>
#include <port/cpu.h>

struct vcpu;

/* Read a set; bits beyond our CPUs are ignored. 0, -EFAULT, -EINVAL. */
int must_check bitmap_read(struct vcpu *v, const struct xenctl_bitmap *b,
			   cpumask_t *out);

/* Write a set, as far as there is room; the rest of the room is cleared. */
int must_check bitmap_write(struct vcpu *v, const struct xenctl_bitmap *b,
			    cpumask_t set);

#endif
