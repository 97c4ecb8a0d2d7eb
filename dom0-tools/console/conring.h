/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conring.h: the page that a guest's console lives on, seen from the other
 * end.
 */
#ifndef CONSOLE_CONRING_H
#define CONSOLE_CONRING_H

#include <abi/io/console.h>
#include <stddef.h>
#include <stdint.h>

struct conring {
	struct xencons_interface *page;
	uint32_t out_cons;	/* this side's indices: written to the page, */
	uint32_t in_prod;	/* never read back from it */
};

void conring_attach(struct conring *r, struct xencons_interface *page);

/*
 * Takes what the guest wrote, at most @room bytes.  The number of bytes, or
 * -EIO if the guest's index is impossible; the ring is then started over.
 */
int conring_take(struct conring *r, char *buf, size_t room);
/* How many bytes of input fit now; an impossible index counts as none. */
size_t conring_input_room(const struct conring *r);
/* Gives @len bytes, which must fit. */
void conring_give(struct conring *r, const char *data, size_t len);

#endif
