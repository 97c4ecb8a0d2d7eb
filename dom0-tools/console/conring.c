/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conring.c: moving bytes over a guest's console page.
 *
 * The guest may write anything to the page at any time: each of its indices
 * is read once and checked, and data is copied away before it is used.
 */
#include "console/conring.h"

#include <errno.h>
#include <string.h>

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

void conring_attach(struct conring *r, struct xencons_interface *page)
{
	r->page = page;
	r->out_cons = READ_ONCE(page->out_cons);
	r->in_prod = READ_ONCE(page->in_prod);
}

int conring_take(struct conring *r, char *buf, size_t room)
{
	const uint32_t size = sizeof(r->page->out);
	uint32_t prod = READ_ONCE(r->page->out_prod), off, first;
	uint32_t n = prod - r->out_cons;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (n > size) {
		r->out_cons = prod;
		WRITE_ONCE(r->page->out_cons, prod);
		return -EIO;
	}
	if (n > room)
		n = (uint32_t)room;
	off = r->out_cons & (size - 1);
	first = size - off < n ? size - off : n;
	memcpy(buf, r->page->out + off, first);
	memcpy(buf + first, r->page->out, n - first);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->out_cons += n;
	if (n)
		WRITE_ONCE(r->page->out_cons, r->out_cons);
	return (int)n;
}

size_t conring_input_room(const struct conring *r)
{
	const uint32_t size = sizeof(r->page->in);
	uint32_t n = r->in_prod - READ_ONCE(r->page->in_cons);

	return n > size ? 0 : size - n;
}

void conring_give(struct conring *r, const char *data, size_t len)
{
	const uint32_t size = sizeof(r->page->in);
	uint32_t off = r->in_prod & (size - 1);
	size_t first = size - off < len ? size - off : len;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(r->page->in + off, data, first);
	memcpy(r->page->in, data + first, len - first);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	r->in_prod += (uint32_t)len;
	WRITE_ONCE(r->page->in_prod, r->in_prod);
}
