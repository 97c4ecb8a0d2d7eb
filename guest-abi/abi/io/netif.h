/* SPDX-License-Identifier: MIT */
/*
 * Network devices: a transmit ring, a receive ring and an optional control
 * ring (see ring.h).  A packet takes one or more slots; with the extra_info
 * flag, slots of struct netif_extra_info follow the first.  No state.
 */
#ifndef ABI_IO_NETIF_H
#define ABI_IO_NETIF_H

#include <abi/types.h>
#include <abi/io/ring.h>

/* Slots of one packet that every back end accepts. */
#define XEN_NETIF_NR_SLOTS_MIN	18
#define XEN_NETIF_MAX_TX_SIZE	0xFFFF

/* ---- transmit ---- */

#define _NETTXF_csum_blank	0	/* checksum still to be filled in */
#define NETTXF_csum_blank	(1U << _NETTXF_csum_blank)
#define _NETTXF_data_validated	1
#define NETTXF_data_validated	(1U << _NETTXF_data_validated)
#define _NETTXF_more_data	2	/* the packet goes on in the next slot */
#define NETTXF_more_data	(1U << _NETTXF_more_data)
#define _NETTXF_extra_info	3
#define NETTXF_extra_info	(1U << _NETTXF_extra_info)

struct netif_tx_request {
	grant_ref_t gref;
	uint16_t offset;
	uint16_t flags;			/* NETTXF_* */
	uint16_t id;			/* comes back in the response */
	uint16_t size;			/* of the packet in its first slot */
};
typedef struct netif_tx_request netif_tx_request_t;
ABI_SIZE(struct netif_tx_request, 12);
ABI_OFFSET(struct netif_tx_request, gref, 0);
ABI_OFFSET(struct netif_tx_request, offset, 4);
ABI_OFFSET(struct netif_tx_request, flags, 6);
ABI_OFFSET(struct netif_tx_request, id, 8);
ABI_OFFSET(struct netif_tx_request, size, 10);

struct netif_tx_response {
	uint16_t id;
	int16_t status;			/* NETIF_RSP_* */
};
typedef struct netif_tx_response netif_tx_response_t;
ABI_SIZE(struct netif_tx_response, 4);
ABI_OFFSET(struct netif_tx_response, id, 0);
ABI_OFFSET(struct netif_tx_response, status, 2);

/* ---- receive ---- */

#define _NETRXF_data_validated	0
#define NETRXF_data_validated	(1U << _NETRXF_data_validated)
#define _NETRXF_csum_blank	1
#define NETRXF_csum_blank	(1U << _NETRXF_csum_blank)
#define _NETRXF_more_data	2
#define NETRXF_more_data	(1U << _NETRXF_more_data)
#define _NETRXF_extra_info	3
#define NETRXF_extra_info	(1U << _NETRXF_extra_info)
#define _NETRXF_gso_prefix	4
#define NETRXF_gso_prefix	(1U << _NETRXF_gso_prefix)

struct netif_rx_request {
	uint16_t id;
	uint16_t pad;
	grant_ref_t gref;
};
typedef struct netif_rx_request netif_rx_request_t;
ABI_SIZE(struct netif_rx_request, 8);
ABI_OFFSET(struct netif_rx_request, id, 0);
ABI_OFFSET(struct netif_rx_request, pad, 2);
ABI_OFFSET(struct netif_rx_request, gref, 4);

struct netif_rx_response {
	uint16_t id;
	uint16_t offset;
	uint16_t flags;			/* NETRXF_* */
	int16_t status;			/* bytes in this slot, or NETIF_RSP_* */
};
typedef struct netif_rx_response netif_rx_response_t;
ABI_SIZE(struct netif_rx_response, 8);
ABI_OFFSET(struct netif_rx_response, id, 0);
ABI_OFFSET(struct netif_rx_response, offset, 2);
ABI_OFFSET(struct netif_rx_response, flags, 4);
ABI_OFFSET(struct netif_rx_response, status, 6);

#define NETIF_RSP_NULL		1	/* answers a slot of extra information */
#define NETIF_RSP_OKAY		0
#define NETIF_RSP_ERROR		(-1)
#define NETIF_RSP_DROPPED	(-2)

/* ---- extra information ---- */

#define XEN_NETIF_EXTRA_TYPE_NONE	0
#define XEN_NETIF_EXTRA_TYPE_GSO	1
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD	2
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL	3
#define XEN_NETIF_EXTRA_TYPE_HASH	4
#define XEN_NETIF_EXTRA_TYPE_MAX	5

#define _XEN_NETIF_EXTRA_FLAG_MORE	0
#define XEN_NETIF_EXTRA_FLAG_MORE	(1U << _XEN_NETIF_EXTRA_FLAG_MORE)

