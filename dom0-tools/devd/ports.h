/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ports.h: the two devices of the hypervisor that a backend is given, behind
 * a table so that tests need no hypervisor.
 *
 * Each device has its own open /dev/xen/evtchn: the ports that are bound on
 * it live as long as any process has it, and a process that has it can use no
 * other device's ports.
 */
#ifndef DEVD_PORTS_H
#define DEVD_PORTS_H

#include <stdint.h>

struct port_ops {
	/* A new descriptor that may only be bound to @domid; -errno. */
	int (*open)(uint32_t domid);
	/* Binds to @remote, which @domid offers: the local port, or -errno. */
	int (*bind)(int fd, uint32_t domid, uint32_t remote);
	int (*unbind)(int fd, uint32_t port);
	/* A descriptor for mapping and copying grants; -errno. */
	int (*open_grants)(void);
};

extern const struct port_ops ports_linux;

#endif
