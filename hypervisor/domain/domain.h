/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains and vCPUs.  A domain's memory (struct domain) comes from a pool
 * that is never used for anything else, so domain_get() may look at it before
 * it holds a reference.  Rooms keep their own state behind one pointer each.
 *
 * Life: created paused -> running -> shut down (a reason is set, vCPUs are
 * paused) -> dying (domctl destroy: rooms torn down in steps) -> dead (no
 * frame and no reference is left; the id may be used again).
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <abi/core.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <abi/x86/pv.h>
#include <lib/list.h>
#include <lib/types.h>
#include <port/cpu.h>
#include <port/lock.h>
#include <port/vcpu_hw.h>
#include <domain/pv_state.h>
#include <sched/task.h>
#include <sched/timer.h>

#define DOMAIN_ID_LIMIT DOMID_FIRST_RESERVED /* 0x7ff0 */
#define VCPU_MAX 512 /* per domain; the first 32 have vcpu_info in shared_info */

enum domain_life { DOMAIN_ALIVE, DOMAIN_DYING, DOMAIN_DEAD };

/* Reasons why a vCPU does not run: bits of vcpu.pause_flags. */
enum {
	VPF_DOWN = 1 << 0, /* VCPUOP_down, or never brought up */
	VPF_BLOCKED = 1 << 1, /* SCHEDOP_block, or poll */
	VPF_POLLING = 1 << 2, /* in SCHEDOP_poll: any of its ports wakes it */
	VPF_SUSPENDED = 1 << 3, /* its domain is shut down */
};

struct evt_domain; /* event/ */
struct evt_vcpu;
struct grant_table; /* grant/ */
struct irq_domain; /* irq/ */
struct logdirty; /* control/ */
struct watchdog_domain; /* sched/watchdog.c */

/* sched/'s part of a vCPU. */
struct sched_vcpu {
	struct list queue; /* on a CPU's run queue, if runnable and not running */
	uint64_t vtime; /* weighted run time: the smallest runs next */
	uint64_t since; /* ns: when it began to run */
	uint64_t burst; /* ns that it has run, until `since`, without sleeping */
	uint32_t cpu; /* runs or last ran here; changed under the queue locks */
	bool queued, running;
	cpumask_t affinity; /* where it may run (hard) */
	cpumask_t affinity_saved; /* what that was before SCHEDOP_pin_override */
	bool overridden;
	cpumask_t affinity_soft;
};

/* Time by state, as public vcpu_runstate_info says. */
struct vcpu_time_account {
	uint32_t state; /* RUNSTATE_* */
	uint64_t entered; /* ns */
	uint64_t time[4]; /* ns in each state */
	gva_t guest_area; /* VCPUOP_register_runstate_memory_area, 0 = none */
	bool guest_stale; /* guest_area is to be written before it runs its kernel */
};

struct vcpu {
	/*
	 * The guest's registers.  First and on a 16-byte boundary plus 8, so
	 * that the hardware's frame ends on 16: asserted in x86/.
	 */
	uint64_t pad_align;
	struct cpu_user_regs regs;

	struct domain *domain; /* NULL: a CPU's idle vCPU */
	uint32_t id;
	uint32_t pause_flags; /* VPF_*, atomic */
	uint32_t pause_count; /* atomic: domctl and tools */
	bool initialised; /* has had a context set */

	/*
	 * vcpu_info, as mapped here: in the shared_info page, in a page that
	 * the guest registered (then info_frame holds a reference), or a
	 * dummy of its own for ids >= 32 before that.  Guest-writable: read once.
	 */
	struct vcpu_info *info;
	mfn_t info_frame;
	struct vcpu_info own_info; /* the dummy */

	struct sched_vcpu sched;
	struct vcpu_time_account account;
	struct timer singleshot, periodic, poll_timer;
	uint64_t periodic_ns; /* 0: off */
	uint32_t poll_port; /* the one port polled, or 0: any */

	struct evt_vcpu *evt; /* FIFO control block, virq ports */
	struct vcpu_hw hw;
	struct pv_vcpu pv;

	/* NMI and MCE towards the guest: pv/bounce.c */
	bool nmi_pending, nmi_masked;
	uint64_t hypercall_count;
};

struct domain {
	uint16_t id;
	uint8_t life; /* enum domain_life */
	bool privileged; /* the control domain */
	bool is_special; /* DOMID_IO, DOMID_XEN: owns frames, never runs */
	uint32_t refs; /* atomic; 0 = free memory of the pool */
	struct lock lock; /* RANK_DOMAIN */
	struct lock domctl_lock; /* RANK_DOMCTL */
	struct list link; /* domain/domain.c: the pool of free ones */
	struct task free_task;

	uint32_t vcpu_count; /* max_vcpus: array size */
	struct vcpu **vcpus; /* NULL entries until created */

	uint32_t pause_count; /* atomic: XEN_DOMCTL_pausedomain, creation */
	uint32_t pollers; /* atomic: vCPUs in SCHEDOP_poll */
	bool paused_by_tool;
	bool shutting_down, shut_down; /* under lock */
	uint32_t shutdown_code; /* SHUTDOWN_* */
	bool crashed;
	bool rooms_made; /* every room's domain_init has succeeded */

	uint8_t handle[16]; /* the toolstack's UUID, byte for byte */
	uint32_t create_flags; /* XEN_DOMCTL_CDF_* */
	uint32_t ssidref;
	uint64_t vm_assist; /* BIT(VMASST_TYPE_*) */

