// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vdev.c: names and numbers of virtual disks.
 *
 * State: none.  One table holds the ranges: each kind of name has some, from
 * the one with the fewest disks and partitions to the widest, and a number is
 * the range's first plus disk and partition in their bits.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdev.h"

/* Disks @first_disk to @last_disk of the names that begin with @prefix. */
static const struct range {
	const char *prefix;
	uint32_t base;
	uint32_t first_disk, last_disk;
	unsigned int part_bits;
} ranges[] = {
	{ "xvd", 202u << 8, 0, 15, 4 },
	{ "xvd", 1u << 28, 0, (1u << 20) - 1, 8 },
	{ "sd", 8u << 8, 0, 15, 4 },
	{ "hd", 3u << 8, 0, 1, 6 },
	{ "hd", 22u << 8, 2, 3, 6 },
};

#define RANGES_COUNT (sizeof(ranges) / sizeof(ranges[0]))

/* Numbers from here on have no meaning yet. */
#define NUMBERS_END (2u << 28)

static bool in_range(const struct range *r, uint32_t disk, uint32_t part)
{
	return disk >= r->first_disk && disk <= r->last_disk &&
	       part < 1u << r->part_bits;
}

static int number_in(const char *prefix, uint32_t disk, uint32_t part,
		     uint32_t *number)
{
	for (size_t i = 0; i < RANGES_COUNT; i++) {
		const struct range *r = &ranges[i];

		if (strcmp(r->prefix, prefix) || !in_range(r, disk, part))
			continue;
		*number = r->base |
			  (disk - r->first_disk) << r->part_bits | part;
		return 0;
	}
	return -EINVAL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number below 2^24 without sign; moves *@at behind it. */
static bool take_digits(const char **at, uint32_t *value)
{
	uint32_t n = 0;

	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++) {
		n = n * 10 + (uint32_t)(**at - '0');
		if (n >= 1u << 24)
			return false;
	}
	*value = n;
	return true;
}

/* a is 0, z is 25, aa is 26; moves *@at behind the letters. */
static bool take_letters(const char **at, uint32_t *disk)
{
	uint32_t n = 0;

	if (**at < 'a' || **at > 'z')
		return false;
	for (; **at >= 'a' && **at <= 'z'; (*at)++) {
		n = n * 26 + (uint32_t)(**at - 'a') + 1;
		if (n >= 1u << 24)
			return false;
	}
	*disk = n - 1;
	return true;
}

/* "d5" or "d5p2". */
static int parse_dp(const char *text, uint32_t *number)
{
	const char *at = text + 1;
	uint32_t disk, part = 0;

	if (!take_digits(&at, &disk))
		return -EINVAL;
	if (*at == 'p') {
		at++;
		if (!take_digits(&at, &part))
			return -EINVAL;
	}
	return *at ? -EINVAL : number_in("xvd", disk, part, number);
}

static int parse_letters(const char *prefix, const char *text,
			 uint32_t *number)
{
	const char *at = text + strlen(prefix);
	uint32_t disk, part = 0;

	if (!take_letters(&at, &disk))
		return -EINVAL;
	if (*at && !take_digits(&at, &part))
		return -EINVAL;
	return *at ? -EINVAL : number_in(prefix, disk, part, number);
}

static int parse_number(const char *text, uint32_t *number)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || *end || n >= NUMBERS_END)
		return -EINVAL;
	*number = (uint32_t)n;
	return 0;
}

int vdev_parse(const char *text, uint32_t *number)
{
	if (is_digit(text[0]))
		return parse_number(text, number);
	if (text[0] == 'd')
		return parse_dp(text, number);
	for (size_t i = 0; i < RANGES_COUNT; i++) {
		const char *prefix = ranges[i].prefix;

		if (!strncmp(text, prefix, strlen(prefix)))
			return parse_letters(prefix, text, number);
	}
	return -EINVAL;
}

/* The letters of @disk, written from the end. */
static const char *letters(uint32_t disk, char room[8])
{
	char *at = room + 7;

	*at = '\0';
	for (uint32_t n = disk + 1; n; n = (n - 1) / 26)
		*--at = (char)('a' + (n - 1) % 26);
	return at;
}

void vdev_name(uint32_t number, char to[VDEV_NAME_MAX])
{
	snprintf(to, VDEV_NAME_MAX, "%u", number);
	for (size_t i = 0; i < RANGES_COUNT; i++) {
		const struct range *r = &ranges[i];
		uint32_t rest = number - r->base;
		uint32_t part = rest & ((1u << r->part_bits) - 1);
		uint32_t disk = r->first_disk + (rest >> r->part_bits);
		char room[8], digits[8] = "";

		if (number < r->base || !in_range(r, disk, part))
			continue;
		if (part)
			snprintf(digits, sizeof(digits), "%u", part & 0xff);
		snprintf(to, VDEV_NAME_MAX, "%s%s%s", r->prefix,
			 letters(disk, room), digits);
		return;
	}
}
