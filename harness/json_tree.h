/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as trees, and trees as JSON text.  The only module that knows jansson.
 *
 * Numbers, true, false and null are NODE_PLAIN and keep their text; what is written is compact, on
 * one line, and the same for the same tree. */
#ifndef MDCTS_JSON_TREE_H
#define MDCTS_JSON_TREE_H

#include "base/node.h"

#include <stdio.h>

#define JSON_BYTES_MAX (64u * 1024 * 1024)
#define JSON_DEPTH_MAX 64
#define JSON_KEYS_MAX  4096 /* of one map */

/* Reads one value; its nodes carry file and line as position.  Duplicate keys, NUL in strings and
 * more than the limits are errors.  NULL with a diagnostic on failure. */
struct node *json_tree_parse(struct diags *diags, struct arena *keep, const char *text, size_t len,
                             const char *file, uint32_t line);

/* Compact JSON text without a newline.  Plain scalars that JSON doesn't know (0x10, yes) are
 * written as what they mean or as strings; bytes that are no UTF-8 are replaced by U+FFFD. */
char *json_tree_text(struct arena *keep, const struct node *node);
/* The same with a line feed in the place of the NUL. */
char *json_tree_line(struct arena *keep, const struct node *node, size_t *len);

/* The same, and a newline, to a stream.  False if it could not be written. */
bool json_tree_write_line(FILE *to, const struct node *node);

#endif
