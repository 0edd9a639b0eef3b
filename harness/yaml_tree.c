/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

struct reader {
    struct diags *diags;
    struct arena *keep;
    const char *file;
    struct bytes text;
    yaml_parser_t parser;
    size_t nodes;
    size_t depth;
};

static struct source_pos position(const struct reader *r, yaml_mark_t mark)
{
    return (struct source_pos){r->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml gives no mark for bytes that it can't read, only their offset. */
static struct source_pos position_of_offset(const struct reader *r, size_t offset)
{
    struct source_pos at = {r->file, 1, 1};
    for (size_t i = 0; i < offset && i < r->text.len; i++) {
        if (r->text.data[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (r->text.data[i] >> 6 != 2) {
            at.column++;
        }
    }
    return at;
}

static bool syntax_error(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "this is no YAML";
    if (p->error == YAML_READER_ERROR)
        return diag_error(r->diags, position_of_offset(r, p->problem_offset), "%s", problem);
    struct source_pos at = position(r, p->problem_mark);
    if (p->context == NULL)
        return diag_error(r->diags, at, "%s", problem);
    return diag_error(r->diags, at, "%s (%s that starts in line %zu, column %zu)", problem,
                      p->context, p->context_mark.line + 1, p->context_mark.column + 1);
}

/* On success the caller deletes the event. */
static bool next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event) != 0)
        return true;
    return syntax_error(r);
}

static bool refuse_anchor(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor)
{
    if (anchor == NULL)
        return true;
    return diag_error(r->diags, position(r, event->start_mark),
                      "anchors are not allowed here: repeat the value instead of '&%s'",
                      (const char *)anchor);
}

static bool refuse_tag(struct reader *r, const yaml_event_t *event, const yaml_char_t *tag)
{
    if (tag == NULL)
        return true;
    return diag_error(r->diags, position(r, event->start_mark),
                      "tags such as '%s' are not allowed here", (const char *)tag);
}

static struct node *new_node(struct reader *r, const yaml_event_t *event, enum node_kind kind)
{
    struct node *node = arena_new(r->keep, struct node);
    node->kind = kind;
    node->at = position(r, event->start_mark);
    r->nodes++;
    return node;
}

static struct node *read_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct node *node = new_node(r, event, plain ? NODE_PLAIN : NODE_STRING);
    refuse_anchor(r, event, event->data.scalar.anchor);
    refuse_tag(r, event, event->data.scalar.tag);
    if (memchr(text, '\0', len) != NULL)
        diag_error(r->diags, node->at, "a NUL character is not allowed in a string");
    node->text = arena_strndup(r->keep, text, len);
    return node;
}

static struct node *read_value(struct reader *r, const yaml_event_t *event);

static bool add_entry(struct reader *r, struct node *map, const struct node *key,
                      struct node *value)
{
    value->key_at = key->at;
    const struct node *earlier = node_get(map, key->text);
    if (earlier != NULL)
        return diag_error(r->diags, key->at, "duplicate key '%s', first used in line %u", key->text,
                          earlier->key_at.line);
    if (map->count >= YAML_KEYS_MAX)
        return diag_error(r->diags, key->at, "more than %d keys in one map (YAML_KEYS_MAX)",
                          YAML_KEYS_MAX);
    node_add(map, key->text, value);
    return true;
}

/* The key that event starts; NULL, after reading over it, if it is no scalar. */
static struct node *read_key(struct reader *r, const yaml_event_t *event, bool *ok)
{
    struct node *key = read_value(r, event);
    *ok = key != NULL;
    if (key == NULL || node_is_scalar(key))
        return key;
    diag_error(r->diags, key->at, "a key must be a plain word, not a list or a map");
    return NULL;
}

/* Reads the rest of a map, or of a list, up to its end event. */
static bool read_children(struct reader *r, struct node *parent, yaml_event_type_t end)
{
    for (;;) {
        yaml_event_t event;
        if (!next_event(r, &event))
            return false;
        bool last = event.type == end, ok = true;
        struct node *key = NULL;
        if (!last && parent->kind == NODE_MAP) {
            key = read_key(r, &event, &ok);
            yaml_event_delete(&event);
            if (!ok || !next_event(r, &event))
                return false;
        }
        struct node *value = last ? NULL : read_value(r, &event);
        yaml_event_delete(&event);
        if (last)
            return true;
        if (value == NULL)
            return false;
        if (parent->kind == NODE_LIST)
            node_append(parent, value);
        else if (key != NULL)
            add_entry(r, parent, key, value);
    }
}

