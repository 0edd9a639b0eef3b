/* SPDX-License-Identifier: Apache-2.0 */
#include "call_image_internal.h"

#include "base/poison.h"
#include "mdcts/cng.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define BUFFER_DEFAULT_BYTES 512
#define BUFFER_FILL          POISON_STACK
#define HANDLE_BASE          UINT64_C(0x5ec7e70000000000) /* no address, no small number */
#define BEYOND_PATTERN       UINT64_C(0xA5A5A5A5A5A5A5A5)

/* ---- objects ---- */

static uint32_t add_object(struct call_image *image, const struct value_layout *value,
                           enum object_use use, struct bytes bytes)
{
    assert(image->object_count < HOST_OBJECTS_MAX);
    image->objects = arena_grow(image->arena, image->objects, image->object_count,
                                &image->object_capacity, sizeof *image->objects);
    struct image_object *o = &image->objects[image->object_count];
    *o = (struct image_object){.use = use, .value = value};
    o->object.name = value == NULL ? "pParameterList" : value->name;
    o->object.bytes = bytes;
    o->object.size = bytes.len;
    o->object.whole = use == USE_STRUCT || use == USE_CELL;
    return (uint32_t)image->object_count++;
}

static uint8_t *object_bytes(struct call_image *image, uint32_t object)
{
    /* The images are the arena's; only struct bytes calls them constant. */
    return (uint8_t *)(uintptr_t)image->objects[object].object.bytes.data;
}

static struct bytes fresh_bytes(struct arena *arena, size_t size)
{
    return (struct bytes){arena_alloc(arena, size, 1), size};
}

