// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keep.c: the worker's side of keeping: tells the keeper what it holds, and
 * takes up what an earlier worker held.
 *
 * State: devd->kept, the records received at the start and not adopted yet.
 * Without a keeper (devd->keeper < 0) nothing is kept.
 */
#include "devd/keep.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

/* The keeper has nothing else to do; this is for one that hangs. */
#define ANSWER_MS 2000

struct keep_node {
	struct keep_node *next;
	struct keep_rec rec;
	int fd[KEEP_MAX_FDS];
	int nfds;
};

static const struct kind_ops *const kinds[] = { &kind_pvbd, &kind_pvif };

static uint32_t kind_number(const struct kind_ops *ops)
{
	return ops == &kind_pvif;
}

static const struct kind_ops *kind_of(const struct keep_key *key)
{
	return kinds[key->kind & 1];
}

static struct keep_key key_of(const struct dev *dev)
{
	return (struct keep_key){ kind_number(dev->ops), dev->domid,
				  dev->devid };
}

/* ---- telling the keeper ---- */

static int put_disk(const struct dev *dev, struct keep_rec *r, int *fd)
{
	const struct disk *disk = &dev->disk;

	r->disk.way = disk->way;
	r->disk.backing = disk->file.backing;
	r->disk.direct = disk->file.direct;
	r->disk.readonly = disk->readonly;
	r->disk.removable = disk->removable;
	r->disk.cdrom = disk->cdrom;
	r->disk.discard = disk->discard;
	r->disk.shared = disk->shared;
	r->disk.id_dev = disk->file.id.dev;
	r->disk.id_ino = disk->file.id.ino;
	memcpy(r->disk.target, disk->target, sizeof(disk->target));
	memcpy(r->disk.format, disk->format, sizeof(disk->format));
	memcpy(r->disk.script, disk->script, sizeof(disk->script));
	r->disk.script_phase = disk->script_phase;
	r->disk.ready = disk->ready;
	if (disk->file.fd < 0)
		return 0;
	*fd = disk->file.fd;
	return 1;
}

static int put_card(const struct dev *dev, struct keep_rec *r, int *fd)
{
	const struct card *c = &dev->card;

	r->card.plugged = c->plugged;
	r->card.script_due = c->script_due;
	r->card.ready = c->ready;
	r->card.config = c->config;
	memcpy(fd, c->tap, c->nr_taps * sizeof(*fd));
	return (int)c->nr_taps;
}

static void send_to_keeper(struct dev *dev, const struct bp_head *head,
			   const int *fd, int nfds)
{
	int rc = bp_send(dev->devd->keeper, head, fd, nfds);

	if (rc)
		log_err("%s: cannot be kept over a restart: %s", dev->name,
			strerror(-rc));
}

/* All that is to be known while the user's script makes the disk. */
static int put_script(const struct dev *dev, struct keep_rec *r, int *fd)
{
	bool own = dev->orphan < 0;

	put_disk(dev, r, fd);
	r->disk.script_pid = own ? dev->job.pid : dev->orphan_pid;
	*fd = own ? dev->job.pidfd : dev->orphan;
	return 1;
}

static int put_all(const struct dev *dev, struct keep_rec *r, int *fd)
{
	fd[0] = dev->evtchn;
	fd[1] = dev->journal;
	r->slot = dev->slot;
	r->own = dev->own;
	r->linked = dev->linked;
	r->established = dev->established;
	r->nr_ports = dev->nr_ports;
	memcpy(r->port, dev->port, sizeof(r->port));
	r->conn = dev->conn;
	return 2 + (dev->ops == &kind_pvbd ? put_disk(dev, r, fd + 2) :
					     put_card(dev, r, fd + 2));
}

void keep_put(struct dev *dev)
{
	struct keep_rec r = { .head = { KEEP_PUT, sizeof(r) } };
	int fd[KEEP_MAX_FDS], n;

	if (dev->devd->keeper < 0 || !dev->ops->program)
		return;
	r.key = key_of(dev);
	if (dev->evtchn >= 0)
		n = put_all(dev, &r, fd);
	else if (dev->ops == &kind_pvbd)
		n = put_script(dev, &r, fd);
	else
		return;
	r.nr_fds = (uint32_t)n;
	send_to_keeper(dev, &r.head, fd, n);
	dev->kept = true;
}

