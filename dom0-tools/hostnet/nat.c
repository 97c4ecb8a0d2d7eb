// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nat.c: a network of its own for guests that share the host's address: a
 * bridge with a private IPv4 and a unique local IPv6 network, forwarding,
 * masquerading, and dnsmasq for DHCP, router advertisements and DNS.
 *
 * State is in the kernel (the bridge, its addresses, one nftables table) and
 * in RUN/nat-BRIDGE/: dnsmasq.conf, its pid, its leases, and hosts/, a file
 * for each card.  hosts/.made is written as soon as the bridge is made and
 * removed after it, and a bridge without it is not ours; dnsmasq.conf is
 * written last and removed first: without it the network is half made, by one
 * who was killed over it.  The first card makes the network, the last one
 * takes it away; any number of calls between finds it as it is.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostnet/inner.h"
#include "lib/strbuf.h"

#define RUN_MS 15000	/* for dnsmasq to begin to serve */
#define STOP_TRIES 100	/* of 10 ms, for dnsmasq to end */
#define MADE "hosts/.made"	/* dnsmasq skips dot files */
#define CONF "dnsmasq.conf"

struct nat {
	struct hostnet *hn;
	const char *bridge;
	char dir[128];
	struct hostnet_ip v4, v6;	/* the bridge's own addresses */
};

static int nat_init(struct nat *n, struct hostnet *hn, const char *bridge)
{
	int len;

	memset(n, 0, sizeof(*n));
	/* It is part of a path, and of rules. */
	if (!hn_good_name(bridge))
		return -EINVAL;
	n->hn = hn;
	n->bridge = bridge;
	len = snprintf(n->dir, sizeof(n->dir), "%s/nat-%s", hn->run_dir,
		       bridge);
	return len > 0 && (size_t)len < sizeof(n->dir) ? 0 : -ENAMETOOLONG;
}

static void path_of(const struct nat *n, char out[256], const char *name)
{
	snprintf(out, 256, "%s/%s", n->dir, name);
}

static ssize_t read_file(const char *path, char *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, buf, room - 1);
	close(fd);
	if (len < 0)
		return -EIO;
	buf[len] = 0;
	return len;
}

/* ---- addresses ---- */

/* 64 bits that are this host's and this bridge's (FNV-1a). */
static uint64_t host_number(const char *bridge)
{
	char text[128] = "";
	uint64_t h = 0xcbf29ce484222325ULL;

	read_file("/etc/machine-id", text, 64);
	strncat(text, bridge, HOSTNET_NAME);
	for (const char *s = text; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3ULL;
	return h;
}

/* The first 10.77.N.0/24 that no address of this host lies in. */
static int choose_v4(struct nat *n, struct fail *fail)
{
	for (unsigned int i = 0; i < 256; i++) {
		n->v4 = (struct hostnet_ip){
			.family = 4, .prefix = 24,
			.addr = { 10, 77, (uint8_t)i, 1 },
		};
		if (!hn_addr_overlaps(n->hn, &n->v4))
			return 0;
	}
	return fail_set(fail, -EADDRNOTAVAIL, "no network of 10.77.0.0/16 is "
			"free on this host");
}

/* fdXX:XXXX:XXXX:: as RFC 4193 wants it: 40 bits that nobody else has. */
static void choose_v6(struct nat *n)
{
	uint64_t h = host_number(n->bridge);

	n->v6 = (struct hostnet_ip){ .family = 6, .prefix = 64 };
	n->v6.addr[0] = 0xfd;
	for (int i = 1; i < 6; i++, h >>= 8)
		n->v6.addr[i] = (uint8_t)h;
	n->v6.addr[15] = 1;
}

/* ---- dnsmasq ---- */

/* The pid of our dnsmasq, if it lives: another program may have its number. */
static pid_t dnsmasq_pid(const struct nat *n)
{
	char path[256], text[512];
	ssize_t len;
	pid_t pid;

	path_of(n, path, "dnsmasq.pid");
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	pid = (pid_t)strtol(text, NULL, 10);
	if (pid <= 1)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	len = read_file(path, text, sizeof(text));
	if (len <= 0 || !memmem(text, (size_t)len, n->dir, strlen(n->dir)))
		return 0;
	return pid;
}

static void dnsmasq_stop(const struct nat *n)
{
	pid_t pid = dnsmasq_pid(n);

	if (!pid)
		return;
	kill(pid, SIGTERM);
	for (int i = 0; i < STOP_TRIES && dnsmasq_pid(n); i++)
		usleep(10000);
	if (dnsmasq_pid(n) == pid)
		kill(pid, SIGKILL);
}

static int write_conf(const struct nat *n, struct fail *fail)
{
	const uint8_t *a = n->v4.addr;
	struct strbuf sb = { 0 };
	char path[256];
	int rc;

	strbuf_printf(&sb, "# Written by Parvis for bridge %s.\n", n->bridge);
	strbuf_printf(&sb, "user=%s\n", n->hn->dnsmasq_user);
	strbuf_printf(&sb, "interface=%s\nexcept-interface=lo\n"
		      "bind-dynamic\n", n->bridge);
	strbuf_adds(&sb, "domain-needed\nbogus-priv\nno-hosts\n"
		    "dhcp-authoritative\nenable-ra\n");
	strbuf_printf(&sb, "dhcp-range=%u.%u.%u.10,%u.%u.%u.250,255.255.255.0,"
		      "12h\n", a[0], a[1], a[2], a[0], a[1], a[2]);
	strbuf_printf(&sb, "dhcp-range=::,constructor:%s,ra-stateless,64,12h\n",
		      n->bridge);
	strbuf_printf(&sb, "dhcp-leasefile=%s/leases\n", n->dir);
	strbuf_printf(&sb, "dhcp-hostsdir=%s/hosts\n", n->dir);
	strbuf_printf(&sb, "pid-file=%s/dnsmasq.pid\n", n->dir);
	path_of(n, path, CONF);
	rc = sb.err ? sb.err : hn_write_file(path, sb.data, fail);
	strbuf_free(&sb);
	return rc;
}

/* Keeps the first line with something on it. */
static void first_line(char *text)
{
	size_t skip = strspn(text, "\n");

	memmove(text, text + skip, strlen(text + skip) + 1);
	text[strcspn(text, "\n")] = 0;
}

/* Waits for its end, but not for ever; its wait status. -errno */
static int await(pid_t pid, int *status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), rc = 0;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&pfd, 1, RUN_MS) <= 0) {
		kill(-pid, SIGKILL);
		rc = -ETIMEDOUT;
	}
	if (fd >= 0)
		close(fd);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return rc;
}

