// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_shelf.c: the kernels used last, kept open and mapped.
 *
 * State: a few slots, each with a kernel and the number of its users; a slot
 * without users may be emptied at any time.  Invariant: a slot is handed out
 * only while its source file is unchanged by identity.  One thread.
 */
#include <errno.h>
#include <string.h>

#include "kernel_file.h"

#define SHELF_SLOTS 3

static struct slot {
	struct kernel_file file;
	unsigned int users;
	unsigned int used;	/* turn of the last use; 0: empty */
} shelf[SHELF_SLOTS];

static unsigned int turn;

static struct slot *find(const struct file_identity *id)
{
	for (int i = 0; i < SHELF_SLOTS; i++) {
		if (shelf[i].used &&
		    !memcmp(&shelf[i].file.source, id, sizeof(*id)))
			return &shelf[i];
	}
	return NULL;
}

static void empty(struct slot *s)
{
	kernel_file_close(&s->file);
	s->used = 0;
}

/* The slot to use next: empty, or the one unused for longest. */
static struct slot *make_room(void)
{
	struct slot *oldest = NULL;

	for (int i = 0; i < SHELF_SLOTS; i++) {
		struct slot *s = &shelf[i];

		if (!s->users && (!oldest || s->used < oldest->used))
			oldest = s;
	}
	if (oldest && oldest->used)
		empty(oldest);
	return oldest;
}

int kernel_shelf_get(const struct kernel_file **out, const char *path,
		     const char *cache_dir, struct fail *fail)
{
	struct file_identity id;
	struct slot *s = NULL;
	struct stat st;
	int rc;

	if (!stat(path, &st)) {
		id = file_identity_of(&st);
		s = find(&id);
	}
	if (!s) {
		s = make_room();
		if (!s)
			return fail_set(fail, -EBUSY,
					"too many kernels in use at once");
		rc = kernel_file_open(&s->file, path, cache_dir, fail);
		if (rc)
			return rc;
	}
	s->used = ++turn;
	s->users++;
	*out = &s->file;
	return 0;
}

void kernel_shelf_put(const struct kernel_file *file)
{
	for (int i = 0; file && i < SHELF_SLOTS; i++) {
		if (&shelf[i].file != file)
			continue;
		/* The next use maps the cache, which costs no memory. */
		if (!--shelf[i].users && file->cached)
			empty(&shelf[i]);
	}
}

void kernel_shelf_clear(void)
{
	for (int i = 0; i < SHELF_SLOTS; i++) {
		if (shelf[i].used && !shelf[i].users)
			empty(&shelf[i]);
	}
}
