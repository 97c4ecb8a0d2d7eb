// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The set of domains: ids, references, creation and the last free.
 *
 * State: the id table and the pool of struct domain
 * memory, under domlist_lock.  Pool memory is never used for anything else, so
 * domain_get() may touch a struct domain that is just being freed: it takes a
 * reference only if the count is not zero, and then looks again whether the id
 * still means that domain.
 */
#include <domain/domain.h>
#include <domain/rooms.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/log.h>
#include <sched/sched.h>
#include <sched/task.h>

#define TABLE_LEAF 512
#define TABLE_ROOT DIV_ROUND_UP(0x8000, TABLE_LEAF)

struct domain *dom0, *dom_io, *dom_xen;

static struct lock domlist_lock = LOCK_INIT(RANK_DOMLIST);
static struct domain **id_table[TABLE_ROOT];
static struct list domain_pool = LIST_INIT(domain_pool);
static uint16_t next_id = 1;

static struct domain **id_slot(uint16_t id)
{
	struct domain **leaf = READ_ONCE(id_table[id / TABLE_LEAF]);

	return leaf ? &leaf[id % TABLE_LEAF] : NULL;
}

static struct domain *id_lookup(uint16_t id)
{
	struct domain **slot = id < 0x8000 ? id_slot(id) : NULL;

	return slot ? __atomic_load_n(slot, __ATOMIC_ACQUIRE) : NULL;
}

static bool get_unless_zero(struct domain *d)
{
	uint32_t r = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);

	while (r)
		if (__atomic_compare_exchange_n(&d->refs, &r, r + 1, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	return false;
}

struct domain *domain_get_unmade(uint16_t id)
{
	struct domain *d = id_lookup(id);

	if (!d || !get_unless_zero(d))
		return NULL;
	if (id_lookup(id) == d)
		return d;
	domain_put(d);
	return NULL;
}

struct domain *domain_get(uint16_t id)
{
	struct domain *d = domain_get_unmade(id);

	if (!d || d->is_special ||
	    __atomic_load_n(&d->rooms_made, __ATOMIC_ACQUIRE))
		return d;
	domain_put(d);
	return NULL;
}

void domain_get_ref(struct domain *d)
{
	ASSERT(__atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST) != 0);
}

struct domain *domain_get_self(struct vcpu *v, uint16_t id)
{
	if (id != DOMID_SELF && id != v->domain->id)
		return domain_get(id);
	domain_get_ref(v->domain);
	return v->domain;
}

/*
 * Ids in use are found leaf by leaf: the cost is that of the ids passed over,
 * which a caller that walks all of them pays once.
 */
struct domain *domain_get_next(uint16_t from)
{
	for (uint32_t id = from; id < DOMAIN_ID_LIMIT; id++) {
		struct domain *d;

		if (!READ_ONCE(id_table[id / TABLE_LEAF])) {
			id |= TABLE_LEAF - 1;
			continue;
		}
		d = domain_get((uint16_t)id);
		if (d)
			return d;
	}
	return NULL;
}

/* Under domlist_lock: a slot for @id, its leaf made if need be. */
static struct domain **id_slot_make(uint16_t id)
{
	struct domain ***root = &id_table[id / TABLE_LEAF];

	if (!*root) {
		struct domain **leaf = heap_alloc(TABLE_LEAF * sizeof(*leaf));

		if (!leaf)
			return NULL;
		__atomic_store_n(root, leaf, __ATOMIC_RELEASE);
	}
	return &(*root)[id % TABLE_LEAF];
}

/* Ids are given out in turn, so a name is reused as late as possible. */
static int choose_id(uint16_t *id)
{
	for (uint32_t n = 0; n < DOMAIN_ID_LIMIT; n++) {
		uint16_t try = next_id;

		next_id = (uint16_t)(next_id + 1U < DOMAIN_ID_LIMIT ?
					     next_id + 1U : 1U);
		if (!id_lookup(try)) {
			*id = try;
			return 0;
		}
	}
	return -ENOSPC;
}

/* Under domlist_lock. One more page of them; they are all zero. */
static void pool_grow(void)
{
	size_t each = ALIGN_UP(sizeof(struct domain), (size_t)64);
	char *page = pages_alloc(0);

	_Static_assert(sizeof(struct domain) <= PAGE_SIZE,
		       "domains are taken from pages");
	for (size_t at = 0; page && at + each <= PAGE_SIZE; at += each)
		list_add(&domain_pool, &((struct domain *)(page + at))->link);
}

/* Under domlist_lock. Memory of the pool, all zero. */
static struct domain *pool_take(void)
{
	struct domain *d;

	if (list_empty(&domain_pool))
		pool_grow();
	if (list_empty(&domain_pool))
		return NULL;
	d = list_first(&domain_pool, struct domain, link);
	list_del(&d->link);
	memset(d, 0, sizeof(*d));
	return d;
}

