/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID policies.  A policy starts as the machine's leaves, cut down by a mask
 * for each word of features: what a PV guest must not see (because it is the
 * hypervisor's, or because guests cannot use it) is hidden.  Guests' kernels
 * ask through the forced-emulation prefix, so this steers what they use; it
 * is no protection, since CPUID itself does not trap everywhere.
 *
 * State: the default policy, made with the first domain and constant after;
 * one policy for each domain, constant once the domain runs.
 */
#include <abi/sysctl.h>
#include <domain/cpupolicy.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/time.h>
#include <pv/pv.h>
#include <pv/pv_priv.h>
#include <x86/x86.h>

#define NO_SUBLEAF XEN_CPUID_NO_SUBLEAF
#define BASIC_MAX 0xdU
#define EXT 0x80000000U
#define EXT_MAX_INTEL 0x80000008U
#define EXT_MAX_AMD 0x80000021U
#define HV 0x40000000U
#define HV2 0x40000100U
#define HV_LEAVES 5U

#define LEAF_CACHE 4U
#define LEAF_FEATURES 7U
#define LEAF_TOPOLOGY 0xbU
#define LEAF_XSTATE 0xdU
#define CACHE_SUBLEAVES 6U
#define FEATURE_SUBLEAVES 3U
#define TOPOLOGY_SUBLEAVES 2U
#define XSTATE_SUBLEAVES 63U

#define BIT_XSAVE BIT(26) /* leaf 1, ecx */
#define BIT_OSXSAVE BIT(27)
#define BIT_AVX BIT(28)
#define BIT_AVX512F BIT(16) /* leaf 7, ebx */
#define BIT_HYPERVISOR BIT(31) /* leaf 1, ecx */

#define XSTATE_LEGACY 576U /* bytes before the first extended component */
#define XCR0_X87 1UL
#define XCR0_SSE 2UL
#define XCR0_ALWAYS (XCR0_X87 | XCR0_SSE)
#define XCR0_AVX 4UL
#define XCR0_AVX512 0xe0UL

enum { EAX, EBX, ECX, EDX };

/*
 * For each word of features: where it is found, and what a PV guest may see by
 * default and at most.  Left out of the contract's set: TSX, and the bits that
 * promise MSRs to control speculation, which are not given to guests.
 */
static const struct feature_word {
	uint32_t leaf, subleaf;
	uint8_t reg;
	uint32_t pv_default, pv_max;
} words[] = {
	{ 1, NO_SUBLEAF, EDX, 0x1fc9cbf5, 0x1fc9cbf5 },
	{ 1, NO_SUBLEAF, ECX, 0xf6d83203, 0xf6d83203 },
	{ 0x80000001, NO_SUBLEAF, EDX, 0xea500800, 0xea500800 },
	{ 0x80000001, NO_SUBLEAF, ECX, 0x002109e3, 0x002109e3 },
	{ 0xd, 1, EAX, 0x00000007, 0x00000007 },
	{ 7, 0, EBX, 0xfdaf0329, 0xfdaf0329 },
	{ 7, 0, ECX, 0x02405f43, 0x1a405f43 },
	{ 0x80000007, NO_SUBLEAF, EDX, 0, 0x00000100 },
	{ 0x80000008, NO_SUBLEAF, EBX, 0x24000005, 0x24000005 },
	{ 7, 0, EDX, 0x0000441c, 0x0001451c },
	{ 7, 1, EAX, 0x00001c30, 0x00001c30 },
	{ 0x80000021, NO_SUBLEAF, EAX, 0x60000064, 0x60000064 },
	{ 7, 1, EBX, 0, 0 },
	{ 7, 2, EDX, 0x00000020, 0x00000020 },
	{ 7, 1, ECX, 0, 0 },
	{ 7, 1, EDX, 0, 0 },
	{ 0, 0, EAX, 0, 0 }, /* MSR_ARCH_CAPABILITIES: not given */
	{ 0, 0, EAX, 0, 0 },
	{ 0x80000021, NO_SUBLEAF, ECX, 0x00000006, 0x00000006 },
};

_Static_assert(ARRAY_SIZE(words) == CPU_FEATURE_WORDS, "one for each word");

#define WORD_IS_CPUID(w) ((w)->leaf != 0)

const uint32_t cpu_policy_msrs[CPU_POLICY_MSRS] = { 0xce, 0x10a };

static struct cpu_policy pv_default;

/* --- lists of leaves --- */

static uint32_t *reg_of(struct xen_cpuid_leaf *l, unsigned int reg)
{
	uint32_t *regs[] = { &l->a, &l->b, &l->c, &l->d };

	return regs[reg];
}

static struct xen_cpuid_leaf *find(struct cpu_policy *p, uint32_t leaf,
				   uint32_t subleaf)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->leaf[i].leaf == leaf &&
		    (p->leaf[i].subleaf == subleaf ||
		     p->leaf[i].subleaf == NO_SUBLEAF))
			return &p->leaf[i];
	return NULL;
}

