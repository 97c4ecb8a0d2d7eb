// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_file.c: from a path to a mapped, unpacked kernel.
 *
 * State: the caller's structs.  A packed kernel is unpacked by a helper into
 * a new entry of the cache, or where there can be none into a file that only
 * memory holds; either is then mapped.  What the helper wrote is trusted no
 * more than any kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_file.h"
#include "unpack_helper.h"

/* Which of the helper's files is which. */
enum { FILE_CACHE, FILE_MEMORY };

struct kernel_job {
	struct unpack_helper helper;
	struct kernel_draft draft;	/* of the cache's entry */
	int memory;
	char *path, *cache_dir;
};

/* ---- plain files ---- */

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

static int file_map(struct file_bytes *out, int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*out = (struct file_bytes){ .map = p, .len = len };
	return 0;
}

int file_take(struct file_bytes *out, int fd, const struct stat *st,
	      size_t most)
{
	size_t len = (size_t)st->st_size;
	int rc;

	*out = (struct file_bytes){ .len = len };
	if (file_trusted(st))
		return file_map(out, fd, len);
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

void kernel_file_close(struct kernel_file *file)
{
	file_drop(&file->bytes);
	memset(file, 0, sizeof(*file));
}

/* Reads the kernel in @file->bytes, @offset bytes from their start. */
static int read_image(struct kernel_file *file, size_t offset,
		      struct fail *fail)
{
	const struct file_bytes *b = &file->bytes;
	const uint8_t *data = b->map ? b->map : b->heap;
	int rc = kernel_image_read(&file->image, data + offset,
				   b->len - offset, fail);

	if (!rc)
		kernel_image_trim(&file->image);
	return rc;
}

/* ---- packed files ---- */

static bool load_cached(struct kernel_file *out, const char *dir)
{
	struct file_bytes b = { 0 };

	if (!dir || !kernel_cache_load(dir, &out->source, &b.map, &b.len))
		return false;
	out->bytes = b;
	if (!read_image(out, KERNEL_ENTRY_HEADER, NULL))
		return true;
	file_drop(&out->bytes);
	kernel_cache_remove(dir, &out->source);
	return false;
}

static void job_free(struct kernel_job *job)
{
	kernel_draft_close(&job->draft);
	if (job->memory >= 0)
		close(job->memory);
	free(job->path);
	free(job->cache_dir);
	free(job);
}

static int start_job(struct kernel_job **out, const struct packed *in,
		     const struct file_identity *source, const char *path,
		     const char *cache_dir, struct fail *fail)
{
	struct kernel_job *job = calloc(1, sizeof(*job));
	int files[UNPACK_FILES], rc;

	if (!job)
		return fail_set(fail, -ENOMEM, "out of memory");
	job->draft.fd = -1;
	job->path = strdup(path);
	job->cache_dir = cache_dir ? strdup(cache_dir) : NULL;
	job->memory = memfd_create("kernel", MFD_CLOEXEC);
	if (!job->path || (cache_dir && !job->cache_dir) || job->memory < 0)
		rc = fail_set(fail, -ENOMEM, "out of memory");
	else
		rc = 0;
	if (!rc && cache_dir)
		kernel_draft_open(&job->draft, cache_dir, source);
	files[FILE_CACHE] = job->draft.fd;
	files[FILE_MEMORY] = job->memory;
	if (!rc)
		rc = unpack_helper_start(&job->helper, in, files,
					 KERNEL_ENTRY_HEADER, fail);
	if (rc)
		job_free(job);
	else
		*out = job;
	return rc;
}

int kernel_job_fd(const struct kernel_job *job)
{
	return job->helper.pidfd;
}

/* Maps what the helper made and reads it. */
static int take_result(struct kernel_file *out, struct kernel_job *job,
		       const struct unpacked *made, struct fail *fail)
{
	bool in_cache = made->file == FILE_CACHE;
	int fd = in_cache ? job->draft.fd : job->memory, rc;
	size_t len = KERNEL_ENTRY_HEADER + made->len;
	struct stat st;

	if (fstat(fd, &st) || st.st_size != (off_t)len)
		return fail_set(fail, -EIO,
				"the process that unpacks it went wrong");
	rc = file_map(&out->bytes, fd, len);
	if (rc)
		return fail_errno(fail, rc, "cannot map the unpacked kernel");
	rc = read_image(out, KERNEL_ENTRY_HEADER, fail);
	if (!rc && in_cache)
		kernel_draft_commit(&job->draft, job->cache_dir, &out->source,
				    made->len, made->sum);
	return rc;
}

int kernel_file_finish(struct kernel_file *out, struct kernel_job *job,
		       struct fail *fail)
{
	struct unpacked made;
	int rc = unpack_helper_finish(&job->helper, &made, fail);

	if (!rc)
		rc = take_result(out, job, &made, fail);
	out->unpacked = !rc;
	if (rc) {
		fail_step(fail, "%s", job->path);
		kernel_file_close(out);
	}
	job_free(job);
	return rc;
}

/* ---- opening ---- */

/* @out's bytes are the file itself: find the kernel in it. */
static int look_inside(struct kernel_file *out, struct kernel_job **job,
		       const char *path, const char *cache_dir,
		       struct fail *fail)
{
	struct file_bytes file = out->bytes;
	struct packed in;
	int rc = unpack_probe(file.map ? file.map : file.heap, file.len, &in,
			      fail);

	if (rc || packed_is_plain(&in))
		return rc ? rc : read_image(out, 0, fail);
	/* The helper has its own view of it. */
	out->bytes = (struct file_bytes){ 0 };
	if (!load_cached(out, cache_dir))
		rc = start_job(job, &in, &out->source, path, cache_dir, fail);
	file_drop(&file);
	return rc;
}

static int open_regular(const char *path, struct stat *st, struct fail *fail)
{
	/* Not to wait for whoever might feed a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fail_errno(fail, -errno, "cannot open %s", path);
	if (!fstat(fd, st) && S_ISREG(st->st_mode) && st->st_size)
		return fd;
	close(fd);
	return fail_set(fail, -EINVAL, "%s is not a regular file, or empty",
			path);
}

int kernel_file_begin(struct kernel_file *out, struct kernel_job **job,
		      const char *path, const char *cache_dir,
		      struct fail *fail)
{
	struct stat st;
	int fd, rc;

	memset(out, 0, sizeof(*out));
	*job = NULL;
	fd = open_regular(path, &st, fail);
	if (fd < 0)
		return fd;
	out->source = file_identity_of(&st);
	rc = file_take(&out->bytes, fd, &st, UNPACK_MAX);
	close(fd);
	if (rc)
		return fail_errno(fail, rc, "cannot read %s", path);
	rc = look_inside(out, job, path, cache_dir, fail);
	if (rc) {
		fail_step(fail, "%s", path);
		kernel_file_close(out);
	}
	return rc;
}

int kernel_file_open(struct kernel_file *out, const char *path,
		     const char *cache_dir, struct fail *fail)
{
	struct kernel_job *job;
	int rc = kernel_file_begin(out, &job, path, cache_dir, fail);

	return !rc && job ? kernel_file_finish(out, job, fail) : rc;
}
