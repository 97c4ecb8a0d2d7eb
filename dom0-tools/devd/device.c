// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device.c: a device's life: what sm_decide() says, carried out.
 *
 * Invariants: `own` is the state in the store, except while a write failed
 * because the folder or the store is gone, which both end in a new look;
 * `linked` is true exactly while ports are bound; in a busy phase something
 * will come (a message, an end of a process, a timer) that ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devd/devd.h"
#include "lib/log.h"

#define ANSWER_MS 60000		/* no backend needs so long for an answer */
#define END_MS 5000		/* to finish what is in flight */
#define LOCK_WAIT_MS 10000	/* for a device that is just being released */
#define LOCK_RETRY_MS 10
#define RETRY_MS 1000		/* between attempts, at most */
#define HANG_UP_MS 500		/* from the socket's end to the process's */
#define KILLED_MS 20		/* after one was killed before it served */
#define SERVED_MS 1000		/* after so long a death is no bad start */

static void set_timer(struct dev *dev, uint64_t ms, void (*fn)(struct dev *));

/* ---- small things ---- */

int dev_config(struct dev *dev, const char *name, char **value)
{
	if (!dev->devd->xs)
		return -ENOTCONN;
	return xsc_readf(dev->devd->xs, XSC_NO_TX, value, "%s/%s",
			 dev->backend, name);
}

int dev_config_text(struct dev *dev, const char *name, char *buf, size_t size)
{
	char *value;
	int rc = dev_config(dev, name, &value);

	buf[0] = 0;
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (strlen(value) < size)
		strcpy(buf, value);
	else
		rc = -E2BIG;
	free(value);
	return rc;
}

bool dev_config_flag(struct dev *dev, const char *name, bool fallback)
{
	char text[8];

	if (dev_config_text(dev, name, text, sizeof(text)) || !text[0])
		return fallback;
	return !strcmp(text, "1") || !strcmp(text, "yes");
}

int dev_write_state(struct dev *dev, enum xb_state s, struct wbatch *b)
{
	struct wbatch none = { 0 };
	int rc;

	if (!b)
		b = &none;
	wb_add(b, "state", "%u", (unsigned int)s);
	dev->own = s;
	rc = wb_write(b, dev->devd->xs, dev->backend, "frontend");
	dev->unwritten = rc && rc != -ENOENT;
	if (dev->unwritten)
		log_err("%s: cannot write its state: %s", dev->name,
			strerror(-rc));
	return rc;
}

/* What could not be written while there was no store. */
void dev_write_again(struct dev *dev)
{
	struct wbatch b = { 0 };

	if (dev->phase != PH_FAILED && dev->phase != PH_ENDED &&
	    dev->own >= XB_INITWAIT) {
		dev->ops->features(dev, &b);
		wb_add(&b, "hotplug-status", "connected");
	}
	dev_write_state(dev, dev->own, &b);
}

/* A guest can bring these lines about as often as it likes. */
static bool may_log(struct dev *dev)
{
	unsigned int missed;

	return log_limited(&dev->limit, 20, 1000, ev_now_ms(), &missed);
}

static void on_timer(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, timer);

	dev->on_timer(dev);
}

static void set_timer(struct dev *dev, uint64_t ms, void (*fn)(struct dev *))
{
	dev->on_timer = fn;
	dev->timer.fn = on_timer;
	ev_timer_set(dev->devd->loop, &dev->timer, ms);
}

static void no_answer(struct dev *dev)
{
	log_err("%s: its backend does not answer while %s; starting another",
		dev->name, sm_phase_name(dev->phase));
	proc_kill(&dev->proc);
}

static void busy(struct dev *dev, enum sm_phase phase)
{
	dev->phase = phase;
	set_timer(dev, ANSWER_MS, no_answer);
}

static void settle(struct dev *dev, enum sm_phase phase)
{
	ev_timer_cancel(&dev->timer);
	dev->phase = phase;
}

/* ---- letting go ---- */

static void let_go(struct dev *dev)
{
	struct devd *d = dev->devd;

	ev_timer_cancel(&dev->timer);
	frontend_unbind(dev);
	if (dev->evtchn >= 0)
		close(dev->evtchn);
	if (dev->journal >= 0)
		close(dev->journal);
	dev->evtchn = dev->journal = -1;
	if (dev->opened)
		dev->ops->close(dev);
	dev->opened = false;
	slot_put(d, dev->slot);
	dev->slot = 0;
	keep_drop(dev);
}

