/* SPDX-License-Identifier: Apache-2.0 */
/* The small requests: load, card, contexts, free, peek, maps. */
#include "link_internal.h"

const struct entry_row entry_rows[ENTRY_COUNT] = {
#define ENTRY_ROW(name, offset, version, args) {#name, offset, version, args},
#include "base/entry_points.def"
#undef ENTRY_ROW
};

enum entry_point entry_point_find(const char *name)
{
    int entry = 0;
    while (entry < ENTRY_COUNT && strcmp(entry_rows[entry].name, name) != 0)
        entry++;
    return (enum entry_point)entry;
}

uint64_t reply_number(const struct frame *reply, uint16_t id)
{
    struct frame_field field;
    return frame_find(reply->fields, id, FIELD_UINT, &field) ? field.number : 0;
}

struct bytes reply_bytes(const struct frame *reply, uint16_t id)
{
    struct frame_field field;
    return frame_find(reply->fields, id, FIELD_BYTES, &field) ? field.bytes : (struct bytes){0};
}

enum host_outcome reply_outcome(enum host_outcome outcome, const struct frame *reply)
{
    if (outcome != HOST_RETURNED)
        return outcome;
    switch (reply_number(reply, FIELD_STATE)) {
    case REPLY_DONE: return HOST_RETURNED;
    case REPLY_NOT_CALLED: return HOST_ABSENT;
    default: return HOST_REFUSED;
    }
}

struct wire_value wire_value_of(const struct host_value *value)
{
    return (struct wire_value){(uint32_t)value->kind, value->index, value->number};
}

