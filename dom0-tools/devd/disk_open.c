// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * disk_open.c: files and block devices as disks.  No state of its own: a lock
 * lives with the open file that it is on.
 *
 * Locks are OFD locks on the whole file: exclusive for a guest that writes,
 * shared for those that only read or that agreed to share (lock=shared).
 * QEMU's programs lock single bytes of the same file with OFD locks, so both
 * see each other.  A block device that one guest writes to is also claimed
 * (O_EXCL), so that it cannot be mounted or be part of a mounted volume.
 */
#include "devd/disk_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/log.h"

/* Behind it are bytes that backends lock to know about each other. */
#define LOCK_LEN ((off_t)1 << 60)

static const struct {
	const char *word;
	const char *format;	/* what the prefix says; NULL: nothing */
} prefixes[] = {
	{ "phy:", "raw" }, { "file:", "raw" }, { "raw:", "raw" },
	{ "aio:", NULL }, { "tapdisk:", NULL }, { "tap2:", NULL },
	{ "tap:", NULL }, { "qcow2:", "qcow2" }, { "qcow:", "qcow" },
	{ "vhd:", "vhd" }, { "vhdx:", "vhdx" }, { "vmdk:", "vmdk" },
};

const char *disk_target(const char *params, const char **format)
{
	size_t i = 0;

	while (i < sizeof(prefixes) / sizeof(prefixes[0])) {
		size_t n = strlen(prefixes[i].word);

		if (strncmp(params, prefixes[i].word, n)) {
			i++;
			continue;
		}
		params += n;
		if (prefixes[i].format)
			*format = prefixes[i].format;
		i = 0;
	}
	return params;
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

int disk_way(const struct disk_spec *spec, enum disk_way *way,
	     struct fail *fail)
{
	static const char *const formats[] = { "qcow2", "vhd", "vhdx", "vmdk",
					       "qcow", "qed", "vdi" };

	if (!*spec->target) {
		*way = DISK_EMPTY;
		return 0;
	}
	if (starts(spec->target, "nbd:") || starts(spec->target, "nbd+unix:") ||
	    starts(spec->target, "nbds:")) {
		*way = DISK_NBD;
		return 0;
	}
	if (!*spec->format || !strcmp(spec->format, "raw")) {
		*way = DISK_RAW;
		return 0;
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(spec->format, formats[i])) {
			*way = DISK_IMAGE;
			return 0;
		}
	return fail_set(fail, -EINVAL,
			"format '%s' is not known: raw, qcow2, vhd, vhdx and vmdk are",
			spec->format);
}

/* ---- opening ---- */

static int explain_open(const struct disk_spec *s, int rc, struct fail *fail)
{
	static const struct {
		int rc;
		const char *text;
	} words[] = {
		{ -ENOENT, "does not exist: create it, or correct the disk's target" },
		{ -EACCES, "may not be opened: check its permissions" },
		{ -EPERM, "may not be opened: check its permissions and attributes" },
		{ -EROFS, "is on a read-only file system: attach it read-only (mode r)" },
		{ -ETXTBSY, "is a running program" },
		{ -EISDIR, "is a folder, not an image" },
		{ -ENXIO, "is a device without a medium" },
		{ -ENOMEDIUM, "is a drive without a medium" },
		{ -EBUSY, "is in use by the host: unmount it, or take it out of its RAID, volume group or swap" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].rc == rc)
			return fail_set(fail, rc, "%s %s", s->target,
					words[i].text);
	return fail_errno(fail, rc, "cannot open %s", s->target);
}

static int open_flags(const struct disk_spec *s, const struct stat *st)
{
	int flags = (s->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;

	if (S_ISBLK(st->st_mode) && !s->readonly && !s->shared)
		flags |= O_EXCL;
	return flags;
}

/* With O_DIRECT where wanted and possible. */
static int open_target(const struct disk_spec *s, int flags, bool *direct)
{
	int fd;

	*direct = s->direct;
	fd = open(s->target, flags | (s->direct ? O_DIRECT : 0));
	if (fd < 0 && errno == EINVAL && s->direct) {
		fd = open(s->target, flags);
		*direct = false;
		if (fd >= 0)
			log_info("%s: its file system has no direct I/O; the page cache is used",
				 s->target);
	}
	return fd < 0 ? -errno : fd;
}

static int lock_file(int fd, bool exclusive)
{
	struct flock fl = { .l_type = exclusive ? F_WRLCK : F_RDLCK,
			    .l_whence = SEEK_SET, .l_len = LOCK_LEN };

	if (!fcntl(fd, F_OFD_SETLK, &fl))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static void set_id(struct disk_file *f, const struct stat *st)
{
	bool block = S_ISBLK(st->st_mode);

	f->backing = block ? BP_BACK_DEVICE : BP_BACK_FILE;
	f->id.dev = block ? st->st_rdev : st->st_dev;
	f->id.ino = block ? 0 : st->st_ino;
}

static int check_size(const struct disk_spec *s, const struct disk_file *f,
		      const struct stat *st, struct fail *fail)
{
	uint64_t size = (uint64_t)st->st_size;

	if (f->backing == BP_BACK_DEVICE && ioctl(f->fd, BLKGETSIZE64, &size))
		return fail_errno(fail, -errno, "cannot ask for the size of %s",
				  s->target);
	if (size < 512)
		return fail_set(fail, -EINVAL,
				"%s is empty: a disk needs at least one sector (truncate -s SIZE, or qemu-img create)",
				s->target);
	return 0;
}

/* A configured "raw" over what looks like an image: likely a slip, but a
 * guest may write such bytes itself, so they decide nothing. */
static void warn_of_magic(const struct disk_spec *s)
{
	static const struct {
		const char *magic, *format;
	} known[] = {
		{ "QFI\xfb", "qcow2" }, { "KDMV", "vmdk" },
		{ "vhdxfile", "vhdx" }, { "conectix", "vhd" },
	};
	char head[8] = "";
	int fd = open(s->target, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		head[0] = 0;
	close(fd);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!memcmp(head, known[i].magic, strlen(known[i].magic)))
			log_warn("%s begins like a %s image and is served raw, as configured (format=%s?)",
				 s->target, known[i].format, known[i].format);
}

static int in_use(const struct disk_spec *s, const char *who,
		  struct fail *fail)
{
	return fail_set(fail, -EBUSY,
			"%s is in use by %s: detach it there, or attach it read-only, or give both lock=shared if they can share a disk",
			s->target, who ? who : "another program");
}

/* Whoever @holder knows to have the file, or what is below it. */
static const char *holder_of(const struct disk_file *f, disk_holder *holder,
			     void *arg, bool exclusive)
{
	struct disk_id id[DISK_LAYERS];
	unsigned int n = holder ? disk_layers(f, id) : 0;
	const char *who = NULL;

	for (unsigned int i = 0; i < n && !who; i++)
		who = holder(arg, &id[i], exclusive);
	return who;
}

/* The lock on the file, for other programs; and what it cannot see. */
static int lock_all(const struct disk_spec *spec, const struct disk_file *f,
		    disk_holder *holder, void *arg, struct fail *fail)
{
	bool alone = disk_alone(spec->readonly, spec->shared);
	int rc = lock_file(f->fd, alone);
	const char *who;

	if (rc == -EBUSY)
		return in_use(spec, holder_of(f, holder, arg, true), fail);
	if (rc)
		return fail_errno(fail, rc, "cannot lock %s", spec->target);
	who = holder_of(f, holder, arg, alone);
	return who ? in_use(spec, who, fail) : 0;
}

int disk_open_raw(const struct disk_spec *spec, disk_holder *holder, void *arg,
		  struct disk_file *out, struct fail *fail)
{
	struct disk_file f = { .fd = -1 };
	struct stat st;
	int rc;

	*out = f;
	if (stat(spec->target, &st))
		return explain_open(spec, -errno, fail);
	if (S_ISDIR(st.st_mode))
		return explain_open(spec, -EISDIR, fail);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail_set(fail, -EINVAL,
				"%s is neither a file nor a block device",
				spec->target);
	set_id(&f, &st);
	f.fd = open_target(spec, open_flags(spec, &st), &f.direct);
	if (f.fd == -EBUSY && holder && holder(arg, &f.id, true))
		return in_use(spec, holder(arg, &f.id, true), fail);
	if (f.fd < 0)
		return explain_open(spec, f.fd, fail);
	/* Again, of what was opened: the name may have changed hands. */
	if (fstat(f.fd, &st) ||
	    (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))) {
		close(f.fd);
		return fail_set(fail, -EINVAL, "%s was replaced", spec->target);
	}
	set_id(&f, &st);
	rc = lock_all(spec, &f, holder, arg, fail);
	if (!rc)
		rc = check_size(spec, &f, &st, fail);
	if (rc) {
		close(f.fd);
		return rc;
	}
	warn_of_magic(spec);
	*out = f;
	return 0;
}

void disk_close(struct disk_file *f)
{
	struct flock fl = { .l_type = F_UNLCK, .l_whence = SEEK_SET,
			    .l_len = LOCK_LEN };

	if (f->fd < 0)
		return;
	fcntl(f->fd, F_OFD_SETLK, &fl);
	close(f->fd);
	f->fd = -1;
}

int disk_reopen(const struct disk_file *f, bool readonly)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC |
				(f->direct ? O_DIRECT : 0));
	return fd < 0 ? -errno : fd;
}

