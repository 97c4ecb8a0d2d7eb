// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * client.c: xl's connections: hypervisor, store, parvisd.
 *
 * State: one of each, opened on first use and left to the process's end.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xl.h"

#define SOCKET_PATH "/run/parvis/parvisd.sock"

static const char *socket_path(void)
{
	const char *path = getenv("PARVISD_SOCKET");

	return path && *path ? path : SOCKET_PATH;
}

struct hv *xl_hv(void)
{
	static struct hv *hv;

	if (!hv && hv_linux_open(&hv))
		xl_error("out of memory");
	return hv;
}

struct xsc *xl_store(void)
{
	static struct xsc *xs;
	static bool tried;
	int rc;

	/* A listing asks for every name: one complaint is enough. */
	if (!xs && !tried) {
		tried = true;
		rc = xsc_open(&xs);
		if (rc)
			xl_error("the store does not answer (%s): start xenstored first",
				 strerror(-rc));
	}
	return xs;
}

/* The daemon's program: beside this one, or where the shell would look. */
static const char *daemon_path(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		strcpy(slash ? slash + 1 : path, "parvisd");
		if (!access(path, X_OK))
			return path;
	}
	return "parvisd";
}

/*
 * Runs the daemon, which returns when it is ready.  It fails if another xl
 * started one just now, whose socket then appears in a moment.
 */
static void start_daemon(void)
{
	const char *path = daemon_path();
	pid_t pid;

	/* A socket somebody chose is somebody's to serve. */
	if (getenv("PARVISD_SOCKET"))
		return;
	if (xl_verbose)
		fprintf(stderr, "xl: starting %s\n", path);
	pid = fork();
	if (!pid) {
		execlp(path, "parvisd", (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static int try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 socket_path());
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int daemon_fd(void)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	fd = try_connect();
	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		start_daemon();
		for (int i = 0; i < 10 && (fd = try_connect()) < 0; i++)
			usleep(50000);
	}
	if (fd == -EACCES)
		xl_error("only root may manage guests");
	else if (fd < 0)
		xl_error("the toolstack daemon is not running (%s: %s): start it, as root, with: parvisd",
			 socket_path(), strerror(-fd));
	return fd;
}

static bool send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* Reads one line; false if the daemon went away. */
static bool receive_line(int fd, struct strbuf *line)
{
	char buf[16384];

	while (!line->len || line->data[line->len - 1] != '\n') {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		strbuf_add(line, buf, (size_t)n);
		if (line->err)
			return false;
	}
	return true;
}

yajl_val xl_request(const char *text)
{
	struct strbuf line = { 0 };
	yajl_val answer = NULL;
	int fd = daemon_fd();
	bool sent;

	if (fd < 0)
		return NULL;
	strbuf_printf(&line, "%s\n", text);
	sent = !line.err && send_all(fd, line.data, line.len);
	strbuf_reset(&line);
	if (!sent || !receive_line(fd, &line)) {
		xl_error("the toolstack daemon went away: see /var/log/parvis/parvisd.log");
	} else {
		answer = yajl_tree_parse(line.data, NULL, 0);
		if (!answer)
			xl_error("the toolstack daemon's answer is not JSON");
	}
	strbuf_free(&line);
	if (answer && !json_bool(answer, "ok", false)) {
		xl_error("%s", json_str(answer, "error", "no reason given"));
		yajl_tree_free(answer);
		answer = NULL;
	}
	return answer;
}

bool xl_request_begin(struct jw *w, struct strbuf *text, const char *op,
		      const char *domain)
{
	memset(text, 0, sizeof(*text));
	if (!jw_open(w, text, false)) {
		xl_error("out of memory");
		return false;
	}
	jw_object(w, NULL);
	jw_str(w, "op", op);
	jw_str_if(w, "domain", domain);
	return true;
}

yajl_val xl_request_answer(struct jw *w, struct strbuf *text)
{
	yajl_val answer = NULL;

	jw_object_end(w);
	jw_close(w);
	if (text->err)
		xl_error("out of memory");
	else
		answer = xl_request(text->data);
	strbuf_free(text);
	return answer;
}

int xl_request_end(struct jw *w, struct strbuf *text)
{
	yajl_val answer = xl_request_answer(w, text);

	if (!answer)
		return XL_FAILED;
	yajl_tree_free(answer);
	return XL_OK;
}

bool xl_json_begin(struct jw *w, struct strbuf *text)
{
	memset(text, 0, sizeof(*text));
	if (jw_open(w, text, true))
		return true;
	xl_error("out of memory");
	return false;
}

int xl_json_end(struct jw *w, struct strbuf *text)
{
	int rc = XL_OK;

	jw_close(w);
	if (text->err)
		rc = xl_error("out of memory");
	else
		fputs(text->data, stdout);
	strbuf_free(text);
	return rc;
}

int xl_simple(const char *op, const char *domain)
{
	struct strbuf text;
	struct jw w;

	if (!xl_request_begin(&w, &text, op, domain))
		return XL_FAILED;
	return xl_request_end(&w, &text);
}

/* Where the console client may be: ours beside us, then Debian's. */
int xl_exec_console(uint32_t domid, int notify_fd)
{
	static const char *const places[] = {
		"xenconsole",
		"/usr/lib/xen-4.17/bin/xenconsole",
		"/usr/lib/xen/bin/xenconsole",
	};
	char id[16], fd[16], path[PATH_MAX];
	char *args[] = { (char *)"xenconsole", id,
			 notify_fd < 0 ? NULL : (char *)"--start-notify-fd",
			 fd, NULL };
	const char *slash;

	snprintf(id, sizeof(id), "%u", domid);
	snprintf(fd, sizeof(fd), "%d", notify_fd);
	snprintf(path, sizeof(path), "%s", daemon_path());
	slash = strrchr(path, '/');
	if (slash) {
		strcpy(path + (slash - path) + 1, "xenconsole");
		execv(path, args);
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		execvp(places[i], args);
	return xl_error("the program xenconsole was not found beside xl nor in PATH: install it");
}

int xl_exec_devd(int argc, char **argv)
{
	char path[PATH_MAX], *args[8] = { (char *)"parvis-devd" }, *slash;
	int n = 1, o;

	/* Xen's letters for Xen's options. */
	while ((o = getopt(argc, argv, "Fp:")) != -1) {
		if (o == '?' || n > 4)
			return xl_usage();
		args[n++] = (char *)(o == 'F' ? "-f" : "-p");
		if (o == 'p')
			args[n++] = optarg;
	}
	if (optind < argc)
		return xl_usage();
	snprintf(path, sizeof(path), "%s", daemon_path());
	slash = strrchr(path, '/');
	if (slash) {
		slash[1] = '\0';
		strncat(path, args[0], sizeof(path) - strlen(path) - 1);
		execv(path, args);
	}
	execvp(args[0], args);
	return xl_error("the program parvis-devd was not found beside xl nor in PATH: install it");
}
