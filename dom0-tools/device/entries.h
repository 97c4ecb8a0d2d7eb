/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entries.h: where a device's entries are in the store, and what they say:
 * the toolstack's half of docs/devices.md.
 */
#ifndef DOM0_DEVICE_ENTRIES_H
#define DOM0_DEVICE_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "disk.h"
#include "nic.h"
#include "writer.h"

/* One device of one domain. */
struct device_at {
	uint32_t front, back;	/* domains */
	uint32_t number;	/* virtual-device or handle */
	bool is_nic;
	bool by_kernel;		/* the backend is Linux's own */
};

#define DEVICE_PATH 128

struct device_at device_of_disk(const struct disk *d, uint32_t front);
struct device_at device_of_nic(const struct nic *n, uint32_t front);
/* "vbd" or "vif", of the frontend; "pvbd", "vbd", "pvif" or "vif". */
const char *device_class(const struct device_at *at);
const char *device_kind(const struct device_at *at);
void device_front_path(const struct device_at *at, char to[DEVICE_PATH]);
void device_back_path(const struct device_at *at, char to[DEVICE_PATH]);
/* The toolstack's own folder, which alone is believed. */
void device_own_path(const struct device_at *at, char to[DEVICE_PATH]);
/* The device whose backend's folder is @path: 0, or -EINVAL. */
int device_from_back_path(const char *path, struct device_at *at);
/* "disk xvda", "vif 0": for messages. */
#define DEVICE_LABEL 48
void device_label(const struct device_at *at, char to[DEVICE_LABEL]);

/* Posts the three folders of a device that is to come up. */
void disk_entries(struct store_writer *w, const struct disk *d,
		  uint32_t front);
void nic_entries(struct store_writer *w, const struct nic *n, uint32_t front);

#endif
