// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serial ports of the 16550 kind, as com1= and com2= describe them; and what
 * console= makes of them.  State: the ports in use.  Output is called with
 * the log's lock held and polls; input comes by interrupt, else by a timer.
 */
#include <irq/irq.h>
#include <lib/str.h>
#include <port/irq_hw.h>
#include <port/log.h>
#include <port/time.h>
#include <sched/timer.h>
#include <x86/insn.h>
#include <x86/irq.h>
#include <x86/uart.h>
#include <x86/x86.h>

enum {
	UART_DATA = 0, /* divisor, low, while LCR's top bit is set */
	UART_IER = 1, /* divisor, high */
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCRATCH = 7,
};

#define UART_CLOCK 115200
#define LCR_DIVISOR 0x80
#define LSR_READY 0x01
#define LSR_EMPTY 0x20
#define MCR_DTR_RTS_OUT2 0x0b
#define FCR_ON_AND_CLEAR 0x07
#define FIFO_SIZE 16
#define SPIN_MAX 100000
#define POLL_NS 20000000UL
#define RX_BURST 256

static struct uart {
	uint16_t io;
	bool present;
	struct timer poll;
} uarts[2];

/* Where PCs have them, unless an option says otherwise. */
static const struct {
	uint16_t io;
	uint8_t irq;
} usual[2] = { { 0x3f8, 4 }, { 0x2f8, 3 } };

static bool exists(uint16_t io)
{
	outb((uint16_t)(io + UART_SCRATCH), 0x5a);
	return inb((uint16_t)(io + UART_SCRATCH)) == 0x5a;
}

/* "8n1": data bits, parity, stop bits; empty means that. */
static uint8_t line_format(const char *f)
{
	uint8_t bits = f[0] >= '5' && f[0] <= '8' ? (uint8_t)(f[0] - '5') : 3;

	if (f[1] == 'o')
		bits |= 0x08;
	else if (f[1] == 'e')
		bits |= 0x18;
	return bits | (f[2] == '2' ? 4 : 0);
}

static bool uart_init(struct uart *u, uint16_t io, uint32_t baud,
		      const char *format)
{
	uint16_t divisor;

	if (!exists(io))
		return false;
	u->io = io;
	outb((uint16_t)(io + UART_IER), 0);
	if (baud && baud <= UART_CLOCK) {
		divisor = (uint16_t)(UART_CLOCK / baud);
		outb((uint16_t)(io + UART_LCR), LCR_DIVISOR);
		outb((uint16_t)(io + UART_DATA), (uint8_t)divisor);
		outb((uint16_t)(io + UART_IER), (uint8_t)(divisor >> 8));
	}
	outb((uint16_t)(io + UART_LCR), line_format(format));
	outb((uint16_t)(io + UART_FCR), FCR_ON_AND_CLEAR);
	outb((uint16_t)(io + UART_MCR), MCR_DTR_RTS_OUT2);
	u->present = true;
	return true;
}

/* Wait for an empty FIFO, but not for ever: the port may be stuck. */
static void wait_empty(const struct uart *u)
{
	for (unsigned int n = 0; n < SPIN_MAX; n++)
		if (inb((uint16_t)(u->io + UART_LSR)) & LSR_EMPTY)
			return;
}

struct tx {
	const struct uart *u;
	unsigned int room;
};

static void put(struct tx *t, char c)
{
	if (!t->room) {
		wait_empty(t->u);
		t->room = FIFO_SIZE;
	}
	t->room--;
	outb((uint16_t)(t->u->io + UART_DATA), (uint8_t)c);
}

static void uart_write(const struct uart *u, const char *text, size_t len)
{
	struct tx t = { u, 0 };

	for (; len; len--, text++) {
		if (*text == '\n')
			put(&t, '\r');
		put(&t, *text);
	}
}

static void write_com1(const char *text, size_t len)
{
	uart_write(&uarts[0], text, len);
}

static void write_com2(const char *text, size_t len)
{
	uart_write(&uarts[1], text, len);
}

void console_write_raw(const char *text, size_t len)
{
	for (unsigned int i = 0; i < 2; i++)
		if (uarts[i].present)
			uart_write(&uarts[i], text, len);
	vga_write(text, len);
}

int x86_early_console(void)
{
	static struct log_sink sinks[2] = { { .write = write_com1 },
					    { .write = write_com2 } };
	const struct boot_options *o = &boot_options;

	for (unsigned int i = 0; i < 2; i++)
		if (o->console_com[i] && !o->console_none &&
		    uart_init(&uarts[i],
			      o->com_io[i] ? o->com_io[i] : usual[i].io,
			      o->com_baud[i], o->com_format[i]))
			log_add_sink(&sinks[i]);
	if (o->console_vga && !o->console_none)
		(void)vga_init();
	return 0;
}

uint16_t x86_console_port(unsigned int i)
{
	return i < 2 && uarts[i].present ? uarts[i].io : 0;
}

/* --- input --- */

static void receive(struct uart *u)
{
	for (unsigned int n = 0; n < RX_BURST; n++) {
		uint8_t status = inb((uint16_t)(u->io + UART_LSR));

		if (status == 0xff || !(status & LSR_READY))
			return;
		console_rx((char)inb((uint16_t)(u->io + UART_DATA)));
	}
}

static void receive_com1(void)
{
	receive(&uarts[0]);
}

static void receive_com2(void)
{
	receive(&uarts[1]);
}

static void poll(void *arg)
{
	struct uart *u = arg;

	receive(u);
	(void)timer_set(&u->poll, time_now() + POLL_NS);
}

static int start_interrupt(unsigned int i)
{
	static void (*const handler[2])(void) = { receive_com1, receive_com2 };
	bool level, low;
	uint8_t irq = boot_options.com_irq[i];
	unsigned int gsi = irq_isa_gsi(irq ? irq : usual[i].irq, &level, &low);

	return irq_claim(gsi, level, low, handler[i]);
}

void uart_start_input(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct uart *u = &uarts[i];

		if (!u->present)
			continue;
		if (start_interrupt(i) == 0) {
			outb((uint16_t)(u->io + UART_IER), 1);
			continue;
		}
		timer_init(&u->poll, poll, u, 0);
		poll(u);
	}
}
