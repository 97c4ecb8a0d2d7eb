// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_kill.c: the real backend process, killed again and again under load.
 *
 *	blk_kill PROGRAM DIRECTORY KILLS SEED [MODE...]
 *
 * Plays the device daemon and a frontend.  The load are reads and writes of
 * random blocks at the ring's full depth, each block with a generation in
 * every word, and flushes.  Rules that are checked: every request is answered
 * exactly once and with success, a read finds the generation that was written
 * last, and after the end the image holds, read past the backend, the last
 * generation of every block; and a new process waits while another open file
 * may still have I/O going on in the image.  Modes: persistent, queues=N, order=N, indirect,
 * pool, buffered, nbd=COMMAND-SOCKET.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <abi/io/blkif.h>

#include "backend/journal.h"
#include "backend/proto.h"
#include "blk_fake.h"

#define PAGE 4096u
#define BLOCKS 4096u		/* of 4 KiB on the disk */
#define MOST_SEGS 32u

struct shadow {			/* one request in flight */
	bool used, is_flush, is_write;
	uint32_t block, count;
	uint32_t page;		/* first of MOST_SEGS data pages */
	uint32_t gen;
	uint32_t indirect;	/* reference of the page of segments */
};

struct queue {
	blkif_front_ring_t ring;
	struct shadow *sh;
	uint32_t first_ref;
};

static struct {
	bool persistent, indirect, pool, buffered;
	uint32_t queues, order;
	const char *nbd;
} mode = { .queues = 1 };

static const char *program;
static char image[512];
static uint8_t *mem;		/* the guest's, by reference */
static int memfd, journal, ev_ours, ev_theirs;
static int sock = -1;
static pid_t child;
static struct queue queue[BP_BLK_MAX_QUEUES];
static uint32_t next_ref = 1;
static uint32_t gen_of[BLOCKS];	/* written last and acknowledged */
static bool busy[BLOCKS];
static uint32_t pool_refs[FAKE_PAGES], nr_pool;
static uint32_t pool_dir[BP_BLK_POOL_DIRS];
static uint64_t answered, rng, outstanding;
static bool stop_load;

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "blk_kill: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

static uint32_t rnd(uint32_t below)
{
	rng = rng * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rng >> 33) % below;
}

/* ---- the daemon ---- */

static int open_data(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (!mode.nbd) {
		fd = open(image, O_RDWR | O_CLOEXEC |
				 (mode.buffered ? 0 : O_DIRECT));
		if (fd < 0)
			die("%s: %s", image, strerror(errno));
		return fd;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", mode.nbd);
	for (int i = 0; connect(fd, (void *)&sa, sizeof(sa)); i++) {
		if (i == 500)
			die("%s: %s", mode.nbd, strerror(errno));
		usleep(10000);
	}
	return fd;
}

/* The next message of @type; its body in @buf. */
static void expect(uint32_t type, void *buf, int room)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	struct bp_head *h = buf;
	int nfds, rc;

	if (poll(&p, 1, 20000) != 1)
		die("no answer of type %u", type);
	rc = bp_recv(sock, buf, room, NULL, 0, &nfds);
	if (rc <= 0)
		die("expected message %u, got %d", type, rc);
	if (h->type == BP_FAILED)
		die("failed: %s", ((struct bp_failed *)buf)->text);
	if (h->type != type || h->len != bp_size(type))
		die("expected message %u, got %u", type, h->type);
}

static void spawn(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair: %s", strerror(errno));
	child = fork();
	if (!child) {
		if (dup2(pair[1], BP_SOCKET) < 0)
			_exit(125);
		if (getuid())
			execl(program, program, (char *)NULL);
		else
			execl(program, program, "--uid", "54321",
			      (char *)NULL);
		_exit(126);
	}
	close(pair[1]);
	sock = pair[0];
}

union any {
	struct bp_head head;
	struct bp_hello hello;
	struct bp_failed failed;
	struct bp_ready_blk ready;
	struct bp_stats stats;
};

static void tell(struct bp_head *h, uint32_t type, const int *fds, int n)
{
	int rc;

	h->type = type;
	h->len = type == BP_STATS ? sizeof(*h) : bp_size(type);
	rc = bp_send(sock, h, fds, n);
	if (rc)
		die("cannot send message %u: %s", type, strerror(-rc));
}

