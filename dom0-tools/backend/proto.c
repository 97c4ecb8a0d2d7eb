// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proto.c: messages between the device daemon and a backend.
 *
 * No state.  A datagram that does not fit the room, whose head disagrees with
 * its length or that carries more descriptors than asked for is an error, and
 * no descriptor of it stays open.
 */
#include "proto.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CTL_BYTES CMSG_SPACE(BP_MAX_FDS * sizeof(int))

static const uint32_t sizes[] = {
	[BP_HELLO] = sizeof(struct bp_hello),
	[BP_START_BLK] = sizeof(struct bp_start_blk),
	[BP_START_NET] = sizeof(struct bp_start_net),
	[BP_READY_BLK] = sizeof(struct bp_ready_blk),
	[BP_READY_NET] = sizeof(struct bp_ready_net),
	[BP_CONNECT_BLK] = sizeof(struct bp_connect_blk),
	[BP_CONNECT_NET] = sizeof(struct bp_connect_net),
	[BP_CONNECTED] = sizeof(struct bp_head),
	[BP_DISCONNECT] = sizeof(struct bp_head),
	[BP_DISCONNECTED] = sizeof(struct bp_head),
	[BP_QUIESCE] = sizeof(struct bp_head),
	[BP_QUIESCED] = sizeof(struct bp_head),
	[BP_RESIZE] = sizeof(struct bp_head),
	[BP_MEDIA] = sizeof(struct bp_start_blk),
	[BP_STATS] = sizeof(struct bp_stats),
	[BP_FAILED] = sizeof(struct bp_failed),
};

uint32_t bp_size(uint32_t type)
{
	return type < sizeof(sizes) / sizeof(sizes[0]) ? sizes[type] : 0;
}

int bp_send(int sock, const struct bp_head *head, const int *fds, int nfds)
{
	struct iovec iov = { (void *)(uintptr_t)head, head->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	_Alignas(struct cmsghdr) char ctl[CTL_BYTES];
	ssize_t n;

	if (nfds < 0 || nfds > BP_MAX_FDS)
		return -EINVAL;
	if (nfds) {
		struct cmsghdr *c;

		memset(ctl, 0, sizeof(ctl));
		msg.msg_control = ctl;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n == (ssize_t)head->len ? 0 : -EMSGSIZE;
}

/* Moves the descriptors of one control block to @fds; closes what is over. */
static int take_fds(struct cmsghdr *c, int *fds, int max_fds, int have)
{
	int n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

	for (int i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (have < max_fds)
			fds[have++] = fd;
		else
			close(fd);
	}
	return have;
}

static int collect_fds(struct msghdr *msg, int *fds, int max_fds)
{
	int have = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			have = take_fds(c, fds, max_fds, have);
	}
	return have;
}

int bp_recv(int sock, void *buf, int room, int *fds, int max_fds, int *nfds)
{
	struct iovec iov = { buf, (size_t)room };
	_Alignas(struct cmsghdr) char ctl[CTL_BYTES];
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl,
		.msg_controllen = sizeof(ctl),
	};
	const struct bp_head *head = buf;
	ssize_t n;
	int have;

	*nfds = 0;
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	have = collect_fds(&msg, fds, max_fds);
	if (!n && !have)
		return 0;
	if (n < (ssize_t)sizeof(*head) || head->len != (size_t)n ||
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		while (have)
			close(fds[--have]);
		return -EPROTO;
	}
	*nfds = have;
	return (int)n;
}
