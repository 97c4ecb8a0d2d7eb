// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_file.c: from a path to a mapped, unpacked kernel.
 *
 * State on disk: one file per unpacked kernel in the cache folder, named by
 * the source file's identity (device, inode, size, times), so a replaced
 * kernel finds no entry.  An entry is a page of header and then the ELF.
 * It is written under a temporary name and renamed when complete.
 *
 * Trust: an entry is used only if root alone can write it and the folder,
 * its header names exactly the source, and its checksum held when this
 * process first mapped it (remembered in `checked`; any change of the entry
 * makes a new identity).  Everything that goes wrong with the cache leads
 * back to unpacking.
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
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_file.h"
#include "unpack.h"

#define ENTRY_HEADER 4096
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

static bool was_checked(const struct file_identity *id)
{
	for (unsigned int i = 0; i < CHECKED_MAX; i++) {
		if (!memcmp(&checked[i], id, sizeof(*id)))
			return true;
	}
	return false;
}

/*
 * Tells a damaged entry from a whole one.  (Not from a forged one: only root
 * can write there.)  Eight bytes at a time, since it is far from nothing to
 * sum sixty megabytes.
 */
static uint64_t checksum(const uint8_t *data, size_t len)
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

static void entry_path(char *to, size_t room, const char *dir,
		       const struct file_identity *id)
{
	snprintf(to, room, "%s/kernel-%" PRIx64 "-%" PRIx64 "-%" PRIx64
		 "-%" PRIx64 ".%09" PRId64, dir, id->dev, id->ino, id->size,
		 (uint64_t)id->mtime_s, id->mtime_ns);
}

