/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_device.h: the devices of guests: found, brought up, let go of.
 */
#ifndef DOM0_DAEMON_GUEST_DEVICE_H
#define DOM0_DAEMON_GUEST_DEVICE_H

#include "../device/entries.h"
#include "guest.h"

/*
 * Finds the domains that serve @g's devices, gives its cards their addresses
 * and notes these in its configuration.
 */
int devices_prepare(struct toolstack *ts, struct guest *g, struct fail *fail);
/* Writes the devices that @g->config holds into @g->config_json. */
int devices_note(struct guest *g, struct fail *fail);
/* The same, on disk too, after the device called @label has changed. */
void devices_save(struct toolstack *ts, struct guest *g, const char *label);
/* Waits until all of @g's devices, whose entries are written, are set up. */
void devices_await(struct toolstack *ts, const struct guest *g,
		   struct outcome *out);
/*
 * Finds a backend's domain by name or number (NULL: this domain) and checks
 * that it may be one.
 */
int device_backend(struct toolstack *ts, const char *name, uint32_t *domid,
		   struct fail *fail);

/* What the toolstack has noted of domain @domid's devices, for free(). */
int devices_list(struct toolstack *ts, uint32_t domid, struct device_at **list,
		 struct fail *fail);

enum release_how {
	RELEASE_ASK,		/* the frontend is to give it back */
	RELEASE_CUT,		/* the frontend does not matter any more */
	RELEASE_DROP,		/* and nobody is waited for */
};

/*
 * Ends these devices and removes their entries once their backends have let
 * go.  RELEASE_ASK fails with -ETIMEDOUT where the guest does not comply,
 * and leaves the entries; the other two always end with them removed.
 */
void devices_release(struct toolstack *ts, const struct device_at *list,
		     unsigned int count, enum release_how how,
		     struct outcome *out);
/* The same for all of a domain's. */
void devices_release_all(struct toolstack *ts, uint32_t domid,
			 enum release_how how, struct outcome *out);
/* Ends what domains that are gone have left, or were told to give back. */
void devices_sweep(struct toolstack *ts);

#endif
