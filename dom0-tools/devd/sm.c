// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sm.c: the table behind sm_decide(): one row for each phase and each value
 * of `online`, one column for each state of the frontend.  No state, no I/O.
 */
#include "devd/sm.h"

#include <stddef.h>

/*
 * Columns: gone, Initialising, InitWait, Initialised, Connected, Closing,
 * Closed.  Whoever sets `online` to 0 also writes Closing, but that may have
 * been overwritten by a state that was on its way: it is written again.
 */
static const uint8_t table[PH_DECIDES][2][XB_STATES] = {
	[PH_NEW] = {
		{ SM_END, SM_END, SM_END, SM_END, SM_END, SM_END, SM_END },
		{ SM_NONE, SM_OPEN, SM_OPEN, SM_OPEN, SM_OPEN, SM_OPEN,
		  SM_OPEN },
	},
	[PH_IDLE] = {
		{ SM_END, SM_END, SM_END, SM_CLOSING, SM_CLOSING, SM_CLOSING,
		  SM_END },
		{ SM_END, SM_INITWAIT, SM_INITWAIT, SM_CONNECT, SM_CONNECT,
		  SM_CLOSING, SM_CLOSED },
	},
	/* A frontend that is unplugged and says Closing may have users still,
	 * as that of Linux before 5.14: the rings are served until it closes. */
	[PH_CONNECTED] = {
		{ SM_DISCONNECT, SM_DISCONNECT, SM_DISCONNECT, SM_CLOSING,
		  SM_CLOSING, SM_CLOSING, SM_DISCONNECT },
		{ SM_DISCONNECT, SM_DISCONNECT, SM_DISCONNECT, SM_NONE,
		  SM_NONE, SM_DISCONNECT, SM_DISCONNECT },
	},
	/* PH_ENDED and PH_FAILED wait for the toolstack: all zero. */
};

/* What there is no need, or no reason, to do in this own state. */
static bool settled(enum sm_action a, enum xb_state own)
{
	switch (a) {
	case SM_INITWAIT:
		return own == XB_INITWAIT;
	case SM_CLOSING:
		/* Closed after Closing is the frontend's next step, not ours. */
		return own == XB_CLOSING || own == XB_CLOSED;
	case SM_CLOSED:
		return own == XB_CLOSED;
	case SM_CONNECT:
		/* What was refused is not tried again. */
		return own == XB_CLOSING || own == XB_CLOSED;
	default:
		return false;
	}
}

enum sm_action sm_decide(const struct sm_facts *f)
{
	enum sm_action a;

	if (f->phase >= PH_DECIDES || f->fe >= XB_STATES)
		return SM_NONE;
	a = table[f->phase][f->online][f->fe];
	return settled(a, f->own) ? SM_NONE : a;
}

enum xb_state sm_parse_state(const char *text)
{
	if (text[0] < '1' || text[0] > '6' || text[1])
		return XB_STATES;
	return (enum xb_state)(text[0] - '0');
}

const char *sm_phase_name(enum sm_phase phase)
{
	static const char *const name[PH_PHASES] = {
		"new", "idle", "connected", "ended", "failed", "opening",
		"starting", "connecting", "disconnecting", "quiescing",
		"ending",
	};

	return phase < PH_PHASES ? name[phase] : "?";
}
