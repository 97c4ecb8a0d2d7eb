// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_json.c: writing libxl's JSON of a guest.
 *
 * State: none.  As with libxl, what is left to its default is left out; what
 * libxl has no name for is not shown.
 */
#include <string.h>

#include "config_json.h"

struct config_now config_as_written(const struct guest_config *c,
				    const char *uuid)
{
	return (struct config_now){
		.type = "pv",
		.name = c->name,
		.uuid = uuid,
		.max_vcpus = (uint32_t)c->maxvcpus,
		.online_vcpus = (uint32_t)c->vcpus,
		.max_kib = c->maxmem * 1024,
		.target_kib = c->memory * 1024,
	};
}

static void json_number(struct jw *w, const char *key, int64_t value)
{
	if (value >= 0)
		jw_int(w, key, value);
}

/* An array of CPUs for each vCPU. */
static void json_cpus(struct jw *w, const char *key, const struct cfg_cpus *c,
		      uint32_t vcpus)
{
	if (!c->given)
		return;
	jw_array(w, key);
	for (uint32_t v = 0; v < vcpus; v++) {
		const uint8_t *bits = cfg_cpus_of(c, v)->bits;

		jw_array(w, NULL);
		for (uint32_t i = 0; i < CFG_CPUS_MAX; i++) {
			if (bits[i / 8] >> i % 8 & 1)
				jw_int(w, NULL, i);
		}
		jw_array_end(w);
	}
	jw_array_end(w);
}

static void json_build(struct jw *w, const struct guest_config *c,
		       uint32_t vcpus)
{
	json_cpus(w, "vcpu_hard_affinity", &c->cpus, vcpus);
	json_cpus(w, "vcpu_soft_affinity", &c->cpus_soft, vcpus);
	jw_object(w, "sched_params");
	json_number(w, "weight", c->cpu_weight);
	json_number(w, "cap", c->cap);
	jw_object_end(w);
	jw_str_if(w, "kernel", c->kernel);
	jw_str_if(w, "ramdisk", c->ramdisk);
	jw_str_if(w, "cmdline", c->full_cmdline);
	jw_str_if(w, "bootloader", c->bootloader);
	json_number(w, "max_grant_frames", c->max_grant_frames);
	json_number(w, "max_maptrack_frames", c->max_maptrack_frames);
	json_number(w, "max_grant_version", c->max_grant_version);
	json_number(w, "event_channels", c->max_event_channels);
}

static void json_info(struct jw *w, const struct guest_config *c,
		      const struct config_now *now)
{
	jw_object(w, "c_info");
	jw_str(w, "type", now->type);
	jw_str(w, "name", now->name);
	jw_str_if(w, "uuid", now->uuid);
	if (c && c->driver_domain)
		jw_str(w, "driver_domain", "True");
	jw_object_end(w);
	jw_object(w, "b_info");
	jw_int(w, "max_vcpus", now->max_vcpus);
	jw_array(w, "avail_vcpus");
	for (uint32_t v = 0; v < now->online_vcpus; v++)
		jw_int(w, NULL, v);
	jw_array_end(w);
	jw_int(w, "max_memkb", now->max_kib);
	jw_int(w, "target_memkb", now->target_kib);
	if (c)
		json_build(w, c, now->max_vcpus);
	jw_object_end(w);
}

static void json_devices(struct jw *w, const struct guest_config *c)
{
	if (c->disks.count) {
		jw_array(w, "disks");
		for (unsigned int i = 0; i < c->disks.count; i++)
			disk_to_json(&c->disks.disk[i], w, NULL);
		jw_array_end(w);
	}
	if (c->vifs.count) {
		jw_array(w, "nics");
		for (unsigned int i = 0; i < c->vifs.count; i++)
			nic_to_json(&c->vifs.nic[i], w, NULL);
		jw_array_end(w);
	}
}

/* libxl writes these words with another line between their parts. */
static void json_action(struct jw *w, const char *key,
			enum guest_action action)
{
	char word[32], *dash;

	snprintf(word, sizeof(word), "%s", cfg_action_name(action));
	dash = strchr(word, '-');
	if (dash)
		*dash = '_';
	jw_str(w, key, word);
}

void config_json(struct jw *w, const struct guest_config *c,
		 const struct config_now *now)
{
	json_info(w, c, now);
	if (!c)
		return;
	json_devices(w, c);
	json_action(w, "on_poweroff", c->on_poweroff);
	json_action(w, "on_reboot", c->on_reboot);
	json_action(w, "on_watchdog", c->on_watchdog);
	json_action(w, "on_crash", c->on_crash);
	json_action(w, "on_soft_reset", c->on_soft_reset);
}
