/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling in the up-calls; see domain/rooms.h, port/hooks.h, mm/ptype.h. */
#ifndef BOOT_ROOMS_H
#define BOOT_ROOMS_H

int rooms_init(void);

#endif
