/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frontend's device on the bus: runs the table of machine.h for it, carries
 * out the generic half of each action (states and keys in the store) and calls
 * the driver for the other half.
 *
 * State owned: struct fe_device.  `lock` serialises events and is held in all
 * of the driver's operations; in_use() must not sleep.  Memory that they
 * allocate is found without I/O, whatever flags they pass.
 */
#ifndef FRONTEND_DEVICE_H
#define FRONTEND_DEVICE_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

#include "machine.h"

struct fe_device;

/**
 * struct fe_ops - a driver's half of the actions
 * @offered: the state to go to when rings are announced
 * @offer: allocate rings and buffers; 0 or -errno
 * @publish: write all keys in the given transaction; may run again
 * @start: the backend is connected; 0 or -errno
 * @refresh: the backend has announced itself again; may be NULL
 * @drop: stop using the rings and free them; what is in flight is kept for the
 *	next connection or, with @final, ended with an error.  Is called with
 *	nothing to drop as well
 * @in_use: must an unplugged device wait?  May be NULL
 * @end: after the final drop: take the device out of this system
 */
struct fe_ops {
	enum xenbus_state offered;
	int (*offer)(struct fe_device *fe);
	int (*publish)(struct fe_device *fe, struct xenbus_transaction xbt);
	int (*start)(struct fe_device *fe);
	void (*refresh)(struct fe_device *fe);
	void (*drop)(struct fe_device *fe, bool final);
	bool (*in_use)(struct fe_device *fe);
	void (*end)(struct fe_device *fe);
};

struct fe_device {
	struct xenbus_device *bus;
	const struct fe_ops *ops;
	struct mutex lock;
	enum fe_state state;
	struct work_struct fail_work;
	struct work_struct idle_work;
	const char *why;	/* set once, by whoever finds the device broken */
};

/* fe_attach() - first thing after the driver has set up its own half. */
void fe_attach(struct fe_device *fe, struct xenbus_device *bus,
	       const struct fe_ops *ops);

/* fe_detach() - the bus takes the device away; drops and ends it. */
void fe_detach(struct fe_device *fe);

/* fe_backend_changed() - the bus's otherend_changed. */
void fe_backend_changed(struct fe_device *fe, enum xenbus_state state);

/* fe_resumed() - the bus's resume. */
void fe_resumed(struct fe_device *fe);

/* fe_idle() - the last user is gone.  From any context. */
void fe_idle(struct fe_device *fe);

/*
 * fe_broken() - the backend broke the rules, @why (a string constant).  From
 * any context; the device fails soon after.  The caller stops reading at once.
 */
void fe_broken(struct fe_device *fe, const char *why);

/* fe_read() - a number of the backend's, limited to @most; @dflt if absent. */
unsigned int fe_read(struct fe_device *fe, const char *key, unsigned int dflt,
		     unsigned int most);

#endif
