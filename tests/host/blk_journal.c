// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_journal.c: a model of the journal and the ring, killed at every
 * instruction.
 *
 * A child runs the backend's side (the very objects that the programs are made
 * of) one machine instruction at a time under ptrace; whenever an instruction
 * has changed the shared memory, the parent takes a copy of it as a kill at
 * that moment would leave it, recovers from the copy as a new process would,
 * serves all that is left, and checks that the frontend then has exactly one
 * answer for each request.  The parent is also the frontend: its steps are
 * never cut in two, since the guest is not what dies.
 *
 * All orders of completion of four requests in a ring of four slots with all
 * ways of grouping their publication are run, then a second round over the
 * ring's end.  A sample of the copies is recovered under the same regime, so
 * that a second kill may hit the recovery.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "backend/journal.h"
#include "backend/ring.h"

#define SLOTS 4u
#define SLOT_SIZE 16u
#define RING_BYTES (64 + SLOTS * SLOT_SIZE)
#define JRN_BYTES 8192u
#define TOTAL 10u		/* requests of one run */
#define COOKIE 0x1234u
#define START 0xfffffffdu	/* of the ring's indices, so that they wrap */

struct entry {
	uint64_t id, more;
};

/* What both processes see; the journal is a memfd of its own. */
struct shared {
	_Alignas(64) uint8_t ring[RING_BYTES];
	volatile uint32_t turn;	/* the child wants the frontend to act */
};

/* The frontend's own; only the parent has it. */
struct frontend {
	uint32_t rsp_cons, sent;
	uint32_t got[TOTAL];
};

struct plan {
	uint8_t order[SLOTS];
	uint8_t groups;		/* bit i: publish after the i-th answer */
	bool resume;
};

static const struct jrn_shape shape = { SLOTS, sizeof(struct entry) };
static struct shared *shm;
static int jfd, jfd2;
static struct jrn live, copy;
static uint64_t checks, steps, runs;
static uint64_t rng = 88172645463325252ull;

static void fail(const char *what, uint32_t a, uint32_t b)
{
	fprintf(stderr, "blk_journal: %s (%u, %u)\n", what, a, b);
	exit(1);
}

static uint32_t rnd(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng % below);
}

/* ---- the backend's side, in either process ---- */

struct side {
	struct bring ring;
	struct jrn_queue q;
	uint32_t slot[SLOTS];
	uint32_t n;		/* requests in flight */
};

/* 0, or which step failed. */
static int side_open(struct side *s, struct jrn *j, uint8_t *ring, bool resume)
{
	s->n = 0;
	if (resume && jrn_resume(j, COOKIE, &shape, 1))
		return 1;
	if (!resume && jrn_begin(j, COOKIE, &shape, 1))
		return 2;
	if (jrn_queue_open(j, 0, &s->q, resume, START))
		return 3;
	bring_attach(&s->ring, ring, RING_BYTES, SLOT_SIZE, s->q.taken,
		     s->q.published);
	if (!resume)
		return 0;
	s->ring.shared->rsp_prod = s->ring.rsp_pub;
	for (int i = jrn_next(&s->q, 0); i >= 0; i = jrn_next(&s->q, i + 1))
		s->slot[s->n++] = (uint32_t)i;
	return 0;
}

static void side_take(struct side *s)
{
	uint32_t n = bring_pending(&s->ring);

	while (n--) {
		int slot = jrn_slot(&s->q);

		if (slot < 0)
			break;
		bring_copy(&s->ring, s->ring.req_cons,
			   jrn_payload(&s->q, (uint32_t)slot));
		jrn_take(&s->q, s->ring.req_cons++);
		s->slot[s->n++] = (uint32_t)slot;
	}
}

static void side_answer(struct side *s, uint32_t nth)
{
	uint32_t slot = s->slot[nth];
	const struct entry *e = jrn_payload(&s->q, slot);
	struct entry rsp = { e->id, e->more };

	jrn_answer(&s->q, slot, s->ring.rsp_prod);
	memcpy(bring_response(&s->ring), &rsp, sizeof(rsp));
	s->ring.rsp_prod++;
	memmove(s->slot + nth, s->slot + nth + 1,
		(--s->n - nth) * sizeof(s->slot[0]));
}

static void side_publish(struct side *s)
{
	if (s->ring.rsp_prod == s->ring.rsp_pub)
		return;
	jrn_publish(&s->q, s->ring.rsp_prod);
	bring_publish(&s->ring);
	jrn_release(&s->q);
}

/* ---- the child ---- */

static void frontend_turn(void)
{
	shm->turn = 1;
	raise(SIGUSR1);
}

static void child_main(const struct plan *p)
{
	static struct side s;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (side_open(&s, &live, shm->ring, p->resume))
		_exit(9);
	raise(SIGUSR2);		/* from here on one instruction at a time */
	for (uint32_t round = 0; round < TOTAL / 2; round++) {
		frontend_turn();
		side_take(&s);
		for (uint32_t i = 0; i < SLOTS && s.n; i++) {
			side_answer(&s, p->order[i] % s.n);
			if (p->groups >> i & 1)
				side_publish(&s);
		}
		side_publish(&s);
	}
	_exit(0);
}

/* ---- the frontend ---- */

static void take_answers(uint8_t *ring, struct frontend *f)
{
	struct bring_shared *r = (void *)ring;
	const struct entry *e = (void *)(r + 1);

	if (r->rsp_prod - f->rsp_cons > SLOTS)
		fail("impossible response index", r->rsp_prod, f->rsp_cons);
	while (f->rsp_cons != r->rsp_prod) {
		uint64_t id = e[f->rsp_cons++ & (SLOTS - 1)].id;

		if (id >= f->sent)
			fail("an answer to no request", (uint32_t)id, f->sent);
		if (f->got[id]++)
			fail("two answers to request", (uint32_t)id, 2);
	}
}

