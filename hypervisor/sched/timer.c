// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Per-CPU timer heaps.
 *
 * State: for each CPU a heap ordered by deadline, its lock (RANK_TIMER), and
 * which timer's function runs just now.  A timer's cpu field changes only
 * under the lock of the CPU it names before; lock_of() copes with that.
 */
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/cpu.h>
#include <port/lock.h>
#include <port/time.h>
#include <sched/timer.h>

#define HEAP_FIRST 64

struct timer_cpu {
	struct lock lock;
	struct timer **heap;
	uint32_t count, room;
	struct timer *running;
};

static struct timer_cpu cpus[CPU_MAX];

static void place(struct timer_cpu *c, uint32_t i, struct timer *t)
{
	c->heap[i] = t;
	t->slot = i + 1;
}

static void sift_up(struct timer_cpu *c, uint32_t i)
{
	struct timer *t = c->heap[i];

	while (i > 0 && c->heap[(i - 1) / 2]->when > t->when) {
		place(c, i, c->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(c, i, t);
}

static void sift_down(struct timer_cpu *c, uint32_t i)
{
	struct timer *t = c->heap[i];

	for (;;) {
		uint32_t k = 2 * i + 1;

		if (k >= c->count)
			break;
		if (k + 1 < c->count && c->heap[k + 1]->when < c->heap[k]->when)
			k++;
		if (c->heap[k]->when >= t->when)
			break;
		place(c, i, c->heap[k]);
		i = k;
	}
	place(c, i, t);
}

static void heap_remove(struct timer_cpu *c, struct timer *t)
{
	uint32_t i = t->slot - 1;
	struct timer *last = c->heap[--c->count];

	t->slot = 0;
	if (last == t)
		return;
	place(c, i, last);
	sift_up(c, i);
	sift_down(c, last->slot - 1);
}

static int heap_insert(struct timer_cpu *c, struct timer *t)
{
	if (c->count == c->room) {
		uint32_t room = c->room * 2;
		struct timer **h = heap_calloc(room, sizeof(*h));

		if (!h)
			return -ENOMEM;
		memcpy(h, c->heap, c->count * sizeof(*h));
		heap_free(c->heap);
		c->heap = h;
		c->room = room;
	}
	place(c, c->count, t);
	sift_up(c, c->count++);
	return 0;
}

/* Under the lock: tell the hardware of this CPU, or the other CPU, the front. */
static void front_changed(struct timer_cpu *c)
{
	unsigned int cpu = (unsigned int)(c - cpus);

	if (cpu == cpu_id())
		time_set_deadline(c->count ? c->heap[0]->when : ~0UL);
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

int timer_set(struct timer *t, uint64_t when)
{
	struct timer_cpu *c = lock_of(t);
	bool was_front = t->slot == 1;
	int rc;

	if (t->slot)
		heap_remove(c, t);
	t->when = when;
	rc = heap_insert(c, t);
	if (was_front || t->slot == 1)
		front_changed(c);
	lock_release(&c->lock);
	return rc;
}

void timer_stop(struct timer *t)
{
	for (;;) {
		struct timer_cpu *c = lock_of(t);
		bool busy;

		if (t->slot) {
			bool was_front = t->slot == 1;

			heap_remove(c, t);
			if (was_front)
				front_changed(c);
		}
		busy = c->running == t && c != &cpus[cpu_id()];
		lock_release(&c->lock);
		if (!busy)
			return;
		cpu_poll();
	}
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
	struct timer_cpu *c = lock_of(t);
	bool armed = t->slot != 0;

	if (armed) {
		bool was_front = t->slot == 1;

		heap_remove(c, t);
		if (was_front)
			front_changed(c);
	}
	t->cpu = cpu;
	lock_release(&c->lock);
	if (armed)
		(void)timer_set(t, t->when);
}

void timer_run_due(void)
{
	struct timer_cpu *c = &cpus[cpu_id()];

	lock_acquire(&c->lock);
	while (c->count && c->heap[0]->when <= time_now()) {
		struct timer *t = c->heap[0];

		heap_remove(c, t);
		c->running = t;
		lock_release(&c->lock);
		t->fn(t->arg);
		lock_acquire(&c->lock);
		c->running = NULL;
	}
	time_set_deadline(c->count ? c->heap[0]->when : ~0UL);
	lock_release(&c->lock);
}

int timer_cpu_init(unsigned int cpu)
{
	struct timer_cpu *c = &cpus[cpu];

	lock_init(&c->lock, RANK_TIMER);
	c->heap = heap_calloc(HEAP_FIRST, sizeof(*c->heap));
	c->room = c->heap ? HEAP_FIRST : 0;
	return c->heap ? 0 : -ENOMEM;
}
