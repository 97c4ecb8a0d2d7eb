// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c: the process of a device and the messages on its socket.
 *
 * A backend may have been taken over by its guest: a message is taken only in
 * the size of its type, in a phase in which it can come, and what breaks that
 * ends the process.  State: dev->proc, dev->sock.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devd/devd.h"
#include "lib/log.h"

union message {
	struct bp_head head;
	struct bp_hello hello;
	struct bp_failed failed;
	struct bp_ready_blk blk;
	struct bp_ready_net net;
	struct bp_stats stats;
	char room[4096];
};

static int on_hello(struct dev *dev, union message *m, struct fail *fail)
{
	if (m->hello.version != BP_VERSION)
		return fail_set(fail, -EPROTO,
				"its program speaks version %u of the protocol, not %u: install both from one build",
				m->hello.version, BP_VERSION);
	if (m->hello.kind != dev->ops->hello)
		return fail_set(fail, -EPROTO, "wrong kind of program");
	return dev->ops->start(dev, fail);
}

static int on_ready(struct dev *dev, union message *m, struct fail *fail)
{
	bool first = dev->phase == PH_STARTING;
	int rc;

	/* Each is written to the store and wakes the frontend. */
	if (!first && !dev->asked)
		return fail_set(fail, -EPROTO,
				"its backend describes the disk again without being asked");
	rc = dev->ops->ready(dev, &m->head, fail);
	if (rc)
		return rc;
	if (first) {
		dev_backend_ready(dev);
	} else {
		dev->asked--;
		request_ready(dev);
	}
	return 0;
}

static int on_connected(struct dev *dev, union message *m, struct fail *fail)
{
	(void)m;
	(void)fail;
	dev_backend_connected(dev);
	return 0;
}

static int on_disconnected(struct dev *dev, union message *m,
			   struct fail *fail)
{
	(void)m;
	(void)fail;
	dev_backend_disconnected(dev);
	return 0;
}

/* It ends now; dev_process_ended() goes on. */
static int on_quiesced(struct dev *dev, union message *m, struct fail *fail)
{
	(void)dev;
	(void)m;
	(void)fail;
	return 0;
}

static int on_stats(struct dev *dev, union message *m, struct fail *fail)
{
	(void)fail;
	request_stats(dev, &m->stats);
	return 0;
}

static int on_failed(struct dev *dev, union message *m, struct fail *fail)
{
	(void)fail;
	if (dev->asked)
		dev->asked--;
	m->failed.text[sizeof(m->failed.text) - 1] = 0;
	if (dev->phase == PH_IDLE || dev->phase == PH_CONNECTED)
		media_refused(dev);
	dev_backend_failed(dev, m->failed.rc < 0 ? m->failed.rc : -EIO,
			   m->failed.text);
	return 0;
}

#define IN(phase) (1u << (phase))
#define ANY_PHASE (~0u)

static const struct {
	uint32_t type;
	uint32_t phases;
	int (*fn)(struct dev *dev, union message *m, struct fail *fail);
} handlers[] = {
	{ BP_HELLO, IN(PH_STARTING), on_hello },
	{ BP_READY_BLK, IN(PH_STARTING) | IN(PH_IDLE) | IN(PH_CONNECTED) |
			IN(PH_CONNECTING) | IN(PH_DISCONNECTING), on_ready },
	{ BP_READY_NET, IN(PH_STARTING), on_ready },
	{ BP_CONNECTED, IN(PH_CONNECTING), on_connected },
	{ BP_DISCONNECTED, IN(PH_DISCONNECTING), on_disconnected },
	{ BP_QUIESCED, IN(PH_QUIESCING), on_quiesced },
	{ BP_STATS, ANY_PHASE, on_stats },
	{ BP_FAILED, ANY_PHASE, on_failed },
};

static int handle(struct dev *dev, union message *m, int len,
		  struct fail *fail)
{
	size_t i;

