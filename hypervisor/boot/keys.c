// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Debug keys: single letters, typed on the console or sent by `xl debug-keys`,
 * that make the hypervisor say something about itself.  No state.
 */
#include <boot/keys.h>
#include <event/event.h>
#include <grant/grant.h>
#include <mm/alloc.h>
#include <port/count.h>
#include <port/log.h>
#include <port/power.h>
#include <sched/sched.h>

static void key_domains(void)
{
	struct domain *d;
	uint16_t from = 0;

	while ((d = domain_get_next(from)) != NULL) {
		struct vcpu *v;

		from = d->id + 1;
		log_info("domain %u: %lu of %lu pages, life %u, refs %u\n",
			 d->id, d->page_count, d->page_max, d->life, d->refs);
		for_each_vcpu(d, v)
			log_info("  vCPU %u: CPU %u flags %#x rip %#lx rsp %#lx\n",
				 v->id, v->sched.cpu, v->pause_flags,
				 v->regs.rip, v->regs.rsp);
		domain_put(d);
	}
}

static void key_memory(void)
{
	log_info("memory: %lu of %lu pages free, %lu claimed\n",
		 buddy_free_count(), buddy_total(), buddy_claimed());
}

static void key_cpus(void)
{
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		log_info("CPU %u: APIC %u, idle %lu ms\n", cpu,
			 cpu_ident(cpu)->apic_id,
			 sched_idle_time(cpu) / 1000000);
}

/* Exact numbers of what is in use, for whoever looks for a leak. */
static void key_grants(void)
{
	struct grant_counts all = { 0 }, n;
	struct domain *d;
	uint16_t from = 0;

	while ((d = domain_get_next(from)) != NULL) {
		from = d->id + 1;
		grant_count(d, &n);
		log_info("domain %u: %u grant frames, %u entries in use, %u mapped by it\n",
			 d->id, n.frames, n.active, n.mapped);
		all.frames += n.frames;
		all.active += n.active;
		all.mapped += n.mapped;
		domain_put(d);
	}
	log_info("grants of all: frames=%u active=%u mapped=%u\n", all.frames,
		 all.active, all.mapped);
}

static void key_events(void)
{
	struct domain *d;
	uint16_t from = 0;
	uint32_t all = 0;

	while ((d = domain_get_next(from)) != NULL) {
		uint32_t n = evtchn_count(d);

		from = d->id + 1;
		log_info("domain %u: %u event channels\n", d->id, n);
		all += n;
		domain_put(d);
	}
	log_info("event channels of all: ports=%u\n", all);
}

static void key_counters(void)
{
	log_info("TLB flushes: all=%lu page=%lu switch=%lu remote=%lu\n",
		 count_get(COUNT_FLUSH_ALL), count_get(COUNT_FLUSH_PAGE),
		 count_get(COUNT_FLUSH_SWITCH), count_get(COUNT_FLUSH_REMOTE));
}

static void key_restart(void)
{
	log_info("restart by key\n");
	machine_restart();
}

static const struct {
	char key;
	const char *help;
	void (*fn)(void);
} keys[] = {
	{ 'q', "domains and their vCPUs", key_domains },
	{ 'm', "free memory", key_memory },
	{ 'g', "grants in use", key_grants },
	{ 'e', "event channels in use", key_events },
	{ 'p', "counters of TLB flushes", key_counters },
	{ 'r', "CPUs", key_cpus },
	{ 'R', "restart the machine", key_restart },
};

void boot_key(char c)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == c) {
			keys[i].fn();
			return;
		}
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key '%c': %s\n", keys[i].key, keys[i].help);
}
