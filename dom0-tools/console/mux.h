/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mux.h: the last bytes of a guest's output, for any number of readers.
 *
 * Output is numbered from the beginning of the console.  The buffer keeps the
 * newest `limit` bytes; a reader is a position in the numbering, and one that
 * is too slow silently continues with the oldest byte still kept.  Nobody
 * waits for anybody.  No I/O.
 */
#ifndef CONSOLE_MUX_H
#define CONSOLE_MUX_H

#include <stddef.h>
#include <stdint.h>

struct mux {
	char *buf;
	size_t cap;		/* a power of two, at most limit */
	size_t limit;		/* a power of two */
	uint64_t head;		/* number of the next byte to come */
};

/* Rounds @limit to a power of two within sane bounds.  Allocates nothing. */
void mux_init(struct mux *m, size_t limit);
void mux_free(struct mux *m);

/* Without memory to grow, older bytes go earlier.  -ENOMEM only if there is
 * no buffer at all. */
int mux_write(struct mux *m, const char *data, size_t len);

/* The position of the oldest byte kept. */
uint64_t mux_oldest(const struct mux *m);
/*
 * What the reader at *@pos can have: *@data and a length (in one piece, so
 * perhaps not all), 0 at the end.  *@pos moves up if its bytes are gone.
 */
size_t mux_peek(const struct mux *m, uint64_t *pos, const char **data);
/* How far behind the newest byte a reader is. */
uint64_t mux_behind(const struct mux *m, uint64_t pos);

#endif
