/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a device, of either kind: a whole frontend on the fake kernel,
 * with a backend that comes, goes and breaks rules.  A test's file has its
 * kind's backend and users, and the scenes of its own.
 *
 * State owned: none but `fake`; each test begins with a new device.
 */
#ifndef FRONTENDS_LIFE_H
#define FRONTENDS_LIFE_H

#include "test.h"
#include "fake.h"

/* What the test's file says of its kind of device. */
struct life_device {
	/* A new backend and what it promises, before the driver gets it. */
	void (*prepare)(void);
	/* The state of a frontend that has announced its rings. */
	enum xenbus_state announced;
	/* The backend maps what is announced.  Is that what it has mapped? */
	void (*attach)(void);
	bool (*attached)(void);
	/* Fails the test unless users see whether they are served; or NULL. */
	void (*check)(bool served);
};
extern const struct life_device life_device;

#define TEST(f)	cmocka_unit_test_setup_teardown(f, life_begins, life_ends)

/* A device that is bound; its end, whatever the test has done, without a
 * trace. */
int life_begins(void **unused);
int life_ends(void **unused);

/* ---- the bus ---- */

void life_bind(void);
/* What the guest's bus does after a suspend; as the driver's function. */
int life_resume(void);
/* The other side's state changes. */
void life_backend_is(enum xenbus_state state);
/* The states that a backend saw since the last call, a digit each. */
void life_expect_states(const char *states);

/* ---- the backend ---- */

/* What a frontend's node names: a page, NULL if there is none; a port. */
void *life_page(const char *dir, const char *node);
evtchn_port_t life_port(const char *dir, const char *node);
void life_connects(void);
/* It closes, and does no more. */
void life_closes(void);
void life_restarts(void);

/* ---- scenes ---- */

/* Memory for a connect does not wait for the device that is connected. */
void life_no_io(void **unused);

/* For life_failures(); each function may be NULL. */
struct life_failures {
	void (*prepare)(void);	/* more that can fail */
	void (*use)(void);	/* before a later connect */
	void (*lost)(void);	/* checks the users' part when that failed */
	int least, most;	/* how many calls can fail */
	/* From each 64th one on so many ahead: many are of one kind. */
	int stride;
};

/* Each call that can fail does, at the first and at a later connect. */
void life_failures(const struct life_failures *scene);

/* For life_anything(). */
struct life_anything {
	unsigned int seeds;
	int calls;		/* one of so many fails, once in a while */
	void (*prepare)(void);	/* before each run */
	void (*unbound)(void);	/* while no driver has the device */
	void (*check)(void);	/* after each run, with a device bound anew; or
				 * NULL */
	unsigned int nr_steps;
	void (*const *step)(void);	/* besides those of every device */
};

/* Anything, in any order: a kernel survives it. */
void life_anything(const struct life_anything *scene);

#endif
