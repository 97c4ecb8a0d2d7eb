/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_store.c: several clients send a whole store whatever the input says.
 *
 * Each step is one byte of who, one of what, and a body made of a small
 * vocabulary (so that paths meet) or of raw bytes.  The fixture checks that
 * every request gets one reply of the right kind, and at the end that the
 * store's accounts and counts agree with its tree.
 */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
	"/",	     "/a",     "/a/b",	"/a/b/c", "/local/domain/5/data",
	"data",	     "data/x", "data/x/y", "@releaseDomain", "@introduceDomain",
	"n5",	     "r5",     "b6",	"n0",	  "w5",
	"T",	     "F",      "5",	"6",	  "0",
	"1",	     "token",  "",	"/tool",  "set",
	"quota",     "check",  "help",	"nodes",  "/local/domain/5",
	"memreport", "@x",
};

#define WORDS (sizeof(words) / sizeof(words[0]))

struct in {
	const uint8_t *p;
	size_t left;
};

static uint8_t next(struct in *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static size_t make_body(struct in *in, char *body, size_t max)
{
	uint8_t shape = next(in);
	size_t len = 0, n;
	unsigned int i;

	if (shape & 0x80) {
		n = shape & 0x3f;
		for (i = 0; i < n; i++)
			body[len++] = (char)next(in);
		return len;
	}
	for (i = 0; i < 1 + (shape & 3u); i++) {
		const char *w = words[next(in) % WORDS];

		n = strlen(w) + 1;
		if (len + n > max)
			break;
		memcpy(body + len, w, n);
		len += n;
	}
	if (shape & 0x40)
		len--;
	return len;
}

static void set_up(struct fx *fx, struct client **c)
{
	fx_init(fx);
	c[0] = fx_socket(fx);
	c[1] = fx_domain(fx, 5);
	c[2] = fx_domain(fx, 6);
	fx_mkdir(c[0], 0, "/local/domain/5/data");
	fx_chmod(c[0], 0, "/local/domain/5", "n0 r5");
	fx_chmod(c[0], 0, "/local/domain/5/data", "n5 b6");
	fx->s.quota.nodes = 12;
	fx->s.quota.watches = 4;
	fx->s.quota.txn_nodes = 8;
	fx->s.quota.transactions = 3;
	fx->s.quota.memory = 20000;
}

/* A domain may have gone by somebody's request: look each time. */
static struct client *pick(struct fx *fx, struct client *tool, uint8_t who)
{
	struct domain *d;

	if (who % 3 == 0)
		return tool;
	d = store_domain(&fx->s, 4u + who % 3);
	return d && d->client ? d->client : fx_domain(fx, 4u + who % 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in in = { data, size };
	struct fx_reply r;
	struct client *c[3], *now;
	char body[512];
	struct fx fx;
	size_t len;

	set_up(&fx, c);
	while (in.left) {
		uint8_t who = next(&in), op = next(&in), tx = next(&in);

		now = pick(&fx, c[0], who);
		if (op == 0xff) {
			fx_kill(&fx, 5 + tx % 2u);
			continue;
		}
		fx_drain(now);
		fx.now_ms += 1000;
		len = make_body(&in, body, sizeof(body));
		fx_request(now, op % (XS_TYPE_COUNT + 2u),
			   tx < 0x80 ? 0 : tx & 3u, body, len, &r);
	}
	fx_end(&fx);
	return 0;
}
