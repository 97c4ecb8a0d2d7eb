/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's console log.  LOG_GUEST lines speak of what a guest did
 * wrong; they are limited in rate for each domain and off above the
 * guest_loglvl= of the command line.  No misbehaviour of a guest is an ERR.
 */
#ifndef PORT_LOG_H
#define PORT_LOG_H

#include <lib/types.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct domain;

void log_at(enum log_level lvl, const char *fmt, ...) printf_like(2, 3);
void log_guest(const struct domain *d, enum log_level lvl, const char *fmt, ...)
	printf_like(3, 4);

#define log_err(...) log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

/*
 * Output devices register here; write is called with the log's lock held and
 * must not log.  Implemented by debug/log.c.
 */
struct log_sink {
	void (*write)(const char *text, size_t len);
	/* How much more it takes without waiting; NULL: any amount. */
	uint32_t (*room)(void);
	uint32_t missed; /* lines about guests, which do not wait for room */
	struct log_sink *next;
};
void log_add_sink(struct log_sink *s);

/* Text that is not the hypervisor's own, as it is: the control domain's. */
void log_write(const char *text, size_t len);
/* How much of it no device has to be waited for. */
uint32_t log_room(void);

#endif
