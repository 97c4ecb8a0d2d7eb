// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ioload: load for a block device or an image file, with every block checked.
 *
 *	ioload fill PATH MIB SEED		writes every block, generation 1
 *	ioload check PATH MIB SEED [GEN]	reads and checks every block
 *	ioload mix PATH MIB SEED DEPTH SECONDS	random reads and writes, each
 *			read checked against the last write; checks all at the end
 *	ioload bench PATH read|write seq|rand DEPTH COUNT	blocks of 4096
 *	ioload flush PATH MIB SEED		block after block, each followed
 *			by fdatasync and then by a line "flushed N"
 *	ioload found PATH N SEED		are blocks 0 to N there?
 *
 * A block is 4096 bytes: its number, generation, seed, then words that follow
 * from these, and a sum: so a block that is lost, torn, old, or in the wrong
 * place shows.  Requests go by Linux's own asynchronous calls, DEPTH at a time,
 * past the page cache where the file allows that.  State: one table of
 * generations; no block has two requests in flight, so the order is known.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096u
#define WORDS (BLOCK / 8)
#define DEPTH_MAX 256u

struct slot {
	struct iocb cb;
	uint64_t *data;
	uint64_t block;
	bool write, busy;
};

static int fd;
static uint64_t blocks, seed;
static uint32_t *generation;
static aio_context_t aio;
static struct slot slots[DEPTH_MAX];
static unsigned int depth;
static uint64_t random_state = 88172645463325252ull;

static void die(const char *what, uint64_t block)
{
	printf("ioload: FAILED: %s, block %llu: %s\n", what,
	       (unsigned long long)block, errno ? strerror(errno) : "bad data");
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* The words that follow from a block's name. */
static uint64_t word(uint64_t block, uint64_t gen, unsigned int i)
{
	uint64_t x = block * 0x9e3779b97f4a7c15ull + gen * 0xbf58476d1ce4e5b9ull +
		     seed + i;

	x ^= x >> 29;
	return x * 0x94d049bb133111ebull;
}

static void make_block(uint64_t *p, uint64_t block, uint64_t gen)
{
	uint64_t sum = 0;

	p[0] = block;
	p[1] = gen;
	p[2] = seed;
	for (unsigned int i = 3; i < WORDS - 1; i++)
		p[i] = word(block, gen, i);
	for (unsigned int i = 0; i < WORDS - 1; i++)
		sum = sum * 31 + p[i];
	p[WORDS - 1] = sum;
}

static bool block_is(const uint64_t *p, uint64_t block, uint64_t gen)
{
	uint64_t want[WORDS];

	make_block(want, block, gen);
	return !memcmp(p, want, BLOCK);
}

static void expect_block(const uint64_t *p, uint64_t block, uint64_t gen)
{
	if (block_is(p, block, gen))
		return;
	errno = 0;
	printf("ioload: found block %llu generation %llu, wanted generation %llu\n",
	       (unsigned long long)p[0], (unsigned long long)p[1],
	       (unsigned long long)gen);
	die("check", block);
}

static void open_it(const char *path, int flags)
{
	fd = open(path, flags | O_DIRECT);
	if (fd < 0 && errno == EINVAL)
		fd = open(path, flags);
	if (fd < 0)
		die(path, 0);
}

static void set_up(unsigned int wanted)
{
	void *p;

	depth = wanted;
	if (!depth || depth > DEPTH_MAX ||
	    syscall(SYS_io_setup, depth, &aio))
		die("io_setup", depth);
	for (unsigned int i = 0; i < depth; i++) {
		if (posix_memalign(&p, BLOCK, BLOCK))
			die("memory", i);
		slots[i].data = p;
	}
}

static void submit(struct slot *s, uint64_t block, bool write)
{
	struct iocb *cb = &s->cb;

	*s = (struct slot){ .data = s->data, .block = block, .write = write,
			    .busy = true };
	cb->aio_data = (uintptr_t)s;
	cb->aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	cb->aio_fildes = (uint32_t)fd;
	cb->aio_buf = (uintptr_t)s->data;
	cb->aio_nbytes = BLOCK;
	cb->aio_offset = (int64_t)(block * BLOCK);
	if (syscall(SYS_io_submit, aio, 1, &cb) != 1)
		die("io_submit", block);
}

/* Waits for one request or more; calls @done for each. */
static void reap(void (*done)(struct slot *s))
{
	struct io_event events[32];
	long n;

	/* A guest that is suspended interrupts it. */
	do
		n = syscall(SYS_io_getevents, aio, 1L, 32L, events, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 1)
		die("io_getevents", 0);
	for (long i = 0; i < n; i++) {
		struct slot *s = (struct slot *)(uintptr_t)events[i].data;

		if (events[i].res != (int64_t)BLOCK) {
			errno = events[i].res < 0 ? (int)-events[i].res : EIO;
			die(s->write ? "write" : "read", s->block);
		}
		s->busy = false;
		done(s);
	}
}

static struct slot *free_slot(void (*done)(struct slot *s))
{
	for (;;) {
		for (unsigned int i = 0; i < depth; i++) {
			if (!slots[i].busy)
				return &slots[i];
		}
		reap(done);
	}
}

static void finish(void (*done)(struct slot *s))
{
	for (unsigned int i = 0; i < depth; i++) {
		while (slots[i].busy)
			reap(done);
	}
}

static void no_check(struct slot *s)
{
	(void)s;
}

static void check_read(struct slot *s)
{
	if (!s->write)
		expect_block(s->data, s->block, generation[s->block]);
}

static void fill(void)
{
	for (uint64_t b = 0; b < blocks; b++) {
		struct slot *s = free_slot(no_check);

		make_block(s->data, b, 1);
		generation[b] = 1;
		submit(s, b, true);
	}
	finish(no_check);
	if (fdatasync(fd))
		die("flush", 0);
}

static void check_all(void)
{
	for (uint64_t b = 0; b < blocks; b++)
		submit(free_slot(check_read), b, false);
	finish(check_read);
}

static bool in_flight(uint64_t block)
{
	for (unsigned int i = 0; i < depth; i++) {
		if (slots[i].busy && slots[i].block == block)
			return true;
	}
	return false;
}

/* Half of it reads, half writes, and now and then a flush. */
static void mix(uint64_t seconds)
{
	uint64_t end = now_ns() + seconds * 1000000000, count = 0, worst = 0;

	while (now_ns() < end) {
		struct slot *s = free_slot(check_read);
		uint64_t b = next_random() % blocks, t = now_ns();

		if (in_flight(b))
			continue;
		if (next_random() & 1) {
			make_block(s->data, b, ++generation[b]);
			submit(s, b, true);
		} else {
			submit(s, b, false);
		}
		if (!(++count % 1024) && fdatasync(fd))
			die("flush", b);
		t = now_ns() - t;
		worst = t > worst ? t : worst;
	}
	finish(check_read);
	check_all();
	printf("ioload: mixed %llu requests, longest pause %llu ms\n",
	       (unsigned long long)count, (unsigned long long)worst / 1000000);
}

/* Every block is written whole before its number is said. */
static void flush_log(void)
{
	for (uint64_t b = 0; b < blocks; b++) {
		make_block(slots[0].data, b, 1);
		if (pwrite(fd, slots[0].data, BLOCK, (off_t)(b * BLOCK)) !=
		    (ssize_t)BLOCK || fdatasync(fd))
			die("write and flush", b);
		printf("flushed %llu\n", (unsigned long long)b);
		fflush(stdout);
	}
}

static void bench(bool write, bool seq, uint64_t count)
{
	uint64_t t;

	for (unsigned int i = 0; i < depth; i++)
		make_block(slots[i].data, i, 1);
	t = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		struct slot *s = free_slot(no_check);

		submit(s, (seq ? i : next_random()) % blocks, write);
	}
	finish(no_check);
	if (write && fdatasync(fd))
		die("flush", 0);
	t = now_ns() - t;
	printf("ioload: %llu blocks in %llu ns, %llu ns each\n",
	       (unsigned long long)count, (unsigned long long)t,
	       (unsigned long long)(t / count));
}