/* Root's, and writable by nobody else. */
static bool trusted(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static bool entry_matches(const uint8_t *map, const struct stat *st,
			  const struct file_identity *source)
{
	struct file_identity self = file_identity_of(st);
	struct entry_header head;

	memcpy(&head, map, sizeof(head));
	if (head.magic != ENTRY_MAGIC ||
	    memcmp(&head.source, source, sizeof(*source)) ||
	    head.payload_len != (uint64_t)st->st_size - ENTRY_HEADER)
		return false;
	if (was_checked(&self))
		return true;
	if (checksum(map + ENTRY_HEADER, head.payload_len) != head.payload_sum)
		return false;
	checked[checked_next++ % CHECKED_MAX] = self;
	return true;
}

/* Maps the cached form of @source into @out; false if there is none. */
static bool cache_load(struct kernel_file *out, const char *dir,
		       const struct file_identity *source)
{
	char path[4096];
	struct stat st;
	void *map;
	int fd;

	if (stat(dir, &st) || !S_ISDIR(st.st_mode) || !trusted(&st))
		return false;
	entry_path(path, sizeof(path), dir, source);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !trusted(&st) ||
	    st.st_size <= ENTRY_HEADER) {
		close(fd);
		return false;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return false;
	if (!entry_matches(map, &st, source) ||
	    kernel_image_read(&out->image, (uint8_t *)map + ENTRY_HEADER,
			      (size_t)st.st_size - ENTRY_HEADER, NULL)) {
		munmap(map, (size_t)st.st_size);
		unlink(path);
		return false;
	}
	out->map = map;
	out->map_len = (size_t)st.st_size;
	return true;
}

static bool write_all(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

#define BLOCK 65536u

/* Writes a kernel, leaving holes where it has blocks of zeros. */
static bool write_sparse(int fd, const uint8_t *data, size_t len)
{
	static const uint8_t zeros[BLOCK];

	while (len) {
		size_t n = len < BLOCK ? len : BLOCK;

		if (!memcmp(data, zeros, n)) {
			if (lseek(fd, (off_t)n, SEEK_CUR) < 0)
				return false;
		} else if (!write_all(fd, data, n)) {
			return false;
		}
		data += n;
		len -= n;
	}
	return true;
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
		if (count++ && (st.st_atim.tv_sec > oldest.tv_sec ||
				(st.st_atim.tv_sec == oldest.tv_sec &&
				 st.st_atim.tv_nsec >= oldest.tv_nsec)))
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

/* Writes one entry; what fails is removed again.  True if it is there. */
static bool cache_store(const char *dir, const struct file_identity *source,
			const uint8_t *data, size_t len)
{
	uint8_t page[ENTRY_HEADER] = { 0 };
	struct entry_header head = {
		.magic = ENTRY_MAGIC,
		.source = *source,
		.payload_len = len,
		.payload_sum = checksum(data, len),
	};
	char path[4096], temp[4096 + 8];
	struct stat st;
	int fd;
	bool ok;

	memcpy(page, &head, sizeof(head));
	mkdir(dir, 0700);
	entry_path(path, sizeof(path), dir, source);
	snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write_all(fd, page, sizeof(page)) &&
	     write_sparse(fd, data, len) &&
	     !ftruncate(fd, (off_t)(ENTRY_HEADER + len)) &&
	     !rename(temp, path);
	/* What was written just now needs no check when it is read. */
	if (ok && !fstat(fd, &st))
		checked[checked_next++ % CHECKED_MAX] = file_identity_of(&st);
	close(fd);
	if (!ok)
		unlink(temp);
	prune(dir);
	return ok;
}

void kernel_file_close(struct kernel_file *file)
{
	if (file->map)
		munmap(file->map, file->map_len);
	free(file->heap);
	memset(file, 0, sizeof(*file));
}

static int read_all(int fd, uint8_t *to, size_t len)
{
	while (len) {
		ssize_t n = read(fd, to, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_take(struct file_bytes *out, int fd, const struct stat *st,
	      size_t most)
{
	size_t len = (size_t)st->st_size;
	void *p;
	int rc;

	*out = (struct file_bytes){ .len = len };
	if (trusted(st)) {
		p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			return -errno;
		out->map = p;
		return 0;
	}
	if (len > most)
		return -EFBIG;
	out->heap = malloc(len);
	rc = out->heap ? read_all(fd, out->heap, len) : -ENOMEM;
	if (rc)
		file_drop(out);
	return rc;
}

void file_drop(struct file_bytes *bytes)
{
	if (bytes->map)
		munmap(bytes->map, bytes->len);
	free(bytes->heap);
	*bytes = (struct file_bytes){ 0 };
}

/* A packed kernel may be packed again, as vmlinuz.gz; not deeper than this. */
#define PACKED_DEPTH 3

/* Unpacks until an ELF appears; the result belongs to @out->heap. */
static int unpack_all(struct kernel_file *out, struct packed *in,
		      struct fail *fail)
{
	for (int depth = 0; in->kind != PACK_NONE; depth++) {
		uint8_t *buf;
		size_t len;
		int rc;

		if (depth == PACKED_DEPTH)
			return fail_set(fail, -ENOEXEC,
					"the kernel is packed more than %d times over",
					PACKED_DEPTH);
		rc = unpack(in, &buf, &len, fail);
		if (rc)
			return rc;
		free(out->heap);
		out->heap = buf;
		rc = unpack_probe(buf, len, in, fail);
		if (rc)
			return rc;
	}
	return 0;
}

/* @out's memory is the file itself: find the kernel in it. */
static int load_bytes(struct kernel_file *out, const struct stat *st,
		      const char *cache_dir, struct fail *fail)
{
	const uint8_t *bytes = out->map ? out->map : out->heap;
	struct file_identity source = file_identity_of(st);
	struct kernel_file cached = { 0 };
	struct packed in;
	int rc;

	rc = unpack_probe(bytes, (size_t)st->st_size, &in, fail);
	if (rc)
		return rc;
	if (in.kind == PACK_NONE)
		return kernel_image_read(&out->image, in.data, in.len, fail);
	if (cache_dir && cache_load(&cached, cache_dir, &source)) {
		kernel_file_close(out);
		*out = cached;
		return 0;
	}
	rc = unpack_all(out, &in, fail);
	if (!rc)
		rc = kernel_image_read(&out->image, in.data, in.len, fail);
	if (!rc && cache_dir)
		out->cached = cache_store(cache_dir, &source, in.data, in.len);
	return rc;
}

int kernel_file_open(struct kernel_file *out, const char *path,
		     const char *cache_dir, struct fail *fail)
{
	struct file_bytes bytes;
	struct stat st;
	int fd, rc;

	memset(out, 0, sizeof(*out));
	/* Not to wait for whoever might feed a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(fail, -errno, "cannot open %s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return fail_set(fail, -EINVAL,
				"%s is not a regular file, or empty", path);
	}
	rc = file_take(&bytes, fd, &st, UNPACK_MAX);
	close(fd);
	if (rc)
		return fail_errno(fail, rc, "cannot read %s", path);
	out->map = bytes.map;
	out->map_len = bytes.map ? bytes.len : 0;
	out->heap = bytes.heap;
	rc = load_bytes(out, &st, cache_dir, fail);
	if (!rc) {
		out->source = file_identity_of(&st);
		kernel_image_trim(&out->image);
	} else {
		fail_step(fail, "%s", path);
		kernel_file_close(out);
	}
	return rc;
}
