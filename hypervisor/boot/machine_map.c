// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine's memory map for whoever may ask: port/frame.h. No state. */
#include <boot/boot.h>
#include <port/frame.h>

bool machine_range(unsigned int i, struct abi_e820entry *out)
{
	const struct boot_range *r = &bootinfo.map[i];

	if (i >= bootinfo.map_count)
		return false;
	*out = (struct abi_e820entry){
		.addr = r->start,
		.size = r->end - r->start,
		.type = r->type,
	};
	return true;
}
