// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nic_form.c: a network card in its other forms: the text again, and libxl's
 * JSON.
 *
 * State: none.  Invariant: what is written here reads back as the same card.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "nic.h"
#include "spec.h"

static const char *const filter_names[] = { "none", "mac", "ip", "mac+ip" };

void nic_text(const struct nic *n, struct strbuf *out)
{
	char mac[NIC_MAC_TEXT];

	nic_mac_text(n->mac, mac);
	spec_put(out, "mac", n->has_mac ? mac : NULL);
	spec_put(out, "bridge", n->bridge);
	spec_put(out, "gatewaydev", n->gatewaydev);
	spec_put(out, "model", n->model);
	spec_put(out, "vifname", n->vifname);
	spec_put(out, "ip", n->ip);
	spec_put(out, "backend", n->backend);
	spec_put(out, "backendtype", n->server == NIC_KERNEL ? "vif" : NULL);
	spec_put(out, "rate", n->rate);
	if (n->script)
		spec_put(out, "script", n->script);
	else if (n->mode != NIC_BRIDGE)
		strbuf_printf(out, "script=vif-%s,", nic_mode_name(n->mode));
	if (n->devid >= 0)
		strbuf_printf(out, "devid=%d,", n->devid);
	if (n->mtu)
		strbuf_printf(out, "mtu=%u,", n->mtu);
	if (n->filter)
		spec_put(out, "filter", filter_names[n->filter & 3]);
	if (!n->trusted)
		strbuf_adds(out, "untrusted,");
	/* Not even a comma is wanted at the end. */
	if (out->len && out->data[out->len - 1] == ',') {
		out->len--;
		out->data[out->len] = '\0';
	}
}

void nic_to_json(const struct nic *n, struct jw *w, const char *key)
{
	struct strbuf script = { 0 };
	char mac[NIC_MAC_TEXT];

	jw_object(w, key);
	jw_str_if(w, "backend_domname", n->backend);
	if (n->devid >= 0)
		jw_int(w, "devid", n->devid);
	if (n->mtu)
		jw_int(w, "mtu", n->mtu);
	jw_str_if(w, "model", n->model);
	nic_mac_text(n->mac, mac);
	if (n->has_mac)
		jw_str(w, "mac", mac);
	jw_str_if(w, "ip", n->ip);
	jw_str_if(w, "bridge", n->bridge || n->mode != NIC_BRIDGE ?
				       n->bridge : NIC_BRIDGE_DEFAULT);
	jw_str_if(w, "ifname", n->vifname);
	strbuf_printf(&script, "/etc/xen/scripts/vif-%s",
		      nic_mode_name(n->mode));
	jw_str(w, "script", n->script ? n->script : script.data);
	strbuf_free(&script);
	jw_str(w, "nictype", "vif");
	if (n->rate_bytes) {
		jw_int(w, "rate_bytes_per_interval", (int64_t)n->rate_bytes);
		jw_int(w, "rate_interval_usecs", n->rate_usec);
	}
	jw_str_if(w, "gatewaydev", n->gatewaydev);
	jw_str(w, "trusted", n->trusted ? "True" : "False");
	/* Beyond libxl's. */
	jw_str_if(w, "rate", n->rate);
	if (n->server == NIC_KERNEL)
		jw_str(w, "backendtype", "vif");
	if (n->filter)
		jw_str(w, "filter", filter_names[n->filter & 3]);
	jw_object_end(w);
}

static void word(struct strbuf *out, yajl_val v, const char *key,
		 const char *name)
{
	spec_put(out, name, json_str(v, key, NULL));
}

static void number(struct strbuf *out, yajl_val v, const char *key)
{
	int64_t n = json_int(v, key, -1);

	if (n >= 0)
		strbuf_printf(out, "%s=%" PRId64 ",", key, n);
}

/* The rate as libxl has it: bytes in an interval. */
static void rate(struct strbuf *out, yajl_val v)
{
	int64_t bytes = json_int(v, "rate_bytes_per_interval", 0);
	int64_t usec = json_int(v, "rate_interval_usecs", 50000);

	if (json_str(v, "rate", NULL))
		word(out, v, "rate", "rate");
	else if (bytes > 0 && usec > 0 && bytes <= INT64_MAX / 1000000)
		/* Rounded up, since the way back rounds down. */
		strbuf_printf(out, "rate=%" PRId64 "B/s@%" PRId64 "us,",
			      (bytes * 1000000 + usec - 1) / usec, usec);
}

int nic_from_json(struct nic *n, yajl_val v, struct fail *fail)
{
	static const char *const same[] = { "mac", "bridge", "gatewaydev",
					    "model", "ip", "script", "filter",
					    "backendtype" };
	struct strbuf text = { 0 };
	int rc;

	memset(n, 0, sizeof(*n));
	if (YAJL_IS_STRING(v))
		return nic_parse(n, YAJL_GET_STRING(v), fail);
	if (!YAJL_IS_OBJECT(v))
		return fail_set(fail, -EINVAL,
				"vif: neither a string nor an object");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		word(&text, v, same[i], same[i]);
	word(&text, v, "ifname", "vifname");
	word(&text, v, "backend_domname", "backend");
	number(&text, v, "devid");
	number(&text, v, "mtu");
	rate(&text, v);
	if (!strcmp(json_str(v, "trusted", ""), "False"))
		strbuf_adds(&text, "untrusted");
	rc = text.err ? fail_set(fail, text.err,
				 "vif: a member of the object has a comma in it, or memory ran out") :
			nic_parse(n, text.data ? text.data : "", fail);
	strbuf_free(&text);
	return rc;
}
