/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_priv.h: between the files that make up a device's life (device.c,
 * dev_*.c).
 */
#ifndef DEVD_DEVICE_PRIV_H
#define DEVD_DEVICE_PRIV_H

#include "devd/devd.h"

#define RETRY_MS 1000		/* between attempts, at most */

/* Calls @fn in @ms; a device has one timer. */
void dev_timer(struct dev *dev, uint64_t ms, void (*fn)(struct dev *));
/* A busy phase begins: the process is killed if nothing ends it. */
void dev_busy(struct dev *dev, enum sm_phase phase);
/* It has ended. */
void dev_settle(struct dev *dev, enum sm_phase phase);
/* The process does not answer: kills it, which is held against it. */
void dev_no_answer(struct dev *dev);
/* For lines that a guest can bring about as often as it likes. */
bool dev_may_log(struct dev *dev);

/* Closes all; nothing of the device may run any more. */
void dev_let_go(struct dev *dev);
bool dev_any_runs(struct dev *dev);
/* It cannot be brought up or kept alive: says so and ends it. */
void dev_fail(struct dev *dev, const struct fail *fail);

void dev_try_open(struct dev *dev);
/* Makes ready for a process and starts it. */
void dev_begin(struct dev *dev);

#endif
