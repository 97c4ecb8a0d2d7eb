// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk.c: disks: what their configuration says, and what their folders say to
 * the frontend.  Two kinds: pvbd, served by parvis-blkback, and vbd, for which
 * the kernel's xen-blkback gets a block device.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "devd/device_priv.h"
#include "devd/fe.h"
#include "lib/log.h"

#define FENCE_RETRY_MS 5
#define MAX_QUEUES 4		/* offered; more only help large guests */

/* ---- configuration ---- */

struct disk_spec disk_spec_of(const struct disk *disk)
{
	return (struct disk_spec){
		.target = disk->target, .format = disk->format,
		.readonly = disk->readonly, .direct = disk->direct,
		.shared = disk->shared, .discard = disk->discard,
	};
}

int blk_read_target(struct dev *dev, char target[512], char format[16])
{
	const char *word = format;
	char text[512];
	int rc = dev_config_text(dev, "params", text, sizeof(text));

	if (!rc)
		rc = dev_config_text(dev, "format", format, 16);
	if (rc)
		return rc;
	snprintf(target, 512, "%s", disk_target(text, &word));
	if (word != format)
		snprintf(format, 16, "%s", word);
	return 0;
}

static int read_config(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	char text[512], lock[16];
	int rc = blk_read_target(dev, disk->target, disk->format);

	if (!rc)
		rc = dev_config_text(dev, "lock", lock, sizeof(lock));
	if (!rc && disk->script_phase == SCRIPT_NONE)
		rc = dev_config_text(dev, "script", disk->script,
				     sizeof(disk->script));
	if (rc)
		return fail_errno(fail, rc, "cannot read the disk's settings");
	if (dev_config_text(dev, "device-type", text, sizeof(text)))
		text[0] = 0;
	disk->cdrom = !strcmp(text, "cdrom");
	if (dev_config_text(dev, "mode", text, sizeof(text)))
		text[0] = 0;
	disk->readonly = disk->cdrom || !strchr(text, 'w');
	disk->removable = disk->cdrom ||
			  dev_config_flag(dev, "removable", false);
	disk->discard = dev_config_flag(dev, "discard-enable", true);
	disk->direct = dev_config_flag(dev, "direct-io", true);
	disk->shared = !strcmp(lock, "shared");
	return 0;
}

/* But for the script, as long as it has something to undo. */
static void forget(struct disk *disk)
{
	enum script_phase phase = disk->script_phase;
	char script[sizeof(disk->script)];

	memcpy(script, disk->script, sizeof(script));
	memset(disk, 0, sizeof(*disk));
	disk->script_phase = phase;
	if (phase != SCRIPT_NONE)
		memcpy(disk->script, script, sizeof(script));
	disk->file.fd = disk->data = disk->loop_fd = -1;
	disk->server.log_fd = -1;
}

/* ---- opening ---- */

static int open_raw(struct dev *dev, struct disk_spec *spec, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	int rc = disk_open_raw(spec, image_holder_name, dev->devd, &disk->file,
			       fail);

	if (!rc)
		image_claim(dev, &disk->file);
	return rc;
}

/*
 * A script of the user's makes the block device; open() comes again after it,
 * with what it wrote.
 */
static int after_script(struct dev *dev, char *target, size_t size)
{
	unsigned int major, minor;
	char text[64];
	int rc = dev_config_text(dev, "physical-device-path", target, size);

	if (rc || target[0])
		return rc;
	rc = dev_config_text(dev, "physical-device", text, sizeof(text));
	if (rc)
		return rc;
	if (sscanf(text, "%x:%x", &major, &minor) != 2)
		return -ENOENT;
	snprintf(target, size, "/dev/block/%u:%u", major, minor);
	return 0;
}

static int open_way(struct dev *dev, struct disk_spec *spec, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	int rc = disk_way(spec, &disk->way, fail);
	struct disk_uri uri;

	if (rc)
		return rc;
	switch (disk->way) {
	case DISK_EMPTY:
		return disk->removable ? 0 :
			fail_set(fail, -EINVAL, "the disk has no target");
	case DISK_RAW:
		return open_raw(dev, spec, fail);
	case DISK_IMAGE:
		return image_serve(dev, spec, fail);
	default:
		return disk_parse_uri(disk->target, &uri, fail);
	}
}

