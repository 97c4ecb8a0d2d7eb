/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bitmaps between the caller's memory and one word. No state. */
#include <control/bitmap_copy.h>
#include <lib/str.h>
#include <port/guest.h>

#define BITMAP_MAX_BITS 65536U /* more room than any toolstack gives */

static size_t bytes_of(const struct xenctl_bitmap *b)
{
	return (b->nr_bits + 7) / 8;
}

int bitmap_read(struct vcpu *v, const struct xenctl_bitmap *b, cpumask_t *out)
{
	size_t n = MIN(bytes_of(b), sizeof(*out));

	*out = 0;
	if (b->nr_bits > BITMAP_MAX_BITS)
		return -EINVAL;
	if (guest_read(v, out, b->bitmap.addr, n))
		return -EFAULT;
	if (b->nr_bits < 64)
		*out &= BIT(b->nr_bits) - 1;
	return 0;
}

int bitmap_write(struct vcpu *v, const struct xenctl_bitmap *b, cpumask_t set)
{
	size_t room = bytes_of(b), n = MIN(room, sizeof(set));

	if (b->nr_bits > BITMAP_MAX_BITS)
		return -EINVAL;
	if (b->nr_bits < 64)
		set &= BIT(b->nr_bits) - 1;
	if (guest_write(v, b->bitmap.addr, &set, n) ||
	    guest_clear(v, b->bitmap.addr + n, room - n))
		return -EFAULT;
	return 0;
}
