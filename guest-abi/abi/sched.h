/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op: yielding, blocking, polling, and ending a domain.
 * No state.
 */
#ifndef ABI_SCHED_H
#define ABI_SCHED_H

#include <abi/base.h>

#define SCHEDOP_yield			0	/* no argument */
#define SCHEDOP_block			1	/* no argument; unmasks events */
#define SCHEDOP_shutdown		2
#define SCHEDOP_poll			3
#define SCHEDOP_remote_shutdown		4
#define SCHEDOP_shutdown_code		5	/* sched_shutdown, and goes on */
#define SCHEDOP_watchdog		6
#define SCHEDOP_pin_override		7

#define SHUTDOWN_poweroff		0
#define SHUTDOWN_reboot			1
#define SHUTDOWN_suspend		2
#define SHUTDOWN_crash			3
#define SHUTDOWN_watchdog		4
#define SHUTDOWN_soft_reset		5
#define SHUTDOWN_MAX			5

struct sched_shutdown {
	unsigned int reason;		/* SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
ABI_SIZE(struct sched_shutdown, 4);
ABI_OFFSET(struct sched_shutdown, reason, 0);

struct sched_poll {
	GUEST_HANDLE(evtchn_port_t) ports;
	unsigned int nr_ports;		/* at most 128 */
	uint64_t timeout;		/* absolute ns, 0: none */
};
typedef struct sched_poll sched_poll_t;
ABI_SIZE(struct sched_poll, 24);
ABI_OFFSET(struct sched_poll, ports, 0);
ABI_OFFSET(struct sched_poll, nr_ports, 8);
ABI_OFFSET(struct sched_poll, timeout, 16);

struct sched_remote_shutdown {
	domid_t domain_id;
	unsigned int reason;
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
ABI_SIZE(struct sched_remote_shutdown, 8);
ABI_OFFSET(struct sched_remote_shutdown, domain_id, 0);
ABI_OFFSET(struct sched_remote_shutdown, reason, 4);

struct sched_watchdog {
	uint32_t id;			/* 0: a new one, returned */
	uint32_t timeout;		/* seconds, 0: stop */
};
typedef struct sched_watchdog sched_watchdog_t;
ABI_SIZE(struct sched_watchdog, 8);
ABI_OFFSET(struct sched_watchdog, id, 0);
ABI_OFFSET(struct sched_watchdog, timeout, 4);

struct sched_pin_override {
	int32_t pcpu;			/* negative: undo */
};
typedef struct sched_pin_override sched_pin_override_t;
ABI_SIZE(struct sched_pin_override, 4);
ABI_OFFSET(struct sched_pin_override, pcpu, 0);

#endif /* ABI_SCHED_H */
