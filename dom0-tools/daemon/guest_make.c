// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest_make.c: making a guest, as a table of steps, each with its undoing.
 *
 * State: one struct making per attempt, in ts->makings from the first step to
 * the last, so that nobody else takes its name meanwhile.  A step that has to
 * wait says so and is gone on from later; the daemon serves others until
 * then.  Invariant: after a failure in step n the undo functions of n, n-1,
 * ... 0 have run, each of which undoes exactly what its step did, also when
 * that step stopped half-way.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../build/apply.h"
#include "../build/kernel_file.h"
#include "../lib/hv_domain.h"
#include "../lib/log.h"
#include "console_wait.h"
#include "guest.h"
#include "guest_device.h"

/* What a step says that calls advance() itself, later. */
#define STEP_WAITS 1

struct making {
	struct making *next;
	struct toolstack *ts;
	struct guest *g;
	struct outcome *out;
	struct fail *fail;		/* that of out */
	struct outcome devices;		/* of coming up, or going again */
	size_t at;			/* the step to run next */
	uint64_t lap_us;		/* when the last one ended */
	bool paused;
	struct kernel_wait kernel_wait;
	const struct kernel_file *kernel;
	struct console_wait console;
	struct file_bytes ramdisk;
	bool domain_made, written, listed;
	struct guest_rings rings;
};

static int check_unique(struct making *m)
{
	struct guest *other = guest_by_name(m->ts, m->g->name);

	if (other || !strcmp(m->g->name, "Domain-0"))
		return fail_set(m->fail, -EEXIST,
				"a guest named \"%s\" is there already: destroy it, or choose another name",
				m->g->name);
	other = guest_in_making(m->ts, m->g->name, m->g->uuid, m->g);
	if (other)
		return fail_set(m->fail, -EEXIST,
				"the guest \"%s\" with this name or UUID is being made just now",
				other->name);
	for (other = m->ts->guests; other; other = other->next) {
		if (!memcmp(other->uuid, m->g->uuid, sizeof(other->uuid)))
			return fail_set(m->fail, -EEXIST,
					"the guest \"%s\" has this UUID already: change uuid",
					other->name);
	}
	return 0;
}

static int take_kernel(struct making *m)
{
	m->kernel = kernel_wait_result(&m->kernel_wait, m->fail);
	return m->kernel ? 0 : m->fail->rc;
}

static void advance(struct making *m, int rc);

static void on_kernel(struct kernel_wait *wait)
{
	struct making *m = container_of(wait, struct making, kernel_wait);

	advance(m, take_kernel(m));
}

static int open_kernel(struct making *m)
{
	int rc;

	m->kernel_wait.ready = on_kernel;
	rc = kernel_wait_begin(&m->kernel_wait, m->ts->loop,
			       m->g->config.kernel, m->ts->cache_dir, m->fail);
	if (rc < 0)
		return rc;
	return rc ? take_kernel(m) : STEP_WAITS;
}

/* So long after the last guest, kernels are not kept open any more. */
#define IDLE_MS 60000

static void on_idle(struct ev_timer *timer)
{
	(void)timer;
	kernel_shelf_clear();
}

static void close_kernel(struct making *m)
{
	kernel_wait_end(&m->kernel_wait);
	m->kernel = NULL;
	m->ts->idle.fn = on_idle;
	if (m->ts->loop)
		ev_timer_set(m->ts->loop, &m->ts->idle, IDLE_MS);
}

static int open_ramdisk(struct making *m)
{
	const char *path = m->g->config.ramdisk;
	struct stat st;
	int fd, rc = 0;

	if (!path || !*path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(m->fail, -errno, "cannot open %s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		rc = fail_set(m->fail, -EINVAL,
			      "%s is not a regular file, or empty", path);
	} else {
		rc = file_take(&m->ramdisk, fd, &st,
			       (size_t)m->g->config.memory << 20);
		if (rc)
			rc = fail_errno(m->fail, rc, "cannot read %s", path);
	}
	close(fd);
	return rc;
}

