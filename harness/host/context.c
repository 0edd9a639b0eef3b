/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"
#include "callbacks.h"
#include "lane.h"
#include "value.h"

#include "mdcts/cardmod.h"

#define INSIDE_OFFSET 512u /* of CARD_DATA in its page, where canary surrounds it */
#define GUARD_ROOM    64u

/* What is large lies apart: looking for a context shall not touch a page for each. */
static struct context contexts[HOST_CONTEXTS_MAX];
static uint8_t pages_before[HOST_CONTEXTS_MAX][REGION_PAGE];
static struct region all_strings[HOST_CONTEXTS_MAX][HOST_MEMBERS_MAX];
static struct wire_card cards[HOST_READERS_MAX];

void context_set_card(uint32_t reader, const struct wire_card *connected)
{
    if (reader < HOST_READERS_MAX)
        cards[reader] = *connected;
}

/* Members behind the end of the structure are not there and stay unwritten. */
static void put(struct context *context, size_t offset, const void *value, size_t width)
{
    if (offset + width <= context->region.size)
        memcpy(context->region.data + offset, value, width);
}

static void put_callback(struct context *context, size_t offset, enum host_callback callback)
{
    uintptr_t address = callback_address(callback, VARIANT_NORMAL);
    put(context, offset, &address, sizeof address);
}

static void put_callbacks(struct context *context)
{
    put_callback(context, offsetof(CARD_DATA, pfnCspAlloc), CALLBACK_CSP_ALLOC);
    put_callback(context, offsetof(CARD_DATA, pfnCspReAlloc), CALLBACK_CSP_REALLOC);
    put_callback(context, offsetof(CARD_DATA, pfnCspFree), CALLBACK_CSP_FREE);
    put_callback(context, offsetof(CARD_DATA, pfnCspPadData), CALLBACK_CSP_PAD_DATA);
    put_callback(context, offsetof(CARD_DATA, pfnCspGetDHAgreement), CALLBACK_CSP_GET_DH_AGREEMENT);
    put_callback(context, offsetof(CARD_DATA, pfnCspUnpadData), CALLBACK_CSP_UNPAD_DATA);
}

/* The address of one of the context's byte strings, 0 if there is none. */
static uintptr_t string_address(const struct context *context, uint32_t index)
{
    return index < context->string_count ? (uintptr_t)context->strings[index].data : 0;
}

static void put_caller_members(struct context *context, const struct wire_context *spec)
{
    uint32_t version = spec->version;
    uintptr_t name = string_address(context, spec->card_name);
    uintptr_t atr = string_address(context, spec->atr);
    uint32_t atr_len = atr == 0 ? 0 : (uint32_t)context->strings[spec->atr].size;
    uint64_t card_context = spec->no_card != 0 ? 0 : cards[spec->reader].context;
    uint64_t handle = spec->no_card != 0 ? 0 : cards[spec->reader].card;
    put(context, offsetof(CARD_DATA, dwVersion), &version, sizeof version);
    put(context, offsetof(CARD_DATA, pbAtr), &atr, sizeof atr);
    put(context, offsetof(CARD_DATA, cbAtr), &atr_len, sizeof atr_len);
    put(context, offsetof(CARD_DATA, pwszCardName), &name, sizeof name);
    put(context, offsetof(CARD_DATA, hSCardCtx), &card_context, sizeof card_context);
    put(context, offsetof(CARD_DATA, hScard), &handle, sizeof handle);
    put_callbacks(context);
}

static bool place_string(struct context *context, const void *bytes, size_t len)
{
    if (context->string_count >= HOST_MEMBERS_MAX)
        return false;
    struct region *region = &context->strings[context->string_count];
    *region = region_new(len, 16, true);
    if (region->map == NULL)
        return false;
    if (len > 0)
        memcpy(region->data, bytes, len);
    context->string_count++;
    return true;
}

static bool place_strings(struct context *context, struct bytes lengths, struct bytes data)
{
    uint64_t len;
    for (size_t i = 0; wire_row(lengths, i, &len, sizeof len); i++) {
        if (len > data.len || !place_string(context, data.data, (size_t)len))
            return false;
        data.data += len;
        data.len -= (size_t)len;
    }
    return true;
}

/* What a context pointed to goes with it; its own pages stay closed until the number is used again.
 */
static void forget(struct context *context)
{
    for (size_t i = 0; i < context->string_count; i++)
        region_free(&context->strings[i]);
    region_free(&context->region);
    *context = (struct context){0};
}

