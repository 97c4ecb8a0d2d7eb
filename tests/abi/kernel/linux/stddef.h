/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands for the Linux header of that name; see types.h here.
 */
#ifndef TESTS_ABI_LINUX_STDDEF_H
#define TESTS_ABI_LINUX_STDDEF_H

#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)

#endif
