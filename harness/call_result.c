/* SPDX-License-Identifier: Apache-2.0 */
#include "base/poison.h"
#include "call_image_internal.h"

#include <string.h>

#define CONTENT_MAX ((size_t)64 * 1024)

uint64_t call_image_read_number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size && i < 8; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

const char *call_image_object_name(const struct call_image *image, uint32_t index)
{
    return index < image->object_count ? image->objects[index].object.name : "?";
}

static struct node *pointer_node(const struct call_image *image, const struct host_pointer *pointer)
{
    struct arena *arena = image->arena;
    if (pointer->kind == POINTER_NULL)
        return node_new_null(arena);
    struct node *map = node_new_map(arena);
    if (pointer->kind == POINTER_BLOCK) {
        node_add(map, "block", node_new_uint(arena, pointer->index));
        node_add(map, "size", node_new_uint(arena, pointer->size));
        if (!pointer->live)
            node_add(map, "freed", node_new_bool(arena, true));
    } else if (pointer->kind == POINTER_OBJECT) {
        const char *name = call_image_object_name(image, pointer->index);
        node_add(map, "input", node_new_string(arena, name));
    } else {
        node_add(map, "wild", node_new_bool(arena, true));
        return map;
    }
    node_add(map, "offset", node_new_int(arena, pointer->offset));
    return map;
}

static const struct host_followed *followed(const struct call_image *image,
                                            const struct host_result *result,
                                            const struct value_layout *value)
{
    for (size_t i = 0; i < image->follow_count && i < result->follow_count; i++)
        if (image->followed[i] == value)
            return &result->follows[i];
    return NULL;
}

/* The longest run of bytes that lay there before the driver had the memory; 0: none that is no
 * chance. */
static size_t unwritten(struct bytes bytes, uint8_t poison)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        run = bytes.data[i] == poison ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest >= POISON_RUN ? longest : 0;
}

static void add_unwritten(const struct call_image *image, struct bytes bytes, struct node *pointer)
{
    size_t block = unwritten(bytes, POISON_BLOCK), stack = unwritten(bytes, POISON_STACK);
    if (pointer->kind != NODE_MAP)
        return;
    if (block > 0)
        node_add(pointer, "unwritten", node_new_uint(image->arena, block));
    if (stack > 0)
        node_add(pointer, "unwritten_stack", node_new_uint(image->arena, stack));
}

static void add_block_output(const struct call_image *image, const struct host_result *result,
                             const struct value_layout *value, struct node *out)
{
    const struct host_followed *f = followed(image, result, value);
    if (f == NULL)
        return;
    struct node *pointer = pointer_node(image, &f->pointer);
    node_add(out, value->name, pointer);
    if (result->status == 0 && f->readable)
        add_unwritten(image, f->bytes, pointer);
    if (result->status == 0 && f->readable && f->bytes.len > 0 && f->bytes.len <= CONTENT_MAX &&
        value->content != NULL)
        node_add(out, value->content, node_new_hex(image->arena, f->bytes));
    if (!f->readable && f->pointer.kind != POINTER_NULL)
        node_add(pointer, "unreadable", node_new_bool(image->arena, true));
}

static void add_struct_outputs(const struct call_image *image, const struct host_result *result,
                               const struct struct_layout *layout, struct node *out)
{
    struct bytes after = result->images[image->struct_object];
    for (size_t m = 0; m < layout->member_count; m++) {
        const struct value_layout *member = &layout->members[m];
        size_t end = image->objects[image->struct_object].cut;
        if ((size_t)member->offset + member->size > (end != 0 ? end : after.len) ||
            (size_t)member->offset + member->size > after.len)
            continue;
        if (member->kind == LAYOUT_NUMBER)
            node_add(out, member->name,
                     node_new_uint(image->arena, call_image_read_number(after.data + member->offset,
                                                                        member->size)));
        else if (member->kind == LAYOUT_OUT_BLOCK)
            add_block_output(image, result, member, out);
    }
}

static void add_buffer_output(const struct call_image *image, const struct host_result *result,
                              const struct value_layout *p, uint32_t object, struct node *out)
{
    uint32_t length = call_image_argument_object(image, p->length);
    if (length == NO_OBJECT || result->status != 0)
        return;
    struct bytes after = result->images[object];
    uint64_t len = call_image_read_number(result->images[length].data, result->images[length].len);
    if (len <= after.len && len > 0)
        node_add(out, "data", node_new_hex(image->arena, (struct bytes){after.data, len}));
}

struct node *call_image_outputs(const struct call_image *image, const struct host_result *result)
{
    struct node *out = node_new_map(image->arena);
    for (size_t i = 0; i < image->entry->parameter_count; i++) {
        const struct value_layout *p = &image->entry->parameters[i];
        if (image->args[i].kind != VALUE_OBJECT || image->args[i].index >= result->image_count)
            continue;
        uint32_t object = image->args[i].index;
        struct bytes after = result->images[object];
        if (p->kind == LAYOUT_STRUCT)
            add_struct_outputs(image, result, p->layout, out);
        else if (p->kind == LAYOUT_OUT_NUMBER)
            node_add(out, p->name,
                     node_new_uint(image->arena, call_image_read_number(after.data, after.len)));
        else if (p->kind == LAYOUT_OUT_BLOCK)
            add_block_output(image, result, p, out);
        else if (p->kind == LAYOUT_OUT_BUFFER)
            add_buffer_output(image, result, p, object, out);
    }
    return out;
}

struct bytes call_image_content(const struct call_image *image, const struct host_result *result,
                                const char *content)
{
    for (size_t i = 0; i < image->follow_count && i < result->follow_count; i++) {
        const struct value_layout *value = image->followed[i];
        if (value->content != NULL && strcmp(value->content, content) == 0 &&
            result->follows[i].readable)
            return result->follows[i].bytes;
    }
    return (struct bytes){NULL, 0};
}

const char *call_image_changed(const struct call_image *image, const struct host_change *change,
                               bool *beyond)
{
    *beyond = false;
    if (change->index >= image->object_count)
        return NULL;
    const struct image_object *o = &image->objects[change->index];
    bool outside = change->offset < 0 || (uint64_t)change->offset >= o->object.size;
    if (o->use == USE_INPUT || outside)
        return o->object.name;
    if (o->use != USE_STRUCT || !o->value->layout->watched)
        return NULL;
    const struct struct_layout *layout = o->value->layout;
    uint64_t first = (uint64_t)change->offset, end = first + change->after.len;
    *beyond = o->cut != 0 && end > o->cut;
    if (*beyond)
        return layout->name;
    for (size_t m = 0; m < layout->member_count; m++) {
        const struct value_layout *member = &layout->members[m];
        if (!member->output && first < (uint64_t)member->offset + member->size &&
            end > member->offset)
            return member->name;
    }
    return NULL;
}

bool call_image_buffer_filled(const struct call_image *image, const struct host_result *result)
{
    for (size_t i = 0; i < result->object_count; i++) {
        const struct host_change *change = &result->objects[i];
        if (change->index < image->object_count &&
            image->objects[change->index].use == USE_BUFFER && change->offset >= 0)
            return true;
    }
    return false;
}
