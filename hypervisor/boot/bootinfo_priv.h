/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two multiboot readers share.  All their input is untrusted: it is
 * reached only through loader_phys, copied, and checked in the copy.
 */
#ifndef BOOT_BOOTINFO_PRIV_H
#define BOOT_BOOTINFO_PRIV_H

#include <boot/boot.h>

#define MULTIBOOT1_MAGIC 0x2badb002u
#define MULTIBOOT2_MAGIC 0x36d76289u

struct loader_data {
	const void *(*phys)(paddr_t p, size_t len); /* NULL: not reachable */
	struct bootinfo *out;
	const char **why;
};

/* Copy @len bytes at @p; -EINVAL with the reason @what. */
int loader_read(const struct loader_data *l, void *dst, paddr_t p, size_t len,
		const char *what);

/*
 * Copy the string at @p into @dst (always terminated, cut at @size - 1).
 * -EINVAL if it cannot be reached.
 */
int loader_string(const struct loader_data *l, char *dst, size_t size,
		  paddr_t p, const char *what);

/* Note a module; -EINVAL: backwards, or too many. */
int loader_module(const struct loader_data *l, paddr_t start, paddr_t end,
		  const char *cmdline);

/* Fail with a reason. */
int loader_bad(const struct loader_data *l, const char *why);

int multiboot1_read(const struct loader_data *l, paddr_t info);
int multiboot2_read(const struct loader_data *l, paddr_t info);

#endif