static bool any_runs(struct dev *dev)
{
	return proc_runs(&dev->proc) || proc_runs(&dev->job) ||
	       (dev->opened && dev->ops->hello == BP_KIND_BLK &&
		proc_runs(&dev->disk.server));
}

/* All that holds the image must have ended before the lock is let go. */
void dev_reap(struct dev *dev)
{
	struct devd *d = dev->devd;

	/* Whoever goes through the list of marked devices calls again. */
	if (any_runs(dev) || (dev->gone && dev->dirty))
		return;
	let_go(dev);
	if (!dev->gone) {
		enum sm_phase then = dev->failed ? PH_FAILED : PH_ENDED;

		settle(dev, then);
		if (dev->own != XB_CLOSED)
			dev_write_state(dev, XB_CLOSED, NULL);
		log_info("%s: released", dev->name);
		dev_step(dev);
		return;
	}
	d->dying--;
	log_debug("%s: gone", dev->name);
	free(dev);
}

static void end_now(struct dev *dev)
{
	proc_kill(&dev->proc);
	job_stop(dev);
	image_close(dev);
}

static void end_forced(struct dev *dev)
{
	log_warn("%s: its backend does not end; killing it", dev->name);
	end_now(dev);
}

void dev_shut(struct dev *dev, enum sm_phase then)
{
	dev->failed = then == PH_FAILED;
	dev->phase = PH_ENDING;
	job_stop(dev);
	/* The end of the socket tells the backend to finish and to end; the
	 * server of its image follows it. */
	link_close(dev);
	if (proc_runs(&dev->proc))
		set_timer(dev, END_MS, end_forced);
	else
		image_close(dev);
	dev_reap(dev);
}

void dev_gone(struct dev *dev)
{
	if (dev->gone)
		return;
	log_info("%s: removed", dev->name);
	dev->gone = true;
	dev->devd->dying++;
	dev_unwatch(dev);
	dev_unlink(dev);
	ev_timer_cancel(&dev->timer);
	dev->phase = PH_ENDING;
	link_close(dev);
	end_now(dev);
	dev_reap(dev);
}

/* ---- failing ---- */

static void fail_device(struct dev *dev, const struct fail *fail)
{
	struct wbatch b = { 0 };

	log_err("%s: %s", dev->name, fail->text);
	wb_add(&b, dev->own < XB_INITWAIT ? "hotplug-error" : "error", "%s",
	       fail->text);
	if (dev->own < XB_INITWAIT)
		wb_add(&b, "hotplug-status", "error");
	request_fail(dev, fail->text);
	dev_write_state(dev, XB_CLOSED, &b);
	dev_shut(dev, PH_FAILED);
}

void dev_fatal(struct dev *dev, const struct fail *fail)
{
	struct wbatch b = { 0 };

	if (may_log(dev))
		log_warn("%s: not connected: %s", dev->name, fail->text);
	frontend_unbind(dev);
	wb_add(&b, "error", "%s", fail->text);
	settle(dev, PH_IDLE);
	dev_write_state(dev, XB_CLOSING, &b);
}

/* ---- opening ---- */

static void try_open(struct dev *dev);

/* Whether the image may become free by itself in a moment. */
static bool worth_waiting(struct dev *dev, int rc)
{
	uint64_t now = ev_now_ms();

	if (rc != -EBUSY)
		return false;
	if (!dev->busy_until)
		dev->busy_until = now + LOCK_WAIT_MS;
	return dev->devd->dying && now < dev->busy_until;
}

void dev_open_failed(struct dev *dev, const struct fail *fail)
{
	dev->opened = true;
	if (worth_waiting(dev, fail->rc) && !any_runs(dev)) {
		let_go(dev);
		set_timer(dev, LOCK_RETRY_MS, try_open);
		return;
	}
	fail_device(dev, fail);
}

static void try_open(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc;

	dev->phase = PH_OPENING;
	ev_timer_cancel(&dev->timer);
	if (!dev->devd->xs) {
		set_timer(dev, RETRY_MS, try_open);
		return;
	}
	rc = dev->ops->open(dev, &fail);
	dev->opened = true;
	if (!rc)
		dev_opened(dev);
	else if (rc != -EINPROGRESS)
		dev_open_failed(dev, &fail);
}

