/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c: the program's log.
 *
 * Owns one sink (stderr, syslog or a file) and one level for the process.
 * Not locked: programs here have one thread, and a line is one write().
 */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static struct {
	char program[32];
	char path[256];
	enum log_sink sink;
	enum log_level level;
	int fd;
} logger = { .sink = LOG_TO_STDERR, .level = LOG_L_INFO, .fd = 2 };

static const char *const level_name[] = { "error", "warning", "info",
					  "debug" };
static const int level_syslog[] = { LOG_ERR, LOG_WARNING, LOG_INFO,
				    LOG_DEBUG };

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int log_init(const char *program, enum log_sink sink, const char *path)
{
	int fd = 2;

	if (sink == LOG_TO_FILE) {
		if (strlen(path) >= sizeof(logger.path))
			return -ENAMETOOLONG;
		fd = open_file(path);
		if (fd < 0)
			return fd;
		strcpy(logger.path, path);
	}
	snprintf(logger.program, sizeof(logger.program), "%s", program);
	if (sink == LOG_TO_SYSLOG)
		openlog(logger.program, LOG_PID, LOG_DAEMON);
	if (logger.fd > 2)
		close(logger.fd);
	logger.fd = fd;
	logger.sink = sink;
	return 0;
}

void log_set_level(enum log_level level)
{
	logger.level = level;
}

bool log_wants(enum log_level level)
{
	return level <= logger.level;
}

int log_reopen(void)
{
	int fd;

	if (logger.sink != LOG_TO_FILE)
		return 0;
	fd = open_file(logger.path);
	if (fd < 0)
		return fd;
	close(logger.fd);
	logger.fd = fd;
	return 0;
}

static void write_line(enum log_level level, const char *text)
{
	char line[1200], when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (logger.sink == LOG_TO_FILE && localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S ", &tm);
	n = snprintf(line, sizeof(line), "%s%s: %s: %s\n", when,
		     logger.program, level_name[level], text);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	/* Nobody is left to tell if the log itself cannot be written. */
	if (write(logger.fd, line, (size_t)n) < 0)
		return;
}

/* One line stays one line, whoever chose the words in it. */
static void make_harmless(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_harmless(text);
	if (logger.sink == LOG_TO_SYSLOG)
		syslog(level_syslog[level], "%s", text);
	else
		write_line(level, text);
}

bool log_limited(struct log_limit *l, unsigned int burst,
		 unsigned int every_ms, uint64_t now_ms, unsigned int *missed)
{
	uint64_t refill;

	if (!l->primed) {
		l->primed = true;
		l->tokens = burst;
		l->refilled_ms = now_ms;
	}
	refill = (now_ms - l->refilled_ms) / every_ms;
	if (refill) {
		l->refilled_ms += refill * every_ms;
		l->tokens = refill > burst - l->tokens ?
				    burst :
				    l->tokens + (unsigned int)refill;
	}
	if (!l->tokens) {
		l->missed++;
		return false;
	}
	l->tokens--;
	*missed = l->missed;
	l->missed = 0;
	return true;
}
