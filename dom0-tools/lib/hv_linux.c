// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hv_linux.c: struct hv_ops over the devices of a Linux control domain.
 *
 * State: one descriptor per device (privcmd, its hypercall-buffer companion,
 * evtchn, gntdev), each opened on first use and closed on exec.  Invariants:
 * hypercall buffers are whole pages that the kernel neither moves nor shares
 * with a child (/dev/xen/hypercall where the kernel has it, else locked
 * anonymous memory); a mapping handed out is a range of its own that the
 * matching unmap removes whole.  One thread, no locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <abi/core.h>
#include <abi/grant.h>
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#include "hv.h"

/*
 * privcmd's interface.  (Linux's own header for it includes a file that is
 * not installed with it.)
 */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

struct privcmd_mmapbatch_v2 {
	unsigned int num;
	domid_t dom;
	uint64_t addr;
	const xen_pfn_t *arr;
	int *err;
};

#define PRIVCMD_IOC(nr, type) _IOC(_IOC_NONE, 'P', nr, sizeof(type))
#define IOCTL_PRIVCMD_HYPERCALL PRIVCMD_IOC(0, struct privcmd_hypercall)
#define IOCTL_PRIVCMD_MMAPBATCH_V2 PRIVCMD_IOC(4, struct privcmd_mmapbatch_v2)

#define FD_NONE (-1)

struct hv_linux {
	struct hv hv;
	int privcmd, bufdev, evtchn, gntdev;
	bool no_bufdev;		/* kernel without /dev/xen/hypercall */
};

static struct hv_linux *of(struct hv *hv)
{
	return (struct hv_linux *)hv;
}

/* Opens @path into *@fd unless it is open already; the descriptor. */
static int dev_open(int *fd, const char *path, int flags)
{
	if (*fd == FD_NONE) {
		int got = open(path, O_RDWR | O_CLOEXEC | flags);

		if (got < 0)
			return -errno;
		*fd = got;
	}
	return *fd;
}

static int privcmd(struct hv *hv)
{
	return dev_open(&of(hv)->privcmd, "/dev/xen/privcmd", 0);
}

static int evtchn(struct hv *hv)
{
	return dev_open(&of(hv)->evtchn, "/dev/xen/evtchn", O_NONBLOCK);
}

static int gntdev(struct hv *hv)
{
	return dev_open(&of(hv)->gntdev, "/dev/xen/gntdev", 0);
}

static void linux_close(struct hv *hv)
{
	struct hv_linux *l = of(hv);
	const int fds[] = { l->privcmd, l->bufdev, l->evtchn, l->gntdev };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] != FD_NONE)
			close(fds[i]);
	}
	free(l);
}

static long linux_hypercall(struct hv *hv, unsigned int op,
			    const uint64_t arg[5])
{
	struct privcmd_hypercall call = { .op = op };
	int fd = privcmd(hv);
	long rc;

	if (fd < 0)
		return fd;
	memcpy(call.arg, arg, sizeof(call.arg));
	rc = ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);
	return rc < 0 ? -errno : rc;
}

static size_t round_page(size_t bytes)
{
	return (bytes + HV_PAGE_SIZE - 1) & ~(HV_PAGE_SIZE - 1);
}

static void *buf_from_device(struct hv *hv, size_t bytes)
{
	struct hv_linux *l = of(hv);
	int fd;
	void *p;

	if (l->no_bufdev)
		return NULL;
	fd = dev_open(&l->bufdev, "/dev/xen/hypercall", 0);
	if (fd < 0) {
		l->no_bufdev = true;
		return NULL;
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	/* A child with fewer rights must not write into what we ask for. */
	if (madvise(p, bytes, MADV_DONTFORK)) {
		munmap(p, bytes);
		return NULL;
	}
	memset(p, 0, bytes);
	return p;
}

static void *linux_buf_alloc(struct hv *hv, size_t bytes)
{
	void *p;

	bytes = round_page(bytes);
	p = buf_from_device(hv, bytes);
	if (p)
		return p;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1,
		 0);
	if (p == MAP_FAILED)
		return NULL;
	/* A child's copy-on-write would move the page under a hypercall. */
	if (madvise(p, bytes, MADV_DONTFORK)) {
		munmap(p, bytes);
		return NULL;
	}
	return p;
}

