/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LENGTH_MAX  63
#define NUMBER_BYTES_MAX 20 /* -2^63 and 2^64 - 1 have so many characters */

static struct node *new_node(struct arena *keep, enum node_kind kind, const char *text)
{
    struct node *node = arena_new(keep, struct node);
    node->kind = kind;
    node->text = text;
    return node;
}

struct node *node_new_map(struct arena *keep)
{
    return new_node(keep, NODE_MAP, NULL);
}

struct node *node_new_list(struct arena *keep)
{
    return new_node(keep, NODE_LIST, NULL);
}

struct node *node_new_string(struct arena *keep, const char *text)
{
    return new_node(keep, NODE_STRING, text);
}

/* By hand: most of a trace is numbers, and printf takes ten times as long. */
static struct node *new_number(struct arena *keep, bool negative, uint64_t magnitude)
{
    char text[NUMBER_BYTES_MAX], *at = text + sizeof text;
    do
        *--at = (char)('0' + magnitude % 10);
    while ((magnitude /= 10) != 0);
    if (negative)
        *--at = '-';
    return new_node(keep, NODE_PLAIN, arena_strndup(keep, at, (size_t)(text + sizeof text - at)));
}

struct node *node_new_int(struct arena *keep, int64_t value)
{
    return new_number(keep, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

struct node *node_new_uint(struct arena *keep, uint64_t value)
{
    return new_number(keep, false, value);
}

struct node *node_new_bool(struct arena *keep, bool value)
{
    return new_node(keep, NODE_PLAIN, value ? "true" : "false");
}

struct node *node_new_null(struct arena *keep)
{
    return new_node(keep, NODE_PLAIN, "null");
}

struct node *node_new_hex(struct arena *keep, struct bytes value)
{
    return new_node(keep, NODE_STRING, bytes_to_hex(keep, value));
}

static struct node *link_child(struct node *parent, struct node *child)
{
    assert(child->next == NULL);
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
    parent->count++;
    return child;
}

struct node *node_add(struct node *map, const char *key, struct node *child)
{
    assert(map->kind == NODE_MAP);
    child->key = key;
    return link_child(map, child);
}

struct node *node_append(struct node *list, struct node *child)
{
    assert(list->kind == NODE_LIST);
    return link_child(list, child);
}

struct node *node_copy(struct arena *keep, const struct node *from)
{
    struct node *copy = arena_new(keep, struct node);
    copy->kind = from->kind;
    copy->at = from->at;
    copy->key_at = from->key_at;
    if (from->text != NULL)
        copy->text = arena_strdup(keep, from->text);
    if (from->key != NULL)
        copy->key = arena_strdup(keep, from->key);
    for (const struct node *child = from->first; child != NULL; child = child->next)
        link_child(copy, node_copy(keep, child));
    return copy;
}

struct node *node_get(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (struct node *child = map->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

bool node_is_scalar(const struct node *node)
{
    return node != NULL && (node->kind == NODE_PLAIN || node->kind == NODE_STRING);
}

bool node_is_null(const struct node *node)
{
    return node != NULL && node->kind == NODE_PLAIN &&
           (strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0 ||
            node->text[0] == '\0');
}

const char *node_text(const struct node *node)
{
    return node_is_scalar(node) ? node->text : NULL;
}

const char *node_get_text(const struct node *map, const char *key)
{
    return node_text(node_get(map, key));
}

static bool is_number(const struct node *node)
{
    if (node == NULL || node->kind != NODE_PLAIN)
        return false;
    const char *digits = node->text + (node->text[0] == '-');
    if (digits[0] == '0' && digits[1] == 'x')
        return digits[2] != '\0' &&
               strspn(digits + 2, "0123456789abcdefABCDEF") == strlen(digits + 2);
    return digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits);
}

static int number_base(const char *text)
{
    text += text[0] == '-';
    return text[0] == '0' && text[1] == 'x' ? 16 : 10; /* a leading 0 is not octal */
}

bool node_to_uint(const struct node *node, uint64_t *out)
{
    if (!is_number(node) || node->text[0] == '-')
        return false;
    errno = 0;
    uint64_t value = strtoull(node->text, NULL, number_base(node->text));
    if (errno != 0)
        return false;
    *out = value;
    return true;
}

bool node_to_int(const struct node *node, int64_t *out)
{
    if (!is_number(node))
        return false;
    errno = 0;
    int64_t value = strtoll(node->text, NULL, number_base(node->text));
    if (errno != 0)
        return false;
    *out = value;
    return true;
}

bool node_to_bool(const struct node *node, bool *out)
{
    if (node == NULL || node->kind != NODE_PLAIN)
        return false;
    bool yes = strcmp(node->text, "true") == 0;
    if (!yes && strcmp(node->text, "false") != 0)
        return false;
    *out = yes;
    return true;
}

uint64_t node_get_uint(const struct node *map, const char *key, uint64_t fallback)
{
    uint64_t value;
    return node_to_uint(node_get(map, key), &value) ? value : fallback;
}

bool node_get_bool(const struct node *map, const char *key, bool fallback)
{
    bool value;
    return node_to_bool(node_get(map, key), &value) ? value : fallback;
}

bool node_get_hex(struct arena *keep, const struct node *map, const char *key, struct bytes *out)
{
    const char *text = node_get_text(map, key);
    return text != NULL && bytes_from_hex(keep, text, out);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance of two names of at most NAME_LENGTH_MAX characters. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_LENGTH_MAX + 1];
    size_t len = strlen(b);
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

const char *nearest_name(const char *text, const char *const *candidates, size_t count)
{
    size_t len = strlen(text);
    size_t best_distance = len / 3 + 1;
    const char *best = NULL;
    if (len > NAME_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > NAME_LENGTH_MAX)
            continue;
        size_t distance = edit_distance(text, candidates[i]);
        if (distance < best_distance || (distance == best_distance && best == NULL)) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}
