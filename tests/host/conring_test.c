// SPDX-License-Identifier: GPL-2.0-or-later
/* The log ring as XEN_SYSCTL_readconsole shows it, and console_io. */
#include <stdio.h>
#include "core_test.h"
#include <boot/boot.h>
#include <irq/irq.h>
#include <port/log.h>
#include <hypercall/hypercall.h>

#define RING 16384U

static char buf[4 * RING];

static uint32_t read_from(uint32_t *index, uint32_t len, bool clear)
{
	uint32_t n = 0;

	assert_int_equal(console_read_log(buf, len, clear, index, &n), 0);
	buf[n] = '\0';
	return n;
}

static void keeps_the_last_text(void **state)
{
	uint32_t index = 0, total = 0, next;

	(void)state;
	log_write("first\n", 6);
	assert_int_equal(read_from(&index, RING, false), 6);
	assert_string_equal(buf, "first\n");
	for (unsigned int i = 0; i < 5000; i++) {
		char line[32];
		int n = snprintf(line, sizeof(line), "line %u\n", i);

		log_write(line, (size_t)n);
		total += (uint32_t)n;
	}
	index = 0;
	assert_int_equal(read_from(&index, 4 * RING, false), RING);
	assert_int_equal(index, total + 6 - RING);
	assert_non_null(strstr(buf, "line 4999\n"));
	assert_null(strstr(buf, "line 1\n"));
	/* Piece by piece gives the same. */
	next = index;
	assert_int_equal(read_from(&next, 100, false), 100);
	next += 100;
	assert_int_equal(read_from(&next, 4 * RING, false), RING - 100);
	/* Further than there is: nothing, not garbage. */
	next = total + 1000;
	assert_int_equal(read_from(&next, RING, false), 0);
}

static void clearing_hides_the_past(void **state)
{
	uint32_t index = 0;

	(void)state;
	log_write("before\n", 7);
	(void)read_from(&index, 0, true);
	index = 0;
	assert_int_equal(read_from(&index, RING, false), 0);
	log_write("after\n", 6);
	index = 0;
	assert_int_equal(read_from(&index, RING, false), 6);
	assert_string_equal(buf, "after\n");
}

static void grows(void **state)
{
	uint32_t index = 0;

	(void)state;
	boot_options.conring_size = 40000; /* rounded up to 64 KiB */
	assert_int_equal(conring_resize(), 0);
	assert_int_equal(read_from(&index, RING, false), 6);
	assert_string_equal(buf, "after\n");
	for (unsigned int i = 0; i < 3000; i++)
		log_write("0123456789abcde\n", 16);
	index = 0;
	assert_int_equal(read_from(&index, 4 * RING - 1, false), 48006);
}

static long console(struct vcpu *v, uint64_t cmd, const char *text)
{
	strcpy((char *)fake_buf, text);
	return fake_hypercall(v, __HYPERVISOR_console_io, cmd, strlen(text),
			      FAKE_BUF, 0);
}

static void guests_may_not_write_by_default(void **state)
{
	struct domain *g = fake_domain(7, 1), *d = fake_domain(0, 1);
	uint32_t index = 0;

	(void)state;
	(void)read_from(&index, 0, true);
	boot_options.guest_loglvl = LOG_WARN;
	assert_int_equal(console(g->vcpus[0], CONSOLEIO_write, "spam\n"), -EPERM);
	assert_int_equal(console(g->vcpus[0], CONSOLEIO_read, "...."), -EPERM);
	assert_int_equal(console(d->vcpus[0], CONSOLEIO_write, "as it is"), 0);
	assert_int_equal(console(d->vcpus[0], 7, ""), -ENOSYS);
	index = 0;
	assert_int_equal(read_from(&index, RING, true), 8);
	assert_string_equal(buf, "as it is");
	/* If asked for: whole lines, without what would upset a terminal. */
	boot_options.guest_loglvl = LOG_DEBUG;
	assert_int_equal(console(g->vcpus[0], CONSOLEIO_write, "ha\033[2J"), 0);
	index = 0;
	assert_int_equal(read_from(&index, RING, false), 0);
	assert_int_equal(console(g->vcpus[0], CONSOLEIO_write, "lf\n"), 0);
	index = 0;
	(void)read_from(&index, RING, true);
	assert_non_null(strstr(buf, "d7: ha[2Jlf\n"));
	fake_destroy(g);
	fake_destroy(d);
}

