/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sm.h: what a backend's side of a connection does next.  Pure: facts in,
 * action out; no I/O and no state of its own.
 *
 * The states are looked at as levels, not as changes: whoever learns of a
 * change asks again with all facts, and while something is under way (the
 * phase is busy) facts are only collected.  So no order of events and no
 * frontend that skips states can leave a device between two steps.
 */
#ifndef DEVD_SM_H
#define DEVD_SM_H

#include <stdbool.h>
#include <stdint.h>

/* XenbusState, with 0 for a folder that does not exist. */
enum xb_state {
	XB_GONE, XB_INITIALISING, XB_INITWAIT, XB_INITIALISED, XB_CONNECTED,
	XB_CLOSING, XB_CLOSED, XB_STATES
};

enum sm_phase {
	PH_NEW,		/* nothing is open */
	PH_IDLE,	/* a backend runs and serves no rings */
	PH_CONNECTED,	/* a backend serves rings */
	PH_ENDED,	/* all was let go */
	PH_FAILED,	/* could not be brought up; nothing is open */
	PH_DECIDES,	/* below: phases in which sm_decide() is asked */
	/* Busy: something was asked for and its end is awaited. */
	PH_OPENING = PH_DECIDES,	/* target, script, interface */
	PH_STARTING,	/* HELLO, READY */
	PH_CONNECTING,
	PH_DISCONNECTING,
	PH_QUIESCING,	/* before another program takes over */
	PH_ENDING,	/* the process ends for good */
	PH_PHASES
};

enum sm_action {
	SM_NONE,
	SM_OPEN,	/* open the target and start a backend */
	SM_INITWAIT,	/* own state 2 */
	SM_CONNECT,	/* read what the frontend announces and serve it */
	SM_DISCONNECT,	/* let the rings go, then ask again */
	SM_CLOSING,	/* own state 5 */
	SM_CLOSED,	/* own state 6 */
	SM_END,		/* own state 6, end the backend, let all go */
};

struct sm_facts {
	enum sm_phase phase;
	enum xb_state own;
	enum xb_state fe;
	bool online;
};

/* What to do; SM_NONE in busy phases, and when all is as it should be. */
enum sm_action sm_decide(const struct sm_facts *f);

/* A frontend's `state`: anything unexpected is no reason to act. */
enum xb_state sm_parse_state(const char *text);

const char *sm_phase_name(enum sm_phase phase);

#endif
