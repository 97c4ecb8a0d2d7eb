/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_fixture.h: a whole store in a test, without sockets or hypervisor.
 *
 * Requests go in as bytes and come out as bytes, through the same code as in
 * the daemon.  Domains exist when the test says so; time is a variable.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/client.h"
#include "store/store.h"

#define FX_DOMAINS 64

struct fx {
	struct store s;
	uint64_t now_ms;
	bool exists[FX_DOMAINS];
};

/* One reply, and what came before it. */
struct fx_reply {
	int err;		/* 0, or the -errno that was answered */
	size_t len;
	char body[XENSTORE_PAYLOAD_MAX + 1];
};

void fx_init(struct fx *fx);
/* Ends everything; the store must then pass its own examination. */
void fx_end(struct fx *fx);

/* A local program. */
struct client *fx_socket(struct fx *fx);
/* A domain that exists and is introduced, and its connection. */
struct client *fx_domain(struct fx *fx, uint32_t domid);
/* The hypervisor destroys the domain and the store learns of it. */
void fx_kill(struct fx *fx, uint32_t domid);

/* Sends a request and takes its reply; events before it stay to be read. */
void fx_request(struct client *c, uint32_t op, uint32_t tx, const void *body,
		size_t len, struct fx_reply *reply);
/* The result alone, of a request of strings ("a\0b" needs the length). */
int fx_call(struct client *c, uint32_t op, uint32_t tx, const char *body,
	    size_t len);

int fx_write(struct client *c, uint32_t tx, const char *path,
	     const char *value);
/* Compares with @want; the error of the read, or 1 if it differs. */
int fx_read(struct client *c, uint32_t tx, const char *path,
	    const char *want);
int fx_rm(struct client *c, uint32_t tx, const char *path);
int fx_mkdir(struct client *c, uint32_t tx, const char *path);
int fx_dir(struct client *c, uint32_t tx, const char *path,
	   struct fx_reply *reply);
/* @perms: "n1 r2" */
int fx_chmod(struct client *c, uint32_t tx, const char *path,
	     const char *perms);
int fx_watch(struct client *c, const char *path, const char *token);
uint32_t fx_tx(struct client *c);
int fx_commit(struct client *c, uint32_t tx);

/* The next event: its path is compared; false if there is none or another.
 * Events of the other kind are left alone. */
bool fx_event(struct client *c, const char *path, const char *token);
bool fx_no_event(struct client *c);
/* Throws away what waits to be sent. */
void fx_drain(struct client *c);

#endif
