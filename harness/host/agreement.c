/* SPDX-License-Identifier: Apache-2.0 */
#include "agreement.h"
#include "channel.h"
#include "context.h"
#include "lane.h"
#include "meeting.h"
#include "objects.h"
#include "pcsc.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"
#include "mdcts/status.h"

#include <poll.h>
#include <stdatomic.h>

enum match { MATCH_NONE, MATCH_ADDRESS, MATCH_VALUE, MATCH_COPY };

struct answer {
    struct wire_answer row;
    uintptr_t address;   /* of the BCryptBuffer, 0: none */
    BCryptBuffer buffer; /* what it held when the call began */
    _Atomic bool used;
};

static struct script {
    struct answer answers[HOST_ANSWERS_MAX];
    size_t count;
    uint32_t context;
} scripts[LANES];

static struct script *mine(void)
{
    return &scripts[lane_number()];
}

bool agreement_script(struct bytes rows, uint32_t current)
{
    struct script *script = mine();
    script->context = current;
    script->count = 0;
    for (size_t i = 0; i < rows.len / sizeof(struct wire_answer); i++) {
        if (i >= HOST_ANSWERS_MAX)
            return false;
        struct answer *answer = &script->answers[i];
        *answer = (struct answer){0};
        wire_row(rows, i, &answer->row, sizeof answer->row);
        answer->row.name[ANSWER_NAME_BYTES - 1] = '\0';
        if (answer->row.object != UINT32_MAX) {
            uint8_t *at = object_at(answer->row.object, answer->row.offset, sizeof answer->buffer);
            if (at == NULL)
                return false;
            answer->address = (uintptr_t)at;
            memcpy(&answer->buffer, at, sizeof answer->buffer);
        }
        script->count++;
    }
    return true;
}

static enum match match_of(const struct answer *answer, uintptr_t handle, const BCryptBuffer *copy)
{
    if (answer->address != 0 && handle == answer->address)
        return MATCH_ADDRESS;
    if (handle == answer->row.handle)
        return MATCH_VALUE;
    if (copy != NULL && answer->address != 0 && memcmp(copy, &answer->buffer, sizeof *copy) == 0)
        return MATCH_COPY;
    return MATCH_NONE;
}

/* The strongest match; among equals the first not used yet, else the last. */
static struct answer *find_answer(uintptr_t handle, enum match *how)
{
    BCryptBuffer copy;
    bool readable = memory_read(handle, &copy, sizeof copy) == sizeof copy;
    struct answer *best = NULL;
    struct script *script = mine();
    *how = MATCH_NONE;
    for (size_t i = 0; i < script->count; i++) {
        enum match match = match_of(&script->answers[i], handle, readable ? &copy : NULL);
        if (match == MATCH_NONE || (best != NULL && match > *how))
            continue;
        if (best == NULL || match < *how || best->used) {
            best = &script->answers[i];
            *how = match;
        }
    }
    if (best != NULL)
        best->used = true;
    return best;
}

static const char *card_data_kind(uintptr_t card_data)
{
    if (card_data == 0)
        return "null";
    uint32_t found = context_find(card_data);
    return found >= HOST_CONTEXTS_MAX ? "unknown" : found == mine()->context ? "same" : "other";
}

/* Writes through the driver's pointer, or writes back what is there to learn whether one could. */
static const char *write_index(uintptr_t to, const struct answer *answer, bool *written)
{
    uint8_t byte;
    *written = false;
    if (to == 0)
        return "null";
    if (memory_read(to, &byte, 1) != 1)
        return "bad";
    bool wanted = answer != NULL && answer->row.write != 0;
    if (wanted)
        byte = (uint8_t)answer->row.index;
    if (!memory_write(to, &byte, 1))
        return "bad";
    *written = wanted;
    return "ok";
}

static bool transaction_held(void)
{
    const struct context *context = context_get(mine()->context);
    return pcsc_transaction_held(context == NULL ? 0 : context->reader);
}

static void put_answer(struct frame_writer *event, const struct answer *answer, bool written,
                       uint32_t status)
{
    size_t mark = frame_open(event, EV_ANSWER);
    if (written)
        frame_put_uint(event, EV_INDEX, answer->row.index);
    frame_put_uint(event, EV_RETURN, status);
    frame_close(event, mark);
}

/* What a caller may do meanwhile: take its time, or call the driver again. */
static void dawdle(const struct answer *answer)
{
    const struct context *context = context_get(mine()->context);
    if (answer->row.delay_ms != 0)
        poll(NULL, 0, (int)answer->row.delay_ms);
    if (answer->row.calls_back == 0 || context == NULL)
        return;
    CARD_DATA *card = (CARD_DATA *)(void *)context->region.data;
    if (card->pfnCardDestroyDHAgreement != NULL)
        (void)card->pfnCardDestroyDHAgreement(card, (BYTE)(answer->row.calls_back - 1), 0);
}

uint32_t agreement_answer(void *card_data, void *handle, uint8_t *index, uint32_t flags,
                          enum host_variant variant)
{
    static const char *const how_names[] = {"unknown", "address", "value", "copy"};
    enum match how;
    bool written;
    meeting_come(MEET_GET_DH_AGREEMENT);
    struct answer *answer = find_answer((uintptr_t)handle, &how);
    const char *pointer = write_index((uintptr_t)index, answer, &written);
    uint32_t status = answer != NULL ? answer->row.status : SCARD_E_INVALID_PARAMETER;
    struct frame_writer *event = channel_event(EVENT_GET_DH_AGREEMENT);
    frame_put_text(event, EV_CARD_DATA, card_data_kind((uintptr_t)card_data));
    frame_put_text(event, EV_HANDLE, how_names[how]);
    if (answer != NULL && answer->row.parameter != UINT32_MAX)
        frame_put_uint(event, EV_PARAMETER, answer->row.parameter);
    if (answer != NULL)
        frame_put_text(event, EV_NAME, answer->row.name);
    frame_put_text(event, EV_INDEX_POINTER, pointer);
    frame_put_uint(event, EV_FLAGS, flags);
    frame_put_uint(event, EV_TRANSACTION, transaction_held());
    if (variant == VARIANT_OTHER)
        frame_put_text(event, EV_VARIANT, "other");
    put_answer(event, answer, written, status);
    channel_send(event);
    if (answer != NULL)
        dawdle(answer);
    return status;
}