/* Runs @argv to its end; what it says on stderr goes to @said. */
static int run_quietly(char *const argv[], char *said, size_t room)
{
	static char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				     NULL };
	int err = memfd_create("said", MFD_CLOEXEC), status, rc;
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	ssize_t len;
	pid_t pid;

	said[0] = 0;
	if (err < 0)
		return -errno;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&fa, 0, 1);
	posix_spawn_file_actions_adddup2(&fa, err, 2);
	rc = -posix_spawnp(&pid, argv[0], &fa, &attr, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	if (!rc)
		rc = await(pid, &status);
	if (!rc && (!WIFEXITED(status) || WEXITSTATUS(status)))
		rc = -EIO;
	len = pread(err, said, room - 1, 0);
	said[len > 0 ? len : 0] = 0;
	close(err);
	first_line(said);
	return rc;
}

/* dnsmasq returns when it serves, and stays behind as a daemon. */
static int dnsmasq_start(const struct nat *n, struct fail *fail)
{
	char conf[280], said[400];
	char *argv[] = { "dnsmasq", conf, NULL };
	int rc;

	if (dnsmasq_pid(n))
		return 0;
	snprintf(conf, sizeof(conf), "--conf-file=%s/dnsmasq.conf", n->dir);
	rc = run_quietly(argv, said, sizeof(said));
	if (rc == -ENOENT)
		return fail_set(fail, rc, "mode=nat needs the program dnsmasq;"
				" install the package dnsmasq-base");
	if (rc == -ETIMEDOUT && !*said)
		snprintf(said, sizeof(said), "it took longer than %d s",
			 RUN_MS / 1000);
	return rc ? fail_set(fail, rc, "dnsmasq for %s does not start%s%s",
			     n->bridge, *said ? ": " : "", said) : 0;
}

/* ---- the cards' leases ---- */

static void host_path(const struct nat *n, const struct hostnet_vif *vif,
		      char out[256])
{
	snprintf(out, 256, "%s/hosts/%s", n->dir, vif->name);
}

static bool good_hostname(const char *s)
{
	size_t len = strlen(s);

	return len && len < 64 && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-") == len;
}

/* dnsmasq sees new files by itself. */
static int host_add(const struct nat *n, const struct hostnet_vif *vif,
		    struct fail *fail)
{
	const uint8_t *m = vif->mac;
	char path[256], text[256], ip[64];
	int len;

