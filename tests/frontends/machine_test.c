// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection's table: stories that must end well, and every sequence of
 * events up to a length against rules that hold whatever happens.
 */
#include "test.h"
#include <common/machine.h>

static enum fe_state state;

static enum fe_action on(enum fe_event event)
{
	return fe_machine_step(&state, event, false);
}

static void connects(void)
{
	assert_int_equal(on(FE_EV_READY), FE_DO_OFFER);
	assert_int_equal(on(FE_EV_CONNECTED), FE_DO_START);
	assert_int_equal(state, FE_LIVE);
}

static void test_connect(void **unused)
{
	(void)unused;
	state = FE_WAITING;
	connects();
	assert_int_equal(on(FE_EV_CONNECTED), FE_DO_REFRESH);
}

/* The store tells a state again when it is watched anew. */
static void test_ready_twice(void **unused)
{
	(void)unused;
	state = FE_WAITING;
	assert_int_equal(on(FE_EV_READY), FE_DO_OFFER);
	assert_int_equal(on(FE_EV_READY), FE_DO_NOTHING);
	assert_int_equal(on(FE_EV_CONNECTED), FE_DO_START);
}

/* It serves what was here before, and waits for that to end. */
static void test_stale_backend(void **unused)
{
	(void)unused;
	state = FE_WAITING;
	assert_int_equal(on(FE_EV_CONNECTED), FE_DO_HANG_UP);
	assert_int_equal(on(FE_EV_CLOSING), FE_DO_HANG_UP);
	assert_int_equal(on(FE_EV_CLOSED), FE_DO_REOPEN);
	connects();
}

static void test_restart(void **unused)
{
	(void)unused;
	state = FE_WAITING;
	connects();
	assert_int_equal(on(FE_EV_CLOSING), FE_DO_RELEASE);
	assert_int_equal(on(FE_EV_CLOSED), FE_DO_REOPEN);
	connects();
	assert_int_equal(on(FE_EV_CLOSED), FE_DO_RENEW);
	connects();
	assert_int_equal(on(FE_EV_READY), FE_DO_REOFFER);
	assert_int_equal(on(FE_EV_CONNECTED), FE_DO_START);
}

static void test_resume(void **unused)
{
	static const enum fe_state from[] = {
		FE_WAITING, FE_OFFERED, FE_LIVE, FE_LEAVING,
	};
	unsigned int i;

	(void)unused;
	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		state = from[i];
		assert_int_equal(on(FE_EV_RESUMED), FE_DO_RESET);
		connects();
	}
}

static void test_unplug(void **unused)
{
	(void)unused;
	state = FE_WAITING;
	connects();
	assert_int_equal(fe_machine_step(&state, FE_EV_UNPLUGGED, true),
			 FE_DO_LEAVE);
	assert_int_equal(on(FE_EV_UNPLUGGED), FE_DO_NOTHING);
	assert_int_equal(on(FE_EV_IDLE), FE_DO_CLOSE);
	assert_int_equal(state, FE_CLOSED);
	state = FE_LIVE;
	assert_int_equal(on(FE_EV_IDLE), FE_DO_NOTHING);
	assert_int_equal(on(FE_EV_UNPLUGGED), FE_DO_CLOSE);
}

/* Its users would wait for ever for what nobody serves. */
static void test_unplug_unserved(void **unused)
{
	static const enum fe_state unserved[] = { FE_WAITING, FE_OFFERED };
	unsigned int i;

	(void)unused;
	for (i = 0; i < sizeof(unserved) / sizeof(unserved[0]); i++) {
		state = unserved[i];
		assert_int_equal(fe_machine_step(&state, FE_EV_UNPLUGGED, true),
				 FE_DO_CLOSE);
		assert_int_equal(state, FE_CLOSED);
	}
	state = FE_LIVE;
	assert_int_equal(fe_machine_step(&state, FE_EV_GONE, true),
			 FE_DO_CLOSE);
	state = FE_LEAVING;
	assert_int_equal(fe_machine_step(&state, FE_EV_GONE, true),
			 FE_DO_CLOSE);
}

/* The backend of a device that was to go closes for a restart instead. */
static void test_unplug_undone(void **unused)
{
	(void)unused;
	state = FE_LEAVING;
	assert_int_equal(on(FE_EV_CONNECTED), FE_DO_REFRESH);
	assert_int_equal(state, FE_LEAVING);
	assert_int_equal(on(FE_EV_CLOSING), FE_DO_RELEASE);
	assert_int_equal(on(FE_EV_CLOSED), FE_DO_REOPEN);
	connects();
}

/* What the owner holds, as the actions say. */
struct owner {
	bool rings;
	bool working;
	bool known;	/* users may have found it */
};

static void obey(struct owner *own, enum fe_action action)
{
	switch (action) {
	case FE_DO_NOTHING:
	case FE_DO_LEAVE:
	case FE_DO_REOPEN:
		break;
	case FE_DO_HANG_UP:
		assert_false(own->rings);
		break;
	case FE_DO_REFRESH:
		assert_true(own->working);
		break;
	case FE_DO_OFFER:
		assert_false(own->rings);
		own->rings = true;
		break;
	case FE_DO_REOFFER:
		assert_true(own->rings);
		own->working = false;
		break;
	case FE_DO_START:
		assert_true(own->rings);
		assert_false(own->working);
		own->working = true;
		own->known = true;
		break;
	case FE_DO_RELEASE:
	case FE_DO_RENEW:
		assert_true(own->rings);
		own->rings = false;
		own->working = false;
		break;
	case FE_DO_RESET:
	case FE_DO_CLOSE:
	case FE_DO_FAIL:
		own->rings = false;
		own->working = false;
		break;
	}
}

static unsigned int explored;

/*
 * Rings exist exactly in the states that have them, are never made twice, and
 * a device that is closed or failed does nothing ever again.
 */
static void explore(enum fe_state at, struct owner own, unsigned int depth)
{
	unsigned int event, in_use;

	explored++;
	assert_int_equal(own.working, at == FE_LIVE || at == FE_LEAVING);
	assert_true(own.rings == (at == FE_OFFERED || own.working));
	if (!depth)
		return;
	for (event = 0; event < FE_EVENT_COUNT; event++) {
		for (in_use = 0; in_use < 2; in_use++) {
			enum fe_state next = at;
			struct owner then = own;
			enum fe_action action;

			/* Only a disk that was once connected has users. */
			if (in_use && !own.known)
				continue;
			action = fe_machine_step(&next, event, in_use);
			if (at == FE_CLOSED || at == FE_FAILED)
				assert_int_equal(action, FE_DO_NOTHING);
			obey(&then, action);
			explore(next, then, depth - 1);
		}
	}
}

static void test_all_sequences(void **unused)
{
	struct owner nothing = { false, false, false };

	(void)unused;
	explore(FE_WAITING, nothing, 6);
	assert_true(explored > 100000);
}

static void test_names(void **unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < FE_STATE_COUNT; i++)
		assert_true(strlen(fe_machine_name(i)) > 3);
	assert_string_equal(fe_machine_name(FE_STATE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_ready_twice),
		cmocka_unit_test(test_stale_backend),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_unplug),
		cmocka_unit_test(test_unplug_unserved),
		cmocka_unit_test(test_unplug_undone),
		cmocka_unit_test(test_all_sequences),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
