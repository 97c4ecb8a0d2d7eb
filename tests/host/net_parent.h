/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net_parent.h: the daemon's part in tests of the real network backend: starts
 * the process, sandboxed as ever, connects it to a frontend of net_front.h, and
 * sees to its end.  Whatever goes wrong ends the test.
 *
 * State owned: `front`, which a test makes with front_init(); the process and
 * its socket.
 */
#ifndef TESTS_NET_PARENT_H
#define TESTS_NET_PARENT_H

#include <stdbool.h>
#include <sys/resource.h>

#include "net_front.h"

extern struct front front;

/* Ends the test, and the process; says what, and errno. */
void die(const char *what) __attribute__((noreturn));
long now_us(void);

/* A process that is connected; @resume: in the place of another. */
void backend_start(const char *program, bool resume);
/* Sends a message that is a mere head. */
void backend_tell(uint32_t type);
/* The next message, which must be of this type. */
void backend_expect(uint32_t type);
/* Tells it that a port's other side has something for it. */
void backend_event(uint32_t port);
/* What it has told the other side of its ports is taken away. */
void backend_events_seen(void);
/* Kills it, or lets it end in order; it must not have died before.  What it
 * has used. */
struct rusage backend_kill(void);
void backend_end(void);

#endif
