/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devd.h: the device daemon's structures.
 *
 * A struct devd owns all devices, found by key (kind, frontend's domain,
 * device number) and by domain; whatever an event names is found without
 * looking at others.  A device whose folder is gone leaves the table at once
 * and is freed when its processes have ended ("dying").
 *
 * One thread.  The store is asked synchronously: it is on the same machine
 * and answers at once, or is dead, which every caller survives: -ENOTCONN and
 * the like leave a device as it is, and all is looked at again when the store
 * is back.
 */
#ifndef DEVD_DEVD_H
#define DEVD_DEVD_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/proto.h"
#include "devd/disk_open.h"
#include "devd/ports.h"
#include "devd/proc.h"
#include "devd/sm.h"
#include "devd/wbatch.h"
#include "hostnet/hostnet.h"
#include "lib/evloop.h"
#include "lib/fail.h"
#include "lib/xs_client.h"

#define DEV_MAX_PORTS (2 * BP_NET_MAX_QUEUES + 1)
#define DEV_PATH 128
#define DEV_BUCKETS 4096u
#define DOM_BUCKETS 1024u
/* Gives every device process a uid of its own: base + slot. */
#define DEVD_UID_BASE 2000000000u

struct devd;
struct dev;

/* What the parts of one kind of device do.  Functions return 0 or -errno. */
struct kind_ops {
	const char *name;	/* in the store: "pvbd" */
	const char *program;	/* NULL: the kernel is the backend */
	enum bp_kind hello;
	/* Reads the configuration and opens; -EINPROGRESS: dev_opened() or
	 * dev_open_failed() will be called. */
	int (*open)(struct dev *dev, struct fail *fail);
	/* Whether the folder still says what was opened, as far as it
	 * matters who is served what. */
	bool (*same)(struct dev *dev);
	/* Undoes open(); called once after it, also after a failure. */
	void (*close)(struct dev *dev);
	/* For a kernel's backend that an earlier daemon had set up: notes what
	 * close() will have to undo, and holds the lock again. */
	int (*take_up)(struct dev *dev, struct fail *fail);
	/* What is needed for each new process, before it: as open(). */
	int (*prepare)(struct dev *dev, struct fail *fail);
	/* Sends the BP_START of the kind. */
	int (*start)(struct dev *dev, struct fail *fail);
	/* Takes BP_READY of @len bytes; its properties are written later. */
	int (*ready)(struct dev *dev, const struct bp_head *msg,
		     struct fail *fail);
	void (*features)(struct dev *dev, struct wbatch *b);
	/* Reads what the frontend announced, into dev->conn. */
	int (*announce)(struct dev *dev, struct fail *fail);
	/* Lists the ports in dev->conn, to be replaced by local ones. */
	unsigned int (*ports)(struct dev *dev, uint32_t *port[DEV_MAX_PORTS]);
	/* The BP_CONNECT in dev->conn, with @resume set or not. */
	struct bp_head *(*connect)(struct dev *dev, bool resume);
};

extern const struct kind_ops kind_pvbd, kind_pvif, kind_vbd, kind_vif;

#define MAX_CLAIMS (2 * DISK_LAYERS)

/* What is in a drive. */
struct medium {
	enum disk_way way;
	struct disk_file file;
	char target[512], format[16];
};

/* Of the user's own script: see job.c. */
enum script_phase {
	SCRIPT_NONE,
	SCRIPT_RUNS,		/* "add"; "remove" is due from here */
	SCRIPT_DONE,
	SCRIPT_REMOVES,
};

struct disk {
	enum script_phase script_phase;
	enum disk_way way;
	struct disk_file file;
	struct disk_id claim[MAX_CLAIMS];	/* in devd's table of images */
	unsigned int nr_claims;
	bool readonly, removable, cdrom, discard, direct, shared;
	char target[512], format[16], script[256];
	struct proc server;	/* qemu-storage-daemon */
	struct ev_timer server_end;	/* runs while it was told to end */
	char socket[96];	/* where it listens */
	bool changing;		/* its backend was told of another medium */
	struct medium was;	/* and has this until it says it has that */
	uint64_t grow_to;	/* bytes; see grow.c */
	char grow_error[208];
	int data;		/* for the next process: the image's file, or
				 * a connection to its server; -1 */
	bool fence;		/* the last process's requests may still be
				 * under way in the image's server */
	struct bp_ready_blk ready;
	int loop_fd;		/* vbd: keeps the loop device; -1 */
	dev_t device;
};

