// SPDX-License-Identifier: GPL-2.0-or-later
/* The CMOS clock, read once at boot for the time of day. No state. */
#include <x86/clock.h>
#include <x86/insn.h>

enum {
	RTC_SECOND = 0,
	RTC_MINUTE = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11,
	RTC_CENTURY = 0x32,
};

#define A_UPDATING 0x80
#define B_24_HOUR 2
#define B_BINARY 4
#define HOUR_PM 0x80

struct rtc_time {
	unsigned int second, minute, hour, day, month, year, century;
};

static unsigned int cmos(unsigned int reg)
{
	outb(0x70, (uint8_t)reg);
	return inb(0x71);
}

static void read_raw(struct rtc_time *t)
{
	for (unsigned int n = 0; cmos(RTC_A) & A_UPDATING && n < 100000; n++)
		pause();
	t->second = cmos(RTC_SECOND);
	t->minute = cmos(RTC_MINUTE);
	t->hour = cmos(RTC_HOUR);
	t->day = cmos(RTC_DAY);
	t->month = cmos(RTC_MONTH);
	t->year = cmos(RTC_YEAR);
	t->century = cmos(RTC_CENTURY);
}

static unsigned int decode(unsigned int v, bool binary)
{
	return binary ? v : (v >> 4) * 10 + (v & 15);
}

static void convert(struct rtc_time *t)
{
	unsigned int b = cmos(RTC_B);
	bool binary = b & B_BINARY, pm = t->hour & HOUR_PM;

	t->second = decode(t->second, binary);
	t->minute = decode(t->minute, binary);
	t->hour = decode(t->hour & ~HOUR_PM, binary);
	if (!(b & B_24_HOUR))
		t->hour = t->hour % 12 + (pm ? 12 : 0);
	t->day = decode(t->day, binary);
	t->month = decode(t->month, binary);
	t->year = decode(t->year, binary);
	t->century = decode(t->century, binary);
	if (t->century < 19 || t->century > 30)
		t->century = t->year < 70 ? 20 : 19;
	t->year += t->century * 100;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static uint64_t days_since_1970(uint64_t y, uint64_t m, uint64_t d)
{
	/* Count years from March, so that the leap day comes last. */
	uint64_t shifted = (m + 9) % 12;

	y -= m <= 2;
	return y * 365 + y / 4 - y / 100 + y / 400 +
	       (shifted * 306 + 5) / 10 + d - 1 - 719468;
}

uint64_t rtc_seconds(void)
{
	struct rtc_time t;

	read_raw(&t);
	convert(&t);
	if (t.month < 1 || t.month > 12 || t.year < 1970)
		return 0;
	return ((days_since_1970(t.year, t.month, t.day) * 24 + t.hour) * 60 +
		t.minute) * 60 + t.second;
}