static bool place_card_data(struct context *context, const struct wire_context *spec)
{
    if (spec->size > REGION_PAGE || spec->visible > HOST_CARD_DATA_SIZE)
        return false;
    size_t visible = spec->visible == 0 ? HOST_CARD_DATA_SIZE : spec->visible;
    context->region = spec->size > 0 ? region_new(spec->size, GUARD_ROOM, true)
                                     : region_new_inside(visible, INSIDE_OFFSET);
    context->used = context->open = context->region.map != NULL;
    return context->used;
}

bool context_new(const struct wire_context *spec, struct bytes members, struct bytes lengths,
                 struct bytes data)
{
    if (spec->id >= HOST_CONTEXTS_MAX || spec->reader >= HOST_READERS_MAX)
        return false;
    const struct wire_card *card = &cards[spec->reader];
    struct context *context = &contexts[spec->id];
    forget(context);
    context->before = pages_before[spec->id];
    context->strings = all_strings[spec->id];
    context->reader = spec->reader;
    struct wire_context filled = *spec;
    if (!place_card_data(context, spec) || !place_strings(context, lengths, data))
        return false;
    if (spec->atr == UINT32_MAX && spec->no_card == 0 && card->atr_len > 0) {
        if (!place_string(context, card->atr, card->atr_len))
            return false;
        filled.atr = (uint32_t)context->string_count - 1;
    }
    put_caller_members(context, &filled);
    return context_set_members(spec->id, members);
}

static bool member_value(const struct context *context, struct wire_value value, uint64_t *out)
{
    if (value.kind != VALUE_OBJECT)
        return value_resolve(value, out);
    /* In a member an object is one of the context's own byte strings. */
    *out = string_address(context, value.index) + value.number;
    return value.index < context->string_count;
}

bool context_set_members(uint32_t id, struct bytes members)
{
    struct context *context = context_get(id);
    if (context == NULL)
        return false;
    struct wire_member member;
    for (size_t i = 0; wire_row(members, i, &member, sizeof member); i++) {
        uint64_t value;
        if (member.width > sizeof value || !member_value(context, member.value, &value))
            return false;
        put(context, member.offset, &value, member.width);
    }
    return true;
}

bool context_after_acquire(uint32_t id)
{
    struct context *context = context_get(id);
    if (context == NULL)
        return false;
    /* A token, not memory of ours: the cache compares it and never follows it. */
    uint64_t token = id + 1;
    put_callback(context, offsetof(CARD_DATA, pfnCspCacheAddFile), CALLBACK_CSP_CACHE_ADD_FILE);
    put_callback(context, offsetof(CARD_DATA, pfnCspCacheLookupFile),
                 CALLBACK_CSP_CACHE_LOOKUP_FILE);
    put_callback(context, offsetof(CARD_DATA, pfnCspCacheDeleteFile),
                 CALLBACK_CSP_CACHE_DELETE_FILE);
    put(context, offsetof(CARD_DATA, pvCacheContext), &token, sizeof token);
    return true;
}

bool context_drop(uint32_t id)
{
    struct context *context = context_get(id);
    if (context == NULL)
        return false;
    region_close(&context->region);
    for (size_t i = 0; i < context->string_count; i++)
        region_close(&context->strings[i]);
    context->open = false;
    return true;
}

struct context *context_get(uint32_t id)
{
    return id < HOST_CONTEXTS_MAX && contexts[id].open ? &contexts[id] : NULL;
}

uint32_t context_find(uintptr_t card_data)
{
    uint32_t id = 0;
    while (id < HOST_CONTEXTS_MAX &&
           !(contexts[id].used && (uintptr_t)contexts[id].region.data == card_data))
        id++;
    return id;
}

uint32_t context_locate(uintptr_t address, int64_t *offset)
{
    uint32_t id = 0;
    while (id < HOST_CONTEXTS_MAX &&
           !(contexts[id].used && region_holds(&contexts[id].region, address)))
        id++;
    if (id < HOST_CONTEXTS_MAX)
        *offset = (int64_t)(address - (uintptr_t)contexts[id].region.data);
    return id;
}

static void remember(struct context *context)
{
    if (context->open)
        memcpy(context->before, context->region.pages, context->region.pages_len);
}

void contexts_remember(uint32_t id)
{
    struct context *context = context_get(id);
    if (lane_number() != 0) {
        if (context != NULL && context->inside++ == 0)
            remember(context);
        return;
    }
    for (id = 0; id < HOST_CONTEXTS_MAX; id++)
        remember(&contexts[id]);
}

void contexts_forget(uint32_t id)
{
    struct context *context = context_get(id);
    if (lane_number() != 0 && context != NULL)
        context->inside--;
}

bool context_is_compared(uint32_t other, uint32_t id)
{
    return lane_number() == 0 || other == id;
}
