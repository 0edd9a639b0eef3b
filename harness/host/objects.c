/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"
#include "channel.h"
#include "lane.h"
#include "scratch.h"

static struct lane_objects {
    struct object items[HOST_OBJECTS_MAX];
    size_t count;
} all[LANES];
static struct object remembered[OBJECT_REMEMBER_MAX]; /* dropped ones, a ring */
static size_t dropped;

static struct lane_objects *mine(void)
{
    return &all[lane_number()];
}

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
    struct lane_objects *own = mine();
    struct object *object = &own->items[own->count];
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
    own->count++;
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
    return mine()->count;
}

const struct object *objects_get(size_t index)
{
    return index < mine()->count ? &mine()->items[index] : NULL;
}

uint8_t *object_at(uint32_t index, uint64_t offset, size_t size)
{
    const struct object *object = objects_get(index);
    if (object == NULL || offset > object->region.size || size > object->region.size - offset)
        return NULL;
    return object->region.data + offset;
}

bool objects_seal(struct bytes rows)
{
    struct wire_object row;
    for (size_t i = 0; i < mine()->count && wire_row(rows, i, &row, sizeof row); i++) {
        struct object *object = &mine()->items[i];
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

bool objects_patch(uint32_t index, uint64_t offset, const void *value, size_t size)
{
    uint8_t *at = object_at(index, offset, size);
    if (at == NULL)
        return false;
    memcpy(at, value, size);
    if (mine()->items[index].image != NULL)
        memcpy(mine()->items[index].image + offset, value, size);
    return true;
}

/* Most of a call's objects lie side by side. */
static void close_all(const struct object *objects, size_t count)
{
    for (size_t i = 0; i < count;) {
        struct region together = objects[i++].region;
        while (i < count && region_join(&together, &objects[i].region))
            i++;
        region_close(&together);
    }
}

void objects_drop(void)
{
    struct object *objects = mine()->items;
    size_t count = mine()->count;
    close_all(objects, count);
    for (size_t i = 0; i < count; i++) {
        struct object *slot = &remembered[dropped++ % OBJECT_REMEMBER_MAX];
        region_free(&slot->region);
        *slot = objects[i];
        slot->image = NULL;
    }
    mine()->count = 0;
}

const struct object *objects_locate(uintptr_t address, size_t *index)
{
    for (uint32_t lane = 0; lane < LANES; lane++)
        for (size_t i = 0; i < all[lane].count; i++)
            if (region_holds(&all[lane].items[i].region, address)) {
                *index = lane == lane_number() ? i : SIZE_MAX;
                return &all[lane].items[i];
            }
    *index = SIZE_MAX;
    for (size_t i = 0; i < OBJECT_REMEMBER_MAX && i < dropped; i++)
        if (region_holds(&remembered[i].region, address))
            return &remembered[i];
    return NULL;
}
