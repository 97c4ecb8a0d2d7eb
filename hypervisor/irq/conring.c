// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log ring: the last text that went to the console, for `xl dmesg`.
 *
 * State: the ring, written by the log with its lock held, and read under a
 * lock of its own rank-less kind: a reader takes a snapshot of the writer's
 * position, and what is overwritten meanwhile reads as newer text.
 */
#include <abi/core.h>
#include <boot/boot.h>
#include <irq/irq.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/hooks.h>
#include <port/log.h>
#include <sched/task.h>

#define EARLY_SIZE 16384U
#define SIZE_MAX_BYTES (16U << 20)

static char early[EARLY_SIZE];
static char *ring = early;
static uint32_t ring_size = EARLY_SIZE; /* a power of two */
static uint32_t written; /* bytes since boot, modulo 2^32 */
static uint32_t cleared; /* those before are not shown */
static bool wrapped;
static struct task notify_task;

static void notify(void *arg)
{
	(void)arg;
	host_virq(VIRQ_CON_RING);
}

static void put(const char *text, size_t len)
{
	uint32_t at = written;

	for (size_t i = 0; i < len; i++)
		ring[at++ & (ring_size - 1)] = text[i];
	wrapped |= at < written || at > ring_size;
	__atomic_store_n(&written, at, __ATOMIC_RELEASE);
	if (hooks.host_virq)
		task_schedule(&notify_task);
}

static struct log_sink sink = { .write = put };

int conring_init(void)
{
	task_init(&notify_task, notify, NULL);
	log_add_sink(&sink);
	return 0;
}

int conring_resize(void)
{
	uint32_t size = EARLY_SIZE;
	unsigned int order = 2;
	char *p;

	while (size < boot_options.conring_size && size < SIZE_MAX_BYTES) {
		size *= 2;
		order++;
	}
	if (size == EARLY_SIZE)
		return 0;
	p = pages_alloc(order);
	if (!p)
		return -ENOMEM;
	/* One CPU runs, and nothing is logged between these lines. */
	for (uint32_t n = 0, at = written; n < MIN(EARLY_SIZE, written); n++) {
		at--;
		p[at & (size - 1)] = ring[at & (EARLY_SIZE - 1)];
	}
	if (wrapped && (int32_t)(written - EARLY_SIZE - cleared) > 0)
		cleared = written - EARLY_SIZE;
	ring = p;
	ring_size = size;
	return 0;
}

int console_read_log(char *buf, uint32_t len, bool clear, uint32_t *index,
		     uint32_t *count)
{
	uint32_t end = __atomic_load_n(&written, __ATOMIC_ACQUIRE);
	uint32_t start = cleared, n;

	if (wrapped && (int32_t)(end - ring_size - start) > 0)
		start = end - ring_size;
	if (*index && (int32_t)(*index - start) > 0)
		start = (int32_t)(end - *index) >= 0 ? *index : end;
	n = MIN(len, end - start);
	for (uint32_t i = 0; i < n; i++)
		buf[i] = ring[(start + i) & (ring_size - 1)];
	if (clear)
		cleared = end;
	*index = start;
	*count = n;
	return 0;
}
