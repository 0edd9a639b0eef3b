/* SPDX-License-Identifier: Apache-2.0 */
#include "callbacks.h"
#include "agreement.h"
#include "cache.h"
#include "channel.h"
#include "fault.h"
#include "frames.h"
#include "heap.h"
#include "lane.h"
#include "ledger.h"
#include "meeting.h"
#include "padding.h"
#include "tap_link.h"

#include "mdcts/cardmod.h"

static struct faults {
    struct fault alloc, realloc;
} all[LANES];

void callbacks_start_call(const struct wire_call *call)
{
    struct faults *mine = &all[lane_number()];
    mine->alloc.function = "CspAlloc";
    mine->realloc.function = "CspReAlloc";
    fault_arm(&mine->alloc, call->alloc_nth, call->alloc_from != 0);
    fault_arm(&mine->realloc, call->realloc_nth, call->realloc_from != 0);
    heap_arm(call->heap_nth, call->heap_from != 0);
    tap_arm(call);
}

void callbacks_end_call(struct wire_result *out)
{
    struct faults *mine = &all[lane_number()];
    out->allocs = mine->alloc.uses;
    out->reallocs = mine->realloc.uses;
    out->heap_uses = heap_uses();
    out->alloc_fired = mine->alloc.fired;
    out->realloc_fired = mine->realloc.fired;
    out->blocks_live = ledger_live();
    fault_arm(&mine->alloc, 0, false);
    fault_arm(&mine->realloc, 0, false);
    heap_arm(0, false);
    tap_disarm();
}

static void put_variant(struct frame_writer *event, enum host_variant variant)
{
    if (variant == VARIANT_OTHER)
        frame_put_text(event, EV_VARIANT, "other");
}

static void put_new_block(struct frame_writer *event, uint32_t block, size_t size)
{
    if (block != 0)
        frame_put_uint(event, EV_BLOCK, block);
    frame_put_uint(event, EV_SIZE, size);
    if (block == 0)
        frame_put_uint(event, EV_FAILED, 1);
}

static void *csp_alloc(size_t size, enum host_variant variant)
{
    uint32_t block = 0;
    struct frames frames;
    frames_chain(&frames);
    meeting_come(MEET_ALLOC);
    void *data =
        fault_now(&all[lane_number()].alloc) ? NULL : ledger_alloc(size, channel_step(), &block);
    struct frame_writer *event = channel_event(EVENT_ALLOC);
    put_new_block(event, block, size);
    put_variant(event, variant);
    frames_put(event, &frames);
    channel_send(event);
    return data;
}

static void *csp_realloc(void *pointer, size_t size, enum host_variant variant)
{
    uint32_t block = 0;
    struct frames frames;
    frames_chain(&frames);
    struct ledger_fact from = ledger_locate((uintptr_t)pointer);
    void *data = fault_now(&all[lane_number()].realloc)
                     ? NULL
                     : ledger_realloc(pointer, size, channel_step(), &from, &block);
    struct frame_writer *event = channel_event(EVENT_REALLOC);
    if (from.block != 0)
        frame_put_uint(event, EV_FROM, from.block);
    frame_put_text(event, EV_FROM_STATE, ledger_state_name(from.state));
    put_new_block(event, block, size);
    if (from.damage != LEDGER_SOUND)
        frame_put_text(event, EV_DAMAGE, ledger_damage_name(from.damage));
    put_variant(event, variant);
    frames_put(event, &frames);
    channel_send(event);
    return data;
}

/* An ordinary free is told with who called it only.  from: a return address; NULL: the caller's. */
static void find_freer(struct frames *out, const struct ledger_fact *fact, const void *from)
{
    if (fact->state == LEDGER_LIVE && fact->damage == LEDGER_SOUND)
        frames_caller(out, from);
    else
        frames_chain(out);
}