static void send_requests(uint8_t *ring, struct frontend *f, uint32_t most)
{
	struct bring_shared *r = (void *)ring;
	struct entry *e = (void *)(r + 1);
	uint32_t prod = START + f->sent;

	while (f->sent < TOTAL && prod - f->rsp_cons < SLOTS && most--) {
		e[prod++ & (SLOTS - 1)] =
			(struct entry){ f->sent, ~(uint64_t)f->sent };
		f->sent++;
	}
	r->req_prod = prod;
}

/* ---- the check ---- */

/* What would become of the state as it is now, if the child died. */
static void check(struct frontend f)
{
	static uint8_t ring[RING_BYTES] __attribute__((aligned(64)));
	static struct side s;
	int rc;

	memcpy(ring, shm->ring, sizeof(ring));
	memcpy(copy.head, live.head, JRN_BYTES);
	rc = side_open(&s, &copy, ring, true);
	if (rc)
		fail("no recovery", (uint32_t)rc, 0);
	do {
		take_answers(ring, &f);
		side_take(&s);
		while (s.n)
			side_answer(&s, s.n - 1);
		side_publish(&s);
		take_answers(ring, &f);
	} while (bring_pending(&s.ring));
	for (uint32_t i = 0; i < f.sent; i++)
		if (f.got[i] != 1)
			fail("answers to a request", i, f.got[i]);
	jrn_queue_close(&s.q);
	checks++;
}

/* ---- running a plan ---- */

struct snapshot {
	uint8_t ring[RING_BYTES];
	uint8_t journal[JRN_BYTES];
	struct frontend f;
};

static void snap(struct snapshot *s, const struct frontend *f)
{
	memcpy(s->ring, shm->ring, RING_BYTES);
	memcpy(s->journal, live.head, JRN_BYTES);
	s->f = *f;
}

static bool changed(const struct snapshot *s)
{
	return memcmp(s->ring, shm->ring, RING_BYTES) ||
	       memcmp(s->journal, live.head, JRN_BYTES);
}

static int wait_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid", 0, 0);
	if (WIFEXITED(status)) {
		if (WEXITSTATUS(status))
			fail("the child failed", (uint32_t)status, 0);
		return 0;
	}
	if (!WIFSTOPPED(status))
		fail("the child died", (uint32_t)status, 0);
	return WSTOPSIG(status);
}

/* Runs @p to its end; keeps some states in @some, @nr of them. */
static void run(const struct plan *p, struct frontend f, struct snapshot *some,
		uint32_t nr)
{
	static struct snapshot last;
	pid_t pid = fork();
	int sig;

	if (!pid)
		child_main(p);
	snap(&last, &f);
	sig = wait_stop(pid);
	if (p->resume)
		check(f);
	for (; sig; sig = wait_stop(pid)) {
		if (sig == SIGUSR1 && shm->turn) {
			shm->turn = 0;
			take_answers(shm->ring, &f);
			send_requests(shm->ring, &f, 1 + rnd(SLOTS));
		}
		if (changed(&last)) {
			check(f);
			snap(&last, &f);
			if (nr && !rnd(200))
				snap(&some[rnd(nr)], &f);
		}
		steps++;
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
	}
	take_answers(shm->ring, &f);
	runs++;
}

static void fresh(struct frontend *f)
{
	struct bring_shared *r = (void *)shm->ring;

	memset(shm, 0, sizeof(*shm));
	memset(live.head, 0, JRN_BYTES);
	r->req_prod = r->rsp_prod = START;
	*f = (struct frontend){ .rsp_cons = START };
}

static void nth_order(uint32_t n, uint8_t order[SLOTS])
{
	/* Each answers the n-th of those left: the factorial number system. */
	for (uint32_t i = 0; i < SLOTS; i++) {
		order[i] = (uint8_t)(n % (SLOTS - i));
		n /= SLOTS - i;
	}
}

static void second_kill(struct snapshot *some, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct plan p = { .resume = true, .groups = (uint8_t)rnd(16) };

		if (!some[i].f.sent)
			continue;
		nth_order(rnd(24), p.order);
		memcpy(shm->ring, some[i].ring, RING_BYTES);
		memcpy(live.head, some[i].journal, JRN_BYTES);
		shm->turn = 0;
		run(&p, some[i].f, NULL, 0);
	}
}

int main(void)
{
	static struct snapshot some[64];
	struct frontend f;

	shm = mmap(NULL, sizeof(*shm), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	jfd = memfd_create("journal", 0);
	jfd2 = memfd_create("copy", 0);
	if (shm == MAP_FAILED || ftruncate(jfd, JRN_BYTES) ||
	    ftruncate(jfd2, JRN_BYTES) || jrn_map(&live, jfd) ||
	    jrn_map(&copy, jfd2))
		fail("no memory", 0, 0);
	for (uint32_t n = 0; n < 24; n++)
		for (uint32_t g = 0; g < 8; g++) {
			struct plan p = { .groups = (uint8_t)g };

			nth_order(n, p.order);
			fresh(&f);
			run(&p, f, some, 64);
		}
	second_kill(some, 64);
	printf("%llu runs, %llu instructions, %llu kills recovered from\n",
	       (unsigned long long)runs, (unsigned long long)steps,
	       (unsigned long long)checks);
	return 0;
}
