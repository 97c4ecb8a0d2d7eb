// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_proc.c: a device's process: started, heard, and started again after it
 * died.  Invariants: `linked` is true exactly while ports are bound; only a
 * connection that a backend has served (`established`) is resumed.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "devd/device_priv.h"
#include "lib/log.h"

#define HANG_UP_MS 500		/* from the socket's end to the process's */
#define KILLED_MS 20		/* after one was killed before it served */
#define SERVED_MS 1000		/* after so long a death is no bad start */
#define KILL_COST_MS 50		/* of life, for being started again at once */
#define KILLS_FREE 64		/* so many in a row without it */
#define KILLS_STEP 8		/* then each so many double the pause */
#define KILL_PAUSE_MS 50
#define KILL_PAUSES 6		/* doublings: 3.2 s */

static void count_strike(struct dev *dev, const struct fail *why, bool told);

/* What its image's server said is the cause, if that has failed. */
static void server_cause(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;

	if (dev->ops->hello != BP_KIND_BLK || disk->way != DISK_IMAGE)
		return;
	if (!proc_ends_within(&disk->server, 300) || !disk->server.said[0])
		return;
	fail->rc = 0;
	fail_set(fail, -EIO, "%s: %s", disk->target, disk->server.said);
}

void dev_begin(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc;

	dev_busy(dev, PH_OPENING);
	rc = dev->ops->prepare ? dev->ops->prepare(dev, &fail) : 0;
	if (!rc)
		dev_prepared(dev);
	else if (rc != -EINPROGRESS)
		dev_prepare_failed(dev, &fail);
}

void dev_prepared(struct dev *dev)
{
	struct fail fail = { 0 };

	dev_busy(dev, PH_STARTING);
	dev->started_ms = ev_now_ms();
	if (link_spawn(dev, &fail))
		count_strike(dev, &fail, true);
}

void dev_prepare_failed(struct dev *dev, const struct fail *fail)
{
	struct fail why = *fail;

	server_cause(dev, &why);
	/* A guest that had its disk waits for the server to come back. */
	if (dev->established) {
		log_warn("%s: %s; trying again", dev->name, why.text);
		dev->phase = PH_OPENING;
		dev_timer(dev, RETRY_MS, dev_begin);
		return;
	}
	count_strike(dev, &why, true);
}

#define STRIKES_MAX 10
#define STRIKES_FREE 3		/* that are answered at once */

/*
 * Another attempt, later each time; or the end of them.  A device that never
 * worked and @told why is not tried again: its create waits for the answer.
 */
static void count_strike(struct dev *dev, const struct fail *why, bool told)
{
	struct fail last = { 0 };
	bool final = dev->own < XB_INITWAIT &&
		     (told || dev->strikes > STRIKES_FREE);
	unsigned int late;

	dev->strikes++;
	if (final || dev->strikes > STRIKES_MAX) {
		fail_set(&last, why->rc ? why->rc : -EIO, "%s", why->text);
		dev_fail(dev, &last);
		return;
	}
	log_warn("%s: %s (attempt %u)", dev->name, why->text, dev->strikes);
	dev->phase = PH_OPENING;
	if (dev->strikes <= STRIKES_FREE) {
		dev_begin(dev);
	} else {
		late = 50u << (dev->strikes - STRIKES_FREE);
		dev_timer(dev, late < RETRY_MS ? late : RETRY_MS, dev_begin);
	}
}

void dev_backend_failed(struct dev *dev, int rc, const char *text)
{
	struct fail fail = { 0 };

	if (dev->phase == PH_CONNECTING && dev->unsure && rc == -ESTALE) {
		/* Its journal knows nothing of these rings: nobody has
		 * taken anything from them. */
		dev->unsure = dev->established = dev->resuming = false;
		link_send_msg(dev, dev->ops->connect(dev, false));
		return;
	}
	fail_set(&fail, rc, "%s", text);
	if (dev->phase == PH_CONNECTING && !dev->resuming) {
		dev_fatal(dev, &fail);
		dev_step(dev);
		return;
	}
	/* Its server is asked, and waited for, once in a process's life. */
	if (dev->phase == PH_STARTING)
		server_cause(dev, &fail);
	if (dev->request[0] && dev->phase == PH_CONNECTED) {
		request_fail(dev, fail.text);
		return;
	}
	/* It told why, and is of no use any more: its end says the rest. */
	dev->failure = fail;
	link_close(dev);
	proc_kill(&dev->proc);
}

void dev_socket_ended(struct dev *dev)
{
	dev_timer(dev, HANG_UP_MS, dev_no_answer);
}

/* Somebody else's SIGKILL (a test, an operator, the kernel without memory)
 * says nothing about what the process was doing. */
static bool killed_from_outside(const struct dev *dev, int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	       !dev->proc.was_killed;
}

