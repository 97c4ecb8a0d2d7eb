// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SCHEDOP_watchdog: a guest asks to be shut down unless it calls again in
 * time.
 *
 * State: struct watchdog_domain, of the domain, under its lock: which of the
 * two timers are in use.
 */
#include <abi/sched.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/guest.h>
#include <port/log.h>
#include <port/time.h>
#include <sched/sched.h>
#include <sched/sched_priv.h>

#define WATCHDOGS 2
#define NS_PER_SEC 1000000000UL

struct watchdog_domain {
	struct timer timer[WATCHDOGS];
	bool used[WATCHDOGS];
};

static void expired(void *arg)
{
	struct domain *d = arg;

	log_guest(d, LOG_WARN, "watchdog expired\n");
	domain_shutdown(d, SHUTDOWN_watchdog);
}

int watchdog_domain_init(struct domain *d)
{
	d->watchdog = heap_alloc(sizeof(*d->watchdog));
	if (!d->watchdog)
		return -ENOMEM;
	for (unsigned int i = 0; i < WATCHDOGS; i++)
		timer_init(&d->watchdog->timer[i], expired, d, 0);
	return 0;
}

int watchdog_teardown(struct domain *d, struct budget *b)
{
	(void)b;
	for (unsigned int i = 0; i < WATCHDOGS; i++)
		timer_stop(&d->watchdog->timer[i]);
	return 0;
}

void watchdog_domain_free(struct domain *d)
{
	heap_free(d->watchdog);
	d->watchdog = NULL;
}

/* A new one: its number, from 1. */
static long start_new(struct watchdog_domain *w, uint64_t when)
{
	for (unsigned int i = 0; i < WATCHDOGS; i++)
		if (!w->used[i]) {
			timer_set(&w->timer[i], when);
			w->used[i] = true;
			return (long)i + 1;
		}
	return -ENOSPC;
}

static long change(struct watchdog_domain *w, uint32_t id, uint32_t timeout,
		   uint64_t when)
{
	if (id > WATCHDOGS)
		return -EINVAL;
	if (!w->used[id - 1])
		return -ENOENT;
	if (timeout)
		timer_set(&w->timer[id - 1], when);
	else
		w->used[id - 1] = false;
	return 0;
}

long op_watchdog(struct vcpu *v, gva_t arg)
{
	struct domain *d = v->domain;
	struct sched_watchdog w;
	uint64_t when;
	long rc;

	if (guest_read(v, &w, arg, sizeof(w)))
		return -EFAULT;
	if (w.id == 0 && w.timeout == 0)
		return -EINVAL;
	when = time_now() + w.timeout * NS_PER_SEC;
	lock_acquire(&d->lock);
	rc = w.id ? change(d->watchdog, w.id, w.timeout, when) :
		    start_new(d->watchdog, when);
	lock_release(&d->lock);
	/* Not under the lock: this waits for expired(), which takes it. */
	if (!rc && w.id && !w.timeout)
		timer_stop(&d->watchdog->timer[w.id - 1]);
	return rc;
}
