/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_nmi_op, and the reasons that arch_shared_info.nmi_reason gives.
 * No state.
 */
#ifndef ABI_NMI_H
#define ABI_NMI_H

#include <abi/base.h>

#define _XEN_NMIREASON_io_error		0
#define XEN_NMIREASON_io_error		(1UL << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr		1
#define XEN_NMIREASON_pci_serr		(1UL << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown		2
#define XEN_NMIREASON_unknown		(1UL << _XEN_NMIREASON_unknown)

#define XENNMI_register_callback	0
#define XENNMI_unregister_callback	1	/* no argument */

struct xennmi_callback {
	unsigned long handler_address;
	unsigned long pad;
};
typedef struct xennmi_callback xennmi_callback_t;
ABI_SIZE(struct xennmi_callback, 16);
ABI_OFFSET(struct xennmi_callback, handler_address, 0);
ABI_OFFSET(struct xennmi_callback, pad, 8);

#endif /* ABI_NMI_H */