static void linux_buf_free(struct hv *hv, void *buf, size_t bytes)
{
	(void)hv;
	munmap(buf, round_page(bytes));
}

/* mmap's protection bits for HV_PROT_*. */
static int mmap_prot(int prot)
{
	return (prot & HV_PROT_READ ? PROT_READ : 0) |
	       (prot & HV_PROT_WRITE ? PROT_WRITE : 0);
}

/* First error in @errs, or 0. */
static int first_error(const int *errs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (errs[i])
			return errs[i];
	}
	return 0;
}

static int map_batch(int fd, uint32_t domid, void *addr,
		     const uint64_t *frames, int *errs, size_t count)
{
	struct privcmd_mmapbatch_v2 batch = {
		.num = (unsigned int)count,
		.dom = (domid_t)domid,
		.addr = (uintptr_t)addr,
		.arr = (const xen_pfn_t *)frames,
		.err = errs,
	};

	/* ENOENT says that some frame is paged out: its error tells which. */
	if (ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) && errno != ENOENT)
		return -errno;
	return 0;
}

static int linux_foreign_map(struct hv *hv, uint32_t domid, int prot,
			     const uint64_t *frames, int *errs, size_t count,
			     void **out)
{
	int fd = privcmd(hv), rc, *own = NULL;
	void *addr;

	if (fd < 0)
		return fd;
	if (!count || count > INT32_MAX)
		return -EINVAL;
	if (!errs) {
		errs = own = calloc(count, sizeof(*own));
		if (!own)
			return -ENOMEM;
	}
	addr = mmap(NULL, count * HV_PAGE_SIZE, mmap_prot(prot), MAP_SHARED,
		    fd, 0);
	if (addr == MAP_FAILED) {
		rc = -errno;
		goto out;
	}
	rc = map_batch(fd, domid, addr, frames, errs, count);
	if (!rc && own)
		rc = first_error(own, count);
	if (rc)
		munmap(addr, count * HV_PAGE_SIZE);
	else
		*out = addr;
out:
	free(own);
	return rc;
}

static int linux_foreign_unmap(struct hv *hv, void *addr, size_t count)
{
	(void)hv;
	return munmap(addr, count * HV_PAGE_SIZE) ? -errno : 0;
}

static int linux_evtchn_fd(struct hv *hv)
{
	return evtchn(hv);
}

/* One ioctl on the event device: its result or -errno. */
static int evtchn_ioctl(struct hv *hv, unsigned long cmd, void *arg)
{
	int fd = evtchn(hv), rc;

	if (fd < 0)
		return fd;
	rc = ioctl(fd, cmd, arg);
	return rc < 0 ? -errno : rc;
}

