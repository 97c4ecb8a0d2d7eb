// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devd_backend.c: a backend that serves nothing and keeps the protocol, or
 * breaks it: the file "mode" beside the program says how.
 *
 *	good		as it should be
 *	fail-start	BP_FAILED to START
 *	fail-connect	BP_FAILED to CONNECT
 *	die-start	ends when it gets START
 *	die-connect	ends when it gets CONNECT
 *	mute		answers nothing after HELLO
 *	babble		says READY again after CONNECT, which nobody asked for
 *	mute-connect	nothing to CONNECT
 *	stale		has never heard of what it is to resume
 *	complain	BP_FAILED again and again after CONNECT
 *	hidden		another user with another name, stays when left alone
 *	impostor	the same, called like the server of an image
 *	slow		says READY half a second late
 *	suicide		kills itself when it serves
 *	die-media	ends when it gets another medium
 *	no-media	cannot serve a medium of two sectors
 *	nbd-size	asks the image's server for the size
 *	nbd-write	writes to the image's server, and does not flush
 *	short, unknown, early	a malformed, unknown or untimely message
 *
 * As parvis-netback it is the backend of a card.
 *
 * Each message received is a line in the file "log".
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/proto.h"

static char dir[PATH_MAX], mode[32];
static uint64_t nbd_bytes;	/* that the server of an image has named */

static void note(const char *fmt, ...)
{
	char path[PATH_MAX + 8], line[256];
	va_list ap;
	int fd, n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/log", dir);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		_exit(3);
	close(fd);
}

