/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the fake kernel have in common.  No state. */
#ifndef FRONTENDS_FAKE_INSIDE_H
#define FRONTENDS_FAKE_INSIDE_H

#include "fake.h"

/* fake_must() - ends the test unless. */
void fake_must(bool truth, const char *what);
/* fake_sleeps() - for functions that may, in a real kernel. */
void fake_sleeps(const char *what);
/* fake_fails() - is this the call that is to fail? */
bool fake_fails(void);
/* fake_atomic() - enters (1) or leaves (-1) a context that must not sleep. */
void fake_atomic(int by);
/* fake_waits_for_io() - counts an allocation that may. */
void fake_waits_for_io(gfp_t gfp);
/* fake_work_within() - is a work item that waits in this memory? */
bool fake_work_within(const void *p, size_t size);
/* fake_bus_start() - an empty store. */
void fake_bus_start(void);
/* fake_softirq() - ends completed requests.  fake_dispatch() - puts those that
 * wait and may go; true if there were any. */
void fake_softirq(void);
bool fake_dispatch(void);

#endif