static int linux_bind_interdomain(struct hv *hv, uint32_t domid,
				  uint32_t remote_port)
{
	struct ioctl_evtchn_bind_interdomain bind = {
		.remote_domain = domid,
		.remote_port = remote_port,
	};

	return evtchn_ioctl(hv, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

static int linux_bind_unbound(struct hv *hv, uint32_t domid)
{
	struct ioctl_evtchn_bind_unbound_port bind = {
		.remote_domain = domid,
	};

	return evtchn_ioctl(hv, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
}

static int linux_bind_virq(struct hv *hv, uint32_t virq)
{
	struct ioctl_evtchn_bind_virq bind = { .virq = virq };

	return evtchn_ioctl(hv, IOCTL_EVTCHN_BIND_VIRQ, &bind);
}

static int linux_unbind(struct hv *hv, uint32_t port)
{
	struct ioctl_evtchn_unbind unbind = { .port = port };

	return evtchn_ioctl(hv, IOCTL_EVTCHN_UNBIND, &unbind);
}

static int linux_notify(struct hv *hv, uint32_t port)
{
	struct ioctl_evtchn_notify notify = { .port = port };

	return evtchn_ioctl(hv, IOCTL_EVTCHN_NOTIFY, &notify);
}

static int linux_pending(struct hv *hv)
{
	uint32_t port;
	int fd = evtchn(hv);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, &port, sizeof(port));
	if (n < 0)
		return -errno;
	return n == sizeof(port) ? (int)port : -EIO;
}

static int linux_unmask(struct hv *hv, uint32_t port)
{
	int fd = evtchn(hv);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, &port, sizeof(port));
	if (n < 0)
		return -errno;
	return n == sizeof(port) ? 0 : -EIO;
}

/* Asks gntdev for a window onto @refs; its offset goes to *@index. */
static int grant_window(int fd, uint32_t domid, const uint32_t *refs,
			size_t count, uint64_t *index)
{
	struct ioctl_gntdev_map_grant_ref *map;
	int rc;

	map = calloc(1, sizeof(*map) + count * sizeof(map->refs[0]));
	if (!map)
		return -ENOMEM;
	map->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		map->refs[i].domid = domid;
		map->refs[i].ref = refs[i];
	}
	rc = ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, map) ? -errno : 0;
	*index = map->index;
	free(map);
	return rc;
}

static int linux_grant_map(struct hv *hv, uint32_t domid, int prot,
			   const uint32_t *refs, size_t count, void **out)
{
	struct ioctl_gntdev_unmap_grant_ref undo = { .count = (uint32_t)count };
	int fd = gntdev(hv), rc;
	uint64_t index;
	void *addr;

	if (fd < 0)
		return fd;
	if (!count || count > UINT16_MAX)
		return -EINVAL;
	rc = grant_window(fd, domid, refs, count, &index);
	if (rc)
		return rc;
	addr = mmap(NULL, count * HV_PAGE_SIZE, mmap_prot(prot), MAP_SHARED,
		    fd, (off_t)index);
	if (addr == MAP_FAILED) {
		rc = -errno;
		undo.index = index;
		ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &undo);
		return rc;
	}
	*out = addr;
	return 0;
}

static int linux_grant_unmap(struct hv *hv, void *addr, size_t count)
{
	struct ioctl_gntdev_get_offset_for_vaddr where = {
		.vaddr = (uintptr_t)addr,
	};
	struct ioctl_gntdev_unmap_grant_ref undo = { .count = (uint32_t)count };
	int fd = gntdev(hv);

	if (fd < 0)
		return fd;
	if (ioctl(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where))
		return -errno;
	if (where.count != count)
		return -EINVAL;
	if (munmap(addr, count * HV_PAGE_SIZE))
		return -errno;
	undo.index = where.offset;
	return ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &undo) ? -errno : 0;
}

static const struct hv_ops linux_ops = {
	.close = linux_close,
	.hypercall = linux_hypercall,
	.buf_alloc = linux_buf_alloc,
	.buf_free = linux_buf_free,
	.foreign_map = linux_foreign_map,
	.foreign_unmap = linux_foreign_unmap,
	.evtchn_fd = linux_evtchn_fd,
	.evtchn_bind_interdomain = linux_bind_interdomain,
	.evtchn_bind_unbound = linux_bind_unbound,
	.evtchn_bind_virq = linux_bind_virq,
	.evtchn_unbind = linux_unbind,
	.evtchn_notify = linux_notify,
	.evtchn_pending = linux_pending,
	.evtchn_unmask = linux_unmask,
	.grant_map = linux_grant_map,
	.grant_unmap = linux_grant_unmap,
};

int hv_linux_open(struct hv **out)
{
	struct hv_linux *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->hv.ops = &linux_ops;
	l->privcmd = l->bufdev = l->evtchn = l->gntdev = FD_NONE;
	*out = &l->hv;
	return 0;
}