/* What the script made; it must have run. */
static int with_script(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	int rc;

	if (disk->script_phase == SCRIPT_NONE)
		return job_add(dev, fail);
	rc = after_script(dev, disk->target, sizeof(disk->target));
	strcpy(disk->format, "raw");
	return rc ? fail_set(fail, rc,
			     "the script %s wrote no physical-device",
			     disk->script) : 0;
}

static int blk_open(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	struct disk_spec spec;
	int rc;

	forget(disk);
	rc = read_config(dev, fail);
	if (!rc && disk->script[0])
		rc = with_script(dev, fail);
	if (rc)
		return rc;
	spec = disk_spec_of(disk);
	return open_way(dev, &spec, fail);
}

static bool blk_same(struct dev *dev)
{
	const struct disk *disk = &dev->disk;
	char target[512], format[16], mode[16], script[256];

	if (blk_read_target(dev, target, format) ||
	    dev_config_text(dev, "mode", mode, sizeof(mode)) ||
	    dev_config_text(dev, "script", script, sizeof(script)))
		return true;
	/* A script has put its own target in the place of this. */
	if (strcmp(script, disk->script) || script[0])
		return !strcmp(script, disk->script);
	return !strcmp(target, disk->target) &&
	       !strcmp(format, disk->format) &&
	       (disk->cdrom || disk->readonly == !strchr(mode, 'w'));
}

static void blk_close(struct dev *dev)
{
	struct disk *disk = &dev->disk;

	image_release(dev);
	if (disk->data >= 0)
		close(disk->data);
	if (disk->loop_fd >= 0)
		close(disk->loop_fd);
	disk_close(&disk->file);
	if (disk->changing)
		disk_close(&disk->was.file);
	if (disk->socket[0])
		unlink(disk->socket);
	forget(disk);
}

/* Who shares an image waits only for itself. */
static uint64_t fence_owner(const struct dev *dev)
{
	return dev->disk.shared ?
	       1 + ((uint64_t)dev->domid << 32 | dev->devid) : 0;
}

/* The file for the next process, once nothing of the last is under way. */
static int raw_prepare(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;

	if (disk->data >= 0)
		close(disk->data);
	disk->data = disk_reopen(&disk->file, disk->readonly);
	if (disk->data < 0)
		return fail_errno(fail, disk->data, "cannot open %s again",
				  disk->target);
	if (disk->readonly || !disk_fence(disk->data, fence_owner(dev)))
		return 0;
	close(disk->data);
	disk->data = -1;
	dev_timer(dev, FENCE_RETRY_MS, dev_begin);
	return -EINPROGRESS;
}

static int blk_prepare(struct dev *dev, struct fail *fail)
{
	/* The last process ended before it said that it has another medium. */
	media_take_back(dev);
	if (dev->disk.way == DISK_IMAGE || dev->disk.way == DISK_NBD)
		return image_connect(dev, fail);
	return dev->disk.way == DISK_RAW ? raw_prepare(dev, fail) : 0;
}

/* ---- the backend ---- */

static uint32_t start_flags(const struct disk *disk)
{
	return (disk->readonly ? BP_BLK_READONLY : 0) |
	       (disk->removable ? BP_BLK_REMOVABLE : 0) |
	       (disk->cdrom ? BP_BLK_CDROM : 0) |
	       (disk->discard ? BP_BLK_DISCARD : 0) | BP_BLK_PERSISTENT;
}

