// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest_end.c: what follows when a guest shuts down, crashes or vanishes.
 *
 * State: the list of guests.  Called for every change that the store
 * announces and at start, so it looks at the hypervisor's word alone and may
 * be called at any time.  Invariant: a guest whose domain is gone is not in
 * the list, and nothing of it is left in the store.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include <abi/sched.h>

#include "../lib/hv_domain.h"
#include "../lib/log.h"
#include "guest.h"
#include "guest_device.h"

/* A guest that ends this soon, this often in a row, is not started again. */
#define QUICK_DEATH_MS 10000
#define QUICK_DEATHS_MAX 5

/* The domain of @g; -ESTALE if it is gone and its number is another's now. */
static int look_at(struct toolstack *ts, const struct guest *g,
		   struct xen_domctl_getdomaininfo *info)
{
	int rc = hv_domain_info(ts->hv, g->domid, info);

	if (!rc && memcmp(info->handle, g->uuid, sizeof(g->uuid)))
		rc = -ESTALE;
	return rc;
}

/* Forgets a guest whose domain is gone; @rc is what look_at() said. */
static void let_go(struct toolstack *ts, struct guest *g, int rc)
{
	if (rc == -ESTALE)
		guest_store_remove_vm(ts, g->uuid);
	else
		guest_store_remove(ts, g->domid, g->uuid);
	guest_state_remove(ts, g->uuid);
	guest_forget(ts, g);
}

/* A guest whose devices are being let go of, and who waits for that. */
struct ended_guest {
	struct outcome devices;
	struct outcome *out;
	struct toolstack *ts;
	struct guest *g;
};

static void on_let_go(struct outcome *out, int rc)
{
	struct ended_guest *e = container_of(out, struct ended_guest, devices);
	struct outcome *asked = e->out;

	if (rc)
		log_warn("%s: its devices: %s", e->g->name, out->fail.text);
	let_go(e->ts, e->g, 0);
	free(e);
	asked->fn(asked, 0);
}

/* The domain is gone, or going; @rc is what look_at() said. */
static void end_guest(struct toolstack *ts, struct guest *g, int rc,
		      struct outcome *out)
{
	struct ended_guest *e = rc == -ESTALE ? NULL : calloc(1, sizeof(*e));

	if (!e) {
		/* Its number, and so its devices, are another's. */
		let_go(ts, g, rc);
		out->fn(out, 0);
		return;
	}
	*e = (struct ended_guest){ .devices = { .fn = on_let_go }, .out = out,
			      .ts = ts, .g = g };
	g->ending = true;
	devices_release_all(ts, g->domid, RELEASE_CUT, &e->devices);
}

void guest_destroy(struct toolstack *ts, struct guest *g, struct outcome *out)
{
	struct xen_domctl_getdomaininfo info;
	int rc = look_at(ts, g, &info);

	if (!rc)
		rc = hv_domain_destroy(ts->hv, g->domid);
	if (rc && rc != -ESRCH && rc != -ESTALE)
		out->fn(out, fail_errno(&out->fail, rc,
					"the hypervisor did not destroy domain %u",
					g->domid));
	else
		end_guest(ts, g, rc, out);
}

/* The ends of a guest, by the hypervisor's reason code. */
static const struct ending {
	const char *name;
	size_t action;
} endings[] = {
	[SHUTDOWN_poweroff] = { "powered off",
				offsetof(struct guest_config, on_poweroff) },
	[SHUTDOWN_reboot] = { "asked for a reboot",
			      offsetof(struct guest_config, on_reboot) },
	[SHUTDOWN_suspend] = { "suspended", 0 },
	[SHUTDOWN_crash] = { "crashed",
			     offsetof(struct guest_config, on_crash) },
	[SHUTDOWN_watchdog] = { "was ended by its watchdog",
				offsetof(struct guest_config, on_watchdog) },
	[SHUTDOWN_soft_reset] = { "asked for a soft reset",
				  offsetof(struct guest_config,
					   on_soft_reset) },
};

#define ENDINGS_COUNT (sizeof(endings) / sizeof(endings[0]))

