// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_shelf.c: the kernels used last, kept open and mapped, and those
 * being unpacked with who waits for them.
 *
 * State: a few slots, each with a kernel, or the job that will bring it, or
 * the reason why it could not be had; and the number of its users.  A slot
 * without users and without a job may be emptied at any time.  Invariants: a
 * slot is handed out only while its source file is unchanged by identity; one
 * that failed is handed out to nobody new.  One thread.
 */
#include <errno.h>
#include <string.h>

#include "kernel_file.h"

#define SLOTS 8
/* So many are kept although nobody uses them. */
#define IDLE_MAX 3

static struct kernel_slot {
	struct kernel_file file;
	struct file_identity source;	/* of the file, even while it comes */
	struct kernel_job *job;		/* NULL: it is there, or failed */
	struct fail fail;
	struct evloop *loop;
	struct ev_io io;		/* the job's end */
	struct kernel_wait *waiting;
	unsigned int users;
	unsigned int used;	/* turn of the last use; 0: empty */
} shelf[SLOTS];

static unsigned int turn;

static struct kernel_slot *find(const struct file_identity *id)
{
	for (int i = 0; i < SLOTS; i++) {
		if (shelf[i].used && !shelf[i].fail.rc &&
		    !memcmp(&shelf[i].source, id, sizeof(*id)))
			return &shelf[i];
	}
	return NULL;
}

static void empty(struct kernel_slot *s)
{
	kernel_file_close(&s->file);
	memset(s, 0, sizeof(*s));
}

static bool is_idle(const struct kernel_slot *s)
{
	return s->used && !s->users && !s->job;
}

/* Empties the idle slots used longest ago, until @most are left. */
static void keep_idle(unsigned int most)
{
	for (;;) {
		struct kernel_slot *oldest = NULL;
		unsigned int count = 0;

		for (int i = 0; i < SLOTS; i++) {
			struct kernel_slot *s = &shelf[i];

			if (!is_idle(s))
				continue;
			count++;
			if (!oldest || s->used < oldest->used)
				oldest = s;
		}
		if (count <= most)
			return;
		empty(oldest);
	}
}

static struct kernel_slot *make_room(void)
{
	for (unsigned int idle = IDLE_MAX + 1; idle--; keep_idle(idle)) {
		for (int i = 0; i < SLOTS; i++) {
			if (!shelf[i].used)
				return &shelf[i];
		}
	}
	return NULL;
}

/* Tells everybody who waits for @s; each may end its wait, or begin others. */
static void tell(struct kernel_slot *s)
{
	struct kernel_wait *w;

	/* Not to be emptied under our feet. */
	s->users++;
	while ((w = s->waiting)) {
		s->waiting = w->next;
		w->told = true;
		w->ready(w);
	}
	s->users--;
	if (s->fail.rc && !s->users)
		empty(s);
	keep_idle(IDLE_MAX);
}

static void on_job(struct ev_io *io, uint32_t revents)
{
	struct kernel_slot *s = container_of(io, struct kernel_slot, io);
	struct kernel_job *job = s->job;

	(void)revents;
	ev_io_del(s->loop, io);
	s->job = NULL;
	kernel_file_finish(&s->file, job, &s->fail);
	tell(s);
}

/* Has the loop call on_job(); without one, waits here. */
static int await(struct kernel_slot *s, struct evloop *loop)
{
	struct kernel_job *job = s->job;

	s->loop = loop;
	s->io = (struct ev_io){ .fd = kernel_job_fd(job), .events = EPOLLIN,
				.fn = on_job };
	if (loop && !ev_io_add(loop, &s->io))
		return 0;
	s->job = NULL;
	return kernel_file_finish(&s->file, job, &s->fail);
}

/* A slot for a kernel that is on none. */
static struct kernel_slot *fetch(struct evloop *loop, const char *path,
				 const char *cache_dir, struct fail *fail)
{
	struct kernel_slot *s = make_room();
	int rc;

	if (!s) {
		fail_set(fail, -EBUSY, "too many kernels in use at once");
		return NULL;
	}
	rc = kernel_file_begin(&s->file, &s->job, path, cache_dir, &s->fail);
	s->source = s->file.source;
	if (!rc && s->job)
		rc = await(s, loop);
	if (!rc)
		return s;
	fail_set(fail, rc, "%s", s->fail.text);
	empty(s);
	return NULL;
}

int kernel_wait_begin(struct kernel_wait *w, struct evloop *loop,
		      const char *path, const char *cache_dir,
		      struct fail *fail)
{
	struct kernel_slot *s = NULL;
	struct file_identity id;
	struct fail why = { 0 };
	struct stat st;

	if (!stat(path, &st)) {
		id = file_identity_of(&st);
		s = find(&id);
	}
	if (!s)
		s = fetch(loop, path, cache_dir, &why);
	if (!s)
		return fail_set(fail, why.rc, "%s", why.text);
	s->used = ++turn;
	s->users++;
	/* Others brought it on its way; who has no loop cannot wait. */
	if (s->job && !loop)
		on_job(&s->io, 0);
	w->slot = s;
	w->told = !s->job;
	if (w->told)
		return 1;
	w->next = s->waiting;
	s->waiting = w;
	return 0;
}

const struct kernel_file *kernel_wait_result(const struct kernel_wait *w,
					     struct fail *fail)
{
	const struct kernel_slot *s = w->slot;

	if (!s->fail.rc)
		return &s->file;
	fail_set(fail, s->fail.rc, "%s", s->fail.text);
	return NULL;
}

void kernel_wait_end(struct kernel_wait *w)
{
	struct kernel_slot *s = w->slot;
	struct kernel_wait **at;

	if (!s)
		return;
	for (at = &s->waiting; !w->told && *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			break;
		}
	}
	w->slot = NULL;
	s->users--;
	if (s->fail.rc && !s->users)
		empty(s);
	keep_idle(IDLE_MAX);
}

void kernel_shelf_clear(void)
{
	keep_idle(0);
}