static void write_number(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void unlink_pointer(struct call_image *image, uint32_t object, uint32_t offset)
{
    for (size_t i = 0; i < image->relocation_count; i++) {
        struct host_relocation *r = &image->relocations[i];
        if (r->object == object && r->offset == offset) {
            *r = image->relocations[--image->relocation_count];
            return;
        }
    }
}

static void link_pointer(struct call_image *image, uint32_t object, uint32_t offset,
                         struct host_value to)
{
    unlink_pointer(image, object, offset);
    if (to.kind == VALUE_NUMBER) {
        write_number(object_bytes(image, object) + offset, to.number, 8);
        return;
    }
    assert(image->relocation_count < HOST_RELOCATIONS_MAX);
    image->relocations = arena_grow(image->arena, image->relocations, image->relocation_count,
                                    &image->relocation_capacity, sizeof *image->relocations);
    image->relocations[image->relocation_count++] = (struct host_relocation){object, offset, to};
}

/* ---- names ---- */

/* Where a value lives: an argument, or a member of the structure. */
struct place {
    const struct value_layout *value;
    size_t argument;
    bool is_member;
};

static bool find_place(const struct call_image *image, const char *name, struct place *out)
{
    const struct entry_layout *entry = image->entry;
    for (size_t i = 0; i < entry->parameter_count; i++) {
        if (strcmp(entry->parameters[i].name, name) == 0) {
            *out = (struct place){&entry->parameters[i], i, false};
            return true;
        }
    }
    for (size_t i = 0; i < entry->parameter_count; i++) {
        const struct struct_layout *layout = entry->parameters[i].layout;
        for (size_t m = 0; layout != NULL && m < layout->member_count; m++) {
            if (strcmp(layout->members[m].name, name) == 0) {
                *out = (struct place){&layout->members[m], i, true};
                return true;
            }
        }
    }
    return false;
}

static void set_place(struct call_image *image, const struct place *place, struct host_value value)
{
    if (!place->is_member)
        image->args[place->argument] = value;
    else if (value.kind == VALUE_NUMBER && place->value->size < 8)
        write_number(object_bytes(image, image->struct_object) + place->value->offset, value.number,
                     place->value->size);
    else
        link_pointer(image, image->struct_object, place->value->offset, value);
}

static struct host_value number_value(uint64_t number)
{
    return (struct host_value){.kind = VALUE_NUMBER, .number = number};
}

static struct host_value object_value(uint32_t object)
{
    return (struct host_value){.kind = VALUE_OBJECT, .index = object};
}

uint32_t call_image_argument_object(const struct call_image *image, const char *name)
{
    struct place place;
    if (name == NULL || !find_place(image, name, &place) || place.is_member ||
        image->args[place.argument].kind != VALUE_OBJECT)
        return NO_OBJECT;
    return image->args[place.argument].index;
}

/* ---- defaults ---- */

static void init_struct(struct call_image *image, size_t argument, const struct value_layout *p)
{
    uint32_t object = add_object(image, p, USE_STRUCT, fresh_bytes(image->arena, p->layout->size));
    image->struct_object = object;
    image->args[argument] = object_value(object);
    for (size_t m = 0; m < p->layout->member_count; m++) {
        const struct value_layout *member = &p->layout->members[m];
        if (member->kind == LAYOUT_NUMBER)
            write_number(object_bytes(image, object) + member->offset, member->initial,
                         member->size);
    }
}

static void init_argument(struct call_image *image, size_t argument, uint32_t context)
{
    const struct value_layout *p = &image->entry->parameters[argument];
    struct host_value value = number_value(p->initial);
    switch (p->kind) {
    case LAYOUT_CARD_DATA:
        value = (struct host_value){.kind = VALUE_CONTEXT, .index = context};
        break;
    case LAYOUT_OUT_NUMBER:
        value = object_value(add_object(image, p, USE_CELL, fresh_bytes(image->arena, p->size)));
        break;
    case LAYOUT_OUT_BLOCK:
        value = object_value(add_object(image, p, USE_CELL, fresh_bytes(image->arena, 8)));
        break;
    case LAYOUT_STRUCT: init_struct(image, argument, p); return;
    case LAYOUT_NUMBER:
    case LAYOUT_TEXT16:
    case LAYOUT_TEXT8:
    case LAYOUT_INPUT:
    case LAYOUT_OUT_BUFFER:
    case LAYOUT_POINTER: break;
    }
    image->args[argument] = value;
}

struct call_image *call_image_new(struct arena *arena, const struct entry_layout *entry,
                                  uint32_t context)
{
    struct call_image *image = arena_new(arena, struct call_image);
    image->arena = arena;
    image->entry = entry;
    image->list_object = image->struct_object = NO_OBJECT;
    for (size_t i = 0; i < entry->parameter_count; i++)
        init_argument(image, i, context);
    for (size_t i = 0; i < entry->parameter_count; i++)
        if (entry->parameters[i].kind == LAYOUT_OUT_BUFFER)
            call_image_set_buffer(image, entry->parameters[i].name, BUFFER_DEFAULT_BYTES);
    return image;
}

/* ---- setting ---- */

bool call_image_set_number(struct call_image *image, const char *name, uint64_t value)
{
    struct place place;
    if (!find_place(image, name, &place))
        return false;
    if (!place.is_member && place.value->kind == LAYOUT_OUT_NUMBER) {
        uint32_t cell = call_image_argument_object(image, name);
        if (cell != NO_OBJECT)
            write_number(object_bytes(image, cell), value, place.value->size);
        return true;
    }
    set_place(image, &place, number_value(value));
    return true;
}

bool call_image_place(const struct call_image *image, const char *name, struct host_place *out)
{
    struct place place;
    if (!find_place(image, name, &place))
        return false;
    *out = place.is_member
               ? (struct host_place){image->struct_object, (uint32_t)place.value->offset,
                                     (uint32_t)place.value->size}
               : (struct host_place){HOST_ARGUMENT, (uint32_t)place.argument,
                                     (uint32_t)place.value->size};
    return true;
}

bool call_image_set_null(struct call_image *image, const char *name)
{
    struct place place;
    if (!find_place(image, name, &place))
        return false;
    set_place(image, &place, number_value(0));
    return true;
}

static bool set_object(struct call_image *image, const char *name, struct bytes value,
                       enum object_use use)
{
    struct place place;
    if (!find_place(image, name, &place))
        return false;
    uint32_t object = add_object(image, place.value, use, value);
    set_place(image, &place, object_value(object));
    const char *length = use == USE_BUFFER && place.value->capacity != NULL ? place.value->capacity
                                                                            : place.value->length;
    if (length != NULL)
        call_image_set_number(image, length, value.len);
    return true;
}

bool call_image_set_input(struct call_image *image, const char *name, struct bytes value)
{
    return set_object(image, name, bytes_copy(image->arena, value), USE_INPUT);
}

bool call_image_set_secret(struct call_image *image, const char *name, struct bytes value)
{
    if (!set_object(image, name, value, USE_INPUT))
        return false;
    image->objects[image->object_count - 1].object.secret = true;
    return true;
}

bool call_image_set_text(struct call_image *image, const char *name, const char *utf8)
{
    struct place place;
    struct bytes text = {(const uint8_t *)utf8, strlen(utf8) + 1};
    if (!find_place(image, name, &place))
        return false;
    if (place.value->kind == LAYOUT_TEXT16 && !bytes_from_utf8_as_utf16(image->arena, utf8, &text))
        return false;
    return set_object(image, name, bytes_copy(image->arena, text), USE_INPUT);
}

bool call_image_set_buffer(struct call_image *image, const char *name, size_t size)
{
    struct bytes buffer = fresh_bytes(image->arena, size);
    if (!set_object(image, name, buffer, USE_BUFFER))
        return false;
    memset(object_bytes(image, (uint32_t)image->object_count - 1), BUFFER_FILL, size);
    image->objects[image->object_count - 1].object.whole = true;
    return true;
}

bool call_image_set_raw(struct call_image *image, const char *name, const struct raw_value *value)
{
    switch (value->kind) {
    case RAW_INTEGER: return call_image_set_number(image, name, value->integer);
    case RAW_NULL: return call_image_set_null(image, name);
    case RAW_TEXT: return call_image_set_text(image, name, value->text);
    case RAW_BYTES: return call_image_set_input(image, name, value->bytes);
    }
    assert(0 && "a raw value has one of four kinds");
}

void call_image_cut_struct(struct call_image *image, size_t size, bool guarded)
{
    if (image->struct_object == NO_OBJECT)
        return;
    struct image_object *object = &image->objects[image->struct_object];
    assert(size <= object->object.bytes.len);
    for (size_t i = 0; i < image->relocation_count;) {
        struct host_relocation *r = &image->relocations[i];
        if (r->object == image->struct_object && r->offset + 8u > size)
            *r = image->relocations[--image->relocation_count];
        else
            i++;
    }
    object->cut = size;
    if (guarded) {
        object->object.bytes.len = object->object.size = size;
        return;
    }
    const struct struct_layout *layout = object->value->layout;
    for (size_t m = 0; m < layout->member_count; m++) {
        const struct value_layout *member = &layout->members[m];
        uint64_t pattern = member->kind == LAYOUT_NUMBER ? BEYOND_PATTERN : 0;
        if (member->offset >= size)
            write_number(object_bytes(image, image->struct_object) + member->offset, pattern,
                         member->size);
    }
}

/* ---- the parameter list ---- */

static uint64_t handle_value(const struct parameter_list *list, size_t item)
{
    /* The same name is the same handle, also when it stands twice. */
    for (size_t i = 0; i < item; i++)
        if (list->items[i].handle != NULL &&
            strcmp(list->items[i].handle, list->items[item].handle) == 0)
            return handle_value(list, i);
    return HANDLE_BASE + (item + 1) * 0x10001;
}

static void place_parameter(struct call_image *image, const struct parameter_list *list, size_t i)
{
    const struct parameter *p = &list->items[i];
    uint32_t at = (uint32_t)(i * sizeof(BCryptBuffer));
    uint8_t *buffer = object_bytes(image, image->list_object) + at;
    write_number(buffer + offsetof(BCryptBuffer, cbBuffer), p->cb, 4);
    write_number(buffer + offsetof(BCryptBuffer, BufferType), p->type, 4);
    if (p->handle != NULL) {
        write_number(buffer + offsetof(BCryptBuffer, pvBuffer), handle_value(list, i), 8);
    } else if (!p->null) {
        uint32_t value = add_object(image, NULL, USE_INPUT, bytes_copy(image->arena, p->value));
        link_pointer(image, image->list_object, at + (uint32_t)offsetof(BCryptBuffer, pvBuffer),
                     object_value(value));
    }
}

void call_image_set_parameters(struct call_image *image, const struct parameter_list *list)
{
    struct place place;
    if (list->kind == PARAMETERS_UNSAID || list->kind == PARAMETERS_NULL ||
        !find_place(image, "pParameterList", &place))
        return;
    image->parameters = list;
    uint32_t desc =
        add_object(image, NULL, USE_INPUT, fresh_bytes(image->arena, sizeof(BCryptBufferDesc)));
    write_number(object_bytes(image, desc) + offsetof(BCryptBufferDesc, cBuffers), list->count, 4);
    set_place(image, &place, object_value(desc));
    if (list->count == 0)
        return;
    image->list_object = add_object(image, NULL, USE_INPUT,
                                    fresh_bytes(image->arena, list->count * sizeof(BCryptBuffer)));
    link_pointer(image, desc, offsetof(BCryptBufferDesc, pBuffers),
                 object_value(image->list_object));
    for (size_t i = 0; i < list->count; i++)
        place_parameter(image, list, i);
}

static struct host_answer answer_for(const struct call_image *image, size_t item,
                                     const struct image_answer *from)
{
    return (struct host_answer){
        .name = from->handle,
        .handle = handle_value(image->parameters, item),
        .object = image->list_object,
        .offset = (uint32_t)(item * sizeof(BCryptBuffer)),
        .parameter = (uint32_t)item,
        .index = from->index,
        .status = from->status,
        .write = from->write,
        .delay_ms = from->delay_ms,
        .calls_back = from->calls_back,
    };
}

void call_image_set_answers(struct call_image *image, const struct image_answer *answers,
                            size_t count)
{
    if (image->parameters == NULL)
        return;
    image->answers = arena_array(image->arena, struct host_answer, HOST_ANSWERS_MAX);
    for (size_t i = 0; i < image->parameters->count; i++) {
        const char *handle = image->parameters->items[i].handle;
        for (size_t a = 0; handle != NULL && a < count; a++)
            if (strcmp(handle, answers[a].handle) == 0 && image->answer_count < HOST_ANSWERS_MAX)
                image->answers[image->answer_count++] = answer_for(image, i, &answers[a]);
    }
}

/* ---- the call ---- */

static void add_follow(struct call_image *image, const struct value_layout *value,
                       struct host_follow follow)
{
    assert(image->follow_count < HOST_FOLLOWS_MAX);
    image->followed[image->follow_count] = value;
    image->follows[image->follow_count++] = follow;
}

static void follow_members(struct call_image *image, const struct struct_layout *layout)
{
    size_t size = image->objects[image->struct_object].object.size;
    for (size_t m = 0; m < layout->member_count; m++) {
        const struct value_layout *member = &layout->members[m];
        struct place length;
        if (member->kind != LAYOUT_OUT_BLOCK || member->offset + 8u > size ||
            !find_place(image, member->length, &length))
            continue;
        add_follow(image, member,
                   (struct host_follow){.object = image->struct_object,
                                        .offset = member->offset,
                                        .length = FOLLOW_FROM,
                                        .from_object = image->struct_object,
                                        .from_offset = length.value->offset,
                                        .from_width = 4});
    }
}

static void add_follows(struct call_image *image)
{
    for (size_t i = 0; i < image->entry->parameter_count; i++) {
        const struct value_layout *p = &image->entry->parameters[i];
        if (image->args[i].kind != VALUE_OBJECT)
            continue;
        if (p->kind == LAYOUT_STRUCT)
            follow_members(image, p->layout);
        uint32_t length = call_image_argument_object(image, p->length);
        if (p->kind == LAYOUT_OUT_BLOCK && length != NO_OBJECT)
            add_follow(image, p,
                       (struct host_follow){.object = image->args[i].index,
                                            .length = FOLLOW_FROM,
                                            .from_object = length,
                                            .from_width = 4});
    }
}

struct host_call call_image_call(struct call_image *image)
{
    struct host_object *objects =
        arena_array(image->arena, struct host_object, image->object_count + 1);
    for (size_t i = 0; i < image->object_count; i++)
        objects[i] = image->objects[i].object;
    add_follows(image);
    return (struct host_call){
        .entry = entry_point_find(image->entry->name),
        .args = image->args,
        .arg_count = image->entry->parameter_count,
        .objects = objects,
        .object_count = image->object_count,
        .relocations = image->relocations,
        .relocation_count = image->relocation_count,
        .follows = image->follows,
        .follow_count = image->follow_count,
        .answers = image->answers,
        .answer_count = image->answer_count,
    };
}