static bool before(const struct xen_cpuid_leaf *x,
		   const struct xen_cpuid_leaf *y)
{
	return x->leaf != y->leaf ? x->leaf < y->leaf :
				    x->subleaf < y->subleaf;
}

/* Set one leaf, in its place. A full list takes no more. */
static void put(struct cpu_policy *p, const struct xen_cpuid_leaf *l)
{
	uint32_t i = 0;

	while (i < p->count && before(&p->leaf[i], l))
		i++;
	if (i < p->count && !before(l, &p->leaf[i])) {
		p->leaf[i] = *l;
		return;
	}
	if (p->count == CPU_POLICY_LEAVES)
		return;
	memmove(&p->leaf[i + 1], &p->leaf[i],
		(p->count - i) * sizeof(p->leaf[0]));
	p->leaf[i] = *l;
	p->count++;
}

static void add_hardware(struct cpu_policy *p, uint32_t leaf, uint32_t subleaf)
{
	struct xen_cpuid_leaf l = { .leaf = leaf, .subleaf = subleaf };
	uint32_t out[4];

	x86_cpuid(leaf, subleaf == NO_SUBLEAF ? 0 : subleaf, out);
	l.a = out[EAX];
	l.b = out[EBX];
	l.c = out[ECX];
	l.d = out[EDX];
	if (l.a || l.b || l.c || l.d)
		put(p, &l);
}

/* --- the machine's own --- */

static void add_subleaves(struct cpu_policy *p, uint32_t leaf, uint32_t n)
{
	for (uint32_t s = 0; s < n; s++)
		add_hardware(p, leaf, s);
}

static void raw_policy(struct cpu_policy *p)
{
	uint32_t out[4], max;

	x86_cpuid(0, 0, out);
	max = MIN(out[EAX], BASIC_MAX);
	for (uint32_t leaf = 0; leaf <= max; leaf++) {
		if (leaf == LEAF_CACHE)
			add_subleaves(p, leaf, CACHE_SUBLEAVES);
		else if (leaf == LEAF_FEATURES)
			add_subleaves(p, leaf, FEATURE_SUBLEAVES);
		else if (leaf == LEAF_XSTATE)
			add_subleaves(p, leaf, XSTATE_SUBLEAVES);
		else if (leaf == LEAF_TOPOLOGY)
			add_subleaves(p, leaf, TOPOLOGY_SUBLEAVES);
		else
			add_hardware(p, leaf, NO_SUBLEAF);
	}
	x86_cpuid(EXT, 0, out);
	max = MIN(out[EAX], x86_features.amd ? EXT_MAX_AMD : EXT_MAX_INTEL);
	for (uint32_t leaf = EXT; leaf >= EXT && leaf <= max; leaf++)
		add_hardware(p, leaf, NO_SUBLEAF);
}

/* --- cutting down --- */

static void drop(struct cpu_policy *p, uint32_t leaf)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->count; i++)
		if (p->leaf[i].leaf != leaf)
			p->leaf[n++] = p->leaf[i];
	p->count = n;
}

static void mask_features(struct cpu_policy *p, bool max)
{
	for (unsigned int k = 0; k < ARRAY_SIZE(words); k++) {
		const struct feature_word *w = &words[k];
		struct xen_cpuid_leaf *l;

		if (!WORD_IS_CPUID(w))
			continue;
		l = find(p, w->leaf, w->subleaf);
		if (l)
			*reg_of(l, w->reg) &= max ? w->pv_max : w->pv_default;
	}
}

static uint64_t policy_xcr0(struct cpu_policy *p)
{
	struct xen_cpuid_leaf *l1 = find(p, 1, 0), *l7 = find(p, 7, 0);
	uint64_t x = 0;

	if (!l1 || !(l1->c & BIT_XSAVE))
		return 0;
	x = XCR0_ALWAYS;
	if (l1->c & BIT_AVX)
		x |= XCR0_AVX;
	if ((x & XCR0_AVX) && l7 && (l7->b & BIT_AVX512F))
		x |= XCR0_AVX512;
	return x & x86_features.xcr0_max;
}

