/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h: one line of text, with a level, to where the program's owner reads.
 *
 * Before log_init() lines go to stderr.  A program has one log; a line is
 * written by one call, so lines of several processes do not mix.
 */
#ifndef DOM0_LIB_LOG_H
#define DOM0_LIB_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_L_ERROR, LOG_L_WARN, LOG_L_INFO, LOG_L_DEBUG };

enum log_sink { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_FILE };

/*
 * Names the program and chooses where lines go.  @path is for LOG_TO_FILE.
 * 0, or -errno when the file cannot be opened (the sink is then unchanged).
 */
int log_init(const char *program, enum log_sink sink, const char *path);
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);
/* Opens the log file again, after it was rotated away. */
int log_reopen(void);

void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_err(...) log_line(LOG_L_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_L_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_L_INFO, __VA_ARGS__)
#define log_debug(...)                                                        \
	do {                                                                  \
		if (log_wants(LOG_L_DEBUG))                                   \
			log_line(LOG_L_DEBUG, __VA_ARGS__);                   \
	} while (0)

/*
 * A bucket for lines that a peer can cause: at most @burst at once and one
 * more each @every_ms.  True if the line may be written; the first allowed
 * line after a gap is told how many were held back through *@missed.
 */
struct log_limit {
	uint64_t refilled_ms;
	unsigned int tokens;
	unsigned int missed;
	bool primed;
};

bool log_limited(struct log_limit *l, unsigned int burst,
		 unsigned int every_ms, uint64_t now_ms, unsigned int *missed);

#endif
