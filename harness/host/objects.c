/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"
#include "channel.h"
#include "scratch.h"

static struct object objects[HOST_OBJECTS_MAX];
static size_t count;
static struct object remembered[OBJECT_REMEMBER_MAX]; /* dropped ones, a ring */
static size_t dropped;

/* Takes len bytes off the front of *data. */
static bool take(struct bytes *data, uint64_t len, struct bytes *out)
{
    if (len > data->len)
        return false;
    *out = (struct bytes){data->data, (size_t)len};
    data->data += len;
    data->len -= (size_t)len;
    return true;
}

static bool place(const struct wire_object *row, struct bytes *data)
{
    struct bytes name, image;
    if (!take(data, row->name_len, &name) || !take(data, row->len, &image) ||
        row->len > row->size || row->size > REGION_BYTES_MAX)
        return false;
    bool at_end = row->placement != PLACE_START_AFTER_GUARD;
    struct object *object = &objects[count];
    *object = (struct object){.step = channel_step(),
                              .secret = row->secret != 0,
                              .whole = row->whole != 0,
                              .region = region_new((size_t)row->size, at_end ? 16 : 0, at_end)};
    if (object->region.map == NULL)
        return false;
    size_t kept = name.len < OBJECT_NAME_BYTES - 1 ? name.len : OBJECT_NAME_BYTES - 1;
    memcpy(object->name, name.data, kept);
    if (image.len > 0)
        memcpy(object->region.data, image.data, image.len);
    count++;
    return true;
}

bool objects_place(struct bytes rows, struct bytes data)
{
    struct wire_object row;
    for (size_t i = 0; wire_row(rows, i, &row, sizeof row); i++)
        if (i >= HOST_OBJECTS_MAX || !place(&row, &data))
            return false;
    return true;
}

size_t objects_count(void)
{
    return count;
}

const struct object *objects_get(size_t index)
{
    return index < count ? &objects[index] : NULL;
}

uint8_t *object_at(uint32_t index, uint64_t offset, size_t size)
{
    if (index >= count || offset > objects[index].region.size ||
        size > objects[index].region.size - offset)
        return NULL;
    return objects[index].region.data + offset;
}

bool objects_seal(struct bytes rows)
{
    struct wire_object row;
    for (size_t i = 0; i < count && wire_row(rows, i, &row, sizeof row); i++) {
        struct object *object = &objects[i];
        if (!object->secret) {
            object->image = scratch_take(object->region.size);
            if (object->image == NULL)
                return false;
            memcpy(object->image, object->region.data, object->region.size);
        }
        if (row.placement == PLACE_READ_ONLY)
            region_read_only(&object->region);
    }
    return true;
}

void objects_drop(void)
{
    for (size_t i = 0; i < count; i++) {
        struct object *slot = &remembered[dropped++ % OBJECT_REMEMBER_MAX];
        region_free(&slot->region);
        *slot = objects[i];
        slot->image = NULL;
        region_close(&slot->region);
    }
    count = 0;
}

const struct object *objects_locate(uintptr_t address, size_t *index)
{
    for (size_t i = 0; i < count; i++)
        if (region_holds(&objects[i].region, address)) {
            *index = i;
            return &objects[i];
        }
    *index = SIZE_MAX;
    for (size_t i = 0; i < OBJECT_REMEMBER_MAX && i < dropped; i++)
        if (region_holds(&remembered[i].region, address))
            return &remembered[i];
    return NULL;
}