/* Bytes of a standard-format image of the components @xcr0. */
static uint32_t xstate_size(struct cpu_policy *p, uint64_t xcr0)
{
	uint32_t size = XSTATE_LEGACY;

	for (uint32_t s = 2; s < XSTATE_SUBLEAVES; s++) {
		struct xen_cpuid_leaf *l = find(p, LEAF_XSTATE, s);

		if (l && (xcr0 >> s & 1))
			size = MAX(size, l->a + l->b);
	}
	return size;
}

/* The same in compacted format; no supervisor components. */
static uint32_t xstate_compact(struct cpu_policy *p, uint64_t xcr0)
{
	uint32_t size = XSTATE_LEGACY;

	for (uint32_t s = 2; s < XSTATE_SUBLEAVES; s++) {
		struct xen_cpuid_leaf *l = find(p, LEAF_XSTATE, s);

		if (!l || !(xcr0 >> s & 1))
			continue;
		if (l->c & 2)
			size = ALIGN_UP(size, 64U);
		size += l->a;
	}
	return size;
}

/* Leaf 0xd follows from the features; its sizes are filled in when read. */
static void recalculate_xstate(struct cpu_policy *p)
{
	uint64_t xcr0 = policy_xcr0(p);
	struct xen_cpuid_leaf *l;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t s = p->leaf[i].subleaf;

		if (p->leaf[i].leaf == LEAF_XSTATE &&
		    (!xcr0 || (s >= 2 && !(xcr0 >> s & 1))))
			continue;
		p->leaf[n++] = p->leaf[i];
	}
	p->count = n;
	l = find(p, LEAF_XSTATE, 0);
	if (l) {
		l->a = (uint32_t)xcr0;
		l->b = 0;
		l->c = xstate_size(p, xcr0);
		l->d = (uint32_t)(xcr0 >> 32);
	}
	l = find(p, LEAF_XSTATE, 1);
	if (l)
		l->b = l->c = l->d = 0;
}

/* What remains of leaves that are no features. */
static void trim_leaves(struct cpu_policy *p)
{
	static const uint32_t hidden[] = { 3, 5, 6, 9, 0xa, 0xb };
	struct xen_cpuid_leaf *l;

	for (unsigned int k = 0; k < ARRAY_SIZE(hidden); k++)
		drop(p, hidden[k]);
	l = find(p, 0, 0);
	if (l)
		l->a = MIN(l->a, BASIC_MAX);
	l = find(p, 1, 0);
	if (l)
		l->b &= 0x00ffff00; /* no APIC id, no brand index */
	l = find(p, EXT, 0);
	if (l)
		l->a = MIN(l->a, x86_features.amd ? EXT_MAX_AMD :
						    EXT_MAX_INTEL);
	l = find(p, 0x80000008, 0);
	if (l)
		l->c = l->d = 0;
}

void cpu_policy_system(enum cpu_policy_kind kind, struct cpu_policy *out)
{
	struct xen_cpuid_leaf *l;

	out->count = 0;
	if (kind == CPU_POLICY_HVM_MAX || kind == CPU_POLICY_HVM_DEFAULT)
		return;
	raw_policy(out);
	if (kind == CPU_POLICY_RAW)
		return;
	trim_leaves(out);
	if (kind != CPU_POLICY_HOST) {
		mask_features(out, kind == CPU_POLICY_PV_MAX);
		l = find(out, 1, 0);
		if (l)
			l->c |= BIT_HYPERVISOR;
	}
	recalculate_xstate(out);
}

void cpu_policy_features(const struct cpu_policy *p,
			 uint32_t out[CPU_FEATURE_WORDS])
{
	for (unsigned int k = 0; k < CPU_FEATURE_WORDS; k++) {
		const struct feature_word *w = &words[k];
		struct xen_cpuid_leaf *l =
			find((struct cpu_policy *)p, w->leaf, w->subleaf);

		out[k] = WORD_IS_CPUID(w) && l ? *reg_of(l, w->reg) : 0;
	}
}

/* --- exchanging them --- */

struct writer {
	const struct cpu_policy *p;
	struct xen_cpuid_leaf *out;
	uint32_t count;
};

/* Write one leaf, zero if the policy has none; returns what was written. */
static const struct xen_cpuid_leaf *write_leaf(struct writer *w, uint32_t leaf,
					       uint32_t subleaf)
{
	static const struct xen_cpuid_leaf none;
	const struct xen_cpuid_leaf *l =
		find((struct cpu_policy *)w->p, leaf, subleaf);
	struct xen_cpuid_leaf *to;

	if (w->count == CPU_POLICY_LEAVES)
		return &none;
	to = &w->out[w->count++];
	*to = l ? *l : none;
	to->leaf = leaf;
	to->subleaf = subleaf;
	return to;
}

