// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake kernel's block layer: one disk.  A request waits until its hardware
 * queue is neither stopped nor quiesced and somebody has had the queue run.
 *
 * State owned: `due`, the queue that is to be run; `finished`, requests that are
 * completed and not ended yet.
 */
#include "fake_inside.h"

static struct request_queue *due;
static struct request *finished[FAKE_TAGS];
static unsigned int nr_finished;

static void alive(const struct request_queue *q, const char *what)
{
	fake_must(!q->ended, what);
}

static void run_later(struct request_queue *q)
{
	due = q;
}

/* ---- requests ---- */

void fake_submit(struct request *rq, int op, u64 sector, void *data, u32 bytes)
{
	struct request_queue *q = fake.gd->queue;
	struct blk_mq_tags *tags = q->set->tags[0];
	struct request **at = &q->wait;

	memset(rq, 0, sizeof(*rq));
	rq->q = q;
	rq->op = op;
	rq->sector = sector;
	rq->bytes = bytes;
	rq->vec.data = data;
	rq->vec.bv_len = op <= REQ_OP_WRITE ? bytes : 0;
	while (tags->rq[rq->tag])
		fake_must(++rq->tag < (int)q->set->queue_depth, "no tag");
	tags->rq[rq->tag] = rq;
	rq->hctx = rq->tag % (int)q->set->nr_hw_queues;
	while (*at)
		at = &(*at)->next;
	*at = rq;
	run_later(q);
}

static bool put_one(struct request **at)
{
	struct request *rq = *at;
	struct request_queue *q = rq->q;
	struct blk_mq_hw_ctx *hctx = &q->hctx[rq->hctx];
	struct blk_mq_queue_data bd = { .rq = rq, .last = true };
	struct request *next = rq->next;
	blk_status_t status;

	if (q->quiesced || hctx->stopped)
		return false;
	*at = next;
	status = q->set->ops->queue_rq(hctx, &bd);
	if (status == BLK_STS_DEV_RESOURCE) {
		rq->started = false;
		rq->next = next;
		*at = rq;
		return false;
	}
	if (status)
		blk_mq_end_request(rq, status);
	return true;
}

bool fake_dispatch(void)
{
	struct request_queue *q = due;
	struct request **at;
	bool some = false;

	due = NULL;
	if (!q)
		return false;
	for (at = &q->wait; *at;) {
		if (put_one(at))
			some = true;
		else
			at = &(*at)->next;
	}
	return some;
}

void blk_mq_start_request(struct request *rq)
{
	fake_must(!rq->started, "a request started twice");
	rq->started = true;
}

void blk_mq_complete_request(struct request *rq)
{
	fake_must(rq->started && !rq->completed, "a request completed twice");
	rq->completed = true;
	finished[nr_finished++] = rq;
}

void fake_softirq(void)
{
	while (nr_finished) {
		struct request *rq = finished[--nr_finished];

		rq->q->set->ops->complete(rq);
	}
}

void blk_mq_end_request(struct request *rq, blk_status_t status)
{
	fake_must(!rq->over, "a request ended twice");
	rq->over = true;
	rq->status = status;
	rq->q->set->tags[0]->rq[rq->tag] = NULL;
}

void blk_mq_requeue_request(struct request *rq, bool kick)
{
	fake_must(rq->started && !rq->over, "requeueing what is not under way");
	rq->started = false;
	rq->completed = false;
	rq->requeued = true;
	rq->next = rq->q->wait;
	rq->q->wait = rq;
	if (kick)
		run_later(rq->q);
}

blk_status_t errno_to_blk_status(int err)
{
	return !err ? BLK_STS_OK :
	       err == -EOPNOTSUPP ? BLK_STS_NOTSUPP : BLK_STS_IOERR;
}

/* ---- queues ---- */

void blk_mq_kick_requeue_list(struct request_queue *q)
{
	alive(q, "work for a queue that has ended");
	run_later(q);
}

void blk_mq_stop_hw_queue(struct blk_mq_hw_ctx *hctx)
{
	hctx->stopped = true;
}

void blk_mq_start_stopped_hw_queues(struct request_queue *q, bool async)
{
	unsigned int i;

	fake_must(async, "requests put under a lock");
	alive(q, "starting a queue that has ended");
	for (i = 0; i < q->set->nr_hw_queues; i++) {
		if (q->hctx[i].stopped)
			run_later(q);
		q->hctx[i].stopped = false;
	}
}

