// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.c: the daemon's requests, as a table of functions.
 *
 * State: one struct request each, until it is answered; most are at once,
 * and those that wait do not hold up others.  Every function has the same
 * beats: take arguments, check, act, answer.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/sched.h>

#include "../lib/hv_domain.h"
#include "../lib/log.h"
#include "../lib/nearest.h"
#include "guest_device.h"
#include "request_inner.h"

enum target { TARGET_NONE, TARGET_GUEST, TARGET_ANY };

int request_bad_argument(struct request *r, const char *name)
{
	return fail_set(r->fail, -EINVAL,
			"the request's \"%s\" is missing or wrong", name);
}

/* ---- requests ---- */

static int do_ping(struct request *r)
{
	jw_str(r->answer, "daemon", "parvisd");
	return 0;
}

static void on_created(struct outcome *out, int rc)
{
	struct request *r = container_of(out, struct request, out);
	struct guest *g = r->guest;

	if (rc) {
		guest_free(g);
	} else {
		log_info("created %s as domain %u", g->name, g->domid);
		jw_int(r->answer, "domid", g->domid);
		jw_str(r->answer, "name", g->name);
	}
	request_finish(r, rc);
}

static int do_create(struct request *r)
{
	yajl_val config = json_get(r->args, "config");
	struct strbuf text = { 0 };
	struct cfg_file file;
	struct guest *g = NULL;
	int rc;

	cfg_file_init(&file, "configuration", r->fail);
	rc = cfg_parse_tree(&file, config);
	if (!rc)
		cfg_to_json(&file, &text);
	cfg_file_free(&file);
	if (!rc)
		g = text.err ? NULL : guest_from_json(text.data, r->fail);
	strbuf_free(&text);
	if (!g)
		return fail_set(r->fail, -ENOMEM, "out of memory");
	r->guest = g;
	r->out.fn = on_created;
	guest_make(r->ts, g, json_bool(r->args, "paused", false), &r->out);
	return REQUEST_LATER;
}

static void on_done(struct outcome *out, int rc)
{
	request_finish(container_of(out, struct request, out), rc);
}

static void on_stranger_released(struct outcome *out, int rc)
{
	struct request *r = container_of(out, struct request, out);

	if (rc)
		log_warn("domain %u's devices: %s", r->domid, out->fail.text);
	guest_store_remove(r->ts, r->domid, r->uuid);
	request_finish(r, 0);
}

static int do_destroy(struct request *r)
{
	struct xen_domctl_getdomaininfo info;
	int rc;

	if (r->guest) {
		r->out.fn = on_done;
		guest_destroy(r->ts, r->guest, &r->out);
		return REQUEST_LATER;
	}
	rc = hv_domain_info(r->ts->hv, r->domid, &info);
	if (!rc)
		rc = hv_domain_destroy(r->ts->hv, r->domid);
	if (rc)
		return fail_errno(r->fail, rc, "the hypervisor refused");
	/* Perhaps a daemon made it that was stopped half-way. */
	memcpy(r->uuid, info.handle, sizeof(r->uuid));
	r->out.fn = on_stranger_released;
	devices_release_all(r->ts, r->domid, RELEASE_CUT, &r->out);
	return REQUEST_LATER;
}

static int write_control(struct request *r, const char *node,
			 const char *value)
{
	char path[96];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/control/%s", r->domid,
		 node);
	rc = xsc_write(r->ts->xs, XSC_NO_TX, path, value);
	return rc ? fail_errno(r->fail, rc, "the store refused %s", path) : 0;
}

static int do_shutdown(struct request *r)
{
	const char *how = json_str(r->args, "how", "poweroff");
	struct xen_domctl_getdomaininfo info;
	int rc;

	if (strcmp(how, "poweroff") && strcmp(how, "reboot"))
		return request_bad_argument(r, "how");
	rc = hv_domain_info(r->ts->hv, r->domid, &info);
	if (rc)
		return fail_errno(r->fail, rc, "the domain is gone");
	if (info.flags & XEN_DOMINF_shutdown)
		return fail_set(r->fail, -EBUSY,
				"it has shut down already: xl destroy removes it");
	return write_control(r, "shutdown", how);
}

static int do_sysrq(struct request *r)
{
	const char *key = json_str(r->args, "key", "");

	if (strlen(key) != 1)
		return request_bad_argument(r, "key");
	return write_control(r, "sysrq", key);
}

