// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serial ports of the 16550 kind, as com1= and com2= describe them; and what
 * console= makes of them.
 *
 * State: the ports in use, and of each what is still to be sent, under its own
 * lock (RANK_UART).  Until interrupts work, with sync_console, and in a panic,
 * output waits for the port; later on it is put into a ring from which the
 * port's interrupt takes it.  Input comes by interrupt, else by a timer.
 */
#include <irq/irq.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/irq_hw.h>
#include <port/lock.h>
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
	UART_FCR = 2, /* written */
	UART_IIR = 2, /* read */
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCRATCH = 7,
};

#define UART_CLOCK 115200
#define LCR_DIVISOR 0x80
#define LSR_READY 0x01
#define LSR_EMPTY 0x20
#define IER_INPUT 1
#define IER_OUTPUT 2
#define IIR_NONE 1
#define MCR_DTR_RTS_OUT2 0x0b
#define FCR_ON_AND_CLEAR 0x07
#define FIFO_SIZE 16
#define SPIN_MAX 100000
#define POLL_NS 20000000UL
#define RX_BURST 256
#define INTERRUPT_ROUNDS 64
#define TX_ORDER 2
#define TX_SIZE ((uint32_t)PAGE_SIZE << TX_ORDER)
#define DEAD_NS 2000000000UL /* a port that takes nothing for so long */

static struct uart {
	uint16_t io;
	bool present;
	struct timer poll;

	struct lock lock; /* of the rest */
	bool buffered; /* else output waits for the port */
	char *tx;
	uint32_t in, out; /* of tx, modulo 2^32 */
	uint64_t moved; /* when the port last took something */
	uint32_t lost; /* characters, as it took nothing */
	uint8_t ier;
} uarts[2] = { { .lock = LOCK_INIT(RANK_UART) },
	       { .lock = LOCK_INIT(RANK_UART) } };

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

/* --- output --- */

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

static void write_now(struct uart *u, const char *text, size_t len)
{
	struct tx t = { u, 0 };

	for (; len; len--, text++) {
		if (*text == '\n')
			put(&t, '\r');
		put(&t, *text);
	}
}

static bool is_dead(const struct uart *u)
{
	return u->in != u->out && time_elapsed(u->moved, time_now()) > DEAD_NS;
}

/*
 * Send what the port takes at once, and have it interrupt for the rest. An
 * emulated port may take everything.
 */
static void feed(struct uart *u)
{
	uint8_t ier;

	while (u->out != u->in &&
	       inb((uint16_t)(u->io + UART_LSR)) & LSR_EMPTY) {
		for (unsigned int n = 0; n < FIFO_SIZE && u->out != u->in; n++)
			outb((uint16_t)(u->io + UART_DATA),
			     (uint8_t)u->tx[u->out++ % TX_SIZE]);
		u->moved = time_now();
	}
	ier = u->out == u->in ? IER_INPUT : IER_INPUT | IER_OUTPUT;
	if (ier != u->ier)
		outb((uint16_t)(u->io + UART_IER), ier);
	u->ier = ier;
}

static void keep(struct uart *u, char c)
{
	if (u->in - u->out == TX_SIZE && !is_dead(u)) {
		wait_empty(u);
		feed(u);
	}
	if (u->in - u->out == TX_SIZE)
		u->lost++;
	else
		u->tx[u->in++ % TX_SIZE] = c;
}

static void keep_text(struct uart *u, const char *text, size_t len)
{
	for (; len; len--, text++) {
		if (*text == '\n')
			keep(u, '\r');
		keep(u, *text);
	}
}

static void tell_losses(struct uart *u,
			void (*say)(struct uart *u, const char *s, size_t len))
{
	char text[48];

	fmt_snprintf(text, sizeof(text), "\n(parvis) %u characters lost\n",
		     u->lost);
	u->lost = 0;
	say(u, text, strlen(text));
}

