// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler.
 *
 * State: for each CPU a run queue sorted by virtual time, under its own lock
 * (RANK_SCHED); what the CPU runs; a set of idle CPUs (atomic).  A vCPU's
 * sched part belongs to the queue of the CPU that sched.cpu names.
 *
 * Invariants: a vCPU is queued on at most one CPU, and never while it runs;
 * it runs only where its state has been saved by whoever ran it before
 * (running is cleared after vcpu_hw_switch(), and queueing waits for that).
 *
 * Fairness: virtual time is run time divided by weight.  Who has used least
 * runs next.  A sleeper comes back at most SLEEP_CREDIT behind the queue, so
 * that it gets in quickly but cannot save up time.  Who wakes far behind what
 * runs takes its place at once, or after MIN_RUN_NS (may_stay()).
 */
#include <abi/vcpu.h>
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/time.h>
#include <port/tlb.h>
#include <sched/clock.h>
#include <sched/sched.h>
#include <sched/sched_priv.h>

#define SLICE_NS 10000000UL
#define SLEEP_CREDIT_NS 3000000UL
#define PREEMPT_NS 500000UL
#define MIN_RUN_NS 200000UL /* at a time, of who has not slept for BURST_NS */
#define BURST_NS 100000UL
#define WEIGHT_USUAL 256

struct runq {
	struct lock lock;
	struct list queue;
	uint32_t count;
	uint64_t floor; /* least virtual time here: never falls */
	struct vcpu *current;
	struct vcpu *idle;
	uint64_t started; /* when what runs was switched to */
	bool yielded;	  /* what runs gives way at the next choice */
	struct timer slice;
};

static struct runq runqs[CPU_MAX];
static cpumask_t idle_cpus;

struct vcpu *sched_current(void)
{
	return runqs[cpu_id()].current;
}

static uint64_t weighted(const struct vcpu *v, uint64_t ns)
{
	return ns * WEIGHT_USUAL / v->domain->weight;
}

static bool runnable(const struct vcpu *v)
{
	return READ_ONCE(v->pause_flags) == 0 &&
	       READ_ONCE(v->pause_count) == 0 &&
	       READ_ONCE(v->domain->pause_count) == 0 && v->initialised;
}

static struct runq *lock_queue_of(struct vcpu *v)
{
	for (;;) {
		struct runq *q = &runqs[READ_ONCE(v->sched.cpu)];

		lock_acquire(&q->lock);
		if (q == &runqs[v->sched.cpu])
			return q;
		lock_release(&q->lock);
	}
}

static unsigned int cpu_of(const struct runq *q)
{
	return (unsigned int)(q - runqs);
}

/* Virtual times may be negative: of sleepers on a CPU that has hardly run. */
static void enqueue(struct runq *q, struct vcpu *v)
{
	struct vcpu *o;

	list_for_each(o, &q->queue, sched.queue)
		if ((int64_t)(o->sched.vtime - v->sched.vtime) > 0)
			break;
	list_insert(&v->sched.queue, o->sched.queue.prev, &o->sched.queue);
	v->sched.queued = true;
	WRITE_ONCE(q->count, q->count + 1);
}

static void dequeue(struct runq *q, struct vcpu *v)
{
	list_del(&v->sched.queue);
	v->sched.queued = false;
	WRITE_ONCE(q->count, q->count - 1);
}

/* Virtual times of two queues only compare relative to their floors. */
static void move_to(struct vcpu *v, struct runq *from, struct runq *to)
{
	v->sched.vtime = v->sched.vtime - from->floor + to->floor;
	v->sched.cpu = cpu_of(to);
}

/* Charge what ran until now. */
static void account(struct vcpu *v, uint64_t now)
{
	uint64_t ran;

	if (vcpu_is_idle(v))
		return;
	ran = time_elapsed(v->sched.since, now);
	v->sched.vtime += weighted(v, ran);
	v->sched.burst += ran;
	v->sched.since += ran;
}