enum host_outcome host_load(struct host *host, const char *driver, uint32_t timeout_ms,
                            bool *loaded)
{
    struct frame reply;
    struct frame_writer request = request_begin(host, REQUEST_LOAD);
    frame_put_text(&request, FIELD_NAME, driver);
    enum host_outcome outcome = host_request(host, &request, timeout_ms, &reply);
    *loaded = outcome == HOST_RETURNED && reply_number(&reply, FIELD_NUMBER) != 0;
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_load_later(struct host *host, const char *driver)
{
    struct frame_writer request = request_begin(host, REQUEST_LOAD);
    frame_put_text(&request, FIELD_NAME, driver);
    return host_request_later(host, &request);
}

enum host_outcome host_connect(struct host *host, uint32_t number, const char *reader,
                               uint32_t timeout_ms, struct host_card *out)
{
    struct frame reply;
    struct wire_card card = {.status = UINT32_MAX};
    struct frame_writer request = request_begin(host, REQUEST_CONNECT);
    frame_put_text(&request, FIELD_NAME, reader);
    frame_put_uint(&request, FIELD_READER, number);
    enum host_outcome outcome = host_request(host, &request, timeout_ms, &reply);
    if (outcome == HOST_RETURNED)
        wire_row(reply_bytes(&reply, FIELD_HEAD), 0, &card, sizeof card);
    *out = (struct host_card){.status = card.status,
                              .context = card.context,
                              .card = card.card,
                              .protocol = card.protocol};
    out->atr_len = card.atr_len <= sizeof out->atr ? card.atr_len : sizeof out->atr;
    memcpy(out->atr, card.atr, out->atr_len);
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_card(struct host *host, const struct host_action *action, uint32_t *status,
                            struct bytes *response)
{
    struct frame reply;
    host->step = action->step;
    struct frame_writer request = request_begin(host, REQUEST_CARD);
    frame_put_uint(&request, FIELD_NUMBER, (uint64_t)action->action);
    frame_put_uint(&request, FIELD_STEP, action->step);
    frame_put_uint(&request, FIELD_READER, action->reader);
    frame_put_bytes(&request, FIELD_DATA, action->apdu.data, action->apdu.len);
    enum host_outcome outcome = host_request(host, &request, action->timeout_ms, &reply);
    bool done = outcome == HOST_RETURNED;
    if (status != NULL)
        *status = done ? (uint32_t)reply_number(&reply, FIELD_NUMBER) : UINT32_MAX;
    if (response != NULL)
        *response = done ? bytes_copy(host->sink.arena, reply_bytes(&reply, FIELD_DATA))
                         : (struct bytes){0};
    return reply_outcome(outcome, &reply);
}

/* ---- contexts ---- */

static void put_members(struct frame_writer *request, const struct host_member *members,
                        size_t count)
{
    uint8_t *to = frame_reserve(request, FIELD_MEMBERS, count * sizeof(struct wire_member));
    for (size_t i = 0; to != NULL && i < count; i++) {
        struct wire_member row = {members[i].offset, members[i].width,
                                  wire_value_of(&members[i].value)};
        memcpy(to + i * sizeof row, &row, sizeof row);
    }
}

/* The context's byte strings: the spec's, then card name and ATR, whose places go into *head. */
static void put_strings(struct frame_writer *request, const struct host_context *spec,
                        struct bytes name, struct wire_context *head)
{
    uint64_t lengths[HOST_MEMBERS_MAX] = {0};
    struct bytes strings[HOST_MEMBERS_MAX];
    size_t count = spec->byte_count, total = 0;
    if (count > 0)
        memcpy(strings, spec->bytes, count * sizeof *strings);
    head->card_name = (uint32_t)count;
    strings[count++] = name;
    head->atr = UINT32_MAX;
    if (spec->atr.data != NULL && !spec->no_card) {
        head->atr = (uint32_t)count;
        strings[count++] = spec->atr;
    }
    for (size_t i = 0; i < count; i++) {
        lengths[i] = strings[i].len;
        total += strings[i].len;
    }
    frame_put_bytes(request, FIELD_LENGTHS, lengths, count * sizeof *lengths);
    uint8_t *to = frame_reserve(request, FIELD_DATA, total);
    for (size_t i = 0; to != NULL && i < count; i++) {
        if (strings[i].len > 0)
            memcpy(to, strings[i].data, strings[i].len);
        to += strings[i].len;
    }
}

enum host_outcome host_context_new(struct host *host, uint32_t id, const struct host_context *spec)
{
    struct bytes name;
    const char *card_name = spec->card_name != NULL ? spec->card_name : "MDCTS";
    if (id >= HOST_CONTEXTS_MAX || spec->byte_count > HOST_MEMBERS_MAX - 2 ||
        !bytes_from_utf8_as_utf16(host->sink.arena, card_name, &name))
        return HOST_REFUSED;
    struct wire_context head = {.id = id,
                                .version = spec->version,
                                .size = spec->size,
                                .visible = spec->visible,
                                .no_card = spec->no_card,
                                .reader = spec->reader};
    struct frame_writer request = request_begin(host, REQUEST_CONTEXT_NEW);
    put_members(&request, spec->members, spec->member_count);
    put_strings(&request, spec, name, &head);
    frame_put_bytes(&request, FIELD_HEAD, &head, sizeof head);
    return host_request_later(host, &request);
}

enum host_outcome host_context_set(struct host *host, uint32_t id,
                                   const struct host_member *members, size_t count)
{
    struct frame reply;
    struct frame_writer request = request_begin(host, REQUEST_CONTEXT_SET);
    frame_put_uint(&request, FIELD_NUMBER, id);
    put_members(&request, members, count);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    return reply_outcome(outcome, &reply);
}

/* A request that is nothing but a number. */
static enum host_outcome request_number(struct host *host, uint16_t kind, uint64_t number)
{
    struct frame reply;
    struct frame_writer request = request_begin(host, kind);
    frame_put_uint(&request, FIELD_NUMBER, number);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_context_after_acquire(struct host *host, uint32_t id)
{
    return request_number(host, REQUEST_CONTEXT_AFTER, id);
}

enum host_outcome host_context_drop(struct host *host, uint32_t id)
{
    return request_number(host, REQUEST_CONTEXT_DROP, id);
}

enum host_outcome host_thread(struct host *host, uint32_t number)
{
    struct frame_writer request = request_begin(host, REQUEST_THREAD);
    frame_put_uint(&request, FIELD_NUMBER, number);
    return host_request_later(host, &request);
}

/* ---- memory ---- */

enum host_outcome host_free(struct host *host, uint32_t block, uint32_t step)
{
    struct frame reply;
    host->step = step;
    struct frame_writer request = request_begin(host, REQUEST_FREE);
    frame_put_uint(&request, FIELD_NUMBER, block);
    frame_put_uint(&request, FIELD_STEP, step);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_peek(struct host *host, uint64_t address, size_t len, struct bytes *out)
{
    struct frame reply;
    struct frame_writer request = request_begin(host, REQUEST_PEEK);
    frame_put_uint(&request, FIELD_NUMBER, address);
    frame_put_uint(&request, FIELD_STEP, len);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    *out = outcome == HOST_RETURNED ? bytes_copy(host->sink.arena, reply_bytes(&reply, FIELD_DATA))
                                    : (struct bytes){0};
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_own(struct host *host, const struct host_ranges **out)
{
    struct host_ranges *own = &host->link->own;
    struct wire_range row;
    struct frame reply;
    *out = own;
    if (own->count > 0)
        return HOST_RETURNED;
    struct frame_writer request = request_begin(host, REQUEST_OWN);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    while (outcome == HOST_RETURNED && own->count < HOST_OWN_RANGES_MAX &&
           wire_row(reply_bytes(&reply, FIELD_DATA), own->count, &row, sizeof row))
        own->rows[own->count++] = (struct host_range){row.start, row.end};
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_place(struct host *host, uint64_t address, uint32_t *block,
                             const char **name)
{
    struct frame reply;
    struct frame_field field;
    struct frame_writer request = request_begin(host, REQUEST_PLACE);
    frame_put_uint(&request, FIELD_NUMBER, address);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    bool done = outcome == HOST_RETURNED;
    *block = done ? (uint32_t)reply_number(&reply, FIELD_NUMBER) : 0;
    *name = done && frame_find(reply.fields, FIELD_NAME, FIELD_TEXT, &field)
                ? text_of_bytes(host->sink.arena, field.bytes)
                : NULL;
    return reply_outcome(outcome, &reply);
}

enum host_outcome host_maps(struct host *host, const char *part, struct node **out)
{
    struct frame reply;
    struct frame_writer request = request_begin(host, REQUEST_MAPS);
    frame_put_text(&request, FIELD_NAME, part);
    enum host_outcome outcome = host_request(host, &request, 0, &reply);
    *out = node_new_list(host->sink.arena);
    struct frame_field field;
    while (outcome == HOST_RETURNED && frame_next(&reply.fields, &field))
        if (field.id == FIELD_NAME && field.type == FIELD_TEXT)
            node_append(*out, node_new_string(host->sink.arena,
                                              text_of_bytes(host->sink.arena, field.bytes)));
    /* The fields were taken off one by one: the state went with them. */
    return outcome;
}
