// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How domains stop: shutdown with a reason, crash, and the stepwise teardown
 * of a dying domain through the table of rooms.
 */
#include <abi/core.h>
#include <domain/domain.h>
#include <domain/rooms.h>
#include <port/hooks.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <port/log.h>
#include <port/power.h>
#include <sched/sched.h>

void domain_notify_change(void)
{
	host_virq(VIRQ_DOM_EXC);
}

/* The control domain takes the host with it. */
static void host_ends(uint32_t reason) noreturn;
static void host_ends(uint32_t reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		log_info("control domain halted: halting the host\n");
		machine_halt();
	case SHUTDOWN_reboot:
	case SHUTDOWN_soft_reset:
		log_info("control domain asked for a reboot\n");
		machine_restart();
	default:
		panic("control domain stopped, reason %u", reason);
	}
}

static void suspend_all(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		__atomic_fetch_or(&v->pause_flags, VPF_SUSPENDED,
				  __ATOMIC_SEQ_CST);
		vcpu_sleep(v);
	}
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
	bool first;

	if (d == dom0)
		host_ends(reason);
	lock_acquire(&d->lock);
	first = !d->shut_down && d->life == DOMAIN_ALIVE;
	if (first) {
		d->shut_down = true;
		d->shutdown_code = reason;
	}
	lock_release(&d->lock);
	if (!first)
		return;
	suspend_all(d);
	domain_notify_change();
}

void domain_resume(struct domain *d)
{
	struct vcpu *v;

	domain_pause_sync(d);
	lock_acquire(&d->lock);
	d->shut_down = false;
	d->shutdown_code = ~0U;
	d->crashed = false; /* else its next crash would go unheeded */
	lock_release(&d->lock);
	for_each_vcpu(d, v)
		__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_SUSPENDED,
				   __ATOMIC_SEQ_CST);
	domain_unpause(d);
}

void domain_crash(struct domain *d, const char *why, ...)
{
	char text[160];
	va_list ap;

	if (__atomic_exchange_n(&d->crashed, true, __ATOMIC_SEQ_CST)) {
		/* Another CPU still says why: this vCPU must not run on. */
		suspend_all(d);
		return;
	}
	va_start(ap, why);
	fmt_vsnprintf(text, sizeof(text), why, ap);
	va_end(ap);
	log_guest(d, LOG_ERR, "crashed: %s\n", text);
	domain_shutdown(d, SHUTDOWN_crash);
}

/*
 * Rooms go in the reverse of the order in which they were made. teardown_next
 * counts down, so a call that ran out of budget continues at its room.
 */
static int teardown_rooms(struct domain *d, struct budget *b)
{
	while (d->teardown_next > 0) {
		const struct room *r = &rooms[d->teardown_next - 1];
		int rc = r->teardown ? r->teardown(d, b) : 0;

		if (rc)
			return rc;
		d->teardown_next--;
	}
	return 0;
}

/* Under domctl_lock, so only one caller is ever in here for one domain. */
int domain_kill(struct domain *d)
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	int rc;

	if (d == dom0 || d->is_special)
		return -EINVAL;
	if (d->life == DOMAIN_DEAD)
		return 0;
	if (d->life == DOMAIN_ALIVE) {
		domain_pause_sync(d);
		lock_acquire(&d->lock);
		d->life = DOMAIN_DYING;
		lock_release(&d->lock);
		d->teardown_next = room_count;
	}
	rc = teardown_rooms(d, &b);
	if (rc)
		return rc;
	d->life = DOMAIN_DEAD;
	domain_notify_change();
	domain_put(d); /* the id's own reference */
	return 0;
}
