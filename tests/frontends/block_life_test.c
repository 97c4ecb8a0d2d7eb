// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a disk: the whole block frontend on a fake kernel, which ends the
 * test on what a real one would not survive (see fake.h), with a backend that
 * comes, goes, breaks rules and holds on to pages.
 */
#include "life.h"
#include <abi/io/blkif.h>

#define SECTORS	1000

/* The backend: two rings at most, and a disk of zeroes and what was written. */
static struct {
	blkif_back_ring_t ring;
	evtchn_port_t port;
	u8 disk[SECTORS * 512];
	int16_t status;		/* of each answer */
	bool dirty;		/* answers with ids of its own */
} back;

static void prepare(void)
{
	memset(&back, 0, sizeof(back));
	fake_param_set("depth", 32);
	fake_param_set("segments", 11);
	fake_set("be", "sectors", "1000");
	fake_set("be", "feature-flush-cache", "1");
}

static void back_attach(void)
{
	void *page = life_page("fe", "ring-ref");

	assert_non_null(page);
	BACK_RING_INIT(&back.ring, (blkif_sring_t *)page, FE_PAGE);
	back.port = life_port("fe", "event-channel");
}

static bool back_attached(void)
{
	void *page = life_page("fe", "ring-ref");

	return page && page == back.ring.sring;
}

const struct life_device life_device = {
	.prepare = prepare,
	.announced = XenbusStateInitialised,
	.attach = back_attach,
	.attached = back_attached,
};

static void copy_sector(const struct blkif_request *req, unsigned int i,
			u64 *sector)
{
	u8 *page = fake_page(req->seg[i].gref);
	u32 bytes = (req->seg[i].last_sect + 1u) * 512;

	assert_non_null(page);
	assert_true(*sector * 512 + bytes <= sizeof(back.disk));
	if (req->operation == BLKIF_OP_WRITE)
		memcpy(back.disk + *sector * 512, page, bytes);
	else
		memcpy(page, back.disk + *sector * 512, bytes);
	*sector += bytes / 512;
}

/* Serves what is on the ring now; returns how many requests. */
static unsigned int back_serves(void)
{
	struct blkif_request req;
	struct blkif_response *rsp;
	unsigned int i, count = 0;
	u64 sector;
	bool notify;

	while (RING_HAS_UNCONSUMED_REQUESTS(&back.ring)) {
		RING_COPY_REQUEST(&back.ring, back.ring.req_cons, &req);
		back.ring.req_cons++;
		sector = req.sector_number;
		for (i = 0; i < req.nr_segments; i++)
			copy_sector(&req, i, &sector);
		rsp = RING_GET_RESPONSE(&back.ring, back.ring.rsp_prod_pvt);
		back.ring.rsp_prod_pvt++;
		rsp->id = back.dirty ? 12345 : req.id;
		rsp->status = back.status;
		count++;
	}
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back.ring, notify);
	assert_true(!notify || fake_event(back.port));
	return count;
}

static void serve_all(void)
{
	do
		fake_works();
	while (back_serves());
}

/* count requests of one sector each, from the first on. */
static struct request load[FAKE_TAGS];
static u8 data[FAKE_TAGS][512];

static void submit(unsigned int count, int op)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		memset(data[i], op == REQ_OP_WRITE ? (int)i + 1 : 0, 512);
		fake_submit(&load[i], op, i, data[i], 512);
	}
	fake_works();
}

static void expect(unsigned int count, int status)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		assert_true(load[i].over);
		assert_int_equal(load[i].status, status);
	}
}

static void test_data(void **unused)
{
	(void)unused;
	life_connects();
	assert_true(fake.gd->added);
	submit(20, REQ_OP_WRITE);
	serve_all();
	expect(20, BLK_STS_OK);
	submit(20, REQ_OP_READ);
	serve_all();
	expect(20, BLK_STS_OK);
	assert_int_equal(data[19][511], 20);
}

/* What was under way is sent again, and no answer of the old ring counts. */
static void test_restart_in_flight(void **unused)
{
	(void)unused;
	life_connects();
	submit(20, REQ_OP_WRITE);
	life_restarts();
	assert_true(load[19].requeued && !load[0].over);
	serve_all();
	expect(20, BLK_STS_OK);
	assert_int_equal(back.disk[19 * 512], 20);
}

/* With more requests than the ring has room for. */
static void connects_deep(void)
{
	fake.driver->remove(&fake.bus);
	fake_param_set("depth", FAKE_TAGS);
	life_bind();
	life_connects();
}

/*
 * A ring that is smaller than the number of requests stops the queue.  The
 * event that would start it never comes from a backend that has gone.
 */
