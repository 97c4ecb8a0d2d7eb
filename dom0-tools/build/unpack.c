// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unpack.c: a kernel's file, by the hypervisor's decoders (hypervisor/lib).
 *
 * State: none.  The decoders write one flat buffer; they are given as much
 * address space as the file says that it needs, at most UNPACK_MAX, of which
 * only what is written takes memory.  What they do not read: the size that a
 * bzImage's payload ends with, and an XZ file's index.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <lib/kernel_image.h>
#include <port/foreign.h>

#include "unpack.h"

/* Packings that Linux knows and we do not unpack. */
static const struct foreign_packing {
	const char *name;
	const char *magic;
	size_t magic_len;
} foreign[] = {
	{ "bzip2", "BZh", 3 },
	{ "LZMA", "\x5d\0\0", 3 },
	{ "LZO", "\x89LZO", 4 },
};

const char *packed_name(const struct packed *p)
{
	return pack_name((enum pack)p->kind);
}

static int unknown_kind(const struct kernel_image *k, const char *why,
			struct fail *fail)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		const struct foreign_packing *f = &foreign[i];

		if (k->payload_len >= f->magic_len &&
		    !memcmp(k->payload, f->magic, f->magic_len))
			return fail_set(fail, -ENOEXEC,
					"the kernel is packed with %s, which is not supported: unpack it first (Linux's scripts/extract-vmlinux does)",
					f->name);
	}
	return fail_set(fail, -ENOEXEC, "%s: is this the right file?", why);
}

int unpack_probe(const uint8_t *data, size_t len, struct packed *out,
		 struct fail *fail)
{
	struct kernel_image k;
	const char *why;
	int rc = kernel_image_open(&k, data, len, &why);

	if (rc && k.pack == PACK_UNKNOWN)
		return unknown_kind(&k, why, fail);
	if (rc)
		return fail_set(fail, rc, "%s", why);
	if (k.unpacked_size > UNPACK_MAX)
		return fail_set(fail, -EFBIG,
				"the kernel unpacks to more than %lu MiB",
				UNPACK_MAX >> 20);
	*out = (struct packed){ .data = k.payload, .len = k.payload_len,
				.kind = k.pack, .room = k.unpacked_size };
	return 0;
}

static int no_memory(struct fail *fail)
{
	return fail_set(fail, -ENOMEM, "no memory to unpack the kernel");
}

/* One packing, in memory that the caller has. */
static int run(struct unpack *u, const struct packed *in, struct fail *fail)
{
	int rc;

	u->arena.mem = aligned_alloc(64, UNPACK_ARENA_SIZE);
	u->arena.size = UNPACK_ARENA_SIZE;
	if (!u->arena.mem)
		return no_memory(fail);
	rc = unpack_run((enum pack)in->kind, u);
	free(u->arena.mem);
	if (!rc && !u->out_len)
		rc = -EINVAL;
	if (rc == -ENOSPC)
		return fail_set(fail, -EFBIG,
				"the kernel unpacks to more than it claims (%zu bytes)",
				u->out_cap);
	return rc ? fail_set(fail, -ENOEXEC,
			     "the %s data is damaged or cut short (%s): install the kernel again",
			     packed_name(in), u->why ? u->why : "empty") :
		    0;
}

int unpack(const struct packed *in, uint8_t **out, size_t *out_len,
	   struct fail *fail)
{
	struct unpack u = { .in = in->data, .in_len = in->len,
			    .out_cap = in->room, .crc32 = foreign_crc32 };
	size_t used;
	int rc;

	u.out = mmap(NULL, in->room, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (u.out == MAP_FAILED)
		return no_memory(fail);
	rc = run(&u, in, fail);
	used = ALIGN_UP(rc ? 0 : u.out_len, PAGE_SIZE);
	if (used < in->room)
		munmap(u.out + used, in->room - used);
	if (rc)
		return rc;
	*out = u.out;
	*out_len = u.out_len;
	return 0;
}

void unpack_drop(uint8_t *data, size_t len)
{
	if (data)
		munmap(data, len);
}