	host_path(n, vif, path);
	len = snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x",
		       m[0], m[1], m[2], m[3], m[4], m[5]);
	for (unsigned int i = 0; i < vif->nr_ips; i++) {
		if (vif->ip[i].family != 4)
			continue;
		hn_ip_text(ip, &vif->ip[i], false);
		len += snprintf(text + len, sizeof(text) - (size_t)len, ",%s",
				ip);
		break;
	}
	if (vif->hostname && good_hostname(vif->hostname))
		len += snprintf(text + len, sizeof(text) - (size_t)len, ",%s",
				vif->hostname);
	snprintf(text + len, sizeof(text) - (size_t)len, "\n");
	return hn_write_file(path, text, fail);
}

static void host_del(const struct nat *n, const struct hostnet_vif *vif)
{
	pid_t pid = dnsmasq_pid(n);
	char path[256];

	host_path(n, vif, path);
	if (!unlink(path) && pid)
		kill(pid, SIGHUP);
}

/* ---- the network ---- */

static int make_hosts_dir(const struct nat *n, struct fail *fail)
{
	char path[256];

	path_of(n, path, MADE);
	return hn_write_file(path, "", fail);
}

/* What a bridge of ours needs. */
static int furnish(struct nat *n, struct fail *fail)
{
	int rc = make_hosts_dir(n, fail);

	if (!rc)
		rc = hn_addr_add(n->hn, n->bridge, &n->v4, fail);
	if (!rc)
		rc = hn_link_set_up(n->hn, n->bridge, true, fail);
	if (!rc)
		rc = hn_addr_add(n->hn, n->bridge, &n->v6, fail);
	if (!rc)
		rc = hn_forwarding(4, fail);
	if (!rc)
		rc = hn_forwarding(6, fail);
	if (!rc)
		rc = hn_nft_nat(n->bridge, &n->v4, &n->v6, fail);
	return rc ? rc : write_conf(n, fail);
}

static void remove_hosts(const struct nat *n)
{
	char path[256], file[600];
	struct dirent *e;
	DIR *dir;

	path_of(n, path, "hosts");
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		unlink(file);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void unmake(struct nat *n)
{
	static const char *const files[] = { CONF, "dnsmasq.pid",
					     "leases" };
	char path[256];

	dnsmasq_stop(n);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path_of(n, path, files[i]);
		unlink(path);
	}
	hn_nft_nat_del(n->bridge);
	hn_link_delete(n->hn, n->bridge, NULL);
	remove_hosts(n);
	rmdir(n->dir);
}

static bool has_file(const struct nat *n, const char *name)
{
	char path[256];

	path_of(n, path, name);
	return !access(path, F_OK);
}

static bool is_ours(const struct nat *n)
{
	return has_file(n, MADE);
}

/* A bridge that somebody else made meanwhile stays as it is. */
static int make(struct nat *n, struct fail *fail)
{
	int rc = choose_v4(n, fail);

	choose_v6(n);
	if (!rc)
		rc = hn_bridge_add(n->hn, n->bridge, fail);
	if (rc)
		return rc;
	rc = furnish(n, fail);
	if (rc)
		unmake(n);
	return rc;
}

/* The network, whether or not it was there. */
static int have(struct nat *n, struct fail *fail)
{
	if (!hostnet_link_exists(n->hn, n->bridge))
		return make(n, fail);
	if (!is_ours(n))
		return fail_set(fail, -EEXIST, "mode=nat makes its bridge by "
				"itself, but %s exists already; name another "
				"with bridge=", n->bridge);
	if (has_file(n, CONF))
		return 0;
	unmake(n);
	return make(n, fail);
}

int hn_nat_join(struct hostnet *hn, const char *bridge,
		const struct hostnet_vif *vif, struct fail *fail)
{
	struct nat n;
	int rc = nat_init(&n, hn, bridge);

	if (rc)
		return fail_errno(fail, rc, "NAT network '%.40s'", bridge);
	rc = have(&n, fail);
	if (rc)
		return rc;
	rc = host_add(&n, vif, fail);
	if (!rc)
		rc = dnsmasq_start(&n, fail);
	if (rc && !hn_bridge_ports(hn, bridge, vif->name))
		unmake(&n);
	return rc;
}

void hn_nat_sweep(struct hostnet *hn)
{
	DIR *dir = opendir(hn->run_dir);
	struct dirent *e;
	struct nat n;

	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, "nat-", 4) &&
		    !nat_init(&n, hn, e->d_name + 4) && is_ours(&n) &&
		    !hn_bridge_ports(hn, n.bridge, NULL))
			unmake(&n);
	if (dir)
		closedir(dir);
}

int hn_nat_leave(struct hostnet *hn, const char *bridge,
		 const struct hostnet_vif *vif)
{
	struct nat n;
	int rc = nat_init(&n, hn, bridge);

	if (rc || !is_ours(&n))
		return rc;
	host_del(&n, vif);
	if (!hn_bridge_ports(hn, bridge, vif->name))
		unmake(&n);
	return 0;
}