/*
 * The floor is what whoever has used least has come to: if it were what some
 * vCPU of little weight has leapt to, sleepers would come back far behind all
 * others.
 */
static void raise_floor(struct runq *q, const struct vcpu *running)
{
	const struct vcpu *least = vcpu_is_idle(running) ? NULL : running;

	if (!list_empty(&q->queue)) {
		const struct vcpu *first = list_first(&q->queue, struct vcpu,
						      sched.queue);

		if (!least ||
		    (int64_t)(first->sched.vtime - least->sched.vtime) < 0)
			least = first;
	}
	if (least && (int64_t)(least->sched.vtime - q->floor) > 0)
		WRITE_ONCE(q->floor, least->sched.vtime);
}

/* Whoever runs alone is not charged meanwhile: do it now. */
static void wake_limits(struct runq *q, struct vcpu *v)
{
	int64_t behind;

	account(q->current, time_now());
	raise_floor(q, q->current);
	behind = (int64_t)(q->floor - v->sched.vtime);
	if (behind > (int64_t)SLEEP_CREDIT_NS)
		v->sched.vtime = q->floor - SLEEP_CREDIT_NS;
}

/* Virtual time of what runs on @q up to now. */
static uint64_t current_vtime(const struct runq *q, uint64_t now)
{
	const struct vcpu *c = q->current;

	return c->sched.vtime + weighted(c, time_elapsed(c->sched.since, now));
}

/* Has @v used so much less than what runs that it does not wait for its turn? */
static bool is_behind(const struct runq *q, const struct vcpu *v, uint64_t now)
{
	return (int64_t)(current_vtime(q, now) - v->sched.vtime) >
	       (int64_t)PREEMPT_NS;
}

/*
 * May what runs go on for now, whoever is behind? One that has not slept for
 * a while may, for MIN_RUN_NS at a time, so that work gathers for the other;
 * one that has just woken soon sleeps again, and its place is better taken at
 * once: it then needs not to go idle and be woken anew for each answer.
 */
static bool may_stay(const struct runq *q, uint64_t now)
{
	const struct vcpu *c = q->current;

	return time_elapsed(q->started, now) < MIN_RUN_NS && !q->yielded &&
	       c->sched.burst + time_elapsed(c->sched.since, now) > BURST_NS;
}

static void end_slice_by(struct runq *q, uint64_t when)
{
	if (!q->slice.armed || when < q->slice.when)
		timer_set(&q->slice, when);
}

/*
 * After @v was queued on @q: does that CPU have to choose again? If not, it
 * has to at the end of a slice. That is set here and not left to another
 * choice: vCPUs that a switch has just put back come by here, and choosing
 * anew each time would change between two of them for ever.
 */
static void poke(struct runq *q, struct vcpu *v)
{
	uint64_t now;
	bool behind;

	if (vcpu_is_idle(q->current)) {
		bit_clear(&idle_cpus, cpu_of(q)); /* the next wakes elsewhere */
		cpu_raise(cpu_of(q), WORK_SCHED);
		return;
	}
	now = time_now();
	behind = is_behind(q, v, now);
	if (behind && !may_stay(q, now))
		cpu_raise(cpu_of(q), WORK_SCHED);
	else if (cpu_of(q) == cpu_id())
		end_slice_by(q, behind ? q->started + MIN_RUN_NS :
					 now + SLICE_NS);
	else if (behind || !q->slice.armed)
		cpu_raise(cpu_of(q), WORK_SCHED);
}

/*
 * No CPU is idle: @last, or one of @may whose queue is shorter. Those that
 * never sleep come by here too, at the end of each slice.
 */
static unsigned int shortest_queue(cpumask_t may, unsigned int last)
{
	unsigned int best = may & cpu_bit(last) ?
				    last : (unsigned int)__builtin_ctzl(may);
	uint32_t least = READ_ONCE(runqs[best].count);

	for (; may && least; may &= may - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(may);

		if (READ_ONCE(runqs[cpu].count) < least) {
			least = READ_ONCE(runqs[cpu].count);
			best = cpu;
		}
	}
	return best;
}