static void free_recorded(void *pointer, enum host_variant variant, const void *from)
{
    struct ledger_content content;
    struct frames frames = {0};
    bool caller = from == NULL;
    if (!caller)
        meeting_come(MEET_FREE);
    struct ledger_fact fact = ledger_free(pointer, channel_step(), &content);
    if (!caller)
        find_freer(&frames, &fact, from);
    struct frame_writer *event = channel_event(EVENT_FREE);
    if (fact.block != 0)
        frame_put_uint(event, EV_BLOCK, fact.block);
    frame_put_text(event, EV_STATE, ledger_state_name(fact.state));
    if (fact.state == LEDGER_INSIDE)
        frame_put_uint(event, EV_OFFSET, (uint64_t)fact.offset);
    if (fact.damage != LEDGER_SOUND)
        frame_put_text(event, EV_DAMAGE, ledger_damage_name(fact.damage));
    if (caller)
        frame_put_uint(event, EV_CALLER, 1);
    put_variant(event, variant);
    frames_put(event, &frames);
    if (content.len > 0)
        frame_put_bytes(event, EV_CONTENT, content.bytes, content.len);
    if (caller)
        channel_keep(event);
    else
        channel_send(event);
    explicit_bzero(content.bytes, content.len);
}

bool callbacks_wrong_free(void *pointer)
{
    struct ledger_fact fact = ledger_locate((uintptr_t)pointer);
    if (fact.state != LEDGER_LIVE)
        return false;
    struct frames frames;
    frames_chain(&frames);
    ledger_free(pointer, channel_step(), NULL);
    struct frame_writer *event = channel_event(EVENT_FREE);
    frame_put_uint(event, EV_BLOCK, fact.block);
    frame_put_text(event, EV_STATE, "libc");
    frames_put(event, &frames);
    channel_send(event);
    return true;
}

void callbacks_caller_free(void *pointer)
{
    free_recorded(pointer, VARIANT_NORMAL, NULL);
}

static LPVOID WINAPI alloc_normal(SIZE_T size)
{
    return csp_alloc(size, VARIANT_NORMAL);
}

static LPVOID WINAPI alloc_other(SIZE_T size)
{
    return csp_alloc(size, VARIANT_OTHER);
}

static LPVOID WINAPI realloc_normal(LPVOID pointer, SIZE_T size)
{
    return csp_realloc(pointer, size, VARIANT_NORMAL);
}

static LPVOID WINAPI realloc_other(LPVOID pointer, SIZE_T size)
{
    return csp_realloc(pointer, size, VARIANT_OTHER);
}

static void WINAPI free_normal(LPVOID pointer)
{
    free_recorded(pointer, VARIANT_NORMAL, __builtin_return_address(0));
}

static void WINAPI free_other(LPVOID pointer)
{
    free_recorded(pointer, VARIANT_OTHER, __builtin_return_address(0));
}

static DWORD WINAPI agreement_normal(PCARD_DATA card_data, PVOID handle, BYTE *index, DWORD flags)
{
    return agreement_answer(card_data, handle, index, flags, VARIANT_NORMAL);
}

static DWORD WINAPI agreement_other(PCARD_DATA card_data, PVOID handle, BYTE *index, DWORD flags)
{
    return agreement_answer(card_data, handle, index, flags, VARIANT_OTHER);
}

uintptr_t callback_address(enum host_callback callback, enum host_variant variant)
{
    /* Callbacks without a second function have the same one twice. */
    static void (*const functions[CALLBACK_COUNT][2])(void) = {
        [CALLBACK_CSP_ALLOC] = {(void (*)(void))alloc_normal, (void (*)(void))alloc_other},
        [CALLBACK_CSP_REALLOC] = {(void (*)(void))realloc_normal, (void (*)(void))realloc_other},
        [CALLBACK_CSP_FREE] = {(void (*)(void))free_normal, (void (*)(void))free_other},
        [CALLBACK_CSP_CACHE_ADD_FILE] = {(void (*)(void))cache_add, (void (*)(void))cache_add},
        [CALLBACK_CSP_CACHE_LOOKUP_FILE] = {(void (*)(void))cache_lookup,
                                            (void (*)(void))cache_lookup},
        [CALLBACK_CSP_CACHE_DELETE_FILE] = {(void (*)(void))cache_delete,
                                            (void (*)(void))cache_delete},
        [CALLBACK_CSP_PAD_DATA] = {(void (*)(void))padding_pad, (void (*)(void))padding_pad},
        [CALLBACK_CSP_UNPAD_DATA] = {(void (*)(void))padding_unpad, (void (*)(void))padding_unpad},
        [CALLBACK_CSP_GET_DH_AGREEMENT] = {(void (*)(void))agreement_normal,
                                           (void (*)(void))agreement_other},
    };
    return (uintptr_t)functions[callback][variant];
}
