/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xs_client.h: a client of the store.
 *
 * One connection, used by one thread.  Requests wait for their reply; watch
 * events that arrive meanwhile are queued and handed out by xsc_event().  In
 * an event loop, watch xsc_fd() for EPOLLIN and call xsc_event() until it says
 * 0, also before waiting whenever xsc_pending(): a request may have taken
 * events off the descriptor.  After -EPIPE, -ETIMEDOUT or -EPROTO the connection is dead: close
 * it and open another.
 *
 * `tx` is a transaction's id, or XSC_NO_TX.  All functions return 0 (or a
 * count) or -errno, the store's own errors included.
 */
#ifndef DOM0_LIB_XS_CLIENT_H
#define DOM0_LIB_XS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/xs_proto.h"

#define XSC_NO_TX 0u

struct xsc;

/*
 * Connects to the daemon's socket ($XENSTORED_PATH, or "socket" below
 * $XENSTORED_RUNDIR, or /run/xenstored/socket), or without one through the
 * kernel's /dev/xen/xenbus.
 */
int xsc_open(struct xsc **out);
/* Speaks over @fd, which it then owns: for tests and handed-over sockets. */
int xsc_open_fd(int fd, struct xsc **out);
void xsc_close(struct xsc *xsc);
int xsc_fd(const struct xsc *xsc);
/* How long a request may wait for its reply; 0 (the default) is for ever. */
void xsc_set_timeout(struct xsc *xsc, unsigned int ms);

/*
 * A whole request: @parts are joined as the body.  On success the reply's
 * body is *@reply, NUL-terminated beyond its @reply_len bytes, to be freed by
 * the caller; both may be NULL.
 */
struct xsc_part {
	const void *data;
	size_t len;
};
int xsc_request(struct xsc *xsc, uint32_t op, uint32_t tx,
		const struct xsc_part *parts, size_t part_count, char **reply,
		size_t *reply_len);

/*
 * Requests without waiting: xsc_post() queues one whose answer is only "OK",
 * xsc_settle() sends them all and takes all the answers.  The store carries
 * them out in order, also behind one that failed, so post only what belongs
 * to one transaction, and end that by what xsc_settle() says: the first
 * error, or 0; removing what is not there is none.  xsc_post() itself fails
 * only if nothing could be queued; it may send and wait when much is queued.
 * No other request may come in between.
 */
int xsc_post(struct xsc *xsc, uint32_t op, uint32_t tx,
	     const struct xsc_part *parts, size_t part_count);
int xsc_settle(struct xsc *xsc);

/* *@value is NUL-terminated and to be freed; @len may be NULL. */
int xsc_read(struct xsc *xsc, uint32_t tx, const char *path, char **value,
	     size_t *len);
int xsc_write(struct xsc *xsc, uint32_t tx, const char *path,
	      const char *value);
int xsc_write_bytes(struct xsc *xsc, uint32_t tx, const char *path,
		    const void *value, size_t len);
int xsc_mkdir(struct xsc *xsc, uint32_t tx, const char *path);
/* Removing what is not there succeeds. */
int xsc_rm(struct xsc *xsc, uint32_t tx, const char *path);
/*
 * Names of the children, in one allocation to be freed: *@names has as many
 * entries as the count returned and a NULL.
 */
int xsc_list(struct xsc *xsc, uint32_t tx, const char *path, char ***names);
int xsc_get_perms(struct xsc *xsc, uint32_t tx, const char *path,
		  struct xs_perm *perms, int max);
int xsc_set_perms(struct xsc *xsc, uint32_t tx, const char *path,
		  const struct xs_perm *perms, int count);

int xsc_tx_start(struct xsc *xsc, uint32_t *tx);
/* With @commit: -EAGAIN if somebody else changed what was used; start again.
 */
int xsc_tx_end(struct xsc *xsc, uint32_t tx, bool commit);

int xsc_watch(struct xsc *xsc, const char *path, const char *token);
int xsc_unwatch(struct xsc *xsc, const char *path, const char *token);
/*
 * The next watch event, without waiting: 1 and two strings in one allocation
 * (free(*path) frees both), or 0 if there is none now.
 */
int xsc_event(struct xsc *xsc, char **path, char **token);
/* Whether xsc_event() has something to say although the descriptor may be
 * quiet.  No system call. */
bool xsc_pending(const struct xsc *xsc);

int xsc_introduce(struct xsc *xsc, uint32_t domid, uint64_t frame,
		  uint32_t port);
int xsc_set_target(struct xsc *xsc, uint32_t domid, uint32_t target);

/* printf-style forms of the most common operations. */
int xsc_readf(struct xsc *xsc, uint32_t tx, char **value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int xsc_writef(struct xsc *xsc, uint32_t tx, const char *path, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

/* The socket that xsc_open() would use. */
void xsc_socket_path(char *buf, size_t size);

#endif
