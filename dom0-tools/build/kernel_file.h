/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_file.h: kernels as files: found, unpacked, kept.
 *
 * kernel_file_open() reads one.  The shelf keeps the last few open, since
 * most guests of a host share a kernel and reading it is most of the work of
 * making a small guest.
 */
#ifndef DOM0_BUILD_KERNEL_FILE_H
#define DOM0_BUILD_KERNEL_FILE_H

#include <sys/stat.h>

#include "kernel_image.h"

/* What makes a file the same file. */
struct file_identity {
	uint64_t dev, ino, size;
	int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
};

struct file_identity file_identity_of(const struct stat *st);

/* A file's bytes: at map or at heap, the other being NULL. */
struct file_bytes {
	void *map, *heap;
	size_t len;
};

/*
 * The bytes of the regular, not empty file @fd, of which @st tells.  What
 * only this user can write is mapped.  Anybody else's is read, at most @most
 * bytes of it: its owner could cut a mapped file short, and whoever then
 * touched the missing part would be killed.  0 or -errno.
 */
int file_take(struct file_bytes *out, int fd, const struct stat *st,
	      size_t most);
void file_drop(struct file_bytes *bytes);

/* A kernel image and the memory behind it. */
struct kernel_file {
	struct kernel_image image;
	struct file_identity source;
	void *map;		/* what to unmap, or NULL */
	size_t map_len;
	void *heap;		/* what to free, or NULL */
	bool cached;		/* heap, and now in the cache as well */
};

/*
 * Opens the kernel at @path, unpacking it if it is packed.  Unpacked kernels
 * are kept in @cache_dir (NULL for none): a problem with the cache costs
 * time, never the kernel.  0 or -errno with the reason; on success *@out is
 * to be given to kernel_file_close().
 */
int kernel_file_open(struct kernel_file *out, const char *path,
		     const char *cache_dir, struct fail *fail);
void kernel_file_close(struct kernel_file *file);

/*
 * The same through the shelf: *@out stays valid until kernel_shelf_put().
 * A file that changed is read again.  One thread.
 */
int kernel_shelf_get(const struct kernel_file **out, const char *path,
		     const char *cache_dir, struct fail *fail);
/* Accepts NULL. */
void kernel_shelf_put(const struct kernel_file *file);
/* Closes what nobody uses, so that file systems can be unmounted. */
void kernel_shelf_clear(void);

#endif
