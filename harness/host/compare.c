/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"
#include "callbacks.h"
#include "context.h"
#include "objects.h"
#include "scratch.h"
#include "value.h"

#define GAP_BYTES 8u /* equal bytes that part two ranges */

struct changes {
    struct wire_change rows[CHANGES_MAX];
    const uint8_t *at[CHANGES_MAX];
    size_t count;
};

static struct changes changes;

struct subject {
    bool of_context, secret;
    uint32_t index;
    const uint8_t *data; /* where offset 0 is */
};

static void add_change(const struct subject *subject, const uint8_t *from, size_t len)
{
    if (changes.count >= CHANGES_MAX)
        return;
    changes.at[changes.count] = from;
    changes.rows[changes.count++] = (struct wire_change){.offset = from - subject->data,
                                                         .len = len,
                                                         .of_context = subject->of_context,
                                                         .index = subject->index,
                                                         .shown = !subject->secret};
}

/* before NULL: canary was there. */
static bool same(const uint8_t *before, const uint8_t *now, size_t i)
{
    return now[i] == (before == NULL ? REGION_CANARY : before[i]);
}

static void compare(const struct subject *subject, const uint8_t *before, const uint8_t *now,
                    size_t len)
{
    if (before == NULL ? region_is_canary(now, len) : memcmp(before, now, len) == 0)
        return;
    size_t start = SIZE_MAX, last = 0;
    for (size_t i = 0; i < len; i++) {
        if (same(before, now, i))
            continue;
        if (start != SIZE_MAX && i - last > GAP_BYTES) {
            add_change(subject, now + start, last + 1 - start);
            start = SIZE_MAX;
        }
        if (start == SIZE_MAX)
            start = i;
        last = i;
    }
    if (start != SIZE_MAX)
        add_change(subject, now + start, last + 1 - start);
}

static void compare_object(uint32_t index, const struct object *object)
{
    const struct region *region = &object->region;
    struct subject subject = {false, object->secret, index, region->data};
    const uint8_t *behind = region->data + region->size;
    compare(&subject, NULL, region->pages, (size_t)(region->data - region->pages));
    if (object->image != NULL)
        compare(&subject, object->image, region->data, region->size);
    compare(&subject, NULL, behind, (size_t)(region->pages + region->pages_len - behind));
}

static void compare_all(uint32_t current)
{
    changes.count = 0;
    for (size_t i = 0; i < objects_count(); i++)
        compare_object((uint32_t)i, objects_get(i));
    for (uint32_t id = 0; id < HOST_CONTEXTS_MAX; id++) {
        const struct context *context = context_get(id);
        if (context == NULL || !context_is_compared(id, current))
            continue;
        struct subject subject = {true, false, id, context->region.data};
        compare(&subject, context->before, context->region.pages, context->region.pages_len);
    }
}

void compare_put(struct frame_writer *reply, uint32_t current)
{
    compare_all(current);
    size_t total = 0;
    for (size_t i = 0; i < changes.count; i++)
        total += changes.rows[i].shown != 0 ? (size_t)changes.rows[i].len : 0;
    frame_put_bytes(reply, FIELD_CHANGES, changes.rows, changes.count * sizeof *changes.rows);
    uint8_t *to = frame_reserve(reply, FIELD_CHANGE_DATA, total);
    for (size_t i = 0; to != NULL && i < changes.count; i++) {
        if (changes.rows[i].shown == 0)
            continue;
        memcpy(to, changes.at[i], (size_t)changes.rows[i].len);
        to += changes.rows[i].len;
    }
}

static bool image_wanted(const struct object *object)
{
    return object->whole && !object->secret;
}

void images_put(struct frame_writer *reply)
{
    static uint64_t lengths[HOST_OBJECTS_MAX];
    size_t total = 0;
    for (size_t i = 0; i < objects_count(); i++) {
        const struct object *object = objects_get(i);
        lengths[i] = image_wanted(object) ? object->region.size : 0;
        total += (size_t)lengths[i];
    }
    frame_put_bytes(reply, FIELD_LENGTHS, lengths, objects_count() * sizeof *lengths);
    uint8_t *to = frame_reserve(reply, FIELD_IMAGE_DATA, total);
    for (size_t i = 0; to != NULL && i < objects_count(); i++) {
        memcpy(to, objects_get(i)->region.data, (size_t)lengths[i]);
        to += lengths[i];
    }
}

