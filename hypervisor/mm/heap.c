// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small objects of the hypervisor: sizes are rounded up to a power of two, and
 * a page holds objects of one size, so each is aligned to its size.  Larger
 * requests take whole pages.
 *
 * The bookkeeping of a page is in its frame's type word, which has no other
 * use while the frame is the hypervisor's: TAG, the size's class (or the order
 * of a large one), how many objects are free and the first free one.  A free
 * object starts with the number of the next.  Pages with free objects are on
 * one list for each class.  All under heap_lock.
 */
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/lock.h>

#define CLASS_MIN 4 /* 16 bytes */
#define CLASS_MAX 11 /* 2 KiB */

#define TAG_SMALL 0xa1UL
#define TAG_LARGE 0xa2UL
#define END 0xffffUL /* no further free object */

static struct lock heap_lock = LOCK_INIT(RANK_HEAP);
static uint32_t with_free[CLASS_MAX + 1];

struct page_info {
	unsigned int class, free, first;
};

static uint64_t pack(uint64_t tag, struct page_info i)
{
	return tag << 56 | (uint64_t)i.class << 40 | (uint64_t)i.free << 16 |
	       i.first;
}

static struct page_info unpack(uint64_t w)
{
	return (struct page_info){
		.class = (w >> 40) & 0xff,
		.free = (w >> 16) & 0xffff,
		.first = w & 0xffff,
	};
}

static unsigned int class_of(size_t size)
{
	unsigned int c = CLASS_MIN;

	while ((1UL << c) < size)
		c++;
	return c;
}

static void page_link(struct frame *f, unsigned int class)
{
	uint32_t n = (uint32_t)frame_mfn(f).v, first = with_free[class];

	f->prev = 0;
	f->next = first;
	if (first)
		frame_table[first].prev = n;
	with_free[class] = n;
}

static void page_unlink(struct frame *f, unsigned int class)
{
	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		with_free[class] = f->next;
	if (f->next)
		frame_table[f->next].prev = f->prev;
	f->next = f->prev = 0;
}

static uint16_t *object(uint8_t *page, unsigned int i, unsigned int class)
{
	return (uint16_t *)(void *)(page + ((size_t)i << class));
}

/* A new page, all of whose objects are free and chained in order. */
static bool page_add(unsigned int class)
{
	unsigned int n = (unsigned int)(PAGE_SIZE >> class);
	uint8_t *page = pages_alloc(0);
	struct frame *f;

	if (!page)
		return false;
	for (unsigned int i = 0; i < n; i++)
		*object(page, i, class) = (uint16_t)(i + 1 < n ? i + 1 : END);
	f = frame_at(frame_of(page));
	f->type = pack(TAG_SMALL, (struct page_info){ class, n, 0 });
	page_link(f, class);
	return true;
}

static void *small_take(unsigned int class)
{
	struct frame *f;
	struct page_info i;
	uint8_t *page;
	uint16_t *o;

	if (!with_free[class] && !page_add(class))
		return NULL;
	f = &frame_table[with_free[class]];
	i = unpack(f->type);
	page = frame_map(frame_mfn(f));
	o = object(page, i.first, class);
	i.first = *o;
	i.free--;
	f->type = pack(TAG_SMALL, i);
	if (!i.free)
		page_unlink(f, class);
	return o;
}

static void small_put(struct frame *f, void *p)
{
	struct page_info i = unpack(f->type);
	unsigned int n = (unsigned int)(PAGE_SIZE >> i.class);
	uintptr_t at = (uintptr_t)p & (PAGE_SIZE - 1);

	ASSERT(IS_ALIGNED(at, 1UL << i.class) && i.free < n);
	*(uint16_t *)p = (uint16_t)i.first;
	i.first = (unsigned int)(at >> i.class);
	if (!i.free)
		page_link(f, i.class);
	i.free++;
	f->type = pack(TAG_SMALL, i);
	if (i.free == n) {
		page_unlink(f, i.class);
		pages_free(frame_map(frame_mfn(f)), 0);
	}
}

static void *large_alloc(size_t size)
{
	unsigned int order = 0;
	void *p;

	while (order <= BUDDY_ORDER_MAX && (PAGE_SIZE << order) < size)
		order++;
	p = pages_alloc(order);
	if (p)
		frame_at(frame_of(p))->type =
			pack(TAG_LARGE, (struct page_info){ order, 0, 0 });
	return p;
}

void *heap_alloc(size_t size)
{
	unsigned int class;
	void *p;

	if (size > (1UL << CLASS_MAX))
		return large_alloc(size);
	class = class_of(size);
	lock_acquire(&heap_lock);
	p = small_take(class);
	lock_release(&heap_lock);
	if (p)
		memset(p, 0, 1UL << class);
	return p;
}

void heap_free(void *p)
{
	struct frame *f;
	uint64_t tag;

	if (!p)
		return;
	f = frame_at(frame_of(p));
	tag = f->type >> 56;
	ASSERT(tag == TAG_SMALL || tag == TAG_LARGE);
	if (tag == TAG_LARGE) {
		pages_free(p, unpack(f->type).class);
		return;
	}
	lock_acquire(&heap_lock);
	small_put(f, p);
	lock_release(&heap_lock);
}

void *heap_calloc(size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return heap_alloc(total ? total : 1);
}
