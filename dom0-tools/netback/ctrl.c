// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctrl.c: the control ring: hash settings and buffers to keep mapped.
 *
 * State: the settings are in the journal, since the frontend says them once;
 * card->hash is a checked copy.  One request is served whole before the next
 * is looked at; each is answered.  A step takes at most CTRL_BATCH of them.
 */
#include <errno.h>
#include <string.h>

#include "netback/card.h"

#define CTRL_BATCH 16
#define OK XEN_NETIF_CTRL_STATUS_SUCCESS
#define UNSUPPORTED XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW

typedef uint32_t (*ctrl_fn)(struct card *c, const uint32_t data[3],
			    uint32_t *out);

static bool copy_page(struct card *c, uint32_t ref, void *local, uint32_t len,
		      bool to_guest)
{
	struct gmap_copy copy = {
		.local = local, .ref = ref, .len = (uint16_t)len,
		.status = -EFAULT, .to_guest = to_guest,
	};

	return len && len <= NB_PAGE && !gmap_copy(&c->g, &copy, 1) &&
	       !copy.status;
}

/* Settings go to the journal, then into use. */
static void set_hash(struct card *c, const struct hash_state *next)
{
	c->journal->hash = *next;
	c->hash = *next;
}

static bool hashing(const struct card *c)
{
	return c->hash.algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
}

/* ---- hashes ---- */

static uint32_t set_algorithm(struct card *c, const uint32_t data[3],
			      uint32_t *out)
{
	struct hash_state next = c->hash;

	(void)out;
	if (data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE &&
	    data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return INVALID;
	next.algorithm = data[0];
	set_hash(c, &next);
	return OK;
}

static uint32_t get_flags(struct card *c, const uint32_t data[3],
			  uint32_t *out)
{
	(void)data;
	if (!hashing(c))
		return UNSUPPORTED;
	*out = HASH_TYPES;
	return OK;
}

static uint32_t set_flags(struct card *c, const uint32_t data[3],
			  uint32_t *out)
{
	struct hash_state next = c->hash;

	(void)out;
	if (data[0] & ~HASH_TYPES)
		return INVALID;
	if (!hashing(c))
		return UNSUPPORTED;
	next.types = data[0];
	set_hash(c, &next);
	return OK;
}

static uint32_t set_key(struct card *c, const uint32_t data[3], uint32_t *out)
{
	struct hash_state next = c->hash;

	(void)out;
	if (data[1] > HASH_KEY)
		return OVERFLOW;
	memset(next.key, 0, sizeof(next.key));
	if (data[1] && !copy_page(c, data[0], next.key, data[1], false))
		return INVALID;
	set_hash(c, &next);
	return OK;
}

static uint32_t get_map_size(struct card *c, const uint32_t data[3],
			     uint32_t *out)
{
	(void)c;
	(void)data;
	*out = HASH_MAP;
	return OK;
}

static uint32_t set_map_size(struct card *c, const uint32_t data[3],
			     uint32_t *out)
{
	struct hash_state next = c->hash;

	(void)out;
	if (data[0] > HASH_MAP)
		return INVALID;
	next.map_size = data[0];
	memset(next.map, 0, sizeof(next.map));
	set_hash(c, &next);
	return OK;
}

static uint32_t set_map(struct card *c, const uint32_t data[3], uint32_t *out)
{
	struct hash_state next = c->hash;
	uint32_t map[HASH_MAP], count = data[1], at = data[2];

	(void)out;
	if (count > NB_PAGE / sizeof(uint32_t) || count > HASH_MAP)
		return OVERFLOW;
	if (at > next.map_size || count > next.map_size - at)
		return INVALID;
	if (!count)
		return OK;
	if (!copy_page(c, data[0], map, count * sizeof(uint32_t), false))
		return INVALID;
	for (uint32_t i = 0; i < count; i++) {
		if (map[i] >= c->nr_queues)
			return INVALID;
		next.map[at + i] = map[i];
	}
	set_hash(c, &next);
	return OK;
}

/* ---- buffers ---- */

struct gref_list {
	struct xen_netif_gref entry[GREF_MAX];
	uint32_t ref[GREF_MAX];
	bool flag[GREF_MAX];
};

_Static_assert(GREF_MAX * sizeof(struct xen_netif_gref) == NB_PAGE,
	       "a list is one page at most");

static void note_grefs(struct nb_queue *q)
{
	uint32_t n = q->staging.count;

	for (uint32_t i = 0; i < n; i++)
		q->journal->gref[i] = (struct nb_jgref){
			q->staging.ent[i].ref, q->staging.ent[i].writable,
		};
	q->journal->nr_gref = n;
}

/* Reads the list that data[1] and data[2] name; NULL: no such queue or list. */
static struct nb_queue *read_list(struct card *c, const uint32_t data[3],
				  struct gref_list *l)
{
	uint32_t n = data[2];

	if (data[0] >= c->nr_queues || !n || n > GREF_MAX ||
	    !copy_page(c, data[1], l->entry, n * sizeof(l->entry[0]), false))
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		l->ref[i] = l->entry[i].ref;
		l->flag[i] = !(l->entry[i].flags &
			       XEN_NETIF_CTRLF_GREF_readonly);
	}
	return &c->queue[data[0]];
}

