/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dev_late.h: devices that a guest was asked for and still used when xl gave
 * up: what is theirs is removed when it gives them back after all.
 */
#ifndef DOM0_DAEMON_DEV_LATE_H
#define DOM0_DAEMON_DEV_LATE_H

#include "../device/entries.h"
#include "guest.h"

/*
 * From now on, @at is removed as soon as its guest has given it back: its
 * entries, and its line in the guest's configuration.  A device that is there
 * already, or that was not asked for, is left alone.
 */
void dev_late_expect(struct toolstack *ts, const struct device_at *at);
/* The same for all devices that domain @domid was asked for before. */
void dev_late_adopt(struct toolstack *ts, uint32_t domid);
/* Takes a watch event; false if its token is not of such a device. */
bool dev_late_event(struct toolstack *ts, const char *token);
/* After the store was lost and found again: watches all anew. */
void dev_late_rewatch(struct toolstack *ts);

/* Takes the device out of its guest's configuration, if both are there. */
void dev_forget(struct toolstack *ts, const struct device_at *at);

#endif
