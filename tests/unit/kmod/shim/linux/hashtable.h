/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_HASHTABLE_H
#define SHIM_LINUX_HASHTABLE_H

#include <linux/hash.h>
#include <linux/list.h>

#define DEFINE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]

#define HASH_BITS(name) __builtin_ctzl(sizeof(name) / sizeof((name)[0]))

#define hash_add(table, node, key) \
	hlist_add_head(node, &(table)[hash_long(key, HASH_BITS(table))])

#define hash_del(node) hlist_del(node)

#define hash_for_each_possible(table, obj, member, key)                     \
	for (struct hlist_node *shim_node =                                 \
		     (table)[hash_long(key, HASH_BITS(table))].first;       \
	     shim_node &&                                                   \
	     (obj = list_entry(shim_node, __typeof__(*obj), member), true); \
	     shim_node = shim_node->next)

#endif /* SHIM_LINUX_HASHTABLE_H */
