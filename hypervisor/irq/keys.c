// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Debug keys: single letters, typed on the console or sent by `xl debug-keys`,
 * that make the hypervisor say something about itself.  No state.
 */
#include <irq/irq.h>
#include <mm/alloc.h>
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
	{ 'r', "CPUs", key_cpus },
	{ 'R', "restart the machine", key_restart },
};

void console_key(char c)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == c) {
			keys[i].fn();
			return;
		}
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key '%c': %s\n", keys[i].key, keys[i].help);
}