/*
 * A lock on a byte beyond those of the image's lock. A file system that knows
 * no locks does without the order.
 */
int disk_fence(int fd, uint64_t owner)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			    .l_start = LOCK_LEN + (off_t)owner, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &fl) &&
	       (errno == EAGAIN || errno == EACCES) ? -EAGAIN : 0;
}

/* ---- loop devices ---- */

/* Part of one is no alias of the file: two guests may have different parts. */
static bool is_whole_loop(const struct disk_id *id)
{
	char path[64];

	if (id->ino || major(id->dev) != LOOP_MAJOR)
		return false;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition",
		 major(id->dev), minor(id->dev));
	return access(path, F_OK);
}

/* What the loop device @fd is made of; false if it is not in use. */
static bool loop_below(int fd, struct disk_id *id)
{
	struct loop_info64 info;

	if (ioctl(fd, LOOP_GET_STATUS64, &info))
		return false;
	*id = (struct disk_id){ (dev_t)info.lo_device, (ino_t)info.lo_inode };
	/* A file has none, or that of its file system once more. */
	if (info.lo_rdevice && info.lo_rdevice != info.lo_device)
		*id = (struct disk_id){ (dev_t)info.lo_rdevice, 0 };
	return true;
}

unsigned int disk_layers(const struct disk_file *f,
			 struct disk_id id[DISK_LAYERS])
{
	unsigned int n = 1;
	char path[64];
	int fd;

