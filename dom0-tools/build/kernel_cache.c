// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_cache.c: the folder of unpacked kernels.
 *
 * State on disk: one file per kernel, written under a temporary name and
 * renamed when complete.  Trust: an entry is used only if this user alone can
 * write it and the folder, its header names exactly the source, and its
 * checksum held when this process first mapped it (remembered in `checked`;
 * any change of the entry makes a new identity).  Everything that goes wrong
 * here leads back to unpacking.
 *
 * State in memory: `checked`, a few identities; one thread.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_cache.h"

#define ENTRY_MAGIC 0x314b434956524150ull	/* "PARVICK1" */

struct entry_header {
	uint64_t magic;
	struct file_identity source;
	uint64_t payload_len;
	uint64_t payload_sum;
};

/* Kernels kept unpacked; the one used least lately goes first. */
#define CACHE_ENTRIES_MAX 8

#define CHECKED_MAX 8
static struct file_identity checked[CHECKED_MAX];
static unsigned int checked_next;

struct file_identity file_identity_of(const struct stat *st)
{
	return (struct file_identity){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_s = st->st_mtim.tv_sec,
		.mtime_ns = st->st_mtim.tv_nsec,
		.ctime_s = st->st_ctim.tv_sec,
		.ctime_ns = st->st_ctim.tv_nsec,
	};
}

bool file_trusted(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static bool was_checked(const struct file_identity *id)
{
	for (unsigned int i = 0; i < CHECKED_MAX; i++) {
		if (!memcmp(&checked[i], id, sizeof(*id)))
			return true;
	}
	return false;
}

/* Eight bytes at a time: it is far from nothing to sum sixty megabytes. */
uint64_t kernel_checksum(const uint8_t *data, size_t len)
{
	uint64_t sum = len, word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
		sum ^= sum >> 29;
	}
	word = 0;
	memcpy(&word, data, len);
	return (sum ^ word) * 0x9e3779b97f4a7c15ull;
}

/* ---- reading ---- */

/* The name of an entry; false if it is too long to be one. */
static bool entry_path(char *to, size_t room, const char *dir,
		       const struct file_identity *id)
{
	int n = snprintf(to, room,
			 "%s/kernel-%" PRIx64 "-%" PRIx64 "-%" PRIx64
			 "-%" PRIx64 ".%09" PRId64, dir, id->dev, id->ino,
			 id->size, (uint64_t)id->mtime_s, id->mtime_ns);

	return n >= 0 && (size_t)n < room;
}

static bool entry_matches(const uint8_t *map, const struct stat *st,
			  const struct file_identity *source)
{
	struct file_identity self = file_identity_of(st);
	struct entry_header head;

	memcpy(&head, map, sizeof(head));
	if (head.magic != ENTRY_MAGIC ||
	    memcmp(&head.source, source, sizeof(*source)) ||
	    head.payload_len != (uint64_t)st->st_size - KERNEL_ENTRY_HEADER)
		return false;
	if (was_checked(&self))
		return true;
	if (kernel_checksum(map + KERNEL_ENTRY_HEADER, head.payload_len) !=
	    head.payload_sum)
		return false;
	checked[checked_next++ % CHECKED_MAX] = self;
	return true;
}

static bool trusted_folder(const char *dir)
{
	struct stat st;

	return !stat(dir, &st) && S_ISDIR(st.st_mode) && file_trusted(&st);
}

bool kernel_cache_load(const char *dir, const struct file_identity *source,
		       void **map, size_t *len)
{
	char path[1024];
	struct stat st;
	void *p = MAP_FAILED;
	int fd;

	if (!trusted_folder(dir) ||
	    !entry_path(path, sizeof(path), dir, source))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && file_trusted(&st) &&
	    st.st_size > KERNEL_ENTRY_HEADER)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
			 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	if (!entry_matches(p, &st, source)) {
		munmap(p, (size_t)st.st_size);
		unlink(path);
		return false;
	}
	*map = p;
	*len = (size_t)st.st_size;
	return true;
}

void kernel_cache_remove(const char *dir, const struct file_identity *source)
{
	char path[1024];

	if (entry_path(path, sizeof(path), dir, source))
		unlink(path);
}

/* ---- making room ---- */

static bool older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec :
					a->tv_nsec < b->tv_nsec;
}

/* The entry used least lately, if there are more than may stay; or false. */
static bool find_surplus(const char *dir, char *path, size_t room)
{
	DIR *d = opendir(dir);
	unsigned int count = 0;
	struct timespec oldest = { 0 };
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, "kernel-", 7) ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (count++ && !older(&st.st_atim, &oldest))
			continue;
		oldest = st.st_atim;
		snprintf(path, room, "%s/%s", dir, e->d_name);
	}
	if (d)
		closedir(d);
	return count > CACHE_ENTRIES_MAX;
}

/* Removes entries beyond those that may stay. */
static void prune(const char *dir)
{
	char path[4096];

	while (find_surplus(dir, path, sizeof(path)) && !unlink(path))
		;
}

/* ---- writing ---- */

bool kernel_draft_open(struct kernel_draft *d, const char *dir,
		       const struct file_identity *source)
{
	d->fd = -1;
	mkdir(dir, 0700);
	/* What could not be read again need not be written. */
	if (!trusted_folder(dir) ||
	    !entry_path(d->path, sizeof(d->path), dir, source))
		return false;
	snprintf(d->temp, sizeof(d->temp), "%s.XXXXXX", d->path);
	d->fd = mkostemp(d->temp, O_CLOEXEC);
	return d->fd >= 0;
}

bool kernel_draft_commit(struct kernel_draft *d, const char *dir,
			 const struct file_identity *source, uint64_t len,
			 uint64_t sum)
{
	const struct entry_header head = { ENTRY_MAGIC, *source, len, sum };
	struct stat st;

	if (pwrite(d->fd, &head, sizeof(head), 0) != sizeof(head) ||
	    rename(d->temp, d->path))
		return false;
	d->temp[0] = '\0';
	/* What was written just now needs no check when it is read. */
	if (!fstat(d->fd, &st))
		checked[checked_next++ % CHECKED_MAX] = file_identity_of(&st);
	prune(dir);
	return true;
}

void kernel_draft_close(struct kernel_draft *d)
{
	if (d->fd < 0)
		return;
	if (d->temp[0])
		unlink(d->temp);
	close(d->fd);
	d->fd = -1;
}