	/* Frames: mm/frame.c, under page_lock. */
	struct lock page_lock; /* RANK_PAGES */
	uint32_t page_head, page_tail; /* frame numbers; 0 = empty */
	uint64_t page_count; /* frames owned and allocated to it */
	uint64_t page_max; /* XEN_DOMCTL_max_mem, in frames */
	uint64_t claimed_frames; /* XENMEM_claim_pages: mm/buddy.c, its lock */
	uint32_t heap_frames; /* hypervisor frames shared with it (XEN-owned) */
	uint32_t teardown_next; /* domain/life.c: rooms still to be torn down */

	mfn_t shared_frame;
	struct shared_info *shared; /* guest-writable: read once */
	bool shared_dropped; /* teardown has given up our reference */
	int64_t time_offset_s;

	cpumask_t dirty_cpus; /* CPUs that may cache its translations; atomic */
	uint32_t weight; /* sched: 256 is usual */
	uint32_t cap;
	uint64_t cpu_time; /* ns, of vCPUs that are gone */

	struct pv_domain pv;
	struct evt_domain *evt;
	struct grant_table *grant;
	struct irq_domain *irq;
	struct iocap *iocap; /* pv/iocap.c: port, memory and irq rights */
	struct cpu_policy *cpu_policy; /* CPUID and MSRs it sees */
	struct logdirty *logdirty;
	struct watchdog_domain *watchdog;

	uint32_t log_tokens; /* debug/log.c: rate limit */
	uint64_t log_refill;
};

/* The control domain, NULL before it is built. */
extern struct domain *dom0;
/* Owners of frames that are not RAM of a guest (DOMID_IO, DOMID_XEN). */
extern struct domain *dom_io, *dom_xen;

/*
 * Look a domain up and take a reference; NULL if there is none by that id (a
 * dying one is still found).  DOMID_SELF is not translated here.
 */
struct domain *domain_get(uint16_t id);
/* As domain_get(), also while its rooms are being made: for owners of frames. */
struct domain *domain_get_unmade(uint16_t id);
void domain_get_ref(struct domain *d); /* the caller holds one already */
void domain_put(struct domain *d);

/* As domain_get(), with DOMID_SELF meaning @v's own. */
struct domain *domain_get_self(struct vcpu *v, uint16_t id);

/* The first domain with an id >= @from, referenced, or NULL: for lists. */
struct domain *domain_get_next(uint16_t from);

/*
 * What a new domain is made of, from XEN_DOMCTL_createdomain or for dom0.
 */
struct domain_config {
	uint16_t id; /* or DOMID_INVALID: choose */
	uint8_t handle[16];
	uint32_t flags; /* XEN_DOMCTL_CDF_* */
	uint32_t ssidref;
	uint32_t max_vcpus;
	uint32_t max_evtchn_port;
	uint32_t max_grant_frames, max_maptrack_frames;
	uint32_t grant_version_max; /* 1 or 2 */
	bool privileged;
};

/*
 * Create a domain, paused, with no vCPU.  0 and a reference in *@out;
 * -EEXIST, -ENOMEM, -ENOSPC (no id), -EINVAL.
 */
int domain_create(const struct domain_config *cfg, struct domain **out);

/* An owner of frames that never runs: DOMID_IO, DOMID_XEN. NULL: no memory. */
struct domain *domain_create_special(uint16_t id);

/* The vCPU @id of @d, down, on CPU @cpu's queue. -EEXIST, -ENOMEM, -EINVAL. */
int vcpu_create(struct domain *d, uint32_t id, unsigned int cpu);

/* The last reference has gone: free all vCPUs. domain/domain.c only. */
void vcpu_free_all(struct domain *d);

static inline struct vcpu *domain_vcpu(const struct domain *d, uint32_t id)
{
	return id < d->vcpu_count ? READ_ONCE(d->vcpus[id]) : NULL;
}

#define for_each_vcpu(d, v)                                          \
	for (uint32_t i_##v = 0; i_##v < (d)->vcpu_count; i_##v++)    \
		if (((v) = READ_ONCE((d)->vcpus[i_##v])) != NULL)

/* Counted pauses. *_sync returns only once no vCPU concerned is running. */
void domain_pause_sync(struct domain *d);
void domain_unpause(struct domain *d);
void vcpu_pause_sync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

/* The guest (or its crash) asks to stop with @reason (SHUTDOWN_*). */
void domain_shutdown(struct domain *d, uint32_t reason);
/* After SUSPEND: let it run again (XEN_DOMCTL_resumedomain). */
void domain_resume(struct domain *d);

/*
 * End @d because of what it did itself (or of what it cannot survive), saying
 * why on the console. Callable from any guest context; the caller returns
 * normally afterwards, and the vCPU does not run again.
 */
void domain_crash(struct domain *d, const char *why, ...) printf_like(2, 3);

/*
 * XEN_DOMCTL_destroydomain: 0, or -ERESTART until all rooms are torn down.
 * The id is free again when the last reference is put.
 */
int domain_kill(struct domain *d);

/* Raises VIRQ_DOM_EXC to the control domain. */
void domain_notify_change(void);

/* hypercalls: sched_op's shutdown parts and vcpu_op; hypercall/sched_op.c */
struct vcpu_runstate_info;
void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);

/* Where vcpu_info lives: shared_info's place, or a page the guest names. */
void vcpu_info_reset(struct vcpu *v);
/* -ENXIO: bad place; -EINVAL: no writable frame of it, or registered before. */
int vcpu_info_register(struct vcpu *v, mfn_t m, uint32_t offset);
void vcpu_info_unregister(struct vcpu *v);

/* Bring a vCPU that has a context up, or down. */
void vcpu_up(struct vcpu *v);
void vcpu_down(struct vcpu *v);

#endif
