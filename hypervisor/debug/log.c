// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The console log: a line is formatted once, under the log's lock, and handed
 * to every sink (UART, screen, the ring that dom0 reads).
 *
 * State: the sinks, the line buffer, and in each domain a token bucket so that
 * no guest can fill the console.
 */
#include <boot/boot.h>
#include <domain/domain.h>
#include <lib/str.h>
#include <port/lock.h>
#include <port/log.h>
#include <port/time.h>

#define LINE_MAX 512
#define GUEST_BURST 20 /* lines at once */
#define GUEST_REFILL_NS 500000000UL /* then one line each half second */

static struct lock log_lock = LOCK_INIT(RANK_LOG);
static struct log_sink *sinks;
static char line[LINE_MAX];

void log_add_sink(struct log_sink *s)
{
	lock_acquire(&log_lock);
	s->next = sinks;
	sinks = s;
	lock_release(&log_lock);
}

void log_write(const char *text, size_t len)
{
	lock_acquire(&log_lock);
	for (struct log_sink *s = sinks; s; s = s->next)
		s->write(text, len);
	lock_release(&log_lock);
}

uint32_t log_room(void)
{
	uint32_t least = UINT32_MAX;

	lock_acquire(&log_lock);
	for (struct log_sink *s = sinks; s; s = s->next)
		if (s->room)
			least = MIN(least, s->room());
	lock_release(&log_lock);
	return least;
}

/* Under the lock: lines that a device had no room for are counted there. */
static void tell_missed(struct log_sink *s)
{
	char text[64];

	fmt_snprintf(text, sizeof(text),
		     "(parvis) %u lines about guests left out\n", s->missed);
	s->missed = 0;
	s->write(text, strlen(text));
}

/* Each end of a line becomes two characters. */
static bool has_room(const struct log_sink *s, size_t n)
{
	return !s->room || s->room() >= 2 * n + 64;
}

/*
 * Under the lock. Nothing that guests cause (@patient: false) waits for a slow
 * device, with interrupts off and all others' lines behind it.
 */
static void hand_out(size_t n, bool patient)
{
	for (struct log_sink *s = sinks; s; s = s->next) {
		if (!patient && !has_room(s, n)) {
			s->missed++;
			continue;
		}
		if (s->missed && has_room(s, n))
			tell_missed(s);
		s->write(line, n);
	}
}

static void emit(const char *prefix, bool patient, const char *fmt, va_list ap)
{
	size_t n;

	lock_acquire(&log_lock);
	n = str_copy(line, prefix, sizeof(line));
	fmt_vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	n = strlen(line);
	if (n == sizeof(line) - 1)
		line[n - 1] = '\n';
	hand_out(n, patient);
	lock_release(&log_lock);
}

void log_at(enum log_level lvl, const char *fmt, ...)
{
	va_list ap;

	if ((int)lvl > boot_options.loglvl)
		return;
	va_start(ap, fmt);
	emit("(parvis) ", true, fmt, ap);
	va_end(ap);
}

/*
 * A race between two CPUs costs or gives a line: no lock for that. The count
 * is read once, so that it never falls below zero.
 */
static bool guest_may_log(struct domain *d)
{
	uint64_t now = time_now();
	uint64_t add = time_elapsed(d->log_refill, now) / GUEST_REFILL_NS;
	uint32_t tokens;

	if (d->log_refill == 0) {
		d->log_tokens = GUEST_BURST;
		d->log_refill = now;
	} else if (add) {
		d->log_tokens = (uint32_t)MIN(d->log_tokens + add,
					      (uint64_t)GUEST_BURST);
		d->log_refill = now;
	}
	tokens = READ_ONCE(d->log_tokens);
	if (!tokens)
		return false;
	WRITE_ONCE(d->log_tokens, tokens - 1);
	return true;
}

void log_guest(const struct domain *d, enum log_level lvl, const char *fmt, ...)
{
	char prefix[24];
	va_list ap;

	if (lvl != LOG_ERR && (int)lvl > boot_options.guest_loglvl)
		return;
	if (!guest_may_log((struct domain *)d))
		return;
	fmt_snprintf(prefix, sizeof(prefix), "(parvis) d%u: ", d->id);
	va_start(ap, fmt);
	emit(prefix, false, fmt, ap);
	va_end(ap);
}
