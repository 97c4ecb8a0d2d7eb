/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv.h: how the control domain's programs reach the hypervisor.
 *
 * A `struct hv` is one connection; everything it can do goes through its
 * `struct hv_ops`, so a program can be bound to the Linux devices
 * (hv_linux.c, the only file that opens /dev/xen/...), to a fake in the tests,
 * or to a hypervisor core built into the same process.
 *
 * Conventions: functions return 0 (or a count, or a handle >= 0) on success
 * and -errno on failure.  errno itself is not used.  A connection belongs to
 * one thread.  Memory named by a hypercall's argument must come from
 * hv_buf_alloc(): it stays put while the hypervisor reads it.
 */
#ifndef DOM0_LIB_HV_H
#define DOM0_LIB_HV_H

#include <stddef.h>
#include <stdint.h>

struct hv;
struct xen_domctl;
struct xen_sysctl;

#define HV_PAGE_SIZE 4096ul
#define HV_PAGE_SHIFT 12

#define HV_PROT_READ 1
#define HV_PROT_WRITE 2

struct hv_ops {
	/* Releases everything the connection holds, and the struct itself. */
	void (*close)(struct hv *hv);

	/* Raw hypercall; @buf pointers inside are the caller's business. */
	long (*hypercall)(struct hv *hv, unsigned int op,
			  const uint64_t arg[5]);

	/* Zeroed memory that the hypervisor may access; NULL if none. */
	void *(*buf_alloc)(struct hv *hv, size_t bytes);
	void (*buf_free)(struct hv *hv, void *buf, size_t bytes);

	/* Frames of another domain, mapped here as one contiguous range. */
	int (*foreign_map)(struct hv *hv, uint32_t domid, int prot,
			   const uint64_t *frames, int *errs, size_t count,
			   void **out);
	int (*foreign_unmap)(struct hv *hv, void *addr, size_t count);

	/* Event channels. */
	int (*evtchn_fd)(struct hv *hv);
	int (*evtchn_bind_interdomain)(struct hv *hv, uint32_t domid,
				       uint32_t remote_port);
	int (*evtchn_bind_unbound)(struct hv *hv, uint32_t domid);
	int (*evtchn_bind_virq)(struct hv *hv, uint32_t virq);
	int (*evtchn_unbind)(struct hv *hv, uint32_t port);
	int (*evtchn_notify)(struct hv *hv, uint32_t port);
	int (*evtchn_pending)(struct hv *hv);
	int (*evtchn_unmask)(struct hv *hv, uint32_t port);

	/* Pages that another domain grants to this one. */
	int (*grant_map)(struct hv *hv, uint32_t domid, int prot,
			 const uint32_t *refs, size_t count, void **out);
	int (*grant_unmap)(struct hv *hv, void *addr, size_t count);
};

struct hv {
	const struct hv_ops *ops;
	void *scratch;		/* one locked page for small arguments */
};

/*
 * Opens the connection through Linux's devices.  Devices are opened on first
 * use, so a program that only uses events never opens privcmd.
 * On success *@out is to be given to hv_close().
 */
int hv_linux_open(struct hv **out);

/* Accepts NULL. */
void hv_close(struct hv *hv);

/* A hypercall's own result: >= 0, or -errno in the hypervisor's numbering,
 * which is Linux's for every error a tool meets. */
static inline long hv_call(struct hv *hv, unsigned int op, uint64_t a0,
			   uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t arg[5] = { a0, a1, a2, a3, a4 };

	return hv->ops->hypercall(hv, op, arg);
}

static inline void *hv_buf_alloc(struct hv *hv, size_t bytes)
{
	return hv->ops->buf_alloc(hv, bytes);
}

static inline void hv_buf_free(struct hv *hv, void *buf, size_t bytes)
{
	if (buf)
		hv->ops->buf_free(hv, buf, bytes);
}

/*
 * Maps @count frames (machine frames of a PV guest, guest frames of another)
 * of @domid.  With @errs, frames that cannot be mapped get their -errno there
 * and the call still succeeds; without, one bad frame fails it all.
 */
static inline int hv_foreign_map(struct hv *hv, uint32_t domid, int prot,
				 const uint64_t *frames, int *errs,
				 size_t count, void **out)
{
	return hv->ops->foreign_map(hv, domid, prot, frames, errs, count, out);
}

static inline int hv_foreign_unmap(struct hv *hv, void *addr, size_t count)
{
	return addr ? hv->ops->foreign_unmap(hv, addr, count) : 0;
}

/* A descriptor that polls readable while a bound port is pending. */
static inline int hv_evtchn_fd(struct hv *hv)
{
	return hv->ops->evtchn_fd(hv);
}

/* Binds a local port to @remote_port, which @domid offers; the local port. */
static inline int hv_evtchn_bind_interdomain(struct hv *hv, uint32_t domid,
					     uint32_t remote_port)
{
	return hv->ops->evtchn_bind_interdomain(hv, domid, remote_port);
}

/* Offers a local port to @domid; the local port. */
static inline int hv_evtchn_bind_unbound(struct hv *hv, uint32_t domid)
{
	return hv->ops->evtchn_bind_unbound(hv, domid);
}

/* The local port on which @virq arrives. */
static inline int hv_evtchn_bind_virq(struct hv *hv, uint32_t virq)
{
	return hv->ops->evtchn_bind_virq(hv, virq);
}

static inline int hv_evtchn_unbind(struct hv *hv, uint32_t port)
{
	return hv->ops->evtchn_unbind(hv, port);
}

static inline int hv_evtchn_notify(struct hv *hv, uint32_t port)
{
	return hv->ops->evtchn_notify(hv, port);
}

/* Takes one pending port, now masked: the port, or -EAGAIN. Never blocks. */
static inline int hv_evtchn_pending(struct hv *hv)
{
	return hv->ops->evtchn_pending(hv);
}

static inline int hv_evtchn_unmask(struct hv *hv, uint32_t port)
{
	return hv->ops->evtchn_unmask(hv, port);
}

/* Maps @count granted pages of @domid contiguously. */
static inline int hv_grant_map(struct hv *hv, uint32_t domid, int prot,
			       const uint32_t *refs, size_t count, void **out)
{
	return hv->ops->grant_map(hv, domid, prot, refs, count, out);
}

static inline int hv_grant_unmap(struct hv *hv, void *addr, size_t count)
{
	return addr ? hv->ops->grant_unmap(hv, addr, count) : 0;
}

/*
 * The control operations.  @op is the caller's ordinary memory: it is copied
 * into locked memory and back, and its interface version is filled in.
 * Buffers that it names by guest handle must come from hv_buf_alloc().
 */
int hv_domctl(struct hv *hv, struct xen_domctl *op);
int hv_sysctl(struct hv *hv, struct xen_sysctl *op);

/*
 * Hypercalls with a sub-command and one argument structure of @size bytes
 * (at most a page), copied in and back out.  The result of the hypercall.
 */
long hv_memory_op(struct hv *hv, unsigned int cmd, void *arg, size_t size);
long hv_evtchn_op(struct hv *hv, unsigned int cmd, void *arg, size_t size);
long hv_xen_version(struct hv *hv, unsigned int cmd, void *arg, size_t size);
long hv_grant_op(struct hv *hv, unsigned int cmd, void *arg, size_t size,
		 unsigned int count);

#endif
