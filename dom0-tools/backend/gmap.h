/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gmap.h: a backend's way to its frontend's memory and event channels, over
 * descriptors that were handed to it.
 *
 * A `struct gmap` goes through its operations, so that the tests can put
 * shared memory and sockets in the place of grants and event channels.
 * gmap_open() is in gmap_linux.c; a test program links its own.
 * Functions return 0 or -errno.  One thread.
 */
#ifndef DOM0_BACKEND_GMAP_H
#define DOM0_BACKEND_GMAP_H

#include <stddef.h>
#include <stdint.h>

#define GMAP_PAGE 4096u

struct gmap;

/* One copy between private memory and a part of one granted page. */
struct gmap_copy {
	void *local;
	uint32_t ref;
	uint16_t offset;	/* in the granted page */
	uint16_t len;		/* offset + len <= GMAP_PAGE */
	int16_t status;		/* out: 0 or -errno */
	uint8_t to_guest;
};

struct gmap_ops {
	/* Maps @count granted pages as one range; all or nothing. */
	int (*map)(struct gmap *g, int writable, const uint32_t *refs,
		   size_t count, void **out);
	int (*unmap)(struct gmap *g, void *addr, size_t count);
	/*
	 * Does @count copies, each with a status of its own.  Nonzero if the
	 * call as a whole failed; no status is set then.
	 */
	int (*copy)(struct gmap *g, struct gmap_copy *c, size_t count);
	/* Sends an event to the frontend. */
	int (*notify)(struct gmap *g, uint32_t port);
	/*
	 * Takes pending ports, which are then masked, into @ports: how many,
	 * 0 if there are none.
	 */
	int (*pending)(struct gmap *g, uint32_t *ports, size_t room);
	/* Unmasks ports. */
	int (*unmask)(struct gmap *g, const uint32_t *ports, size_t count);
};

struct gmap {
	const struct gmap_ops *ops;
	int gntdev, evtchn;	/* -1 when not given; owned */
	uint32_t domid;		/* of the frontend */
	void *scratch;		/* the implementation's */
};

/* Takes over both descriptors.  @g->evtchn polls readable on events. */
int gmap_open(struct gmap *g, int gntdev, int evtchn, uint32_t domid);
void gmap_close(struct gmap *g);

static inline int gmap_map(struct gmap *g, int writable, const uint32_t *refs,
			   size_t count, void **out)
{
	return g->ops->map(g, writable, refs, count, out);
}

static inline int gmap_unmap(struct gmap *g, void *addr, size_t count)
{
	return addr ? g->ops->unmap(g, addr, count) : 0;
}

static inline int gmap_copy(struct gmap *g, struct gmap_copy *c, size_t count)
{
	return g->ops->copy(g, c, count);
}

static inline int gmap_notify(struct gmap *g, uint32_t port)
{
	return g->ops->notify(g, port);
}

static inline int gmap_pending(struct gmap *g, uint32_t *ports, size_t room)
{
	return g->ops->pending(g, ports, room);
}

static inline int gmap_unmask(struct gmap *g, const uint32_t *ports,
			      size_t count)
{
	return g->ops->unmask(g, ports, count);
}

#endif