static void write_basic(struct writer *w, uint32_t leaf)
{
	uint64_t states;
	uint32_t s = 0, max;

	switch (leaf) {
	case LEAF_CACHE: /* up to the first with type 0 */
		while (write_leaf(w, leaf, s)->a & 0x1f &&
		       ++s < CACHE_SUBLEAVES)
			;
		break;
	case LEAF_FEATURES:
		max = write_leaf(w, leaf, 0)->a;
		for (s = 1; s < FEATURE_SUBLEAVES && s <= max; s++)
			write_leaf(w, leaf, s);
		break;
	case LEAF_TOPOLOGY:
		while (write_leaf(w, leaf, s)->c & 0xff00 &&
		       ++s < TOPOLOGY_SUBLEAVES)
			;
		break;
	case LEAF_XSTATE:
		states = write_leaf(w, leaf, 0)->a;
		write_leaf(w, leaf, 1);
		for (s = 2; s < 32; s++)
			if (states >> s & 1)
				write_leaf(w, leaf, s);
		break;
	default:
		write_leaf(w, leaf, NO_SUBLEAF);
	}
}

uint32_t cpu_policy_serialise(const struct cpu_policy *p,
			      struct xen_cpuid_leaf out[CPU_POLICY_LEAVES])
{
	struct writer w = { .p = p, .out = out };
	const struct xen_cpuid_leaf *l = find((struct cpu_policy *)p, 0, 0);
	uint32_t max = l ? MIN(l->a, BASIC_MAX) : 0;

	for (uint32_t leaf = 0; leaf <= max; leaf++)
		write_basic(&w, leaf);
	write_leaf(&w, HV, NO_SUBLEAF);
	write_leaf(&w, HV2, NO_SUBLEAF);
	l = write_leaf(&w, EXT, NO_SUBLEAF);
	max = l->a > EXT ? MIN(l->a, EXT_MAX_AMD) : EXT;
	for (uint32_t leaf = EXT + 1; leaf <= max; leaf++)
		write_leaf(&w, leaf, NO_SUBLEAF);
	return w.count;
}

/* --- policies of domains --- */

int cpu_policy_init(struct domain *d)
{
	if (!pv_default.count)
		cpu_policy_system(CPU_POLICY_PV_DEFAULT, &pv_default);
	d->cpu_policy = heap_alloc(sizeof(*d->cpu_policy));
	if (!d->cpu_policy)
		return -ENOMEM;
	*d->cpu_policy = pv_default;
	return 0;
}

void cpu_policy_free(struct domain *d)
{
	heap_free(d->cpu_policy);
	d->cpu_policy = NULL;
}

static uint32_t subleaves_of(uint32_t leaf)
{
	switch (leaf) {
	case LEAF_CACHE:
		return CACHE_SUBLEAVES;
	case LEAF_FEATURES:
		return FEATURE_SUBLEAVES;
	case LEAF_TOPOLOGY:
		return TOPOLOGY_SUBLEAVES;
	case LEAF_XSTATE:
		return XSTATE_SUBLEAVES;
	}
	return 0;
}

static bool leaf_known(const struct xen_cpuid_leaf *l)
{
	uint32_t subleaves = subleaves_of(l->leaf);

	if (l->leaf == HV || l->leaf == HV2)
		return l->subleaf == NO_SUBLEAF;
	if (l->leaf >= EXT)
		return l->leaf <= EXT_MAX_AMD && l->subleaf == NO_SUBLEAF;
	if (l->leaf > BASIC_MAX)
		return false;
	return subleaves ? l->subleaf < subleaves : l->subleaf == NO_SUBLEAF;
}

/* No feature that this machine cannot give to a PV guest. */
static int limit(struct cpu_policy *p)
{
	struct cpu_policy *max = heap_alloc(sizeof(*max));
	uint32_t allowed[CPU_FEATURE_WORDS];

	if (!max)
		return -ENOMEM;
	cpu_policy_system(CPU_POLICY_PV_MAX, max);
	cpu_policy_features(max, allowed);
	heap_free(max);
	for (unsigned int k = 0; k < CPU_FEATURE_WORDS; k++) {
		const struct feature_word *w = &words[k];
		struct xen_cpuid_leaf *l;

		if (!WORD_IS_CPUID(w))
			continue;
		l = find(p, w->leaf, w->subleaf);
		if (l)
			*reg_of(l, w->reg) &= allowed[k];
	}
	return 0;
}

