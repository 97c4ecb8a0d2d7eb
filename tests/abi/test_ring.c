/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of abi/io/ring.h: sizes, a round trip over the end of the index
 * range, a peer that lies, the rule of notification against its definition,
 * the race between going to sleep and publishing (a missing fence shows up
 * here within the first few thousand rounds), and a whole conversation of two
 * threads that sleep.
 *
 * Each test owns the memory it uses; only the last two share it.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include <abi/io/blkif.h>
#include <abi/io/netif.h>

static unsigned int passed, failed;

#define CHECK(condition) do {						\
	if (condition) {						\
		passed++;						\
	} else {							\
		failed++;						\
		printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);	\
	}								\
} while (0)

#define RING_BYTES	4096

static struct blkif_sring *new_ring(void)
{
	struct blkif_sring *shared = aligned_alloc(RING_BYTES, RING_BYTES);

	if (!shared)
		abort();
	SHARED_RING_INIT(shared);
	return shared;
}

static void test_sizes(void)
{
	struct blkif_sring *shared = new_ring();
	struct blkif_front_ring front;

	FRONT_RING_INIT(&front, shared, RING_BYTES);
	CHECK(RING_SIZE(&front) == 32);
	CHECK(__CONST_RING_SIZE(blkif, RING_BYTES) == 32);
	CHECK(__CONST_RING_SIZE(netif_tx, RING_BYTES) == 256);
	CHECK(__CONST_RING_SIZE(netif_rx, RING_BYTES) == 256);
	CHECK(RING_FREE_REQUESTS(&front) == 32 && !RING_FULL(&front));
	free(shared);
}

/* One request there and its response back. */
static void round_trip(struct blkif_front_ring *front,
		       struct blkif_back_ring *back, uint64_t id)
{
	struct blkif_request request;
	struct blkif_response response;

	RING_GET_REQUEST(front, front->req_prod_pvt)->id = id;
	front->req_prod_pvt++;
	RING_PUSH_REQUESTS(front);

	CHECK(XEN_RING_NR_UNCONSUMED_REQUESTS(back) == 1);
	RING_COPY_REQUEST(back, back->req_cons, &request);
	back->req_cons++;
	CHECK(request.id == id);
	CHECK(!RING_HAS_UNCONSUMED_REQUESTS(back));

	RING_GET_RESPONSE(back, back->rsp_prod_pvt)->id = ~id;
	back->rsp_prod_pvt++;
	RING_PUSH_RESPONSES(back);

	CHECK(XEN_RING_NR_UNCONSUMED_RESPONSES(front) == 1);
	RING_COPY_RESPONSE(front, front->rsp_cons, &response);
	front->rsp_cons++;
	CHECK(response.id == ~id);
	CHECK(!RING_HAS_UNCONSUMED_RESPONSES(front));
}

static void test_wrap(void)
{
	struct blkif_sring *shared = new_ring();
	struct blkif_front_ring front;
	struct blkif_back_ring back;
	RING_IDX start = -100u;
	unsigned int i;

	shared->req_prod = shared->rsp_prod = start;
	FRONT_RING_ATTACH(&front, shared, start, RING_BYTES);
	BACK_RING_ATTACH(&back, shared, start, RING_BYTES);
	for (i = 0; i < 200; i++)
		round_trip(&front, &back, i);
	CHECK(front.req_prod_pvt == 100 && shared->rsp_prod == 100);
	free(shared);
}

static void test_full(void)
{
	struct blkif_sring *shared = new_ring();
	struct blkif_front_ring front;
	struct blkif_back_ring back;

	FRONT_RING_INIT(&front, shared, RING_BYTES);
	BACK_RING_INIT(&back, shared, RING_BYTES);
	front.req_prod_pvt += 32;
	CHECK(RING_FULL(&front));
	RING_PUSH_REQUESTS(&front);
	CHECK(XEN_RING_NR_UNCONSUMED_REQUESTS(&back) == 32);
	CHECK(!RING_REQUEST_PROD_OVERFLOW(&back, shared->req_prod));
	CHECK(!RING_REQUEST_CONS_OVERFLOW(&back, back.req_cons + 31));
	CHECK(RING_REQUEST_CONS_OVERFLOW(&back, back.req_cons + 32));
	free(shared);
}

/* Whatever a peer writes, no more than the ring's size is ever offered. */
static void test_lies(void)
{
	struct blkif_sring *shared = new_ring();
	struct blkif_front_ring front;
	struct blkif_back_ring back;
	RING_IDX lie;

	FRONT_RING_INIT(&front, shared, RING_BYTES);
	BACK_RING_INIT(&back, shared, RING_BYTES);
	for (lie = 33; lie; lie <<= 1) {
		shared->req_prod = lie;
		CHECK(RING_REQUEST_PROD_OVERFLOW(&back, lie));
		CHECK(XEN_RING_NR_UNCONSUMED_REQUESTS(&back) <= 32);
		shared->rsp_prod = lie;
		CHECK(RING_RESPONSE_PROD_OVERFLOW(&front, lie));
	}
	free(shared);
}

