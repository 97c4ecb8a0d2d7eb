/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server.h: the daemon's socket: a line of JSON in, a line of JSON out.
 */
#ifndef DOM0_DAEMON_SERVER_H
#define DOM0_DAEMON_SERVER_H

#include "guest.h"

/*
 * Listens on @path, which only root can reach.  A stale socket is replaced;
 * another daemon's is an error.  Clients are served once the loop runs.  0 or
 * -errno with the reason.
 */
int server_start(struct toolstack *ts, const char *path, struct fail *fail);
/* Stops listening and removes the socket. */
void server_stop(void);

#endif
