/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * logfile.h: a console's output in a file of bounded size.
 */
#ifndef CONSOLE_LOGFILE_H
#define CONSOLE_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logfile {
	int fd;			/* -1: none */
	char *path;
	uint64_t bytes;		/* in the file now */
	bool line_begins;	/* the next byte is the first of a line */
};

struct logfile_style {
	uint64_t limit;		/* at which the file becomes FILE.1 */
	bool timestamps;
	bool replace_escape;	/* ESC is written as a dot */
};

/* Appends to DIR/PREFIX-NAME.log (no dash without a name); characters that
 * no file name should have are replaced.  0 or -errno. */
int logfile_open(struct logfile *l, const char *dir, const char *prefix,
		 const char *name);
/* After somebody moved the file away. */
int logfile_reopen(struct logfile *l);
void logfile_close(struct logfile *l);
void logfile_write(struct logfile *l, const struct logfile_style *style,
		   const char *data, size_t len);

#endif
