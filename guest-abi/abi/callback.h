/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_callback_op: where a PV vCPU wants its upcalls, system calls and
 * interrupts of special kinds delivered.  No state.
 */
#ifndef ABI_CALLBACK_H
#define ABI_CALLBACK_H

#include <abi/base.h>

typedef unsigned long xen_callback_t;	/* an address; cs is the flat one */

#define CALLBACKOP_register	0
#define CALLBACKOP_unregister	1

#define CALLBACKTYPE_event			0
#define CALLBACKTYPE_failsafe			1
#define CALLBACKTYPE_syscall			2
#define CALLBACKTYPE_sysenter_deprecated	3
#define CALLBACKTYPE_nmi			4
#define CALLBACKTYPE_sysenter			5
#define CALLBACKTYPE_syscall32			7

/* Enter the callback with event delivery masked. */
#define _CALLBACKF_mask_events	0
#define CALLBACKF_mask_events	(1U << _CALLBACKF_mask_events)

struct callback_register {
	uint16_t type;
	uint16_t flags;
	xen_callback_t address;
};
typedef struct callback_register callback_register_t;
ABI_SIZE(struct callback_register, 16);
ABI_OFFSET(struct callback_register, type, 0);
ABI_OFFSET(struct callback_register, flags, 2);
ABI_OFFSET(struct callback_register, address, 8);

struct callback_unregister {
	uint16_t type;
	uint16_t _unused;
};
typedef struct callback_unregister callback_unregister_t;
ABI_SIZE(struct callback_unregister, 4);
ABI_OFFSET(struct callback_unregister, type, 0);
ABI_OFFSET(struct callback_unregister, _unused, 2);

#endif /* ABI_CALLBACK_H */
