/* SPDX-License-Identifier: MIT */
/*
 * Block devices: requests and responses on a ring (see ring.h).  Sectors are
 * 512 bytes in every field, whatever the disk says.  No state.
 */
#ifndef ABI_IO_BLKIF_H
#define ABI_IO_BLKIF_H

#include <abi/types.h>
#include <abi/io/ring.h>

typedef uint16_t blkif_vdev_t;		/* the front end's own device number */
typedef uint64_t blkif_sector_t;

#define BLKIF_OP_READ			0
#define BLKIF_OP_WRITE			1
#define BLKIF_OP_WRITE_BARRIER		2	/* feature-barrier */
#define BLKIF_OP_FLUSH_DISKCACHE	3	/* feature-flush-cache */
#define BLKIF_OP_RESERVED_1		4
#define BLKIF_OP_DISCARD		5	/* feature-discard */
#define BLKIF_OP_INDIRECT		6	/* feature-max-indirect-segments */

#define BLKIF_MAX_SEGMENTS_PER_REQUEST		11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST	8

/* The part of one granted page from first_sect to last_sect, both included. */
struct blkif_request_segment {
	grant_ref_t gref;
	uint8_t first_sect, last_sect;
};
ABI_SIZE(struct blkif_request_segment, 8);
ABI_OFFSET(struct blkif_request_segment, gref, 0);
ABI_OFFSET(struct blkif_request_segment, first_sect, 4);
ABI_OFFSET(struct blkif_request_segment, last_sect, 5);

/* An indirect page is an array of segments: 4096 / 8. */
#define BLKIF_SEGS_PER_INDIRECT_FRAME \
	(4096 / sizeof(struct blkif_request_segment))

struct blkif_request {
	uint8_t operation;		/* BLKIF_OP_* */
	uint8_t nr_segments;
	blkif_vdev_t handle;
	uint64_t id;			/* comes back in the response */
	blkif_sector_t sector_number;
	struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};
typedef struct blkif_request blkif_request_t;
ABI_SIZE(struct blkif_request, 112);
ABI_OFFSET(struct blkif_request, operation, 0);
ABI_OFFSET(struct blkif_request, nr_segments, 1);
ABI_OFFSET(struct blkif_request, handle, 2);
ABI_OFFSET(struct blkif_request, id, 8);
ABI_OFFSET(struct blkif_request, sector_number, 16);
ABI_OFFSET(struct blkif_request, seg, 24);

#define BLKIF_DISCARD_SECURE	(1 << 0)

/* operation is BLKIF_OP_DISCARD. */
struct blkif_request_discard {
	uint8_t operation;
	uint8_t flag;			/* BLKIF_DISCARD_* */
	blkif_vdev_t handle;
	uint64_t id;
	blkif_sector_t sector_number;
	uint64_t nr_sectors;
};
typedef struct blkif_request_discard blkif_request_discard_t;
ABI_SIZE(struct blkif_request_discard, 32);
ABI_OFFSET(struct blkif_request_discard, operation, 0);
ABI_OFFSET(struct blkif_request_discard, flag, 1);
ABI_OFFSET(struct blkif_request_discard, handle, 2);
ABI_OFFSET(struct blkif_request_discard, id, 8);
ABI_OFFSET(struct blkif_request_discard, sector_number, 16);
ABI_OFFSET(struct blkif_request_discard, nr_sectors, 24);

/* operation is BLKIF_OP_INDIRECT. */
struct blkif_request_indirect {
	uint8_t operation;
	uint8_t indirect_op;		/* BLKIF_OP_READ or _WRITE */
	uint16_t nr_segments;
	uint64_t id;
	blkif_sector_t sector_number;
	blkif_vdev_t handle;
	grant_ref_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};
typedef struct blkif_request_indirect blkif_request_indirect_t;
ABI_SIZE(struct blkif_request_indirect, 64);
ABI_OFFSET(struct blkif_request_indirect, operation, 0);
ABI_OFFSET(struct blkif_request_indirect, indirect_op, 1);
ABI_OFFSET(struct blkif_request_indirect, nr_segments, 2);
ABI_OFFSET(struct blkif_request_indirect, id, 8);
ABI_OFFSET(struct blkif_request_indirect, sector_number, 16);
ABI_OFFSET(struct blkif_request_indirect, handle, 24);
ABI_OFFSET(struct blkif_request_indirect, indirect_grefs, 28);

#define BLKIF_RSP_OKAY		0
#define BLKIF_RSP_ERROR		(-1)
#define BLKIF_RSP_EOPNOTSUPP	(-2)

struct blkif_response {
	uint64_t id;
	uint8_t operation;
	int16_t status;			/* BLKIF_RSP_* */
};
typedef struct blkif_response blkif_response_t;
ABI_SIZE(struct blkif_response, 16);
ABI_OFFSET(struct blkif_response, id, 0);
ABI_OFFSET(struct blkif_response, operation, 8);
ABI_OFFSET(struct blkif_response, status, 10);

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

/* Bits of the back end's "info" key. */
#define VDISK_CDROM	0x1
#define VDISK_REMOVABLE	0x2
#define VDISK_READONLY	0x4

#endif /* ABI_IO_BLKIF_H */
