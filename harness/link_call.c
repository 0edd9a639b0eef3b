/* SPDX-License-Identifier: Apache-2.0 */
/* host_call(): the request's arrays out, the result's arrays in. */
#include "link_internal.h"

_Static_assert(sizeof(struct wire_call) == 88 && sizeof(struct wire_object) == 32 &&
                   sizeof(struct wire_answer) == 64 && sizeof(struct wire_followed) == 56,
               "rows have no padding");

/* ---- request ---- */

static void put_values(struct frame_writer *request, const struct host_call *call)
{
    uint8_t *to = frame_reserve(request, FIELD_ARGS, call->arg_count * sizeof(struct wire_value));
    for (size_t i = 0; to != NULL && i < call->arg_count; i++) {
        struct wire_value row = wire_value_of(&call->args[i]);
        memcpy(to + i * sizeof row, &row, sizeof row);
    }
}

static void put_object_rows(struct frame_writer *request, const struct host_call *call)
{
    uint8_t *to =
        frame_reserve(request, FIELD_OBJECTS, call->object_count * sizeof(struct wire_object));
    for (size_t i = 0; to != NULL && i < call->object_count; i++) {
        const struct host_object *object = &call->objects[i];
        struct wire_object row = {
            .size = object->size != 0 ? object->size : object->bytes.len,
            .len = object->bytes.len,
            .placement = (uint32_t)object->placement,
            .secret = object->secret,
            .whole = object->whole,
            .name_len = object->name != NULL ? (uint32_t)strlen(object->name) : 0,
        };
        memcpy(to + i * sizeof row, &row, sizeof row);
    }
}

static void put_object_data(struct frame_writer *request, const struct host_call *call)
{
    size_t total = 0;
    for (size_t i = 0; i < call->object_count; i++)
        total += call->objects[i].bytes.len +
                 (call->objects[i].name != NULL ? strlen(call->objects[i].name) : 0);
    uint8_t *to = frame_reserve(request, FIELD_DATA, total);
    for (size_t i = 0; to != NULL && i < call->object_count; i++) {
        const struct host_object *object = &call->objects[i];
        size_t name_len = object->name != NULL ? strlen(object->name) : 0;
        if (name_len > 0)
            memcpy(to, object->name, name_len);
        if (object->bytes.len > 0)
            memcpy(to + name_len, object->bytes.data, object->bytes.len);
        to += name_len + object->bytes.len;
    }
}

static void put_relocations(struct frame_writer *request, const struct host_call *call)
{
    uint8_t *to = frame_reserve(request, FIELD_RELOCATIONS,
                                call->relocation_count * sizeof(struct wire_relocation));
    for (size_t i = 0; to != NULL && i < call->relocation_count; i++) {
        const struct host_relocation *from = &call->relocations[i];
        struct wire_relocation row = {from->object, from->offset, wire_value_of(&from->value)};
        memcpy(to + i * sizeof row, &row, sizeof row);
    }
}

static void put_follows(struct frame_writer *request, const struct host_call *call)
{
    uint8_t *to =
        frame_reserve(request, FIELD_FOLLOWS, call->follow_count * sizeof(struct wire_follow));
    for (size_t i = 0; to != NULL && i < call->follow_count; i++) {
        const struct host_follow *from = &call->follows[i];
        struct wire_follow row = {.object = from->object,
                                  .offset = from->offset,
                                  .length = (uint32_t)from->length,
                                  .fixed = from->fixed,
                                  .from_object = from->from_object,
                                  .from_offset = from->from_offset,
                                  .from_width = from->from_width};
        memcpy(to + i * sizeof row, &row, sizeof row);
    }
}