	id[0] = f->id;
	if (f->fd < 0 || !is_whole_loop(&id[0]) || !loop_below(f->fd, &id[1]))
		return n;
	for (n = 2; n < DISK_LAYERS && is_whole_loop(&id[n - 1]); n++) {
		snprintf(path, sizeof(path), "/dev/block/%u:%u",
			 major(id[n - 1].dev), minor(id[n - 1].dev));
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			break;
		if (!loop_below(fd, &id[n])) {
			close(fd);
			break;
		}
		close(fd);
	}
	return n;
}

static int loop_free_number(struct fail *fail)
{
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), n, rc;

	if (ctl < 0)
		return fail_errno(fail, -errno,
				  "no /dev/loop-control (modprobe loop)");
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	rc = n < 0 ? fail_errno(fail, -errno, "no free loop device") : n;
	close(ctl);
	return rc;
}

static int loop_try(const struct disk_file *f, bool readonly, int number)
{
	struct loop_config cfg = {
		.fd = (uint32_t)f->fd,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR |
				 (f->direct ? LO_FLAGS_DIRECT_IO : 0) |
				 (readonly ? LO_FLAGS_READ_ONLY : 0),
	};
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, LOOP_CONFIGURE, &cfg)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

int disk_loop(const struct disk_file *f, bool readonly, dev_t *dev,
	      struct fail *fail)
{
	int tries, number, fd = -EBUSY;
	struct stat st;

	/* Another program may take the free one before us. */
	for (tries = 0; tries < 16 && fd == -EBUSY; tries++) {
		number = loop_free_number(fail);
		if (number < 0)
			return number;
		fd = loop_try(f, readonly, number);
	}
	if (fd < 0)
		return fail_errno(fail, fd, "cannot set up a loop device");
	if (fstat(fd, &st)) {
		int rc = -errno;

		close(fd);
		return fail_errno(fail, rc, "loop device");
	}
	*dev = st.st_rdev;
	return fd;
}
