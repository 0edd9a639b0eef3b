/* SPDX-License-Identifier: Apache-2.0 */
/* A document as a tree: what YAML files, profiles and trace lines are read into, and JSON is
 * written from.
 *
 * Nodes live in the arena of whoever made them and never change owners.  Map keys are unique and
 * keep their order.  Scalars keep their text; a plain (unquoted) YAML scalar and a JSON number,
 * true, false or null are NODE_PLAIN, everything quoted is NODE_STRING, so "null" in quotes is a
 * string. */
#ifndef MDCTS_BASE_NODE_H
#define MDCTS_BASE_NODE_H

#include "bytes.h"
#include "diag.h"

enum node_kind { NODE_PLAIN, NODE_STRING, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    struct source_pos at;      /* of the value */
    const char *text;          /* scalars: NUL-terminated UTF-8 without embedded NUL */
    const char *key;           /* in a map: this entry's key */
    struct source_pos key_at;  /* in a map: where the key stands */
    struct node *next;         /* next item of the list or entry of the map */
    struct node *first, *last; /* items or entries */
    size_t count;
};

/* ---- building ---- */
struct node *node_new_map(struct arena *keep);
struct node *node_new_list(struct arena *keep);
/* text is borrowed. */
struct node *node_new_string(struct arena *keep, const char *text);
struct node *node_new_int(struct arena *keep, int64_t value);
struct node *node_new_uint(struct arena *keep, uint64_t value);
struct node *node_new_bool(struct arena *keep, bool value);
struct node *node_new_null(struct arena *keep);
/* A string node of lower-case hexadecimal digits. */
struct node *node_new_hex(struct arena *keep, struct bytes value);
/* Appends child, which must be in no other tree; key is borrowed and must not be there yet. Returns
 * child. */
struct node *node_add(struct node *map, const char *key, struct node *child);
struct node *node_append(struct node *list, struct node *child);
/* A deep copy in keep; its strings are copied too. */
struct node *node_copy(struct arena *keep, const struct node *from);

/* ---- reading; all accept NULL and then answer "not there" ---- */
/* The entry with that key; NULL if there is none or map is no map. */
struct node *node_get(const struct node *map, const char *key);
bool node_is_null(const struct node *node);
bool node_is_scalar(const struct node *node);
/* The text of a scalar, else NULL. */
const char *node_text(const struct node *node);
/* The text of entry key, else NULL. */
const char *node_get_text(const struct node *map, const char *key);
/* Decimal or 0x hexadecimal, plain scalars only; a leading minus is accepted by int only. */
bool node_to_uint(const struct node *node, uint64_t *out);
bool node_to_int(const struct node *node, int64_t *out);
bool node_to_bool(const struct node *node, bool *out);
/* Convenience for data of our own making (trace lines): the value or the fallback. */
uint64_t node_get_uint(const struct node *map, const char *key, uint64_t fallback);
bool node_get_bool(const struct node *map, const char *key, bool fallback);
/* Bytes of a hexadecimal string entry; false if absent or no hex. */
bool node_get_hex(struct arena *keep, const struct node *map, const char *key, struct bytes *out);

/* The candidate nearest to text by edit distance, for "did you mean"; NULL if none is near. */
const char *nearest_name(const char *text, const char *const *candidates, size_t count);

#endif
