// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gshwait LOG TTY ID LIMIT REQUEST: the part of gsh that waits.
 *
 * Types REQUEST on a guest's console, TTY, until the agent there has it, and
 * reads the answer that is marked with ID from what the console daemon adds to
 * LOG; prints the output of the command and leaves with its status, or with 124
 * after LIMIT seconds.  A program, because a shell that looks twenty times a
 * second takes an emulated machine's CPUs from the guest that it waits for.
 * State: the file's position, what of the last line has arrived, and the output
 * since the answer's start; one thread, no locks.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STATUS_LATE	124
#define STATUS_BROKEN	125
#define PAUSE_NS	20000000L
#define ASK_AGAIN_S	5

struct wait {
	const char *tty;
	const char *request;
	char mark[64];		/* "@ID ", which opens each line of the answer */
	char line[65536];	/* what has arrived of the last line */
	size_t line_len;
	char *out;
	size_t out_len;
	int taken;		/* the agent has the whole request */
	time_t asked;
};

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void fail(const char *what)
{
	perror(what);
	exit(STATUS_BROKEN);
}

static void ask(struct wait *w)
{
	size_t len = strlen(w->request), done = 0;
	int fd = open(w->tty, O_WRONLY | O_NOCTTY);

	if (fd < 0)
		fail(w->tty);
	while (done < len) {
		ssize_t n = write(fd, w->request + done, len - done);

		if (n <= 0)
			fail(w->tty);
		done += (size_t)n;
	}
	if (write(fd, "\n", 1) != 1)
		fail(w->tty);
	close(fd);
	w->asked = now();
}

static void keep(struct wait *w, const char *text)
{
	size_t len = strlen(text);
	char *out = realloc(w->out, w->out_len + len + 1);

	if (!out)
		fail("gshwait");
	memcpy(out + w->out_len, text, len);
	out[w->out_len + len] = '\n';
	w->out = out;
	w->out_len += len + 1;
}

static void end(struct wait *w, const char *status)
{
	fwrite(w->out, 1, w->out_len, stdout);
	fflush(stdout);
	exit(atoi(status));
}

static void one_line(struct wait *w)
{
	const char *text = w->line + strlen(w->mark);

	if (strncmp(w->line, w->mark, strlen(w->mark)))
		return;
	if (!strcmp(text, "nak")) {
		ask(w);
	} else if (!strcmp(text, "run")) {
		w->taken = 1;
	} else if (!strcmp(text, "start")) {
		w->out_len = 0;
	} else if (text[0] == '|') {
		keep(w, text + 1);
	} else if (!strncmp(text, "end ", 4)) {
		end(w, text + 4);
	}
}

static void take(struct wait *w, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n') {
			w->line[w->line_len] = '\0';
			one_line(w);
			w->line_len = 0;
		} else if (data[i] != '\r' &&
			   w->line_len < sizeof(w->line) - 1) {
			w->line[w->line_len++] = data[i];
		}
	}
}

/* A log that a test has emptied is read from its beginning. */
static void read_more(struct wait *w, int fd)
{
	char data[4096];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && st.st_size < lseek(fd, 0, SEEK_CUR))
		lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, data, sizeof(data))) > 0)
		take(w, data, (size_t)n);
}

int main(int argc, char **argv)
{
	static struct wait w;
	const struct timespec pause = { 0, PAUSE_NS };
	time_t last;
	int log;

	if (argc != 6) {
		fprintf(stderr, "usage: gshwait LOG TTY ID LIMIT REQUEST\n");
		return STATUS_BROKEN;
	}
	log = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (log < 0)
		fail(argv[1]);
	lseek(log, 0, SEEK_END);
	w.tty = argv[2];
	w.request = argv[5];
	snprintf(w.mark, sizeof(w.mark), "@%s ", argv[3]);
	last = now() + atoi(argv[4]);
	for (ask(&w); now() < last; nanosleep(&pause, NULL)) {
		read_more(&w, log);
		if (!w.taken && now() - w.asked >= ASK_AGAIN_S)
			ask(&w);
	}
	printf("gsh: no answer within %s s\n", argv[4]);
	return STATUS_LATE;
}
