/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked lists. Mirrors include/linux/list.h. list_del() leaves addresses behind that no memory has, so that a use
 * after removal shows.
 *
 * <sys/queue.h> has a LIST_HEAD of its own, with two arguments: the one included last wins; ours, when it comes last, still
 * understands both.
 */
#ifndef DMASIM_LINUX_LIST_H
#define DMASIM_LINUX_LIST_H

#include <linux/container_of.h>
#include <linux/types.h>

#define LIST_POISON1 ((void *)0x100)
#define LIST_POISON2 ((void *)0x122)

/* clang-format off */
#undef LIST_HEAD
#undef LIST_HEAD_INIT
#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define DMASIM_LIST_HEAD_KERNEL(name) struct list_head name = LIST_HEAD_INIT(name)
#define DMASIM_LIST_HEAD_BSD(name, type) struct name { struct type *lh_first; }
#define DMASIM_LIST_HEAD_PICK(a, b, picked, ...) picked
#define LIST_HEAD(...) \
	DMASIM_LIST_HEAD_PICK(__VA_ARGS__, DMASIM_LIST_HEAD_BSD, DMASIM_LIST_HEAD_KERNEL, 0)(__VA_ARGS__)
/* clang-format on */

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void dmasim_list_insert(struct list_head *entry, struct list_head *prev, struct list_head *next)
{
	next->prev = entry;
	entry->next = next;
	entry->prev = prev;
	prev->next = entry;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	dmasim_list_insert(entry, head, head->next);
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	dmasim_list_insert(entry, head->prev, head);
}

static inline void __list_del_entry(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

static inline void list_del(struct list_head *entry)
{
	__list_del_entry(entry);
	entry->next = (struct list_head *)LIST_POISON1;
	entry->prev = (struct list_head *)LIST_POISON2;
}

static inline void list_del_init(struct list_head *entry)
{
	__list_del_entry(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_replace(struct list_head *old, struct list_head *entry)
{
	entry->next = old->next;
	entry->next->prev = entry;
	entry->prev = old->prev;
	entry->prev->next = entry;
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	__list_del_entry(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	__list_del_entry(entry);
	list_add_tail(entry, head);
}

static inline int list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline int list_is_last(const struct list_head *entry, const struct list_head *head)
{
	return entry->next == head;
}

static inline int list_is_first(const struct list_head *entry, const struct list_head *head)
{
	return entry->prev == head;
}

static inline int list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void dmasim_list_splice(const struct list_head *list, struct list_head *prev, struct list_head *next)
{
	list->next->prev = prev;
	prev->next = list->next;
	list->prev->next = next;
	next->prev = list->prev;
}

static inline void list_splice(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		dmasim_list_splice(list, head, head->next);
}

static inline void list_splice_tail(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		dmasim_list_splice(list, head->prev, head);
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

static inline size_t list_count_nodes(struct list_head *head)
{
	size_t n = 0;

	for (struct list_head *pos = head->next; pos != head; pos = pos->next)
		n++;
	return n;
}

#define list_entry(ptr, type, member)		    container_of(ptr, type, member)
#define list_first_entry(ptr, type, member)	    list_entry((ptr)->next, type, member)
#define list_last_entry(ptr, type, member)	    list_entry((ptr)->prev, type, member)
#define list_first_entry_or_null(ptr, type, member) (list_empty(ptr) ? NULL : list_first_entry(ptr, type, member))
#define list_next_entry(pos, member)		    list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member)		    list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_entry_is_head(pos, head, member)	    (&(pos)->member == (head))

#define list_for_each(pos, head)	 for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_prev(pos, head)	 for (pos = (head)->prev; pos != (head); pos = pos->prev)
#define list_for_each_safe(pos, n, head) for (pos = (head)->next, n = pos->next; pos != (head); pos = n, n = pos->next)
#define list_for_each_entry(pos, head, member)                                                               \
	for (pos = list_first_entry(head, __typeof__(*pos), member); !list_entry_is_head(pos, head, member); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)                                                      \
	for (pos = list_last_entry(head, __typeof__(*pos), member); !list_entry_is_head(pos, head, member); \
	     pos = list_prev_entry(pos, member))
#define list_for_each_entry_continue(pos, head, member)                                  \
	for (pos = list_next_entry(pos, member); !list_entry_is_head(pos, head, member); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_from(pos, head, member) \
	for (; !list_entry_is_head(pos, head, member); pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member)                                                 \
	for (pos = list_first_entry(head, __typeof__(*pos), member), n = list_next_entry(pos, member); \
	     !list_entry_is_head(pos, head, member); pos = n, n = list_next_entry(n, member))
#define list_for_each_entry_safe_reverse(pos, n, head, member)                                        \
	for (pos = list_last_entry(head, __typeof__(*pos), member), n = list_prev_entry(pos, member); \
	     !list_entry_is_head(pos, head, member); pos = n, n = list_prev_entry(n, member))

/* Lists whose head is one pointer. */
/* clang-format off */
#define HLIST_HEAD_INIT { .first = NULL }
/* clang-format on */
#define HLIST_HEAD(name)	       struct hlist_head name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(ptr)	       ((ptr)->first = NULL)
#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member)                                \
	__extension__({                                                    \
		__typeof__(ptr) dmasim_ptr = (ptr);                        \
		dmasim_ptr ? hlist_entry(dmasim_ptr, type, member) : NULL; \
	})

static inline void INIT_HLIST_NODE(struct hlist_node *h)
{
	h->next = NULL;
	h->pprev = NULL;
}

static inline int hlist_unhashed(const struct hlist_node *h)
{
	return !h->pprev;
}

static inline int hlist_empty(const struct hlist_head *h)
{
	return !h->first;
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	INIT_HLIST_NODE(n);
}

static inline void hlist_del(struct hlist_node *n)
{
	hlist_del_init(n);
	n->next = (struct hlist_node *)LIST_POISON1;
	n->pprev = (struct hlist_node **)LIST_POISON2;
}

#define hlist_for_each_entry(pos, head, member)                                      \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); pos; \
	     pos = hlist_entry_safe((pos)->member.next, __typeof__(*(pos)), member))
#define hlist_for_each_entry_safe(pos, n, head, member)                                                             \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); pos && ((n = pos->member.next), 1); \
	     pos = hlist_entry_safe(n, __typeof__(*(pos)), member))

#endif