/* What a card was made of.  Flat: it is kept, and compared, as it is. */
struct card_config {
	struct hostnet_vif vif;		/* its strings are NULL, and here: */
	char bridge[32], gatewaydev[32], script[256], ip_text[512];
	uint64_t rate_bytes, rate_usec;
};

struct card {
	struct card_config config;
	struct bp_ready_net ready;
	char hostname[64];
	uint32_t nr_taps;
	int tap[BP_NET_MAX_QUEUES];
	bool plugged;		/* as far as may be */
	bool script_due;	/* `offline` of the user's script is */
	struct plug_order *plugging;	/* NULL: nothing is awaited */
	struct hostnet_script run;
	struct ev_io run_io;
	unsigned int polls;
};

union dev_conn {
	struct bp_head head;
	struct bp_connect_blk blk;
	struct bp_connect_net net;
};

struct dev {
	struct dev *hash_next, *dom_next, *dirty_next;
	struct devd *devd;
	const struct kind_ops *ops;
	uint32_t domid, devid;		/* of the frontend */
	char name[48];			/* "pvbd 1/51712" */
	char backend[DEV_PATH];		/* folders */
	char frontend[DEV_PATH];

	enum sm_phase phase;
	enum xb_state own, fe;
	bool online;
	bool gone;		/* the folder is; only waiting for processes */
	bool linked;		/* ports are bound, dev->conn is valid */
	bool established;	/* and a backend has served them */
	bool unsure;		/* or may have, under an earlier worker */
	bool opened;		/* ops->close() is due */
	bool kept;		/* the keeper has a record of it */
	bool watching;
	bool unwritten;		/* the store does not have the own state */
	bool failed;		/* PH_FAILED comes after PH_ENDING */
	bool resuming;		/* the rings are taken over from another */
	uint8_t dirty;		/* DIRTY_* */

	struct log_limit limit;
	struct proc proc;
	int sock;		/* -1: no backend */
	struct ev_io sock_io;
	uint32_t slot;		/* of the uid; 0: none */
	uint64_t started_ms;
	unsigned int strikes;	/* deaths in a row without having served */
	uint64_t kill_debt_ms;	/* killed sooner than this pays for */
	struct fail failure;	/* what the process said before its end */
	struct ev_timer timer;
	void (*on_timer)(struct dev *dev);

	struct proc job;	/* a script or a connection being made */
	int job_sock;
	struct ev_timer job_timer;
	int orphan;		/* pidfd of an earlier worker's script; -1 */
	pid_t orphan_pid;
	struct ev_io orphan_io;
	uint64_t busy_until;	/* how long to wait for a lock */

	int evtchn, journal;
	uint32_t nr_ports, port[DEV_MAX_PORTS];
	union dev_conn conn;
	char request[16];	/* the request that is being carried out */
	unsigned int asked;	/* for READY again, and not answered */
	union {
		struct disk disk;
		struct card card;
	};
};

#define DIRTY_FOLDER 1u
#define DIRTY_STATE 2u
#define DIRTY_ONLINE 4u
#define DIRTY_REQUEST 8u
#define DIRTY_FRONTEND 16u

/* What plugs cards in and out; see plugger.h. */
struct plugger {
	struct proc proc;
	int sock;		/* -1: none */
	struct ev_io io;
	struct plug_order *first, **last;	/* @last NULL: never used */
	struct ev_timer soon;
};

struct devd {
	struct evloop *loop;
	struct xsc *xs;			/* NULL while there is no store */
	struct ev_io xs_io;
	struct ev_timer xs_retry;
	const struct port_ops *ports;
	struct hostnet *net;		/* opened on first use */
	struct plugger plug;
	uint32_t net_queues;		/* offered to a card */
	const char *libexec, *self_exe, *run_dir;
	uint32_t script_ms;		/* for a user's script */
	uint32_t self;			/* this domain's number */
	uint32_t uid_base;
	char root[64];			/* "/local/domain/0/backend" */
	unsigned int count, dying;
	struct dev *by_key[DEV_BUCKETS], *by_dom[DOM_BUCKETS];
	struct dev *dirty, **dirty_tail;
	uint8_t *slots;			/* which uids are in use */
	uint32_t slot_count;
	struct image_holder *images[DEV_BUCKETS];
	int keeper;			/* socket; -1: none */
	struct keep_node *kept;		/* from an earlier life */
	bool scanned;			/* all folders were looked at once */
	bool stop;
};

