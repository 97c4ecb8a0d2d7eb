// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HYPERVISOR_console_io: the control domain's text goes out as it is; other
 * guests' only if guest_loglvl= asks for it, line by line, printable bytes
 * only and limited in rate like all that guests cause to be logged.  Input of
 * the UART goes to the control domain; three times Ctrl-A switch it to the
 * hypervisor's own keys and back.
 *
 * State: the input ring, written by one CPU at a time (the UART's interrupt)
 * and read under rx_lock.
 */
#include <abi/core.h>
#include <boot/boot.h>
#include <hypercall/hypercall.h>
#include <irq/irq_priv.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/guest.h>
#include <port/hooks.h>
#include <port/log.h>
#include <sched/sched.h>

#define RX_SIZE 256U
#define CHUNK 256U
#define CHUNKS_MAX 16 /* before others get their turn: output is slow */
#define ROOM_MIN (2 * CHUNK) /* a line's end becomes two */
#define CONSOLE_LINE 200U
#define SWITCH_KEY 1 /* Ctrl-A */

static char rx[RX_SIZE];
static uint32_t rx_in, rx_out;
static struct lock rx_lock = LOCK_INIT(RANK_IRQ);
static bool to_hypervisor;
static unsigned int switch_count;

/* --- output --- */

static void guest_line_flush(struct domain *d)
{
	struct irq_domain *i = d->irq;

	i->out_line[i->out_len] = '\0';
	i->out_len = 0;
	log_guest(d, LOG_INFO, "%s\n", i->out_line);
}

/* Under d->lock: collect printable bytes until a line is complete. */
static void guest_put(struct domain *d, const char *text, size_t len)
{
	struct irq_domain *i = d->irq;

	for (size_t n = 0; n < len; n++) {
		char c = text[n];

		if (c == '\n')
			guest_line_flush(d);
		else if ((c >= ' ' && c <= '~') || c == '\t')
			i->out_line[i->out_len++] = c;
		if (i->out_len == CONSOLE_LINE - 1)
			guest_line_flush(d);
	}
}

static int guest_output(struct domain *d, const char *text, size_t len)
{
	int rc = 0;

	lock_acquire(&d->lock);
	if (!d->irq->out_line)
		d->irq->out_line = heap_alloc(CONSOLE_LINE);
	if (d->irq->out_line)
		guest_put(d, text, len);
	else
		rc = -ENOMEM;
	lock_release(&d->lock);
	return rc;
}

static int output(struct domain *d, const char *text, size_t len)
{
	if (!d->privileged)
		return guest_output(d, text, len);
	log_write(text, len);
	return 0;
}

/* The control domain waits for slow devices, but lets others run meanwhile. */
static bool must_wait(struct vcpu *v)
{
	if (!v->domain->privileged || log_room() >= ROOM_MIN)
		return false;
	vcpu_yield(v);
	return true;
}

/* Progress is in the arguments: count left, address. */
static long console_write(struct vcpu *v, uint64_t arg[6])
{
	uint32_t left = (uint32_t)arg[1];
	char buf[CHUNK];

	if (!v->domain->privileged && boot_options.guest_loglvl < LOG_INFO)
		return -EPERM;
	for (unsigned int n = 0; left > 0; n++) {
		uint32_t len = MIN(left, CHUNK);
		int rc;

		if (n == CHUNKS_MAX || must_wait(v)) {
			arg[1] = left;
			return -ERESTART;
		}
		if (guest_read(v, buf, arg[2], len))
			return -EFAULT;
		rc = output(v->domain, buf, len);
		if (rc)
			return rc;
		left -= len;
		arg[2] += len;
	}
	return 0;
}

/* --- input --- */

void console_switch_input(bool hypervisor)
{
	to_hypervisor = hypervisor;
	log_info("input goes to %s (Ctrl-A three times switches)\n",
		 hypervisor ? "the hypervisor; h: help" :
			      "the control domain");
}

/* Input that nobody reads is dropped, the newest first. */
static void rx_put(char c)
{
	lock_acquire(&rx_lock);
	if (rx_in - rx_out < RX_SIZE)
		rx[rx_in++ % RX_SIZE] = c;
	lock_release(&rx_lock);
	host_virq(VIRQ_CONSOLE);
}

void console_rx(char c)
{
	switch_count = c == SWITCH_KEY ? switch_count + 1 : 0;
	if (switch_count == 3) {
		switch_count = 0;
		console_switch_input(!to_hypervisor);
	} else if (c == SWITCH_KEY && to_hypervisor) {
		return;
	} else if (to_hypervisor) {
		debug_key(c);
	} else {
		rx_put(c);
	}
}

static long console_read(struct vcpu *v, const uint64_t arg[6])
{
	char buf[RX_SIZE];
	uint32_t n = 0, want = MIN((uint32_t)arg[1], RX_SIZE);

	if (!v->domain->privileged)
		return -EPERM;
	lock_acquire(&rx_lock);
	while (n < want && rx_out != rx_in)
		buf[n++] = rx[rx_out++ % RX_SIZE];
	lock_release(&rx_lock);
	if (n && guest_write(v, arg[2], buf, n))
		return -EFAULT;
	return n;
}

long hc_console_io(struct vcpu *v, uint64_t arg[6])
{
	switch ((uint32_t)arg[0]) {
	case CONSOLEIO_write:
		return console_write(v, arg);
	case CONSOLEIO_read:
		return console_read(v, arg);
	default:
		return -ENOSYS;
	}
}
