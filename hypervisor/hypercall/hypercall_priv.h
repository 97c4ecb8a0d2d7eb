/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers of calls that only old kernels make. hypercall/compat.c */
#ifndef HYPERCALL_HYPERCALL_PRIV_H
#define HYPERCALL_HYPERCALL_PRIV_H

#include <hypercall/hypercall.h>

hypercall_fn hc_sched_op_compat;
hypercall_fn hc_event_channel_op_compat;
hypercall_fn hc_physdev_op_compat;
hypercall_fn hc_hvm_op;

#endif