int cpu_policy_set(struct domain *d, const struct xen_cpuid_leaf *leaves,
		   uint32_t n, uint32_t *err_leaf, uint32_t *err_subleaf)
{
	struct cpu_policy *p;
	int rc;

	for (uint32_t i = 0; i < n; i++)
		if (!leaf_known(&leaves[i])) {
			*err_leaf = leaves[i].leaf;
			*err_subleaf = leaves[i].subleaf;
			return -ERANGE;
		}
	p = heap_alloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = *d->cpu_policy;
	for (uint32_t i = 0; i < n; i++)
		if (leaves[i].leaf < HV || leaves[i].leaf >= EXT)
			put(p, &leaves[i]);
	trim_leaves(p);
	rc = limit(p);
	if (!rc) {
		recalculate_xstate(p);
		*d->cpu_policy = *p;
	}
	heap_free(p);
	return rc;
}

uint64_t cpu_policy_xcr0(const struct domain *d)
{
	return policy_xcr0(d->cpu_policy);
}

bool cpu_policy_xcr0_valid(const struct domain *d, uint64_t val)
{
	uint64_t wide = val & XCR0_AVX512;

	if (!(val & XCR0_X87) || (val & ~cpu_policy_xcr0(d)))
		return false;
	if ((val & XCR0_AVX) && !(val & XCR0_SSE))
		return false;
	if (wide && (wide != XCR0_AVX512 || !(val & XCR0_AVX)))
		return false;
	return true;
}

/* --- what a guest reads --- */

static unsigned int machine_address_bits(void)
{
	return 64 - (unsigned int)__builtin_clzl(frame_limit() - 1) +
	       PAGE_SHIFT;
}

static void hypervisor_time(uint32_t subleaf, uint32_t out[4])
{
	const struct time_scale *s = time_scale();

	if (subleaf == 0) {
		out[EAX] = (x86_features.invariant_tsc ? 2 : 0) |
			   (x86_features.rdtscp ? 4 : 0);
		out[ECX] = (uint32_t)s->khz;
	} else if (subleaf == 1) {
		out[ECX] = s->mul;
		out[EDX] = (uint32_t)(int32_t)s->shift;
	} else if (subleaf == 2) {
		out[EAX] = (uint32_t)s->khz;
	}
}

static void hypervisor_leaf(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	switch (leaf - HV) {
	case 0: /* "XenVMMXenVMM" */
		out[EAX] = HV + HV_LEAVES;
		out[EBX] = 0x566e6558;
		out[ECX] = 0x65584d4d;
		out[EDX] = 0x4d4d566e;
		break;
	case 1:
		out[EAX] = 4 << 16 | 17;
		break;
	case 2: /* one hypercall page, by MSR; preserving updates exist */
		out[EAX] = 1;
		out[EBX] = 0x40000000;
		out[ECX] = 1;
		break;
	case 3:
		hypervisor_time(subleaf, out);
		break;
	case 5:
		if (subleaf == 0)
			out[EBX] = machine_address_bits();
		break;
	}
}

/* Leaves with a part that depends on the vCPU. */
static void add_vcpu_state(struct vcpu *v, uint32_t leaf, uint32_t subleaf,
			   uint32_t out[4])
{
	struct cpu_policy *p = v->domain->cpu_policy;

	if (leaf == 1) {
		/* Kernels expect to see it before they set it in CR4. */
		if ((out[ECX] & BIT_XSAVE) &&
		    (v->pv.kernel_mode || (v->pv.cr4 & CR4_OSXSAVE)))
			out[ECX] |= BIT_OSXSAVE;
	} else if (leaf == LEAF_XSTATE && subleaf == 0 && out[EAX]) {
		out[EBX] = xstate_size(p, v->hw.xcr0);
	} else if (leaf == LEAF_XSTATE && subleaf == 1 && (out[EAX] & 2)) {
		out[EBX] = xstate_compact(p, v->hw.xcr0);
	}
}

void pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	struct xen_cpuid_leaf *l;

	memset(out, 0, 4 * sizeof(out[0]));
	if (leaf >= HV && leaf < HV2) {
		hypervisor_leaf(leaf, subleaf, out);
		return;
	}
	l = find(v->domain->cpu_policy, leaf, subleaf);
	if (!l)
		return;
	out[EAX] = l->a;
	out[EBX] = l->b;
	out[ECX] = l->c;
	out[EDX] = l->d;
	add_vcpu_state(v, leaf, subleaf, out);
}