/* ---- table.c: devices by key, uids ---- */

struct dev *dev_find(struct devd *d, const struct kind_ops *ops,
		     uint32_t domid, uint32_t devid);
/* One that is in no table, for free(), and one that is: NULL without memory. */
struct dev *dev_make(struct devd *d, const struct kind_ops *ops, uint32_t domid,
		     uint32_t devid);
struct dev *dev_new(struct devd *d, const struct kind_ops *ops, uint32_t domid,
		    uint32_t devid);
/* Takes it out of the table. */
void dev_unlink(struct dev *dev);
/* The first device of a domain; the next is ->dom_next with the same domid. */
struct dev *dev_of_domain(struct devd *d, uint32_t domid);
int slot_get(struct devd *d, uint32_t *slot);
int slot_take(struct devd *d, uint32_t slot);
void slot_put(struct devd *d, uint32_t slot);

/* ---- claim.c: who has which image ---- */

/* One more for the device, which may have another while a medium changes. */
void image_claim(struct dev *dev, const struct disk_file *f);
/* All of the device's. */
void image_release(struct dev *dev);
/* For disk_open_raw(): the name of a device that holds the image, and would
 * not share it with one that is @exclusive or not. */
const char *image_holder_name(void *devd, const struct disk_id *id,
			      bool exclusive);

/* ---- device.c: a device's life ---- */

/* Looks at the facts and does what sm_decide() says, until nothing is due. */
void dev_step(struct dev *dev);
void dev_opened(struct dev *dev);
void dev_open_failed(struct dev *dev, const struct fail *fail);
/* As these, for what is made ready before each process. */
void dev_prepared(struct dev *dev);
void dev_prepare_failed(struct dev *dev, const struct fail *fail);
/* What came from the backend's process, checked by link.c. */
void dev_backend_ready(struct dev *dev);
void dev_backend_connected(struct dev *dev);
void dev_backend_disconnected(struct dev *dev);
void dev_backend_failed(struct dev *dev, int rc, const char *text);
void dev_socket_ended(struct dev *dev);
void dev_process_ended(struct dev *dev, int status);
/* All is as an earlier worker left it: a process is wanted. */
void dev_taken_up(struct dev *dev);
/* Starts another process in the place of the one that runs. */
void dev_replace(struct dev *dev);
/* The folder is gone: ends everything at once. */
void dev_gone(struct dev *dev);
/* The toolstack wrote state 1: from the beginning. */
void dev_restart(struct dev *dev);
/* Ends all that is open and frees what can be; @own is the state after it. */
void dev_shut(struct dev *dev, enum sm_phase then);
/* The frontend did what it must not: Closing, with the reason in `error`. */
void dev_fatal(struct dev *dev, const struct fail *fail);
/* Writes own state @s, with what @b (or NULL) holds. 0 or -errno */
int dev_write_state(struct dev *dev, enum xb_state s, struct wbatch *b);
/* After the store was away: writes what could not be written. */
void dev_write_again(struct dev *dev);
/* Frees a dying device when nothing of it runs any more. */
void dev_reap(struct dev *dev);
/* Reads node @name of the backend's folder; *@value is to be freed. */
int dev_config(struct dev *dev, const char *name, char **value);
/* The same as a text in @buf, "" if there is none; -E2BIG. */
int dev_config_text(struct dev *dev, const char *name, char *buf, size_t size);
bool dev_config_flag(struct dev *dev, const char *name, bool fallback);

/* ---- link.c: the process and the messages ---- */

int link_spawn(struct dev *dev, struct fail *fail);
void link_send(struct dev *dev, enum bp_type type);
void link_send_msg(struct dev *dev, const struct bp_head *msg);
/* With descriptors; a backend that cannot be told anything is killed. */
void link_send_fds(struct dev *dev, const struct bp_head *msg, const int *fds,
		   int nfds);
void link_close(struct dev *dev);

/* ---- frontend.c: reading the other side's folder ---- */

int frontend_read(void *dev, const char *name, char *buf);
void frontend_read_state(struct dev *dev);
int frontend_bind(struct dev *dev, struct fail *fail);
void frontend_unbind(struct dev *dev);