static void test_restart_of_stopped(void **unused)
{
	(void)unused;
	connects_deep();
	submit(40, REQ_OP_WRITE);
	assert_int_equal(back.ring.sring->req_prod, 32);
	assert_true(fake.gd->queue->hctx[0].stopped);
	life_restarts();
	assert_int_equal(back.ring.sring->req_prod, 32);
	serve_all();
	expect(40, BLK_STS_OK);
}

/* The same queue, started by the answers that make room. */
static void test_stopped_by_full(void **unused)
{
	(void)unused;
	connects_deep();
	submit(60, REQ_OP_WRITE);
	serve_all();
	expect(60, BLK_STS_OK);
}

static void test_suspend_in_flight(void **unused)
{
	(void)unused;
	life_connects();
	submit(20, REQ_OP_WRITE);
	assert_int_equal(life_resume(), 0);
	assert_false(fake_event(back.port));
	life_connects();
	serve_all();
	expect(20, BLK_STS_OK);
}

/* It breaks the rules: users get errors, and then it may close as well. */
static void test_broken(void **unused)
{
	(void)unused;
	life_connects();
	submit(5, REQ_OP_WRITE);
	back.dirty = true;
	back_serves();
	submit(0, 0);
	expect(5, BLK_STS_IOERR);
	assert_true(fake.gd->deleted);
	life_closes();
	life_backend_is(XenbusStateInitWait);
	assert_int_equal(fake.bus.state, XenbusStateClosed);
}

/* After an event storm without answers the kernel's throttle is asked for. */
static void test_empty_events(void **unused)
{
	int i;

	(void)unused;
	life_connects();
	for (i = 0; i < 10; i++)
		fake_event(back.port);
	assert_int_equal(fake.spurious, 10);
	submit(1, REQ_OP_WRITE);
	back_serves();
	assert_int_equal(fake.spurious, 10);
}

/* The disk goes before the work item that shows it has run. */
static void test_unplugged_unseen(void **unused)
{
	(void)unused;
	life_backend_is(XenbusStateInitWait);
	back_attach();
	life_backend_is(XenbusStateConnected);
	fake_set("be", "online", "0");
	life_backend_is(XenbusStateClosing);
	assert_false(fake.gd->added);
}

/* A name that is taken: no disk, and nothing is left of it. */
static void test_not_added(void **unused)
{
	(void)unused;
	life_backend_is(XenbusStateInitWait);
	back_attach();
	life_backend_is(XenbusStateConnected);
	fake.fail_at = fake.could_fail + 1;
	fake_works();
	assert_false(fake.gd->added);
}

/* Unplugged while it is open, with and without somebody who serves it. */
static void test_unplugged_in_use(void **unused)
{
	(void)unused;
	life_connects();
	fake.gd->openers = 1;
	fake.gd->refs++;
	fake_set("be", "online", "0");
	life_backend_is(XenbusStateClosing);
	assert_false(fake.gd->deleted);
	submit(3, REQ_OP_WRITE);
	serve_all();
	expect(3, BLK_STS_OK);
	fake.gd->openers = 0;
	fake.gd->fops->release(fake.gd);
	fake_works();
	assert_true(fake.gd->deleted);
	fake.driver->remove(&fake.bus);
	assert_non_null(fake.gd);	/* the last user's part */
	put_disk(fake.gd);
}

/* Closed by force, and closed again by its last user, after the bus let go. */
static void test_gone_in_use(void **unused)
{
	struct gendisk *gd;

	(void)unused;
	life_connects();
	gd = fake.gd;
	gd->openers = 1;
	gd->refs++;
	submit(3, REQ_OP_WRITE);
	fake_set("be", "online", "0");
	life_backend_is(XenbusStateClosed);
	expect(3, BLK_STS_IOERR);
	fake.driver->remove(&fake.bus);
	gd->openers = 0;
	gd->fops->release(gd);
	put_disk(gd);
}

/* Pages that the backend still maps are not the guest's again. */
static void test_pages_held(void **unused)
{
	int pages;

	(void)unused;
	fake.hold_grants = true;
	life_connects();
	pages = fake.pages;
	submit(3, REQ_OP_WRITE);
	life_restarts();
	assert_int_equal(fake.pages, 2 * pages);
	/* The old ring and pool: written to by their holder, read by nobody. */
	fake_let_go();
	fake.hold_grants = false;
	assert_int_equal(fake.pages, pages);
	serve_all();
	expect(3, BLK_STS_OK);
}

static void submit_four(void)
{
	submit(4, REQ_OP_WRITE);
}

static void four_are_told(void)
{
	expect(4, BLK_STS_IOERR);
}

static void test_failures(void **unused)
{
	static const struct life_failures scene = {
		.use = submit_four, .lost = four_are_told,
		.least = 20, .most = 1999, .stride = 1,
	};

	(void)unused;
	life_failures(&scene);
}

