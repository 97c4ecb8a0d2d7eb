// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two tables of up-calls: what each room does in a domain's life, and what
 * low rooms ask of higher ones.  The order of rooms[] is the order of making;
 * teardown runs it backwards, so that frames go after all that maps them.
 */
#include <boot/keys.h>
#include <boot/rooms.h>
#include <domain/core_room.h>
#include <domain/rooms.h>
#include <event/event.h>
#include <grant/grant.h>
#include <irq/irq.h>
#include <mm/frame.h>
#include <mm/ptype.h>
#include <port/hooks.h>
#include <pv/memory_map.h>
#include <pv/pv.h>
#include <sched/sched.h>

static int pv_init(struct domain *d, const struct domain_config *cfg)
{
	(void)cfg;
	return pv_domain_init(d);
}

static int rights_init(struct domain *d, const struct domain_config *cfg)
{
	(void)cfg;
	return iocap_init(d);
}

static int policy_init(struct domain *d, const struct domain_config *cfg)
{
	(void)cfg;
	return cpu_policy_init(d);
}

static int watchdog_init(struct domain *d, const struct domain_config *cfg)
{
	(void)cfg;
	return watchdog_domain_init(d);
}

static int event_init(struct domain *d, const struct domain_config *cfg)
{
	return evtchn_domain_init(d, cfg->max_evtchn_port);
}

static int grant_init(struct domain *d, const struct domain_config *cfg)
{
	return grant_domain_init(d, cfg->max_grant_frames,
				 cfg->max_maptrack_frames,
				 cfg->grant_version_max);
}

static int irq_init(struct domain *d, const struct domain_config *cfg)
{
	(void)cfg;
	return irq_domain_init(d);
}

static int irq_teardown(struct domain *d, struct budget *b)
{
	(void)b;
	irq_domain_free(d);
	return 0;
}

static int pv_teardown(struct domain *d, struct budget *b)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		int rc = pv_vcpu_relinquish(v, b);

		if (rc)
			return rc;
	}
	return 0;
}

const struct room rooms[] = {
	{ "core", core_domain_init, core_teardown, core_domain_free,
	  core_vcpu_init, NULL },
	{ "frames", NULL, domain_relinquish_frames, memory_map_free, NULL,
	  NULL },
	{ "hardware", NULL, NULL, NULL, vcpu_hw_init, vcpu_hw_free },
	{ "watchdog", watchdog_init, watchdog_teardown, watchdog_domain_free,
	  NULL, NULL },
	{ "rights", rights_init, NULL, iocap_free, NULL, NULL },
	{ "CPU policy", policy_init, NULL, cpu_policy_free, NULL, NULL },
	{ "irq", irq_init, irq_teardown, irq_domain_free, NULL, NULL },
	{ "grants", grant_init, grant_release_mappings, grant_domain_free, NULL,
	  NULL },
	{ "events", event_init, evtchn_domain_teardown, evtchn_domain_free,
	  evtchn_vcpu_init, evtchn_vcpu_free },
	{ "pv", pv_init, pv_teardown, NULL, pv_vcpu_init, pv_vcpu_free },
};
const unsigned int room_count = ARRAY_SIZE(rooms);

int rooms_init(void)
{
	ptype_hooks.promote = pv_promote;
	ptype_hooks.demote = pv_demote;
	hooks.debug_key = boot_key;
	hooks.host_virq = evtchn_send_host_virq;
	hooks.vcpu_virq = evtchn_send_virq;
	hooks.pirq_arrived = evtchn_send_port;
	hooks.irq_allowed = iocap_irq_ok;
	hooks.deliver_pending = pv_deliver_pending;
	return 0;
}
