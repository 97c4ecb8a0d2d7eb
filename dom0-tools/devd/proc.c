// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc.c: starting and watching processes.
 *
 * Per process: a pidfd and the reading end of a pipe that is its stderr.  Each
 * process is waited for by its own pid, because other code (scripts of
 * networks) has children too.  One thread; no locks.
 */
#include "devd/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_BURST 20
#define LOG_EVERY_MS 1000

static void say_line(struct proc *p)
{
	unsigned int missed;

	p->line[p->line_len] = 0;
	p->line_len = 0;
	if (!p->line[0])
		return;
	memcpy(p->said, p->line, sizeof(p->said));
	if (!log_limited(&p->limit, LOG_BURST, LOG_EVERY_MS, ev_now_ms(),
			 &missed))
		return;
	if (missed)
		log_info("%s: (%u lines left out)", p->name, missed);
	log_info("%s: %s", p->name, p->line);
}

/* True while there may be more. */
static bool read_log(struct proc *p)
{
	char buf[512];
	ssize_t i, n = read(p->log_fd, buf, sizeof(buf));

	for (i = 0; i < n; i++) {
		if (buf[i] == '\n' || p->line_len == sizeof(p->line) - 1)
			say_line(p);
		if (buf[i] != '\n')
			p->line[p->line_len++] = buf[i];
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

static void close_log(struct proc *p)
{
	if (p->log_fd < 0)
		return;
	ev_io_del(p->loop, &p->log_io);
	close(p->log_fd);
	p->log_fd = -1;
	if (p->line_len)
		say_line(p);
}

static void on_log(struct ev_io *io, uint32_t revents)
{
	struct proc *p = container_of(io, struct proc, log_io);

	/* One read a turn: a process that writes on and on gets no more. */
	if (!read_log(p) && (revents & (EPOLLHUP | EPOLLERR)))
		close_log(p);
}

static void on_pid(struct ev_io *io, uint32_t revents)
{
	struct proc *p = container_of(io, struct proc, pid_io);
	int status, left = 64;

	(void)revents;
	if (waitpid(p->pid, &status, WNOHANG) != p->pid)
		return;
	while (left-- && p->log_fd >= 0 && read_log(p))
		;
	close_log(p);
	ev_io_del(p->loop, &p->pid_io);
	close(p->pidfd);
	p->pid = 0;
	p->ended(p, status);
}

static int watch(struct proc *p)
{
	int rc;

	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0)
		return -errno;
	p->pid_io = (struct ev_io){ p->pidfd, EPOLLIN, on_pid };
	p->log_io = (struct ev_io){ p->log_fd, EPOLLIN, on_log };
	rc = ev_io_add(p->loop, &p->pid_io);
	if (rc) {
		close(p->pidfd);
		return rc;
	}
	rc = ev_io_add(p->loop, &p->log_io);
	if (rc) {
		ev_io_del(p->loop, &p->pid_io);
		close(p->pidfd);
	}
	return rc;
}

static int run(struct proc *p, const struct proc_spec *spec, int err_fd)
{
	static const char *const plain_env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C", NULL,
	};
	const char *const *envp = spec->envp ? spec->envp : plain_env;
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					POSIX_SPAWN_SETSIGDEF |
					POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&fa, 0, 1);
	posix_spawn_file_actions_adddup2(&fa, err_fd, 2);
	if (spec->fd3 >= 0)
		posix_spawn_file_actions_adddup2(&fa, spec->fd3, 3);
	rc = posix_spawnp(&p->pid, spec->argv[0], &fa, &attr,
			  (char *const *)(uintptr_t)spec->argv,
			  (char *const *)(uintptr_t)envp);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return -rc;
}

int proc_spawn(struct evloop *loop, struct proc *p,
	       const struct proc_spec *spec)
{
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	p->loop = loop;
	p->log_fd = fds[0];
	p->said[0] = 0;
	p->line_len = 0;
	p->was_killed = false;
	rc = run(p, spec, fds[1]);
	close(fds[1]);
	if (!rc) {
		rc = watch(p);
		if (rc) {
			kill(-p->pid, SIGKILL);
			waitpid(p->pid, NULL, 0);
		}
	}
	if (rc) {
		close(fds[0]);
		p->log_fd = -1;
		p->pid = 0;
	}
	return rc;
}

static void end_by(struct proc *p, int signal)
{
	if (!p->pid)
		return;
	p->was_killed = true;
	kill(-p->pid, signal);
}

void proc_kill(struct proc *p)
{
	end_by(p, SIGKILL);
}

void proc_end(struct proc *p)
{
	end_by(p, SIGTERM);
}

bool proc_ends_within(struct proc *p, int ms)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };
	int left = 64;

	if (!p->pid)
		return true;
	if (poll(&pfd, 1, ms) <= 0)
		return false;
	while (left-- && p->log_fd >= 0 && read_log(p))
		;
	if (p->line_len)
		say_line(p);
	return true;
}

void proc_describe(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "was killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "ended with %d", WEXITSTATUS(status));
}