static int make_journal(void)
{
	int fd = memfd_create("journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	/* Nobody who has it can take the memory from under the others. */
	if (ftruncate(fd, BP_JOURNAL_BYTES) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

static int make_parts(struct dev *dev, struct fail *fail)
{
	int rc = dev->slot ? 0 : slot_get(dev->devd, &dev->slot);

	if (rc)
		return fail_errno(fail, rc, "no uid for its backend");
	dev->evtchn = dev->devd->ports->open(dev->domid);
	if (dev->evtchn < 0)
		return fail_errno(fail, dev->evtchn,
				  "cannot open the event channel device");
	dev->journal = make_journal();
	return dev->journal < 0 ? fail_errno(fail, dev->journal,
					     "no memory for the journal") :
				  0;
}

static void begin(struct dev *dev);

/* The kernel is the backend: it takes over from here. */
static void hand_to_kernel(struct dev *dev)
{
	struct wbatch b = { 0 };
	int rc;

	dev->ops->features(dev, &b);
	wb_add(&b, "hotplug-status", "connected");
	rc = wb_write(&b, dev->devd->xs, dev->backend, "frontend");
	if (rc && rc != -ENOENT)
		log_err("%s: %s", dev->name, strerror(-rc));
	settle(dev, PH_CONNECTED);
	log_info("%s: ready for the kernel's backend", dev->name);
}

void dev_opened(struct dev *dev)
{
	struct fail fail = { 0 };

	dev->opened = true;
	dev->strikes = 0;
	if (!dev->ops->program) {
		hand_to_kernel(dev);
		return;
	}
	if (make_parts(dev, &fail)) {
		fail_device(dev, &fail);
		return;
	}
	keep_put(dev);
	begin(dev);
}

/* ---- a process and its deaths ---- */

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

static void begin(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc;

	busy(dev, PH_OPENING);
	rc = dev->ops->prepare ? dev->ops->prepare(dev, &fail) : 0;
	if (!rc)
		dev_prepared(dev);
	else if (rc != -EINPROGRESS)
		dev_prepare_failed(dev, &fail);
}

void dev_prepared(struct dev *dev)
{
	struct fail fail = { 0 };

	busy(dev, PH_STARTING);
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
		set_timer(dev, RETRY_MS, begin);
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
		fail_device(dev, &last);
		return;
	}
	log_warn("%s: %s (attempt %u)", dev->name, why->text, dev->strikes);
	dev->phase = PH_OPENING;
	if (dev->strikes <= STRIKES_FREE) {
		begin(dev);
	} else {
		late = 50u << (dev->strikes - STRIKES_FREE);
		set_timer(dev, late < RETRY_MS ? late : RETRY_MS, begin);
	}
}

void dev_backend_failed(struct dev *dev, int rc, const char *text)
{
	struct fail fail = { 0 };

	fail_set(&fail, rc, "%s", text);
	if (dev->phase == PH_CONNECTING && !dev->resuming) {
		dev_fatal(dev, &fail);
		dev_step(dev);
		return;
	}
	server_cause(dev, &fail);
	if (dev->request[0] && dev->phase == PH_CONNECTED) {
		request_fail(dev, fail.text);
		return;
	}
	/* It told why, and is of no use any more: its end says the rest. */
	dev->failure = fail;
	proc_kill(&dev->proc);
}

void dev_socket_ended(struct dev *dev)
{
	set_timer(dev, HANG_UP_MS, no_answer);
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

static void replace_process(struct dev *dev, int status)
{
	struct fail why = dev->failure;
	bool told = why.rc;
	char how[80];

	dev->failure = (struct fail){ 0 };
	proc_describe(status, how, sizeof(how));
	if (!why.rc)
		fail_set(&why, -EIO, "its backend %s", how);
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
	if (dev->phase == PH_CONNECTED || dev->phase == PH_IDLE) {
		dev->strikes = 0;
		begin(dev);
		return;
	}
	/* Not at full speed, if it goes on like this. */
	dev->phase = PH_OPENING;
	set_timer(dev, KILLED_MS, begin);
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
		begin(dev);
		break;
	default:
		replace_process(dev, status);
		break;
	}
}

void dev_taken_up(struct dev *dev)
{
	dev->strikes = 0;
	begin(dev);
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
		busy(dev, PH_CONNECTING);
		link_send_msg(dev, dev->ops->connect(dev, dev->resuming));
		return;
	}
	settle(dev, PH_IDLE);
	if (dev->own < XB_INITWAIT)
		announce_features(dev);
	dev_step(dev);
}

void dev_backend_connected(struct dev *dev)
{
	settle(dev, PH_CONNECTED);
	if (dev->resuming) {
		log_info("%s: served again after %llu ms", dev->name,
			 (unsigned long long)(ev_now_ms() - dev->started_ms));
		request_done(dev, "replace", "");
	} else if (may_log(dev)) {
		log_info("%s: connected", dev->name);
	}
	dev->resuming = false;
	dev->established = true;
	if (dev->own < XB_CONNECTED)
		dev_write_state(dev, XB_CONNECTED, NULL);
	keep_put(dev);
	dev_step(dev);
}

void dev_backend_disconnected(struct dev *dev)
{
	frontend_unbind(dev);
	settle(dev, PH_IDLE);
	keep_put(dev);
	dev_step(dev);
}

void dev_replace(struct dev *dev)
{
	busy(dev, PH_QUIESCING);
	link_send(dev, BP_QUIESCE);
}

/* ---- actions ---- */

static bool act_open(struct dev *dev)
{
	dev->busy_until = 0;
	try_open(dev);
	return false;
}

static bool act_initwait(struct dev *dev)
{
	struct wbatch b = { 0 };

	wb_remove(&b, "error");
	return !dev_write_state(dev, XB_INITWAIT, &b);
}

static bool act_connect(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc = dev->ops->announce(dev, &fail);

	if (!rc)
		rc = frontend_bind(dev, &fail);
	if (rc) {
		dev_fatal(dev, &fail);
		return true;
	}
	dev->resuming = false;
	busy(dev, PH_CONNECTING);
	keep_put(dev);
	link_send_msg(dev, dev->ops->connect(dev, false));
	return false;
}

static bool act_disconnect(struct dev *dev)
{
	busy(dev, PH_DISCONNECTING);
	link_send(dev, BP_DISCONNECT);
	return false;
}

static bool act_closing(struct dev *dev)
{
	return !dev_write_state(dev, XB_CLOSING, NULL);
}

static bool act_closed(struct dev *dev)
{
	return !dev_write_state(dev, XB_CLOSED, NULL);
}

static bool act_end(struct dev *dev)
{
	dev_shut(dev, PH_ENDED);
	return false;
}

/* True: look again. */
static bool (*const actions[])(struct dev *dev) = {
	[SM_OPEN] = act_open,
	[SM_INITWAIT] = act_initwait,
	[SM_CONNECT] = act_connect,
	[SM_DISCONNECT] = act_disconnect,
	[SM_CLOSING] = act_closing,
	[SM_CLOSED] = act_closed,
	[SM_END] = act_end,
};

/* The kernel's backend does the talking; only its end is looked for. */
static void step_kernel(struct dev *dev)
{
	if (dev->phase == PH_NEW && dev->online)
		act_open(dev);
	else if (dev->phase == PH_CONNECTED && !dev->online &&
		 dev->own == XB_CLOSED)
		dev_shut(dev, PH_ENDED);
}

void dev_step(struct dev *dev)
{
	struct sm_facts f;
	enum sm_action a;
	int left = 8;	/* more steps than any way through the table has */

	if (!dev->ops->program) {
		step_kernel(dev);
		return;
	}
	do {
		f = (struct sm_facts){ dev->phase, dev->own, dev->fe,
				       dev->online };
		a = sm_decide(&f);
	} while (a != SM_NONE && actions[a](dev) && --left);
}

void dev_restart(struct dev *dev)
{
	if (dev->phase != PH_FAILED && dev->phase != PH_ENDED &&
	    dev->phase != PH_NEW)
		return;
	dev->own = XB_INITIALISING;
	dev->online = true;
	dev->phase = PH_NEW;
	frontend_read_state(dev);
	dev_step(dev);
}
