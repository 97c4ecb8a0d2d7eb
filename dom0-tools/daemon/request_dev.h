/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_dev.h: an operation on one device; for daemon/request_*.c alone.
 */
#ifndef DOM0_DAEMON_REQUEST_DEV_H
#define DOM0_DAEMON_REQUEST_DEV_H

#include "guest_device.h"
#include "request_inner.h"

struct dev_op {
	struct outcome out;
	struct request *r;
	struct device_at at;
	char label[DEVICE_LABEL];
	/* Attaching and media: the device, as it is to be. */
	struct disk disk;
	struct nic nic;
	char *old_params;	/* media: before */
	struct strbuf reply;
	bool force;
};

/* An operation on the device that @r names, or NULL with the reason. */
struct dev_op *dev_op_on_device(struct request *r);
/* Frees @op and answers; the reason is op->out.fail, or noted already. */
void dev_op_finish(struct dev_op *op, int rc);
/* The guest of the request, if it is still there. */
struct guest *dev_op_guest(struct dev_op *op);
/* Keeps what has changed in @g's devices. */
void dev_op_save(struct dev_op *op, struct guest *g);
/* A node of the toolstack's own folder of the device for free(), or NULL. */
char *dev_op_own_node(struct request *r, const struct device_at *at,
		      const char *name);

#endif
