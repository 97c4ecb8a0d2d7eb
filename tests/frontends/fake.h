/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of a Linux kernel as the frontends stand on, for the host: each header
 * that they include leads here.  The fake keeps account of all that is
 * handed out, and ends the test on what a real kernel would not survive: sleeping
 * under a spinlock, a work item freed while it waits, memory freed while it is
 * mapped, a queue that is used after its end.
 *
 * State owned: `fake`, set up by fake_start(); one thread, no locks.
 */
#ifndef FRONTENDS_FAKE_H
#define FRONTENDS_FAKE_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <abi/types.h>
#include <common/port.h>

/* ---- the language ---- */

#define container_of(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))
#define READ_ONCE(x)		(*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new)	__sync_val_compare_and_swap(p, old, new)
#define unlikely(x)		(x)
#define fallthrough		__attribute__((fallthrough))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min3(a, b, c)		min(min(a, b), c)
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ilog2(n)		(31 - __builtin_clz(n))
#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define IS_ERR(p)		((unsigned long)(p) >= -4095UL)
#define PTR_ERR(p)		((int)(long)(p))
#define ERR_PTR(e)		((void *)(long)(e))
#define KERNEL_VERSION(a, b, c)	((a) << 16 | (b) << 8 | (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 12, 0)

#define __init
#define __exit
#define EXPORT_SYMBOL_GPL(x)	extern int fake_unused
#define MODULE_DESCRIPTION(x)	extern int fake_unused
#define MODULE_AUTHOR(x)	extern int fake_unused
#define MODULE_LICENSE(x)	extern int fake_unused
#define MODULE_ALIAS(x)		extern int fake_unused
#define MODULE_PARM_DESC(n, x)	extern int fake_unused
#define THIS_MODULE		NULL
#define module_param(name, type, mode) \
	static __attribute__((constructor)) void fake_param_##name(void) \
	{ fake_param(#name, &name); } extern int fake_unused
#define module_init(f) \
	static __attribute__((constructor)) void fake_init(void) { f(); } \
	extern int fake_unused
#define module_exit(f) \
	static __attribute__((constructor)) void fake_exit(void) \
	{ (void)f; } extern int fake_unused
void fake_param(const char *name, void *at);

/* ---- memory ---- */

typedef unsigned int gfp_t;
#define GFP_NOIO	0u
#define GFP_KERNEL	1u
#define __GFP_ZERO	0u
#define NUMA_NO_NODE	(-1)

struct page { u8 *data; int refs; struct fake_area *area; };

void *fake_alloc(size_t size, gfp_t gfp);
void kfree(void *p);
#define kzalloc(size, gfp)	fake_alloc(size, gfp)
#define kcalloc(n, size, gfp)	fake_alloc((size_t)(n) * (size), gfp)
#define kvcalloc(n, size, gfp)	fake_alloc((size_t)(n) * (size), gfp)
#define kvfree(p)		kfree(p)
char *kasprintf(gfp_t gfp, const char *format, ...);
unsigned int memalloc_noio_save(void);
void memalloc_noio_restore(unsigned int was);
struct page *alloc_page(gfp_t gfp);
void __free_page(struct page *page);
#define VM_MAP		0
#define PAGE_KERNEL	0
void *vmap(struct page **page, unsigned int count, int flags, int prot);
void vunmap(void *base);
#define xen_page_to_gfn(page)	((unsigned long)(page))

int gnttab_grant_foreign_access(domid_t domain, unsigned long gfn, int ro);
void gnttab_end_foreign_access(grant_ref_t ref, struct page *page);

/* ---- contexts ---- */

typedef struct { int held; } spinlock_t;
struct mutex { int held; };
void spin_lock_init(spinlock_t *lock);
void fake_lock(spinlock_t *lock);
void fake_unlock(spinlock_t *lock);
#define spin_lock_irqsave(l, f)		((f) = 0, fake_lock(l))
#define spin_unlock_irqrestore(l, f)	((void)(f), fake_unlock(l))
#define spin_lock_irq(l)		fake_lock(l)
#define spin_unlock_irq(l)		fake_unlock(l)
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

struct work_struct {
	void (*run)(struct work_struct *work);
	struct work_struct *next;
	bool waits;
};
struct workqueue_struct;
#define system_unbound_wq	((struct workqueue_struct *)NULL)
#define system_freezable_wq	((struct workqueue_struct *)NULL)
#define INIT_WORK(w, f)		((w)->run = (f), (w)->waits = false)
void schedule_work(struct work_struct *work);
#define queue_work(wq, work)	schedule_work(work)
void cancel_work_sync(struct work_struct *work);

typedef int irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *data);
#define IRQ_HANDLED		1
#define XEN_EOI_FLAG_SPURIOUS	1u
int bind_evtchn_to_irqhandler_lateeoi(evtchn_port_t port, irq_handler_t handler,
				      unsigned long flags, const char *name,
				      void *data);
void unbind_from_irqhandler(int irq, void *data);
void xen_irq_lateeoi(int irq, unsigned int flags);
void notify_remote_via_irq(int irq);
#define num_online_cpus()	2U

/* ---- the bus ---- */

struct device { void *drvdata; };
#define dev_set_drvdata(d, p)	((d)->drvdata = (p))
#define dev_get_drvdata(d)	((d)->drvdata)
#define dev_dbg(d, ...)		((void)(d))
__attribute__((format(printf, 2, 3)))
void dev_info(const struct device *dev, const char *format, ...);
#define dev_warn(d, ...)	((void)(d), fake.warnings++)

enum xenbus_state {
	XenbusStateUnknown, XenbusStateInitialising, XenbusStateInitWait,
	XenbusStateInitialised, XenbusStateConnected, XenbusStateClosing,
	XenbusStateClosed,
};
struct xenbus_device {
	const char *nodename, *otherend;
	int otherend_id;
	enum xenbus_state state;
	struct device dev;
};
struct xenbus_transaction { int id; };
#define XBT_NIL	((struct xenbus_transaction){ 0 })
struct xenbus_device_id { char type[32]; };
struct xenbus_driver {
	const char *name;
	const struct xenbus_device_id *ids;
	int (*probe)(struct xenbus_device *, const struct xenbus_device_id *);
	void (*remove)(struct xenbus_device *);
	int (*resume)(struct xenbus_device *);
	void (*otherend_changed)(struct xenbus_device *, enum xenbus_state);
	bool allow_rebind;
};
int xenbus_register_frontend(struct xenbus_driver *driver);
void xenbus_unregister_driver(struct xenbus_driver *driver);
int xenbus_transaction_start(struct xenbus_transaction *xbt);
int xenbus_transaction_end(struct xenbus_transaction xbt, int abort);
int xenbus_printf(struct xenbus_transaction xbt, const char *dir,
		  const char *node, const char *format, ...);
int xenbus_scanf(struct xenbus_transaction xbt, const char *dir,
		 const char *node, const char *format, ...);
void *xenbus_read(struct xenbus_transaction xbt, const char *dir,
		  const char *node, unsigned int *length);
unsigned int xenbus_read_unsigned(const char *dir, const char *node,
				  unsigned int dflt);
int xenbus_exists(struct xenbus_transaction xbt, const char *dir,
		  const char *node);
int xenbus_rm(struct xenbus_transaction xbt, const char *dir, const char *node);
int xenbus_switch_state(struct xenbus_device *dev, enum xenbus_state state);
int xenbus_frontend_closed(struct xenbus_device *dev);
void xenbus_dev_error(struct xenbus_device *dev, int err, const char *f, ...);
void xenbus_dev_fatal(struct xenbus_device *dev, int err, const char *f, ...);
int xenbus_alloc_evtchn(struct xenbus_device *dev, evtchn_port_t *port);
int xenbus_free_evtchn(struct xenbus_device *dev, evtchn_port_t port);
int xenbus_setup_ring(struct xenbus_device *dev, gfp_t gfp, void **base,
		      unsigned int pages, grant_ref_t *ref);
void xenbus_teardown_ring(void **base, unsigned int pages, grant_ref_t *ref);
#define xen_domain()			1
#define xen_has_pv_disk_devices()	1
#define xen_has_pv_nic_devices()	1

/* ---- disks ---- */

typedef int blk_status_t;
enum { BLK_STS_OK, BLK_STS_IOERR, BLK_STS_NOTSUPP, BLK_STS_AGAIN,
       BLK_STS_DEV_RESOURCE };
enum { REQ_OP_READ, REQ_OP_WRITE, REQ_OP_FLUSH, REQ_OP_DISCARD,
       REQ_OP_SECURE_ERASE };
#define REQ_FUA			1u
#define BLK_FEAT_WRITE_CACHE	1u
#define BLK_FEAT_FUA		2u
#define BLK_FEAT_ROTATIONAL	4u
#define BLK_MQ_F_SHOULD_MERGE	1u
#define BLK_MQ_F_TAG_HCTX_SHARED 2u
#define GENHD_FL_REMOVABLE	1
#define DISK_NAME_LEN		32
#define FAKE_TAGS		64

struct queue_limits {
	u32 logical_block_size, physical_block_size, max_hw_sectors;
	u32 max_segments, max_segment_size, dma_alignment;
	u32 max_hw_discard_sectors, discard_granularity, discard_alignment;
	u32 max_secure_erase_sectors, features;
};
struct bio_vec { void *data; u32 bv_len; };
struct req_iterator { int at; };
struct request_queue;
struct request {
	struct request_queue *q;
	struct request *next;	/* of those that wait to be put */
	int tag, hctx, op, status;
	u32 cmd_flags, bytes;
	u64 sector;
	struct bio_vec vec;
	bool started, completed, over, requeued;
	long pdu[4];
};
struct blk_mq_hw_ctx {
	struct request_queue *queue;
	unsigned int queue_num;
	bool stopped;
};
struct request_queue {
	void *queuedata;
	struct blk_mq_tag_set *set;
	struct blk_mq_hw_ctx hctx[4];
	struct request *wait;
	struct queue_limits limits;
	int quiesced;
	bool ended;
};
struct gendisk {
	struct request_queue *queue;
	void *private_data;
	const struct block_device_operations *fops;
	char disk_name[DISK_NAME_LEN];
	int flags, openers, refs;
	bool added, deleted, ro;
	u64 sectors;
};
struct block_device_operations {
	void *owner;
	void (*release)(struct gendisk *gd);
	void (*free_disk)(struct gendisk *gd);
};
struct blk_mq_queue_data { struct request *rq; bool last; };
struct blk_mq_ops {
	blk_status_t (*queue_rq)(struct blk_mq_hw_ctx *,
				 const struct blk_mq_queue_data *);
	void (*commit_rqs)(struct blk_mq_hw_ctx *);
	void (*complete)(struct request *);
};
struct blk_mq_tags { struct request *rq[FAKE_TAGS]; };
struct blk_mq_tag_set {
	const struct blk_mq_ops *ops;
	unsigned int nr_hw_queues, queue_depth, cmd_size, flags;
	int numa_node;
	void *driver_data;
	struct blk_mq_tags **tags;
};

#define req_op(rq)		((rq)->op)
#define op_is_write(op)		((op) != REQ_OP_READ)
#define blk_rq_pos(rq)		((rq)->sector)
#define blk_rq_bytes(rq)	((rq)->bytes)
#define blk_rq_sectors(rq)	((rq)->bytes / 512)
#define blk_mq_rq_to_pdu(rq)	((void *)(rq)->pdu)
#define blk_mq_tag_to_rq(t, n)	((t)->rq[n])
#define rq_for_each_segment(v, r, it) \
	for ((it).at = 0, (v) = (r)->vec; (it).at < 1; (it).at++)
#define bvec_kmap_local(v)	((v)->data)
#define kunmap_local(p)		((void)(p))
#define disk_openers(gd)	((gd)->openers)
blk_status_t errno_to_blk_status(int err);
int blk_mq_alloc_tag_set(struct blk_mq_tag_set *set);
void blk_mq_free_tag_set(struct blk_mq_tag_set *set);
struct gendisk *blk_mq_alloc_disk(struct blk_mq_tag_set *set,
				  const struct queue_limits *q, void *data);
int device_add_disk(struct device *dev, struct gendisk *gd, void *groups);
void del_gendisk(struct gendisk *gd);
void put_disk(struct gendisk *gd);
void blk_mark_disk_dead(struct gendisk *gd);
void set_disk_ro(struct gendisk *gd, bool ro);
bool set_capacity_and_notify(struct gendisk *gd, u64 sectors);
struct queue_limits queue_limits_start_update(struct request_queue *q);
int queue_limits_commit_update(struct request_queue *q,
			       const struct queue_limits *limits);
void blk_mq_start_request(struct request *rq);
void blk_mq_complete_request(struct request *rq);
void blk_mq_end_request(struct request *rq, blk_status_t status);
void blk_mq_requeue_request(struct request *rq, bool kick);
void blk_mq_kick_requeue_list(struct request_queue *q);
void blk_mq_stop_hw_queue(struct blk_mq_hw_ctx *hctx);
void blk_mq_start_stopped_hw_queues(struct request_queue *q, bool async);
void blk_mq_quiesce_queue(struct request_queue *q);
void blk_mq_unquiesce_queue(struct request_queue *q);
void blk_mq_tagset_wait_completed_request(struct blk_mq_tag_set *set);

#include "fake_net.h"

/* ---- for the tests ---- */

struct fake_world {
	struct xenbus_driver *driver;
	struct xenbus_device bus;
	struct gendisk *gd;	/* the last that was made */
	char states[64];	/* each that was written, a digit */
	int fail_at;		/* 1: the next thing that can fail does */
	int could_fail;		/* how many there have been */
	int io_allocs;		/* that may wait for I/O */
	int allocs, pages, grants, ports, irqs, disks, tagsets;
	int warnings, notifies, spurious;
	bool hold_grants;	/* the backend maps all and lets nothing go */
};
extern struct fake_world fake;

/* fake_start() - an empty store, a device that is not probed yet. */
void fake_start(void);
/* fake_end() - everything was given back, or the test fails. */
void fake_end(void);
void fake_set(const char *dir, const char *node, const char *value);
const char *fake_get(const char *dir, const char *node);
void fake_param_set(const char *name, unsigned int value);
void fake_works(void);
/* fake_event() - the backend's event on a port; false if nobody listens. */
bool fake_event(evtchn_port_t port);
/* fake_page() - what the backend sees behind a grant, NULL for a bad one. */
u8 *fake_page(grant_ref_t ref);
/* fake_let_go() - the backend unmaps what it held. */
void fake_let_go(void);
/* fake_submit() - a request of the file system's; `rq` is the caller's. */
void fake_submit(struct request *rq, int op, u64 sector, void *data, u32 bytes);

#endif