/* An idle CPU where @v may run, its last one first; or where fewest wait. */
static unsigned int choose_cpu(const struct vcpu *v)
{
	unsigned int last = v->sched.cpu;
	cpumask_t may = v->sched.affinity & cpu_online();
	cpumask_t idle = READ_ONCE(idle_cpus) & may;

	if (!may)
		return last;
	if (idle & cpu_bit(last))
		return last;
	if (idle & v->sched.affinity_soft)
		idle &= v->sched.affinity_soft;
	if (idle)
		return (unsigned int)__builtin_ctzl(idle);
	return shortest_queue(may, last);
}

/* Move @v, which is neither queued nor running, from @q to @cpu's queue. */
static struct runq *relocate(struct runq *q, struct vcpu *v, unsigned int cpu)
{
	struct runq *to = &runqs[cpu];

	if (to == q)
		return q;
	move_to(v, q, to);
	lock_release(&q->lock);
	lock_acquire(&to->lock);
	return to;
}

void vcpu_wake(struct vcpu *v)
{
	struct runq *q = lock_queue_of(v);

	if (!runnable(v) || v->sched.queued || v->sched.running) {
		lock_release(&q->lock);
		return;
	}
	runstate_change(v, RUNSTATE_runnable, time_now());
	v->sched.queued = true; /* keeps other wakers away in relocate() */
	q = relocate(q, v, choose_cpu(v));
	if (v->sched.cpu == cpu_of(q) && runnable(v)) {
		wake_limits(q, v);
		enqueue(q, v);
		poke(q, v);
	} else {
		v->sched.queued = false;
	}
	lock_release(&q->lock);
}

static uint32_t resting_state(const struct vcpu *v)
{
	uint32_t f = READ_ONCE(v->pause_flags);

	if (f & VPF_BLOCKED && !(f & (VPF_DOWN | VPF_SUSPENDED)))
		return RUNSTATE_blocked;
	return RUNSTATE_offline;
}

void vcpu_sleep(struct vcpu *v)
{
	struct runq *q = lock_queue_of(v);

	if (!runnable(v)) {
		if (v->sched.queued && !list_empty(&v->sched.queue)) {
			dequeue(q, v);
			runstate_change(v, resting_state(v), time_now());
		} else if (v->sched.running) {
			cpu_raise(cpu_of(q), WORK_SCHED);
		}
	}
	lock_release(&q->lock);
}

void vcpu_sleep_sync(struct vcpu *v)
{
	vcpu_sleep(v);
	while (__atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE) &&
	       v != sched_current())
		cpu_poll();
}

void vcpu_kick(struct vcpu *v)
{
	uint32_t cpu = READ_ONCE(v->sched.cpu);

	if (READ_ONCE(v->sched.running) && cpu != cpu_id())
		cpu_raise(cpu, WORK_TASK);
}

void vcpu_block(struct vcpu *v, uint32_t flags)
{
	if (flags & VPF_POLLING)
		__atomic_fetch_add(&v->domain->pollers, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&v->pause_flags, flags, __ATOMIC_SEQ_CST);
	smp_mb();
}

bool vcpu_block_end(struct vcpu *v)
{
	uint32_t bits = VPF_BLOCKED | VPF_POLLING;
	uint32_t old = __atomic_fetch_and(&v->pause_flags, ~bits,
					  __ATOMIC_SEQ_CST);

	if (old & VPF_POLLING)
		__atomic_fetch_sub(&v->domain->pollers, 1, __ATOMIC_SEQ_CST);
	return old & bits;
}

void vcpu_unblock(struct vcpu *v)
{
	if (!(READ_ONCE(v->pause_flags) & (VPF_BLOCKED | VPF_POLLING)))
		vcpu_kick(v);
	else if (vcpu_block_end(v))
		vcpu_wake(v);
}

