// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * file.c: a disk in a file or on a block device.
 *
 * State: struct file_store: the descriptor, which is also the ring's
 * registered file.  The kernel does I/O at offsets that the core has checked
 * against the size found here.  What a short transfer left over is asked for
 * again.
 *
 * The fence: each process holds a shared lock on one byte through its own
 * open file, and the kernel keeps that file open until all I/O of a killed
 * process has ended.  So "would an exclusive lock be possible?" asks whether
 * a predecessor's I/O is really over.  Without that a write of it could land
 * on top of what its successor has written later.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


struct file_store {
	struct blk_store base;
	struct loop *loop;
	int fd;
	bool device, direct, discard;
};

/* ---- I/O ---- */

static void prep_one(const struct loop *l, struct io_uring_sqe *e,
		     const struct blk_io *io)
{
	const struct iovec *v = io->iov;
	unsigned int bytes = (unsigned int)v->iov_len;
	bool fixed = loop_fixed(l, v);

	if (io->op == BLK_READ && fixed)
		io_uring_prep_read_fixed(e, 0, v->iov_base, bytes, io->offset,
					 0);
	else if (io->op == BLK_READ)
		io_uring_prep_read(e, 0, v->iov_base, bytes, io->offset);
	else if (fixed)
		io_uring_prep_write_fixed(e, 0, v->iov_base, bytes, io->offset,
					  0);
	else
		io_uring_prep_write(e, 0, v->iov_base, bytes, io->offset);
}

static void prep_transfer(const struct loop *l, struct io_uring_sqe *e,
			  const struct blk_io *io)
{
	if (io->niov == 1)
		prep_one(l, e, io);
	else if (io->op == BLK_READ)
		io_uring_prep_readv(e, 0, io->iov, io->niov, io->offset);
	else
		io_uring_prep_writev(e, 0, io->iov, io->niov, io->offset);
}

static int submit_ring(struct file_store *f, struct blk_io *io)
{
	struct io_uring_sqe *e = loop_io(f->loop);

	if (!e)
		return -EAGAIN;
	if (io->op == BLK_FLUSH)
		io_uring_prep_fsync(e, 0, IORING_FSYNC_DATASYNC);
	else if (io->op == BLK_DISCARD)
		io_uring_prep_fallocate(e, 0, FALLOC_FL_PUNCH_HOLE |
					FALLOC_FL_KEEP_SIZE,
					(off_t)io->offset, (off_t)io->len);
	else
		prep_transfer(f->loop, e, io);
	e->flags |= IOSQE_FIXED_FILE;
	e->user_data = (uintptr_t)io;
	return 0;
}

/* A device's discard is a call that waits; the answer comes later. */
static int discard_device(struct file_store *f, struct blk_io *io)
{
	uint64_t range[2] = { io->offset, io->len };
	unsigned long cmd = io->op == BLK_DISCARD ? BLKDISCARD : BLKSECDISCARD;

	loop_defer(f->loop, io, ioctl(f->fd, cmd, range) ? -errno : 0);
	return 0;
}

static int file_submit(struct blk_store *s, struct blk_io *io)
{
	struct file_store *f = (struct file_store *)s;

	/* The loop finds its way back with this. */
	io->next = (void *)f;
	if (io->op == BLK_SECDISCARD || (io->op == BLK_DISCARD && f->device))
		return discard_device(f, io);
	return submit_ring(f, io);
}

/* Drops the first @bytes of what is to be transferred. */
static void advance(struct blk_io *io, uint64_t bytes)
{
	io->offset += bytes;
	io->len -= bytes;
	while (io->niov && bytes >= io->iov->iov_len) {
		bytes -= io->iov->iov_len;
		io->iov++;
		io->niov--;
	}
	if (io->niov) {
		io->iov->iov_base = (uint8_t *)io->iov->iov_base + bytes;
		io->iov->iov_len -= bytes;
	}
}

static void again(struct loop *l, struct blk_io *io)
{
	struct file_store *f = (void *)io->next;
	int rc = submit_ring(f, io);

	/* A place has just become free, so it cannot be full. */
	if (rc)
		loop_defer(l, io, -EIO);
}

void file_done(struct loop *l, struct blk_io *io, int res)
{
	bool transfer = io->op == BLK_READ || io->op == BLK_WRITE;

	if (res == -EINTR || res == -EAGAIN) {
		again(l, io);
	} else if (res < 0 || !transfer) {
		io->done(io, res < 0 ? res : 0);
	} else if (!res) {
		io->done(io, io->op == BLK_READ ? -EIO : -ENOSPC);
	} else if ((uint64_t)res < io->len) {
		advance(io, (uint64_t)res);
		again(l, io);
	} else {
		io->done(io, 0);
	}
}

/* ---- what it is ---- */

