/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"
#include "callbacks.h"
#include "context.h"
#include "ledger.h"
#include "objects.h"

static uint64_t bad_address(void)
{
    static struct region page;
    if (page.map == NULL) {
        page = region_new(0, 0, true);
        region_close(&page);
    }
    return (uint64_t)(uintptr_t)page.pages;
}

/* The address that the value's number is added to; 0 if there is no such thing. */
static uint64_t base_of(struct wire_value value)
{
    switch (value.kind) {
    case VALUE_OBJECT: return (uint64_t)(uintptr_t)object_at(value.index, 0, 0);
    case VALUE_CONTEXT: {
        const struct context *context = context_get(value.index);
        return context == NULL ? 0 : (uint64_t)(uintptr_t)context->region.data;
    }
    case VALUE_BLOCK: return (uint64_t)(uintptr_t)ledger_address(value.index);
    case VALUE_BAD: return bad_address();
    default: return 0;
    }
}

bool value_resolve(struct wire_value value, uint64_t *out)
{
    if (value.kind == VALUE_NUMBER) {
        *out = value.number;
        return true;
    }
    if (value.kind == VALUE_CALLBACK) {
        *out =
            value.index < CALLBACK_COUNT && value.number <= VARIANT_OTHER
                ? callback_address((enum host_callback)value.index, (enum host_variant)value.number)
                : 0;
        return *out != 0;
    }
    uint64_t base = base_of(value);
    *out = base + value.number;
    return base != 0;
}

static bool in_objects(uint64_t address, struct wire_followed *out)
{
    size_t index;
    const struct object *object = objects_locate(address, &index);
    if (object == NULL || index == SIZE_MAX)
        return false;
    out->kind = POINTER_OBJECT;
    out->index = (uint32_t)index;
    out->offset = (int64_t)(address - (uintptr_t)object->region.data);
    out->size = object->region.size;
    out->live = true;
    return true;
}

static bool in_contexts(uint64_t address, struct wire_followed *out)
{
    out->index = context_locate(address, &out->offset);
    if (out->index >= HOST_CONTEXTS_MAX)
        return false;
    out->kind = POINTER_CONTEXT;
    out->live = context_get(out->index) != NULL;
    return true;
}

static bool in_blocks(uint64_t address, struct wire_followed *out)
{
    struct ledger_fact fact = ledger_locate(address);
    if (fact.block == 0)
        return false;
    out->kind = POINTER_BLOCK;
    out->index = fact.block;
    out->offset = fact.offset;
    out->size = fact.size;
    out->live = fact.state != LEDGER_FREED;
    return true;
}

void pointer_classify(uint64_t address, struct wire_followed *out)
{
    out->address = address;
    out->kind = POINTER_NULL;
    out->index = 0;
    if (address == 0 || in_objects(address, out) || in_contexts(address, out) ||
        in_blocks(address, out))
        return;
    out->kind = POINTER_WILD;
    out->index = 0;
}
