/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mux.c: a ring of the newest bytes.
 *
 * Invariant: the byte numbered n, if kept, lies at buf[n % cap]; kept are the
 * numbers from max(0, head - cap) up to head.  Growing copies what is kept to
 * its new places.
 */
#include "console/mux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MUX_FIRST 4096u
#define MUX_MOST (16u << 20)

void mux_init(struct mux *m, size_t limit)
{
	size_t size = MUX_FIRST;

	while (size < limit && size < MUX_MOST)
		size *= 2;
	*m = (struct mux){ .limit = size };
}

void mux_free(struct mux *m)
{
	free(m->buf);
	*m = (struct mux){ 0 };
}

uint64_t mux_oldest(const struct mux *m)
{
	return m->head > m->cap ? m->head - m->cap : 0;
}

/* Copies @len bytes to where the byte numbered @at belongs. */
static void place(char *buf, size_t cap, uint64_t at, const char *data,
		  size_t len)
{
	size_t off = at & (cap - 1), first = cap - off;

	if (first > len)
		first = len;
	memcpy(buf + off, data, first);
	memcpy(buf, data + first, len - first);
}

static void grow(struct mux *m, size_t want)
{
	size_t cap = m->cap ? m->cap : MUX_FIRST, len;
	uint64_t pos = mux_oldest(m);
	const char *data;
	char *buf;

	while (cap < want && cap < m->limit)
		cap *= 2;
	if (cap == m->cap)
		return;
	buf = malloc(cap);
	if (!buf)
		return;
	while ((len = mux_peek(m, &pos, &data))) {
		place(buf, cap, pos, data, len);
		pos += len;
	}
	free(m->buf);
	m->buf = buf;
	m->cap = cap;
}

int mux_write(struct mux *m, const char *data, size_t len)
{
	uint64_t kept = m->head - mux_oldest(m);

	if (m->cap < m->limit && kept + len > m->cap)
		grow(m, kept + len);
	if (!m->cap)
		return -ENOMEM;
	if (len > m->cap) {
		m->head += len - m->cap;
		data += len - m->cap;
		len = m->cap;
	}
	place(m->buf, m->cap, m->head, data, len);
	m->head += len;
	return 0;
}

size_t mux_peek(const struct mux *m, uint64_t *pos, const char **data)
{
	uint64_t oldest = mux_oldest(m), left;
	size_t off;

	if (*pos < oldest)
		*pos = oldest;
	if (*pos >= m->head)
		return 0;
	left = m->head - *pos;
	off = *pos & (m->cap - 1);
	*data = m->buf + off;
	return left < m->cap - off ? (size_t)left : m->cap - off;
}

uint64_t mux_behind(const struct mux *m, uint64_t pos)
{
	return pos < m->head ? m->head - pos : 0;
}