/* Direct I/O wants whole blocks: of 512 bytes, or does that fail? */
static uint32_t direct_unit(const struct file_store *f)
{
	void *buf = NULL;
	uint32_t unit = BLK_SECTOR;

	if (posix_memalign(&buf, GMAP_PAGE, GMAP_PAGE))
		return GMAP_PAGE;
	if (pread(f->fd, buf, BLK_SECTOR, 0) < 0 && errno == EINVAL)
		unit = GMAP_PAGE;
	free(buf);
	return unit;
}

static int probe_regular(struct file_store *f)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	f->base.sector_size = f->direct ? direct_unit(f) : BLK_SECTOR;
	f->base.physical_size = f->base.sector_size;
	f->base.discard_granularity = (uint32_t)st.st_blksize;
	f->base.sectors = (uint64_t)st.st_size / BLK_SECTOR;
	return 0;
}

/* Would the device take it?  An offset that no device takes tells. */
static bool takes(const struct file_store *f, unsigned long cmd)
{
	uint64_t odd[2] = { 1, 1 };

	return ioctl(f->fd, cmd, odd) && errno == EINVAL;
}

static int probe_device(struct file_store *f)
{
	struct blk_store *s = &f->base;
	uint64_t bytes;
	int unit, ro;
	unsigned int phys;

	if (ioctl(f->fd, BLKGETSIZE64, &bytes) ||
	    ioctl(f->fd, BLKSSZGET, &unit) ||
	    ioctl(f->fd, BLKPBSZGET, &phys) || ioctl(f->fd, BLKROGET, &ro))
		return -errno;
	if (unit != 512 && unit != 4096)
		return -EINVAL;
	s->sector_size = (uint32_t)unit;
	s->physical_size = phys;
	s->discard_granularity = phys;
	s->sectors = bytes / BLK_SECTOR;
	if (ro)
		s->flags |= BP_BLK_IS_READONLY;
	if (f->discard && takes(f, BLKDISCARD))
		s->flags |= BP_BLK_CAN_DISCARD;
	if (f->discard && takes(f, BLKSECDISCARD))
		s->flags |= BP_BLK_CAN_SECDISCARD;
	return 0;
}

static int file_probe(struct blk_store *s)
{
	struct file_store *f = (struct file_store *)s;
	int mode = fcntl(f->fd, F_GETFL), rc;

	if (mode < 0)
		return -errno;
	f->direct = mode & O_DIRECT;
	s->flags = BP_BLK_CAN_FLUSH;
	if ((mode & O_ACCMODE) == O_RDONLY)
		s->flags |= BP_BLK_IS_READONLY;
	if (f->discard && !f->device)
		s->flags |= BP_BLK_CAN_DISCARD;
	rc = f->device ? probe_device(f) : probe_regular(f);
	if (rc)
		return rc;
	s->sectors -= s->sectors % (s->sector_size / BLK_SECTOR);
	s->align = f->direct ? s->sector_size : 1;
	s->max_pieces = BLK_MAX_SEGS;
	return 0;
}

static void file_close(struct blk_store *s)
{
	struct file_store *f = (struct file_store *)s;

	close(f->fd);
	loop_drop_file(f->loop);
	free(f);
}

static const struct blk_store_ops file_ops = {
	.submit = file_submit,
	.probe = file_probe,
	.close = file_close,
};

/* ---- the fence ---- */

static int lock_op(int fd, int cmd, short type, uint64_t fence)
{
	struct flock l = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)((1ull << 61) + fence),
		.l_len = 1,
	};

	if (fcntl(fd, cmd, &l))
		return -errno;
	return cmd == F_OFD_GETLK && l.l_type != F_UNLCK ? -EBUSY : 0;
}

static int wait_fence(int fd, uint64_t fence, bool (*give_up)(void *),
		      void *arg)
{
	struct timespec pause = { .tv_nsec = 500000 };
	int rc;

	while ((rc = lock_op(fd, F_OFD_GETLK, F_WRLCK, fence)) == -EBUSY) {
		if (give_up(arg))
			return -ECANCELED;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
	return rc ? rc : lock_op(fd, F_OFD_SETLK, F_RDLCK, fence);
}

int file_open(struct loop *l, int fd, bool device, bool discard,
	      uint64_t fence, bool (*give_up)(void *), void *arg,
	      struct blk_store **out, const char **why)
{
	struct file_store *f = calloc(1, sizeof(*f));
	int rc;

	*why = "no memory";
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	*f = (struct file_store){
		.base.ops = &file_ops, .loop = l, .fd = fd,
		.device = device, .discard = discard,
	};
	*why = "cannot make sure that nothing else is writing to the image";
	rc = wait_fence(fd, fence, give_up, arg);
	if (!rc) {
		*why = "cannot find out the image's size and block size";
		rc = file_probe(&f->base);
	}
	if (!rc) {
		*why = "cannot hand the image to io_uring";
		rc = loop_set_file(l, fd);
	}
	if (rc) {
		close(fd);
		free(f);
		return rc;
	}
	*out = &f->base;
	return 0;
}