void blk_fill_start(struct dev *dev, struct bp_start_blk *m, uint32_t type)
{
	struct disk *disk = &dev->disk;
	struct disk_uri uri;
	struct fail none = { 0 };

	*m = (struct bp_start_blk){
		.head = { type, sizeof(*m) },
		.domid = dev->domid,
		.flags = start_flags(disk),
		.max_queues = MAX_QUEUES,
		.backing = disk->way == DISK_EMPTY ? BP_BACK_EMPTY :
			   disk->way == DISK_RAW   ? disk->file.backing :
						     BP_BACK_NBD,
	};
	snprintf(m->name, sizeof(m->name), "%u/%u", dev->domid, dev->devid);
	if (disk->way == DISK_IMAGE)
		strcpy(m->nbd_export, IMAGE_EXPORT);
	else if (disk->way == DISK_NBD &&
		 !disk_parse_uri(disk->target, &uri, &none))
		memcpy(m->nbd_export, uri.export, sizeof(m->nbd_export));
}

int blk_data_fd(struct dev *dev)
{
	struct disk *disk = &dev->disk;
	int fd = disk->data;

	if (disk->way == DISK_EMPTY)
		return -ENOMEDIUM;
	/* It serves one process. */
	disk->data = -1;
	if (fd >= 0 || disk->way != DISK_RAW)
		return fd;
	/* Another medium, of a process that may have had this before. */
	fd = disk_reopen(&disk->file, disk->readonly);
	if (fd >= 0 && !disk->readonly)
		disk_fence(fd, fence_owner(dev));
	return fd;
}

static int blk_start(struct dev *dev, struct fail *fail)
{
	struct bp_start_blk m;
	int fds[] = { dev->devd->ports->open_grants(), dev->evtchn,
		      dev->journal, blk_data_fd(dev) };
	int rc = 0, data = fds[BP_FD_BLK_DATA];

	blk_fill_start(dev, &m, BP_START_BLK);
	if (fds[BP_FD_BLK_GNTDEV] < 0)
		rc = fail_errno(fail, fds[BP_FD_BLK_GNTDEV],
				"cannot open the grant device");
	else if (data < 0 && data != -ENOMEDIUM)
		rc = fail_errno(fail, data, "cannot open %s again",
				dev->disk.target);
	else
		link_send_fds(dev, &m.head, fds, data < 0 ? 3 : 4);
	/* Its copies are the only ones from now on. */
	if (fds[BP_FD_BLK_GNTDEV] >= 0)
		close(fds[BP_FD_BLK_GNTDEV]);
	if (data >= 0)
		close(data);
	return rc;
}

static bool power_of_two(uint32_t v)
{
	return v && !(v & (v - 1));
}

static int blk_ready(struct dev *dev, const struct bp_head *msg,
		     struct fail *fail)
{
	const struct bp_ready_blk *r = (const void *)msg;

	if (msg->type != BP_READY_BLK || r->sectors > INT64_MAX / 512 ||
	    !power_of_two(r->sector_size) || r->sector_size < 512 ||
	    r->sector_size > 4096 || !power_of_two(r->physical_sector_size) ||
	    r->max_ring_order > 4 || r->max_indirect > 4096 ||
	    r->max_pool > BP_BLK_MAX_POOL)
		return fail_set(fail, -EPROTO,
				"its backend describes an impossible disk");
	dev->disk.ready = *r;
	return 0;
}

static void discard_nodes(const struct bp_ready_blk *r, struct wbatch *b)
{
	wb_add(b, "feature-discard", "1");
	wb_add(b, "discard-granularity", "%u", r->discard_granularity);
	wb_add(b, "discard-alignment", "%u", r->discard_alignment);
	wb_add(b, "discard-secure", "%u",
	       !!(r->flags & BP_BLK_CAN_SECDISCARD));
}

void blk_size_nodes(struct dev *dev, struct wbatch *b)
{
	const struct disk *disk = &dev->disk;
	const struct bp_ready_blk *r = &disk->ready;
	bool ro = disk->readonly || r->flags & BP_BLK_IS_READONLY;

	wb_add(b, "sectors", "%llu", (unsigned long long)r->sectors);
	wb_add(b, "sector-size", "%u", r->sector_size);
	wb_add(b, "physical-sector-size", "%u", r->physical_sector_size);
	/* VDISK_CDROM, VDISK_REMOVABLE, VDISK_READONLY */
	wb_add(b, "info", "%u", (disk->cdrom ? 1u : 0) |
				(disk->removable ? 2u : 0) | (ro ? 4u : 0));
}