static int do_pause(struct request *r)
{
	int rc = hv_domain_pause(r->ts->hv, r->domid);

	return rc ? fail_errno(r->fail, rc, "the hypervisor refused") : 0;
}

static int do_unpause(struct request *r)
{
	struct xen_domctl_getdomaininfo info;
	int rc = hv_domain_info(r->ts->hv, r->domid, &info);

	if (!rc && !(info.flags & XEN_DOMINF_paused))
		return 0;
	if (!rc)
		rc = hv_domain_unpause(r->ts->hv, r->domid);
	return rc ? fail_errno(r->fail, rc, "the hypervisor refused") : 0;
}

/* The configuration under another name, for the next restart. */
static char *config_renamed(const char *json, const char *name)
{
	struct strbuf text = { 0 };
	struct cfg_file file;

	cfg_file_init(&file, "configuration", NULL);
	if (cfg_parse_json(&file, json) ||
	    cfg_set_string(&file, "name", name))
		text.err = -EINVAL;
	else
		cfg_to_json(&file, &text);
	cfg_file_free(&file);
	return strbuf_steal(&text);
}

static int do_rename(struct request *r)
{
	const char *name = json_str(r->args, "name", "");
	char *json, *copy;
	struct guest *g = r->guest, *same;
	int rc;

	if (!g)
		return fail_set(r->fail, -EINVAL,
				"it was not created by this toolstack");
	same = guest_by_name(r->ts, name);
	if ((same && same != g) || !strcmp(name, "Domain-0"))
		return fail_set(r->fail, -EEXIST,
				"a domain named \"%s\" is there already", name);
	if (!cfg_name_is_good(name))
		return fail_set(r->fail, -EINVAL,
				"\"%s\" will not do as a name: letters, digits and -_.+:@, not digits alone",
				name);
	json = config_renamed(g->config_json, name);
	copy = strdup(name);
	if (!json || !copy)
		rc = fail_set(r->fail, -ENOMEM, "out of memory");
	else
		rc = guest_store_rename(r->ts, g, name, r->fail);
	if (rc) {
		free(json);
		free(copy);
		return rc;
	}
	free(g->name);
	free(g->config_json);
	g->name = copy;
	g->config_json = json;
	return guest_state_save(r->ts, g, r->fail);
}

/* ---- memory ---- */

#define MEM_SLACK_KIB 1024

static int memory_node(struct request *r, const char *node, int64_t kib)
{
	char path[96];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", r->domid,
		 node);
	rc = xsc_writef(r->ts->xs, XSC_NO_TX, path, "%" PRId64, kib);
	return rc ? fail_errno(r->fail, rc, "the store refused %s", path) : 0;
}

static int64_t read_memory_node(struct request *r, const char *node)
{
	char *text;
	int64_t kib = -1;

	if (!xsc_readf(r->ts->xs, XSC_NO_TX, &text,
		       "/local/domain/%u/memory/%s", r->domid, node)) {
		kib = strtoll(text, NULL, 10);
		free(text);
	}
	return kib;
}

static int do_mem_set(struct request *r)
{
	int64_t kib = json_int(r->args, "kib", -1);
	int64_t most = read_memory_node(r, "static-max");
	int rc;

	if (kib < 1024)
		return request_bad_argument(r, "kib");
	if (most > 0 && kib > most)
		return fail_set(r->fail, -EINVAL,
				"%" PRId64 " MiB is more than its maximum of %" PRId64 " MiB: raise that with xl mem-max",
				kib / 1024, most / 1024);
	rc = hv_domain_set_max_mem(r->ts->hv, r->domid,
				   (uint64_t)kib + MEM_SLACK_KIB);
	if (rc)
		return fail_errno(r->fail, rc,
				  "the hypervisor refused the limit");
	return memory_node(r, "target", kib);
}

static int do_mem_max(struct request *r)
{
	int64_t kib = json_int(r->args, "kib", -1);
	struct xen_domctl_getdomaininfo info;
	int rc;

	if (kib < 1024)
		return request_bad_argument(r, "kib");
	rc = hv_domain_info(r->ts->hv, r->domid, &info);
	if (!rc && (uint64_t)kib < info.tot_pages * 4)
		return fail_set(r->fail, -EINVAL,
				"it has %" PRIu64 " MiB now: lower that first with xl mem-set",
				(uint64_t)info.tot_pages / 256);
	if (!rc)
		rc = hv_domain_set_max_mem(r->ts->hv, r->domid,
					   (uint64_t)kib + MEM_SLACK_KIB);
	if (rc)
		return fail_errno(r->fail, rc,
				  "the hypervisor refused the limit");
	return memory_node(r, "static-max", kib);
}