/* A process that served for a while has done nothing to be held against the
 * next. */
static bool is_strike(const struct dev *dev, int status)
{
	if (killed_from_outside(dev, status))
		return false;
	if (dev->phase != PH_CONNECTED && dev->phase != PH_IDLE)
		return true;
	return ev_now_ms() - dev->started_ms < SERVED_MS;
}

/*
 * Who kills it is not known, and may be itself, on its guest's behalf: it is
 * started again without end, but not as often as it likes.
 */
static uint64_t kill_pause(struct dev *dev)
{
	const uint64_t free = KILLS_FREE * KILL_COST_MS;
	const uint64_t step = KILLS_STEP * KILL_COST_MS;
	const uint64_t most = free + (KILL_PAUSES + 1) * step - 1;
	uint64_t lived = ev_now_ms() - dev->started_ms;
	uint64_t debt = dev->kill_debt_ms + KILL_COST_MS;

	debt = lived < debt ? debt - lived : 0;
	dev->kill_debt_ms = debt < most ? debt : most;
	return debt <= free ? 0 :
	       KILL_PAUSE_MS << (dev->kill_debt_ms - free) / step;
}

static void replace_process(struct dev *dev, int status)
{
	struct fail why = dev->failure;
	bool told = why.rc;
	uint64_t pause;
	char how[80];

	dev->failure = (struct fail){ 0 };
	if (dev->ops->hello == BP_KIND_BLK && dev->linked)
		dev->disk.fence = !dev->disk.readonly;
	proc_describe(status, how, sizeof(how));
	if (!told)
		fail_set(&why, -EIO, "its backend %s", how);
	if (!told && dev->phase == PH_STARTING &&
	    !killed_from_outside(dev, status))
		server_cause(dev, &why);
	if (dev->phase == PH_DISCONNECTING)
		frontend_unbind(dev);
	if (dev->phase != PH_QUIESCING && strcmp(dev->request, "replace"))
		request_fail(dev, why.text);
	if (is_strike(dev, status)) {
		count_strike(dev, &why, told);
		return;
	}
	log_warn("%s: %s; starting another", dev->name, why.text);
	pause = kill_pause(dev);
	if (dev->phase == PH_CONNECTED || dev->phase == PH_IDLE)
		dev->strikes = 0;
	else if (pause < KILLED_MS)
		pause = KILLED_MS;
	if (!pause) {
		dev_begin(dev);
		return;
	}
	dev->phase = PH_OPENING;
	dev_timer(dev, pause, dev_begin);
}

void dev_process_ended(struct dev *dev, int status)
{
	link_close(dev);
	switch (dev->phase) {
	case PH_ENDING:
		image_close(dev);
		dev_reap(dev);
		break;
	case PH_QUIESCING:
		dev_begin(dev);
		break;
	default:
		replace_process(dev, status);
		break;
	}
}

void dev_taken_up(struct dev *dev)
{
	dev->strikes = 0;
	dev_begin(dev);
}

/* ---- what a backend answered ---- */

static void announce_features(struct dev *dev)
{
	struct wbatch b = { 0 };

	dev->ops->features(dev, &b);
	wb_add(&b, "hotplug-status", "connected");
	dev_write_state(dev, XB_INITWAIT, &b);
	log_info("%s: ready", dev->name);
}

void dev_backend_ready(struct dev *dev)
{
	if (dev->linked) {
		dev->resuming = dev->established;
		dev_busy(dev, PH_CONNECTING);
		link_send_msg(dev, dev->ops->connect(dev, dev->resuming));
		return;
	}
	dev_settle(dev, PH_IDLE);
	if (dev->own < XB_INITWAIT)
		announce_features(dev);
	grow_done(dev);
	dev_step(dev);
}

void dev_backend_connected(struct dev *dev)
{
	dev_settle(dev, PH_CONNECTED);
	if (dev->resuming) {
		log_info("%s: served again after %llu ms", dev->name,
			 (unsigned long long)(ev_now_ms() - dev->started_ms));
		request_done(dev, "replace", "");
		grow_done(dev);
	} else if (dev_may_log(dev)) {
		log_info("%s: connected", dev->name);
	}
	dev->resuming = dev->unsure = false;
	dev->established = true;
	if (dev->own < XB_CONNECTED)
		dev_write_state(dev, XB_CONNECTED, NULL);
	keep_put(dev);
	dev_step(dev);
}

void dev_backend_disconnected(struct dev *dev)
{
	frontend_unbind(dev);
	dev_settle(dev, PH_IDLE);
	keep_put(dev);
	dev_step(dev);
}

void dev_replace(struct dev *dev)
{
	dev_busy(dev, PH_QUIESCING);
	link_send(dev, BP_QUIESCE);
}