static void typed_text_is_read_once(void **state)
{
	struct domain *d = fake_domain(0, 1);
	struct vcpu *v = d->vcpus[0];
	uint32_t index = 0;

	(void)state;
	for (const char *p = "xl list\r"; *p; p++)
		console_rx(*p);
	assert_int_equal(console(v, CONSOLEIO_read, "....."), 5);
	assert_memory_equal(fake_buf, "xl li", 5);
	assert_int_equal(console(v, CONSOLEIO_read, "........."), 3);
	assert_int_equal(console(v, CONSOLEIO_read, "........."), 0);
	for (unsigned int i = 0; i < 1000; i++)
		console_rx('x'); /* more than fits: dropped */
	/* Three times Ctrl-A: keys are the hypervisor's. */
	for (unsigned int i = 0; i < 3; i++)
		console_rx(1);
	console_rx('h');
	console_rx('q');
	console_rx('g');
	console_rx('e');
	console_rx('p');
	console_rx('~');
	(void)read_from(&index, RING, true);
	assert_non_null(strstr(buf, "restart the machine"));
	assert_non_null(strstr(buf, "grants of all: frames=1 active=0 mapped=0"));
	assert_non_null(strstr(buf, "event channels of all: ports=0"));
	assert_non_null(strstr(buf, "TLB flushes: all="));
	for (unsigned int i = 0; i < 3; i++)
		console_rx(1);
	fake_destroy(d);
}

/* --- a device that takes a while --- */

static uint32_t slow_room = UINT32_MAX;
static unsigned int slow_bytes;
static char slow_text[256]; /* what came last */

static void slow_write(const char *text, size_t len)
{
	snprintf(slow_text, sizeof(slow_text), "%.*s", (int)len, text);
	slow_bytes += (unsigned int)len;
	slow_room -= MIN(slow_room, (uint32_t)len);
}

static uint32_t slow_has_room(void)
{
	return slow_room;
}

static void the_control_domain_waits_for_slow_devices(void **state)
{
	static struct log_sink slow = { .write = slow_write,
					.room = slow_has_room };
	struct domain *d = fake_domain(0, 1);
	uint64_t arg[6] = { CONSOLEIO_write, 3000, FAKE_BUF };
	unsigned int goes = 0;

	(void)state;
	fake_settle();
	log_add_sink(&slow);
	memset(fake_buf, 'x', 3000);
	for (; goes < 100; goes++) {
		unsigned int before = slow_bytes;

		slow_room = goes % 3 ? 0 : 1500;
		if (hypercall_call(d->vcpus[0], __HYPERVISOR_console_io,
				   arg) != -ERESTART)
			break;
		assert_in_range(slow_bytes - before, 0, 1500);
		assert_int_equal(arg[1], 3000 - slow_bytes);
		assert_int_equal(arg[2], FAKE_BUF + slow_bytes);
	}
	assert_int_equal(slow_bytes, 3000);
	assert_in_range(goes, 4, 20);
	slow_room = 0;
	log_err("what the hypervisor says does not wait\n");
	assert_true(slow_bytes > 3000);
	slow_room = UINT32_MAX;
	fake_destroy(d);
}

/* After the test before this one, whose device is still there. */
static void lines_about_guests_wait_for_nothing(void **state)
{
	struct domain *g = fake_domain(7, 1);
	unsigned int before = slow_bytes;
	uint32_t index = 0;

	(void)state;
	(void)read_from(&index, 0, true);
	slow_room = 40;
	for (unsigned int i = 0; i < 3; i++)
		log_guest(g, LOG_ERR, "is not told %u\n", i);
	assert_int_equal(slow_bytes, before);
	index = 0;
	(void)read_from(&index, RING, false);
	assert_non_null(strstr(buf, "d7: is not told 2\n")); /* but is kept */
	slow_room = 1000;
	log_guest(g, LOG_ERR, "is told\n");
	assert_string_equal(slow_text, "(parvis) d7: is told\n");
	assert_int_equal(slow_bytes - before,
			 strlen("(parvis) 3 lines about guests left out\n"
				"(parvis) d7: is told\n"));
	slow_room = UINT32_MAX;
	fake_destroy(g);
}

/* Not even with CPUs whose clocks differ. */
static void guests_cannot_flood_the_log(void **state)
{
	struct domain *g = fake_domain(7, 1);
	uint32_t index = 0, n = 0;

	(void)state;
	(void)read_from(&index, 0, true);
	for (unsigned int i = 0; i < 100; i++) {
		log_guest(g, LOG_ERR, "did it again\n");
		fake_now -= i % 2 ? -10UL : 10UL;
	}
	index = 0;
	(void)read_from(&index, RING, false);
	for (const char *p = buf; (p = strstr(p, "again")) != NULL; p++)
		n++;
	assert_int_equal(n, 20);
	fake_destroy(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_last_text),
		cmocka_unit_test(clearing_hides_the_past),
		cmocka_unit_test(grows),
		cmocka_unit_test(guests_may_not_write_by_default),
		cmocka_unit_test(typed_text_is_read_once),
		cmocka_unit_test(the_control_domain_waits_for_slow_devices),
		cmocka_unit_test(lines_about_guests_wait_for_nothing),
		cmocka_unit_test(guests_cannot_flood_the_log),
	};

	conring_init();
	fake_start(1);
	boot_options.loglvl = LOG_INFO;
	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
