// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Grants against a reference that anyone can read: one domain grants two
 * frames by two entries, another maps, copies, unmaps and wipes, in all orders
 * up to a depth.  What is compared is what memory safety rests on: references
 * and types of the frames, use bits, page-table entries; after each unmap no
 * CPU may hold a translation that no entry backs; and when all is taken apart
 * nothing may be left.
 */
#include "../host/grant_calls.h"
#include "explore.h"

#define REFS 2
#define FRAMES 2
#define SLOTS 2
#define HANDLES 3
#define REF(i) (9U + (i)) /* past the reserved entries */
#define SLOT(i) (((i) + 1UL) * PAGE_SIZE)

enum { MODE_NONE, MODE_RO, MODE_RW };

struct rhandle {
	uint8_t used, ref, frame, ro, device;
};

struct rslot {
	uint8_t used, frame, ro;
};

struct ref {
	uint8_t mode[REFS], frame[REFS]; /* what the entries say */
	struct rhandle h[HANDLES];
	struct rslot s[SLOTS];
};

static struct domain *granter, *mapper;
static struct vcpu *vm;
static mfn_t frame[FRAMES], own, l1;
static uint32_t handle[HANDLES]; /* their real numbers */
static uint32_t version;

enum kind { K_GRANT, K_MAP, K_DEVICE, K_UNMAP, K_UNDEV, K_WIPE, K_COPY };

struct op {
	enum kind kind;
	uint8_t ref, slot, frame, mode, h;
};

static struct op ops[64];
static unsigned int op_count;

static void add(enum kind kind, uint8_t ref, uint8_t slot, uint8_t f,
		uint8_t mode, uint8_t h)
{
	ops[op_count++] = (struct op){ kind, ref, slot, f, mode, h };
}

static void make_ops(void)
{
	for (uint8_t mode = 0; mode <= MODE_RW; mode++) {
		add(K_GRANT, 0, 0, 0, mode, 0);
		add(K_GRANT, 1, 0, 0, mode, 0);
		add(K_GRANT, 1, 0, 1, mode, 0);
	}
	for (uint8_t r = 0; r < REFS; r++)
		for (uint8_t mode = MODE_RO; mode <= MODE_RW; mode++) {
			add(K_MAP, r, 0, 0, mode, 0);
			add(K_MAP, r, 1, 0, mode, 0);
		}
	add(K_DEVICE, 0, 0, 0, MODE_RW, 0);
	for (uint8_t h = 0; h < HANDLES; h++) {
		add(K_UNMAP, 0, 0, 0, 0, h);
		add(K_UNMAP, 0, 1, 0, 0, h);
	}
	add(K_UNDEV, 0, 0, 0, 0, 0);
	add(K_WIPE, 0, 0, 0, 0, 0);
	add(K_COPY, 0, 0, 0, MODE_RO, 0);
	add(K_COPY, 1, 0, 0, MODE_RW, 0);
}

/* --- the reference --- */

static bool allowed(const struct ref *r, const struct op *o)
{
	return r->mode[o->ref] == MODE_RW ||
	       (r->mode[o->ref] == MODE_RO && o->mode == MODE_RO);
}

static int free_handle(const struct ref *r)
{
	for (int i = 0; i < HANDLES; i++)
		if (!r->h[i].used)
			return i;
	return -1;
}

/* The index of the new handle, or a status. */
static int r_map(struct ref *r, const struct op *o)
{
	int i = free_handle(r);
	struct rhandle h = { .used = 1, .ref = o->ref,
			     .frame = r->frame[o->ref],
			     .ro = o->mode == MODE_RO,
			     .device = o->kind == K_DEVICE };

	if (!allowed(r, o))
		return GNTST_general_error;
	r->h[i] = h;
	if (o->kind == K_MAP)
		r->s[o->slot] = (struct rslot){ 1, h.frame, h.ro };
	return i;
}

static int r_unmap(struct ref *r, const struct op *o)
{
	struct rhandle *h = &r->h[o->h];
	struct rslot *s = &r->s[o->slot];

	if (!h->used)
		return GNTST_bad_handle;
	if (h->device != (o->kind == K_UNDEV))
		return GNTST_okay; /* it has no such part: nothing is done */
	if (o->kind == K_UNMAP) {
		if (!s->used || s->frame != h->frame || s->ro != h->ro)
			return GNTST_general_error;
		*s = (struct rslot){ 0 };
	}
	*h = (struct rhandle){ 0 };
	return GNTST_okay;
}

static int reference(struct ref *r, const struct op *o)
{
	switch (o->kind) {
	case K_GRANT:
		r->mode[o->ref] = o->mode;
		r->frame[o->ref] = o->frame;
		return 0;
	case K_MAP:
	case K_DEVICE:
		return r_map(r, o);
	case K_UNMAP:
	case K_UNDEV:
		return r_unmap(r, o);
	case K_WIPE:
		r->s[o->slot] = (struct rslot){ 0 };
		return 0;
	case K_COPY:
		return allowed(r, o) ? GNTST_okay : GNTST_general_error;
	}
	return 0;
}

