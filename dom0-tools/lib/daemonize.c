// SPDX-License-Identifier: GPL-2.0-or-later
/* Becoming a daemon; see daemonize.h.  No state. */
#include "lib/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"

int daemonize(void)
{
	int fds[2];
	char ok;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid) {
		close(fds[1]);
		_exit(read(fds[0], &ok, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	setsid();
	return chdir("/") ? -errno : fds[1];
}

void daemonize_ready(int fd)
{
	int i, null;

	if (fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
	if (write(fd, "", 1) != 1)
		log_warn("nobody waits for this daemon to be ready");
	close(fd);
}

void raise_fd_limit(unsigned long files)
{
	struct rlimit rl = { files, files };

	if (setrlimit(RLIMIT_NOFILE, &rl) && !getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

void make_run_dir(const char *path)
{
	if (!mkdir(path, 0700))
		chmod(path, 0711);
}