static uint64_t size_in_blocks(void)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < (off_t)BLOCK)
		die("size", 0);
	return (uint64_t)end / BLOCK;
}

static void take_size(const char *mib)
{
	blocks = strtoull(mib, NULL, 10) << 8;
	generation = calloc(blocks + 1, sizeof(*generation));
	if (!blocks || !generation)
		die("size", 0);
}

static int run_bench(char **argv)
{
	bool write = !strcmp(argv[3], "write");

	open_it(argv[2], write ? O_RDWR : O_RDONLY);
	blocks = size_in_blocks();
	set_up((unsigned int)atoi(argv[5]));
	bench(write, !strcmp(argv[4], "seq"), strtoull(argv[6], NULL, 10));
	return 0;
}

static int run_found(const char *path, uint64_t last)
{
	open_it(path, O_RDONLY);
	set_up(32);
	blocks = last + 1;
	generation = calloc(blocks, sizeof(*generation));
	if (!generation)
		die("memory", 0);
	for (uint64_t b = 0; b < blocks; b++)
		generation[b] = 1;
	check_all();
	printf("ioload: %llu blocks are there\n", (unsigned long long)blocks);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 4 ? argv[1] : "";

	seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	if (!strcmp(verb, "bench") && argc == 7)
		return run_bench(argv);
	if (!strcmp(verb, "found"))
		return run_found(argv[2], strtoull(argv[3], NULL, 10));
	if (argc < 5)
		goto usage;
	open_it(argv[2], strcmp(verb, "check") ? O_RDWR : O_RDONLY);
	take_size(argv[3]);
	set_up(!strcmp(verb, "mix") && argc == 7 ? (unsigned int)atoi(argv[5]) :
	       32);
	if (!strcmp(verb, "fill")) {
		fill();
	} else if (!strcmp(verb, "check")) {
		for (uint64_t b = 0; b < blocks; b++)
			generation[b] = argc > 5 ? (uint32_t)atoi(argv[5]) : 1;
		check_all();
	} else if (!strcmp(verb, "mix") && argc == 7) {
		fill();
		mix(strtoull(argv[6], NULL, 10));
	} else if (!strcmp(verb, "flush")) {
		flush_log();
	} else {
		goto usage;
	}
	puts("ioload: ok");
	return 0;
usage:
	fputs("usage: see the head of ioload.c\n", stderr);
	return 2;
}
