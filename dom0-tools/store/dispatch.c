/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dispatch.c: from a message to its reply.
 *
 * Owns no state.  Every handler goes the same way: take the arguments apart,
 * check them, check the right, do it, answer.  The reply is queued after
 * the watch events that the request itself caused.
 */
#include "store/dispatch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "store/client.h"
#include "store/perm.h"
#include "store/store.h"
#include "store/txn.h"
#include "store/watch.h"

#define OP_ACK 1u
#define OP_PRIV 2u
#define OP_RAW 4u

/* A path as it is in the tree. */
struct path {
	size_t len;
	size_t prefix_len;	/* of what a relative path was put behind */
	char text[XENSTORE_ABS_PATH_MAX];
};

static bool is_special(const char *name)
{
	return name[0] == '@';
}

static int make_path(struct req *r, const char *arg, struct path *p)
{
	const struct client *c = r->v.c;
	size_t max = client_is_privileged(c) ? XENSTORE_ABS_PATH_MAX :
					       r->v.s->quota.path_max;
	int n;

	p->prefix_len = 0;
	if (is_special(arg))
		return -EINVAL;
	if (arg[0] == '/') {
		n = snprintf(p->text, sizeof(p->text), "%s", arg);
	} else {
		n = snprintf(p->text, sizeof(p->text), "/local/domain/%u/%s",
			     c->domid, arg);
		p->prefix_len = (size_t)n - strlen(arg);
	}
	if (n < 0 || (size_t)n >= sizeof(p->text))
		return -EINVAL;
	p->len = (size_t)n;
	return xs_path_valid(p->text, p->len, max) ? 0 : -EINVAL;
}

/* The node that the first argument names, if the client has @want on it. */
static int get_node(struct req *r, uint32_t want, uint32_t use, struct path *p,
		    const struct node **out)
{
	int rc = make_path(r, r->arg[0], p);

	return rc ? rc : view_get(&r->v, p->text, p->len, want, use, out);
}

static int add_name(const struct node *kid, void *arg)
{
	strbuf_add(arg, kid->name, kid->name_len + 1u);
	return 0;
}