/* ---- vCPUs ---- */

static int do_vcpu_set(struct request *r)
{
	int64_t count = json_int(r->args, "count", -1);
	struct xen_domctl_getdomaininfo info;
	char path[96];
	int rc = hv_domain_info(r->ts->hv, r->domid, &info);

	if (rc)
		return fail_errno(r->fail, rc, "the domain is gone");
	if (count < 1 || count > (int64_t)info.max_vcpu_id + 1)
		return fail_set(r->fail, -EINVAL,
				"it can have 1 to %u vCPUs (maxvcpus in its configuration)",
				info.max_vcpu_id + 1);
	for (uint32_t v = 0; v <= info.max_vcpu_id && !rc; v++) {
		snprintf(path, sizeof(path),
			 "/local/domain/%u/cpu/%u/availability", r->domid, v);
		rc = xsc_write(r->ts->xs, XSC_NO_TX, path,
			       v < count ? "online" : "offline");
	}
	return rc ? fail_errno(r->fail, rc, "the store refused %s", path) : 0;
}

static int do_vcpu_pin(struct request *r)
{
	int64_t vcpu = json_int(r->args, "vcpu", -1);
	bool soft = json_bool(r->args, "soft", false);
	struct xen_domctl_getdomaininfo info;
	uint8_t mask[CFG_CPUS_MAX / 8], copy[sizeof(mask)];
	int rc = hv_domain_info(r->ts->hv, r->domid, &info);

	if (rc)
		return fail_errno(r->fail, rc, "the domain is gone");
	if (cfg_parse_cpus(json_str(r->args, "cpus", ""), mask, CFG_CPUS_MAX))
		return fail_set(r->fail, -EINVAL,
				"CPUs are given as \"0-3,^1\" or \"all\"");
	for (uint32_t v = 0; v <= info.max_vcpu_id && !rc; v++) {
		if (vcpu >= 0 && v != vcpu)
			continue;
		memcpy(copy, mask, sizeof(copy));
		rc = hv_vcpu_affinity(r->ts->hv, r->domid, v, true, soft, copy,
				      sizeof(copy));
	}
	return rc ? fail_errno(r->fail, rc, "the hypervisor refused") : 0;
}

static int do_sched(struct request *r)
{
	int64_t weight = json_int(r->args, "weight", 0);
	int64_t cap = json_int(r->args, "cap", -1);
	int rc;

	if (weight < 0 || weight > 65535 || cap > 65535)
		return request_bad_argument(r, "weight");
	rc = hv_domain_set_weight(r->ts->hv, r->domid, (uint32_t)weight,
				  (int32_t)cap);
	return rc ? fail_errno(r->fail, rc, "the scheduler refused") : 0;
}

/* ---- the hypervisor ---- */

static int do_debug_keys(struct request *r)
{
	const char *key_list = json_str(r->args, "keys", "");
	int rc;

	if (!*key_list)
		return request_bad_argument(r, "keys");
	rc = hv_debug_keys(r->ts->hv, key_list);
	return rc ? fail_errno(r->fail, rc, "the hypervisor refused") : 0;
}

static int do_dmesg_clear(struct request *r)
{
	char *text;
	int rc = hv_console_ring(r->ts->hv, true, &text);

	if (rc)
		return fail_errno(r->fail, rc, "the hypervisor refused");
	free(text);
	return 0;
}

/* ---- dispatch ---- */

static const struct kind {
	const char *name;
	int (*run)(struct request *r);
	enum target target;
} kinds[] = {
#define REQUEST(name, function, target) { name, do_##function, TARGET_##target },
#include "request.def"
};

#define KINDS_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < KINDS_COUNT; i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

