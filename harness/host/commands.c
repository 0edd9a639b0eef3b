/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "cache.h"
#include "callbacks.h"
#include "caller.h"
#include "channel.h"
#include "context.h"
#include "ledger.h"
#include "modules.h"
#include "parallel.h"
#include "pcsc.h"
#include "process.h"
#include "protocol.h"
#include "scratch.h"
#include "threads.h"

#include <stdio.h>

#define TEXT_BYTES_MAX 4096
#define PEEK_BYTES_MAX (4u << 20)

static void reply_done(uint16_t request, bool done)
{
    struct frame_writer *reply = channel_reply(REPLY + request);
    frame_put_uint(reply, FIELD_STATE, done ? REPLY_DONE : REPLY_MALFORMED);
    channel_send(reply);
}

static void reply_number(uint16_t request, uint64_t number)
{
    struct frame_writer *reply = channel_reply(REPLY + request);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_uint(reply, FIELD_NUMBER, number);
    channel_send(reply);
}

static uint64_t get_number(struct bytes fields, uint16_t id)
{
    struct frame_field field;
    return frame_find(fields, id, FIELD_UINT, &field) ? field.number : 0;
}

static struct bytes get_bytes(struct bytes fields, uint16_t id)
{
    struct frame_field field;
    return frame_find(fields, id, FIELD_BYTES, &field) ? field.bytes : (struct bytes){0};
}

/* The text of FIELD_NAME, NUL-terminated; empty if there is none. */
static const char *get_name(struct bytes fields)
{
    static char text[TEXT_BYTES_MAX];
    struct frame_field field;
    text[0] = '\0';
    if (frame_find(fields, FIELD_NAME, FIELD_TEXT, &field) && field.bytes.len < sizeof text) {
        memcpy(text, field.bytes.data, field.bytes.len);
        text[field.bytes.len] = '\0';
    }
    return text;
}

static void do_load(struct bytes fields)
{
    reply_number(REQUEST_LOAD, caller_load(get_name(fields)));
}

static void do_connect(struct bytes fields)
{
    struct wire_card card;
    uint32_t reader = (uint32_t)get_number(fields, FIELD_READER);
    pcsc_connect(reader, get_name(fields), &card);
    context_set_card(reader, &card);
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_CONNECT);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_bytes(reply, FIELD_HEAD, &card, sizeof card);
    channel_send(reply);
}

static uint32_t act(uint64_t action, uint32_t reader, struct bytes apdu, uint8_t *response,
                    size_t *len)
{
    size_t capacity = *len;
    *len = 0;
    switch (action) {
    case CARD_BEGIN_TRANSACTION: return pcsc_begin(reader);
    case CARD_END_TRANSACTION: return pcsc_end(reader);
    case CARD_RESET: return pcsc_reconnect(reader, true);
    case CARD_RECONNECT: return pcsc_reconnect(reader, false);
    case CARD_DISCONNECT: return pcsc_disconnect(reader, false);
    case CARD_FOREIGN: *len = capacity; return pcsc_foreign(reader, apdu, response, len);
    default: return PCSC_NO_LIBRARY;
    }
}

static void do_card(struct bytes fields)
{
    static const char *const names[] = {"begin-transaction", "end-transaction", "reset",
                                        "reconnect",         "disconnect",      "foreign"};
    uint64_t action = get_number(fields, FIELD_NUMBER);
    size_t len = PCSC_RESPONSE_MAX;
    uint8_t *response = scratch_take(len);
    if (action > CARD_FOREIGN || response == NULL) {
        reply_done(REQUEST_CARD, false);
        return;
    }
    channel_set_step((uint32_t)get_number(fields, FIELD_STEP));
    uint32_t reader = (uint32_t)get_number(fields, FIELD_READER);
    uint32_t status = act(action, reader, get_bytes(fields, FIELD_DATA), response, &len);
    struct frame_writer *event = channel_event(EVENT_CARD);
    frame_put_text(event, EV_ACTION, names[action]);
    frame_put_uint(event, EV_OK, status == 0);
    frame_put_uint(event, EV_STATUS, status);
    channel_keep(event);
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_CARD);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_uint(reply, FIELD_NUMBER, status);
    frame_put_bytes(reply, FIELD_DATA, response, len);
    channel_send(reply);
    scratch_reset();
}

static void do_context_new(struct bytes fields)
{
    struct wire_context spec;
    bool valid = wire_row(get_bytes(fields, FIELD_HEAD), 0, &spec, sizeof spec) &&
                 context_new(&spec, get_bytes(fields, FIELD_MEMBERS),
                             get_bytes(fields, FIELD_LENGTHS), get_bytes(fields, FIELD_DATA));
    reply_done(REQUEST_CONTEXT_NEW, valid);
}

static void do_context_set(struct bytes fields)
{
    uint32_t id = (uint32_t)get_number(fields, FIELD_NUMBER);
    reply_done(REQUEST_CONTEXT_SET, context_set_members(id, get_bytes(fields, FIELD_MEMBERS)));
}

static void do_context_after(struct bytes fields)
{
    reply_done(REQUEST_CONTEXT_AFTER,
               context_after_acquire((uint32_t)get_number(fields, FIELD_NUMBER)));
}