static int op_directory(struct req *r)
{
	const struct node *n;
	struct path p;
	int rc = get_node(r, XS_PERM_R, USE_NODE | USE_KIDS, &p, &n);

	if (rc)
		return rc;
	if (n->kid_bytes > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	tree_each_kid(n, add_name, &r->reply);
	return 0;
}

struct part {
	struct strbuf *out;
	uint32_t skip;		/* bytes of the list still to be left out */
	size_t room;
};

static int add_part(const struct node *kid, void *arg)
{
	struct part *part = arg;
	uint32_t len = kid->name_len + 1u;

	if (part->skip) {
		if (part->skip < len)
			return -EINVAL;	/* not where a name begins */
		part->skip -= len;
		return 0;
	}
	if (len > part->room)
		return 1;
	part->room -= len;
	strbuf_add(part->out, kid->name, len);
	return 0;
}

static int op_directory_part(struct req *r)
{
	const struct node *n;
	struct part part = { .out = &r->reply };
	struct path p;
	int rc;

	if (xs_parse_u32(r->arg[1], UINT32_MAX, &part.skip))
		return -EINVAL;
	rc = get_node(r, XS_PERM_R, USE_NODE | USE_KIDS, &p, &n);
	if (rc)
		return rc;
	strbuf_printf(&r->reply, "%llu", (unsigned long long)n->kids_gen);
	strbuf_addc(&r->reply, 0);
	/* One byte is kept for the mark of the end. */
	part.room = XENSTORE_PAYLOAD_MAX - r->reply.len - 1;
	rc = tree_each_kid(n, add_part, &part);
	if (rc < 0)
		return rc;
	if (!rc)
		strbuf_addc(&r->reply, 0);
	return 0;
}

static int op_read(struct req *r)
{
	const struct node *n;
	struct path p;
	int rc = get_node(r, XS_PERM_R, USE_NODE, &p, &n);

	if (!rc && n->value)
		strbuf_add(&r->reply, n->value->data, n->value->len);
	return rc;
}

/* ENOENT of a node that may be made counts as success of the check. */
static int get_for_write(struct req *r, struct path *p)
{
	const struct node *n;

	return get_node(r, XS_PERM_W, USE_NODE, p, &n);
}

static int op_write(struct req *r)
{
	size_t head = strnlen(r->body, r->len) + 1;
	struct path p;
	int rc;

	if (head > r->len)
		return -EINVAL;
	r->arg[0] = r->body;
	rc = get_for_write(r, &p);
	if (!rc)
		return view_write(&r->v, p.text, p.len, r->body + head,
				  r->len - head);
	if (rc != -ENOENT)
		return rc;
	return view_create(&r->v, p.text, p.len, r->body + head,
			   r->len - head);
}

static int op_mkdir(struct req *r)
{
	struct path p;
	int rc = get_for_write(r, &p);

	return rc == -ENOENT ? view_create(&r->v, p.text, p.len, NULL, 0) : rc;
}

static int op_rm(struct req *r)
{
	struct path p;
	int rc = get_for_write(r, &p);

	/* What is not there is removed, if there is where it would be. */
	if (rc == -ENOENT)
		return view_exists(&r->v, p.text,
				   tree_parent_len(p.text, p.len));
	if (rc)
		return rc;
	if (p.len == 1)
		return -EINVAL;
	return view_remove(&r->v, p.text, p.len);
}

/* The permissions of a special watch; NULL if there is none of that name. */
static struct perms **special_perms(struct store *s, const char *name)
{
	if (!strcmp(name, STORE_INTRODUCE))
		return &s->introduce_perms;
	if (!strcmp(name, STORE_RELEASE))
		return &s->release_perms;
	return NULL;
}

static int op_get_perms(struct req *r)
{
	const struct node *n;
	struct perms **perms;
	struct path p;
	int rc;

	if (is_special(r->arg[0])) {
		perms = special_perms(r->v.s, r->arg[0]);
		if (!perms)
			return -EINVAL;
		if (!(perm_for(r->v.c, *perms) & XS_PERM_R))
			return -EACCES;
		perm_format(*perms, &r->reply);
		return 0;
	}
	rc = get_node(r, XS_PERM_R, USE_NODE, &p, &n);
	if (!rc)
		perm_format(n->perms, &r->reply);
	return rc;
}

static int set_special(struct req *r, struct perms *perms)
{
	struct perms **at = special_perms(r->v.s, r->arg[0]);

	if (!at)
		return -EINVAL;
	if (!(perm_for(r->v.c, *at) & XS_PERM_O))
		return -EACCES;
	if (!client_is_privileged(r->v.c) &&
	    perms->p[0].domid != (*at)->p[0].domid)
		return -EPERM;
	perms_put(*at);
	*at = perms_get(perms);
	return 0;
}

static int set_perms(struct req *r, struct perms *perms)
{
	const struct node *n;
	struct path p;
	int rc;

	if (is_special(r->arg[0]))
		return set_special(r, perms);
	rc = get_node(r, XS_PERM_O, USE_NODE, &p, &n);
	if (rc)
		return rc;
	/* Giving a node away would put it on another's account. */
	if (!client_is_privileged(r->v.c) &&
	    perms->p[0].domid != n->perms->p[0].domid)
		return -EPERM;
	return view_set_perms(&r->v, p.text, p.len, perms);
}

static int op_set_perms(struct req *r)
{
	uint32_t count = (uint32_t)r->argc - 1;
	struct perms *perms;
	int rc;

	if (!client_is_privileged(r->v.c) && count > r->v.s->quota.perms)
		return -ENOSPC;
	rc = perm_parse(r->v.s, r->arg + 1, count, &perms);
	if (rc)
		return rc;
	rc = set_perms(r, perms);
	perms_put(perms);
	return rc;
}

/* ---- watches ---- */

static int watch_path(struct req *r, struct path *p)
{
	if (!is_special(r->arg[0]))
		return make_path(r, r->arg[0], p);
	p->prefix_len = 0;
	p->len = strlen(r->arg[0]);
	if (p->len > XENSTORE_REL_PATH_MAX ||
	    !xs_chars_valid(r->arg[0], p->len))
		return -EINVAL;
	memcpy(p->text, r->arg[0], p->len + 1);
	return 0;
}

/* Each new watch is told once, so that its owner looks at how things are. */
static void tell_first(struct req *r)
{
	struct watch *w = r->after_arg;

	watch_tell(w, w->path);
}

static int op_watch(struct req *r)
{
	struct watch *w;
	struct path p;
	int rc = watch_path(r, &p);

	if (!rc)
		rc = watch_add(r->v.c, p.text, p.prefix_len, r->arg[1], &w);
	if (rc)
		return rc;
	r->after = tell_first;
	r->after_arg = w;
	return 0;
}

static int op_unwatch(struct req *r)
{
	struct path p;
	int rc = watch_path(r, &p);

	return rc ? rc : watch_remove(r->v.c, p.text, r->arg[1]);
}

static int op_reset_watches(struct req *r)
{
	watch_remove_all(r->v.c);
	txn_end_all(r->v.c);
	r->v.t = NULL;
	return 0;
}

/* ---- transactions ---- */

static int op_txn_start(struct req *r)
{
	uint32_t id;
	int rc;

	if (r->v.t)
		return -EBUSY;
	rc = txn_start(r->v.c, &id);
	if (rc)
		return rc;
	strbuf_printf(&r->reply, "%u", id);
	strbuf_addc(&r->reply, 0);
	return 0;
}

static int op_txn_end(struct req *r)
{
	bool yes = !strcmp(r->arg[0], "T");

	if (!yes && strcmp(r->arg[0], "F"))
		return -EINVAL;
	return r->v.t ? txn_end(r->v.t, yes) : -ENOENT;
}

/* ---- domains ---- */

static int arg_domid(struct req *r, int i, uint32_t *domid)
{
	return xs_parse_u32(r->arg[i], UINT16_MAX, domid);
}

static int introduced(struct req *r, int i, struct domain **out)
{
	uint32_t domid;
	int rc = arg_domid(r, i, &domid);

	if (rc)
		return rc;
	*out = store_domain(r->v.s, domid);
	return *out && (*out)->introduced ? 0 : -ENOENT;
}

static int op_introduce(struct req *r)
{
	unsigned long long frame;
	uint32_t domid, port;
	char end;

	if (arg_domid(r, 0, &domid) || !domid || domid > STORE_DOMID_MAX ||
	    sscanf(r->arg[1], "%llu%c", &frame, &end) != 1 ||
	    xs_parse_u32(r->arg[2], INT32_MAX, &port) || !port)
		return -EINVAL;
	return store_introduce(r->v.s, domid, frame, port);
}

static int op_release(struct req *r)
{
	struct domain *d;
	int rc = introduced(r, 0, &d);

	if (rc)
		return rc;
	if (d->domid == 0)
		return -EINVAL;
	store_forget_domain(r->v.s, d);
	store_announce_release(r->v.s);
	return 0;
}

static int op_domain_path(struct req *r)
{
	uint32_t domid;
	int rc = arg_domid(r, 0, &domid);

	if (rc)
		return rc;
	strbuf_printf(&r->reply, "/local/domain/%u", domid);
	strbuf_addc(&r->reply, 0);
	return 0;
}

static int op_is_introduced(struct req *r)
{
	const struct domain *d;
	uint32_t domid;
	int rc = arg_domid(r, 0, &domid);

	if (rc)
		return rc;
	d = store_domain(r->v.s, domid);
	strbuf_addz(&r->reply, domid == 0x7ff0 || (d && d->introduced) ? "T" :
									  "F");
	return 0;
}

static int op_resume(struct req *r)
{
	struct domain *d;
	int rc = introduced(r, 0, &d);

	if (!rc)
		d->shut_down = false;
	return rc;
}

static int op_set_target(struct req *r)
{
	struct domain *d, *target;
	int rc = introduced(r, 0, &d);

	if (!rc)
		rc = introduced(r, 1, &target);
	if (rc)
		return rc;
	if (!d->client)
		return -ENOENT;
	d->client->target = target->domid;
	return 0;
}

/* ---- the way of a request ---- */

struct op {
	const char *name;
	int (*fn)(struct req *r);
	int min_args;
	int max_args;
	unsigned int flags;
};

#define OP(n, f, lo, hi, fl) [XS_##n] = { #n, f, lo, hi, fl },
static const struct op ops[] = {
#include "store/ops.def"
};
#undef OP

static const struct op *find_op(uint32_t type)
{
	if (type >= sizeof(ops) / sizeof(ops[0]) || !ops[type].fn)
		return NULL;
	return &ops[type];
}

const char *dispatch_name(uint32_t type)
{
	const struct op *op = find_op(type);

	return op ? op->name : "unknown";
}

static int split_args(struct req *r, const struct op *op)
{
	if (op->flags & OP_RAW)
		return 0;
	r->argc = xs_split(r->body, r->len, r->arg, REQ_ARGS);
	if (r->argc < op->min_args || r->argc > op->max_args)
		return -EINVAL;
	return 0;
}

static int handle(struct req *r, const struct op *op)
{
	int rc;

	if (!op)
		return -ENOSYS;
	if (r->hdr->tx_id) {
		r->v.t = txn_find(r->v.c, r->hdr->tx_id);
		if (!r->v.t)
			return -ENOENT;
	}
	if ((op->flags & OP_PRIV) && !client_is_privileged(r->v.c))
		return -EACCES;
	rc = split_args(r, op);
	if (!rc)
		rc = op->fn(r);
	if (!rc && (op->flags & OP_ACK))
		strbuf_addz(&r->reply, "OK");
	if (!rc && r->reply.len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	return rc ? rc : r->reply.err;
}

static void answer(struct req *r, int rc)
{
	const char *name;

	if (!rc) {
		client_reply(r->v.c, r->hdr, r->hdr->type, r->reply.data,
			     r->reply.len);
		return;
	}
	name = xs_error_name(-rc);
	client_reply(r->v.c, r->hdr, XS_ERROR, name, strlen(name) + 1);
}

void dispatch(struct client *c, const struct xs_msg *m)
{
	struct req r = { .v = { c->store, c, NULL }, .hdr = &m->hdr,
			 .body = m->body, .len = m->hdr.len };
	const struct op *op = find_op(m->hdr.type);
	int rc = handle(&r, op);

	log_debug("%u.%u: %s tx %u %.*s -> %s", c->domid, c->id,
		  dispatch_name(m->hdr.type), m->hdr.tx_id,
		  (int)strnlen(m->body, m->hdr.len), m->body,
		  rc ? xs_error_name(-rc) : "ok");
	answer(&r, rc);
	if (r.after && !c->broken)
		r.after(&r);
	strbuf_free(&r.reply);
}
