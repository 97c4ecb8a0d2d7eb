// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A control domain that says much at once: more than the hypervisor keeps for
 * a serial port; and things that are not there.  What a slow port makes of it
 * is tested on the host: uart_test, conring_test.
 */
#include "../lib/mg.h"

#define LINES 640
#define LINE 64 /* bytes, the end of the line included */
#define CALL_LINES 64 /* in one hypercall */

static char text[CALL_LINES * LINE];

/* "line 123 ......\n" */
static void make_line(char *at, unsigned int number)
{
	memset(at, '.', LINE);
	memcpy(at, "line ", 5);
	at[5] = (char)('0' + number / 100);
	at[6] = (char)('0' + number / 10 % 10);
	at[7] = (char)('0' + number % 10);
	at[8] = ' ';
	at[LINE - 1] = '\n';
}

TEST(much_text)
{
	if (!is_dom0)
		SKIP("others may not write there");
	for (unsigned int n = 0; n < LINES; n += CALL_LINES) {
		for (unsigned int i = 0; i < CALL_LINES; i++)
			make_line(text + i * LINE, n + i);
		CHECK_EQ(HC3(console_io, CONSOLEIO_write, sizeof(text), text),
			 0);
	}
}

TEST(bad_text)
{
	if (!is_dom0)
		SKIP("others may not write there");
	CHECK_EQ(HC3(console_io, CONSOLEIO_write, 100, 0x1234567890UL),
		 -EFAULT);
	CHECK_EQ(HC3(console_io, CONSOLEIO_write, 100, HYPERVISOR_VIRT_START),
		 -EFAULT);
	CHECK_EQ(HC3(console_io, CONSOLEIO_write, 0, 0), 0);
	CHECK_EQ(HC3(console_io, 77, 1, text), -ENOSYS);
}

/* A guest's text is logged if the host asks for it, else refused. */
TEST(text_of_guests)
{
	long rc;

	if (is_dom0)
		SKIP("this is the control domain");
	rc = HC3(console_io, CONSOLEIO_write, 6, "hello\n");
	CHECK(rc == 0 || rc == -EPERM);
	CHECK_EQ(HC3(console_io, CONSOLEIO_read, sizeof(text), text), -EPERM);
	CHECK_EQ(HC3(console_io, 77, 1, text), -ENOSYS);
}