static enum guest_action action_of(const struct guest *g,
				   const struct ending *e)
{
	if (!e->action)
		return ACTION_PRESERVE;
	return *(const enum guest_action *)((const char *)&g->config +
					    e->action);
}

/* What is to follow, while the old domain goes and the new one is made. */
struct again {
	struct outcome out;
	struct toolstack *ts;
	struct guest *g;		/* the new one, when it is being made */
	char *json;
	uint8_t uuid[16];
	unsigned int quick_deaths;
};

static void again_free(struct again *a)
{
	free(a->json);
	free(a);
}

/* Counts this end in *@deaths; true if @g is not worth another start. */
static bool dies_too_often(const struct guest *g, unsigned int *deaths)
{
	bool quick = ev_now_ms() - g->started_ms < QUICK_DEATH_MS;

	*deaths = quick ? g->quick_deaths + 1 : 0;
	if (*deaths < QUICK_DEATHS_MAX)
		return false;
	log_err("%s ended %u times in a row within %d s of its start: not restarted, kept as it is",
		g->name, *deaths, QUICK_DEATH_MS / 1000);
	return true;
}

/* Another start of @old; NULL if it is to have none. */
static struct again *again_new(struct toolstack *ts, const struct guest *old,
			       void (*next)(struct outcome *out, int rc))
{
	unsigned int deaths;
	struct again *a;

	if (dies_too_often(old, &deaths))
		return NULL;
	a = calloc(1, sizeof(*a));
	if (a)
		a->json = strdup(old->config_json);
	if (!a || !a->json) {
		log_err("restarting %s: out of memory", old->name);
		free(a);
		return NULL;
	}
	a->ts = ts;
	memcpy(a->uuid, old->uuid, sizeof(a->uuid));
	a->quick_deaths = deaths;
	a->out.fn = next;
	return a;
}

static void on_made_again(struct outcome *out, int rc)
{
	struct again *a = container_of(out, struct again, out);

	if (rc) {
		log_err("restarting %s: %s", a->g->name, out->fail.text);
		guest_free(a->g);
	} else {
		log_info("%s restarted as domain %u", a->g->name, a->g->domid);
	}
	again_free(a);
}

/* Makes the guest again from its configuration, after the old one is gone. */
static void make_again(struct again *a)
{
	a->g = guest_from_json(a->json, &a->out.fail);
	if (!a->g) {
		log_err("restarting a guest: %s", a->out.fail.text);
		again_free(a);
		return;
	}
	memcpy(a->g->uuid, a->uuid, sizeof(a->g->uuid));
	a->g->quick_deaths = a->quick_deaths;
	a->out.fn = on_made_again;
	guest_make(a->ts, a->g, false, &a->out);
}

static void on_old_gone(struct outcome *out, int rc)
{
	struct again *a = container_of(out, struct again, out);

	if (!rc) {
		make_again(a);
		return;
	}
	log_err("restarting: %s", out->fail.text);
	again_free(a);
}

static void restart(struct toolstack *ts, struct guest *g)
{
	struct again *a = again_new(ts, g, on_old_gone);

	if (a)
		guest_destroy(ts, g, &a->out);
}

/* Keeps the ended domain under another name and identity. */
static int set_aside(struct toolstack *ts, struct guest *g, struct fail *fail)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_setdomainhandle,
		.domain = (domid_t)g->domid,
	};
	char stamp[32], *name;
	time_t now = time(NULL);
	struct tm tm;
	int rc;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%MZ", gmtime_r(&now, &tm));
	if (asprintf(&name, "%s-%s-%u", g->name, stamp, g->domid) < 0)
		return fail_set(fail, -ENOMEM, "out of memory");
	guest_state_remove(ts, g->uuid);
	guest_store_remove(ts, g->domid, g->uuid);
	uuid_generate(g->uuid);
	memcpy(op.u.setdomainhandle.handle, g->uuid, sizeof(g->uuid));
	rc = hv_domctl(ts->hv, &op);
	free(g->name);
	g->name = name;
	g->preserved = true;
	if (!rc)
		rc = guest_store_write(ts, g, fail);
	if (!rc)
		rc = guest_state_save(ts, g, fail);
	return rc ? fail_errno(fail, rc, "cannot set the old domain aside") :
		    0;
}