/* ---- blk.c ---- */

struct disk_spec disk_spec_of(const struct disk *disk);
void blk_size_nodes(struct dev *dev, struct wbatch *b);
/* What the folder names as the target now, and in which format. */
int blk_read_target(struct dev *dev, char target[512], char format[16]);
/* BP_START_BLK, or BP_MEDIA with the same contents. */
void blk_fill_start(struct dev *dev, struct bp_start_blk *m, uint32_t type);
/* A descriptor of what is in the drive, to be sent and closed; -ENOMEDIUM for
 * an empty one. */
int blk_data_fd(struct dev *dev);

/* ---- media.c ---- */

/* Another medium for a drive, or none, as the folder says. */
int media_insert(struct dev *dev, struct fail *fail);
/* The backend has the new medium, or does not take it. */
void media_done(struct dev *dev);
void media_refused(struct dev *dev);
/* Back to what was in the drive, whatever became of the order. */
void media_take_back(struct dev *dev);

/* ---- image.c: qemu-storage-daemon and NBD ---- */

#define IMAGE_EXPORT "disk"


int image_serve(struct dev *dev, const struct disk_spec *spec,
		struct fail *fail);
int image_connect(struct dev *dev, struct fail *fail);
/* In a process of its own (see main.c): connects and sends the descriptor. */
int image_connect_main(const char *uri);
void image_close(struct dev *dev);

/* QEMU's name of a format; a target as the value of an option; what its
 * server, or its tool, may write to. */
const char *image_driver(const char *format);
int image_quote(const char *target, char *out, size_t size);
int image_writable(const struct disk_spec *spec, char *out, size_t size);

/* ---- grow.c ---- */

/* The request to make an image larger. */
void grow_ask(struct dev *dev);
/* Before a server is needed: true while the image is made larger; then all
 * begins again. */
bool grow_step(struct dev *dev);
/* The backend serves again: answers. */
void grow_done(struct dev *dev);

/* ---- job.c ---- */

/* Runs the user's block script; -EINPROGRESS. */
int job_add(struct dev *dev, struct fail *fail);
/* Goes on with one that an earlier worker has started. */
int job_take_up(struct dev *dev, int pidfd, pid_t pid);
/* True if the script runs now, to undo what it did: dev_reap() follows. */
bool job_remove(struct dev *dev);
/* The same, for a device that is gone: nobody waits for it. */
void job_farewell(struct dev *dev);
/* Ends what runs, unless that is to undo something. */
void job_stop(struct dev *dev);
/* Of a process that need not be a child, nor live. */
void job_kill_orphan(int pidfd, pid_t pid);

/* ---- request.c ---- */

void request_take(struct dev *dev);
/* An answer of the backend to a request: READY again, or STATS. */
void request_ready(struct dev *dev);
void request_stats(struct dev *dev, const struct bp_stats *stats);
void request_fail(struct dev *dev, const char *text);
/* Answers "WORD ok" and @more, if @word is what was asked for. */
void request_done(struct dev *dev, const char *word, const char *more);

/* ---- store.c: the connection to the store ---- */

int store_open(struct devd *d);
/* Takes some events and does what they ask for. */
void store_drain(struct devd *d);
bool store_has_more(const struct devd *d);
void store_retry(struct ev_timer *t);

/* ---- watch.c: the store's events ---- */

/* Marks what an event names. */
void watch_event(struct devd *d, const char *path, const char *token);
/* Looks at what a marked device is marked for. */
void watch_work_off(struct dev *dev);
int dev_watch(struct dev *dev);
void dev_unwatch(struct dev *dev);
void dev_mark(struct dev *dev, uint8_t what);

/* ---- keep.c ---- */

void keep_put(struct dev *dev);
/* Returns when the keeper has nothing of it open any more. */
void keep_drop(struct dev *dev);
/* Whether an earlier life left this device; it is then as it was. */
bool keep_adopt(struct dev *dev, bool fresh);
int keep_receive(struct devd *d);
/* What no folder was found for: removed while no worker ran. */
void keep_forget_rest(struct devd *d);

/* ---- net.c ---- */

/* The plugger's answer to plug_in(); @fail NULL: it is done. */
void card_plugged(struct dev *dev, const struct fail *fail);

#endif
