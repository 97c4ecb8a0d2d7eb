/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon.h: the console daemon's process: its guests and their readers.
 */
#ifndef CONSOLE_DAEMON_H
#define CONSOLE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "console/conring.h"
#include "console/logfile.h"
#include "console/mux.h"
#include "lib/evloop.h"

struct hv;
struct xsc;
struct daemon;
struct viewer;

#define CONSOLE_DOMIDS 0x7ff0u

/* One guest's console. */
struct guest {
	struct daemon *d;
	uint32_t domid;
	bool alive;		/* mark of a scan of all domains */
	bool keep_waiting;	/* --overflow-data=keep, and the pty is full */
	bool update_due;	/* the toolstack wrote about its console */
	struct guest *next_due;

	/* The ring, once the toolstack has told where it is. */
	struct conring ring;	/* page NULL: not connected */
	bool by_grant;
	uint64_t frame;
	uint32_t remote_port;
	uint32_t port;		/* local; 0: none */

	struct mux mux;
	struct logfile log;

	/* Its terminal for programs that know only terminals. */
	struct ev_io pty;	/* fd -1: none */
	int pty_slave;		/* kept open, so that nobody hangs up */
	uint64_t pty_pos;
	char tty[64];

	/* Its socket, and who is connected there. */
	struct ev_io listener;	/* fd -1: none */
	char socket_path[108];
	struct viewer *viewers;

	/* How much was taken in this period: see guest.c. */
	uint32_t taken;
	bool resting;
	struct ev_timer rest;
};

struct daemon_options {
	bool log_guests;
	bool log_hv;
	bool discard;		/* old output that nobody read */
	struct logfile_style guest_style;
	struct logfile_style hv_style;
	const char *log_dir;
	const char *socket_dir;
};

struct daemon {
	struct daemon_options o;
	struct evloop *loop;
	struct hv *hv;
	struct xsc *xs;		/* NULL while the store is away */
	struct ev_io xs_io;
	struct ev_timer xs_retry;
	struct guest *due;	/* guests with update_due */
	struct ev_io evtchn_io;
	bool scan_due;
	bool stop;
	struct guest *guests[CONSOLE_DOMIDS];
	struct guest **by_port;
	uint32_t by_port_count;

	struct logfile hv_log;
	uint32_t hv_index;	/* of the hypervisor's log, read so far */
	uint32_t hv_port;
};

/* guest.c */
/* Begins to care for a domain; nothing happens if it is cared for. */
void guest_add(struct daemon *d, uint32_t domid);
void guest_free(struct guest *g);
/* The toolstack wrote about the guest's console: looks again, soon. */
void guest_note_change(struct guest *g, const char *path);
/* Looks again at all guests that were noted; none is left. */
void guest_update_due(struct daemon *d);
/* Watches the guest's console in the store, anew after the store was away. */
int guest_watch(struct guest *g, bool on);
/* Its event channel was signalled, and is masked now. */
void guest_signalled(struct guest *g);
/* There may be output to take, or room for input. */
void guest_run(struct guest *g);
/* Gives input to the guest: how many bytes it took. */
size_t guest_input(struct guest *g, const char *data, size_t len);
bool guest_wants_input(const struct guest *g);

/* viewer.c: readers over the guest's socket. */
int viewer_listen(struct guest *g);
void viewer_close_all(struct guest *g);
/* New output for everybody connected, or room for their input. */
void viewer_update(struct guest *g);

/* pty.c: the guest's terminal. */
int pty_open(struct guest *g);
void pty_close(struct guest *g);
void pty_update(struct guest *g);

/* hvlog.c: the hypervisor's own log. */
int hvlog_open(struct daemon *d);
void hvlog_read(struct daemon *d);

#endif