static void close_ramdisk(struct making *m)
{
	file_drop(&m->ramdisk);
}

/* What Xen's toolstack gives a guest that says nothing. */
#define DEFAULT_EVENT_CHANNELS 1023
#define DEFAULT_GRANT_FRAMES 64
#define DEFAULT_MAPTRACK_FRAMES 1024

static int64_t given(int64_t value, int64_t otherwise)
{
	return value < 0 ? otherwise : value;
}

static int make_domain(struct making *m)
{
	const struct guest_config *c = &m->g->config;
	struct hv_create how = {
		.vcpus = (uint32_t)c->maxvcpus,
		.max_evtchn_port = (uint32_t)given(c->max_event_channels,
						   DEFAULT_EVENT_CHANNELS),
		.max_grant_frames = (int32_t)given(c->max_grant_frames,
						   DEFAULT_GRANT_FRAMES),
		.max_maptrack_frames = (int32_t)given(c->max_maptrack_frames,
						      DEFAULT_MAPTRACK_FRAMES),
		.grant_version = (uint32_t)given(c->max_grant_version, 0),
	};
	int rc;

	memcpy(how.uuid, m->g->uuid, sizeof(how.uuid));
	rc = hv_domain_create(m->ts->hv, &how, &m->g->domid);
	if (rc)
		return fail_errno(m->fail, rc,
				  "the hypervisor refused a new domain (xl dmesg may say why)");
	m->domain_made = true;
	return 0;
}

static void unmake_domain(struct making *m)
{
	int rc;

	if (!m->domain_made)
		return;
	rc = hv_domain_destroy(m->ts->hv, m->g->domid);
	if (rc)
		log_err("domain %u cannot be destroyed: %s", m->g->domid,
			strerror(-rc));
	m->domain_made = false;
}

/* What the guest may hold beyond its memory, as Xen's toolstack allows. */
#define MEM_SLACK_KIB 1024

static int set_affinity(struct making *m, const struct cfg_cpus *cpus,
			bool soft)
{
	struct hv *hv = m->ts->hv;
	int rc = 0;

	for (uint32_t v = 0; cpus->given && v < m->g->config.maxvcpus; v++) {
		struct cfg_mask mask = *cfg_cpus_of(cpus, v);

		rc = hv_vcpu_affinity(hv, m->g->domid, v, true, soft,
				      mask.bits, sizeof(mask.bits));
		if (rc)
			return fail_errno(m->fail, rc,
					  "vCPU %u cannot be bound to the CPUs that %s names",
					  v, soft ? "cpus_soft" : "cpus");
	}
	return 0;
}

static int set_limits(struct making *m)
{
	const struct guest_config *c = &m->g->config;
	uint32_t domid = m->g->domid;
	int rc;

	rc = hv_domain_set_max_vcpus(m->ts->hv, domid, (uint32_t)c->maxvcpus);
	if (rc)
		return fail_errno(m->fail, rc, "%" PRId64 " vCPUs were refused",
				  c->maxvcpus);
	rc = hv_domain_set_max_mem(m->ts->hv, domid,
				   (uint64_t)c->memory * 1024 + MEM_SLACK_KIB);
	if (rc)
		return fail_errno(m->fail, rc, "the memory limit was refused");
	if (c->cpu_weight > 0 || c->cap >= 0) {
		rc = hv_domain_set_weight(m->ts->hv, domid,
					  (uint32_t)given(c->cpu_weight, 0),
					  (int32_t)c->cap);
		if (rc)
			return fail_errno(m->fail, rc,
					  "the scheduler refused cpu_weight or cap");
	}
	rc = set_affinity(m, &c->cpus, false);
	return rc ? rc : set_affinity(m, &c->cpus_soft, true);
}

static int offer_ports(struct making *m)
{
	uint32_t domid = m->g->domid;
	int rc = hv_evtchn_alloc_for(m->ts->hv, domid, &m->rings.store_port);

	if (!rc)
		rc = hv_evtchn_alloc_for(m->ts->hv, domid,
					 &m->rings.console_port);
	return rc ? fail_errno(m->fail, rc, "no event channels") : 0;
}