/* --- the real thing --- */

/* The granter rewrites its entry, and leaves the use bits alone. */
static void real_grant(const struct op *o)
{
	static const uint16_t flags[] = {
		[MODE_NONE] = GTF_invalid,
		[MODE_RO] = GTF_permit_access | GTF_readonly,
		[MODE_RW] = GTF_permit_access,
	};
	uint32_t ref = REF(o->ref);

	if (version == 1) {
		struct grant_entry_v1 *e = entry_v1(granter->grant, ref);

		e->frame = (uint32_t)frame[o->frame].v;
		e->domid = mapper->id;
		e->flags = (uint16_t)(flags[o->mode] | g_use(granter, ref));
	} else {
		union grant_entry_v2 *e = entry_v2(granter->grant, ref);

		e->full_page.frame = frame[o->frame].v;
		e->hdr.domid = mapper->id;
		e->hdr.flags = flags[o->mode];
	}
}

/* Who maps touches at once, so its CPU has the translation cached. */
static int real_map(const struct ref *before, const struct op *o)
{
	uint32_t flags = o->kind == K_DEVICE ? GNTMAP_device_map :
					       GNTMAP_host_map;
	int64_t h;
	int i = free_handle(before);

	if (o->mode == MODE_RO)
		flags |= GNTMAP_readonly;
	h = g_map(vm, granter->id, REF(o->ref), SLOT(o->slot), flags);
	if (h < 0)
		return (int)h;
	handle[i] = (uint32_t)h;
	if (o->kind == K_MAP)
		fake_tlb_fill(vm->sched.cpu, mapper,
			      pte_mfn(*pt_entry(l1, o->slot + 1U)),
			      o->mode == MODE_RW);
	return i;
}

static int real_unmap(const struct ref *before, const struct op *o)
{
	const struct rhandle *h = &before->h[o->h];
	/* An unused handle of the model is none of the real thing's either. */
	uint32_t number = h->used ? handle[o->h] : 200;

	if (o->kind == K_UNDEV)
		return g_unmap(vm, number, 0, mfn_to_paddr(frame[h->frame]));
	return g_unmap(vm, number, SLOT(o->slot), 0);
}

static int real_wipe(const struct op *o)
{
	int rc = (int)fake_hypercall(vm, __HYPERVISOR_update_va_mapping,
				     SLOT(o->slot), 0,
				     UVMF_NONE, 0); /* stays cached */

	assert_int_equal(rc, 0);
	return 0;
}

static int real_copy(const struct op *o)
{
	struct gnttab_copy c = { .len = 16 };
	struct gnttab_copy_ptr *theirs, *mine;

	theirs = o->mode == MODE_RO ? &c.source : &c.dest;
	mine = o->mode == MODE_RO ? &c.dest : &c.source;
	c.flags = o->mode == MODE_RO ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
	theirs->u.ref = REF(o->ref);
	theirs->domid = granter->id;
	mine->u.gmfn = own.v;
	mine->domid = DOMID_SELF;
	return g_copy(vm, &c);
}

static int real(const struct ref *before, const struct op *o)
{
	switch (o->kind) {
	case K_GRANT:
		real_grant(o);
		return 0;
	case K_MAP:
	case K_DEVICE:
		return real_map(before, o);
	case K_UNMAP:
	case K_UNDEV:
		return real_unmap(before, o);
	case K_WIPE:
		return real_wipe(o);
	case K_COPY:
		return real_copy(o);
	}
	return 0;
}

static bool step(void *state, unsigned int i)
{
	struct ref before = *(struct ref *)state;
	const struct op *o = &ops[i];
	int want, got;

	if ((o->kind == K_MAP || o->kind == K_DEVICE) &&
	    free_handle(&before) < 0)
		return true; /* the model has no room for more */
	want = reference(state, o);
	got = real(&before, o);
	if (want != got)
		fprintf(stderr, "%d, not %d\n", got, want);
	return want == got;
}

/* --- what can be seen --- */

static bool use_agrees(const struct ref *r, unsigned int i)
{
	unsigned int want = 0;

	for (unsigned int k = 0; k < HANDLES; k++)
		if (r->h[k].used && r->h[k].ref == i)
			want |= GTF_reading | (r->h[k].ro ? 0 : GTF_writing);
	return g_use(granter, REF(i)) == want;
}

static bool frame_agrees(const struct ref *r, unsigned int f)
{
	uint64_t refs = 1, types = 0;

	for (unsigned int k = 0; k < HANDLES; k++)
		if (r->h[k].used && r->h[k].frame == f) {
			refs++;
			types += !r->h[k].ro;
		}
	for (unsigned int k = 0; k < SLOTS; k++)
		if (r->s[k].used && r->s[k].frame == f) {
			refs++;
			types += !r->s[k].ro;
		}
	/* A frame that nobody uses any more is in nobody's TLB. */
	if (refs == 1 && fake_tlb_has(mapper, frame[f]))
		return false;
	return frame_refs(frame[f]) == refs && ptype_count(frame[f]) == types;
}