static struct node *read_collection(struct reader *r, const yaml_event_t *event, bool map)
{
    struct node *node = new_node(r, event, map ? NODE_MAP : NODE_LIST);
    refuse_anchor(r, event,
                  map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor);
    refuse_tag(r, event, map ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    if (r->depth >= YAML_DEPTH_MAX) {
        diag_error(r->diags, node->at, "nested deeper than %d levels (YAML_DEPTH_MAX)",
                   YAML_DEPTH_MAX);
        return NULL;
    }
    r->depth++;
    bool ok = read_children(r, node, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT);
    r->depth--;
    return ok ? node : NULL;
}

static struct node *read_alias(struct reader *r, const yaml_event_t *event)
{
    struct node *node = new_node(r, event, NODE_PLAIN);
    node->text = "null";
    diag_error(r->diags, node->at,
               "aliases are not allowed here: repeat the value instead of '*%s'",
               (const char *)event->data.alias.anchor);
    return node;
}

/* NULL means that reading can't go on, and a diagnostic says why. */
static struct node *read_value(struct reader *r, const yaml_event_t *event)
{
    if (r->nodes >= YAML_NODES_MAX) {
        diag_error(r->diags, position(r, event->start_mark),
                   "more than %d values in one file (YAML_NODES_MAX)", YAML_NODES_MAX);
        return NULL;
    }
    if (event->type == YAML_MAPPING_START_EVENT)
        return read_collection(r, event, true);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return read_collection(r, event, false);
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(r, event);
    return read_scalar(r, event);
}

/* Goes to the event that starts the document's value. */
static bool skip_to_value(struct reader *r, yaml_event_t *event)
{
    for (;;) {
        if (!next_event(r, event))
            return false;
        if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT)
            break;
        yaml_event_delete(event);
    }
    if (event->type != YAML_STREAM_END_EVENT)
        return true;
    yaml_event_delete(event);
    return diag_error(r->diags, (struct source_pos){r->file, 1, 1}, "the file is empty");
}

static bool expect_end(struct reader *r)
{
    yaml_event_t event;
    for (;;) {
        if (!next_event(r, &event))
            return false;
        yaml_event_type_t type = event.type;
        struct source_pos at = position(r, event.start_mark);
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return true;
        if (type != YAML_DOCUMENT_END_EVENT)
            return diag_error(r->diags, at, "a second document begins here; one file holds one");
    }
}

static struct node *read_document(struct reader *r)
{
    yaml_event_t event;
    if (!skip_to_value(r, &event))
        return NULL;
    struct node *root = read_value(r, &event);
    yaml_event_delete(&event);
    return root != NULL && expect_end(r) ? root : NULL;
}

static bool check_text(struct reader *r)
{
    if (r->text.len > YAML_BYTES_MAX)
        return diag_error(r->diags, (struct source_pos){r->file, 0, 0},
                          "larger than %u bytes (YAML_BYTES_MAX)", YAML_BYTES_MAX);
    const uint8_t *nul = r->text.len == 0 ? NULL : memchr(r->text.data, 0, r->text.len);
    if (nul != NULL)
        return diag_error(r->diags, position_of_offset(r, (size_t)(nul - r->text.data)),
                          "a NUL byte is not allowed in a text file");
    return true;
}

struct node *yaml_tree_parse(struct diags *diags, struct arena *keep, struct bytes text,
                             const char *file)
{
    struct reader r = {.diags = diags, .keep = keep, .file = file, .text = text};
    size_t errors = diags->count;
    if (!check_text(&r))
        return NULL;
    if (yaml_parser_initialize(&r.parser) == 0) {
        diag_error(diags, (struct source_pos){file, 0, 0}, "no memory to read the file");
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, text.len > 0 ? text.data : (const uint8_t *)"",
                                 text.len);
    struct node *root = read_document(&r);
    yaml_parser_delete(&r.parser);
    return diags->count == errors ? root : NULL;
}

static bool read_stream(struct arena *keep, FILE *from, struct bytes *out)
{
    uint8_t *data = NULL;
    size_t len = 0, capacity = 0;
    while (len <= YAML_BYTES_MAX) {
        if (len == capacity) {
            uint8_t *bigger = arena_alloc(keep, capacity == 0 ? 16384 : capacity * 2, 1);
            if (len > 0)
                memcpy(bigger, data, len);
            data = bigger;
            capacity = capacity == 0 ? 16384 : capacity * 2;
        }
        size_t got = fread(data + len, 1, capacity - len, from);
        if (got == 0)
            break;
        len += got;
    }
    *out = (struct bytes){data, len};
    return ferror(from) == 0;
}

struct node *yaml_tree_read_file(struct diags *diags, struct arena *keep, const char *path)
{
    struct source_pos at = {arena_strdup(keep, path), 0, 0};
    struct bytes text;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        diag_error(diags, at, "the file can't be opened: %s", strerror(errno));
        return NULL;
    }
    bool ok = read_stream(keep, file, &text);
    int error = errno;
    fclose(file);
    if (!ok) {
        diag_error(diags, at, "the file can't be read: %s", strerror(error));
        return NULL;
    }
    return yaml_tree_parse(diags, keep, text, at.file);
}
