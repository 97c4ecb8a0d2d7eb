// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysfile.c: the kernel's settings below /proc/sys/net, and small files.
 *
 * State: none here.  Forwarding, once on, stays on: others may rely on it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostnet/inner.h"

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static char first_char(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &c, 1) != 1)
		c = 0;
	close(fd);
	return c;
}

int hn_sysctl(struct fail *fail, const char *text, const char *fmt, ...)
{
	char path[256];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (rc < 0 || (size_t)rc >= sizeof(path))
		return fail_set(fail, -ENAMETOOLONG, "path too long");
	rc = put(path, text);
	return rc ? fail_errno(fail, rc, "writing '%s' to %s", text, path) : 0;
}

/*
 * A host that forwards IPv6 stops listening to routers' advertisements,
 * unless told to go on (2): so that turning it on does not cut the host off.
 */
static void keep_advertisements(void)
{
	DIR *dir = opendir("/proc/sys/net/ipv6/conf");
	struct dirent *e;
	char path[320];

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path),
			 "/proc/sys/net/ipv6/conf/%s/accept_ra", e->d_name);
		if (first_char(path) == '1')
			put(path, "2");
	}
	if (dir)
		closedir(dir);
}

int hn_forwarding(int family, struct fail *fail)
{
	static const char v4[] = "/proc/sys/net/ipv4/ip_forward";
	static const char v6[] = "/proc/sys/net/ipv6/conf/all/forwarding";
	const char *path = family == 4 ? v4 : v6;

	if (first_char(path) == '1')
		return 0;
	if (family == 6)
		keep_advertisements();
	return hn_sysctl(fail, "1", "%s", path);
}

/* mkdir -p of the folder of @path. */
static void make_folder(const char *path)
{
	char part[256];

	for (const char *s = strchr(path + 1, '/'); s; s = strchr(s + 1, '/')) {
		if ((size_t)(s - path) >= sizeof(part))
			return;
		memcpy(part, path, (size_t)(s - path));
		part[s - path] = 0;
		mkdir(part, 0755);
	}
}

int hn_write_file(const char *path, const char *text, struct fail *fail)
{
	size_t len = strlen(text);
	char next[256];
	int fd, rc = 0;

	if ((size_t)snprintf(next, sizeof(next), "%s~", path) >= sizeof(next))
		return fail_set(fail, -ENAMETOOLONG, "path too long");
	make_folder(path);
	fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail_errno(fail, -errno, "writing %s", next);
	if (write(fd, text, len) != (ssize_t)len)
		rc = errno ? -errno : -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(next, path))
		rc = -errno;
	if (!rc)
		return 0;
	unlink(next);
	return fail_errno(fail, rc, "writing %s", path);
}
