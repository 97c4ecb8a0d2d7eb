/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rate.h: so many bytes in each span of time.
 *
 * Credit that is not used is kept, up to one span's or BURST, whichever is
 * more, so that a packet of any size passes in the end.  An all-zero bucket
 * has no limit.
 */
#ifndef DOM0_NETBACK_RATE_H
#define DOM0_NETBACK_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_BURST 131072u

struct rate {
	uint64_t bytes, usec;	/* the limit; bytes == 0: none */
	uint64_t credit;
	uint64_t span_end;	/* when more comes, in usec of any clock */
};

static inline void rate_init(struct rate *r, uint64_t bytes, uint64_t usec,
			     uint64_t now)
{
	*r = (struct rate){ 0 };
	if (!bytes || !usec)
		return;
	r->bytes = bytes;
	r->usec = usec;
	r->credit = bytes;
	r->span_end = now + usec;
}

static inline bool rate_limited(const struct rate *r)
{
	return r->bytes != 0;
}

static inline void rate_refill(struct rate *r, uint64_t now)
{
	uint64_t most = r->bytes > RATE_BURST ? r->bytes : RATE_BURST;
	uint64_t spans;

	if (now < r->span_end)
		return;
	spans = (now - r->span_end) / r->usec + 1;
	r->span_end += spans * r->usec;
	if (spans > most / r->bytes + 1)
		spans = most / r->bytes + 1;
	r->credit += spans * r->bytes;
	if (r->credit > most)
		r->credit = most;
}

/* May @len bytes pass at @now?  If so they are charged. */
static inline bool rate_take(struct rate *r, uint32_t len, uint64_t now)
{
	if (!r->bytes)
		return true;
	rate_refill(r, now);
	if (len > r->credit)
		return false;
	r->credit -= len;
	return true;
}

#endif