/* As a predecessor's unfinished I/O does, keeps the image for a while. */
static void check_fence(struct bp_start_blk *s, const int *fds)
{
	struct jrn j;
	struct flock l = { .l_type = F_RDLCK, .l_len = 1 };
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int fd = open(image, O_RDONLY | O_CLOEXEC);

	if (jrn_map(&j, journal))
		die("cannot map the journal");
	l.l_start = (off_t)((1ull << 61) + jrn_nonce(&j));
	jrn_unmap(&j);
	if (fcntl(fd, F_OFD_SETLK, &l))
		die("lock: %s", strerror(errno));
	tell(&s->head, BP_START_BLK, fds, 4);
	if (poll(&p, 1, 300) != 0)
		die("a predecessor's I/O was not waited for");
	close(fd);
}

static void start(bool resume)
{
	struct bp_start_blk s = {
		.domid = 7, .backing = mode.nbd ? BP_BACK_NBD : BP_BACK_FILE,
		.flags = BP_BLK_DISCARD | BP_BLK_PERSISTENT,
		.max_queues = BP_BLK_MAX_QUEUES, .name = "7/xvda",
	};
	struct bp_connect_blk c = {
		.resume = resume, .persistent = mode.persistent,
		.ring_pages = 1u << mode.order, .nr_queues = mode.queues,
		.pool_pages = nr_pool,
	};
	int fds[] = { memfd, ev_theirs, journal, open_data() };
	union any m;

	expect(BP_HELLO, &m, sizeof(m));
	if (m.hello.version != BP_VERSION || m.hello.kind != BP_KIND_BLK)
		die("a strange greeting");
	if (!resume && !mode.nbd)
		check_fence(&s, fds);
	else
		tell(&s.head, BP_START_BLK, fds, 4);
	close(fds[3]);
	expect(BP_READY_BLK, &m, sizeof(m));
	if (m.ready.sectors != (uint64_t)BLOCKS * PAGE / 512)
		die("the disk has %llu sectors",
		    (unsigned long long)m.ready.sectors);
	memcpy(c.pool_dir, pool_dir, sizeof(pool_dir));
	for (uint32_t q = 0; q < mode.queues; q++) {
		c.queue[q].port = 100 + q;
		for (uint32_t p = 0; p < c.ring_pages; p++)
			c.queue[q].ref[p] = queue[q].first_ref + p;
	}
	tell(&c.head, BP_CONNECT_BLK, NULL, 0);
	expect(BP_CONNECTED, &m, sizeof(m));
}

static void kill_child(void)
{
	int status;

	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL)
		die("the backend had ended by itself, status %x", status);
	close(sock);
}

/* ---- the frontend ---- */

static uint32_t grant(uint32_t count)
{
	uint32_t first = next_ref;

	next_ref += count;
	if (next_ref > FAKE_EVENTS)
		die("too few pages for this mode");
	memset(mem + first, FAKE_GRANT_RW, count);
	return first;
}

static void setup_queue(struct queue *q)
{
	size_t bytes = PAGE << mode.order;
	blkif_sring_t *s;

	q->first_ref = grant(1u << mode.order);
	s = (void *)(mem + (size_t)q->first_ref * PAGE);
	XEN_FRONT_RING_INIT(&q->ring, s, bytes);
	q->sh = calloc(RING_SIZE(&q->ring), sizeof(*q->sh));
	for (uint32_t i = 0; i < RING_SIZE(&q->ring); i++) {
		struct shadow *sh = &q->sh[i];

		sh->page = grant(mode.indirect ? MOST_SEGS : 4);
		sh->indirect = mode.indirect ? grant(1) : 0;
	}
}

static void setup_pool(uint32_t from)
{
	uint32_t dir;

	for (uint32_t r = from; r < next_ref; r++)
		pool_refs[nr_pool++] = r;
	dir = grant((nr_pool + 1023) / 1024);
	memcpy(mem + (size_t)dir * PAGE, pool_refs, nr_pool * 4);
	for (uint32_t i = 0; i < (nr_pool + 1023) / 1024; i++)
		pool_dir[i] = dir + i;
}