void vcpu_yield(struct vcpu *v)
{
	struct runq *q = lock_queue_of(v);

	if (q->count) {
		struct vcpu *first = list_first(&q->queue, struct vcpu,
						sched.queue);

		if ((int64_t)(first->sched.vtime - v->sched.vtime) >= 0)
			v->sched.vtime = first->sched.vtime + 1;
		q->yielded = true;
		cpu_raise(cpu_of(q), WORK_SCHED);
	}
	lock_release(&q->lock);
}

static bool may_run_on(const struct vcpu *v, unsigned int cpu)
{
	return v->sched.affinity & cpu_bit(cpu);
}

static struct vcpu *first_allowed(struct runq *q, unsigned int cpu)
{
	struct vcpu *v;

	list_for_each(v, &q->queue, sched.queue)
		if (may_run_on(v, cpu))
			return v;
	return NULL;
}

/* The CPU with the longest queue, but for those in @tried; -1: all are empty. */
static int busiest(cpumask_t tried)
{
	uint32_t most = 0;
	int best = -1;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		if (!(tried & cpu_bit(cpu)) &&
		    READ_ONCE(runqs[cpu].count) > most) {
			most = runqs[cpu].count;
			best = (int)cpu;
		}
	return best;
}

static void lock_both(struct runq *a, struct runq *b)
{
	lock_acquire(a < b ? &a->lock : &b->lock);
	lock_acquire_nested(a < b ? &b->lock : &a->lock, RANK_SCHED_NEST);
}

/*
 * Under both locks, because nobody holds the vCPU: were it on no queue for a
 * moment, it could be paused, and its domain be freed, in that moment.
 */
static bool take_from(struct runq *from, struct runq *q)
{
	struct vcpu *v;

	lock_both(q, from);
	v = first_allowed(from, cpu_of(q));
	if (v) {
		dequeue(from, v);
		move_to(v, from, q);
		enqueue(q, v);
	}
	lock_release(&from->lock);
	lock_release(&q->lock);
	return v != NULL;
}

/* Nothing to run here: take one from the longest queue that lets us. */
static void steal(struct runq *q)
{
	cpumask_t tried = cpu_bit(cpu_of(q));
	int cpu;

	while ((cpu = busiest(tried)) >= 0 && !take_from(&runqs[cpu], q))
		tried |= cpu_bit((unsigned int)cpu);
}

/* Under the lock: what this CPU runs next; taken off the queue. */
static struct vcpu *pick(struct runq *q, struct vcpu *prev, bool prev_can,
			 uint64_t now)
{
	struct vcpu *v;

	if (list_empty(&q->queue))
		return prev_can ? prev : q->idle;
	v = list_first(&q->queue, struct vcpu, sched.queue);
	if (prev_can && (may_stay(q, now) ||
			 (int64_t)(v->sched.vtime - prev->sched.vtime) >= 0))
		return prev;
	dequeue(q, v);
	return v;
}

static uint64_t slice_end(const struct runq *q, uint64_t now)
{
	const struct vcpu *first = list_first(&q->queue, struct vcpu,
					      sched.queue);
	bool waits = may_stay(q, now) && is_behind(q, first, now);

	return waits ? q->started + MIN_RUN_NS : now + SLICE_NS;
}

static void set_slice(struct runq *q, uint64_t now)
{
	if (q->count && !vcpu_is_idle(q->current))
		timer_set(&q->slice, slice_end(q, now));
	else if (q->slice.armed)
		timer_stop(&q->slice);
}

static void slice_over(void *arg)
{
	struct runq *q = arg;

	cpu_raise(cpu_of(q), WORK_SCHED);
}

