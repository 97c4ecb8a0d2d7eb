/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug keys; boot/keys.c.  Here because they look into every room. */
#ifndef BOOT_KEYS_H
#define BOOT_KEYS_H

/* hooks.debug_key: say what @c stands for; a key that is none: which there are. */
void boot_key(char c);

#endif