/* An event is due exactly if the threshold is one of the new indices. */
static int due(RING_IDX event, RING_IDX from, RING_IDX to)
{
	RING_IDX i;

	for (i = from; i != to; i++)
		if (i + 1 == event)
			return 1;
	return 0;
}

static void test_notify(void)
{
	RING_IDX base = -20u, from, to, event;

	for (from = 0; from < 40; from++)
		for (to = from; to < from + 33; to++)
			for (event = 0; event < 80; event++) {
				RING_IDX e = base + event;

				CHECK(!!ring_must_notify(&e, base + from,
							 base + to) ==
				      due(e, base + from, base + to));
			}
}

/* ---- two threads ---- */

#define MESSAGES	200000u

static struct blkif_sring *meeting;
static sem_t to_back, to_front;

/* Takes all requests, answers each, sleeps only after the final check. */
static void *serve(void *unused)
{
	struct blkif_back_ring back;
	struct blkif_request request;
	unsigned int done = 0;
	int more, notify;

	BACK_RING_INIT(&back, meeting, RING_BYTES);
	while (done < MESSAGES) {
		while (RING_HAS_UNCONSUMED_REQUESTS(&back)) {
			RING_COPY_REQUEST(&back, back.req_cons, &request);
			back.req_cons++;
			RING_GET_RESPONSE(&back, back.rsp_prod_pvt)->id =
				request.id;
			back.rsp_prod_pvt++;
			done++;
		}
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
		if (notify)
			sem_post(&to_front);
		RING_FINAL_CHECK_FOR_REQUESTS(&back, more);
		if (!more && done < MESSAGES)
			sem_wait(&to_back);
	}
	return unused;
}

static unsigned int ask(struct blkif_front_ring *front, unsigned int sent)
{
	int notify;

	while (sent < MESSAGES && !RING_FULL(front)) {
		RING_GET_REQUEST(front, front->req_prod_pvt)->id = sent++;
		front->req_prod_pvt++;
	}
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(front, notify);
	if (notify)
		sem_post(&to_back);
	return sent;
}

static unsigned int collect(struct blkif_front_ring *front, unsigned int got,
			    unsigned int *wrong)
{
	struct blkif_response response;

	while (RING_HAS_UNCONSUMED_RESPONSES(front)) {
		RING_COPY_RESPONSE(front, front->rsp_cons, &response);
		front->rsp_cons++;
		*wrong += response.id != got++;
	}
	return got;
}

static void test_threads(void)
{
	struct blkif_front_ring front;
	unsigned int sent = 0, got = 0, wrong = 0;
	pthread_t thread;
	int more;

	meeting = new_ring();
	sem_init(&to_back, 0, 0);
	sem_init(&to_front, 0, 0);
	FRONT_RING_INIT(&front, meeting, RING_BYTES);
	if (pthread_create(&thread, NULL, serve, NULL))
		abort();
	while (got < MESSAGES) {
		sent = ask(&front, sent);
		got = collect(&front, got, &wrong);
		RING_FINAL_CHECK_FOR_RESPONSES(&front, more);
		if (!more && got < MESSAGES && RING_FULL(&front))
			sem_wait(&to_front);
	}
	pthread_join(thread, NULL);
	CHECK(got == MESSAGES && wrong == 0);
	free(meeting);
}

/* ---- the race ---- */

#define ROUNDS	200000u

/* Cache lines apart, so that a store can be late while a load is not. */
static struct {
	RING_IDX index __attribute__((aligned(128)));
	RING_IDX event __attribute__((aligned(128)));
	unsigned int round[2] __attribute__((aligned(128)));
} race;
static unsigned char told[ROUNDS], saw[ROUNDS];

/* Both threads leave together; a yield keeps one CPU from spinning away. */
static void line_up(unsigned int me, unsigned int round)
{
	unsigned int spins = 0;

	__atomic_store_n(&race.round[me], round, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&race.round[!me], __ATOMIC_SEQ_CST) < round)
		if (++spins % 1024 == 0)
			sched_yield();
}

static void *publisher(void *unused)
{
	RING_IDX i;

	for (i = 0; i < ROUNDS; i++) {
		line_up(0, i + 1);
		ring_publish(&race.index, i + 1);
		told[i] = ring_must_notify(&race.event, i, i + 1) != 0;
	}
	return unused;
}

static void test_race(void)
{
	unsigned int lost = 0;
	pthread_t thread;
	RING_IDX i;

	if (pthread_create(&thread, NULL, publisher, NULL))
		abort();
	for (i = 0; i < ROUNDS; i++) {
		line_up(1, i + 1);
		ring_announce_event(&race.event, i + 1);
		saw[i] = ring_peer_index(&race.index) == i + 1;
	}
	pthread_join(thread, NULL);
	for (i = 0; i < ROUNDS; i++)
		lost += !told[i] && !saw[i];
	CHECK(lost == 0);
}

int main(void)
{
	test_sizes();
	test_wrap();
	test_full();
	test_lies();
	test_notify();
	test_race();
	test_threads();
	printf("check-ring: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