/* One answer of the keeper: its length, or -errno. */
static int next_answer(int keeper, struct keep_dropped *answer)
{
	struct pollfd pfd = { keeper, POLLIN, 0 };
	int n;

	do {
		n = poll(&pfd, 1, ANSWER_MS);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	n = bp_recv(keeper, answer, sizeof(*answer), NULL, 0, &(int){ 0 });
	return n ? n : -EPIPE;
}

static int await_dropped(int keeper, const struct keep_key *key)
{
	struct keep_dropped answer;
	int n;

	/* One that came too late for its own question may be before it. */
	do {
		answer = (struct keep_dropped){ 0 };
		n = next_answer(keeper, &answer);
		if (n < 0)
			return n;
	} while (answer.head.type != KEEP_DROPPED ||
		 memcmp(&answer.key, key, sizeof(*key)));
	return 0;
}

/* Returns when the keeper has nothing of @key open any more. */
static void drop_key(struct devd *d, const struct keep_key *key)
{
	struct keep_rec r = { .head = { KEEP_DROP, sizeof(r) }, .key = *key };
	int rc = bp_send(d->keeper, &r.head, NULL, 0);

	if (!rc)
		rc = await_dropped(d->keeper, key);
	if (rc)
		log_err("%s %u/%u: the keeper may hold it still: %s",
			kind_of(key)->name, key->domid, key->devid,
			strerror(-rc));
}

void keep_drop(struct dev *dev)
{
	struct keep_key key = key_of(dev);

	if (!dev->kept)
		return;
	dev->kept = false;
	drop_key(dev->devd, &key);
}

/* ---- taking up ---- */

static void take_record(struct devd *d, struct keep_node *k)
{
	/* Before a new device can get its uid. */
	if (!k->rec.slot || slot_take(d, k->rec.slot))
		k->rec.slot = 0;
	k->next = d->kept;
	d->kept = k;
}

/* What is no record: 0 if it is the end of them. */
static int check_end(const struct keep_node *k, int n)
{
	const struct keep_end *end = (const void *)&k->rec;

	if (n <= 0)
		return n ? n : -EPIPE;
	if (n == (int)sizeof(*end) && end->head.type == KEEP_END &&
	    end->version == KEEP_VERSION)
		return 0;
	log_err("the keeper that runs is another version's: install that version again, or end all guests and start parvis-devd anew");
	return -EPROTO;
}

int keep_receive(struct devd *d)
{
	for (;;) {
		struct keep_node *k = calloc(1, sizeof(*k));
		int n, rc;

		if (!k)
			return -ENOMEM;
		n = bp_recv(d->keeper, &k->rec, sizeof(k->rec), k->fd,
			    KEEP_MAX_FDS, &k->nfds);
		if (n == (int)sizeof(k->rec) && k->rec.head.type == KEEP_PUT) {
			take_record(d, k);
			continue;
		}
		rc = check_end(k, n);
		free(k);
		return rc;
	}
}

static void adopt_disk(struct dev *dev, const struct keep_rec *r,
		       const int *fd, int nfds)
{
	struct disk *disk = &dev->disk;

	disk->way = r->disk.way;
	disk->file = (struct disk_file){
		.fd = nfds ? fd[0] : -1,
		.backing = r->disk.backing,
		.direct = r->disk.direct,
		.id = { (dev_t)r->disk.id_dev, (ino_t)r->disk.id_ino },
	};
	disk->data = disk->loop_fd = -1;
	disk->server.log_fd = -1;
	disk->readonly = r->disk.readonly;
	disk->removable = r->disk.removable;
	disk->cdrom = r->disk.cdrom;
	disk->discard = r->disk.discard;
	disk->direct = r->disk.direct;
	disk->shared = r->disk.shared;
	memcpy(disk->target, r->disk.target, sizeof(disk->target));
	memcpy(disk->format, r->disk.format, sizeof(disk->format));
	memcpy(disk->script, r->disk.script, sizeof(disk->script));
	disk->script_phase = r->disk.script_phase;
	disk->ready = r->disk.ready;
	if (nfds)
		image_claim(dev, &disk->file);
}

static void adopt_card(struct dev *dev, const struct keep_rec *r,
		       const int *fd, int nfds)
{
	struct card *c = &dev->card;

	memset(c, 0, sizeof(*c));
	for (int i = 0; i < BP_NET_MAX_QUEUES; i++)
		c->tap[i] = i < nfds ? fd[i] : -1;
	c->nr_taps = (uint32_t)nfds;
	c->plugged = r->card.plugged;
	c->script_due = r->card.script_due;
	c->ready = r->card.ready;
	c->config = r->card.config;
}

/* From the record alone: what is undone later is what was done. */
static void adopt_kind(struct dev *dev, const struct keep_node *k)
{
	if (dev->ops == &kind_pvbd)
		adopt_disk(dev, &k->rec, k->fd + 2, k->nfds - 2);
	else
		adopt_card(dev, &k->rec, k->fd + 2, k->nfds - 2);
}

static void adopt(struct dev *dev, struct keep_node *k)
{
	const struct keep_rec *r = &k->rec;

	dev->opened = dev->kept = true;
	dev->evtchn = k->fd[0];
	dev->journal = k->fd[1];
	dev->slot = r->slot;
	if (!dev->slot && slot_get(dev->devd, &dev->slot))
		dev->slot = 0;
	dev->own = r->own;
	dev->linked = r->linked;
	/* The worker that asked for it may not have lived to hear of it. */
	dev->established = r->linked;
	dev->unsure = r->linked && !r->established;
	dev->nr_ports = r->nr_ports;
	memcpy(dev->port, r->port, sizeof(dev->port));
	dev->conn = r->conn;
	log_info("%s: taken up from an earlier process", dev->name);
}

static struct keep_node *take_node(struct dev *dev)
{
	struct keep_key key = key_of(dev);
	struct keep_node **at = &dev->devd->kept, *k;

	while ((k = *at) && memcmp(&k->rec.key, &key, sizeof(key)))
		at = &k->next;
	if (k)
		*at = k->next;
	return k;
}

static bool whole(const struct keep_node *k)
{
	int data = k->nfds - 2, least = 0, most = 1;

	if (k->rec.key.kind) {
		least = 1;
		most = BP_NET_MAX_QUEUES;
	}
	return data >= least && data <= most &&
	       k->rec.nr_ports <= DEV_MAX_PORTS;
}

/* Of a disk that was still being made. */
static bool is_script(const struct keep_node *k)
{
	return !k->rec.key.kind && k->nfds == 1 &&
	       k->rec.disk.script_phase == SCRIPT_RUNS;
}

/* As at the end of a device that was served until then: scripts run, its
 * interface is plugged out, and who got its image from here may live a while
 * longer: the lock may not. */
static void undo(struct devd *d, struct keep_node *k)
{
	const struct keep_key *key = &k->rec.key;
	struct dev *dev = dev_make(d, kind_of(key), key->domid, key->devid);

	if (!dev)
		return;
	if (is_script(k)) {
		job_kill_orphan(k->fd[0], k->rec.disk.script_pid);
		adopt_disk(dev, &k->rec, NULL, 0);
	} else {
		adopt_kind(dev, k);
		k->nfds = 2;
	}
	dev->ops->close(dev);
	job_farewell(dev);
	free(dev);
}

static void forget_node(struct devd *d, struct keep_node *k)
{
	drop_key(d, &k->rec.key);
	if (whole(k) || is_script(k))
		undo(d, k);
	while (k->nfds)
		close(k->fd[--k->nfds]);
	slot_put(d, k->rec.slot);
}

/* The script of the user's that makes it, if it is still that disk: its end
 * is waited for as if it were this worker's. */
static bool adopt_script(struct dev *dev, struct keep_node *k)
{
	adopt_disk(dev, &k->rec, NULL, 0);
	if (!dev->ops->same(dev) ||
	    job_take_up(dev, k->fd[0], k->rec.disk.script_pid)) {
		memset(&dev->disk, 0, sizeof(dev->disk));
		return false;
	}
	log_info("%s: its script goes on under another process", dev->name);
	dev->opened = dev->kept = true;
	dev->phase = PH_OPENING;
	return true;
}

/* The toolstack wants it set up from the beginning, so it may be another
 * device at the same place: a disk is opened again in any case. */
static bool is_still(struct dev *dev, const struct keep_node *k)
{
	if (dev->ops == &kind_pvbd)
		return false;
	adopt_kind(dev, k);
	return dev->ops->same(dev);
}

static bool adopt_all(struct dev *dev, struct keep_node *k, bool fresh)
{
	if (!whole(k) || (fresh && !is_still(dev, k)))
		return false;
	adopt_kind(dev, k);
	adopt(dev, k);
	if (fresh) {
		frontend_unbind(dev);
		dev->own = XB_INITIALISING;
	}
	dev_taken_up(dev);
	return true;
}

bool keep_adopt(struct dev *dev, bool fresh)
{
	struct keep_node *k = take_node(dev);
	bool ok;

	if (!k)
		return false;
	ok = is_script(k) ? fresh && adopt_script(dev, k) :
			    adopt_all(dev, k, fresh);
	if (!ok)
		forget_node(dev->devd, k);
	free(k);
	return ok;
}

/* Devices that went away while nobody looked. */
void keep_forget_rest(struct devd *d)
{
	struct keep_node *k;

	while ((k = d->kept)) {
		d->kept = k->next;
		log_info("%s %u/%u: was removed meanwhile",
			 kind_of(&k->rec.key)->name, k->rec.key.domid,
			 k->rec.key.devid);
		forget_node(d, k);
		free(k);
	}
}
