// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_fake_gmap.c: gmap_open() over a memfd and a socket (see blk_fake.h).
 *
 * State: a window onto the whole memfd in gmap.scratch; the ports that came and
 * were not told yet.  One thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/gmap.h"
#include "blk_fake.h"

#define BYTES ((size_t)FAKE_PAGES * GMAP_PAGE)

long fake_mapped;
void (*fake_strike)(void);

static uint32_t untold[FAKE_PORTS];
static size_t nr_untold;

static int granted(const struct gmap *g, uint32_t ref, int writable)
{
	const volatile uint8_t *table = g->scratch;

	if (!ref || ref >= FAKE_PAGES || ref >= GMAP_PAGE)
		return 0;
	return table[ref] == FAKE_GRANT_RW ||
	       (!writable && table[ref] == FAKE_GRANT_RO);
}

static int fake_map(struct gmap *g, int writable, const uint32_t *refs,
		    size_t count, void **out)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	uint8_t *at;

	for (size_t i = 0; i < count; i++)
		if (!granted(g, refs[i], writable))
			return -EINVAL;
	at = mmap(NULL, count * GMAP_PAGE, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (mmap(at + i * GMAP_PAGE, GMAP_PAGE, prot,
			 MAP_SHARED | MAP_FIXED, g->gntdev,
			 (off_t)refs[i] * GMAP_PAGE) == MAP_FAILED)
			return -errno;
	fake_mapped += (long)count;
	*out = at;
	return 0;
}

static int fake_unmap(struct gmap *g, void *addr, size_t count)
{
	(void)g;
	fake_mapped -= (long)count;
	return munmap(addr, count * GMAP_PAGE) ? -errno : 0;
}

static int fake_copy(struct gmap *g, struct gmap_copy *c, size_t count)
{
	if (fake_strike)
		fake_strike();
	for (size_t i = 0; i < count; i++) {
		uint8_t *page = (uint8_t *)g->scratch +
				(size_t)c[i].ref * GMAP_PAGE + c[i].offset;

		c[i].status = -EFAULT;
		if (!granted(g, c[i].ref, c[i].to_guest) ||
		    c[i].offset + c[i].len > GMAP_PAGE)
			continue;
		if (c[i].to_guest)
			memcpy(page, c[i].local, c[i].len);
		else
			memcpy(c[i].local, page, c[i].len);
		c[i].status = 0;
	}
	return 0;
}

static int fake_notify(struct gmap *g, uint32_t port)
{
	/* A full socket holds events enough. */
	return write(g->evtchn, &port, sizeof(port)) < 0 && errno != EAGAIN ?
		       -errno : 0;
}

static uint8_t *events_of(const struct gmap *g)
{
	return (uint8_t *)g->scratch + (size_t)FAKE_EVENTS * GMAP_PAGE;
}

static size_t read_ports(struct gmap *g, uint32_t *ports, size_t room)
{
	size_t n = 0;

	while (n < room && read(g->evtchn, &ports[n], sizeof(*ports)) ==
				   sizeof(*ports))
		n++;
	return n;
}

/* All that came is masked; what wakes the poll is then at its end. */
static void pull(struct gmap *g)
{
	uint8_t *events = events_of(g);
	uint32_t port;

	while (nr_untold < FAKE_PORTS && read_ports(g, &port, 1)) {
		if (port >= FAKE_PORTS)
			continue;
		if (__atomic_fetch_or(&events[port], FAKE_MASKED,
				      __ATOMIC_SEQ_CST) & FAKE_MASKED)
			__atomic_fetch_or(&events[port], FAKE_RAISED,
					  __ATOMIC_SEQ_CST);
		else
			untold[nr_untold++] = port;
	}
}

static int fake_pending(struct gmap *g, uint32_t *ports, size_t room)
{
	if (!events_of(g)[FAKE_MASKS])
		return (int)read_ports(g, ports, room);
	if (!room)
		return 0;
	pull(g);
	if (!nr_untold)
		return 0;
	*ports = untold[--nr_untold];
	return 1;
}

static int fake_unmask(struct gmap *g, const uint32_t *ports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i] < FAKE_PORTS)
			__atomic_fetch_and(&events_of(g)[ports[i]],
					   (uint8_t)~FAKE_MASKED,
					   __ATOMIC_SEQ_CST);
	return 0;
}

static const struct gmap_ops fake_ops = {
	.map = fake_map,
	.unmap = fake_unmap,
	.copy = fake_copy,
	.notify = fake_notify,
	.pending = fake_pending,
	.unmask = fake_unmask,
};

int gmap_open(struct gmap *g, int gntdev, int evtchn, uint32_t domid)
{
	void *all = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			 gntdev, 0);

	if (all == MAP_FAILED)
		return -errno;
	*g = (struct gmap){ &fake_ops, gntdev, evtchn, domid, all };
	return 0;
}

void gmap_close(struct gmap *g)
{
	munmap(g->scratch, BYTES);
	if (g->gntdev >= 0)
		close(g->gntdev);
	if (g->evtchn >= 0)
		close(g->evtchn);
	*g = (struct gmap){ .gntdev = -1, .evtchn = -1 };
}