static void fill(const struct shadow *sh)
{
	for (uint32_t b = 0; b < sh->count; b++) {
		uint32_t *w = (void *)(mem + (size_t)(sh->page + b) * PAGE);

		for (uint32_t i = 0; i < PAGE / 8; i++) {
			w[2 * i] = sh->block + b;
			w[2 * i + 1] = sh->gen;
		}
	}
}

static void check_block(const uint32_t *w, uint32_t block, const char *where)
{
	for (uint32_t i = 0; i < PAGE / 8; i++) {
		uint32_t want = gen_of[block] ? block : 0;

		if (w[2 * i] != want || w[2 * i + 1] != gen_of[block])
			die("%s: block %u word %u: block %u generation %u, "
			    "not %u", where, block, i, w[2 * i], w[2 * i + 1],
			    gen_of[block]);
	}
}

static bool claim(uint32_t block, uint32_t count)
{
	for (uint32_t b = block; b < block + count; b++)
		if (busy[b])
			return false;
	memset(busy + block, 1, count);
	return true;
}

static void put_segments(const struct shadow *sh,
			 struct blkif_request_segment *seg)
{
	for (uint32_t i = 0; i < sh->count; i++)
		seg[i] = (struct blkif_request_segment){
			.gref = sh->page + i, .last_sect = 7,
		};
}

static void put_request(struct queue *q, uint32_t slot, uint32_t id)
{
	const struct shadow *sh = &q->sh[id];
	struct blkif_request r = { .id = id };
	struct blkif_request_indirect in = { .id = id };
	uint8_t op = sh->is_write ? BLKIF_OP_WRITE : BLKIF_OP_READ;

	r.operation = sh->is_flush ? BLKIF_OP_FLUSH_DISKCACHE : op;
	r.sector_number = (uint64_t)sh->block * 8;
	r.nr_segments = (uint8_t)sh->count;
	if (mode.indirect && !sh->is_flush) {
		in.operation = BLKIF_OP_INDIRECT;
		in.indirect_op = op;
		in.nr_segments = (uint16_t)sh->count;
		in.sector_number = r.sector_number;
		in.indirect_grefs[0] = sh->indirect;
		put_segments(sh, (void *)(mem + (size_t)sh->indirect * PAGE));
		memcpy(&r, &in, sizeof(in));
	} else {
		put_segments(sh, r.seg);
	}
	memcpy(RING_GET_REQUEST(&q->ring, slot), &r, sizeof(r));
}

static bool new_request(struct queue *q, uint32_t id)
{
	struct shadow *sh = &q->sh[id];
	uint32_t most = mode.indirect ? MOST_SEGS : 4;

	sh->is_flush = rnd(64) == 0;
	sh->is_write = rnd(2);
	sh->count = sh->is_flush ? 0 : 1 + rnd(most);
	sh->block = sh->is_flush ? 0 : rnd(BLOCKS - most);
	if (!claim(sh->block, sh->count))
		return false;
	sh->used = true;
	sh->gen = (uint32_t)(answered * 64 + id + 1);
	if (sh->is_write)
		fill(sh);
	else
		for (uint32_t i = 0; i < sh->count; i++)
			memset(mem + (size_t)(sh->page + i) * PAGE, 0xee, PAGE);
	put_request(q, q->ring.req_prod_pvt++, id);
	outstanding++;
	return true;
}

static void send_event(uint32_t port)
{
	uint8_t *state = mem + (size_t)FAKE_EVENTS * PAGE + port;

	if (__atomic_load_n(state, __ATOMIC_SEQ_CST) & FAKE_MASKED)
		__atomic_fetch_or(state, FAKE_RAISED, __ATOMIC_SEQ_CST);
	else if (write(ev_ours, &port, sizeof(port)) < 0 && errno != EAGAIN)
		die("event: %s", strerror(errno));
}

/* What could not be sent while the port was masked. */
static void send_raised(uint32_t port)
{
	uint8_t *state = mem + (size_t)FAKE_EVENTS * PAGE + port;

	if (__atomic_load_n(state, __ATOMIC_SEQ_CST) != FAKE_RAISED)
		return;
	__atomic_fetch_and(state, (uint8_t)~FAKE_RAISED, __ATOMIC_SEQ_CST);
	send_event(port);
}

