/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest-abi's headers say.  Includes every one of them (the list is
 * generated) and nothing of Xen's.
 */
#define OURS
#include "all-headers.inc"

#include "rows.h"

const struct abi_fact abi_ours[] = {
#include "rows.inc"
};
const unsigned int abi_ours_count = sizeof(abi_ours) / sizeof(abi_ours[0]);