/* The devices of the ended domain are free for the next. */
static void on_devices_free(struct outcome *out, int rc)
{
	struct again *a = container_of(out, struct again, out);
	struct guest *old = a->g;

	if (rc)
		log_warn("%s: its devices: %s", old->name, out->fail.text);
	out->fail = (struct fail){ 0 };
	old->ending = false;
	if (set_aside(a->ts, old, &out->fail)) {
		log_err("%s: %s", old->name, out->fail.text);
		again_free(a);
	} else {
		make_again(a);
	}
}

static void rename_restart(struct toolstack *ts, struct guest *g)
{
	struct again *a = again_new(ts, g, on_devices_free);

	if (!a)
		return;
	a->g = g;
	g->ending = true;
	devices_release_all(ts, g->domid, RELEASE_CUT, &a->out);
}

/* The end of a guest that nobody asked for: told to the log alone. */
static void on_ended(struct outcome *out, int rc)
{
	if (rc)
		log_err("%s", out->fail.text);
	free(out);
}

static struct outcome *unasked(const struct guest *g)
{
	struct outcome *out = calloc(1, sizeof(*out));

	if (out)
		out->fn = on_ended;
	else
		log_err("%s: out of memory", g->name);
	return out;
}

static void destroy(struct toolstack *ts, struct guest *g)
{
	struct outcome *out = unasked(g);

	if (out)
		guest_destroy(ts, g, out);
}

/* Somebody else did; @rc is what look_at() said. */
static void end_unasked(struct toolstack *ts, struct guest *g, int rc)
{
	struct outcome *out = unasked(g);

	if (out)
		end_guest(ts, g, rc, out);
	else
		let_go(ts, g, rc);
}

static void act(struct toolstack *ts, struct guest *g, unsigned int reason)
{
	const struct ending *e = &endings[reason < ENDINGS_COUNT ?
						  reason : SHUTDOWN_crash];
	enum guest_action action = action_of(g, e);
	struct fail fail = { 0 };

	log_info("%s (domain %u) %s: %s", g->name, g->domid, e->name,
		 cfg_action_name(action));
	/* Should the action fail, the guest stays, and is not tried again. */
	g->preserved = true;
	switch (action) {
	case ACTION_RESTART:
		restart(ts, g);
		break;
	case ACTION_RENAME_RESTART:
		rename_restart(ts, g);
		break;
	case ACTION_DEFAULT:
	case ACTION_DESTROY:
		destroy(ts, g);
		break;
	case ACTION_PRESERVE:
		guest_state_save(ts, g, &fail);
		break;
	}
}

/* True if @g's domain ended, with the reason in *@reason. */
static bool ended(const struct xen_domctl_getdomaininfo *info,
		  unsigned int *reason)
{
	*reason = info->flags >> XEN_DOMINF_shutdownshift &
		  XEN_DOMINF_shutdownmask;
	return info->flags & XEN_DOMINF_shutdown &&
	       !(info->flags & XEN_DOMINF_dying);
}

/* One guest that needs something done, which is done; false if none does. */
static bool check_one(struct toolstack *ts)
{
	struct xen_domctl_getdomaininfo info;
	unsigned int reason;

	for (struct guest *g = ts->guests; g; g = g->next) {
		int rc;

		if (g->ending)
			continue;
		rc = look_at(ts, g, &info);
		if (rc == -ESRCH || rc == -ESTALE ||
		    (!rc && info.flags & XEN_DOMINF_dying)) {
			/* Somebody else destroyed it. */
			log_info("%s (domain %u) is gone", g->name, g->domid);
			end_unasked(ts, g, rc);
			return true;
		}
		if (!rc && !g->preserved && ended(&info, &reason)) {
			act(ts, g, reason);
			return true;
		}
	}
	return false;
}

void guests_check(struct toolstack *ts)
{
	/* Acting changes the list: begin again after each. */
	while (check_one(ts))
		;
}
