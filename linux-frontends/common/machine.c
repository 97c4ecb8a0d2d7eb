// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection's table; see machine.h.  Four rules deserve a word.  A backend
 * that is ready while rings are offered has merely been seen twice: the store
 * announces a state again when it is watched anew, so only a device that was
 * live takes it for a new backend.  An unplugged device waits for its users only
 * while somebody serves its rings: without them they would wait for nothing.
 * A backend that is connected or closing while rings are awaited serves what
 * was here before (another driver, or this one before it was unbound): it is
 * told that this is over, or each side would wait for the other.  And a device
 * that failed stays so, whatever its backend says later.
 */
#include "machine.h"

struct step {
	u8 action;
	u8 next;
};

#define STAY(act, state)	{ FE_DO_##act, FE_##state }

static const struct step table[FE_STATE_COUNT][FE_EVENT_COUNT] = {
	[FE_WAITING] = {
		[FE_EV_READY] = { FE_DO_OFFER, FE_OFFERED },
		[FE_EV_CONNECTED] = STAY(HANG_UP, WAITING),
		[FE_EV_CLOSING] = STAY(HANG_UP, WAITING),
		[FE_EV_CLOSED] = STAY(REOPEN, WAITING),
		[FE_EV_UNPLUGGED] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_GONE] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_RESUMED] = { FE_DO_RESET, FE_WAITING },
		[FE_EV_IDLE] = STAY(NOTHING, WAITING),
		[FE_EV_FAILED] = { FE_DO_FAIL, FE_FAILED },
	},
	[FE_OFFERED] = {
		[FE_EV_READY] = STAY(NOTHING, OFFERED),
		[FE_EV_CONNECTED] = { FE_DO_START, FE_LIVE },
		[FE_EV_CLOSING] = { FE_DO_RELEASE, FE_WAITING },
		[FE_EV_CLOSED] = { FE_DO_RENEW, FE_WAITING },
		[FE_EV_UNPLUGGED] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_GONE] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_RESUMED] = { FE_DO_RESET, FE_WAITING },
		[FE_EV_IDLE] = STAY(NOTHING, OFFERED),
		[FE_EV_FAILED] = { FE_DO_FAIL, FE_FAILED },
	},
	[FE_LIVE] = {
		[FE_EV_READY] = { FE_DO_REOFFER, FE_OFFERED },
		[FE_EV_CONNECTED] = STAY(REFRESH, LIVE),
		[FE_EV_CLOSING] = { FE_DO_RELEASE, FE_WAITING },
		[FE_EV_CLOSED] = { FE_DO_RENEW, FE_WAITING },
		[FE_EV_UNPLUGGED] = { FE_DO_LEAVE, FE_LEAVING },
		[FE_EV_GONE] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_RESUMED] = { FE_DO_RESET, FE_WAITING },
		[FE_EV_IDLE] = STAY(NOTHING, LIVE),
		[FE_EV_FAILED] = { FE_DO_FAIL, FE_FAILED },
	},
	[FE_LEAVING] = {
		[FE_EV_READY] = { FE_DO_REOFFER, FE_OFFERED },
		[FE_EV_CONNECTED] = STAY(REFRESH, LEAVING),
		[FE_EV_CLOSING] = { FE_DO_RELEASE, FE_WAITING },
		[FE_EV_CLOSED] = { FE_DO_RENEW, FE_WAITING },
		[FE_EV_UNPLUGGED] = STAY(NOTHING, LEAVING),
		[FE_EV_GONE] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_RESUMED] = { FE_DO_RESET, FE_WAITING },
		[FE_EV_IDLE] = { FE_DO_CLOSE, FE_CLOSED },
		[FE_EV_FAILED] = { FE_DO_FAIL, FE_FAILED },
	},
	[FE_CLOSED] = {
		[FE_EV_READY] = STAY(NOTHING, CLOSED),
		[FE_EV_CONNECTED] = STAY(NOTHING, CLOSED),
		[FE_EV_CLOSING] = STAY(NOTHING, CLOSED),
		[FE_EV_CLOSED] = STAY(NOTHING, CLOSED),
		[FE_EV_UNPLUGGED] = STAY(NOTHING, CLOSED),
		[FE_EV_GONE] = STAY(NOTHING, CLOSED),
		[FE_EV_RESUMED] = STAY(NOTHING, CLOSED),
		[FE_EV_IDLE] = STAY(NOTHING, CLOSED),
		[FE_EV_FAILED] = STAY(NOTHING, CLOSED),
	},
	[FE_FAILED] = {
		[FE_EV_READY] = STAY(NOTHING, FAILED),
		[FE_EV_CONNECTED] = STAY(NOTHING, FAILED),
		[FE_EV_CLOSING] = STAY(NOTHING, FAILED),
		[FE_EV_CLOSED] = STAY(NOTHING, FAILED),
		[FE_EV_UNPLUGGED] = STAY(NOTHING, FAILED),
		[FE_EV_GONE] = STAY(NOTHING, FAILED),
		[FE_EV_RESUMED] = STAY(NOTHING, FAILED),
		[FE_EV_IDLE] = STAY(NOTHING, FAILED),
		[FE_EV_FAILED] = STAY(NOTHING, FAILED),
	},
};

enum fe_action fe_machine_step(enum fe_state *state, enum fe_event event,
			       bool in_use)
{
	struct step step = table[*state][event];

	if (step.action == FE_DO_LEAVE && !in_use) {
		*state = FE_CLOSED;
		return FE_DO_CLOSE;
	}
	*state = step.next;
	return step.action;
}

const char *fe_machine_name(enum fe_state state)
{
	static const char *const name[] = {
		[FE_WAITING] = "waiting", [FE_OFFERED] = "offered",
		[FE_LIVE] = "live", [FE_LEAVING] = "leaving",
		[FE_CLOSED] = "closed", [FE_FAILED] = "failed",
	};

	return state < FE_STATE_COUNT ? name[state] : "?";
}