static void uart_write(struct uart *u, const char *text, size_t len)
{
	if (!READ_ONCE(u->buffered)) {
		write_now(u, text, len);
		return;
	}
	lock_acquire(&u->lock);
	if (u->in == u->out)
		u->moved = time_now();
	if (u->lost && u->in - u->out < TX_SIZE / 2)
		tell_losses(u, keep_text);
	keep_text(u, text, len);
	feed(u);
	lock_release(&u->lock);
}

/* Nobody waits for a port that is dead. */
static uint32_t room(struct uart *u)
{
	uint32_t n = UINT32_MAX;

	lock_acquire(&u->lock);
	if (u->buffered && !is_dead(u))
		n = TX_SIZE - (u->in - u->out);
	lock_release(&u->lock);
	return n;
}

static uint32_t room_com1(void)
{
	return room(&uarts[0]);
}

static uint32_t room_com2(void)
{
	return room(&uarts[1]);
}

static void write_com1(const char *text, size_t len)
{
	uart_write(&uarts[0], text, len);
}

static void write_com2(const char *text, size_t len)
{
	uart_write(&uarts[1], text, len);
}

/* The end, perhaps of whoever holds the lock: no locks, no more buffering. */
static void stop_buffering(struct uart *u)
{
	struct tx t = { u, 0 };

	WRITE_ONCE(u->buffered, false);
	for (; u->out != u->in; u->out++)
		put(&t, u->tx[u->out % TX_SIZE]);
	if (u->lost)
		tell_losses(u, write_now);
}

void console_flush(void)
{
	for (unsigned int i = 0; i < 2; i++)
		if (uarts[i].present)
			stop_buffering(&uarts[i]);
}

void console_write_raw(const char *text, size_t len)
{
	console_flush();
	for (unsigned int i = 0; i < 2; i++)
		if (uarts[i].present)
			write_now(&uarts[i], text, len);
	vga_write(text, len);
}

int x86_early_console(void)
{
	static struct log_sink sinks[2] = {
		{ .write = write_com1, .room = room_com1 },
		{ .write = write_com2, .room = room_com2 },
	};
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

/* --- input, and interrupts --- */

static void receive(struct uart *u)
{
	for (unsigned int n = 0; n < RX_BURST; n++) {
		uint8_t status = inb((uint16_t)(u->io + UART_LSR));

		if (status == 0xff || !(status & LSR_READY))
			return;
		console_rx((char)inb((uint16_t)(u->io + UART_DATA)));
	}
}

/* The line must fall before it can rise again: until nothing is pending. */
static void interrupt(struct uart *u)
{
	unsigned int n = 0;

	do {
		receive(u);
		lock_acquire(&u->lock);
		if (u->buffered)
			feed(u);
		lock_release(&u->lock);
	} while (!(inb((uint16_t)(u->io + UART_IIR)) & IIR_NONE) &&
		 ++n < INTERRUPT_ROUNDS);
}

static void interrupt_com1(void)
{
	interrupt(&uarts[0]);
}

static void interrupt_com2(void)
{
	interrupt(&uarts[1]);
}

static void poll(void *arg)
{
	struct uart *u = arg;

	receive(u);
	(void)timer_set(&u->poll, time_now() + POLL_NS);
}

static int start_interrupt(unsigned int i)
{
	static void (*const handler[2])(void) = { interrupt_com1,
						  interrupt_com2 };
	bool level, low;
	uint8_t irq = boot_options.com_irq[i];
	unsigned int gsi = irq_isa_gsi(irq ? irq : usual[i].irq, &level, &low);

	return irq_claim(gsi, level, low, handler[i]);
}

/* Without interrupts, or memory, output goes on waiting. */
static void start_buffering(struct uart *u)
{
	char *p = boot_options.sync_console ? NULL : pages_alloc(TX_ORDER);

	u->ier = IER_INPUT;
	outb((uint16_t)(u->io + UART_IER), u->ier);
	u->tx = p;
	WRITE_ONCE(u->buffered, p != NULL);
}

void uart_start_interrupts(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct uart *u = &uarts[i];

		if (!u->present)
			continue;
		if (start_interrupt(i) == 0) {
			start_buffering(u);
			continue;
		}
		timer_init(&u->poll, poll, u, 0);
		poll(u);
	}
}
