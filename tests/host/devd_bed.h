/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devd_bed.h: what the tests of the living device daemon share: the daemon as
 * it is, against the real store and with a backend that serves nothing
 * (devd_backend.c); a test plays toolstack and frontend.
 *
 * Every function fails the test that calls it if what it does or waits for
 * does not happen.  Each group of tests has a store and a daemon of its own.
 */
#ifndef TESTS_HOST_DEVD_BED_H
#define TESTS_HOST_DEVD_BED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/evloop.h"
#include "lib/xs_client.h"

#define WAIT_MS 10000

#define BACK "/local/domain/0/backend/pvbd/%u/%u"
#define FRONT "/local/domain/%u/device/vbd/%u"
#define CARD "/local/domain/0/backend/pvif/%u/0"
#define CARD_FRONT "/local/domain/%u/device/vif/0"

extern const char *store_path, *devd_path, *backend_path, *self_path;
extern char dir[64];			/* of the group of tests */
extern bool own_network;		/* cards can be tried */
extern pid_t devd_pid;			/* the keeper */
extern struct xsc *xs;
extern uint32_t tx;			/* that put() writes in */

int set_up(void **state);
int tear_down(void **state);
void start_store(void);
void end_store(int signal);
void start_devd(void);

/* ---- anything ---- */

/* Starts a program whose words go to the file @log. */
pid_t run(const char *const *argv, const char *log);
/* Runs a command with @path in the place of its %s. */
int shell(const char *fmt, const char *path)
	__attribute__((format(printf, 1, 0)));
/* The first line of what a command says, "" if there is none; until the next
 * call. */
const char *first_line(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
void msleep(long ms);
/* The end of the daemon's log, for one who must find out why. */
void show_log(void);
/* Waits until the file of the test's folder has this text. */
void await_text(const char *file, const char *text);

/* ---- the store ---- */

void put(const char *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What is put between these comes at once. */
void begin_tx(void);
void end_tx(void);
/* "" if there is none. */
char *get(const char *path);
/* Waits until the node has this value. */
void await(const char *path, const char *value);

/* ---- disks ---- */

/* An image of that size in the test's folder; its path. */
char *image(const char *name, long kib);

struct want {
	const char *target, *format, *mode, *type, *lock;
};

void attach_as(unsigned int dom, unsigned int dev, const struct want *w);
void attach(unsigned int dom, unsigned int dev, const char *target);
/* As the toolstack begins it, in a backend's folder. */
void tell_to_end(const char *folder);
void detach(unsigned int dom, unsigned int dev);
void remove_folder(unsigned int dom, unsigned int dev);
/* Disk 1; for while_away(). */
void remove_first(unsigned int dom);
/* The toolstack asks for it, and the guest does not use it. */
void give_back(unsigned int dom, unsigned int dev);
/* The same, and waits for it, and removes the folders. */
void unplug(unsigned int dom, unsigned int dev);
/* A disk that domain 8 does not get, for a reason with @why in it. */
void refused(unsigned int dev, const struct want *w, const char *why);

/* The frontend's part. */
void announce(unsigned int dom, unsigned int dev);
void connect_front(unsigned int dom, unsigned int dev);

/* A node of the backend's folder. */
char *back(unsigned int dom, unsigned int dev, const char *node);
void expect(unsigned int dom, unsigned int dev, const char *node,
	    const char *value);
void expect_text(unsigned int dom, unsigned int dev, const char *node,
		 const char *part);

/* ---- cards ---- */

char *card(unsigned int dom, const char *node);
void attach_card(unsigned int dom, const char *mode, const char *bridge);
void remove_card(unsigned int dom);
void await_link(const char *name, bool there);
/* The "dnsmasq" that is found first. */
void set_dnsmasq(const char *text);

/* ---- processes ---- */

/* What the next backends do; what the last ones did is forgotten. */
void set_mode(const char *mode);
const char *backend_log(void);
unsigned int log_count(const char *what);
void expect_log(const char *what, unsigned int count);
pid_t backend_pid(void);
pid_t worker_pid(void);
void kill_backend(pid_t pid);
/* Calls @fn while no worker runs. */
void while_away(void (*fn)(unsigned int dom), unsigned int dom);

/* ---- the groups of tests: how many failed ---- */

int run_images(void);
int run_cards(void);
int run_scripts(void);
int run_load(void);

/* This program in the place of an image's server: its exit code. */
int probe(char **arg);

#endif
