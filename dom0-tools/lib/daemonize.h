/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Becoming a daemon whose starter learns whether it works. */
#ifndef LIB_DAEMONIZE_H
#define LIB_DAEMONIZE_H

/*
 * Fork, and leave the terminal's session and the working folder. Returns in
 * the child: the descriptor for daemonize_ready(), or -errno. The parent waits
 * for that call and exits with 0, or with 1 if the child ends before it.
 */
int daemonize(void);

/*
 * The daemon works: let go of the standard descriptors (they were kept so that
 * a failure to start could be read), and let the parent end. @fd may be
 * negative: nobody waits.
 */
void daemonize_ready(int fd);

/*
 * Make the folder @path for sockets and the like: anybody may go through it,
 * root alone can list it. What is there already stays as it is.
 */
void make_run_dir(const char *path);

/* Allow @files open descriptors, or as many as the hard limit lets us. */
void raise_fd_limit(unsigned long files);

#endif
