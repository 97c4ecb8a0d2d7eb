// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * taprelay.c: two taps and a process that carries packets between them: the
 * least that a network by way of a process costs, without any guest.
 *
 *	taprelay A B	makes taps A and B with every offload, then relays
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
/* The largest packet, with its virtio_net_hdr and Ethernet's header. */
#define FRAME_MAX (65536 + 64)

static int make_tap(const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req) ||
	    ioctl(fd, TUNSETOFFLOAD, OFFLOADS)) {
		perror(name);
		return -1;
	}
	return fd;
}

/* All that @from has; a packet that @to does not take is lost. */
static int carry(int from, int to)
{
	static uint8_t frame[FRAME_MAX];
	ssize_t n;

	while ((n = read(from, frame, sizeof(frame))) > 0)
		if (write(to, frame, (size_t)n) < 0 && errno != EAGAIN &&
		    errno != EIO && errno != EINVAL)
			return -1;
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };

	if (argc != 3) {
		fprintf(stderr, "usage: taprelay TAP TAP\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		p[i].fd = make_tap(argv[i + 1]);
		if (p[i].fd < 0)
			return 1;
	}
	while (poll(p, 2, -1) >= 0)
		for (int i = 0; i < 2; i++)
			if (p[i].revents && carry(p[i].fd, p[!i].fd)) {
				/* Down, or up a moment ago. */
				if (errno != EIO)
					goto out;
				usleep(1000);
			}
out:
	perror("taprelay");
	return 1;
}