static void push_requests(uint32_t n)
{
	struct queue *q = &queue[n];
	int notify;

	for (uint32_t id = 0; !stop_load && id < RING_SIZE(&q->ring); id++)
		if (!q->sh[id].used && !RING_FULL(&q->ring))
			new_request(q, id);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->ring, notify);
	if (notify)
		send_event(100 + n);
}

static void finish(struct shadow *sh)
{
	for (uint32_t i = 0; i < sh->count; i++) {
		const void *at = mem + (size_t)(sh->page + i) * PAGE;

		if (sh->is_write)
			gen_of[sh->block + i] = sh->gen;
		else
			check_block(at, sh->block + i, "read");
		busy[sh->block + i] = false;
	}
	sh->used = false;
	answered++;
	outstanding--;
}

static void take_responses(struct queue *q)
{
	int more;

	do {
		RING_IDX prod = ring_peer_index(&q->ring.sring->rsp_prod);

		if (RING_RESPONSE_PROD_OVERFLOW(&q->ring, prod) ||
		    prod - q->ring.rsp_cons >
			    q->ring.req_prod_pvt - q->ring.rsp_cons)
			die("response index %u, consumed %u", prod,
			    q->ring.rsp_cons);
		while (q->ring.rsp_cons != prod) {
			struct blkif_response r;

			RING_COPY_RESPONSE(&q->ring, q->ring.rsp_cons++, &r);
			if (r.id >= RING_SIZE(&q->ring) || !q->sh[r.id].used)
				die("an answer to no request: %llu",
				    (unsigned long long)r.id);
			if (r.status != BLKIF_RSP_OKAY)
				die("request %llu failed: %d",
				    (unsigned long long)r.id, r.status);
			finish(&q->sh[r.id]);
		}
		RING_FINAL_CHECK_FOR_RESPONSES(&q->ring, more);
	} while (more);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* All queues, or for a while just one: then no other's event hides that its
 * own got lost. */
static bool is_loaded(uint32_t q)
{
	static uint32_t only, turns;

	if (!turns--) {
		turns = rnd(64 * mode.queues);
		only = rnd(mode.queues + 1);
	}
	return only == q || only == mode.queues;
}

/* Load until @until (us), or until all is answered when the load stops. */
static void load(uint64_t until)
{
	uint64_t seen = now_us();
	uint32_t port;

	while (now_us() < until && !(stop_load && !outstanding)) {
		struct pollfd p[] = { { .fd = ev_ours, .events = POLLIN },
				      { .fd = sock, .events = POLLIN } };
		uint64_t before = answered;

		for (uint32_t q = 0; q < mode.queues; q++) {
			take_responses(&queue[q]);
			if (is_loaded(q))
				push_requests(q);
			send_raised(100 + q);
		}
		poll(p, 2, 1);
		if (p[1].revents)
			die("the backend says something or has ended");
		while (read(ev_ours, &port, sizeof(port)) == sizeof(port))
			;
		if (answered != before)
			seen = now_us();
		if (now_us() - seen > 20000000)
			die("no answer for 20 s, %llu outstanding",
			    (unsigned long long)outstanding);
	}
}

static void check_image(void)
{
	int fd = open(image, O_RDONLY);
	static uint32_t block[PAGE / 4];

	for (uint32_t b = 0; b < BLOCKS; b++) {
		if (pread(fd, block, PAGE, (off_t)b * PAGE) != PAGE)
			die("cannot read the image");
		check_block(block, b, "image");
	}
	close(fd);
}

static void parse_modes(char **arg)
{
	for (; *arg; arg++) {
		if (!strcmp(*arg, "persistent"))
			mode.persistent = true;
		else if (!strcmp(*arg, "indirect"))
			mode.indirect = true;
		else if (!strcmp(*arg, "pool"))
			mode.pool = mode.persistent = true;
		else if (!strcmp(*arg, "buffered"))
			mode.buffered = true;
		else if (!strncmp(*arg, "queues=", 7))
			mode.queues = (uint32_t)atoi(*arg + 7);
		else if (!strncmp(*arg, "order=", 6))
			mode.order = (uint32_t)atoi(*arg + 6);
		else if (!strncmp(*arg, "nbd=", 4))
			mode.nbd = *arg + 4;
		else
			die("unknown mode '%s'", *arg);
	}
}

static void setup(const char *dir)
{
	uint32_t from;
	int pair[2], fd;

	snprintf(image, sizeof(image), "%s/disk.img", dir);
	fd = open(image, O_RDWR | O_CREAT | (mode.nbd ? 0 : O_TRUNC), 0600);
	if (fd < 0 || ftruncate(fd, (off_t)BLOCKS * PAGE))
		die("%s: %s", image, strerror(errno));
	close(fd);
	memfd = memfd_create("guest", MFD_CLOEXEC);
	journal = memfd_create("journal", MFD_CLOEXEC);
	if (ftruncate(memfd, (off_t)FAKE_PAGES * PAGE) ||
	    ftruncate(journal, BP_JOURNAL_BYTES))
		die("memfd: %s", strerror(errno));
	mem = mmap(NULL, (size_t)FAKE_PAGES * PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED, memfd, 0);
	if (mem == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	mem[(size_t)FAKE_EVENTS * PAGE + FAKE_MASKS] = 1;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       pair))
		die("socketpair: %s", strerror(errno));
	ev_ours = pair[0];
	ev_theirs = pair[1];
	from = next_ref;
	for (uint32_t q = 0; q < mode.queues; q++)
		setup_queue(&queue[q]);
	if (mode.pool)
		setup_pool(from);
}

