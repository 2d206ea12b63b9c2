/*
 * An intrusive doubly linked list. The link lives in the object, so an object can be taken out of
 * the middle without a search and without an allocation.
 */
#ifndef CM_BASE_LIST_H
#define CM_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct cm_link_node {
	struct cm_link_node *prev;
	struct cm_link_node *next;
};

struct cm_list {
	struct cm_link_node head; /* head.next is the first, head.prev the last */
};

#define CM_CONTAINER(ptr, type, field) ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

static inline void cm_list_init(struct cm_list *list)
{
	list->head.prev = &list->head;
	list->head.next = &list->head;
}

static inline bool cm_list_is_empty(const struct cm_list *list)
{
	return list->head.next == &list->head;
}

static inline void cm_list_append(struct cm_list *list, struct cm_link_node *node)
{
	node->prev = list->head.prev;
	node->next = &list->head;
	list->head.prev->next = node;
	list->head.prev = node;
}

static inline void cm_list_remove(struct cm_link_node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = node;
	node->next = node;
}

/* The first node, taken out, or NULL. */
static inline struct cm_link_node *cm_list_take(struct cm_list *list)
{
	struct cm_link_node *node = list->head.next;

	if (node == &list->head)
		return NULL;
	cm_list_remove(node);
	return node;
}

#endif
