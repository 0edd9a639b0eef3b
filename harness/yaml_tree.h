/* SPDX-License-Identifier: Apache-2.0 */
/* YAML files as trees.  The only module that knows libyaml.
 *
 * The subset that people need: maps, lists, scalars, one document.  Anchors, aliases, tags,
 * duplicate keys, bytes that aren't UTF-8 and documents beyond the limits below are refused, each
 * with a sentence. */
#ifndef MDCTS_YAML_TREE_H
#define MDCTS_YAML_TREE_H

#include "base/node.h"

#define YAML_BYTES_MAX (4u * 1024 * 1024)
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 200000
#define YAML_KEYS_MAX  4096 /* of one map */

/* Reads text.  file is what diagnostics say; it must outlive the tree.  NULL, with diagnostics, if
 * the text is no single document. */
struct node *yaml_tree_parse(struct diags *diags, struct arena *keep, struct bytes text,
                             const char *file);

/* Reads a file; an unreadable one is a diagnostic too. */
struct node *yaml_tree_read_file(struct diags *diags, struct arena *keep, const char *path);

#endif
