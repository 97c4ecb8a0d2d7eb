/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a connection to a backend, as a table: in this state, on this
 * event, do that and go there.  It knows neither the store nor the kernel, so
 * that all of it can be tried out on a host.
 *
 * State owned: the one state of a device.  Its owner serialises the events.
 */
#ifndef FRONTEND_MACHINE_H
#define FRONTEND_MACHINE_H

#include "port.h"

enum fe_state {
	FE_WAITING,	/* for a backend that is ready to be connected to */
	FE_OFFERED,	/* rings are announced; the backend has yet to map them */
	FE_LIVE,
	FE_LEAVING,	/* unplugged, but still in use in this guest */
	FE_CLOSED,	/* closed for good */
	FE_FAILED,	/* closed for good, because the backend broke the rules */
	FE_STATE_COUNT
};

enum fe_event {
	FE_EV_READY,	/* the backend waits for rings */
	FE_EV_CONNECTED,	/* the backend has mapped them */
	FE_EV_CLOSING,	/* it wants to close, but the device is to stay */
	FE_EV_CLOSED,	/* it has closed, and the device is to stay */
	FE_EV_UNPLUGGED,	/* it wants to close, and the device is to go */
	FE_EV_GONE,	/* it has closed, and the device is to go */
	FE_EV_RESUMED,	/* this guest runs again, on a new backend */
	FE_EV_IDLE,	/* the last user of the device has let it go */
	FE_EV_FAILED,	/* something makes going on impossible */
	FE_EVENT_COUNT
};

enum fe_action {
	FE_DO_NOTHING,
	FE_DO_OFFER,	/* make rings, announce them */
	FE_DO_START,	/* take up work */
	FE_DO_REFRESH,	/* read what may have changed in the backend */
	FE_DO_RELEASE,	/* drop the rings, say that we closed */
	FE_DO_HANG_UP,	/* there are none: only say that we closed */
	FE_DO_REOPEN,	/* ask for a new backend */
	FE_DO_RENEW,	/* release, then reopen */
	FE_DO_REOFFER,	/* drop the rings and make new ones at once */
	FE_DO_RESET,	/* drop the rings; they are nobody's any more */
	FE_DO_LEAVE,	/* note that the device is in use, keep working */
	FE_DO_CLOSE,	/* drop the rings and the device */
	FE_DO_FAIL	/* the same, with errors for all who use it */
};

/**
 * fe_machine_step() - takes one event.
 * @state: the device's state, advanced
 * @event: one of enum fe_event
 * @in_use: whether an unplugged device must wait for its users
 *
 * Returns what the owner is to do now.
 */
enum fe_action fe_machine_step(enum fe_state *state, enum fe_event event,
			       bool in_use);

/* fe_machine_name() - a state's name, for the log. */
const char *fe_machine_name(enum fe_state state);

#endif
