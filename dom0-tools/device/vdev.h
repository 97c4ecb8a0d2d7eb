/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vdev.h: names of virtual disks (xvda, sdb3, hdc, d5p2, 51712) and the
 * numbers that stand for them in the store.
 */
#ifndef DOM0_DEVICE_VDEV_H
#define DOM0_DEVICE_VDEV_H

#include <stddef.h>
#include <stdint.h>

#define VDEV_NAME_MAX 24

/*
 * The number of the disk that @text names: a letter name, dDISKpPARTITION, or
 * the number itself (decimal, octal or hexadecimal).  0, or -EINVAL.
 */
int vdev_parse(const char *text, uint32_t *number);

/* "xvda" for 51712; the number in decimal where it has no name. */
void vdev_name(uint32_t number, char to[VDEV_NAME_MAX]);

#endif