bool follows_valid(struct bytes rows)
{
    struct wire_follow row;
    for (size_t i = 0; wire_row(rows, i, &row, sizeof row); i++) {
        if (i >= HOST_FOLLOWS_MAX || object_at(row.object, row.offset, 8) == NULL ||
            row.length > FOLLOW_NUL16)
            return false;
        if (row.length == FOLLOW_FROM &&
            ((row.from_width != 4 && row.from_width != 8) ||
             object_at(row.from_object, row.from_offset, row.from_width) == NULL))
            return false;
    }
    return true;
}

/* Bytes up to and with the NUL, at most the limit. */
static uint64_t text_length(uint64_t address, const struct wire_follow *row)
{
    uint64_t limit = row->fixed != 0 ? row->fixed : FOLLOW_NUL_BYTES;
    size_t unit = row->length == FOLLOW_NUL16 ? 2 : 1;
    uint8_t bytes[2];
    uint64_t len = 0;
    while (len + unit <= limit && memory_read((uintptr_t)(address + len), bytes, unit) == unit) {
        len += unit;
        if (bytes[0] == 0 && bytes[unit - 1] == 0)
            break;
    }
    return len;
}

static uint64_t wanted_length(uint64_t address, const struct wire_follow *row)
{
    uint64_t len = 0;
    switch (row->length) {
    case FOLLOW_FIXED: return row->fixed;
    case FOLLOW_FROM:
        memcpy(&len, object_at(row->from_object, row->from_offset, row->from_width),
               row->from_width);
        return len;
    default: return text_length(address, row);
    }
}

static void follow(const struct wire_follow *row, struct wire_followed *out, uint8_t **bytes)
{
    uint64_t address;
    memcpy(&address, object_at(row->object, row->offset, 8), sizeof address);
    pointer_classify(address, out);
    out->wanted = address == 0 ? 0 : wanted_length(address, row);
    size_t len = out->wanted < FOLLOW_BYTES_MAX ? (size_t)out->wanted : FOLLOW_BYTES_MAX;
    *bytes = scratch_take(len);
    out->len = *bytes == NULL ? 0 : memory_read((uintptr_t)address, *bytes, len);
    out->readable = address != 0 && out->len == out->wanted;
}

static struct {
    struct wire_followed rows[HOST_FOLLOWS_MAX];
    size_t count;
} followed;

void follows_put(struct frame_writer *reply, struct bytes rows)
{
    uint8_t *bytes[HOST_FOLLOWS_MAX];
    struct wire_follow row;
    size_t count = 0, total = 0;
    for (; count < HOST_FOLLOWS_MAX && wire_row(rows, count, &row, sizeof row); count++) {
        followed.rows[count] = (struct wire_followed){0};
        follow(&row, &followed.rows[count], &bytes[count]);
        total += (size_t)followed.rows[count].len;
    }
    followed.count = count;
    frame_put_bytes(reply, FIELD_FOLLOWS, followed.rows, count * sizeof *followed.rows);
    uint8_t *to = frame_reserve(reply, FIELD_FOLLOW_DATA, total);
    for (size_t i = 0; to != NULL && i < count; i++) {
        if (followed.rows[i].len > 0)
            memcpy(to, bytes[i], (size_t)followed.rows[i].len);
        to += followed.rows[i].len;
    }
}

void follows_free(void)
{
    for (size_t i = 0; i < followed.count; i++) {
        struct wire_followed *one = &followed.rows[i];
        if (one->kind != POINTER_BLOCK || one->offset != 0)
            continue;
        /* Two pointers may lead to one block. */
        struct wire_followed now = {0};
        pointer_classify(one->address, &now);
        if (now.live != 0)
            callbacks_caller_free((void *)(uintptr_t)one->address); // NOLINT: a driver's pointer
    }
    followed.count = 0;
}