static void note_idle(struct runq *q, const struct vcpu *next)
{
	if (vcpu_is_idle(next))
		bit_set(&idle_cpus, cpu_of(q));
	else if (READ_ONCE(idle_cpus) & cpu_bit(cpu_of(q)))
		bit_clear(&idle_cpus, cpu_of(q));
}

static void timers_follow(struct vcpu *v, unsigned int cpu)
{
	struct timer *t[] = { &v->singleshot, &v->periodic, &v->poll_timer };

	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++)
		if (t[i]->cpu != cpu)
			timer_migrate(t[i], cpu);
	if (v->periodic_ns && !v->periodic.armed)
		timer_set(&v->periodic, time_now() + v->periodic_ns);
}

/*
 * @prev's state is saved: let it be queued again, here or elsewhere. Once it
 * is seen not to run, whoever waited for that may tear its domain down.
 */
static void after_switch(struct runq *q, struct vcpu *prev)
{
	struct domain *d = prev->domain;

	if (vcpu_is_idle(prev))
		return;
	domain_get_ref(d);
	lock_acquire(&q->lock);
	__atomic_store_n(&prev->sched.running, false, __ATOMIC_RELEASE);
	runstate_change(prev, runnable(prev) ? RUNSTATE_runnable :
					       resting_state(prev),
			time_now());
	lock_release(&q->lock);
	vcpu_wake(prev);
	domain_put(d);
}

/* Under the lock, released here. */
static void switch_to(struct runq *q, struct vcpu *prev, struct vcpu *next,
		      uint64_t now)
{
	q->current = next;
	q->started = now;
	if (!vcpu_is_idle(next)) {
		next->sched.running = true;
		next->sched.since = now;
		runstate_change(next, RUNSTATE_running, now);
	} else {
		next->sched.since = now;
	}
	if (vcpu_is_idle(prev))
		prev->account.time[RUNSTATE_running] +=
			time_elapsed(prev->sched.since, now);
	else if (!runnable(prev))
		prev->sched.burst = 0;
	note_idle(q, next);
	set_slice(q, now);
	lock_release(&q->lock);

	vcpu_hw_switch(prev, next);
	if (!vcpu_is_idle(next))
		timers_follow(next, cpu_of(q));
	after_switch(q, prev);
}

void sched_choose(void)
{
	struct runq *q = &runqs[cpu_id()];
	struct vcpu *prev = q->current, *next;
	bool prev_can;
	uint64_t now;

	if (READ_ONCE(q->count) == 0 &&
	    (vcpu_is_idle(prev) || !runnable(prev)))
		steal(q);
	lock_acquire(&q->lock);
	now = time_now();
	account(prev, now);
	raise_floor(q, prev);
	prev_can = !vcpu_is_idle(prev) && runnable(prev) &&
		   may_run_on(prev, cpu_of(q));
	next = pick(q, prev, prev_can, now);
	q->yielded = false;
	if (next == prev) {
		note_idle(q, next);
		set_slice(q, now);
		lock_release(&q->lock);
		return;
	}
	switch_to(q, prev, next, now);
}

uint64_t vcpu_run_time(struct vcpu *v)
{
	uint64_t t = v->account.time[RUNSTATE_running];

	if (v->account.state == RUNSTATE_running)
		t += time_elapsed(v->account.entered, time_now());
	return t;
}

uint64_t sched_idle_time(unsigned int cpu)
{
	struct runq *q = &runqs[cpu];
	uint64_t t = q->idle->account.time[RUNSTATE_running];

	if (q->current == q->idle)
		t += time_elapsed(q->idle->sched.since, time_now());
	return t;
}

void sched_set_weight(struct domain *d, uint32_t weight)
{
	d->weight = weight ? weight : WEIGHT_USUAL;
}

/* The affinity has changed; under the lock, which is released. */
static void leave_if_forbidden(struct runq *q, struct vcpu *v)
{
	bool moves = v->sched.queued && !list_empty(&v->sched.queue) &&
		     !may_run_on(v, cpu_of(q));

	if (v->sched.running)
		cpu_raise(cpu_of(q), WORK_SCHED);
	else if (moves)
		dequeue(q, v);
	lock_release(&q->lock);
	if (moves)
		vcpu_wake(v);
}

