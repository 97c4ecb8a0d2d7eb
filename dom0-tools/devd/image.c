// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * image.c: disks behind an NBD connection: images in a format, which
 * qemu-storage-daemon reads, and servers elsewhere.
 *
 * The storage daemon gets a listening socket that is connected to before it
 * runs, so nothing waits for it: if it cannot serve the image, the connection
 * ends, and what it said on stderr is the reason.  It has a uid of its own and
 * one right of root's, to open the files that an image chain names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devd/confine.h"
#include "devd/device_priv.h"
#include "lib/log.h"

#define SERVER "qemu-storage-daemon"
#define END_MS 5000		/* to write what it has in memory */

/* QEMU's names of the formats. */
const char *image_driver(const char *format)
{
	static const struct {
		const char *format, *driver;
	} map[] = { { "vhd", "vpc" } };

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (!strcmp(map[i].format, format))
			return map[i].driver;
	return format;
}

static void on_server_end(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, disk.server);
	char how[80];

	ev_timer_cancel(&dev->disk.server_end);
	proc_describe(status, how, sizeof(how));
	if (dev->phase == PH_ENDING) {
		dev_reap(dev);
		return;
	}
	if (dev->phase == PH_OPENING &&
	    (dev->disk.grow_to || dev->disk.fence)) {
		dev_begin(dev);
		return;
	}
	log_err("%s: the server of its image %s", dev->name, how);
	/* Its connections are dead: the next process gets new ones. */
	proc_kill(&dev->proc);
}

static int listen_on(const char *path, struct fail *fail)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return fail_errno(fail, -errno, "no socket");
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 16))
		rc = -errno;
	if (rc) {
		close(fd);
		return fail_errno(fail, rc, "cannot listen on %s", path);
	}
	return fd;
}

/* The target as an option's value: a comma is doubled. */
int image_quote(const char *target, char *out, size_t size)
{
	size_t n = 0;

	for (; *target; target++) {
		if (n + 3 > size)
			return -ENAMETOOLONG;
		if (*target == ',')
			out[n++] = ',';
		out[n++] = *target;
	}
	out[n] = 0;
	return 0;
}

/* What the server may write to: the extents of a vmdk are files beside it. */
int image_writable(const struct disk_spec *spec, char *out, size_t size)
{
	const char *slash = strrchr(spec->target, '/');
	size_t len = strlen(spec->target);

	if (spec->readonly)
		len = 0;
	else if (slash && !strcmp(spec->format, "vmdk"))
		len = (size_t)(slash - spec->target) + 1;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(out, spec->target, len);
	out[len] = 0;
	return 0;
}

static int start_server(struct dev *dev, const struct disk_spec *spec, int fd,
			struct fail *fail)
{
	struct disk *disk = &dev->disk;
	char blockdev[1400], export[128], uid[16], file[1024];
	char may_write[512];
	const char *argv[] = {
		dev->devd->self_exe, "--confine", uid, may_write, SERVER,
		"--blockdev", blockdev, "--nbd-server",
		"addr.type=fd,addr.str=3,max-connections=4", "--export",
		export, NULL,
	};
	struct proc_spec ps = { .argv = argv, .fd3 = fd };
	int rc = image_quote(spec->target, file, sizeof(file));

	if (!rc)
		rc = image_writable(spec, may_write, sizeof(may_write));
	if (rc)
		return fail_errno(fail, rc, "%s", spec->target);
	snprintf(uid, sizeof(uid), "%u", dev->devd->uid_base + dev->slot);
	snprintf(blockdev, sizeof(blockdev),
		 "driver=%s,node-name=disk,read-only=%s,discard=%s,cache.direct=%s,"
		 "file.driver=file,file.filename=%s,file.locking=%s%s",
		 image_driver(spec->format), spec->readonly ? "on" : "off",
		 spec->discard ? "unmap" : "ignore",
		 spec->direct ? "on" : "off", file,
		 spec->shared ? "off" : "auto",
		 spec->readonly ? "" : ",auto-read-only=off");
	snprintf(export, sizeof(export),
		 "type=nbd,id=export,node-name=disk,name=" IMAGE_EXPORT
		 ",writable=%s", spec->readonly ? "off" : "on");
	snprintf(disk->server.name, sizeof(disk->server.name), "%s image",
		 dev->name);
	disk->server.ended = on_server_end;
	rc = proc_spawn(dev->devd->loop, &disk->server, &ps);
	return rc ? fail_errno(fail, rc, "cannot start " SERVER) : 0;
}

/* Says before the daemon does, and in the same words, what raw files hear. */
static int check_file(struct dev *dev, const struct disk_spec *spec,
		      struct fail *fail)
{
	struct disk_spec plain = *spec;
	struct disk_file f;
	int rc;