static void do_context_drop(struct bytes fields)
{
    reply_done(REQUEST_CONTEXT_DROP, context_drop((uint32_t)get_number(fields, FIELD_NUMBER)));
}

static void do_free(struct bytes fields)
{
    channel_set_step((uint32_t)get_number(fields, FIELD_STEP));
    void *block = ledger_address((uint32_t)get_number(fields, FIELD_NUMBER));
    if (block != NULL)
        callbacks_caller_free(block);
    reply_done(REQUEST_FREE, block != NULL);
}

static void do_peek(struct bytes fields)
{
    uint64_t address = get_number(fields, FIELD_NUMBER);
    size_t len = (size_t)get_number(fields, FIELD_STEP);
    uint8_t *bytes = len <= PEEK_BYTES_MAX ? scratch_take(len) : NULL;
    if (bytes == NULL) {
        reply_done(REQUEST_PEEK, false);
        return;
    }
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_PEEK);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_bytes(reply, FIELD_DATA, bytes, memory_read((uintptr_t)address, bytes, len));
    channel_send(reply);
    scratch_reset();
}

struct map_list {
    struct frame_writer *reply;
    const char *part;
    char last[TEXT_BYTES_MAX];
};

/* A file has several mappings one after the other; one of them is enough. */
static bool put_module(void *data, uintptr_t start, uintptr_t end, uint64_t offset,
                       const char *path)
{
    (void)start, (void)end, (void)offset;
    struct map_list *list = data;
    if (strstr(strrchr(path, '/') + 1, list->part) == NULL || strcmp(path, list->last) == 0 ||
        strlen(path) >= sizeof list->last)
        return true;
    strcpy(list->last, path);
    frame_put_text(list->reply, FIELD_NAME, path);
    return true;
}

static void do_maps(struct bytes fields)
{
    static struct map_list list;
    list = (struct map_list){.part = get_name(fields)};
    list.reply = channel_reply(REPLY + REQUEST_MAPS);
    frame_put_uint(list.reply, FIELD_STATE, REPLY_DONE);
    modules_each(put_module, &list);
    channel_send(list.reply);
}

static struct wire_range own[HOST_OWN_RANGES_MAX];
static size_t own_count;

void commands_prepare(void)
{
    channel_own(own);
    own[2] = scratch_own();
    own_count = 3 + modules_own(own + 3, HOST_OWN_RANGES_MAX - 3);
}

static void do_own(struct bytes fields)
{
    (void)fields;
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_OWN);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_bytes(reply, FIELD_DATA, own, own_count * sizeof *own);
    channel_send(reply);
}

static void do_place(struct bytes fields)
{
    uintptr_t address = (uintptr_t)get_number(fields, FIELD_NUMBER);
    struct ledger_fact fact = ledger_locate(address);
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_PLACE);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_uint(reply, FIELD_NUMBER, fact.block);
    if (cache_holds(address))
        frame_put_text(reply, FIELD_NAME, "a cache file");
    channel_send(reply);
}

static void do_end(struct bytes fields)
{
    for (uint32_t reader = 0; reader < HOST_READERS_MAX; reader++)
        pcsc_disconnect(reader, get_number(fields, FIELD_NUMBER) != 0);
    fflush(stdout); /* before the reply: behind it nobody empties the pipe */
    struct wire_end end = {.load_ns = caller_load_ns(),
                           .pcsc_ns = pcsc_spent_ns(),
                           .quiet = get_number(fields, FIELD_STEP) != 0 && process_is_quiet()};
    struct frame_writer *reply = channel_reply(REPLY + REQUEST_END);
    frame_put_uint(reply, FIELD_STATE, REPLY_DONE);
    frame_put_bytes(reply, FIELD_HEAD, &end, sizeof end);
    channel_send(reply);
}

static void do_thread(struct bytes fields)
{
    reply_done(REQUEST_THREAD, threads_choose(get_number(fields, FIELD_NUMBER)));
}

void commands_run(void)
{
    static void (*const commands[])(struct bytes fields) = {
        [REQUEST_LOAD] = do_load,
        [REQUEST_CONNECT] = do_connect,
        [REQUEST_CARD] = do_card,
        [REQUEST_CONTEXT_NEW] = do_context_new,
        [REQUEST_CONTEXT_SET] = do_context_set,
        [REQUEST_CONTEXT_AFTER] = do_context_after,
        [REQUEST_CONTEXT_DROP] = do_context_drop,
        [REQUEST_CALL] = caller_run,
        [REQUEST_FREE] = do_free,
        [REQUEST_PEEK] = do_peek,
        [REQUEST_MAPS] = do_maps,
        [REQUEST_THREAD] = do_thread,
        [REQUEST_PARALLEL] = parallel_run,
        [REQUEST_OWN] = do_own,
        [REQUEST_PLACE] = do_place,
        [REQUEST_END] = do_end,
    };
    bool ended = false;
    /* Behind the end the runner may still ask what lies where. */
    while (!ended || channel_has_more()) {
        struct frame request = channel_receive();
        ended |= request.kind == REQUEST_END;
        if (request.kind < REQUEST_LOAD || request.kind > REQUEST_LAST)
            reply_done(request.kind, false);
        else
            commands[request.kind](request.fields);
    }
}
