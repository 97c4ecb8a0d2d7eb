/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.h: the toolstack daemon's guests: making, ending, and everything
 * that happens to them in between.
 *
 * struct toolstack owns the connections and the list of guests; there is one
 * in a process, and one thread that uses it.  A guest is in the list exactly
 * while its domain exists and belongs to this toolstack.
 */
#ifndef DOM0_DAEMON_GUEST_H
#define DOM0_DAEMON_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "../cli/cfg.h"
#include "../lib/evloop.h"
#include "../lib/fail.h"
#include "../lib/hv.h"
#include "../lib/xs_client.h"

struct guest {
	struct guest *next;
	uint32_t domid;
	char *name;
	uint8_t uuid[16];
	char *config_json;		/* as asked for; see cfg_ast.h */
	struct guest_config config;
	uint64_t started_ms;		/* ev_now_ms() when last started */
	unsigned int quick_deaths;	/* in a row */
	bool preserved;			/* ended, and to stay as it is */
	bool ending;			/* its devices are being let go of */
};

/*
 * How something ends that may take its time.  fn is called exactly once,
 * perhaps before the call that began it returns, and may free what holds the
 * outcome; where @rc is not 0, @fail says why.
 */
struct outcome {
	void (*fn)(struct outcome *out, int rc);
	struct fail fail;
};

struct making;			/* guest_make.c */
struct wait;			/* dev_wait.c */
struct late;			/* dev_late.c */

/* How long a device may take to come up, and a guest to give one back. */
#define DEVICE_MS_DEFAULT 10000

struct toolstack {
	struct hv *hv;
	struct xsc *xs;
	struct evloop *loop;
	const char *cache_dir;		/* unpacked kernels; NULL for none */
	const char *state_dir;		/* guests' configurations */
	struct guest *guests;
	struct making *makings;		/* guests not in the list yet */
	struct wait *waits;		/* for devices */
	struct late *late;		/* devices, given back some time */
	uint64_t device_ms;
	struct ev_timer idle;		/* lets go of kernels kept open */
};

/* ---- guest.c: the list ---- */

struct guest *guest_by_domid(struct toolstack *ts, uint32_t domid);
struct guest *guest_by_name(struct toolstack *ts, const char *name);
/* Takes @g out of the list and frees it. */
void guest_forget(struct toolstack *ts, struct guest *g);
void guest_free(struct guest *g);
/*
 * A guest from JSON configuration, not in the list and without a domain;
 * NULL with the reason.
 */
struct guest *guest_from_json(const char *json, struct fail *fail);

/* ---- guest_make.c ---- */

/*
 * Makes the domain of @g, adds @g to the list and, unless @paused, starts
 * it.  Others are served while it waits for something.  On failure everything
 * is undone, @g is the caller's again, and the reason names the step that
 * failed.
 */
void guest_make(struct toolstack *ts, struct guest *g, bool paused,
		struct outcome *out);
/*
 * The guest other than @but that is being made with this @name or this @uuid
 * (each may be NULL), or NULL.
 */
struct guest *guest_in_making(struct toolstack *ts, const char *name,
			      const uint8_t *uuid, const struct guest *but);
bool domain_in_making(struct toolstack *ts, uint32_t domid);

/* ---- guest_end.c ---- */

/*
 * Destroys the domain and all that was made for it; frees @g.  Until its
 * devices are let go of, the guest keeps its name, with @g->ending set, and
 * nothing else may be done to it.
 */
void guest_destroy(struct toolstack *ts, struct guest *g, struct outcome *out);
/* Looks at every guest and acts on those that ended. */
void guests_check(struct toolstack *ts);

/* ---- events.c ---- */

/* Acts on all watch events that there are; 0, or -errno of the connection. */
int store_events(struct toolstack *ts);

/* ---- guest_store.c: entries in the store, where Xen's tools keep them ---- */

struct guest_rings {
	uint64_t store_frame, console_frame;
	uint32_t store_port, console_port;
};

/*
 * Writes all of a guest's entries, those of its devices too unless it is one
 * that ended and is kept.
 */
int guest_store_write(struct toolstack *ts, struct guest *g, struct fail *fail);
/* Adds where its rings are. */
int guest_store_rings(struct toolstack *ts, const struct guest *g,
		      const struct guest_rings *rings, struct fail *fail);
/*
 * Removes what guest_store_write() wrote, but for what is in backends'
 * folders; @uuid may be NULL.
 */
void guest_store_remove(struct toolstack *ts, uint32_t domid,
			const uint8_t *uuid);
/* Only what goes by the UUID: the domain's number is another guest's now. */
void guest_store_remove_vm(struct toolstack *ts, const uint8_t uuid[16]);
int guest_store_rename(struct toolstack *ts, const struct guest *g,
		       const char *name, struct fail *fail);
/* The control domain's own entries. */
int dom0_store_write(struct toolstack *ts, struct fail *fail);

/* ---- guest_state.c: configurations on disk, for the next daemon ---- */

int guest_state_save(struct toolstack *ts, const struct guest *g,
		     struct fail *fail);
void guest_state_remove(struct toolstack *ts, const uint8_t uuid[16]);
/* Takes over the guests that an earlier daemon left running. */
void guests_adopt(struct toolstack *ts);

#endif