	plain.format = "raw";
	plain.direct = false;
	rc = disk_open_raw(&plain, image_holder_name, dev->devd, &f, fail);
	if (rc)
		return rc;
	image_claim(dev, &f);
	disk_close(&f);
	return 0;
}

int image_serve(struct dev *dev, const struct disk_spec *spec,
		struct fail *fail)
{
	struct disk *disk = &dev->disk;
	char path[128];
	int fd, rc;

	if (!confine_find(SERVER, path))
		return fail_set(fail, -ENOENT,
				"images of format %s need " SERVER ": install Debian's package qemu-system-common, or use a raw image",
				spec->format);
	rc = check_file(dev, spec, fail);
	if (rc)
		return rc;
	/* Its uid is the device's: it is taken before the rest. */
	rc = dev->slot ? 0 : slot_get(dev->devd, &dev->slot);
	if (rc)
		return fail_errno(fail, rc, "no uid");
	/* Nobody else's, while the last owner of its place still ends. */
	snprintf(disk->socket, sizeof(disk->socket), "%s/image-%u",
		 dev->devd->run_dir, dev->slot);
	fd = listen_on(disk->socket, fail);
	if (fd < 0)
		return fd;
	rc = start_server(dev, spec, fd, fail);
	close(fd);
	return rc;
}

static void too_late(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, disk.server_end);

	log_err("%s: the server of its image does not end; killing it",
		dev->name);
	proc_kill(&dev->disk.server);
}

/*
 * It is not killed: it writes the tables of an image later than the data, and
 * a guest that has not flushed would lose what it was told is written.
 */
void image_close(struct dev *dev)
{
	struct disk *disk = &dev->disk;

	if (!dev->opened || dev->ops->hello != BP_KIND_BLK ||
	    !proc_runs(&disk->server))
		return;
	proc_end(&disk->server);
	if (disk->server_end.pprev)
		return;
	disk->server_end.fn = too_late;
	ev_timer_set(dev->devd->loop, &disk->server_end, END_MS);
}

/* ---- connecting ---- */

static void on_connector_end(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, job);
	struct fail fail = { 0 };
	struct bp_head head;
	int n = 0, fd = -1;

	if (dev->job_sock >= 0) {
		bp_recv(dev->job_sock, &head, sizeof(head), &fd, 1, &n);
		close(dev->job_sock);
		dev->job_sock = -1;
	}
	if (dev->phase == PH_ENDING) {
		if (n)
			close(fd);
		dev_reap(dev);
	} else if (n == 1) {
		dev->disk.data = fd;
		dev_prepared(dev);
	} else {
		fail_set(&fail, -EIO, "%s",
			 p->said[0] ? p->said : "the connection was not made");
		dev_prepare_failed(dev, &fail);
	}
	(void)status;
}

/* Another process looks up names and waits for far hosts. */
static int connect_far(struct dev *dev, struct fail *fail)
{
	const char *argv[] = { dev->devd->self_exe, "--connect",
			       dev->disk.target, NULL };
	struct proc_spec ps = { .argv = argv };
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return fail_errno(fail, -errno, "no socket");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	ps.fd3 = fds[1];
	snprintf(dev->job.name, sizeof(dev->job.name), "%s connect",
		 dev->name);
	dev->job.ended = on_connector_end;
	rc = proc_spawn(dev->devd->loop, &dev->job, &ps);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return fail_errno(fail, rc, "cannot start a connection");
	}
	dev->job_sock = fds[0];
	return -EINPROGRESS;
}

int image_connect(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	int fd, rc;

	if (disk->way == DISK_NBD)
		return connect_far(dev, fail);
	if (grow_step(dev))
		return -EINPROGRESS;
	/*
	 * A server may still write what a process sent that was killed, later
	 * than the next one's requests: not once it has ended.
	 */
	if (disk->fence && proc_runs(&disk->server)) {
		image_close(dev);	/* its end brings us here again */
		return -EINPROGRESS;
	}
	disk->fence = false;
	/* The server of the image has ended: another takes its place. */
	if (!proc_runs(&disk->server)) {
		struct disk_spec spec = disk_spec_of(disk);

		image_release(dev);
		rc = image_serve(dev, &spec, fail);
		if (rc)
			return rc;
	}
	fd = disk_connect_unix(disk->socket);
	if (fd < 0)
		return fail_errno(fail, fd, "cannot reach the image's server");
	disk->data = fd;
	return 0;
}

int image_connect_main(const char *uri)
{
	struct bp_head head = { BP_START_BLK, sizeof(head) };
	struct fail fail = { 0 };
	struct disk_uri parsed;
	int fd = disk_parse_uri(uri, &parsed, &fail);

	if (!fd)
		fd = disk_connect(&parsed, &fail);
	if (fd < 0) {
		fprintf(stderr, "%s\n", fail.text);
		return 1;
	}
	return bp_send(BP_SOCKET, &head, &fd, 1) ? 1 : 0;
}