	/* What was under way when it was told to end. */
	if (dev->phase == PH_ENDING)
		return 0;
	for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == m->head.type)
			break;
	if (i == sizeof(handlers) / sizeof(handlers[0]) ||
	    bp_size(m->head.type) != (uint32_t)len ||
	    !(handlers[i].phases & IN(dev->phase)))
		return fail_set(fail, -EPROTO,
				"its backend sent message %u of %d bytes while %s",
				m->head.type, len, sm_phase_name(dev->phase));
	return handlers[i].fn(dev, m, fail);
}

static void on_socket(struct ev_io *io, uint32_t revents)
{
	struct dev *dev = container_of(io, struct dev, sock_io);
	struct fail fail = { 0 };
	union message m;
	int len, nfds;

	(void)revents;
	len = bp_recv(dev->sock, &m, sizeof(m), NULL, 0, &nfds);
	if (len == -EAGAIN || len == -EINTR)
		return;
	if (len <= 0) {
		/* Its process is about to end, and that tells the rest. */
		link_close(dev);
		dev_socket_ended(dev);
		return;
	}
	if (!handle(dev, &m, len, &fail))
		return;
	log_err("%s: %s", dev->name, fail.text);
	if (!dev->failure.rc)
		dev->failure = fail;
	/* What else it has sent is not heard. */
	link_close(dev);
	proc_kill(&dev->proc);
}

void link_close(struct dev *dev)
{
	if (dev->sock < 0)
		return;
	ev_io_del(dev->devd->loop, &dev->sock_io);
	close(dev->sock);
	dev->sock = -1;
}

static void on_end(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, proc);

	dev_process_ended(dev, status);
}

/* Speaking NBD takes a program of its own, which is slower to start. */
static const char *program_of(const struct dev *dev)
{
	bool disk = dev->ops == &kind_pvbd;

	if (disk && (dev->disk.way == DISK_IMAGE || dev->disk.way == DISK_NBD))
		return "parvis-blkback-nbd";
	return dev->ops->program;
}

static int spawn(struct dev *dev, int fd, struct fail *fail)
{
	char path[PATH_MAX], uid[16];
	const char *argv[] = { path, "--uid", uid, NULL };
	struct proc_spec spec = { .argv = argv, .fd3 = fd };
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dev->devd->libexec,
		 program_of(dev));
	snprintf(uid, sizeof(uid), "%u", dev->devd->uid_base + dev->slot);
	snprintf(dev->proc.name, sizeof(dev->proc.name), "%s", dev->name);
	dev->proc.ended = on_end;
	rc = proc_spawn(dev->devd->loop, &dev->proc, &spec);
	return rc ? fail_errno(fail, rc, "cannot start %s", path) : 0;
}

int link_spawn(struct dev *dev, struct fail *fail)
{
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return fail_errno(fail, -errno, "no socket");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	rc = spawn(dev, fds[1], fail);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return rc;
	}
	dev->asked = 0;
	dev->sock = fds[0];
	dev->sock_io = (struct ev_io){ dev->sock, EPOLLIN, on_socket };
	rc = ev_io_add(dev->devd->loop, &dev->sock_io);
	if (rc) {
		log_err("%s: %s", dev->name, strerror(-rc));
		proc_kill(&dev->proc);
	}
	return 0;
}

void link_send_fds(struct dev *dev, const struct bp_head *msg, const int *fds,
		   int nfds)
{
	int rc = dev->sock < 0 ? -EPIPE : bp_send(dev->sock, msg, fds, nfds);

	if (!rc)
		return;
	if (rc != -EPIPE)
		log_err("%s: cannot tell its backend: %s", dev->name,
			strerror(-rc));
	proc_kill(&dev->proc);
}

void link_send_msg(struct dev *dev, const struct bp_head *msg)
{
	link_send_fds(dev, msg, NULL, 0);
}

void link_send(struct dev *dev, enum bp_type type)
{
	struct bp_head head = { type, sizeof(head) };

	link_send_msg(dev, &head);
}