static void change_medium(struct bp_start_blk *s, uint64_t sectors)
{
	union any m;
	int fd = s->backing == BP_BACK_EMPTY ? -1 : open_data();

	tell(&s->head, BP_MEDIA, &fd, fd >= 0);
	expect(BP_READY_BLK, &m, sizeof(m));
	if (m.ready.sectors != sectors)
		die("the medium has %llu sectors",
		    (unsigned long long)m.ready.sectors);
	if (fd >= 0)
		close(fd);
}

static void resize(uint64_t bytes)
{
	struct bp_head h;
	union any m;

	if (truncate(image, (off_t)bytes))
		die("truncate: %s", strerror(errno));
	tell(&h, BP_RESIZE, NULL, 0);
	expect(BP_READY_BLK, &m, sizeof(m));
	if (m.ready.sectors != bytes / 512)
		die("resized to %llu sectors",
		    (unsigned long long)m.ready.sectors);
}

/* Alone, so that no other's answer moves what does not fit the socket. */
static void large_writes(void)
{
	struct queue *q = &queue[0];
	struct shadow *sh = &q->sh[0], was;
	bool indirect = mode.indirect;

	stop_load = true;
	load(now_us() + 20000000);
	was = *sh;
	sh->page = grant(256);
	sh->indirect = grant(1);
	mode.indirect = true;
	for (uint32_t i = 0; i < 100; i++) {
		sh->is_flush = false;
		sh->is_write = sh->used = true;
		sh->count = 256;
		sh->block = i * 16;
		sh->gen = (uint32_t)(answered * 64 + 1);
		claim(sh->block, sh->count);
		fill(sh);
		put_request(q, q->ring.req_prod_pvt++, 0);
		outstanding++;
		push_requests(0);
		load(now_us() + 20000000);
		if (outstanding)
			die("a large write is not answered");
	}
	mode.indirect = indirect;
	sh->page = was.page;
	sh->indirect = was.indirect;
	stop_load = false;
}

/* With nothing in flight: a disk is ejected when its users are done. */
static void eject_and_insert(uint32_t backing)
{
	struct bp_start_blk s = { .backing = BP_BACK_EMPTY };

	stop_load = true;
	load(now_us() + 20000000);
	change_medium(&s, 0);
	s.backing = backing;
	change_medium(&s, (uint64_t)BLOCKS * PAGE / 512);
	stop_load = false;
}

/*
 * A server's disk is ejected and put in again, more often than the server
 * takes connections at once.
 */
static void change_server(void)
{
	for (int i = 0; i < 20; i++) {
		eject_and_insert(BP_BACK_NBD);
		load(now_us() + 3000);
	}
}