static void put_answers(struct frame_writer *request, const struct host_call *call)
{
    uint8_t *to =
        frame_reserve(request, FIELD_ANSWERS, call->answer_count * sizeof(struct wire_answer));
    for (size_t i = 0; to != NULL && i < call->answer_count; i++) {
        const struct host_answer *from = &call->answers[i];
        struct wire_answer row = {.handle = from->handle,
                                  .object = from->object,
                                  .offset = from->offset,
                                  .parameter = from->parameter,
                                  .index = from->index,
                                  .status = from->status,
                                  .write = from->write,
                                  .delay_ms = from->delay_ms,
                                  .calls_back = from->calls_back};
        if (from->name != NULL)
            strncpy(row.name, from->name, sizeof row.name - 1);
        memcpy(to + i * sizeof row, &row, sizeof row);
    }
}

static void put_patches(struct frame_writer *request, const struct host_call *call)
{
    struct wire_patch rows[HOST_PATCHES_MAX];
    for (size_t i = 0; i < call->patch_count; i++)
        rows[i] = (struct wire_patch){call->patches[i].call, call->patches[i].to.object,
                                      call->patches[i].to.offset, call->patches[i].to.width};
    frame_put_bytes(request, FIELD_PATCHES, rows, call->patch_count * sizeof *rows);
}

void call_put(struct frame_writer *request, const struct host_call *call)
{
    struct wire_call head = {
        .entry = (uint32_t)call->entry,
        .table = call->table,
        .current = call->current,
        .step = call->step,
        .transaction = call->transaction,
        .cache_after = call->cache_after,
        .free_returned = call->free_returned,
        .alloc_nth = call->alloc.nth,
        .alloc_from = call->alloc.from_then_on,
        .realloc_nth = call->realloc.nth,
        .realloc_from = call->realloc.from_then_on,
        .heap_nth = call->heap.nth,
        .heap_from = call->heap.from_then_on,
        .pcsc_nth = call->pcsc.nth,
        .pcsc_from = call->pcsc.from_then_on,
        .pcsc_kind = (uint32_t)call->pcsc_trouble,
        .pcsc_value = call->pcsc_value,
        .lane = call->lane,
        .meet = (uint32_t)call->meet,
        .keep_object = call->keep.object,
        .keep_offset = call->keep.offset,
        .keep_width = call->keep.width,
    };
    frame_put_bytes(request, FIELD_HEAD, &head, sizeof head);
    put_values(request, call);
    put_object_rows(request, call);
    put_object_data(request, call);
    put_relocations(request, call);
    put_follows(request, call);
    put_answers(request, call);
    put_patches(request, call);
}

/* ---- result ---- */

/* Takes len bytes off *data, as a copy in keep; false if there are not so many. */
static bool take_copy(struct arena *keep, struct bytes *data, uint64_t len, struct bytes *out)
{
    if (len > data->len)
        return false;
    *out = bytes_copy(keep, (struct bytes){data->data, (size_t)len});
    if (len > 0) /* of a field that isn't there there is no address to count from */
        data->data += len;
    data->len -= (size_t)len;
    return true;
}

static bool get_changes(struct arena *keep, const struct frame *reply, struct host_result *out)
{
    struct bytes rows = reply_bytes(reply, FIELD_CHANGES);
    struct bytes data = reply_bytes(reply, FIELD_CHANGE_DATA);
    size_t count = rows.len / sizeof(struct wire_change);
    struct host_change *objects = arena_array(keep, struct host_change, count);
    struct host_change *contexts = arena_array(keep, struct host_change, count);
    struct wire_change row;
    for (size_t i = 0; wire_row(rows, i, &row, sizeof row); i++) {
        struct host_change change = {row.index, row.offset, {NULL, (size_t)row.len}};
        if (row.shown != 0 && !take_copy(keep, &data, row.len, &change.after))
            return false;
        if (row.of_context != 0)
            contexts[out->context_count++] = change;
        else
            objects[out->object_count++] = change;
    }
    out->objects = objects;
    out->contexts = contexts;
    return true;
}