static int build(struct making *m)
{
	const struct guest_config *c = &m->g->config;
	struct pv_build b = {
		.domid = m->g->domid,
		.vcpus = (uint32_t)c->maxvcpus,
		.kernel = &m->kernel->image,
		.ramdisk = m->ramdisk.map ? m->ramdisk.map : m->ramdisk.heap,
		.ramdisk_len = m->ramdisk.len,
		.pages = (uint64_t)c->memory << 8,
		.cmdline = c->full_cmdline,
		.store_port = m->rings.store_port,
		.console_port = m->rings.console_port,
	};
	int rc = pv_build(m->ts->hv, &b, m->fail);

	m->rings.store_frame = b.store_frame;
	m->rings.console_frame = b.console_frame;
	return rc;
}

static int prepare_devices(struct making *m)
{
	return devices_prepare(m->ts, m->g, m->fail);
}

static int write_store(struct making *m)
{
	int rc = guest_store_write(m->ts, m->g, m->fail);

	m->written = !rc;
	return rc;
}

static void unwrite_store(struct making *m)
{
	if (m->written)
		guest_store_remove(m->ts, m->g->domid, m->g->uuid);
	m->written = false;
}

/*
 * Nothing undoes this: the store sees the domain end and tells all who wait
 * for that.  Told to release one that lives, it would forget the domain and
 * miss its end; a console daemon would then hold its page for ever.
 */
static int introduce(struct making *m)
{
	int rc = guest_store_rings(m->ts, m->g, &m->rings, m->fail);

	if (rc)
		return rc;
	rc = xsc_introduce(m->ts->xs, m->g->domid, m->rings.store_frame,
			       m->rings.store_port);

	if (rc)
		return fail_errno(m->fail, rc,
				  "the store daemon did not accept the guest");
	return 0;
}

static void on_devices(struct outcome *out, int rc)
{
	struct making *m = container_of(out, struct making, devices);

	if (rc)
		fail_set(m->fail, rc, "%s", out->fail.text);
	advance(m, rc);
}

static int await_devices(struct making *m)
{
	const struct guest_config *c = &m->g->config;

	if (!(c->disks.count + c->vifs.count))
		return 0;
	m->devices.fn = on_devices;
	devices_await(m->ts, m->g, &m->devices);
	return STEP_WAITS;
}

static int save_state(struct making *m)
{
	return guest_state_save(m->ts, m->g, m->fail);
}

static void unsave_state(struct making *m)
{
	guest_state_remove(m->ts, m->g->uuid);
}

static void on_console(struct console_wait *w)
{
	advance(container_of(w, struct making, console), 0);
}

static int await_console(struct making *m)
{
	m->console.fn = on_console;
	return !m->paused && console_wait_begin(&m->console, m->ts, m->g) ?
		       STEP_WAITS : 0;
}

static int enlist(struct making *m)
{
	m->g->next = m->ts->guests;
	m->ts->guests = m->g;
	m->listed = true;
	return 0;
}

static void unlist(struct making *m)
{
	struct guest **p = &m->ts->guests;

	while (m->listed && *p != m->g)
		p = &(*p)->next;
	if (m->listed)
		*p = m->g->next;
	m->listed = false;
}

static int start(struct making *m)
{
	int rc = m->paused ? 0 : hv_domain_unpause(m->ts->hv, m->g->domid);

	m->g->started_ms = ev_now_ms();
	return rc ? fail_errno(m->fail, rc, "it cannot be unpaused") : 0;
}

