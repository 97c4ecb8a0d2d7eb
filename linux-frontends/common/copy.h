/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying between a buffer that the backend sees and memory of our own.  No
 * state.
 */
#ifndef FRONTEND_COPY_H
#define FRONTEND_COPY_H

#include <linux/string.h>
#include <linux/types.h>

/*
 * Each word is read once, which no memcpy() promises, and by words: a processor
 * without fast strings of bytes, or an emulated one, takes a step for each unit.
 */
static inline void fe_copy(void *to, const void *from, size_t length)
{
	size_t words = length / sizeof(u64);
	size_t bytes = length % sizeof(u64);

	asm volatile("rep movsq\n\t"
		     "mov %3, %%rcx\n\t"
		     "rep movsb"
		     : "+&D" (to), "+&S" (from), "+&c" (words)
		     : "r" (bytes)
		     : "memory");
}

#endif
