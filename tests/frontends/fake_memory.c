// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake kernel's memory: chunks, pages, pages that are mapped as one, grants
 * of pages, and rings.
 *
 * State owned: the lists of areas and grants.  A page that was granted lives
 * until its grant has ended on both sides.
 */
#include <stdarg.h>
#include "fake_inside.h"

struct chunk { size_t size, pad; };

void *fake_alloc(size_t size, gfp_t gfp)
{
	struct chunk *chunk;

	fake_sleeps("allocating under a lock");
	fake_waits_for_io(gfp);
	if (fake_fails())
		return NULL;
	chunk = calloc(1, sizeof(*chunk) + size);
	chunk->size = size;
	fake.allocs++;
	return chunk + 1;
}

void kfree(void *p)
{
	struct chunk *chunk;

	if (!p)
		return;
	chunk = (struct chunk *)p - 1;
	fake_must(!fake_work_within(p, chunk->size), "freeing work that waits");
	fake_must(!fake_napi_within(p, chunk->size), "freeing a poll");
	fake.allocs--;
	free(chunk);
}

char *kasprintf(gfp_t gfp, const char *format, ...)
{
	char *text = fake_alloc(128, gfp);
	va_list args;

	va_start(args, format);
	if (text)
		vsnprintf(text, 128, format, args);
	va_end(args);
	return text;
}

struct page *alloc_page(gfp_t gfp)
{
	struct page *page = fake_alloc(sizeof(*page), gfp);

	if (!page)
		return NULL;
	page->data = calloc(1, FE_PAGE);
	page->refs = 1;
	fake.pages++;
	return page;
}

/* Pages that were mapped as one live in one piece, until the last is free. */
struct fake_area {
	u8 *base;
	int refs;
	struct fake_area *next;
};
static struct fake_area *areas;

static void put_area(struct fake_area *area)
{
	struct fake_area **at = &areas;

	if (--area->refs)
		return;
	while (*at != area)
		at = &(*at)->next;
	*at = area->next;
	free(area->base);
	free(area);
}

void __free_page(struct page *page)
{
	if (--page->refs)
		return;
	if (page->area)
		put_area(page->area);
	else
		free(page->data);
	fake.pages--;
	kfree(page);
}

void *vmap(struct page **page, unsigned int count, int flags, int prot)
{
	struct fake_area *area;
	unsigned int i;

	(void)flags, (void)prot;
	fake_sleeps("mapping under a lock");
	if (fake_fails())
		return NULL;
	area = calloc(1, sizeof(*area));
	area->base = calloc(count, FE_PAGE);
	area->refs = (int)count + 1;
	area->next = areas;
	areas = area;
	for (i = 0; i < count; i++) {
		free(page[i]->data);
		page[i]->data = area->base + i * FE_PAGE;
		page[i]->area = area;
	}
	return area->base;
}

void vunmap(void *base)
{
	struct fake_area *area = areas;

	while (area->base != base)
		area = area->next;
	put_area(area);
}

/* ---- grants ---- */

#define GRANTS	8192
#define FIRST	8

static struct { struct page *page; bool used, held, ended; } grant[GRANTS];

int gnttab_grant_foreign_access(domid_t domain, unsigned long gfn, int ro)
{
	int ref = FIRST;

	(void)domain, (void)ro;
	if (fake_fails())
		return -ENOSPC;
	while (grant[ref].used)
		fake_must(++ref < GRANTS, "no grants");
	grant[ref].page = (struct page *)gfn;
	grant[ref].used = true;
	grant[ref].held = fake.hold_grants;
	grant[ref].ended = false;
	fake.grants++;
	return ref;
}

static void close_grant(grant_ref_t ref)
{
	grant[ref].used = false;
	fake.grants--;
	__free_page(grant[ref].page);
}

void gnttab_end_foreign_access(grant_ref_t ref, struct page *page)
{
	fake_must(ref < GRANTS && grant[ref].used && !grant[ref].ended &&
		  grant[ref].page == page, "ending a grant that is none");
	grant[ref].ended = true;
	if (!grant[ref].held)
		close_grant(ref);
}

void fake_let_go(void)
{
	grant_ref_t ref;

	for (ref = 0; ref < GRANTS; ref++) {
		grant[ref].held = false;
		if (grant[ref].used && grant[ref].ended)
			close_grant(ref);
	}
}

u8 *fake_page(grant_ref_t ref)
{
	return ref < GRANTS && grant[ref].used ? grant[ref].page->data : NULL;
}

int xenbus_setup_ring(struct xenbus_device *dev, gfp_t gfp, void **base,
		      unsigned int pages, grant_ref_t *ref)
{
	int fails = fake.fail_at;
	struct page *page[16];
	unsigned int i;

	(void)dev;
	*base = NULL;
	if (fake_fails())
		return -ENOMEM;
	fake.fail_at = 0;	/* it fails as a whole or not at all */
	for (i = 0; i < pages; i++) {
		page[i] = alloc_page(gfp);
		ref[i] = (grant_ref_t)gnttab_grant_foreign_access(0,
						(unsigned long)page[i], 0);
	}
	*base = vmap(page, pages, 0, 0);
	fake.fail_at = fails;
	return 0;
}

void xenbus_teardown_ring(void **base, unsigned int pages, grant_ref_t *ref)
{
	unsigned int i;

	vunmap(*base);
	for (i = 0; i < pages; i++)
		gnttab_end_foreign_access(ref[i], grant[ref[i]].page);
	*base = NULL;
}
