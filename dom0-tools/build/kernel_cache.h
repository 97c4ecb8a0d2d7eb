/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_cache.h: unpacked kernels, kept as files.
 *
 * An entry is KERNEL_ENTRY_HEADER bytes of header and then the ELF.  It is
 * named by the identity of the file that it was unpacked from, so a replaced
 * kernel finds no entry.
 */
#ifndef DOM0_BUILD_KERNEL_CACHE_H
#define DOM0_BUILD_KERNEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define KERNEL_ENTRY_HEADER 4096

/* What makes a file the same file. */
struct file_identity {
	uint64_t dev, ino, size;
	int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
};

struct file_identity file_identity_of(const struct stat *st);

/* The file is this user's, and writable by nobody else. */
bool file_trusted(const struct stat *st);

/*
 * Maps the entry for @source, header and all.  False if there is none that
 * can be used.
 */
bool kernel_cache_load(const char *dir, const struct file_identity *source,
		       void **map, size_t *len);
/* Removes the entry for @source, which turned out to be of no use. */
void kernel_cache_remove(const char *dir, const struct file_identity *source);

/* An entry being written, under a name that is nobody's. */
struct kernel_draft {
	int fd;			/* -1: none */
	char path[1024], temp[1024 + 8];
};

/* Begins one; false, with fd -1, if the folder does not let us. */
bool kernel_draft_open(struct kernel_draft *d, const char *dir,
		       const struct file_identity *source);
/*
 * The ELF is written: @len bytes whose kernel_checksum() is @sum.  Makes it
 * the entry for @source; false if that failed.  The descriptor stays open
 * until kernel_draft_close(), which removes what is no entry.
 */
bool kernel_draft_commit(struct kernel_draft *d, const char *dir,
			 const struct file_identity *source, uint64_t len,
			 uint64_t sum);
void kernel_draft_close(struct kernel_draft *d);

/* Tells a damaged entry from a whole one. */
uint64_t kernel_checksum(const uint8_t *data, size_t len);

#endif