void blk_mq_quiesce_queue(struct request_queue *q)
{
	fake_sleeps("quiescing under a lock");
	alive(q, "quiescing a queue that has ended");
	q->quiesced++;
}

void blk_mq_unquiesce_queue(struct request_queue *q)
{
	alive(q, "unquiescing a queue that has ended");
	fake_must(q->quiesced-- > 0, "unquiescing a queue that runs");
	run_later(q);
}

void blk_mq_tagset_wait_completed_request(struct blk_mq_tag_set *set)
{
	fake_must(set->tags, "tags that are gone");
	fake_sleeps("waiting for requests under a lock");
	fake_softirq();
}

static bool held_back(const struct request_queue *q)
{
	return q->quiesced && q->wait;
}

/*
 * A writer of a queue's attribute holds the lock of its limits while it waits
 * for all requests.  There may be one at any moment.
 */
struct queue_limits queue_limits_start_update(struct request_queue *q)
{
	fake_sleeps("the limits' lock under a lock");
	fake_must(!held_back(q), "the limits' lock while requests are held back");
	return q->limits;
}

int queue_limits_commit_update(struct request_queue *q,
			       const struct queue_limits *limits)
{
	q->limits = *limits;
	return 0;
}

int blk_mq_alloc_tag_set(struct blk_mq_tag_set *set)
{
	if (fake_fails())
		return -ENOMEM;
	fake_must(set->queue_depth <= FAKE_TAGS && set->nr_hw_queues <= 4,
		  "too many for the fake");
	set->tags = calloc(1, sizeof(set->tags[0]));
	set->tags[0] = calloc(1, sizeof(*set->tags[0]));
	fake.tagsets++;
	return 0;
}

void blk_mq_free_tag_set(struct blk_mq_tag_set *set)
{
	free(set->tags[0]);
	free(set->tags);
	set->tags = NULL;
	fake.tagsets--;
}

/* ---- disks ---- */

struct gendisk *blk_mq_alloc_disk(struct blk_mq_tag_set *set,
				  const struct queue_limits *limits, void *data)
{
	struct gendisk *gd;
	unsigned int i;

	if (fake_fails())
		return ERR_PTR(-ENOMEM);
	gd = calloc(1, sizeof(*gd));
	gd->queue = calloc(1, sizeof(*gd->queue));
	gd->queue->queuedata = data;
	gd->queue->set = set;
	gd->queue->limits = *limits;
	for (i = 0; i < set->nr_hw_queues; i++) {
		gd->queue->hctx[i].queue = gd->queue;
		gd->queue->hctx[i].queue_num = i;
	}
	gd->refs = 1;
	fake.disks++;
	fake.gd = gd;
	return gd;
}

int device_add_disk(struct device *dev, struct gendisk *gd, void *groups)
{
	(void)dev, (void)groups;
	fake_sleeps("adding a disk under a lock");
	if (fake_fails())
		return -EEXIST;
	gd->added = true;
	return 0;
}

void blk_mark_disk_dead(struct gendisk *gd)
{
	fake_must(gd->added, "the end of a disk that was never there");
}

void del_gendisk(struct gendisk *gd)
{
	unsigned int i;

	fake_sleeps("removing a disk under a lock");
	fake_must(gd->added && !gd->deleted, "removing a disk twice");
	fake_dispatch();
	for (i = 0; i < FAKE_TAGS; i++)
		fake_must(!gd->queue->set->tags[0]->rq[i],
			  "waiting for requests that will never end");
	gd->deleted = true;
	gd->queue->ended = true;
}

/* What was never added is taken apart here, and needs its tags. */
void put_disk(struct gendisk *gd)
{
	const struct block_device_operations *fops = gd->fops;

	if (--gd->refs)
		return;
	fake_must(gd->added || gd->queue->set->tags, "tags freed too early");
	fake_must(gd->added == gd->deleted, "freeing a disk that is there");
	if (due == gd->queue)
		due = NULL;
	fake.gd = NULL;
	fake.disks--;
	if (gd->added)
		fops->free_disk(gd);
	free(gd->queue);
	free(gd);
}

void set_disk_ro(struct gendisk *gd, bool ro)
{
	gd->ro = ro;
}

bool set_capacity_and_notify(struct gendisk *gd, u64 sectors)
{
	bool news = gd->sectors && gd->sectors != sectors;

	gd->sectors = sectors;
	return news;
}