#define XEN_NETIF_GSO_TYPE_NONE		0
#define XEN_NETIF_GSO_TYPE_TCPV4	1
#define XEN_NETIF_GSO_TYPE_TCPV6	2

struct netif_extra_info {
	uint8_t type;			/* XEN_NETIF_EXTRA_TYPE_* */
	uint8_t flags;			/* XEN_NETIF_EXTRA_FLAG_* */
	union {
		struct {
			uint16_t size;	/* payload of one segment */
			uint8_t type;	/* XEN_NETIF_GSO_TYPE_* */
			uint8_t pad;
			uint16_t features;
		} gso;
		struct {
			uint8_t addr[6];
		} mcast;
		struct {
			uint8_t type;
			uint8_t algorithm;
			uint8_t value[4];
		} hash;
		uint16_t pad[3];
	} u;
};
typedef struct netif_extra_info netif_extra_info_t;
ABI_SIZE(struct netif_extra_info, 8);
ABI_OFFSET(struct netif_extra_info, type, 0);
ABI_OFFSET(struct netif_extra_info, flags, 1);
ABI_OFFSET(struct netif_extra_info, u, 2);
ABI_OFFSET(struct netif_extra_info, u.gso, 2);
ABI_OFFSET(struct netif_extra_info, u.gso.size, 2);
ABI_OFFSET(struct netif_extra_info, u.gso.type, 4);
ABI_OFFSET(struct netif_extra_info, u.gso.pad, 5);
ABI_OFFSET(struct netif_extra_info, u.gso.features, 6);
ABI_OFFSET(struct netif_extra_info, u.mcast, 2);
ABI_OFFSET(struct netif_extra_info, u.mcast.addr, 2);
ABI_OFFSET(struct netif_extra_info, u.hash, 2);
ABI_OFFSET(struct netif_extra_info, u.hash.type, 2);
ABI_OFFSET(struct netif_extra_info, u.hash.algorithm, 3);
ABI_OFFSET(struct netif_extra_info, u.hash.value, 4);
ABI_OFFSET(struct netif_extra_info, u.pad, 2);

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

/* ---- control ring ---- */

#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4		0
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4		(1 << 0)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP	1
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP	(1 << 1)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6		2
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6		(1 << 2)
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP	3
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP	(1 << 3)

#define XEN_NETIF_CTRL_HASH_ALGORITHM_NONE	0
#define XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ	1

#define XEN_NETIF_CTRL_TYPE_INVALID			0
#define XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS		1
#define XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS		2
#define XEN_NETIF_CTRL_TYPE_SET_HASH_KEY		3
#define XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE	4
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE	5
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING		6
#define XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM		7
#define XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE	8
#define XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING		9
#define XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING		10

struct xen_netif_ctrl_request {
	uint16_t id;
	uint16_t type;			/* XEN_NETIF_CTRL_TYPE_* */
	uint32_t data[3];
};
ABI_SIZE(struct xen_netif_ctrl_request, 16);
ABI_OFFSET(struct xen_netif_ctrl_request, id, 0);
ABI_OFFSET(struct xen_netif_ctrl_request, type, 2);
ABI_OFFSET(struct xen_netif_ctrl_request, data, 4);

#define XEN_NETIF_CTRL_STATUS_SUCCESS			0
#define XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED		1
#define XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER		2
#define XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW		3

struct xen_netif_ctrl_response {
	uint16_t id;
	uint16_t type;
	uint32_t status;		/* XEN_NETIF_CTRL_STATUS_* */
	uint32_t data;
};
ABI_SIZE(struct xen_netif_ctrl_response, 12);
ABI_OFFSET(struct xen_netif_ctrl_response, id, 0);
ABI_OFFSET(struct xen_netif_ctrl_response, type, 2);
ABI_OFFSET(struct xen_netif_ctrl_response, status, 4);
ABI_OFFSET(struct xen_netif_ctrl_response, data, 8);

#define _XEN_NETIF_CTRLF_GREF_readonly	0
#define XEN_NETIF_CTRLF_GREF_readonly	(1U << _XEN_NETIF_CTRLF_GREF_readonly)

struct xen_netif_gref {
	grant_ref_t ref;
	uint16_t flags;			/* XEN_NETIF_CTRLF_GREF_* */
	uint16_t status;
};
ABI_SIZE(struct xen_netif_gref, 8);
ABI_OFFSET(struct xen_netif_gref, ref, 0);
ABI_OFFSET(struct xen_netif_gref, flags, 4);
ABI_OFFSET(struct xen_netif_gref, status, 6);

DEFINE_RING_TYPES(xen_netif_ctrl, struct xen_netif_ctrl_request,
		  struct xen_netif_ctrl_response);

#endif /* ABI_IO_NETIF_H */
