// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver of serial ports on a port that is as slow as a real one: sixteen
 * characters at a time, 87 us each.  Time passes by looking at the port.
 */
#include "core_test.h"
#include <boot/boot.h>
#include <port/log.h>
#include <x86/insn.h>
#include <x86/irq.h>
#include <x86/uart.h>

#define BASE 0x3f8
#define CHAR_NS 86806UL
#define LOOK_NS 1000UL
#define FIFO 16
#define RING 16384U
#define MS 1000000UL

static struct {
	uint8_t ier, lcr, scratch;
	unsigned int fifo; /* characters in it */
	uint64_t next; /* when the first of them is sent */
	bool dead, overrun, interrupt;
	uint8_t waiting[FIFO];
} port;

static char sent[1 << 20];
static size_t sent_count;
static void (*handler)(void);

static void run(void)
{
	while (!port.dead && port.fifo && port.next <= fake_now) {
		sent[sent_count++] = (char)port.waiting[0];
		memmove(port.waiting, port.waiting + 1, --port.fifo);
		port.next += CHAR_NS;
		if (!port.fifo)
			port.interrupt = true;
	}
}

uint8_t inb(uint16_t at)
{
	fake_now += LOOK_NS;
	run();
	switch (at - BASE) {
	case 2: {
		bool is = port.interrupt && port.ier & 2;

		port.interrupt = false;
		return is ? 2 : 1;
	}
	case 5:
		return port.fifo ? 0 : 0x20;
	case 7:
		return port.scratch;
	}
	return 0xff;
}

static void send(uint8_t val)
{
	if (port.fifo == FIFO) {
		port.overrun = true;
		return;
	}
	if (!port.fifo)
		port.next = fake_now + CHAR_NS;
	port.waiting[port.fifo++] = val;
	port.interrupt = false;
}

void outb(uint16_t at, uint8_t val)
{
	fake_now += LOOK_NS;
	run();
	if (at == BASE + 3)
		port.lcr = val;
	else if (at == BASE + 7)
		port.scratch = val;
	else if (at == BASE && !(port.lcr & 0x80))
		send(val);
	else if (at == BASE + 1 && !(port.lcr & 0x80)) {
		port.interrupt |= val & 2 && !(port.ier & 2) && !port.fifo;
		port.ier = val;
	}
}

/* --- what else the driver needs --- */

int irq_claim(unsigned int irq, bool level, bool low, void (*fn)(void))
{
	(void)irq;
	(void)level;
	(void)low;
	handler = fn;
	return 0;
}

unsigned int irq_isa_gsi(unsigned int isa, bool *level, bool *low)
{
	*level = *low = false;
	return isa;
}

bool vga_init(void)
{
	return false;
}

void vga_write(const char *text, size_t len)
{
	(void)text;
	(void)len;
}

/* --- */

/* Time in which interrupts are taken. */
static void pass(uint64_t ns)
{
	for (uint64_t end = fake_now + ns; fake_now < end;) {
		fake_now += CHAR_NS / 2;
		run();
		if (handler && port.interrupt && port.ier & 2)
			handler();
	}
}

static char text[1 << 17];

/* @n characters that tell where they are. */
static void make_text(size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('!' + i * 7 / 3 % 90);
}

static uint64_t write_text(size_t n)
{
	uint64_t start = fake_now;

	make_text(n);
	sent_count = 0;
	for (size_t i = 0; i < n; i += 4096)
		log_write(text + i, MIN(n - i, 4096UL));
	return fake_now - start;
}

static void assert_sent(size_t n)
{
	assert_false(port.overrun);
	assert_int_equal(sent_count, n);
	assert_memory_equal(sent, text, n);
}

static void early_output_waits(void **state)
{
	(void)state;
	assert_true(write_text(200) >= 180 * CHAR_NS);
	pass(2 * MS);
	assert_sent(200);
	sent_count = 0;
	log_write("a\nb", 3);
	pass(MS);
	assert_memory_equal(sent, "a\r\nb", 4);
}

static void it_goes_on_waiting_if_asked(void **state)
{
	(void)state;
	boot_options.sync_console = true;
	uart_start_interrupts();
	assert_true(write_text(200) >= 180 * CHAR_NS);
	boot_options.sync_console = false;
	pass(2 * MS);
}

static void later_output_does_not(void **state)
{
	(void)state;
	uart_start_interrupts();
	for (unsigned int i = 0; i < 20; i++) {
		size_t n = 1 + i * 97;

		assert_true(write_text(n) < MS / 10);
		pass(n * CHAR_NS + 5 * MS);
		assert_sent(n);
		assert_int_equal(port.ier, 1);
	}
}

static void a_full_ring_waits_for_the_port(void **state)
{
	uint64_t took = write_text(3 * RING);

	(void)state;
	assert_true(took >= (2 * RING - 1000) * CHAR_NS);
	assert_in_range(log_room(), 0, 64);
	pass(2 * RING * CHAR_NS);
	assert_sent(3 * RING);
	assert_int_equal(log_room(), RING);
}

static void a_dead_port_holds_nobody_up(void **state)
{
	uint64_t took;

	(void)state;
	port.dead = true;
	(void)write_text(RING / 2);
	assert_in_range(log_room(), RING / 2, RING / 2 + 32);
	fake_now += 3000 * MS;
	assert_int_equal(log_room(), UINT32_MAX);
	took = write_text(4 * RING);
	assert_true(took < 10 * MS);
	port.dead = false;
	port.next = fake_now;
	pass(2 * RING * CHAR_NS);
	log_write("again\n", 6);
	pass(100 * CHAR_NS);
	sent[sent_count] = '\0';
	assert_non_null(strstr(sent, "(parvis) 57"));
	assert_non_null(strstr(sent, " characters lost\r\nagain\r\n"));
	assert_false(port.overrun);
}

static void the_end_waits_again(void **state)
{
	(void)state;
	(void)write_text(3000);
	console_flush();
	pass(2 * MS);
	assert_sent(3000);
	assert_true(write_text(200) >= 180 * CHAR_NS);
	assert_int_equal(log_room(), UINT32_MAX);
	sent_count = 0;
	console_write_raw("panic\n", 6);
	pass(20 * MS);
	assert_memory_equal(sent + sent_count - 7, "panic\r\n", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_output_waits),
		cmocka_unit_test(it_goes_on_waiting_if_asked),
		cmocka_unit_test(later_output_does_not),
		cmocka_unit_test(a_full_ring_waits_for_the_port),
		cmocka_unit_test(a_dead_port_holds_nobody_up),
		cmocka_unit_test(the_end_waits_again),
	};

	fake_start(1);
	boot_options.console_com[0] = true;
	if (x86_early_console())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