static void blk_features(struct dev *dev, struct wbatch *b)
{
	const struct bp_ready_blk *r = &dev->disk.ready;
	bool flush = r->flags & BP_BLK_CAN_FLUSH;

	blk_size_nodes(dev, b);
	wb_add(b, "feature-barrier", "%u", flush);
	wb_add(b, "feature-flush-cache", "%u", flush);
	wb_add(b, "feature-persistent", "1");
	if (r->flags & BP_BLK_CAN_DISCARD && !dev->disk.readonly)
		discard_nodes(r, b);
	if (r->max_indirect)
		wb_add(b, "feature-max-indirect-segments", "%u",
		       r->max_indirect);
	wb_add(b, "max-ring-page-order", "%u", r->max_ring_order);
	wb_add(b, "max-ring-pages", "%u", 1u << r->max_ring_order);
	wb_add(b, "multi-queue-max-queues", "%u", MAX_QUEUES);
	wb_add(b, "feature-parvis-pool", "%u", r->max_pool);
}

static int blk_announce(struct dev *dev, struct fail *fail)
{
	const struct fe_src src = { frontend_read, dev };
	const struct fe_blk_limits lim = {
		.max_queues = MAX_QUEUES,
		.max_ring_order = dev->disk.ready.max_ring_order,
		.max_pool = dev->disk.ready.max_pool,
		.persistent = true,
	};

	return fe_read_blk(&src, &lim, &dev->conn.blk, fail);
}

static unsigned int blk_ports(struct dev *dev, uint32_t *port[DEV_MAX_PORTS])
{
	struct bp_connect_blk *c = &dev->conn.blk;
	unsigned int i;

	for (i = 0; i < c->nr_queues; i++)
		port[i] = &c->queue[i].port;
	return i;
}

static struct bp_head *blk_connect(struct dev *dev, bool resume)
{
	dev->conn.blk.resume = resume;
	return &dev->conn.head;
}

const struct kind_ops kind_pvbd = {
	.name = "pvbd",
	.program = "parvis-blkback",
	.hello = BP_KIND_BLK,
	.open = blk_open,
	.same = blk_same,
	.close = blk_close,
	.prepare = blk_prepare,
	.start = blk_start,
	.ready = blk_ready,
	.features = blk_features,
	.announce = blk_announce,
	.ports = blk_ports,
	.connect = blk_connect,
};

/* ---- for the kernel's xen-blkback ---- */

static int kernel_open(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	struct stat st;
	int rc;

	rc = blk_open(dev, fail);
	if (rc)
		return rc;
	if (disk->way != DISK_RAW)
		return fail_set(fail, -EOPNOTSUPP,
				"the kernel's backend serves raw files and block devices only: leave backendtype out");
	if (disk->file.backing == BP_BACK_FILE) {
		disk->loop_fd = disk_loop(&disk->file, disk->readonly,
					  &disk->device, fail);
		return disk->loop_fd < 0 ? disk->loop_fd : 0;
	}
	if (fstat(disk->file.fd, &st))
		return fail_errno(fail, -errno, "%s", disk->target);
	/* Stays open: it holds the lock and the claim. */
	disk->device = st.st_rdev;
	return 0;
}

/* The kernel has the device already: only the lock is taken again. */
static int kernel_take_up(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;

	if (!dev_config_text(dev, "script", disk->script,
			     sizeof(disk->script)) && disk->script[0])
		disk->script_phase = SCRIPT_DONE;
	return blk_open(dev, fail);
}

static void kernel_features(struct dev *dev, struct wbatch *b)
{
	wb_add(b, "physical-device", "%x:%x", major(dev->disk.device),
	       minor(dev->disk.device));
}

const struct kind_ops kind_vbd = {
	.name = "vbd",
	.hello = BP_KIND_BLK,
	.open = kernel_open,
	.close = blk_close,
	.take_up = kernel_take_up,
	.features = kernel_features,
};
