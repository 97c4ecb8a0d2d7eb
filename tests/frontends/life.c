// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the lives of both kinds of device have in common; see life.h.
 *
 * State owned: `playing`, the scene that life_anything() plays.
 */
#include "life.h"

int life_begins(void **unused)
{
	(void)unused;
	fake_start();
	fake_set("be", "online", "1");
	life_device.prepare();
	life_bind();
	return 0;
}

int life_ends(void **unused)
{
	(void)unused;
	if (fake.bus.dev.drvdata)
		fake.driver->remove(&fake.bus);
	fake_works();
	fake_end();
	return 0;
}

static void begin_again(void)
{
	life_ends(NULL);
	life_begins(NULL);
}

/* ---- the bus ---- */

void life_bind(void)
{
	assert_int_equal(fake.driver->probe(&fake.bus, NULL), 0);
}

int life_resume(void)
{
	fake.bus.state = XenbusStateInitialising;	/* as the bus does */
	return fake.driver->resume(&fake.bus);
}

void life_backend_is(enum xenbus_state state)
{
	fake.driver->otherend_changed(&fake.bus, state);
}

void life_expect_states(const char *states)
{
	assert_string_equal(fake.states, states);
	memset(fake.states, 0, sizeof(fake.states));
}

/* ---- the backend ---- */

void *life_page(const char *dir, const char *node)
{
	const char *ref = fake_get(dir, node);

	return ref ? fake_page((grant_ref_t)atoi(ref)) : NULL;
}

evtchn_port_t life_port(const char *dir, const char *node)
{
	const char *port = fake_get(dir, node);

	assert_non_null(port);
	return (evtchn_port_t)atoi(port);
}

static void check(bool served)
{
	if (life_device.check)
		life_device.check(served);
}

void life_connects(void)
{
	life_backend_is(XenbusStateInitWait);
	life_device.attach();
	life_backend_is(XenbusStateConnected);
	fake_works();
	assert_int_equal(fake.bus.state, XenbusStateConnected);
	check(true);
}

void life_closes(void)
{
	life_backend_is(XenbusStateClosing);
	check(false);
	life_backend_is(XenbusStateClosed);
}

void life_restarts(void)
{
	life_closes();
	life_connects();
}

/* A backend that maps what there is to map before it goes on. */
static void follow(enum xenbus_state state)
{
	if (fake.bus.state == life_device.announced && !life_device.attached())
		life_device.attach();
	life_backend_is(state);
}

/* ---- scenes ---- */

void life_no_io(void **unused)
{
	int before;

	(void)unused;
	life_connects();
	before = fake.io_allocs;
	life_restarts();
	assert_int_equal(fake.io_allocs, before);
}

static void fail_at(const struct life_failures *scene, int which, bool later)
{
	if (scene->prepare)
		scene->prepare();
	if (later) {
		life_connects();
		if (scene->use)
			scene->use();
		life_closes();
	}
	fake.fail_at = fake.could_fail + which;
	life_backend_is(XenbusStateInitWait);
	follow(XenbusStateConnected);
	fake_works();
}

static int fail_each(const struct life_failures *scene, bool later)
{
	int which = 1;

	for (; which <= scene->most; which += which % 64 ? 1 : scene->stride) {
		fail_at(scene, which, later);
		if (fake.could_fail < fake.fail_at)
			break;
		if (later && scene->lost &&
		    fake.bus.state == XenbusStateClosed)
			scene->lost();
		begin_again();
	}
	return which;
}

void life_failures(const struct life_failures *scene)
{
	int later;

	for (later = 0; later < 2; later++) {
		assert_in_range(fail_each(scene, later), scene->least,
				scene->most);
		begin_again();
	}
}

/* ---- anything, in any order ---- */

static const struct life_anything *playing;

static void init_wait(void)
{
	follow(XenbusStateInitWait);
}

static void connected(void)
{
	follow(XenbusStateConnected);
}

static void any_state(void)
{
	follow((enum xenbus_state)(rand() % 9));
}

static void maybe_offline(void)
{
	fake_set("be", "online", rand() % 4 ? "1" : "0");
}

static void resume(void)
{
	life_resume();
}

static void something_fails(void)
{
	fake.fail_at = fake.could_fail + rand() % playing->calls;
}

static void bind_again(void)
{
	fake.driver->remove(&fake.bus);
	if (rand() % 2)
		fake_works();
	playing->unbound();
	fake.fail_at = 0;
	fake_set("be", "online", "1");
	life_bind();
}

static void maybe_bind_again(void)
{
	if (!(rand() % 4))
		bind_again();
}

static void (*const common[])(void) = {
	init_wait, init_wait, connected, connected, any_state, maybe_offline,
	resume, something_fails, maybe_bind_again, fake_works,
};

static void any_step(void)
{
	unsigned int i = (unsigned int)rand() %
			 (ARRAY_SIZE(common) + playing->nr_steps);

	if (i < ARRAY_SIZE(common))
		common[i]();
	else
		playing->step[i - ARRAY_SIZE(common)]();
}

void life_anything(const struct life_anything *scene)
{
	unsigned int seed, step;

	playing = scene;
	for (seed = 0; seed < scene->seeds; seed++) {
		srand(seed);
		scene->prepare();
		for (step = 0; step < 80; step++)
			any_step();
		bind_again();
		if (scene->check)
			scene->check();
		begin_again();
	}
}
