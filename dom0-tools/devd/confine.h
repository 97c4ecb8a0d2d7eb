/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine.h: becoming a program of the distribution's that reads what a guest
 * has written, with as few rights as it works with.
 */
#ifndef DEVD_CONFINE_H
#define DEVD_CONFINE_H

#include <stdbool.h>

/*
 * Becomes the program @argv as user @uid_text, which may write to the file (or
 * in the folder) @writable only; "": nowhere.  An exit code if that fails.
 */
int confine_main(const char *uid_text, const char *writable, char **argv);

/* Where a program of this name is; false: nowhere. */
bool confine_find(const char *program, char path[128]);

/*
 * Refuses the system calls that it does not need, for good.  Only a call of
 * execve() with this very pointer is let through.  0 or -errno
 */
int confine_calls(const char *program);

#endif