static bool get_images(struct arena *keep, const struct frame *reply, struct host_result *out)
{
    struct bytes rows = reply_bytes(reply, FIELD_LENGTHS);
    struct bytes data = reply_bytes(reply, FIELD_IMAGE_DATA);
    struct bytes *images = arena_array(keep, struct bytes, rows.len / sizeof(uint64_t));
    uint64_t len;
    for (size_t i = 0; wire_row(rows, i, &len, sizeof len); i++)
        if (!take_copy(keep, &data, len, &images[out->image_count++]))
            return false;
    out->images = images;
    return true;
}

static bool get_follows(struct arena *keep, const struct frame *reply, struct host_result *out)
{
    struct bytes rows = reply_bytes(reply, FIELD_FOLLOWS);
    struct bytes data = reply_bytes(reply, FIELD_FOLLOW_DATA);
    struct wire_followed row;
    struct host_followed *follows = arena_array(keep, struct host_followed, rows.len / sizeof row);
    for (size_t i = 0; wire_row(rows, i, &row, sizeof row); i++) {
        struct host_followed *follow = &follows[out->follow_count++];
        if (row.kind > POINTER_WILD || !take_copy(keep, &data, row.len, &follow->bytes))
            return false;
        follow->pointer = (struct host_pointer){(enum host_pointer_kind)row.kind,
                                                row.index,
                                                row.offset,
                                                row.live != 0,
                                                row.size,
                                                row.address};
        follow->readable = row.readable != 0;
        follow->wanted = row.wanted;
    }
    out->follows = follows;
    return true;
}

bool call_get_result(struct arena *keep, const struct frame *reply, const struct host_call *call,
                     struct host_result *out)
{
    struct wire_result head;
    if (!wire_row(reply_bytes(reply, FIELD_HEAD), 0, &head, sizeof head))
        return false;
    out->status = head.status;
    out->duration_ns = head.duration_ns;
    out->transaction_status = head.transaction_status;
    out->allocs = head.allocs;
    out->reallocs = head.reallocs;
    out->alloc_fault_fired = head.alloc_fired != 0;
    out->realloc_fault_fired = head.realloc_fired != 0;
    out->blocks_live = head.blocks_live;
    out->heap_uses = head.heap_uses;
    out->card_data = bytes_copy(keep, reply_bytes(reply, FIELD_CARD_DATA));
    return get_changes(keep, reply, out) && get_images(keep, reply, out) &&
           get_follows(keep, reply, out) && out->image_count == call->object_count &&
           out->follow_count == call->follow_count;
}

bool call_fits(const struct host_call *call)
{
    return call->arg_count <= HOST_ARGS_MAX && call->object_count <= HOST_OBJECTS_MAX &&
           call->relocation_count <= HOST_RELOCATIONS_MAX &&
           call->follow_count <= HOST_FOLLOWS_MAX && call->answer_count <= HOST_ANSWERS_MAX &&
           call->patch_count <= HOST_PATCHES_MAX;
}

enum host_outcome host_call(struct host *host, const struct host_call *call,
                            struct host_result *out)
{
    struct frame reply;
    *out = (struct host_result){.outcome = HOST_REFUSED};
    if (!call_fits(call))
        return HOST_REFUSED;
    host->step = call->step;
    struct frame_writer request = request_begin(host, REQUEST_CALL);
    call_put(&request, call);
    enum host_outcome outcome = host_request(host, &request, call->timeout_ms, &reply);
    /* The PIN of a call must not outlive it on this side either. */
    explicit_bzero(host->link->outgoing, request.len);
    out->outcome = reply_outcome(outcome, &reply);
    host->freeing = out->outcome == HOST_RETURNED && call->free_returned;
    if (out->outcome == HOST_RETURNED && !call_get_result(host->sink.arena, &reply, call, out)) {
        host_await_freed(host);
        out->outcome = HOST_REFUSED;
    }
    return out->outcome;
}
