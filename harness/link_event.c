/* SPDX-License-Identifier: Apache-2.0 */
/* Events: from frames to the maps of the trace. */
#include "link_internal.h"

enum show { SHOW_UINT, SHOW_BOOL, SHOW_TEXT, SHOW_UTF16, SHOW_HEX, SHOW_MAP, SHOW_HIDDEN };

static const char *const event_names[EVENT_COUNT] = {
#define EVENT_ROW(id, name) name,
#define FIELD_ROW(id, key, show)
#include "base/events.def"
#undef EVENT_ROW
#undef FIELD_ROW
};

static const struct {
    const char *key;
    enum show show;
} fields[EV_COUNT] = {
#define EVENT_ROW(id, name)
#define FIELD_ROW(id, key, show) {key, SHOW_##show},
#include "base/events.def"
#undef EVENT_ROW
#undef FIELD_ROW
};

static const enum field_type types[] = {
    [SHOW_UINT] = FIELD_UINT,    [SHOW_BOOL] = FIELD_UINT, [SHOW_TEXT] = FIELD_TEXT,
    [SHOW_UTF16] = FIELD_UTF16,  [SHOW_HEX] = FIELD_BYTES, [SHOW_MAP] = FIELD_GROUP,
    [SHOW_HIDDEN] = FIELD_BYTES,
};

char *text_of_bytes(struct arena *keep, struct bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_array(keep, char, bytes.len * 4 + 1), *to = text;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        if ((byte >= ' ' && byte < 0x7f) || byte == '\n' || byte == '\t') {
            *to++ = (char)byte;
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    *to = '\0';
    return text;
}

/* Tags are names; what is beyond ASCII in them is written as \uNNNN. */
static char *text_of_utf16(struct arena *keep, struct bytes bytes)
{
    char *text = arena_array(keep, char, bytes.len * 3 + 1), *to = text;
    for (size_t i = 0; i + 1 < bytes.len; i += 2) {
        unsigned unit = bytes.data[i] | (unsigned)bytes.data[i + 1] << 8;
        if (unit >= ' ' && unit < 0x7f)
            *to++ = (char)unit;
        else
            to += snprintf(to, 7, "\\u%04x", unit);
    }
    *to = '\0';
    return text;
}

static bool add_fields(struct arena *keep, struct node *map, struct bytes rest, int depth,
                       struct bytes *content);

static struct node *value_node(struct arena *keep, enum show show, const struct frame_field *field,
                               int depth)
{
    struct node *map;
    switch (show) {
    case SHOW_UINT: return node_new_uint(keep, field->number);
    case SHOW_BOOL: return node_new_bool(keep, field->number != 0);
    case SHOW_TEXT: return node_new_string(keep, text_of_bytes(keep, field->bytes));
    case SHOW_UTF16: return node_new_string(keep, text_of_utf16(keep, field->bytes));
    case SHOW_HEX: return node_new_hex(keep, field->bytes);
    case SHOW_MAP:
        map = node_new_map(keep);
        return add_fields(keep, map, field->bytes, depth + 1, NULL) ? map : NULL;
    case SHOW_HIDDEN: break;
    }
    return NULL;
}

/* False if a field is unknown, of the wrong type, repeated, or nested too deep. */
static bool add_fields(struct arena *keep, struct node *map, struct bytes rest, int depth,
                       struct bytes *content)
{
    struct frame_field field;
    while (depth < FRAME_DEPTH_MAX && frame_next(&rest, &field)) {
        if (field.id >= EV_COUNT || field.type != types[fields[field.id].show] ||
            node_get(map, fields[field.id].key) != NULL)
            return false;
        if (fields[field.id].show == SHOW_HIDDEN) {
            if (content == NULL)
                return false;
            *content = field.bytes;
            continue;
        }
        struct node *value = value_node(keep, fields[field.id].show, &field, depth);
        if (value == NULL)
            return false;
        node_add(map, fields[field.id].key, value);
    }
    return rest.len == 0;
}

struct node *event_node(struct arena *keep, const struct frame *frame, struct bytes *content)
{
    *content = (struct bytes){0};
    if (frame->kind < FRAME_EVENT_FIRST || frame->kind >= FRAME_EVENT_FIRST + EVENT_COUNT)
        return NULL;
    struct node *map = node_new_map(keep);
    node_add(map, "e", node_new_string(keep, event_names[frame->kind - FRAME_EVENT_FIRST]));
    return add_fields(keep, map, frame->fields, 0, content) ? map : NULL;
}

struct node *event_begin(struct host *host, const char *name)
{
    struct arena *keep = host->sink.arena;
    struct node *map = node_new_map(keep);
    node_add(map, "e", node_new_string(keep, name));
    node_add(map, "s", node_new_uint(keep, host->step));
    if (host->thread != 0)
        node_add(map, "t", node_new_uint(keep, host->thread));
    node_add(map, "q", node_new_uint(keep, ++host->sequence));
    return map;
}

void event_deliver(struct host *host, struct node *event)
{
    host->sink.event(host->sink.data, event, (struct bytes){0});
}
