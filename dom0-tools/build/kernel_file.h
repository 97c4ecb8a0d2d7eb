/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_file.h: kernels as files: found, unpacked, kept.
 *
 * kernel_file_begin() opens one, which takes seconds if it must be unpacked:
 * another process does that, and kernel_file_finish() takes its result.  The
 * shelf keeps the last few open, since most guests of a host share a kernel
 * and reading it is most of the work of making a small guest, and lets
 * everybody who wants the same kernel wait for one unpacking.
 */
#ifndef DOM0_BUILD_KERNEL_FILE_H
#define DOM0_BUILD_KERNEL_FILE_H

#include <sys/stat.h>

#include "../lib/evloop.h"
#include "kernel_cache.h"
#include "kernel_image.h"

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
	struct file_bytes bytes;
	bool unpacked;		/* just now, not by an earlier opening */
};

/* A kernel being unpacked by another process. */
struct kernel_job;

/*
 * Opens the kernel at @path.  Unpacked kernels are kept in @cache_dir (NULL
 * for none): a problem with the cache costs time, never the kernel.  0 or
 * -errno with the reason.  With 0 and *@job set, the kernel is there after
 * kernel_file_finish() only.
 */
int kernel_file_begin(struct kernel_file *out, struct kernel_job **job,
		      const char *path, const char *cache_dir,
		      struct fail *fail);
/* Readable once kernel_file_finish() need not wait. */
int kernel_job_fd(const struct kernel_job *job);
/* Waits for @job, which is gone then.  0 or -errno with the reason. */
int kernel_file_finish(struct kernel_file *out, struct kernel_job *job,
		       struct fail *fail);
/* Both in one: for who has nothing else to do. */
int kernel_file_open(struct kernel_file *out, const char *path,
		     const char *cache_dir, struct fail *fail);
void kernel_file_close(struct kernel_file *file);

/* ---- the shelf; one thread ---- */

/*
 * A wait for one kernel.  Zeroed and `ready` set by its owner, it is begun by
 * kernel_wait_begin() and belongs to the shelf until kernel_wait_end().
 */
struct kernel_wait {
	/* Called from the loop, once, when it is there or cannot be had. */
	void (*ready)(struct kernel_wait *w);
	struct kernel_slot *slot;
	struct kernel_wait *next;
	bool told;
};

/*
 * Begins to wait for the kernel at @path.  1: it is there; 0: @w->ready will
 * be called; -errno with the reason, and nothing is to be ended.
 */
int kernel_wait_begin(struct kernel_wait *w, struct evloop *loop,
		      const char *path, const char *cache_dir,
		      struct fail *fail);
/* The kernel, valid until kernel_wait_end(); or NULL with the reason. */
const struct kernel_file *kernel_wait_result(const struct kernel_wait *w,
					     struct fail *fail);
/* Also of one not begun, or not ready: then the kernel is unpacked anyhow. */
void kernel_wait_end(struct kernel_wait *w);
/* Closes what nobody uses, so that file systems can be unmounted. */
void kernel_shelf_clear(void);

#endif
