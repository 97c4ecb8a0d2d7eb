/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies that may fault on their user side: x86/copy.S. */
#ifndef X86_COPY_H
#define X86_COPY_H

#include <lib/types.h>

/* The addresses have been checked; 0, or -EFAULT after a fault. */
int copy_user(void *dst, const void *src, size_t len);
int clear_user(void *dst, size_t len);

#endif