static void test_states(void **unused)
{
	(void)unused;
	life_connects();
	life_expect_states("34");
	life_restarts();
	life_expect_states("6134");
	/* A new backend without a word: the old rings are taken back first. */
	life_connects();
	life_expect_states("134");
	fake.driver->remove(&fake.bus);
	life_expect_states("56");
}

/* One that served another driver, or missed our Initialising. */
static void test_stale_backend(void **unused)
{
	(void)unused;
	life_backend_is(XenbusStateConnected);
	life_expect_states("6");
	life_backend_is(XenbusStateClosed);
	life_expect_states("1");
	life_backend_is(XenbusStateClosed);
	/* Told again without a detour that it might follow. */
	life_expect_states("1");
	life_connects();
	life_expect_states("34");
}

/* Bound anew, it starts anew. */
static void test_bound_again(void **unused)
{
	(void)unused;
	life_connects();
	fake.driver->remove(&fake.bus);
	fake_works();
	life_expect_states("3456");
	life_bind();
	life_expect_states("1");
	life_connects();
	submit(3, REQ_OP_WRITE);
	serve_all();
	expect(3, BLK_STS_OK);
}

/* A promise taken back is told once, and asked for no more. */
static void test_flush_refused(void **unused)
{
	(void)unused;
	life_connects();
	assert_int_equal(fake.gd->queue->limits.features, BLK_FEAT_WRITE_CACHE);
	back.status = BLKIF_RSP_EOPNOTSUPP;
	fake_submit(&load[0], REQ_OP_FLUSH, 0, NULL, 0);
	serve_all();
	assert_int_equal(load[0].status, BLK_STS_NOTSUPP);
	assert_int_equal(fake.gd->queue->limits.features, 0);
	assert_int_equal(fake.warnings, 1);
	submit(10, REQ_OP_WRITE);
	serve_all();
	expect(10, BLK_STS_NOTSUPP);
	assert_int_equal(fake.warnings, 1);
}

/* A new backend's limits, while a writer of an attribute waits for requests. */
static void test_new_limits(void **unused)
{
	(void)unused;
	life_connects();
	submit(4, REQ_OP_WRITE);
	fake_set("be", "feature-flush-cache", "0");
	fake_set("be", "sectors", "900");
	life_restarts();
	assert_int_equal(fake.gd->queue->limits.features, 0);
	assert_int_equal(fake.gd->sectors, 900);
	serve_all();
	expect(4, BLK_STS_OK);
}

/* ---- anything, in any order ---- */

#define SOME	24		/* requests at most */

static struct gendisk *held;	/* by a user */

static void user_comes(void)
{
	if (held || !fake.gd || !fake.gd->added || fake.gd->deleted)
		return;
	held = fake.gd;
	held->openers++;
	held->refs++;
}

static void user_goes(void)
{
	struct gendisk *gd = held;

	if (!gd)
		return;
	held = NULL;
	gd->openers--;
	gd->fops->release(gd);
	put_disk(gd);
}

static void submit_some(void)
{
	unsigned int i = (unsigned int)rand() % SOME;

	if (!fake.gd || !fake.gd->added || fake.gd->deleted)
		return;
	for (; i < SOME; i++)
		if (load[i].over)
			fake_submit(&load[i], rand() % 2, i, data[i], 512);
}

static void serve(void)
{
	if (back_attached())
		back_serves();
}

static void lie(void)
{
	if (!back_attached() || rand() % 4)
		return;
	back.ring.sring->rsp_prod += (unsigned int)rand() % 3;
	fake_event(back.port);
}

/* Never a lost request. */
static void all_are_over(void)
{
	unsigned int i;

	for (i = 0; i < SOME; i++)
		assert_true(load[i].over);
}

static void nothing_submitted(void)
{
	unsigned int i;

	for (i = 0; i < SOME; i++)
		load[i].over = true;
}

static void test_anything(void **unused)
{
	static void (*const step[])(void) = {
		user_comes, user_goes, submit_some, submit_some, serve, lie,
	};
	static const struct life_anything scene = {
		.seeds = 400, .calls = 2000, .prepare = nothing_submitted,
		.unbound = user_goes, .check = all_are_over,
		.step = step, .nr_steps = ARRAY_SIZE(step),
	};

	(void)unused;
	life_anything(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_data), TEST(test_restart_in_flight),
		TEST(test_restart_of_stopped), TEST(test_stopped_by_full),
		TEST(test_suspend_in_flight), TEST(test_broken),
		TEST(test_empty_events), TEST(test_unplugged_unseen),
		TEST(test_not_added), TEST(test_unplugged_in_use),
		TEST(test_gone_in_use), TEST(test_pages_held),
		TEST(test_failures), TEST(life_no_io), TEST(test_states),
		TEST(test_stale_backend), TEST(test_bound_again),
		TEST(test_flush_refused), TEST(test_new_limits),
		TEST(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
