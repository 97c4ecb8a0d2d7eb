/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk_open.h: what a disk= names, opened and locked.
 *
 * Images are opened by root and handed to a process without rights.  An image
 * is locked for as long as the descriptor lives anywhere, so two guests never
 * write to one image unknowingly, whoever serves them: the locks are those
 * that QEMU's programs respect.
 */
#ifndef DEVD_DISK_OPEN_H
#define DEVD_DISK_OPEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/proto.h"
#include "lib/fail.h"

/* How a target is served. */
enum disk_way {
	DISK_EMPTY,	/* a drive without a medium */
	DISK_RAW,	/* a file or block device */
	DISK_IMAGE,	/* an image format: qemu-storage-daemon reads it */
	DISK_NBD,	/* a server elsewhere */
};

struct disk_spec {
	const char *target;	/* without prefix; "" for no medium */
	const char *format;	/* raw, qcow2, vhd, vhdx, vmdk, qcow, qed, vdi */
	bool readonly;
	bool direct;		/* bypass the page cache */
	bool shared;		/* others may write too */
	bool discard;
};

/* Who holds a file: the key under which it can be found again. */
struct disk_id {
	dev_t dev;		/* of a block device: its own number */
	ino_t ino;		/* 0 for a block device */
};

/* A loop device over a loop device over ... is looked through so far. */
#define DISK_LAYERS 4

struct disk_file {
	int fd;			/* -1: none */
	enum bp_backing backing;
	bool direct;		/* O_DIRECT is on */
	struct disk_id id;
};

/* Strips the old prefixes (phy:, file:, aio:, tap:, tap2:, raw:, qcow2:...):
 * what the toolstack let through. */
const char *disk_target(const char *params, const char **format);

int disk_way(const struct disk_spec *spec, enum disk_way *way,
	     struct fail *fail);

/* Whether nobody else may have the image: who writes and does not share. */
static inline bool disk_alone(bool readonly, bool shared)
{
	return !readonly && !shared;
}

/*
 * Names who has the image and does not share it with somebody who is
 * @exclusive or not; NULL: nobody.
 */
typedef const char *disk_holder(void *arg, const struct disk_id *id,
				bool exclusive);

/*
 * Opens a file or block device, takes its lock, checks that it can be a disk
 * and that @holder (may be NULL) knows nobody who has it, or what it is made
 * of.  -EBUSY when somebody has it.
 */
int disk_open_raw(const struct disk_spec *spec, disk_holder *holder, void *arg,
		  struct disk_file *out, struct fail *fail);

/* The id of @f and, if it is a loop device, of what lies below; how many. */
unsigned int disk_layers(const struct disk_file *f,
			 struct disk_id id[DISK_LAYERS]);

/* Another open file of the same image, for one process; -errno. */
int disk_reopen(const struct disk_file *f, bool readonly);

/*
 * Makes @fd, of disk_reopen(), the one open file through which @owner (below
 * 2^48) writes.  -EAGAIN while there is another: the kernel keeps the file of a
 * process that was killed until the last request in it has ended, and a write
 * from then must not come after one of its successor's.
 */
int disk_fence(int fd, uint64_t owner);

/* Ends the lock and closes.  Accepts one that is closed. */
void disk_close(struct disk_file *f);

/*
 * A loop device over @f for a kernel backend, which detaches itself after the
 * last user: its descriptor, and its number in *@dev.  -errno
 */
int disk_loop(const struct disk_file *f, bool readonly, dev_t *dev,
	      struct fail *fail);

#define DISK_URI_HOST 256

struct disk_uri {
	bool is_unix;
	char host[DISK_URI_HOST];	/* or the socket's path */
	char port[16];
	char export[256];
};

/* nbd://HOST[:PORT][/EXPORT], nbd+unix:///[EXPORT]?socket=PATH. */
int disk_parse_uri(const char *uri, struct disk_uri *out, struct fail *fail);

/* Connects, waiting as long as it takes: not for the daemon's own thread. */
int disk_connect(const struct disk_uri *uri, struct fail *fail);

/* A unix socket's path, without waiting: connected descriptor or -errno. */
int disk_connect_unix(const char *path);

#endif