static bool slot_agrees(const struct ref *r, unsigned int i)
{
	uint64_t e = *pt_entry(l1, i + 1);

	if (!r->s[i].used)
		return e == 0;
	return pte_mfn(e).v == frame[r->s[i].frame].v &&
	       ((e & PTE_RW) == 0) == (r->s[i].ro != 0);
}

static const char *compare(const void *state)
{
	const struct ref *r = state;

	for (unsigned int i = 0; i < REFS; i++)
		if (!use_agrees(r, i))
			return "use bits differ";
	for (unsigned int f = 0; f < FRAMES; f++)
		if (!frame_agrees(r, f))
			return "a frame's references differ";
	for (unsigned int i = 0; i < SLOTS; i++)
		if (!slot_agrees(r, i))
			return "an entry differs";
	if (frame_refs(own) != 1)
		return "the copier's frame is still referenced";
	return NULL;
}

/* --- start and end --- */

static void open_domains(void)
{
	granter = fake_domain(version == 1 ? 1 : 4, 1);
	mapper = fake_domain(version == 1 ? 2 : 3, 1);
	vm = mapper->vcpus[0];
	l1 = fake_tables(mapper);
	own = fake_frame(mapper);
	for (unsigned int i = 0; i < FRAMES; i++)
		frame[i] = fake_frame(granter);
	fake_settle();
	assert_int_equal(g_set_version(granter->vcpus[0], version), 0);
}

static void start(void *state)
{
	struct ref *r = state;

	memset(r, 0, sizeof(*r));
	for (unsigned int i = 0; i < REFS; i++) {
		struct op o = { .kind = K_GRANT, .ref = (uint8_t)i };

		real_grant(&o);
	}
}

/* The usual end: everything is unmapped by who mapped it. */
static const char *unmap_all(struct ref *r)
{
	for (uint8_t i = 0; i < HANDLES; i++) {
		struct rhandle h = r->h[i];

		if (!h.used)
			continue;
		if (h.device) {
			if (g_unmap(vm, handle[i], 0,
				    mfn_to_paddr(frame[h.frame])))
				return "a device mapping does not end";
			continue;
		}
		/* Put back an entry that was wiped or mapped over. */
		*pt_entry(l1, 8) = mfn_to_paddr(frame[h.frame]) | PTE_P |
				   PTE_US | (h.ro ? 0 : PTE_RW);
		frame_get_held(frame[h.frame]);
		if (!h.ro && ptype_get(frame[h.frame], PTYPE_WRITABLE, NULL))
			return "no writable reference";
		if (g_unmap(vm, handle[i], 8 * PAGE_SIZE, 0))
			return "a mapping does not end";
	}
	for (uint8_t i = 0; i < SLOTS; i++) {
		struct op o = { .slot = i };

		(void)real_wipe(&o);
	}
	return NULL;
}

static const char *nothing_left(void)
{
	for (unsigned int i = 0; i < REFS; i++)
		if (g_use(granter, REF(i)))
			return "an entry is left in use";
	for (unsigned int f = 0; f < FRAMES; f++)
		if (frame_refs(frame[f]) != 1 || ptype_count(frame[f]))
			return "a reference is left";
	return granter->grant->pinned ? "a pin is left" : NULL;
}

/* Every so often one of the two dies in the middle instead. */
static const char *die(bool mapper_first)
{
	static uint64_t free_before;
	uint64_t now;

	fake_destroy(mapper_first ? mapper : granter);
	fake_destroy(mapper_first ? granter : mapper);
	now = buddy_free_count();
	if (free_before && now != free_before)
		return "memory is lost";
	free_before = now;
	open_domains();
	return fake_check();
}

static const char *finish(void *state)
{
	static unsigned int n;
	const char *bad;

	if (++n % 16 == 0)
		return die(n % 32 == 0);
	bad = unmap_all(state);
	return bad ? bad : nothing_left();
}

static void describe(unsigned int op, char *buf, size_t size)
{
	static const char *const name[] = {
		"grant", "map", "map for devices", "unmap", "unmap device",
		"wipe", "copy"
	};
	const struct op *o = &ops[op];

	snprintf(buf, size, "%s: entry %u slot %u frame %u mode %u handle %u",
		 name[o->kind], o->ref, o->slot, o->frame, o->mode, o->h);
}

static void run(uint32_t v, unsigned int states)
{
	const struct explore x = {
		.name = v == 1 ? "grant_refs, version 1" :
				 "grant_refs, version 2",
		.size = sizeof(struct ref), .ops = op_count,
		.max_depth = 10, .max_states = states,
		.start = start, .step = step, .compare = compare,
		.finish = finish, .describe = describe,
	};

	version = v;
	open_domains();
	explore(&x);
	fake_destroy(mapper);
	fake_destroy(granter);
}

int main(int argc, char **argv)
{
	unsigned int states = argc > 1 ? (unsigned int)atoi(argv[1]) : 1500;

	fake_start(2);
	fake_warm_up();
	make_ops();
	run(1, states);
	run(2, states);
	return 0;
}
