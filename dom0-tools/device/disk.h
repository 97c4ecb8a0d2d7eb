/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk.h: one disk of a guest, as its configuration describes it
 * (xl-disk-configuration(5)).
 */
#ifndef DOM0_DEVICE_DISK_H
#define DOM0_DEVICE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/fail.h"
#include "../lib/json.h"
#include "../lib/strbuf.h"

enum disk_format {
	DISK_RAW,
	DISK_QCOW,
	DISK_QCOW2,
	DISK_VHD,
	DISK_VHDX,
	DISK_VMDK,
	DISK_QED,
};

/* Who serves it. */
enum disk_server {
	DISK_OWN,		/* parvis-blkback */
	DISK_KERNEL,		/* Linux's xen-blkback */
};

struct disk {
	char *target;		/* NULL: a drive without a medium */
	char *script;		/* of the user's own, or NULL */
	char *backend;		/* name or number of a domain; NULL: this one */
	char *vdev;		/* as written */
	uint32_t number;	/* that vdev stands for */
	uint32_t backend_domid;	/* found by name by whoever writes entries */
	enum disk_format format;
	enum disk_server server;
	bool readonly, cdrom, removable;
	bool discard, direct_io, shared, trusted;
};

/*
 * Reads a description.  On failure, -EINVAL with key, value, place and remedy
 * noted, or -ENOMEM; @d is empty.  disk_free() is for both outcomes.
 */
int disk_parse(struct disk *d, const char *text, struct fail *fail);
void disk_free(struct disk *d);

/* Appends a description that disk_parse() reads as the same disk. */
void disk_text(const struct disk *d, struct strbuf *out);

/* Writes the disk as an object with the members that libxl gives it. */
void disk_to_json(const struct disk *d, struct jw *w, const char *key);
/* Reads that back, or a string in the text form. */
int disk_from_json(struct disk *d, yajl_val v, struct fail *fail);

/* "qcow2" */
const char *disk_format_name(enum disk_format format);
/*
 * The target as the backend is to take it: a path that is not absolute is
 * below /dev, a URI or a script's word stays as it is.
 */
void disk_params(const struct disk *d, struct strbuf *out);

#endif
