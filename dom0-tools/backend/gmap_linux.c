// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gmap_linux.c: a frontend's memory and events through Linux's devices.
 *
 * State: two descriptors and, in scratch, the window of every mapping, since
 * gntdev wants the offset back that it gave.  Copies go to the kernel in
 * batches of a fixed size on the stack, so that a call needs no memory.
 */
#include "gmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <abi/grant.h>
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#define COPY_BATCH 128
#define MAP_MOST 8192

/* Room for one map request with its references. */
struct scratch {
	struct ioctl_gntdev_map_grant_ref map;
	struct ioctl_gntdev_grant_ref more[MAP_MOST - 1];
};

static int linux_map(struct gmap *g, int writable, const uint32_t *refs,
		     size_t count, void **out)
{
	struct ioctl_gntdev_map_grant_ref *m =
		&((struct scratch *)g->scratch)->map;
	struct ioctl_gntdev_unmap_grant_ref undo = { .count = (uint32_t)count };
	void *p;
	int rc;

	if (!count || count > MAP_MOST)
		return -EINVAL;
	m->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		struct ioctl_gntdev_grant_ref *r =
			(struct ioctl_gntdev_grant_ref *)(void *)m->refs + i;

		*r = (struct ioctl_gntdev_grant_ref){ g->domid, refs[i] };
	}
	if (ioctl(g->gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, m))
		return -errno;
	p = mmap(NULL, count * GMAP_PAGE,
		 PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED,
		 g->gntdev, (off_t)m->index);
	if (p == MAP_FAILED) {
		rc = -errno;
		undo.index = m->index;
		ioctl(g->gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &undo);
		return rc;
	}
	*out = p;
	return 0;
}

static int linux_unmap(struct gmap *g, void *addr, size_t count)
{
	struct ioctl_gntdev_get_offset_for_vaddr where = {
		.vaddr = (uintptr_t)addr,
	};
	struct ioctl_gntdev_unmap_grant_ref undo = { .count = (uint32_t)count };

	if (ioctl(g->gntdev, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where))
		return -errno;
	if (munmap(addr, count * GMAP_PAGE))
		return -errno;
	undo.index = where.offset;
	return ioctl(g->gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &undo) ? -errno
								     : 0;
}

static void set_segment(const struct gmap *g, const struct gmap_copy *c,
			struct gntdev_grant_copy_segment *s)
{
	*s = (struct gntdev_grant_copy_segment){ .len = c->len };
	if (c->to_guest) {
		s->source.virt = c->local;
		s->dest.foreign.ref = c->ref;
		s->dest.foreign.offset = c->offset;
		s->dest.foreign.domid = (domid_t)g->domid;
		s->flags = GNTCOPY_dest_gref;
	} else {
		s->source.foreign.ref = c->ref;
		s->source.foreign.offset = c->offset;
		s->source.foreign.domid = (domid_t)g->domid;
		s->dest.virt = c->local;
		s->flags = GNTCOPY_source_gref;
	}
}

static int copy_batch(struct gmap *g, struct gmap_copy *c, size_t count)
{
	struct gntdev_grant_copy_segment seg[COPY_BATCH];
	struct ioctl_gntdev_grant_copy call = {
		.count = (uint32_t)count,
		.segments = seg,
	};

	for (size_t i = 0; i < count; i++)
		set_segment(g, &c[i], &seg[i]);
	if (ioctl(g->gntdev, IOCTL_GNTDEV_GRANT_COPY, &call))
		return -errno;
	for (size_t i = 0; i < count; i++)
		c[i].status = seg[i].status == GNTST_okay ? 0 : -EFAULT;
	return 0;
}

static int linux_copy(struct gmap *g, struct gmap_copy *c, size_t count)
{
	while (count) {
		size_t n = count < COPY_BATCH ? count : COPY_BATCH;
		int rc = copy_batch(g, c, n);

		if (rc)
			return rc;
		c += n;
		count -= n;
	}
	return 0;
}

static int linux_notify(struct gmap *g, uint32_t port)
{
	struct ioctl_evtchn_notify n = { .port = port };

	return ioctl(g->evtchn, IOCTL_EVTCHN_NOTIFY, &n) ? -errno : 0;
}

static int linux_pending(struct gmap *g, uint32_t *ports, size_t room)
{
	ssize_t n = read(g->evtchn, ports, room * sizeof(*ports));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return (int)((size_t)n / sizeof(*ports));
}

static int linux_unmask(struct gmap *g, const uint32_t *ports, size_t count)
{
	ssize_t n = write(g->evtchn, ports, count * sizeof(*ports));

	return n < 0 ? -errno : 0;
}

static const struct gmap_ops linux_ops = {
	.map = linux_map,
	.unmap = linux_unmap,
	.copy = linux_copy,
	.notify = linux_notify,
	.pending = linux_pending,
	.unmask = linux_unmask,
};

int gmap_open(struct gmap *g, int gntdev, int evtchn, uint32_t domid)
{
	void *scratch = calloc(1, sizeof(struct scratch));

	if (!scratch)
		return -ENOMEM;
	*g = (struct gmap){ &linux_ops, gntdev, evtchn, domid, scratch };
	return 0;
}

void gmap_close(struct gmap *g)
{
	free(g->scratch);
	if (g->gntdev >= 0)
		close(g->gntdev);
	if (g->evtchn >= 0)
		close(g->evtchn);
	*g = (struct gmap){ .gntdev = -1, .evtchn = -1 };
}
