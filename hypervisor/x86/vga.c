// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The 80x25 text screen of a PC, until dom0 takes it over.  State: the cursor,
 * under the log's lock.
 */
#include <lib/str.h>
#include <port/log.h>
#include <x86/paging.h>
#include <x86/uart.h>

#define COLUMNS 80
#define ROWS 25
#define ATTRIBUTE 0x0700
#define TEXT_BASE 0xb8000UL

static volatile uint16_t *screen;
static unsigned int column;

static void scroll(void)
{
	for (unsigned int i = 0; i < COLUMNS * (ROWS - 1); i++)
		screen[i] = screen[i + COLUMNS];
	for (unsigned int i = 0; i < COLUMNS; i++)
		screen[COLUMNS * (ROWS - 1) + i] = ATTRIBUTE | ' ';
	column = 0;
}

static void put(char c)
{
	if (c == '\n' || column == COLUMNS)
		scroll();
	if (c != '\n')
		screen[COLUMNS * (ROWS - 1) + column++] =
			(uint16_t)(ATTRIBUTE | (uint8_t)c);
}

void vga_write(const char *text, size_t len)
{
	for (; screen && len; len--)
		put(*text++);
}

/* Through the identity map at first: there is no other yet. */
bool vga_init(void)
{
	static struct log_sink sink = { .write = vga_write };

	if (bootinfo.efi || bootinfo.fb.type == 1)
		return false;
	screen = (volatile uint16_t *)TEXT_BASE;
	log_add_sink(&sink);
	return true;
}

void vga_release(void)
{
	screen = NULL;
}