static int claim_id(const struct domain_config *cfg, struct domain **out)
{
	uint16_t id = cfg->id;
	struct domain **slot;
	struct domain *d;
	int rc;

	if (id == DOMID_INVALID) {
		rc = choose_id(&id);
		if (rc)
			return rc;
	}
	slot = id_slot_make(id);
	if (!slot)
		return -ENOMEM;
	if (*slot)
		return -EEXIST;
	d = pool_take();
	if (!d)
		return -ENOMEM;
	d->id = id;
	list_init(&d->link);
	*out = d;
	return 0;
}

/* The id now means @d. Two references: the id's, and the caller's. */
static void publish(struct domain *d)
{
	__atomic_store_n(&d->refs, 2, __ATOMIC_SEQ_CST);
	__atomic_store_n(id_slot(d->id), d, __ATOMIC_RELEASE);
}

static void free_rooms(struct domain *d, unsigned int made)
{
	while (made-- > 0)
		if (rooms[made].domain_free)
			rooms[made].domain_free(d);
}

static int init_rooms(struct domain *d, const struct domain_config *cfg)
{
	for (unsigned int i = 0; i < room_count; i++) {
		int rc = rooms[i].domain_init ? rooms[i].domain_init(d, cfg) :
						0;

		if (rc) {
			free_rooms(d, i);
			return rc;
		}
	}
	return 0;
}

static void init_plain(struct domain *d, const struct domain_config *cfg)
{
	lock_init(&d->lock, RANK_DOMAIN);
	lock_init(&d->domctl_lock, RANK_DOMCTL);
	lock_init(&d->page_lock, RANK_PAGES);
	memcpy(d->handle, cfg->handle, sizeof(d->handle));
	d->create_flags = cfg->flags;
	d->ssidref = cfg->ssidref;
	d->privileged = cfg->privileged;
	d->shutdown_code = ~0U;
	d->shared_frame = MFN_NONE;
	d->weight = 256;
	d->pause_count = 1;
	d->paused_by_tool = true;
	d->page_max = UINT32_MAX;
}

/*
 * The id is claimed before the rooms are made, and domain_get() finds the
 * domain only afterwards: so nobody sees a room half made, or taken apart
 * again after a failure.
 */
int domain_create(const struct domain_config *cfg, struct domain **out)
{
	struct domain *d = NULL;
	int rc;

	if (cfg->max_vcpus == 0 || cfg->max_vcpus > VCPU_MAX)
		return -EINVAL;
	if (cfg->id != DOMID_INVALID && cfg->id >= DOMAIN_ID_LIMIT)
		return -EINVAL;
	lock_acquire(&domlist_lock);
	rc = claim_id(cfg, &d);
	if (!rc) {
		init_plain(d, cfg);
		publish(d);
	}
	lock_release(&domlist_lock);
	if (rc)
		return rc;

	d->vcpus = heap_calloc(cfg->max_vcpus, sizeof(*d->vcpus));
	rc = d->vcpus ? init_rooms(d, cfg) : -ENOMEM;
	if (rc) {
		heap_free(d->vcpus);
		d->vcpus = NULL;
		d->life = DOMAIN_DEAD;
		domain_put(d);
		domain_put(d);
		return rc;
	}
	d->vcpu_count = cfg->max_vcpus;
	__atomic_store_n(&d->rooms_made, true, __ATOMIC_RELEASE);
	*out = d;
	return 0;
}

/*
 * DOMID_IO and DOMID_XEN own frames that are no guest's RAM. They have an id
 * that is found by domain_get(), and nothing else.
 */
struct domain *domain_create_special(uint16_t id)
{
	struct domain *d = NULL;
	struct domain_config cfg = { .id = id };
	int rc;

	lock_acquire(&domlist_lock);
	rc = claim_id(&cfg, &d);
	if (!rc) {
		init_plain(d, &cfg);
		d->is_special = true;
		publish(d);
	}
	lock_release(&domlist_lock);
	return rc ? NULL : d;
}

/*
 * The last reference has gone. This may have happened deep inside some other
 * room and under its locks, so the freeing itself is a task of the exit path.
 */
static void free_domain(void *arg)
{
	struct domain *d = arg;

	if (d->rooms_made) {
		vcpu_free_all(d);
		free_rooms(d, room_count);
	}
	heap_free(d->vcpus);
	d->vcpus = NULL;
	d->vcpu_count = 0;
	lock_acquire(&domlist_lock);
	*id_slot(d->id) = NULL;
	list_add(&domain_pool, &d->link);
	lock_release(&domlist_lock);
	domain_notify_change();
}

void domain_put(struct domain *d)
{
	if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_SEQ_CST) != 0)
		return;
	ASSERT(d->life == DOMAIN_DEAD && !d->is_special);
	task_init(&d->free_task, free_domain, d);
	task_schedule(&d->free_task);
}
