// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench: the Linux part of `make bench`, one static program for the control
 * domain and for guests.
 *
 *	bench init NEXT...	prints the TSC, then becomes NEXT (as rdinit=)
 *	bench time NAME COMMAND...	runs it, prints "BENCH NAME nanoseconds"
 *	bench wait FILE TEXT S	until FILE holds TEXT, at most S seconds
 *	bench ops		system call, page fault, fork+exec+exit
 *	bench forks COUNT	fork+exec+exit, so often
 *	bench nothing		ends at once: what fork+exec+exit executes
 *
 * Times are of CLOCK_MONOTONIC; in QEMU's icount mode a nanosecond is an
 * instruction.  Keeps no state.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int be_init(char **next)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	printf("BENCH first_process_tsc %llu\n",
	       (unsigned long long)high << 32 | low);
	fflush(stdout);
	execv(next[0], next);
	perror(next[0]);
	return 1;
}

static int run_and_wait(char **command)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int time_command(const char *name, char **command)
{
	uint64_t start = now_ns();
	int rc = run_and_wait(command);

	if (!rc)
		printf("BENCH %s %llu\n", name,
		       (unsigned long long)(now_ns() - start));
	return rc;
}

static int holds(const char *path, const char *text)
{
	static char buffer[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buffer, sizeof(buffer));

	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(buffer, (size_t)n, text, strlen(text));
}

/* Sleeps until the file's directory changes, so that waiting costs little. */
static int wait_for(const char *path, const char *text, int seconds)
{
	uint64_t end = now_ns() + (uint64_t)seconds * 1000000000;
	char dir[256], event[4096];
	struct pollfd p = { .events = POLLIN };

	snprintf(dir, sizeof(dir), "%s", path);
	if (!strrchr(dir, '/'))
		return 2;
	*strrchr(dir, '/') = 0;
	p.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (p.fd < 0 || inotify_add_watch(p.fd, dir, IN_MODIFY | IN_CREATE) < 0) {
		perror(dir);
		return 2;
	}
	while (!holds(path, text)) {
		if (now_ns() > end)
			return 1;
		poll(&p, 1, 1000);
		while (read(p.fd, event, sizeof(event)) > 0)
			;
	}
	return 0;
}

static void report(const char *name, uint64_t start, unsigned long count)
{
	printf("BENCH %s %llu\n", name,
	       (unsigned long long)((now_ns() - start) / count));
}

static void bench_syscall(void)
{
	uint64_t t;
	int i;

	syscall(SYS_getppid);
	t = now_ns();
	for (i = 0; i < 20000; i++)
		syscall(SYS_getppid);
	report("guest_syscall", t, 20000);
}

static int bench_fault(void)
{
	const size_t pages = 2000, size = pages * 4096;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t t;
	size_t i;

	if (p == MAP_FAILED)
		return 1;
	madvise((void *)p, size, MADV_NOHUGEPAGE);
	t = now_ns();
	for (i = 0; i < pages; i++)
		p[i * 4096] = 1;
	report("guest_page_fault", t, pages);
	return 0;
}

static int forks(char *self, int count)
{
	char *command[] = { self, "nothing", NULL };
	int status;

	while (count-- > 0) {
		pid_t pid = fork();

		if (pid == 0) {
			execv(self, command);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}

static int bench_fork(char *self)
{
	uint64_t t;

	/* The first few find nothing in the caches. */
	if (forks(self, 5))
		return 1;
	t = now_ns();
	if (forks(self, 50))
		return 1;
	report("guest_fork_exec_exit", t, 50);
	return 0;
}

static int bench_ops(char *self)
{
	bench_syscall();
	if (bench_fault() || bench_fork(self)) {
		perror("bench ops");
		return 1;
	}
	printf("BENCH done 1\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "init"))
		return be_init(argc > 2 ? argv + 2 :
					  (char *[]){ "/init", NULL });
	if (!strcmp(what, "time") && argc > 3)
		return time_command(argv[2], argv + 3);
	if (!strcmp(what, "wait") && argc == 5)
		return wait_for(argv[2], argv[3], atoi(argv[4]));
	if (!strcmp(what, "ops"))
		return bench_ops(argv[0]);
	if (!strcmp(what, "forks") && argc == 3)
		return forks(argv[0], atoi(argv[2]));
	if (!strcmp(what, "nothing"))
		return 0;
	/* As rdinit= it has no arguments of its own. */
	if (getpid() == 1)
		return be_init((char *[]){ "/init", NULL });
	fprintf(stderr, "usage: bench init|time|wait|ops|forks|nothing\n");
	return 2;
}
