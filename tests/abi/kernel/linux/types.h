/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands for the Linux header of that name when the headers of guest-abi are
 * checked as a kernel module would include them: same types, nothing else.
 */
#ifndef TESTS_ABI_LINUX_TYPES_H
#define TESTS_ABI_LINUX_TYPES_H

typedef unsigned char uint8_t;
typedef signed char int8_t;
typedef unsigned short uint16_t;
typedef short int16_t;
typedef unsigned int uint32_t;
typedef int int32_t;
typedef unsigned long long uint64_t;
typedef long long int64_t;
typedef unsigned long size_t;

#endif
