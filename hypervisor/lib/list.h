/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intrusive doubly linked list with a head node.  Locking is the owner's. */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <lib/types.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert(struct list *n, struct list *prev,
			       struct list *next)
{
	n->next = next;
	n->prev = prev;
	prev->next = n;
	next->prev = n;
}

static inline void list_add(struct list *head, struct list *n)
{
	list_insert(n, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	list_insert(n, head->prev, head);
}

/* Take @n off its list; it is then an empty list of its own. */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(p, head, member)                                  \
	for (p = list_entry((head)->next, typeof(*p), member);          \
	     &p->member != (head);                                      \
	     p = list_entry(p->member.next, typeof(*p), member))
#define list_for_each_safe(p, n, head, member)                          \
	for (p = list_entry((head)->next, typeof(*p), member),          \
	    n = list_entry(p->member.next, typeof(*p), member);         \
	     &p->member != (head);                                      \
	     p = n, n = list_entry(n->member.next, typeof(*n), member))

#endif