/* The domain called @name in the store, for domains of other toolstacks. */
static bool domid_in_store(struct request *r, const char *name)
{
	struct xen_domctl_getdomaininfo *list;
	int count = hv_domain_list(r->ts->hv, 0, &list);
	bool found = false;

	for (int i = 0; i < count && !found; i++) {
		char *text;

		if (xsc_readf(r->ts->xs, XSC_NO_TX, &text,
			      "/local/domain/%u/name", list[i].domain))
			continue;
		found = !strcmp(text, name);
		if (found)
			r->domid = list[i].domain;
		free(text);
	}
	if (count >= 0)
		free(list);
	return found;
}

static int no_such_domain(struct request *r)
{
	struct nearest n;
	const char *near;

	nearest_init(&n, r->target);
	for (struct guest *g = r->ts->guests; g; g = g->next)
		nearest_offer(&n, g->name);
	near = nearest_word(&n);
	if (near)
		return fail_set(r->fail, -ESRCH,
				"there is no domain \"%s\": did you mean \"%s\"?",
				r->target, near);
	return fail_set(r->fail, -ESRCH,
			"there is no domain \"%s\": xl list shows those that there are",
			r->target);
}

/* Finds the domain that the request names. */
static int find_target(struct request *r, enum target target)
{
	struct xen_domctl_getdomaininfo info;
	bool by_number;

	r->target = json_str(r->args, "domain", "");
	if (!*r->target)
		return request_bad_argument(r, "domain");
	r->guest = guest_by_name(r->ts, r->target);
	by_number = !xs_parse_u32(r->target, UINT16_MAX, &r->domid);
	if (r->guest)
		r->domid = r->guest->domid;
	else if (by_number ?
			 hv_domain_info(r->ts->hv, r->domid, &info) != 0 :
			 !domid_in_store(r, r->target))
		return no_such_domain(r);
	r->guest = guest_by_domid(r->ts, r->domid);
	if (domain_in_making(r->ts, r->domid) ||
	    (r->guest && r->guest->ending))
		return fail_set(r->fail, -EBUSY,
				"\"%s\" is being %s just now: try again when that is done",
				r->target,
				r->guest ? "ended" : "made");
	if (!r->domid && target == TARGET_GUEST)
		return fail_set(r->fail, -EPERM,
				"that is the control domain: use its own commands (poweroff, reboot)");
	return 0;
}

static int run(struct request *r, const char *op)
{
	const struct kind *kind = op ? find_kind(op) : NULL;
	int rc = 0;

	if (!kind)
		return fail_set(r->fail, -ENOSYS,
				"the daemon knows no request \"%s\"",
				op ? op : "");
	if (kind->target != TARGET_NONE)
		rc = find_target(r, kind->target);
	return rc ? rc : kind->run(r);
}

static void request_free(struct request *r)
{
	yajl_tree_free(r->args);
	strbuf_free(&r->text);
	free(r);
}

/* Answers; frees @r unless request_handle() is still at work on it. */
void request_finish(struct request *r, int rc)
{
	jw_bool(r->answer, "ok", !rc);
	if (rc) {
		jw_int(r->answer, "rc", rc);
		jw_str(r->answer, "error",
		       r->fail->rc ? r->fail->text : strerror(-rc));
	}
	jw_object_end(r->answer);
	jw_close(r->answer);
	if (r->who)
		r->who->answer(r->who, &r->text);
	r->answered = true;
	if (r->later)
		request_free(r);
}

void request_abandon(struct request *r)
{
	r->who = NULL;
}

static struct request *request_new(struct toolstack *ts,
				   struct requester *who)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->ts = ts;
	r->who = who;
	r->answer = &r->writer;
	r->fail = &r->out.fail;
	if (jw_open(r->answer, &r->text, false))
		return r;
	free(r);
	return NULL;
}

struct request *request_handle(struct toolstack *ts, const char *text,
			       struct requester *who)
{
	struct strbuf nothing = { .err = -ENOMEM };
	struct request *r = request_new(ts, who);
	char why[256] = "";
	int rc;

	if (!r) {
		who->answer(who, &nothing);
		return NULL;
	}
	jw_object(r->answer, NULL);
	r->args = yajl_tree_parse(text, why, sizeof(why));
	if (YAJL_IS_OBJECT(r->args))
		rc = run(r, json_str(r->args, "op", NULL));
	else
		rc = fail_set(r->fail, -EINVAL,
			      "the request is not a JSON object: %s", why);
	if (rc != REQUEST_LATER)
		request_finish(r, rc);
	if (!r->answered) {
		r->later = true;
		return r;
	}
	request_free(r);
	return NULL;
}
