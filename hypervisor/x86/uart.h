/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports and the text screen: x86/uart.c, x86/vga.c. */
#ifndef X86_UART_H
#define X86_UART_H

#include <boot/boot.h>

/*
 * Input arrives from now on, by interrupts or, without one, a timer; and with
 * interrupts, output no longer waits for the port.
 */
void uart_start_interrupts(void);

/* To all devices, without any lock: for panics. */
void console_write_raw(const char *text, size_t len);
/* What is still to be sent, and all that follows, waits for the port again. */
void console_flush(void);

/* The text screen, while the hypervisor owns it. */
bool vga_init(void);
void vga_release(void);
void vga_write(const char *text, size_t len);

#endif