static void read_mode(void)
{
	char path[PATH_MAX + 8];
	int fd, n = 0;

	snprintf(path, sizeof(path), "%s/mode", dir);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		n = (int)read(fd, mode, sizeof(mode) - 1);
	mode[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
}

static int is(const char *what)
{
	return !strcmp(mode, what);
}

static void tell(uint32_t type)
{
	struct bp_head head = { type, sizeof(head) };

	bp_send(BP_SOCKET, &head, NULL, 0);
}

static void fail(int rc, const char *text)
{
	struct bp_failed m = { .head = { BP_FAILED, sizeof(m) }, .rc = rc };

	snprintf(m.text, sizeof(m.text), "%s", text);
	bp_send(BP_SOCKET, &m.head, NULL, 0);
}

static uint64_t sectors(int fd)
{
	struct stat st;

	if (nbd_bytes)
		return nbd_bytes / 512;
	return fd >= 0 && !fstat(fd, &st) ? (uint64_t)st.st_size / 512 : 0;
}

static void ready(int fd)
{
	struct bp_ready_blk m = {
		.head = { BP_READY_BLK, sizeof(m) },
		.sectors = sectors(fd),
		.sector_size = 512,
		.physical_sector_size = 4096,
		.max_indirect = 256,
		.max_ring_order = 4,
		.max_pool = 1024,
		.flags = BP_BLK_CAN_FLUSH | BP_BLK_CAN_DISCARD,
	};

	bp_send(BP_SOCKET, &m.head, NULL, 0);
}

/* Whether a server of NBD greets. */
static int greeted(int fd)
{
	char magic[8];

	return read(fd, magic, 8) == 8 && !memcmp(magic, "NBDMAGIC", 8);
}

static int nbd_send(int fd, const void *data, size_t len)
{
	return write(fd, data, len) == (ssize_t)len;
}

static int nbd_read(int fd, void *data, size_t len)
{
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

/* The rest of the greeting, which says how large it is. */
static int nbd_open(int fd, const char *name)
{
	struct {
		uint64_t magic;
		uint32_t option, len;
	} __attribute__((packed)) want = {
		htobe64(0x49484156454f5054), htobe32(1),
		htobe32((uint32_t)strlen(name)),
	};
	uint32_t flags = htobe32(3);	/* fixed, without the zeroes */
	struct {
		uint64_t size;
		uint16_t flags;
	} __attribute__((packed)) got;
	char rest[10];

	if (!nbd_read(fd, rest, 10) || !nbd_send(fd, &flags, 4) ||
	    !nbd_send(fd, &want, sizeof(want)) ||
	    !nbd_send(fd, name, strlen(name)) ||
	    !nbd_read(fd, &got, sizeof(got)))
		return 0;
	nbd_bytes = be64toh(got.size);
	return 1;
}

/* One write that is answered. */
static int nbd_write(int fd)
{
	static char data[65536];
	struct {
		uint32_t magic;
		uint16_t flags, type;
		uint64_t handle, from;
		uint32_t len;
	} __attribute__((packed)) req = {
		htobe32(0x25609513), 0, htobe16(1), 0, 0,
		htobe32(sizeof(data)),
	};
	char rest[16];

	memset(data, 0xaa, sizeof(data));
	return nbd_send(fd, &req, sizeof(req)) &&
	       nbd_send(fd, data, sizeof(data)) && nbd_read(fd, rest, 16) &&
	       !memcmp(rest + 4, "\0\0\0\0", 4);
}

static void on_start(const struct bp_start_blk *m, int *data, const int *fds,
		     int n)
{
	*data = n > BP_FD_BLK_DATA ? fds[BP_FD_BLK_DATA] : -1;
	note("start pid=%d sectors=%llu\n", (int)getpid(),
	     (unsigned long long)sectors(*data));
	if (m->backing == BP_BACK_NBD && !greeted(*data))
		fail(-EIO, "the NBD server hung up");
	else if ((is("nbd-write") || is("nbd-size")) &&
		 !nbd_open(*data, m->nbd_export))
		fail(-EIO, "the NBD server does not know the export");
	else if (is("nbd-write") && !nbd_write(*data))
		fail(-EIO, "the NBD server did not write");
	else if (is("fail-start"))
		fail(-EIO, "the moon is in the wrong phase");
	else if (is("die-start"))
		_exit(7);
	else if (is("short"))
		bp_send(BP_SOCKET, &(struct bp_head){ BP_READY_BLK, 8 }, NULL,
			0);
	else if (is("unknown"))
		tell(999);
	else if (is("early"))
		tell(BP_CONNECTED);
	else if (!is("mute")) {
		if (is("slow"))
			usleep(500000);
		ready(*data);
	}
}

static void on_connect(const struct bp_connect_blk *m)
{
	note("connect resume=%u queues=%u pages=%u ref=%u port=%u\n",
	     m->resume, m->nr_queues, m->ring_pages, m->queue[0].ref[0],
	     m->queue[0].port);
	if (is("fail-connect"))
		fail(-EIO, "the ring is square");
	else if (is("die-connect"))
		_exit(7);
	else if (is("stale") && m->resume)
		fail(-ESTALE, "not of this connection");
	else if (is("mute-connect"))
		return;
	else
		tell(BP_CONNECTED);
	if (is("suicide"))
		kill(getpid(), SIGKILL);
	if (is("babble"))
		ready(-1);
	for (int i = 0; i < 40 && is("complain"); i++)
		fail(-5, "it hurts");
}

static void on_start_net(const struct bp_start_net *m)
{
	struct bp_ready_net r = {
		.head = { BP_READY_NET, sizeof(r) },
		.features = BP_NETF_SG | BP_NETF_RX_COPY | BP_NETF_SPLIT,
		.max_queues = m->max_queues,
	};

	note("start pid=%d queues=%u filters=%u\n", (int)getpid(),
	     m->max_queues, m->filters);
	bp_send(BP_SOCKET, &r.head, NULL, 0);
}

/* As one that its guest has taken over could do. */
static void hide(char **argv, const char *name)
{
	uid_t uid = (uid_t)atoi(argv[2]);
	char *first = *argv;

	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(3);
	for (; *argv; argv++)
		memset(*argv, 'x', strlen(*argv));
	memcpy(first, name, strnlen(name, strlen(first)));
	signal(SIGTERM, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct bp_hello hello = { .head = { BP_HELLO, sizeof(hello) },
				  .version = BP_VERSION, .kind = BP_KIND_BLK };
	union {
		struct bp_head head;
		struct bp_connect_blk connect;
		struct bp_start_blk start;
		struct bp_start_net start_net;
		char room[8192];
	} m;
	int fds[BP_MAX_FDS], n, data = -1;

	if (readlink("/proc/self/exe", dir, sizeof(dir) - 1) < 0)
		return 3;
	if (strstr(dir, "/parvis-netback"))
		hello.kind = BP_KIND_NET;
	dirname(dir);
	read_mode();
	fprintf(stderr, "hello from the fake\n");
	if (is("hidden") && argc > 2)
		hide(argv, "");
	if (is("impostor") && argc > 2)
		hide(argv, "qemu-storage-daemon");
	bp_send(BP_SOCKET, &hello.head, NULL, 0);
	while (bp_recv(BP_SOCKET, &m, sizeof(m), fds, BP_MAX_FDS, &n) > 0) {
		struct bp_stats stats = { .head = { BP_STATS, sizeof(stats) },
					  .rd_req = 42 };

		switch (m.head.type) {
		case BP_START_BLK:
			on_start(&m.start, &data, fds, n);
			break;
		case BP_START_NET:
			on_start_net(&m.start_net);
			break;
		case BP_CONNECT_BLK:
			on_connect(&m.connect);
			break;
		case BP_DISCONNECT:
			note("disconnect\n");
			tell(BP_DISCONNECTED);
			break;
		case BP_QUIESCE:
			note("quiesce\n");
			tell(BP_QUIESCED);
			return 0;
		case BP_RESIZE:
			ready(data);
			break;
		case BP_MEDIA:
			data = n ? fds[0] : -1;
			note("media sectors=%llu\n",
			     (unsigned long long)sectors(data));
			if (is("no-media") && sectors(data) == 2)
				fail(-EIO, "the disc is scratched");
			else if (is("die-media"))
				_exit(7);
			else
				ready(data);
			break;
		case BP_STATS:
			bp_send(BP_SOCKET, &stats.head, NULL, 0);
			break;
		default:
			return 4;
		}
	}
	while (is("hidden") || is("impostor"))
		pause();
	return 0;
}
