// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * script.c: a user's own script for a card, beside the caller.
 *
 * State: the caller's struct hostnet_script.  The script has a process group
 * of its own, so that it can be ended with all it started.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostnet/hostnet.h"
#include "lib/strbuf.h"

#define SCRIPT_DIR "/etc/xen/scripts"
#define SAID_MAX 400	/* bytes of stderr that go into a message */
#define ENV_MAX 16

struct env {
	char *var[ENV_MAX];
	int count;
};

static void env_add(struct env *env, const char *name, const char *value)
{
	char *text;

	if (!value || env->count == ENV_MAX - 1)
		return;
	if (asprintf(&text, "%s=%s", name, value) >= 0)
		env->var[env->count++] = text;
}

static void env_free(struct env *env)
{
	for (int i = 0; i < env->count; i++)
		free(env->var[i]);
}

static void env_fill(struct env *env, const struct hostnet_script_args *a,
		     const char *path)
{
	char mtu[16];

	env_add(env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
		"/usr/bin:/sbin:/bin");
	env_add(env, "script", path);
	env_add(env, "vif", a->vif);
	env_add(env, "dev", a->vif);
	env_add(env, "INTERFACE", a->vif);
	env_add(env, "XENBUS_PATH", a->xenbus_path);
	env_add(env, "XENBUS_BASE_PATH", "backend");
	env_add(env, "XENBUS_TYPE", "vif");
	env_add(env, "bridge", a->bridge);
	env_add(env, "gatewaydev", a->gatewaydev);
	env_add(env, "netdev", a->gatewaydev);
	env_add(env, "ip", a->ip);
	snprintf(mtu, sizeof(mtu), "%u", a->mtu);
	env_add(env, "mtu", a->mtu ? mtu : NULL);
}

/* A fresh process: no blocked or ignored signals, its own group. */
static int set_up(posix_spawnattr_t *attr, posix_spawn_file_actions_t *fa,
		  int errfd)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	return -(posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
					  POSIX_SPAWN_SETSIGMASK |
					  POSIX_SPAWN_SETSIGDEF) ||
		 posix_spawnattr_setpgroup(attr, 0) ||
		 posix_spawnattr_setsigmask(attr, &none) ||
		 posix_spawnattr_setsigdefault(attr, &all) ||
		 posix_spawn_file_actions_addopen(fa, 0, "/dev/null",
						  O_RDONLY, 0) ||
		 posix_spawn_file_actions_adddup2(fa, errfd, 1) ||
		 posix_spawn_file_actions_adddup2(fa, errfd, 2));
}

static int spawn(struct hostnet_script *run, const char *path,
		 const char *action, struct env *env)
{
	char *argv[] = { (char *)path, (char *)action, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int rc;

	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&fa);
	rc = set_up(&attr, &fa, run->errfd) ? ENOMEM :
	     posix_spawn(&run->pid, path, &fa, &attr, argv, env->var);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return -rc;
}

int hostnet_script_start(struct hostnet_script *run,
			 const struct hostnet_script_args *args,
			 struct fail *fail)
{
	struct env env = { 0 };
	char path[256];
	int rc;

	memset(run, 0, sizeof(*run));
	run->pidfd = run->errfd = -1;
	rc = snprintf(path, sizeof(path), "%s%s",
		      args->script[0] == '/' ? "" : SCRIPT_DIR "/",
		      args->script);
	if (rc < 0 || (size_t)rc >= sizeof(path))
		return fail_set(fail, -ENAMETOOLONG, "script=: path too long");
	snprintf(run->what, sizeof(run->what), "%.40s %.20s",
		 strrchr(path, '/') + 1, args->action);
	run->errfd = memfd_create("script", MFD_CLOEXEC);
	if (run->errfd < 0)
		return fail_errno(fail, -errno, "running %s", path);
	env_fill(&env, args, path);
	rc = spawn(run, path, args->action, &env);
	env_free(&env);
	if (!rc) {
		run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
		rc = run->pidfd < 0 ? -errno : 0;
	} else {
		run->pid = 0;
	}
	if (!rc)
		return 0;
	hostnet_script_kill(run);
	return fail_errno(fail, rc, "running the script %s", path);
}

static void forget(struct hostnet_script *run)
{
	if (run->pidfd >= 0)
		close(run->pidfd);
	if (run->errfd >= 0)
		close(run->errfd);
	run->pidfd = run->errfd = -1;
	run->pid = 0;
}

/* The end of what the script said, on one line. */
static void said(int fd, char out[SAID_MAX + 1])
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, out, SAID_MAX, end > SAID_MAX ?
			  end - SAID_MAX : 0);

	if (n < 0)
		n = 0;
	while (n && (out[n - 1] == '\n' || out[n - 1] == ' '))
		n--;
	out[n] = 0;
	for (char *s = out; *s; s++)
		if ((unsigned char)*s < ' ')
			*s = ' ';
}

int hostnet_script_result(struct hostnet_script *run, struct fail *fail)
{
	char text[SAID_MAX + 1];
	int status, rc = 0;
	pid_t pid;

	if (!run->pid)
		return 0;
	pid = waitpid(run->pid, &status, WNOHANG);
	if (!pid)
		return -EAGAIN;
	if (pid < 0)
		rc = fail_errno(fail, -errno, "waiting for %s", run->what);
	else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		said(run->errfd, text);
		rc = fail_set(fail, -EIO, "%s %s %d%s%s", run->what,
			      WIFEXITED(status) ? "left with status"
						: "was killed by signal",
			      WIFEXITED(status) ? WEXITSTATUS(status)
						: WTERMSIG(status),
			      *text ? ": " : "", text);
	}
	forget(run);
	return rc;
}

void hostnet_script_kill(struct hostnet_script *run)
{
	if (run->pid > 0) {
		kill(-run->pid, SIGKILL);
		while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	forget(run);
}