int sched_set_affinity(struct vcpu *v, cpumask_t hard, cpumask_t soft)
{
	struct runq *q;

	if (!(hard & cpu_online()))
		return -EINVAL;
	q = lock_queue_of(v);
	if (v->sched.overridden) {
		lock_release(&q->lock);
		return -EBUSY;
	}
	v->sched.affinity = hard;
	v->sched.affinity_soft = soft;
	leave_if_forbidden(q, v);
	return 0;
}

int sched_override(struct vcpu *v, int32_t cpu)
{
	struct sched_vcpu *s = &v->sched;
	bool undo = cpu < 0;
	struct runq *q;

	if (!undo && ((uint32_t)cpu >= CPU_MAX ||
		      !(cpu_online() & cpu_bit((uint32_t)cpu))))
		return -EINVAL;
	q = lock_queue_of(v);
	if (s->overridden != undo) {
		lock_release(&q->lock);
		return undo ? -EINVAL : -EBUSY;
	}
	if (!undo)
		s->affinity_saved = s->affinity;
	s->affinity = undo ? s->affinity_saved : cpu_bit((uint32_t)cpu);
	s->overridden = !undo;
	leave_if_forbidden(q, v);
	return 0;
}

static void singleshot_fired(void *arg)
{
	sched_vcpu_timer(arg);
}

/* Could an event make it run? */
static bool may_wake(const struct vcpu *v)
{
	return READ_ONCE(v->pause_count) == 0 &&
	       READ_ONCE(v->domain->pause_count) == 0 &&
	       !(READ_ONCE(v->pause_flags) & (VPF_DOWN | VPF_SUSPENDED));
}

/* One that cannot run has it set again when it does: timers_follow(). */
static void periodic_fired(void *arg)
{
	struct vcpu *v = arg;

	sched_vcpu_timer(v);
	if (v->periodic_ns && may_wake(v))
		timer_set(&v->periodic, time_now() + v->periodic_ns);
}

static void poll_timed_out(void *arg)
{
	struct vcpu *v = arg;

	if (READ_ONCE(v->pause_flags) & VPF_POLLING)
		vcpu_unblock(v);
}

int sched_vcpu_init(struct vcpu *v, unsigned int cpu)
{
	if (cpu >= cpu_count())
		return -EINVAL;
	list_init(&v->sched.queue);
	v->sched.cpu = cpu;
	v->sched.vtime = READ_ONCE(runqs[cpu].floor);
	v->sched.affinity = v->sched.affinity_soft = ~0UL;
	v->account.state = RUNSTATE_offline;
	v->account.entered = time_now();
	timer_init(&v->singleshot, singleshot_fired, v, cpu);
	timer_init(&v->periodic, periodic_fired, v, cpu);
	timer_init(&v->poll_timer, poll_timed_out, v, cpu);
	return 0;
}

void sched_vcpu_free(struct vcpu *v)
{
	ASSERT(!v->sched.running && !v->sched.queued);
	timer_stop(&v->singleshot);
	timer_stop(&v->periodic);
	timer_stop(&v->poll_timer);
}

int sched_cpu_init(unsigned int cpu)
{
	struct runq *q = &runqs[cpu];

	lock_init(&q->lock, RANK_SCHED);
	list_init(&q->queue);
	q->idle = heap_alloc(sizeof(*q->idle));
	if (!q->idle)
		return -ENOMEM;
	q->idle->id = cpu;
	q->idle->sched.cpu = cpu;
	q->idle->sched.since = time_now();
	q->current = q->idle;
	bit_set(&idle_cpus, cpu);
	timer_init(&q->slice, slice_over, q, cpu);
	timer_cpu_init(cpu);
	return 0;
}