static uint32_t get_gref_size(struct card *c, const uint32_t data[3],
			      uint32_t *out)
{
	if (data[0] >= c->nr_queues)
		return INVALID;
	*out = GREF_MAX;
	return OK;
}

static uint32_t add_grefs(struct card *c, const uint32_t data[3],
			  uint32_t *out)
{
	struct gref_list l;
	struct nb_queue *q = read_list(c, data, &l);

	(void)out;
	if (!q || gref_add(&q->staging, &c->g, l.ref, l.flag, data[2]))
		return INVALID;
	note_grefs(q);
	return OK;
}

static uint32_t del_grefs(struct card *c, const uint32_t data[3],
			  uint32_t *out)
{
	struct gref_list l;
	struct nb_queue *q = read_list(c, data, &l);

	if (!q)
		return INVALID;
	*out = gref_del(&q->staging, &c->g, l.ref, data[2], l.flag);
	note_grefs(q);
	for (uint32_t i = 0; i < data[2]; i++)
		l.entry[i].status = l.flag[i] ? OK : INVALID;
	/* A list that cannot be written to is the frontend's loss. */
	copy_page(c, data[1], l.entry, data[2] * sizeof(l.entry[0]), true);
	return OK;
}

static const ctrl_fn requests[] = {
	[XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS] = get_flags,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS] = set_flags,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_KEY] = set_key,
	[XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE] = get_map_size,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE] = set_map_size,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING] = set_map,
	[XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM] = set_algorithm,
	[XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE] = get_gref_size,
	[XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING] = add_grefs,
	[XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING] = del_grefs,
};

static bool serve_one(struct card *c)
{
	struct xen_netif_ctrl_response rsp = { 0 };
	struct xen_netif_ctrl_request req;
	ctrl_fn fn = NULL;

	bring_copy(&c->ctrl, c->ctrl.req_cons++, &req);
	if (req.type < sizeof(requests) / sizeof(requests[0]))
		fn = requests[req.type];
	rsp.id = req.id;
	rsp.type = req.type;
	rsp.status = fn ? fn(c, req.data, &rsp.data) : UNSUPPORTED;
	return nbj_answer(&c->ctrl, &c->journal->ctrl, &rsp, sizeof(rsp), 1);
}

bool ctrl_step(struct card *c)
{
	bool notify = false;
	int n;

	if (!c->ctrl_live)
		return false;
	for (n = 0; n < CTRL_BATCH && bring_pending(&c->ctrl); n++)
		notify |= serve_one(c);
	c->done += n != 0;
	if (c->ctrl.broken) {
		c->ctrl_live = false;
		log_err("%s: the control ring's index is impossible; it is "
			"closed", c->name);
	}
	if (notify)
		gmap_notify(&c->g, c->ctrl_port);
	return n == CTRL_BATCH;
}

/* ---- after a crash ---- */

static void resume_grefs(struct nb_queue *q)
{
	uint32_t ref[GREF_MAX], n = q->journal->nr_gref;
	bool writable[GREF_MAX];

	if (n > GREF_MAX)
		n = 0;
	for (uint32_t i = 0; i < n; i++) {
		ref[i] = q->journal->gref[i].ref;
		writable[i] = q->journal->gref[i].writable;
	}
	if (n && gref_add(&q->staging, &q->card->g, ref, writable, n))
		log_warn("%s: queue %u goes on without mapped buffers",
			 q->card->name, q->index);
}

static bool hash_sane(const struct card *c, const struct hash_state *h)
{
	return h->algorithm <= XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ &&
	       !(h->types & ~HASH_TYPES) && h->map_size <= HASH_MAP &&
	       c->nr_queues;
}

void ctrl_resume(struct card *c)
{
	struct hash_state h = c->journal->hash;

	if (hash_sane(c, &h))
		c->hash = h;
	if (c->journal->nr_mcast > NBJ_MCAST)
		c->journal->nr_mcast = 0;
	for (unsigned int i = 0; i < c->nr_queues; i++)
		resume_grefs(&c->queue[i]);
}