static const struct step {
	const char *name;
	int (*run)(struct making *m);	/* 0, -errno or STEP_WAITS */
	void (*undo)(struct making *m);
} steps[] = {
	{ "checking its name", check_unique, NULL },
	{ "preparing its devices", prepare_devices, NULL },
	{ "reading its kernel", open_kernel, close_kernel },
	{ "reading its ramdisk", open_ramdisk, close_ramdisk },
	{ "creating its domain", make_domain, unmake_domain },
	{ "setting its limits", set_limits, NULL },
	{ "offering it event channels", offer_ports, NULL },
	{ "writing its store entries", write_store, unwrite_store },
	{ "building its memory", build, NULL },
	{ "introducing it to the store", introduce, NULL },
	{ "bringing up its devices", await_devices, NULL },
	{ "saving its configuration", save_state, unsave_state },
	{ "waiting for its console", await_console, NULL },
	{ "adding it to the guests", enlist, unlist },
	{ "starting it", start, NULL },
};

#define STEPS_COUNT (sizeof(steps) / sizeof(steps[0]))

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Time since *@then, which moves on. */
static uint64_t lap(uint64_t *then)
{
	uint64_t now = now_us(), took = now - *then;

	*then = now;
	return took;
}

struct guest *guest_in_making(struct toolstack *ts, const char *name,
			      const uint8_t *uuid, const struct guest *but)
{
	for (struct making *m = ts->makings; m; m = m->next) {
		struct guest *g = m->g;

		if (g != but &&
		    ((name && !strcmp(g->name, name)) ||
		     (uuid && !memcmp(g->uuid, uuid, sizeof(g->uuid)))))
			return g;
	}
	return NULL;
}

bool domain_in_making(struct toolstack *ts, uint32_t domid)
{
	struct making *m = ts->makings;

	while (m && !(m->domain_made && m->g->domid == domid))
		m = m->next;
	return m;
}

static void finish(struct making *m, int rc)
{
	struct making **p = &m->ts->makings;
	struct outcome *out = m->out;

	while (*p != m)
		p = &(*p)->next;
	*p = m->next;
	free(m);
	out->fn(out, rc);
}

static void undo(struct making *m)
{
	while (m->at--) {
		if (steps[m->at].undo)
			steps[m->at].undo(m);
	}
}

static void on_released(struct outcome *out, int rc)
{
	struct making *m = container_of(out, struct making, devices);

	if (rc)
		log_warn("%s: its devices: %s", m->g->name, out->fail.text);
	undo(m);
	finish(m, m->fail->rc);
}

/*
 * Undoes all steps so far.  Devices first, because that may take its time;
 * but where nobody has brought them up, nobody will let them go.
 */
static void give_up(struct making *m)
{
	bool nobody = m->fail->rc == -ETIMEDOUT;

	fail_step(m->fail, "%s", steps[m->at - 1].name);
	m->devices = (struct outcome){ .fn = on_released };
	if (m->written)
		devices_release_all(m->ts, m->g->domid,
				    nobody ? RELEASE_DROP : RELEASE_CUT,
				    &m->devices);
	else
		on_released(&m->devices, 0);
}

/* Goes on with the next step, or back if @rc, of the last one, is an error. */
static void advance(struct making *m, int rc)
{
	while (!rc && m->at < STEPS_COUNT) {
		const struct step *s = &steps[m->at++];

		rc = s->run(m);
		if (rc != STEP_WAITS)
			log_debug("%s: %s: %" PRIu64 " us", m->g->name, s->name,
				  lap(&m->lap_us));
	}
	if (rc == STEP_WAITS)
		return;
	if (rc) {
		fail_set(m->fail, rc, "%s", strerror(-rc));
		give_up(m);
		return;
	}
	close_kernel(m);
	close_ramdisk(m);
	finish(m, 0);
}

void guest_make(struct toolstack *ts, struct guest *g, bool paused,
		struct outcome *out)
{
	struct making *m = calloc(1, sizeof(*m));

	if (!m) {
		out->fn(out, fail_set(&out->fail, -ENOMEM, "out of memory"));
		return;
	}
	*m = (struct making){ .next = ts->makings, .ts = ts, .g = g,
			      .out = out, .fail = &out->fail,
			      .lap_us = now_us(), .paused = paused };
	ts->makings = m;
	advance(m, 0);
}
