/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms that values of options take; pure functions. */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <lib/types.h>

/*
 * Read a number (decimal, or hexadecimal after 0x), or a size (a number and a
 * unit B K M G T; KiB without one), moving *@s past it. False: none, or too
 * large.
 */
bool cmdline_number(const char **s, uint64_t *out);
bool cmdline_size(const char **s, uint64_t *out);

/* 1: on (also an empty string), 0: off, -1: neither. */
int cmdline_bool(const char *s);

/* Log what boot_cmdline_parse() found wrong, once there is a console. */
void boot_cmdline_report(void);

#endif
