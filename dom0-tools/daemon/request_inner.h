/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_inner.h: what the files with requests' functions share; for
 * daemon/request*.c alone.
 */
#ifndef DOM0_DAEMON_REQUEST_INNER_H
#define DOM0_DAEMON_REQUEST_INNER_H

#include "../lib/json.h"
#include "request.h"

struct request {
	struct outcome out;	/* of what it waits for */
	struct requester *who;	/* NULL when gone */
	struct toolstack *ts;
	yajl_val args;
	uint32_t domid;
	uint8_t uuid[16];	/* of a domain that is being ended */
	struct guest *guest;	/* NULL: not made by this toolstack */
	const char *target;	/* as the client named it */
	struct strbuf text;	/* the answer in the making */
	struct jw writer, *answer;
	struct fail *fail;	/* that of out */
	bool answered, later;
};

/* What a function says that ends with request_finish() itself. */
#define REQUEST_LATER 1

/* Answers; @r may be gone afterwards. */
void request_finish(struct request *r, int rc);
/* "The request's NAME is missing or wrong." */
int request_bad_argument(struct request *r, const char *name);

/* ---- request_dev.c ---- */

int do_device_attach(struct request *r);
int do_device_detach(struct request *r);

/* ---- request_backend.c ---- */

int do_device_request(struct request *r);
int do_block_resize(struct request *r);
int do_media(struct request *r);

#endif
