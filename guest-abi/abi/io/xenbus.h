/* SPDX-License-Identifier: MIT */
/*
 * The "state" key with which the two ends of a device find each other.
 * Numbers only; the value in the store is the decimal text.
 */
#ifndef ABI_IO_XENBUS_H
#define ABI_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown = 0,
	XenbusStateInitialising = 1,
	XenbusStateInitWait = 2,	/* waiting for the other end's details */
	XenbusStateInitialised = 3,	/* own details given */
	XenbusStateConnected = 4,
	XenbusStateClosing = 5,
	XenbusStateClosed = 6,
	XenbusStateReconfiguring = 7,
	XenbusStateReconfigured = 8,
};
typedef enum xenbus_state XenbusState;

#endif /* ABI_IO_XENBUS_H */