/* What the daemon may ask for in the middle of the load. */
static void requests_of_the_daemon(void)
{
	struct bp_start_blk s = { .backing = BP_BACK_FILE };
	struct bp_failed f;
	int nfds;

	resize((uint64_t)BLOCKS * PAGE + 1048576);
	load(now_us() + 10000);
	resize((uint64_t)BLOCKS * PAGE);
	/* A new medium waits for what is in flight; requests wait for it. */
	change_medium(&s, (uint64_t)BLOCKS * PAGE / 512);
	load(now_us() + 10000);
	eject_and_insert(BP_BACK_FILE);
	load(now_us() + 10000);
	/* Out of turn: refused in words, and nothing breaks. */
	tell(&s.head, BP_START_BLK, NULL, 0);
	poll(&(struct pollfd){ .fd = sock, .events = POLLIN }, 1, 20000);
	if (bp_recv(sock, &f, sizeof(f), NULL, 0, &nfds) != sizeof(f) ||
	    f.head.type != BP_FAILED || !f.text[0])
		die("a second start was not refused");
	load(now_us() + 10000);
}

/* What the backend has used of a processor, in clock ticks. */
static long used_ticks(void)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, system = 0;
	FILE *file;
	char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		die("%s: %s", path, strerror(errno));
	fclose(file);
	at = strrchr(text, ')');
	if (!at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			  "%lu %lu", &user, &system) != 2)
		die("%s says something strange", path);
	return (long)(user + system);
}

/* Events with nothing behind them wake it up, but not each of them. */
static void flood_of_events(void)
{
	uint64_t until = now_us() + 1000000;
	long before = used_ticks();
	uint32_t port;

	stop_load = true;
	load(now_us() + 20000000);
	while (now_us() < until) {
		send_event(100);
		send_raised(100);
		while (read(ev_ours, &port, sizeof(port)) == sizeof(port))
			;
	}
	/* Without pauses it is all of that second. */
	if (used_ticks() - before > sysconf(_SC_CLK_TCK) / 2)
		die("events keep it busy that bring no work");
	stop_load = false;
	load(now_us() + 10000);
}

/* Nobody has the image open: its file system could be unmounted now. */
static void check_released(void)
{
	int fd = open(image, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK))
		die("the image is open still: %s", strerror(errno));
	close(fd);
}

/* Asks for the end of it in order, and that nothing was left undone. */
static void hand_over(void)
{
	struct bp_head h;
	union any m;
	int status;

	if (mode.nbd) {
		large_writes();
		change_server();
	} else {
		requests_of_the_daemon();
	}
	flood_of_events();
	tell(&h, BP_STATS, NULL, 0);
	expect(BP_STATS, &m, sizeof(m));
	if (m.stats.errors)
		die("the backend counts %llu malformed requests",
		    (unsigned long long)m.stats.errors);
	tell(&h, BP_QUIESCE, NULL, 0);
	expect(BP_QUIESCED, &m, sizeof(m));
	if (waitpid(child, &status, 0) != child || status)
		die("the backend ended with status %x", status);
	close(sock);
	spawn();
	start(true);
	load(now_us() + 20000);
	stop_load = true;
	load(now_us() + 20000000);
	tell(&h, BP_DISCONNECT, NULL, 0);
	expect(BP_DISCONNECTED, &m, sizeof(m));
	close(sock);
	if (waitpid(child, &status, 0) != child || status)
		die("the backend ended with status %x", status);
	child = 0;
	if (!mode.nbd)
		check_released();
}

int main(int argc, char **argv)
{
	int kills;

	if (argc < 5)
		die("usage: PROGRAM DIRECTORY KILLS SEED [MODE...]");
	program = argv[1];
	kills = atoi(argv[3]);
	rng = strtoull(argv[4], NULL, 0);
	parse_modes(argv + 5);
	setup(argv[2]);
	spawn();
	start(false);
	for (int i = 0; i < kills; i++) {
		load(now_us() + 1000 + rnd(15000));
		kill_child();
		spawn();
		start(true);
	}
	load(now_us() + 50000);
	hand_over();
	if (outstanding)
		die("%llu requests were never answered",
		    (unsigned long long)outstanding);
	check_image();
	printf("%d kills, %llu requests answered once each, image right\n",
	       kills, (unsigned long long)answered);
	return 0;
}
