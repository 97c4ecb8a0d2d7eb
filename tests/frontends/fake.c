// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel of fake.h: contexts, work, interrupts.  The rest is in
 * fake_memory.c, fake_bus.c and fake_disk.c.
 *
 * State owned: `fake`, whose counts are of what was handed out and not given
 * back; `atomic`, locks held and interrupts under way; `noio`, scopes of
 * allocations without I/O; work that waits; ports.
 */
#include "fake_inside.h"

struct fake_world fake;

static int atomic, noio;

void fake_must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "the kernel would not survive: %s\n", what);
	abort();
}

void fake_sleeps(const char *what)
{
	fake_must(!atomic, what);
}

void fake_atomic(int by)
{
	atomic += by;
}

bool fake_fails(void)
{
	fake.could_fail++;
	return fake.could_fail == fake.fail_at;
}

/* ---- parameters ---- */

static struct { const char *name; void *at; } param[16];
static unsigned int params;

void fake_param(const char *name, void *at)
{
	param[params].name = name;
	param[params++].at = at;
}

void fake_param_set(const char *name, unsigned int value)
{
	unsigned int i;

	for (i = 0; i < params; i++)
		if (!strcmp(param[i].name, name))
			*(unsigned int *)param[i].at = value;
}

/* ---- work ---- */

static struct work_struct *works;

void schedule_work(struct work_struct *work)
{
	if (work->waits)
		return;
	work->waits = true;
	work->next = works;
	works = work;
}

void cancel_work_sync(struct work_struct *work)
{
	struct work_struct **at = &works;

	fake_sleeps("waiting for work under a lock");
	while (*at && *at != work)
		at = &(*at)->next;
	if (*at)
		*at = work->next;
	work->waits = false;
}

bool fake_work_within(const void *p, size_t size)
{
	const u8 *from = p;
	struct work_struct *work;

	for (work = works; work; work = work->next)
		if ((u8 *)work >= from && (u8 *)work < from + size)
			return true;
	return false;
}

unsigned int memalloc_noio_save(void)
{
	return (unsigned int)noio++;
}

void memalloc_noio_restore(unsigned int was)
{
	noio = (int)was;
}

void fake_waits_for_io(gfp_t gfp)
{
	fake.io_allocs += gfp == GFP_KERNEL && !noio;
}

/* ---- locks and interrupts ---- */

void spin_lock_init(spinlock_t *lock)
{
	lock->held = 1;		/* 0 is a lock that nobody made */
}

void fake_lock(spinlock_t *lock)
{
	fake_must(lock->held == 1, "a lock that is held, or that was not made");
	lock->held = 2;
	atomic++;
}

void fake_unlock(spinlock_t *lock)
{
	lock->held = 1;
	atomic--;
}

void mutex_init(struct mutex *m)
{
	m->held = 0;
}

void mutex_lock(struct mutex *m)
{
	fake_sleeps("waiting for a mutex under a lock");
	fake_must(!m->held, "a mutex taken twice");
	m->held = 1;
}

void mutex_unlock(struct mutex *m)
{
	m->held = 0;
}

#define PORTS	32

/* An event that comes while its interrupt is not ended waits for that. */
static struct {
	irq_handler_t handler;
	void *data;
	bool used, masked, pending;
} port[PORTS];

int xenbus_alloc_evtchn(struct xenbus_device *dev, evtchn_port_t *out)
{
	evtchn_port_t i = 1;

	(void)dev;
	if (fake_fails())
		return -ENOSPC;
	while (port[i].used)
		i++;
	port[i].used = true;
	port[i].masked = port[i].pending = false;
	fake.ports++;
	*out = i;
	return 0;
}

int xenbus_free_evtchn(struct xenbus_device *dev, evtchn_port_t i)
{
	(void)dev;
	fake_must(port[i].used, "closing a port that is closed");
	port[i].used = false;
	fake.ports--;
	return 0;
}

int bind_evtchn_to_irqhandler_lateeoi(evtchn_port_t i, irq_handler_t handler,
				      unsigned long flags, const char *name,
				      void *data)
{
	(void)flags, (void)name;
	fake_sleeps("binding an interrupt under a lock");
	fake_waits_for_io(GFP_KERNEL);
	if (fake_fails())
		return -ENOMEM;
	port[i].handler = handler;
	port[i].data = data;
	fake.irqs++;
	return (int)i;
}

void unbind_from_irqhandler(int irq, void *data)
{
	fake_sleeps("waiting for an interrupt under a lock");
	fake_must(port[irq].handler && port[irq].data == data, "a wrong irq");
	port[irq].handler = NULL;
	fake.irqs--;
	xenbus_free_evtchn(NULL, (evtchn_port_t)irq);
}

void xen_irq_lateeoi(int irq, unsigned int flags)
{
	fake_must(port[irq].handler, "an interrupt ended that is unbound");
	port[irq].masked = false;
	fake.spurious += flags == XEN_EOI_FLAG_SPURIOUS;
}

void notify_remote_via_irq(int irq)
{
	fake_must(port[irq].handler, "an event by an irq that is unbound");
	fake.notifies++;
}

bool fake_event(evtchn_port_t i)
{
	if (i >= PORTS || !port[i].handler)
		return false;
	port[i].pending = port[i].masked;
	if (port[i].masked)
		return true;
	port[i].masked = true;
	atomic++;
	port[i].handler((int)i, port[i].data);
	atomic--;
	fake_softirq();
	return true;
}

static bool late_events(void)
{
	evtchn_port_t i;

	for (i = 0; i < PORTS; i++)
		if (port[i].handler && port[i].pending && !port[i].masked)
			return fake_event(i);
	return false;
}

void fake_works(void)
{
	do {
		while (works) {
			struct work_struct *work = works;

			works = work->next;
			work->waits = false;
			work->run(work);
		}
	} while (fake_dispatch() || fake_polls() || late_events() ||
		 works);
}

void fake_start(void)
{
	struct xenbus_driver *driver = fake.driver;

	memset(&fake, 0, sizeof(fake));
	fake.driver = driver;
	fake_bus_start();
	fake_net_start();
}

void fake_end(void)
{
	fake_let_go();
	fake_must(!works, "work left behind");
	fake_must(!fake.allocs && !fake.pages && !fake.grants, "memory lost");
	fake_must(!fake.ports && !fake.irqs, "ports lost");
	fake_must(!fake.disks && !fake.tagsets, "disks lost");
	fake_net_end();
	fake_must(!atomic && !noio, "contexts lost");
}
