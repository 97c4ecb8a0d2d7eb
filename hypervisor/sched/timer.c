// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Per-CPU timer heaps.
 *
 * State: for each CPU a heap by deadline, its lock (RANK_TIMER), and which
 * timer's function runs just now.  A timer's cpu field changes only under the
 * lock of the CPU it names before; lock_of() copes with that.
 */
#include <port/cpu.h>
#include <port/lock.h>
#include <port/time.h>
#include <sched/timer.h>

struct timer_cpu {
	struct lock lock;
	struct timer *first; /* the root: the earliest, or NULL */
	struct timer *running;
};

#define SOON_NS 1000
#define RUN_AT_ONCE 32 /* functions, before the CPU takes interrupts again */

static struct timer_cpu cpus[CPU_MAX];

/* Two heaps into one. Roots have no siblings. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->when < a->when) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

static struct timer *take_first(struct timer **list)
{
	struct timer *t = *list;

	if (t) {
		*list = t->next;
		t->next = t->prev = NULL;
	}
	return t;
}

/* A list of siblings into one heap: in pairs first, then from the last on. */
static struct timer *meld_all(struct timer *list)
{
	struct timer *pairs = NULL, *root = NULL, *t;

	while ((t = take_first(&list)) != NULL) {
		t = meld(t, take_first(&list));
		t->next = pairs;
		pairs = t;
	}
	while ((t = take_first(&pairs)) != NULL)
		root = meld(root, t);
	return root;
}

static void heap_insert(struct timer_cpu *c, struct timer *t)
{
	t->queued = true;
	t->child = t->next = t->prev = NULL;
	c->first = meld(c->first, t);
}

static void heap_remove(struct timer_cpu *c, struct timer *t)
{
	struct timer *rest = meld_all(t->child);

	if (t == c->first) {
		c->first = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		c->first = meld(c->first, rest);
	}
	t->queued = false;
}

/* Under the lock: tell the hardware of this CPU, or the other CPU, the front. */
static void front_changed(struct timer_cpu *c)
{
	unsigned int cpu = (unsigned int)(c - cpus);

	if (cpu == cpu_id())
		time_set_deadline(c->first ? c->first->when : ~0UL);
	else
		cpu_raise(cpu, WORK_TIMER);
}

static struct timer_cpu *lock_of(struct timer *t)
{
	for (;;) {
		struct timer_cpu *c = &cpus[READ_ONCE(t->cpu)];

		lock_acquire(&c->lock);
		if (c == &cpus[t->cpu])
			return c;
		lock_release(&c->lock);
	}
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg,
		unsigned int cpu)
{
	*t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu };
}

/* Under the lock. */
static void unqueue(struct timer_cpu *c, struct timer *t)
{
	bool was_front = c->first == t;

	if (!t->queued)
		return;
	heap_remove(c, t);
	if (was_front)
		front_changed(c);
}

/* Under the lock. */
static void queue(struct timer_cpu *c, struct timer *t)
{
	heap_insert(c, t);
	if (c->first == t)
		front_changed(c);
}

void timer_set(struct timer *t, uint64_t when)
{
	struct timer_cpu *c = lock_of(t);

	unqueue(c, t);
	t->when = when;
	t->armed = true;
	queue(c, t);
	lock_release(&c->lock);
}

void timer_stop(struct timer *t)
{
	for (;;) {
		struct timer_cpu *c = lock_of(t);
		bool busy;

		t->armed = false;
		unqueue(c, t);
		busy = c->running == t && c != &cpus[cpu_id()];
		lock_release(&c->lock);
		if (!busy)
			return;
		cpu_poll();
	}
}

/* Between the two locks it may be set or stopped: then that holds. */
void timer_migrate(struct timer *t, unsigned int cpu)
{
	struct timer_cpu *c = lock_of(t);

	unqueue(c, t);
	t->cpu = cpu;
	lock_release(&c->lock);
	c = lock_of(t);
	if (t->armed && !t->queued)
		queue(c, t);
	lock_release(&c->lock);
}

static bool first_is_due(const struct timer_cpu *c)
{
	return c->first && c->first->when <= time_now();
}

/*
 * Guests choose their deadlines, so all of a CPU's timers may be due at once.
 * What is left waits for an interrupt that comes as soon as one can.
 */
void timer_run_due(void)
{
	struct timer_cpu *c = &cpus[cpu_id()];
	bool due;

	lock_acquire(&c->lock);
	for (unsigned int n = 0; (due = first_is_due(c)) && n < RUN_AT_ONCE;
	     n++) {
		struct timer *t = c->first;

		heap_remove(c, t);
		t->armed = false;
		c->running = t;
		lock_release(&c->lock);
		t->fn(t->arg);
		lock_acquire(&c->lock);
		c->running = NULL;
	}
	/* A deadline in the past would be work for now. */
	time_set_deadline(due ? time_now() + SOON_NS :
			  c->first ? c->first->when : ~0UL);
	lock_release(&c->lock);
}

void timer_cpu_init(unsigned int cpu)
{
	lock_init(&cpus[cpu].lock, RANK_TIMER);
}
